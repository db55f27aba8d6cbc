#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "relay/intake/intake.h"
#include "relay/page/parts.h"
#include "relay/store/incidents.h"
#include "relay/store/said.h"
#include "relay/store/store.h"
#include "tests/suite.h"

static const int64_t noon = INT64_C(1796040000) * 1000; /* 2026-11-30T12:00:00Z */

static struct buffer out;

static const char *
text(void)
{
	buffer_append(&out, "", 1);
	ck_assert(!out.failed);
	return out.text;
}

static size_t
times(const char *in, const char *what)
{
	size_t count = 0;

	for (; (in = strstr(in, what)) != NULL; in += strlen(what))
		count++;
	return count;
}

static void
set_up(void)
{
	setenv("TZ", "Asia/Seoul", 1);
	buffer_init(&out, SIZE_MAX);
}

static void
tear_down(void)
{
	buffer_release(&out);
}

/* --- What is written --- */

/* As incident_json() and the history make it. */
static json_t *
incident(const char *severity, const char *label)
{
	return json_pack("{ss ss ss ss ss ss s{ss ss} s{ss ss} sI ss ss}", "id", "00a1-19f", "severity",
	    severity, "alertname", label, "env", label, "service", label, "link", label, "labels",
	    "alertname", label, label, label, "annotations", "summary", label, "runbook_url", label,
	    "starts_ms", (json_int_t)noon - 65000, "status", "open", "suppressed", "");
}

/* One of severity `severity`, with these members (or NULL) over the others. */
static void
add_open(struct front *front, const char *severity, json_t *members)
{
	json_t *json = incident(severity, "Name");

	json_object_update(json, members);
	json_decref(members);
	view_read(&front->open[front->open_count++], json);
	front->counts[severity[1] - '0']++;
}

static json_t *
acknowledged_by(const char *who)
{
	return json_pack("{ss sI}", "acknowledged_by", who, "acknowledged_ms", (json_int_t)noon - 5000);
}

/* Written and released. */
static const char *
front_text(struct front *front)
{
	front_write(front, &out);
	front_release(front);
	free(front);
	return text();
}

static struct front *
new_front(void)
{
	struct front *front = calloc(1, sizeof(*front));

	front->now_ms = noon;
	return front;
}

/* As a browser computes it: of what stands between the tags. */
START_TEST(the_policy_of_the_page_has_the_hash_of_its_style)
{
	const char *page = front_text(new_front()), *begin = strstr(page, "<style>") + strlen("<style>"),
		   *end = strstr(page, "</style>");
	unsigned char digest[SHA256_DIGEST_LENGTH];
	char base64[64], hash[128];

	SHA256((const unsigned char *)begin, (size_t)(end - begin), digest);
	EVP_EncodeBlock((unsigned char *)base64, digest, sizeof(digest));
	snprintf(hash, sizeof(hash), "'sha256-%s'", base64);
	ck_assert_msg(strstr(front_security_policy(), hash) != NULL, "STYLE_HASH has to be %s", hash);
	ck_assert_ptr_nonnull(strstr(front_security_policy(), "form-action 'self'"));
}
END_TEST

static const struct {
	const char *severity;
	bool is_acknowledged;
	const char *suppressed, *verdict, *says;
} verdicts[] = {
	{ NULL, false, "", "verdict healthy", "Nothing is open" },
	{ "P0", false, "", "verdict unhealthy", "Nobody has acknowledged it yet." },
	{ "P0", true, "", "verdict degraded", "Somebody sees to it." },
	{ "P0", false, "silenced", "verdict degraded", "<b>silenced</b>" },
	{ "P1", false, "", "verdict degraded", "1&nbsp;P1. Nobody" },
	{ "P3", true, "", "verdict degraded", "<b>Ann</b>" },
};

START_TEST(the_banner_says_whether_somebody_has_to_do_something)
{
	struct front *front = new_front();
	const char *page;

	if (verdicts[_i].severity != NULL)
		add_open(front, verdicts[_i].severity,
		    verdicts[_i].is_acknowledged ? acknowledged_by("Ann")
						 : json_pack("{ss}", "suppressed", verdicts[_i].suppressed));
	page = front_text(front);
	ck_assert_msg(strstr(page, verdicts[_i].verdict) != NULL, "%s", strstr(page, "<body>"));
	ck_assert_msg(strstr(page, verdicts[_i].says) != NULL, "%s", strstr(page, "<body>"));
}
END_TEST

/* Only what waits has a form, and only if there is a token for it. */
START_TEST(what_waits_has_a_form)
{
	struct front *front = new_front();
	const char *page;

	for (int i = 0; i < 3; i++)
		add_open(front, "P1", i == 0 ? acknowledged_by("Ann") : NULL);
	memcpy(front->open[0].token, "111", 4);
	memcpy(front->open[1].token, "222", 4);
	page = front_text(front);
	ck_assert_uint_eq(times(page, "<form method=\"post\" action=\"ack/00a1-19f\">"), 1);
	ck_assert_ptr_nonnull(strstr(page, "name=\"k\" value=\"222\""));
	ck_assert_ptr_nonnull(strstr(page, "name=\"who\""));
	ck_assert_ptr_null(strstr(page, "111"));
}
END_TEST

START_TEST(who_has_logged_in_needs_no_name)
{
	struct front *front = new_front();

	front->user = "ann";
	add_open(front, "P1", NULL);
	memcpy(front->open[0].token, "222", 4);
	ck_assert_ptr_null(strstr(front_text(front), "name=\"who\""));
}
END_TEST

START_TEST(more_than_fits_is_turned_to)
{
	struct front *front = new_front();
	const char *page;

	for (int i = 0; i < PAGE_ROWS; i++)
		add_open(front, "P2", NULL);
	front->counts[2] = 300;
	front->offset = 100;
	page = front_text(front);
	ck_assert_ptr_nonnull(strstr(page, "300&nbsp;alerts are open"));
	ck_assert_ptr_nonnull(strstr(page, "101 to 200 of 300"));
	ck_assert_ptr_nonnull(strstr(page, "href=\"./?from=200\""));
	ck_assert_uint_lt(strlen(page), 150000);
}
END_TEST

START_TEST(a_page_needs_nothing_but_itself_and_reloads_only_when_asked)
{
	struct front *front = new_front();
	const char *page;

	front->reloads = _i == 1;
	snprintf(front->history_reason, PAGE_REASON, "nobody answers");
	front->channels[0] = (struct page_channel){ "slack:p0", noon, noon, "HTTP 403" };
	front->channel_count = 1;
	front->waiting[0] = 17;
	page = front_text(front);
	ck_assert_uint_eq(times(page, "http-equiv=\"refresh\""), (size_t)_i);
	ck_assert_ptr_null(strstr(page, "<script"));
	ck_assert_ptr_null(strstr(page, " style="));
	ck_assert_ptr_null(strstr(page, "href=\"/"));
	ck_assert_ptr_null(strstr(page, "action=\"/"));
	ck_assert_ptr_nonnull(strstr(page, "the history cannot be read: nobody answers"));
	ck_assert_ptr_nonnull(strstr(page, "HTTP 403"));
	ck_assert_ptr_nonnull(strstr(page, "<td>17</td>"));
}
END_TEST

static const char *const hostile[] = { "<script>alert(1)</script>", "\"><img src=x>", "'onclick=\"x",
	"</style>", "javascript:alert(1)",
	("a\xE2\x80\xAE"
	 "b\r\n\x1B[1m") };

/* In every text that comes from outside. */
START_TEST(no_text_from_outside_is_markup)
{
	const char *bad = hostile[_i], *page;
	struct front *front = new_front();
	json_t *events = json_pack("[{ss ss ss s{ss ss ss}}]", "at", bad, "kind", bad, "channel", bad,
	    "detail", bad, bad, "who", bad, "note", bad);
	struct view view;

	for (int i = 0; i < 2; i++)
		view_read(i == 0 ? &front->open[0] : &view, incident(bad, bad));
	json_object_update_new(view.json, acknowledged_by(bad));
	view_read(&view, view.json);
	snprintf(front->open[0].said, sizeof(view.said), "%s", bad);
	front->open_count = front->mute_count = front->channel_count = 1;
	snprintf(front->mutes[0].service, MUTE_SERVICE, "%s", bad);
	snprintf(front->mutes[0].who, MUTE_WHO, "%s", bad);
	snprintf(front->mutes[0].reason, MUTE_REASON, "%s", bad);
	front->channels[0].failing_ms = 1;
	snprintf(front->channels[0].reason, PAGE_REASON, "%s", bad);
	snprintf(front->history_reason, PAGE_REASON, "%s", bad);
	story_write(&view, events, NULL, NULL, noon, &out);
	story_write(&view, NULL, bad, bad, noon, &out);
	link_write(&view, NULL, noon, &out);
	note_write("x", bad, "./", &out);
	page = front_text(front);
	ck_assert_uint_gt(strlen(page), 20000);
	ck_assert_ptr_null(strstr(page, "<script"));
	ck_assert_ptr_null(strstr(page, "<img"));
	ck_assert_ptr_null(strstr(page, "\"x"));
	ck_assert_ptr_null(strstr(page, "'onclick"));
	ck_assert_uint_eq(times(page, "</style>"), 5);
	ck_assert_ptr_null(strstr(page, "href=\"javascript:"));
	ck_assert_ptr_null(strstr(page, "\xE2\x80\xAE"));
	ck_assert_ptr_null(strchr(page, '\x1B'));
	json_decref(events);
	view_release(&view);
}
END_TEST

#define EVENT(time, kind, rest) "{\"at\":\"2026-11-30T12:" time "Z\",\"kind\":\"" kind "\"" rest "},"

START_TEST(a_story_has_its_events_in_words)
{
	static const char events_text[] = "[" EVENT("00:00.250", "fired", "") EVENT("00:01.000", "sent",
	    ",\"channel\":\"telegram:ops\",\"attempt\":2,\"detail\":{\"kind\":\"escalated\"}")
	    EVENT("01:00", "repeated", "") EVENT("02:00", "repeated", "") EVENT("03:00", "repeated", "")
		EVENT("04:00", "acknowledged", ",\"detail\":{\"who\":\"Ann\",\"note\":\"mine\"}")
		    EVENT("05:00", "repeated", "")
			EVENT("06:00", "a new kind", ",\"channel\":\"slack:p0\"") "{\"at\":null}]";
	json_t *events = json_loads(events_text, 0, NULL);
	struct view view;
	const char *page;

	ck_assert_ptr_nonnull(events);
	view_read(&view, incident("P0", "Name"));
	story_write(&view, events, NULL, NULL, noon + 400000, &out);
	page = text();
	ck_assert_ptr_nonnull(
	    strstr(page, "<time datetime=\"2026-11-30T12:00:00Z\">21:00:00</time> <b>It began.</b>"));
	ck_assert_ptr_nonnull(strstr(page, "<b>telegram:ops</b> got it as an escalation, since nobody had "
					   "acknowledged it. Attempt&nbsp;2."));
	ck_assert_ptr_nonnull(strstr(page, "told of it again.</b> 3 times, the last time at <time "
					   "datetime=\"2026-11-30T12:03:00Z\">"));
	ck_assert_uint_eq(times(page, "told of it again"), 2);
	ck_assert_ptr_nonnull(strstr(page, "<b>Ann</b> acknowledged it. <small>note: mine</small>"));
	ck_assert_ptr_nonnull(strstr(page, "<b>slack:p0</b> a new kind"));
	ck_assert_ptr_nonnull(strstr(page, "Nobody has acknowledged it."));
	json_decref(events);
	view_release(&view);
}
END_TEST

static const struct {
	const char *text;
	int64_t ms;
} moments[] = { { "2026-11-30T12:00:00Z", INT64_C(1796040000000) },
	{ "2026-11-30T12:00:00.25Z", INT64_C(1796040000250) }, { "1970-01-01T00:00:00.1239Z", 123 },
	{ "", 0 }, { "yesterday", 0 } };

START_TEST(times_of_the_history_are_read)
{
	ck_assert_int_eq(view_time(moments[_i].text), moments[_i].ms);
}
END_TEST

static const struct {
	int64_t ms;
	const char *text;
} spans[] = { { -5, "0&nbsp;s" }, { 59999, "59&nbsp;s" }, { 60000, "1&nbsp;min" },
	{ 65000, "1&nbsp;min 5&nbsp;s" }, { 7200000, "2&nbsp;h" },
	{ INT64_C(90061000), "1&nbsp;d 1&nbsp;h" } };

START_TEST(spans_have_their_two_largest_units)
{
	page_span(&out, spans[_i].ms);
	ck_assert_str_eq(text(), spans[_i].text);
}
END_TEST

/* --- With a store --- */

/* One open incident in a store of its own. */
struct relay {
	char directory[64], id[INCIDENT_ID], token[ACT_TOKEN];
	struct page page;
	struct web_answer answer;
};

static void
relay_start(struct relay *relay)
{
	static const char body[] =
	    "[{\"labels\":{\"alertname\":\"Down\",\"severity\":\"P0\",\"service\":\"redis\"},"
	    "\"annotations\":{\"summary\":\"it is down\"}}]";
	const struct intake_plan plan = { 0 };
	struct intake_counts counts = { 0 };
	struct alert_list list;
	struct incident found;
	struct failure why = { 0 };

	*relay = (struct relay){ .directory = "/tmp/arbwatch-page.XXXXXX" };
	ck_assert_ptr_nonnull(mkdtemp(relay->directory));
	relay->page.store = store_open(relay->directory, true, &why);
	ck_assert_msg(relay->page.store != NULL, "%s", why.text);
	relay->page.act =
	    act_new(&(struct act_settings){ .directory = relay->directory }, relay->page.store, &why);
	ck_assert_msg(relay->page.act != NULL, "%s", why.text);
	ck_assert_int_eq(
	    alert_read_push((struct slice){ body, sizeof(body) - 1 }, store_now_ms(), &list, &why), 0);
	store_begin(relay->page.store);
	intake_take(relay->page.store, &list, FEED_OBSERVE, &plan, store_now_ms(), &counts);
	ck_assert(incident_next(relay->page.store, 0, &found));
	said_put(relay->page.store, &found, "mail:oncall", "", store_now_ms());
	ck_assert_int_eq(store_end(relay->page.store, &why), 0);
	alert_list_release(&list);
	snprintf(relay->id, INCIDENT_ID, "%s", found.id);
	incident_release(&found);
	act_link_token(relay->page.act, relay->id, relay->token);
}

static void
relay_stop(struct relay *relay)
{
	buffer_release(&relay->answer.body);
	act_free(relay->page.act);
	store_close(relay->page.store);
	suite_remove(relay->directory);
}

typedef void page_handler(
    const struct page *page, const struct web_request *request, struct web_answer *answer);

/* The code, and the whole answer as text; `rest` is behind the path with the id. */
static unsigned
ask(struct relay *relay, page_handler *handler, const char *path, const char *id, const char *query,
    const char *form, const char **body)
{
	char whole[256];
	const struct web_request request = { .path = whole, .query = query, .body = { form, strlen(form) } };

	snprintf(whole, sizeof(whole), "%s%s", path, id);
	buffer_release(&relay->answer.body);
	relay->answer = (struct web_answer){ .code = 200 };
	buffer_init(&relay->answer.body, SIZE_MAX);
	handler(&relay->page, &request, &relay->answer);
	buffer_append(&relay->answer.body, "", 1);
	ck_assert(!relay->answer.body.failed);
	*body = relay->answer.body.text;
	return relay->answer.code;
}

static bool
is_acknowledged(struct relay *relay, const char *who, const char *via)
{
	struct incident found;
	struct failure why = { 0 };
	bool yes;

	store_begin(relay->page.store);
	ck_assert(incident_find(relay->page.store, relay->id, &found));
	ck_assert_int_eq(store_end(relay->page.store, &why), 0);
	yes = found.acknowledged_ms != 0;
	if (yes) {
		ck_assert_str_eq(found.acknowledged_by, who);
		ck_assert_str_eq(found.acknowledged_via, via);
	}
	incident_release(&found);
	return yes;
}

START_TEST(the_store_is_shown_without_a_history)
{
	struct relay relay;
	const char *body;

	relay_start(&relay);
	ck_assert_uint_eq(ask(&relay, page_front, "/", "", "", "", &body), 200);
	ck_assert_ptr_nonnull(strstr(body, "1&nbsp;alert is open"));
	ck_assert_ptr_nonnull(strstr(body, "it is down"));
	ck_assert_ptr_nonnull(strstr(body, "mail:oncall"));
	ck_assert_ptr_nonnull(strstr(body, relay.token));
	ck_assert_ptr_nonnull(strstr(body, "the history cannot be read: no history is set up"));
	ck_assert_uint_eq(ask(&relay, page_incident, "/incident/", relay.id, "", "", &body), 200);
	ck_assert_ptr_nonnull(strstr(body, "P0&nbsp;Down"));
	ck_assert_ptr_nonnull(strstr(body, "The whole story is not here: no history is set up"));
	ck_assert_uint_eq(ask(&relay, page_incident, "/incident/", "0-0", "", "", &body), 404);
	ck_assert_uint_eq(ask(&relay, page_incident, "/incident/", "<script>", "", "", &body), 404);
	ck_assert_uint_eq(ask(&relay, page_incident, "/incident/", "", "", "", &body), 404);
	ck_assert_uint_eq(ask(&relay, page_front, "/", "", "from=18446744073709551615", "", &body), 200);
	relay_stop(&relay);
}
END_TEST

/* What looks at a link before a person does, as chats and mail filters do, must change nothing. */
START_TEST(to_look_at_a_link_acknowledges_nothing)
{
	struct relay relay;
	const char *body;
	char query[64];

	relay_start(&relay);
	snprintf(query, sizeof(query), "k=%s", relay.token);
	ck_assert_uint_eq(ask(&relay, page_link, "/ack/", relay.id, query, query, &body), 200);
	ck_assert_ptr_nonnull(strstr(body, "P0&nbsp;Down"));
	ck_assert_ptr_nonnull(strstr(body, "<form method=\"post\" action=\""));
	ck_assert_ptr_nonnull(strstr(body, relay.token));
	ck_assert(!is_acknowledged(&relay, "", ""));
	relay_stop(&relay);
}
END_TEST

/* Neither one of another incident, nor a part of the right one, nor one with something behind it. */
START_TEST(a_forged_token_acknowledges_nothing)
{
	struct relay relay;
	char forms[5][128], other[ACT_TOKEN];
	const char *body;

	relay_start(&relay);
	act_link_token(relay.page.act, "0-0", other);
	snprintf(forms[0], sizeof(forms[0]), "who=Eve");
	snprintf(forms[1], sizeof(forms[1]), "who=Eve&k=%s", other);
	snprintf(forms[2], sizeof(forms[2]), "who=Eve&k=%.31s", relay.token);
	snprintf(forms[3], sizeof(forms[3]), "k=%s&who=Eve&k=", relay.token);
	snprintf(forms[4], sizeof(forms[4]), "who=Eve&k=%s0", relay.token);
	for (int i = 0; i < 5; i++) {
		ck_assert_uint_eq(
		    ask(&relay, page_acknowledge, "/ack/", relay.id, forms[i], forms[i], &body), 403);
		ck_assert_ptr_null(strstr(body, relay.token));
		ck_assert_uint_eq(ask(&relay, page_link, "/ack/", relay.id, forms[i], forms[i], &body), 403);
		ck_assert_ptr_null(strstr(body, relay.token));
		ck_assert_ptr_null(strstr(body, "it is down"));
	}
	ck_assert(!is_acknowledged(&relay, "", ""));
	relay_stop(&relay);
}
END_TEST

START_TEST(a_form_acknowledges_and_takes_back)
{
	struct relay relay;
	char form[256], location[128];
	const char *body;

	relay_start(&relay);
	snprintf(location, sizeof(location), "../incident/%s", relay.id);
	snprintf(form, sizeof(form), "k=%s&via=link&who=Ann+%%3Cb%%3E&note=on%%20it", relay.token);
	ck_assert_uint_eq(ask(&relay, page_acknowledge, "/ack/", relay.id, "", form, &body), 303);
	ck_assert_str_eq(relay.answer.location, location);
	ck_assert(is_acknowledged(&relay, "Ann <b>", "link"));
	ck_assert_uint_eq(ask(&relay, page_incident, "/incident/", relay.id, "", "", &body), 200);
	ck_assert_ptr_nonnull(strstr(body, "Ann &lt;b&gt;"));
	ck_assert_ptr_nonnull(strstr(body, "on it"));
	snprintf(form, sizeof(form), "k=%s&who=Bora&back=1", relay.token);
	ck_assert_uint_eq(ask(&relay, page_acknowledge, "/ack/", relay.id, "", form, &body), 303);
	ck_assert(!is_acknowledged(&relay, "", ""));
	relay_stop(&relay);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("relay_page");
	TCase *tests = tcase_create("all");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, the_policy_of_the_page_has_the_hash_of_its_style);
	tcase_add_loop_test(tests, the_banner_says_whether_somebody_has_to_do_something, 0, LENGTH(verdicts));
	tcase_add_test(tests, what_waits_has_a_form);
	tcase_add_test(tests, who_has_logged_in_needs_no_name);
	tcase_add_test(tests, more_than_fits_is_turned_to);
	tcase_add_loop_test(tests, a_page_needs_nothing_but_itself_and_reloads_only_when_asked, 0, 2);
	tcase_add_loop_test(tests, no_text_from_outside_is_markup, 0, LENGTH(hostile));
	tcase_add_test(tests, a_story_has_its_events_in_words);
	tcase_add_loop_test(tests, times_of_the_history_are_read, 0, LENGTH(moments));
	tcase_add_loop_test(tests, spans_have_their_two_largest_units, 0, LENGTH(spans));
	tcase_add_test(tests, the_store_is_shown_without_a_history);
	tcase_add_test(tests, to_look_at_a_link_acknowledges_nothing);
	tcase_add_test(tests, a_forged_token_acknowledges_nothing);
	tcase_add_test(tests, a_form_acknowledges_and_takes_back);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
