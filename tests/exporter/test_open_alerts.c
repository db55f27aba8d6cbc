#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/utf8.h"
#include "exporter/page/parts.h"
#include "tests/suite.h"

static const double noon = 1763726400; /* 2025-11-21T12:00:00Z */
static struct open_alerts alerts;
static struct buffer out;

static void
set_up(void)
{
	alerts = (struct open_alerts){ .asked = true, .read_at = noon };
	buffer_init(&out, SIZE_MAX);
}

static void
tear_down(void)
{
	buffer_release(&out);
}

static const char *
page(void)
{
	out.length = 0;
	page_alerts_entry(&out, &alerts);
	page_alerts(&out, &alerts, noon);
	ck_assert(!out.failed);
	buffer_append(&out, "", 1);
	return out.text;
}

static void
read_list(const char *body)
{
	struct failure why = { 0 };

	ck_assert_msg(open_alerts_read(&alerts, SLICE(body), &why) == 0, "%s", why.text);
}

#define LABELS(severity, name) "{\"severity\":\"" severity "\",\"alertname\":\"" name "\",\"env\":\"live\"}"
#define ALERT(severity, name, start, status)                                                                 \
	"{\"labels\":" LABELS(severity, name) ",\"annotations\":{\"summary\":\"about " name                  \
					      "\"},\"startsAt\":\"2025-11-21T" start                         \
					      "\",\"status\":{" status "}}"
#define FIRING "\"state\":\"active\",\"silencedBy\":[],\"inhibitedBy\":[]"

START_TEST(the_order_is_severity_then_what_nobody_looks_after_then_the_latest)
{
	static const char *const wanted[] = { "New", "Old", "Taken", "Slow", "Odd", "Info" };

	read_list("[" ALERT("P3", "Info", "11:59:00Z", FIRING) "," ALERT("info", "Watch", "11:00:00Z",
	    FIRING) "," ALERT("P0", "Old", "09:00:00.5+00:00", FIRING) "," ALERT("P0", "Taken", "11:00:00Z",
	    FIRING ",\"acknowledgedBy\":\"Kim\"") "," ALERT("none", "Watchdog", "01:00:00Z",
	    FIRING) "," ALERT("critical", "New", "19:30:00+09:00", FIRING) "," ALERT("whatever", "Odd",
	    "08:00:00Z", FIRING) "," ALERT("P1", "Slow", "08:00:00Z", FIRING) "]");
	ck_assert_uint_eq(alerts.count, 7);
	for (int i = 0; i < LENGTH(wanted); i++)
		ck_assert_str_eq(alerts.shown[i].name, wanted[i]);
	ck_assert(alerts.shown[0].since == noon - 90 * 60);
	ck_assert(alerts.shown[1].since == noon - 3 * 3600 + 0.5);
	ck_assert_int_eq(alerts.shown[4].severity, 2);
	ck_assert_str_eq(alerts.shown[2].by, "Kim");
	ck_assert_str_eq(alerts.shown[0].what, "about New");
	ck_assert_str_eq(alerts.shown[0].env, "live");
}
END_TEST

START_TEST(what_holds_an_alert_back_is_said)
{
	static const struct {
		const char *status, *state;
	} rows[] = {
		{ "\"silencedBy\":[\"x\"],\"inhibitedBy\":[\"y\"]",
		    "<tr class=\"held\"><th scope=\"row\">P0 A" },
		{ "\"silencedBy\":[\"x\"],\"inhibitedBy\":[\"y\"]", "<b>silenced</b>" },
		{ "\"silencedBy\":[],\"inhibitedBy\":[\"y\"]", "<b>inhibited</b>" },
		{ "\"silencedBy\":[],\"mutedBy\":[\"redis\"]", "<b>muted</b>" },
		{ "\"acknowledgedBy\":\"Kim\",\"silencedBy\":[\"x\"]", "<b>acknowledged by Kim</b>" },
		{ "\"acknowledgedBy\":null,\"silencedBy\":[]", "<tr class=\"fail\"><th scope=\"row\">P0 A" },
		{ "\"acknowledgedBy\":null,\"silencedBy\":[]", "<b>firing</b>" },
		{ "\"acknowledgedBy\":7,\"silencedBy\":{}", "<b>firing</b>" },
	};
	char body[512];

	for (int i = 0; i < LENGTH(rows); i++) {
		(void)snprintf(body, sizeof(body), "[{\"labels\":" LABELS("P0", "A") ",\"status\":{%s}}]",
		    rows[i].status);
		read_list(body);
		ck_assert_msg(strstr(page(), rows[i].state) != NULL, "%s: %s", rows[i].status, out.text);
	}
}
END_TEST

START_TEST(without_a_summary_its_labels_say_what_it_is_about)
{
	read_list(
	    "[{\"labels\":{\"alertname\":\"A\",\"exchange\":\"upbit\",\"severity\":\"P2\",\"symbol\":\"B\\\"TC\"}}]");
	ck_assert_str_eq(alerts.shown[0].what, "exchange=upbit, symbol=B\"TC");
	ck_assert(isnan(alerts.shown[0].since));
}
END_TEST

START_TEST(an_alert_that_is_odd_is_listed_all_the_same)
{
	static const char *const bodies[] = { "[{}]", "[{\"labels\":null}]",
		"[{\"labels\":[1,2],\"startsAt\":7}]",
		"[{\"labels\":{\"alertname\":{}},\"status\":\"x\",\"annotations\":\"y\"}]" };

	for (int i = 0; i < LENGTH(bodies); i++) {
		read_list(bodies[i]);
		ck_assert_uint_eq(alerts.count, 1);
		ck_assert_ptr_nonnull(strstr(page(), "P2 (no name)"));
	}
}
END_TEST

START_TEST(a_storm_is_counted_and_its_worst_are_shown)
{
	enum { STORM = 4000 };
	char row[256];

	buffer_string(&out, "[");
	for (int i = 0; i < STORM; i++) {
		(void)snprintf(row, sizeof(row),
		    "%s{\"labels\":{\"alertname\":\"A%d\",\"severity\":\"P%d\"},"
		    "\"startsAt\":\"2025-11-21T11:%02d:%02dZ\"}",
		    i > 0 ? "," : "", i, i % 100 == 7 ? 0 : 1, i / 60 % 60, i % 60);
		buffer_string(&out, row);
	}
	buffer_string(&out, "]");
	buffer_append(&out, "", 1);
	read_list(out.text);
	ck_assert_uint_eq(alerts.count, ALERTS_SHOWN);
	ck_assert_uint_eq(alerts.more, STORM - ALERTS_SHOWN);
	for (int i = 0; i < 40; i++)
		ck_assert_int_eq(alerts.shown[i].severity, 0);
	ck_assert_int_eq(alerts.shown[40].severity, 1);
	for (int i = 1; i < 40; i++)
		ck_assert(alerts.shown[i - 1].since >= alerts.shown[i].since);
	ck_assert_ptr_nonnull(strstr(page(), "<b>4000</b> Open alerts"));
	ck_assert_ptr_nonnull(strstr(page(), "<p>3950 more are open.</p>"));
	ck_assert_uint_lt(out.length, 20000);
}
END_TEST

START_TEST(what_is_no_list_of_alerts_is_refused_and_changes_nothing)
{
	static const char *const bodies[] = { "", "{}", "null", "[1]", "[[]]", "[{}", "<html>", "[{},]",
		"[\"\\ud800\"]", "[{\"labels\":{\"alertname\":\"A\",\"alertname\":\"B\"}}]",
		"[{\"status\":{\"silencedBy\":[]},\"status\":{}}]",
		"[{\"labels\":{\"alertname\":\"\xff\"}}]" };
	char deep[200];

	read_list("[" ALERT("P0", "Kept", "11:00:00Z", FIRING) "]");
	for (int i = 0; i <= LENGTH(bodies); i++) {
		struct failure why = { 0 };
		const char *body = i < LENGTH(bodies) ? bodies[i] : memset(deep, '[', sizeof(deep) - 1);

		deep[sizeof(deep) - 1] = '\0';
		ck_assert_msg(open_alerts_read(&alerts, SLICE(body), &why) == -1, "%s", body);
		ck_assert_int_eq(why.kind, FAILURE_PROTOCOL);
		ck_assert_str_ne(why.text, "");
		ck_assert_uint_eq(alerts.count, 1);
		ck_assert_str_eq(alerts.shown[0].name, "Kept");
	}
}
END_TEST

START_TEST(nothing_in_an_alert_becomes_a_part_of_the_page)
{
	static const char evil[] =
	    "[{\"labels\":{\"alertname\":\"</th><script>alert(1)</script>\",\"env\":\"'><img src=x>\"},"
	    "\"annotations\":{\"summary\":\"\\u202elive\\u0007 <b onclick=x>\\n\\\"\"},\"status\":{\"acknowledgedBy\":\"<i>&amp;\"}}]";

	read_list(evil);
	ck_assert_ptr_null(strstr(page(), "<script"));
	ck_assert_ptr_null(strstr(out.text, "<img"));
	ck_assert_ptr_null(strstr(out.text, "<b onclick"));
	ck_assert_ptr_null(strstr(out.text, "<i>"));
	ck_assert_ptr_null(strstr(out.text, "\xE2\x80\xAE"));
	ck_assert_ptr_nonnull(strstr(out.text, "&lt;script&gt;alert(1)&lt;/script&gt;"));
	ck_assert(utf8_valid((struct slice){ out.text, out.length - 1 }));
}
END_TEST

START_TEST(texts_are_cut_between_characters)
{
	char *body = malloc(100000);
	size_t length = (size_t)snprintf(body, 100000, "%s", "[{\"labels\":{\"alertname\":\"");

	ck_assert_ptr_nonnull(body);
	for (int i = 0; i < 10000; i++, length += 2)
		memcpy(body + length, "\xC3\xA9", 3);
	memcpy(body + length, "\"}}]", 5);
	read_list(body);
	ck_assert_uint_eq(strlen(alerts.shown[0].name), HEALTH_NAME - 1);
	ck_assert(utf8_valid(SLICE(alerts.shown[0].name)));
	free(body);
}
END_TEST

START_TEST(what_is_not_known_is_not_nothing)
{
	ck_assert_ptr_nonnull(strstr(page(), "<p>No alert is open.</p>"));
	ck_assert_ptr_nonnull(strstr(out.text, "<li class=\"ok\"><a href=\"#alerts\"><b>0</b>"));
	(void)snprintf(alerts.why, sizeof(alerts.why), "it is <away>");
	alerts.read_at = noon - 60;
	ck_assert_ptr_nonnull(
	    strstr(page(), "<p>The alerts cannot be read since 11:59:00: it is &lt;away&gt;.</p>"));
	ck_assert_ptr_nonnull(strstr(out.text, "<li class=\"bad\"><a href=\"#alerts\"><b>?</b>"));
	ck_assert_ptr_null(strstr(out.text, "No alert"));
	alerts.read_at = NAN;
	ck_assert_ptr_nonnull(
	    strstr(page(), "<p>The alerts have not been read yet: it is &lt;away&gt;.</p>"));
	alerts.why[0] = '\0';
	ck_assert_ptr_nonnull(strstr(page(), "<p>The alerts have not been read yet.</p>"));
	alerts.asked = false;
	ck_assert_str_eq(page(), "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("open_alerts");
	TCase *tests = tcase_create("all");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, the_order_is_severity_then_what_nobody_looks_after_then_the_latest);
	tcase_add_test(tests, what_holds_an_alert_back_is_said);
	tcase_add_test(tests, without_a_summary_its_labels_say_what_it_is_about);
	tcase_add_test(tests, an_alert_that_is_odd_is_listed_all_the_same);
	tcase_add_test(tests, a_storm_is_counted_and_its_worst_are_shown);
	tcase_add_test(tests, what_is_no_list_of_alerts_is_refused_and_changes_nothing);
	tcase_add_test(tests, nothing_in_an_alert_becomes_a_part_of_the_page);
	tcase_add_test(tests, texts_are_cut_between_characters);
	tcase_add_test(tests, what_is_not_known_is_not_nothing);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
