#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/buffer.h"
#include "common/text/utf8.h"
#include "relay/alert/alert.h"
#include "tests/suite.h"

/* 2026-11-21T01:31:45.123Z */
#define NOW     INT64_C(1795224705123)
#define DAY     INT64_C(86400000)
#define LABELS  "\"labels\":{\"alertname\":\"A\"}"
#define STARTED "\"startsAt\":\"2026-11-21T01:31:00Z\""

static struct alert_list list;
static struct failure why;

static void
release(void)
{
	alert_list_release(&list);
}

static int
push(const char *body)
{
	alert_list_release(&list);
	return alert_read_push(SLICE(body), NOW, &list, &why);
}

static int
hook(const char *alerts)
{
	struct buffer body;
	int result;

	buffer_init(&body, 64 * 1024 * 1024);
	buffer_string(&body, "{\"version\":\"4\",\"status\":\"firing\",\"alerts\":");
	buffer_string(&body, alerts);
	buffer_string(&body, "}");
	alert_list_release(&list);
	result = alert_read_webhook(buffer_slice(&body), NOW, &list, &why);
	buffer_release(&body);
	return result;
}

START_TEST(test_the_fingerprint_is_that_of_alertmanager)
{
	/* What Alertmanager answered to the same body. */
	ck_assert_int_eq(push("[{\"labels\":{\"service\":\"bot\",\"severity\":\"P0\",\"alertname\":\"Probe\","
			      "\"env\":\"live\",\"empty\":\"\"}},"
			      "{\"labels\":{\"alertname\":\"\xed\x95\x9c\xea\xb5\xad\",\"x\":\"<b>\"}}]"),
	    0);
	ck_assert_str_eq(list.alerts[0].fingerprint, "aee5a87a1edd7d90");
	ck_assert_str_eq(list.alerts[1].fingerprint, "75ee5d0bf212112a");
	ck_assert_int_eq(json_object_size(list.alerts[0].labels), 4);
}
END_TEST

START_TEST(test_a_webhook_is_read)
{
	const struct alert *a;

	ck_assert_int_eq(
	    hook(
		"[{\"status\":\"firing\"," LABELS ",\"annotations\":{\"summary\":\"s \\u00e9\"}," STARTED
		",\"endsAt\":\"0001-01-01T00:00:00Z\",\"generatorURL\":\"https://p/graph\",\"fingerprint\":\"x\"},"
		"{\"status\":\"resolved\"," LABELS "," STARTED
		",\"endsAt\":\"2026-11-21T10:31:30.5+09:00\"}]"),
	    0);
	ck_assert_uint_eq(list.count, 2);
	a = &list.alerts[0];
	ck_assert(!a->resolved);
	ck_assert_str_eq(alert_text(a->annotations, "summary"), "s \xc3\xa9");
	ck_assert_str_eq(alert_text(a->annotations, "none"), "");
	ck_assert_str_eq(a->link, "https://p/graph");
	ck_assert_int_eq(a->starts_ms, NOW - 45123);
	ck_assert_int_eq(a->ends_ms, 0);
	ck_assert_int_eq(a->severity, SEVERITY_P2);
	ck_assert(a[1].resolved);
	ck_assert_ptr_null(a[1].link);
	ck_assert_int_eq(a[1].ends_ms, NOW - 15123 + 500);
}
END_TEST

START_TEST(test_a_push_is_over_when_its_end_has_passed)
{
	ck_assert_int_eq(push("[{" LABELS ",\"endsAt\":\"2026-11-21T01:31:45.123Z\"},"
			      "{" LABELS ",\"endsAt\":\"2026-11-21T01:31:45.124Z\"},{" LABELS "}]"),
	    0);
	ck_assert_uint_eq(list.count, 3);
	ck_assert(list.alerts[0].resolved);
	ck_assert_int_eq(list.alerts[0].starts_ms, NOW);
	ck_assert(!list.alerts[1].resolved);
	ck_assert_int_eq(list.alerts[1].ends_ms, NOW + 1);
	ck_assert(!list.alerts[2].resolved);
	ck_assert_int_eq(list.alerts[2].ends_ms, 0);
}
END_TEST

/* A begin, and what it is taken for, after now. */
static const struct {
	const char *text;
	int64_t after_ms;
} begins[] = {
	{ "2026-11-21T01:31:45.123Z", 0 },
	{ "2026-11-21T01:31:45.123999999Z", 0 },
	{ "2026-11-21T01:31:44.9Z", -223 },
	{ "2026-11-21t10:31:45.123+09:00", 0 },
	{ "2026-11-20T20:01:45.123-05:30", 0 },
	{ "2024-02-29T00:00:00Z", INT64_C(1709164800000) - NOW },
	{ "1970-01-01T00:00:00.001Z", 1 - NOW },
	/* Not believed. */
	{ "1969-12-31T23:59:59Z", 0 },
	{ "0001-01-01T00:00:00Z", 0 },
	{ "9999-12-31T23:59:59Z", 0 },
	{ "2026-11-22T01:31:45.123Z", DAY },
	{ "2026-11-22T01:31:45.124Z", 0 },
};

START_TEST(test_a_begin_is_read_and_believed_within_reason)
{
	char body[256];

	(void)snprintf(body, sizeof(body), "[{" LABELS ",\"startsAt\":\"%s\"}]", begins[_i].text);
	ck_assert_int_eq(push(body), 0);
	ck_assert_int_eq(list.alerts[0].starts_ms - NOW, begins[_i].after_ms);
}
END_TEST

/* Bad alerts, and what is said of them. */
static const struct {
	const char *alert, *reason;
} bad[] = {
	{ "7", "it is not an object" },
	{ "[]", "it is not an object" },
	{ "{}", "it has no label alertname" },
	{ "{\"labels\":null}", "it has no label alertname" },
	{ "{\"labels\":[\"alertname\"]}", "its labels are not an object of at most 1000 strings" },
	{ "{\"labels\":\"alertname\"}", "its labels are not an object of at most 1000 strings" },
	{ "{\"labels\":{\"alertname\":7}}", "its labels are not an object of at most 1000 strings" },
	{ "{\"labels\":{\"alertname\":\"\"}}", "it has no label alertname" },
	{ "{\"labels\":{\"severity\":\"P0\"}}", "it has no label alertname" },
	{ "{" LABELS ",\"annotations\":{\"a\":{}}}",
	    "its annotations are not an object of at most 1000 strings" },
	{ "{" LABELS ",\"startsAt\":\"yesterday\"}", "its startsAt is not an RFC 3339 time" },
	{ "{" LABELS ",\"startsAt\":\"2026-02-29T00:00:00Z\"}", "its startsAt is not an RFC 3339 time" },
	{ "{" LABELS ",\"startsAt\":\"2026-12-32T00:00:00Z\"}", "its startsAt is not an RFC 3339 time" },
	{ "{" LABELS ",\"startsAt\":\"2026-11-21T01:31:45\"}", "its startsAt is not an RFC 3339 time" },
	{ "{" LABELS ",\"startsAt\":\"2026-11-21T01:31:45.Z\"}", "its startsAt is not an RFC 3339 time" },
	{ "{" LABELS ",\"startsAt\":\"10000-11-21T01:31:45Z\"}", "its startsAt is not an RFC 3339 time" },
	{ "{" LABELS ",\"startsAt\":1795224705}", "its startsAt is not an RFC 3339 time" },
	{ "{" LABELS ",\"endsAt\":\"\"}", "its endsAt is not an RFC 3339 time" },
	{ "{" LABELS ",\"status\":\"pending\"}", "its status is neither \"firing\" nor \"resolved\"" },
	{ "{" LABELS "," LABELS "}", "the key 'labels' twice" },
};

START_TEST(test_a_bad_alert_is_refused_beside_good_ones)
{
	char body[512];

	(void)snprintf(body, sizeof(body), "[{" LABELS "},%s,{" LABELS "}]", bad[_i].alert);
	ck_assert_int_eq(push(body), 0);
	ck_assert_uint_eq(list.count, 2);
	ck_assert_uint_eq(list.refused, 1);
	ck_assert_ptr_nonnull(strstr(list.reason.text, "alert 2: "));
	ck_assert_ptr_nonnull(strstr(list.reason.text, bad[_i].reason));

	(void)snprintf(body, sizeof(body), "[%s]", bad[_i].alert);
	ck_assert_int_eq(hook(body), -1);
	ck_assert_uint_eq(list.count, 0);
	ck_assert_ptr_null(list.alerts);
	ck_assert_int_eq(why.kind, FAILURE_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(why.text, bad[_i].reason));
}
END_TEST

/* No requests of ours. */
static const struct {
	const char *webhook, *reason;
} wrong[] = {
	{ "", "empty" },
	{ "hello", "not JSON" },
	{ "{\"version\":\"4\",\"alerts\":[", "not JSON: byte" },
	{ "[]", "not a webhook of Alertmanager" },
	{ "{\"alerts\":[]}", "not a webhook of Alertmanager" },
	{ "{\"version\":\"3\",\"alerts\":[]}", "not a webhook of Alertmanager" },
	{ "{\"version\":4,\"alerts\":[]}", "not a webhook of Alertmanager" },
	{ "{\"version\":\"4\"}", "no list of alerts" },
	{ "{\"version\":\"4\",\"alerts\":{}}", "no list of alerts" },
	{ "{\"version\":\"4\",\"alerts\":[],\"alerts\":[]}", "alerts" },
};

START_TEST(test_what_is_no_webhook_is_refused)
{
	alert_list_release(&list);
	ck_assert_int_eq(alert_read_webhook(SLICE(wrong[_i].webhook), NOW, &list, &why), -1);
	ck_assert_int_eq(why.kind, FAILURE_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(why.text, wrong[_i].reason));
}
END_TEST

START_TEST(test_no_alerts_are_fine)
{
	ck_assert_int_eq(hook("[]"), 0);
	ck_assert_uint_eq(list.count + list.refused, 0);
	ck_assert_int_eq(push("[]"), 0);
	ck_assert_int_eq(push("{}"), -1);
}
END_TEST

/* Raw text of a value in JSON, and what it becomes. */
static const struct {
	const char *sent, *kept;
} texts[] = {
	{ "\xed\x95\x9c\xea\xb5\xad", "\xed\x95\x9c\xea\xb5\xad" },
	{ "a\xff"
	  "b",
	    "a\xef\xbf\xbd"
	    "b" },
	{ "\xc3", "\xef\xbf\xbd" },
	{ "a\\u0000b", "a\xef\xbf\xbd"
		       "b" },
	{ "\\ud83d\\ude00", "\xf0\x9f\x98\x80" },
	{ "\\ud83d.", "\xef\xbf\xbd." },
	{ "\\ude00\\ud83d", "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\\\\u0000", "\\u0000" },
	{ "\\\\\\u0000", "\\\xef\xbf\xbd" },
	{ "<b>&amp; _*[x](y) \\\"", "<b>&amp; _*[x](y) \"" },
	{ "line\\nline\\ttab", "line\nline\ttab" },
};

START_TEST(test_what_is_no_text_is_replaced)
{
	char body[256];

	(void)snprintf(
	    body, sizeof(body), "[{\"labels\":{\"alertname\":\"A\",\"x\":\"%s\"}}]", texts[_i].sent);
	ck_assert_int_eq(push(body), 0);
	ck_assert_str_eq(alert_text(list.alerts[0].labels, "x"), texts[_i].kept);
}
END_TEST

START_TEST(test_a_nul_byte_is_replaced)
{
	static const char body[] = "[{\"labels\":{\"alertname\":\"a\0b\"}}]";

	ck_assert_int_eq(alert_read_push((struct slice){ body, sizeof(body) - 1 }, NOW, &list, &why), 0);
	ck_assert_str_eq(alert_text(list.alerts[0].labels, "alertname"), "a\xef\xbf\xbd"
									 "b");
}
END_TEST

/* `count` times `text`. */
static void
repeat(struct buffer *b, const char *text, int count)
{
	for (int i = 0; i < count; i++)
		buffer_string(b, text);
}

START_TEST(test_long_texts_are_cut_between_characters)
{
	struct buffer body;
	const char *value;

	buffer_init(&body, 1024 * 1024);
	buffer_string(&body, "[{\"labels\":{\"alertname\":\"A\",\"x\":\"y");
	repeat(&body, "\xed\x95\x9c", 400);
	buffer_string(&body, "\"},\"annotations\":{\"");
	repeat(&body, "n", 300);
	buffer_string(&body, "\":\"1\",\"s\":\"\\u00e9");
	repeat(&body, "0123456789", 2000);
	buffer_string(&body, "\"}}]");
	alert_list_release(&list);
	ck_assert_int_eq(alert_read_push(buffer_slice(&body), NOW, &list, &why), 0);
	buffer_release(&body);

	value = alert_text(list.alerts[0].labels, "x");
	ck_assert_uint_eq(strlen(value), 1 + 341 * 3);
	ck_assert(utf8_valid(SLICE(value)));
	ck_assert_uint_eq(strlen(alert_text(list.alerts[0].annotations, "s")), ALERT_ANNOTATION);
	ck_assert_uint_eq(json_object_size(list.alerts[0].annotations), 2);
	ck_assert_uint_eq(
	    strlen(json_object_iter_key(json_object_iter(list.alerts[0].annotations))), ALERT_NAME);
}
END_TEST

START_TEST(test_of_many_labels_those_for_routing_and_the_first_are_kept)
{
	struct buffer body;

	buffer_init(&body, 1024 * 1024);
	buffer_string(&body, "[{\"labels\":{");
	for (int i = 99; i >= 0; i--)
		buffer_format(&body, "\"A%02d\":\"v\",", i);
	buffer_string(&body, "\"alertname\":\"A\",\"severity\":\"P0\"}}]");
	alert_list_release(&list);
	ck_assert_int_eq(alert_read_push(buffer_slice(&body), NOW, &list, &why), 0);
	buffer_release(&body);
	ck_assert_uint_eq(json_object_size(list.alerts[0].labels), ALERT_LABELS);
	ck_assert_str_eq(alert_text(list.alerts[0].labels, "A61"), "v");
	ck_assert_str_eq(alert_text(list.alerts[0].labels, "A62"), "");
	ck_assert_str_eq(alert_text(list.alerts[0].labels, "alertname"), "A");
	ck_assert_str_eq(alert_text(list.alerts[0].labels, "severity"), "P0");
}
END_TEST

static int
push_many(int count)
{
	struct buffer body;
	int result;

	buffer_init(&body, 64 * 1024 * 1024);
	buffer_string(&body, "[");
	for (int i = 0; i < count; i++)
		buffer_format(&body, "%s{\"labels\":{\"alertname\":\"A%d\"}}", i > 0 ? "," : "", i);
	buffer_string(&body, "]");
	alert_list_release(&list);
	result = alert_read_push(buffer_slice(&body), NOW, &list, &why);
	buffer_release(&body);
	return result;
}

START_TEST(test_ten_thousand_alerts_are_taken_and_no_more)
{
	ck_assert_int_eq(push_many(ALERT_LIMIT), 0);
	ck_assert_uint_eq(list.count, ALERT_LIMIT);
	ck_assert_int_eq(push_many(ALERT_LIMIT + 1), -1);
	ck_assert_uint_eq(list.count, 0);
}
END_TEST

START_TEST(test_too_many_labels_in_one_request_are_refused)
{
	struct buffer body;

	buffer_init(&body, 64 * 1024 * 1024);
	buffer_string(&body, "[");
	for (int i = 0; i < 7000; i++) {
		buffer_string(
		    &body, i > 0 ? ",{\"labels\":{\"alertname\":\"A\"" : "{\"labels\":{\"alertname\":\"A\"");
		for (int j = 0; j < 70; j++)
			buffer_format(&body, ",\"%d\":\"v\"", j);
		buffer_string(&body, "}}");
	}
	buffer_string(&body, "]");
	alert_list_release(&list);
	ck_assert_int_eq(alert_read_push(buffer_slice(&body), NOW, &list, &why), -1);
	ck_assert_ptr_nonnull(strstr(why.text, "labels and annotations"));
	buffer_release(&body);
}
END_TEST

/* A link leads somewhere, or is none: it becomes a href. */
static const struct {
	const char *sent;
	bool kept;
} links[] = {
	{ "http://p:9090/graph?g0.expr=up", true },
	{ "HTTPS://p", true },
	{ "javascript:alert(1)", false },
	{ " http://p", false },
	{ "", false },
};

START_TEST(test_a_link_is_one_of_the_web)
{
	char body[256];

	(void)snprintf(body, sizeof(body), "[{" LABELS ",\"generatorURL\":\"%s\"}]", links[_i].sent);
	ck_assert_int_eq(push(body), 0);
	ck_assert_int_eq(list.alerts[0].link != NULL, links[_i].kept);
}
END_TEST

static const struct {
	const char *label;
	enum alert_severity severity;
	const char *name;
} severities[] = {
	{ "P0", SEVERITY_P0, "P0" },
	{ "critical", SEVERITY_P0, "P0" },
	{ "p1", SEVERITY_P1, "P1" },
	{ "Warning", SEVERITY_P2, "P2" },
	{ "P2", SEVERITY_P2, "P2" },
	{ "P3", SEVERITY_P3, "P3" },
	{ "info", SEVERITY_P3, "P3" },
	{ "none", SEVERITY_HEARTBEAT, "none" },
	{ "P00", SEVERITY_P2, "P2" },
};

START_TEST(test_a_severity_has_several_names)
{
	json_t *labels = json_pack("{ss}", "severity", severities[_i].label);

	ck_assert_int_eq(alert_severity(labels), severities[_i].severity);
	ck_assert_str_eq(alert_severity_name(severities[_i].severity), severities[_i].name);
	json_decref(labels);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("alert_read");
	TCase *tests = tcase_create("alert_read");

	tcase_add_checked_fixture(tests, NULL, release);
	tcase_add_test(tests, test_the_fingerprint_is_that_of_alertmanager);
	tcase_add_test(tests, test_a_webhook_is_read);
	tcase_add_test(tests, test_a_push_is_over_when_its_end_has_passed);
	tcase_add_loop_test(tests, test_a_begin_is_read_and_believed_within_reason, 0, LENGTH(begins));
	tcase_add_loop_test(tests, test_a_bad_alert_is_refused_beside_good_ones, 0, LENGTH(bad));
	tcase_add_loop_test(tests, test_what_is_no_webhook_is_refused, 0, LENGTH(wrong));
	tcase_add_test(tests, test_no_alerts_are_fine);
	tcase_add_loop_test(tests, test_what_is_no_text_is_replaced, 0, LENGTH(texts));
	tcase_add_test(tests, test_a_nul_byte_is_replaced);
	tcase_add_test(tests, test_long_texts_are_cut_between_characters);
	tcase_add_test(tests, test_of_many_labels_those_for_routing_and_the_first_are_kept);
	tcase_add_test(tests, test_ten_thousand_alerts_are_taken_and_no_more);
	tcase_add_test(tests, test_too_many_labels_in_one_request_are_refused);
	tcase_add_loop_test(tests, test_a_link_is_one_of_the_web, 0, LENGTH(links));
	tcase_add_loop_test(tests, test_a_severity_has_several_names, 0, LENGTH(severities));
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
