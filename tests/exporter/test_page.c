#include <math.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "common/text/utf8.h"
#include "exporter/page/page.h"
#include "exporter/page/parts.h"
#include "exporter/page/recent.h"
#include "tests/suite.h"

/* health_read() is not called here, but its object wants a store. */
size_t
store_count(const struct store *store)
{
	(void)store;
	return 0;
}
const struct store_file *
store_file(const struct store *store, size_t index)
{
	(void)store;
	(void)index;
	return NULL;
}
size_t
store_left_out(const struct store *store)
{
	(void)store;
	return 0;
}
const char *
store_state_name(enum store_state state)
{
	(void)state;
	return "";
}

static const double noon = 1763726400;
static const struct open_alerts nobody; /* is asked for alerts: test_open_alerts.c */
static struct buffer out;

static void
set_up(void)
{
	buffer_init(&out, SIZE_MAX);
}
static void
tear_down(void)
{
	buffer_release(&out);
}

static const char *
text(void)
{
	ck_assert(!out.failed);
	buffer_append(&out, "", 1);
	ck_assert_uint_eq(strlen(out.text), out.length - 1);
	return out.text;
}

static size_t
times(const char *in, const char *what)
{
	size_t found = 0;

	for (const char *at = strstr(in, what); at != NULL; at = strstr(at + 1, what))
		found++;
	return found;
}

static struct health_check
check_of(enum health_kind kind)
{
	struct health_check check = { .kind = kind,
		.status = HEALTH_OK,
		.last_run = noon - 4,
		.last_success = noon - 4,
		.age = 4,
		.interval = 15,
		.duration = 0.001 };

	snprintf(check.name, sizeof(check.name), "%s", "main");
	snprintf(check.env, sizeof(check.env), "%s", "paper");
	snprintf(check.state, sizeof(check.state), "%s", "ok");
	snprintf(check.file, sizeof(check.file), "%s", "main.prom");
	return check;
}

static const char *
page_with(struct health_check *checks, size_t count, const char *summary)
{
	struct health_report report = { .checks = checks, .count = count, .made_at = noon };

	snprintf(report.summary, sizeof(report.summary), "%s", summary);
	page_write(&report, &nobody, false, &out);
	return text();
}

static const char *
json_with(struct health_check *checks, size_t count, const char *summary)
{
	struct health_report report = { .checks = checks, .count = count, .made_at = noon };

	snprintf(report.summary, sizeof(report.summary), "%s", summary);
	health_json(&report, &nobody, &out);
	return text();
}

/* Every byte there is, wherever a text can stand: the page stays UTF-8, and has no tag or quote more than
 * without. */
static void
fill(struct health_check *check, const char *odd)
{
	snprintf(check->name, sizeof(check->name), "a%sb", odd);
	snprintf(check->env, sizeof(check->env), "a%sb", odd);
	snprintf(check->state, sizeof(check->state), "a%sb", odd);
	snprintf(check->reason, sizeof(check->reason), "a%sb", odd);
	snprintf(check->file, sizeof(check->file), "a%sb", odd);
}

START_TEST(no_byte_from_outside_ends_a_text_of_the_page)
{
	struct health_check plain[HEALTH_KINDS], odd[HEALTH_KINDS];
	char byte[2] = { (char)_i, '\0' };
	size_t tags, quotes, apostrophes;

	for (int kind = 0; kind < HEALTH_KINDS; kind++) {
		plain[kind] = odd[kind] = check_of((enum health_kind)kind);
		fill(&plain[kind], "x");
		fill(&odd[kind], byte);
	}
	page_with(plain, HEALTH_KINDS, "x");
	tags = times(out.text, "<"), quotes = times(out.text, "\""), apostrophes = times(out.text, "'");
	buffer_release(&out);
	page_with(odd, HEALTH_KINDS, byte);
	ck_assert_uint_eq(times(out.text, "<"), tags);
	ck_assert_uint_eq(times(out.text, "\""), quotes);
	ck_assert_uint_eq(times(out.text, "'"), apostrophes);
	ck_assert(utf8_valid(buffer_slice(&out)));
	ck_assert(_i == '\n' || _i == '\t' || _i >= 0x20 || memchr(out.text, _i, out.length - 1) == NULL);
}
END_TEST

static const struct {
	double mismatch, there[2];
	bool stale;
	const char *class, *cell;
} position_rows[] = {
	{ 0, { 2, 0 }, false, "ok", "<td>2 long</td>" },
	{ 0, { 0, 0 }, false, "ok", "<td>none</td>" },
	{ 0, { 2, 0 }, true, "warn", "<td>2 long</td>" },
	{ 1, { 0, 3 }, false, "fail", "<td>3 short</td>" },
	{ NAN, { NAN, NAN }, false, "warn", "<td>not known</td>" },
	{ NAN, { NAN, 0 }, false, "warn", "<td>not known</td>" },
};

START_TEST(a_position_is_fine_only_where_both_sides_are_known_to_agree)
{
	struct health_position position = { .mismatch = position_rows[_i].mismatch,
		.there = { position_rows[_i].there[0], position_rows[_i].there[1] },
		.believed = { 7, 0 },
		.stale = position_rows[_i].stale,
		.symbol = "BTC" };
	struct health_report report = { .positions = &position, .position_count = 1, .made_at = noon };
	char row[64];

	page_positions(&out, &report);
	snprintf(row, sizeof(row), "<tr class=\"%s\">", position_rows[_i].class);
	ck_assert_uint_eq(times(text(), row), 1);
	ck_assert_uint_eq(times(out.text, position_rows[_i].cell), 1);
}
END_TEST

static const struct {
	enum health_kind kind;
	const char *cell;
} successes[] = {
	{ KIND_COLLECTOR, "never" },
	{ KIND_EXCHANGE, "never" },
	{ KIND_POSITIONS, "&ndash;" }, /* of the engine's books as a whole there is no such time */
	{ KIND_PREFLIGHT, "&ndash;" },
	{ KIND_ENGINE, "&ndash;" },
};

START_TEST(a_success_of_which_nobody_knows_when_is_not_called_one_that_never_was)
{
	struct health_check check = check_of(successes[_i].kind);
	char cell[64];

	check.last_success = NAN;
	snprintf(cell, sizeof(cell), "</time></td><td>4&nbsp;s</td><td>%s</td>", successes[_i].cell);
	ck_assert_ptr_nonnull(strstr(page_with(&check, 1, ""), cell));
}
END_TEST

START_TEST(a_bot_has_a_heartbeat)
{
	struct health_check check = check_of(KIND_ENGINE);

	ck_assert_ptr_nonnull(strstr(page_with(&check, 1, ""), "<th scope=\"col\">Heartbeat</th>"));
	ck_assert_ptr_nonnull(strstr(out.text, "<section id=\"bots\""));
	ck_assert_ptr_null(strstr(out.text, "col\">Last success"));
}
END_TEST

START_TEST(positions_are_escaped_too)
{
	struct health_position position = { .mismatch = 0.5,
		.since = noon - 60,
		.there = { 1.5, 0 },
		.believed = { NAN, NAN },
		.env = "<b>",
		.exchange = "<script>",
		.symbol = "\"BTC'&" };
	struct health_check check = check_of(KIND_POSITIONS);
	struct health_report report = {
		.checks = &check, .count = 1, .positions = &position, .position_count = 1, .made_at = noon
	};

	page_write(&report, &nobody, false, &out);
	ck_assert_ptr_nonnull(strstr(text(), "<td>&lt;script&gt;</td>"));
	ck_assert_ptr_null(strstr(out.text, "<script"));
	ck_assert_ptr_nonnull(strstr(out.text, "&quot;BTC&#39;&amp;"));
	ck_assert_ptr_nonnull(strstr(out.text, "&lt;b&gt;"));
	ck_assert_ptr_nonnull(strstr(out.text, "<td>1.5 long</td><td>not known</td>"));
	ck_assert_ptr_nonnull(strstr(out.text, "differ by 0.5"));
}
END_TEST

static const struct {
	const char *text, *shown;
} shown[] = {
	{ "\xE2\x80\xAEgnp.exe", "\xEF\xBF\xBDgnp.exe" }, /* right-to-left override */
	{ "a\xE2\x81\xA6z", "a\xEF\xBF\xBDz" },           /* isolate */
	{ "a\xE2\x80\xA8z", "a\xEF\xBF\xBDz" },           /* line separator */
	{ "a\xC2\x85z", "a\xEF\xBF\xBDz" },               /* next line, of C1 */
	{ "a\xC0\xBCz", "a\xEF\xBF\xBD\xEF\xBF\xBDz" },   /* '<', overlong */
	{ "a\xE2\x82", "a\xEF\xBF\xBD\xEF\xBF\xBD" },     /* half a character */
	{ "\xE2\x82\xAC \xC3\xA4 \xF0\x9F\x98\x80", "\xE2\x82\xAC \xC3\xA4 \xF0\x9F\x98\x80" },
};

START_TEST(what_turns_or_hides_text_is_not_shown)
{
	html_text(&out, shown[_i].text);
	ck_assert_str_eq(text(), shown[_i].shown);
}
END_TEST

START_TEST(json_strings_are_escaped)
{
	struct health_check check = check_of(KIND_REDIS);

	snprintf(check.name, sizeof(check.name), "%s", "a\"b\\c\nd\x01 \xFF \xE2\x82\xAC");
	ck_assert_ptr_nonnull(strstr(
	    json_with(&check, 1, "\x7F"), "\"name\":\"a\\\"b\\\\c\\u000ad\\u0001 \\ufffd \xE2\x82\xAC\""));
	ck_assert_ptr_nonnull(strstr(out.text, "\"summary\":\"\\u007f\""));
}
END_TEST

START_TEST(no_byte_from_outside_breaks_the_json)
{
	struct health_check plain = check_of(KIND_REDIS), odd = plain;
	char byte[2] = { (char)_i, '\0' };
	size_t quotes, escaped;

	fill(&plain, "x");
	fill(&odd, byte);
	quotes = times(json_with(&plain, 1, "x"), "\"");
	buffer_release(&out);
	json_with(&odd, 1, byte);
	escaped = _i == '"' ? times(out.text, "\\\"") : 0;
	ck_assert_uint_eq(times(out.text, "\"") - escaped, quotes);
	ck_assert(utf8_valid(buffer_slice(&out)));
	for (size_t i = 0; i + 2 < out.length; i++)
		ck_assert((unsigned char)out.text[i] >= 0x20);
}
END_TEST

START_TEST(json_has_no_number_that_is_none)
{
	struct health_check check = check_of(KIND_COLLECTOR);

	check.age = NAN, check.duration = INFINITY, check.interval = -INFINITY;
	check.last_run = NAN, check.last_success = 1e300;
	ck_assert_ptr_nonnull(
	    strstr(json_with(&check, 1, ""), "\"age_seconds\":null,\"last_run\":null,\"last_success\":null,"
					     "\"interval_seconds\":null,\"duration_seconds\":null,"));
	ck_assert_ptr_null(strstr(out.text, "nan"));
	ck_assert_ptr_null(strstr(out.text, "inf"));
}
END_TEST

START_TEST(times_are_rfc_3339)
{
	struct health_check check = check_of(KIND_COLLECTOR);

	ck_assert_ptr_nonnull(strstr(json_with(&check, 1, ""), "\"time\":\"2025-11-21T12:00:00Z\""));
	ck_assert_ptr_nonnull(strstr(out.text, "\"last_run\":\"2025-11-21T11:59:56Z\""));
}
END_TEST

/* As a browser computes it: of what stands between the tags. */
START_TEST(the_policy_has_the_hash_of_the_style)
{
	const char *page = page_with(NULL, 0, ""), *begin = strstr(page, "<style>") + strlen("<style>"),
		   *end = strstr(page, "</style>");
	unsigned char digest[SHA256_DIGEST_LENGTH];
	char base64[64], hash[128];

	SHA256((const unsigned char *)begin, (size_t)(end - begin), digest);
	EVP_EncodeBlock((unsigned char *)base64, digest, sizeof(digest));
	snprintf(hash, sizeof(hash), "'sha256-%s'", base64);
	ck_assert_msg(strstr(page_security_policy(), hash) != NULL, "STYLE_HASH has to be %s", hash);
	ck_assert_uint_eq(times(page, "<style"), 1);
}
END_TEST

START_TEST(the_page_needs_nothing_but_itself)
{
	struct health_check checks[HEALTH_KINDS];

	for (int kind = 0; kind < HEALTH_KINDS; kind++)
		checks[kind] = check_of((enum health_kind)kind);
	page_with(checks, HEALTH_KINDS, "all is well");
	ck_assert_ptr_null(strstr(out.text, "<script"));
	ck_assert_ptr_null(strstr(out.text, " style="));
	ck_assert_ptr_null(strstr(out.text, "javascript:"));
	ck_assert_ptr_null(strstr(out.text, "src="));
	ck_assert_ptr_null(strstr(out.text, "@import"));
	ck_assert_uint_eq(times(out.text, "http://"), times(out.text, "http://www.w3.org/2000/svg"));
	ck_assert_ptr_null(strstr(out.text, "https://"));
	ck_assert_ptr_null(strstr(out.text, "http-equiv"));
	/* Behind a proxy it may be below any path. */
	ck_assert_ptr_null(strstr(out.text, "href=\"/"));
	ck_assert_ptr_nonnull(strstr(out.text, "href=\"health\""));
}
END_TEST

/* Those of a rule are one line, and what is not urgent is folded. */
START_TEST(what_is_wrong_is_told_first_with_what_to_do)
{
	struct health_reason reasons[12] = { 0 };
	struct health_report report = {
		.reasons = reasons, .reason_count = LENGTH(reasons), .made_at = noon
	};
	const char *page, *first, *second;

	for (int i = 0; i < LENGTH(reasons); i++) {
		enum reason_rule rule =
		    i < 2 ? REASON_REDIS_DOWN : (enum reason_rule)(REASON_EXCHANGES_FEW + i);

		reasons[i] = (struct health_reason){
			.rule = rule, .value = reason_value(rule, "live"), .env = "live", .since = noon - 60
		};
		snprintf(reasons[i].what, sizeof(reasons[i].what), "<Redis> %d", i);
	}
	page_write(&report, &nobody, false, &out);
	page = text();
	first = strstr(
	    page, "<li class=\"fail\"><b>&lt;Redis&gt; 0, &lt;Redis&gt; 1</b> <span class=\"env live\">");
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_nonnull(strstr(first, reason_texts[REASON_REDIS_DOWN].why));
	ck_assert_ptr_nonnull(strstr(first, reason_texts[REASON_REDIS_DOWN].todo));
	second = strstr(first, "<li class");
	ck_assert_ptr_nonnull(strstr(second + 1, ", since 11:59:00. <span>"));
	ck_assert_ptr_nonnull(strstr(page, "<details><summary>5 more</summary><ol start=\"7\">"));
	ck_assert_uint_eq(times(page, "<li class"), 11);
	/* Nothing to do, nothing to read. */
	buffer_release(&out);
	ck_assert_ptr_null(strstr(page_with(NULL, 0, ""), "What is wrong"));
}
END_TEST

START_TEST(what_agrees_is_folded)
{
	struct health_check checks[] = { check_of(KIND_POSITIONS), check_of(KIND_POSITIONS) };
	struct health_position positions[] = { { .mismatch = 1, .symbol = "DIFFERS" },
		{ .mismatch = 0, .symbol = "AGREES" }, { .mismatch = 0, .symbol = "OLD", .stale = true } };
	struct health_report report = {
		.checks = checks, .count = 2, .positions = positions, .position_count = 3, .made_at = noon
	};
	const char *page, *folded;

	checks[0].status = HEALTH_FAIL;
	snprintf(checks[0].name, sizeof(checks[0].name), "bad");
	page_write(&report, &nobody, false, &out);
	page = text();
	folded = strstr(page, "<details><summary>1 ok, with 1 position that agrees</summary>");
	ck_assert_ptr_nonnull(folded);
	ck_assert(strstr(page, ">DIFFERS<") < folded && strstr(page, ">OLD<") < folded &&
		  strstr(page, ">bad ") < folded);
	ck_assert(strstr(page, ">AGREES<") > folded && strstr(page, ">main ") > folded);
	ck_assert_uint_eq(times(page, "<details>"), times(page, "</details>"));
}
END_TEST

START_TEST(a_page_reloads_only_when_that_is_asked_for)
{
	struct health_report report = { .made_at = noon };

	page_write(&report, &nobody, true, &out);
	ck_assert_ptr_nonnull(strstr(text(), "<meta http-equiv=\"refresh\" content=\"15\">"));
	ck_assert_ptr_nonnull(strstr(out.text, "<a href=\"./\">stop</a>"));
	buffer_release(&out);
	page_write(&report, &nobody, false, &out);
	ck_assert_ptr_null(strstr(text(), "http-equiv"));
	ck_assert_ptr_nonnull(strstr(out.text, "<a href=\"watch\">"));
}
END_TEST

/* --- Latencies of the last runs --- */

static struct health_check
measured(double at, double fast, double slow)
{
	struct health_check check = check_of(KIND_EXCHANGE);

	check.last_run = noon + at;
	check.buckets = 2;
	check.bounds[0] = 1, check.bounds[1] = INFINITY;
	check.counts[0] = fast, check.counts[1] = slow;
	return check;
}

static const struct {
	double at, fast, slow;         /* the counters */
	double shown_fast, shown_slow; /* negative: no picture */
} runs[] = {
	{ 0, 1e6, 0, 1e6, 0 }, /* nothing to compare with */
	{ 0, 1e6, 0, 1e6, 0 }, { 15, 1e6, 1, 0, 1 }, { 299, 1e6, 20, 0, 20 }, { 301, 1e6, 21, 0, 21 },
	{ 601, 1e6 + 5, 21, 5, 21 },
	{ 602, 1e6 + 6, 21, 6, 0 }, /* from here on, what was before 301 is over */
	{ 900, 1e6 + 6, 21, 6, 0 }, { 901, 1e6 + 6, 21, 6, 0 }, { 902, 1e6 + 6, 21, 1, 0 },
	{ 1201, 1e6 + 6, 21, 1, 0 },
	{ 1202, 1e6 + 6, 21, -1, -1 },             /* nothing was measured for five minutes */
	{ 1300, 3, 1, 3, 1 },                      /* counters that began anew */
	{ 1315, 4, 1, 1, 0 }, { 500, 5, 1, 5, 1 }, /* a clock was set back */
};

START_TEST(latencies_are_those_of_the_last_minutes)
{
	struct recent *recent = recent_new();

	for (int i = 0; i < LENGTH(runs); i++) {
		struct health_check checks[] = { check_of(KIND_EXCHANGE),
			measured(runs[i].at, runs[i].fast, runs[i].slow) };
		struct health_report report = { .checks = checks, .count = 2 };

		recent_apply(recent, &report);
		ck_assert_msg(checks[1].buckets == (runs[i].shown_fast < 0 ? 0 : 2), "run %d", i);
		ck_assert(runs[i].shown_fast >= 0 || isnan(checks[1].duration));
		if (runs[i].shown_fast < 0)
			continue;
		ck_assert_msg(
		    checks[1].counts[0] == runs[i].shown_fast && checks[1].counts[1] == runs[i].shown_slow,
		    "run %d: %g %g", i, checks[1].counts[0], checks[1].counts[1]);
	}
	recent_free(recent);
}
END_TEST

START_TEST(more_checks_than_are_kept_do_no_harm)
{
	struct recent *recent = recent_new();

	for (int i = 0; i < 3 * HEALTH_CHECKS; i++) {
		struct health_check check = measured(i, i, 1);
		struct health_report report = { .checks = &check, .count = 1 };

		snprintf(check.name, sizeof(check.name), "%d", i);
		recent_apply(recent, &report);
		ck_assert(check.counts[0] == i && check.counts[1] == 1);
	}
	recent_free(recent);
}
END_TEST

/* What an exchange's row costs, with a reason and a full histogram. */
START_TEST(the_page_is_small_with_64_exchanges)
{
	struct health_check checks[200];
	struct health_position positions[HEALTH_POSITIONS];
	struct health_report report = { .checks = checks,
		.count = LENGTH(checks),
		.positions = positions,
		.position_count = LENGTH(positions),
		.made_at = noon };

	for (int i = 0; i < LENGTH(checks); i++) {
		struct health_check *check = &checks[i];

		*check = check_of(i < 8 ? KIND_COLLECTOR : i < 72 ? KIND_EXCHANGE : KIND_POSITIONS);
		report.count = 136;
		snprintf(check->name, sizeof(check->name), "exchange-%d", i);
		snprintf(check->reason, sizeof(check->reason), "%s",
		    "banned until 12:04:57 UTC; nothing of use in the last 7 runs");
		for (check->buckets = 0; check->buckets < 12; check->buckets++) {
			check->bounds[check->buckets] =
			    check->buckets == 11 ? INFINITY : (double)check->buckets;
			check->counts[check->buckets] = 17.0 * (double)check->buckets + 1;
		}
	}
	for (int i = 0; i < LENGTH(positions); i++) {
		positions[i] = (struct health_position){ .there = { 0.12345678, 0 },
			.believed = { 0.12345678, 0 },
			.env = "live",
			.symbol = "BTC/USDT",
			.mismatch = 0,
			.since = NAN };
		snprintf(positions[i].exchange, sizeof(positions[i].exchange), "exchange-%d", i);
	}
	page_write(&report, &nobody, false, &out);
	ck_assert(!out.failed);
	ck_assert_uint_lt(out.length, 100000);
	ck_assert_uint_eq(times(text(), "<tr "), 136 + HEALTH_POSITIONS);
}
END_TEST

START_TEST(a_picture_has_a_bar_for_each_bucket_that_is_not_empty)
{
	struct health_check check = check_of(KIND_EXCHANGE);
	const double bounds[] = { 1, 2, 4, INFINITY }, counts[] = { 0, 1e9, 1, 0 };

	memcpy(check.bounds, bounds, sizeof(bounds));
	memcpy(check.counts, counts, sizeof(counts));
	check.buckets = 4;
	page_picture(&out, &check);
	ck_assert_ptr_nonnull(strstr(text(), "<path d=\"M7 19v-18M12 19v-1.5\"/>"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("page");
	TCase *tests = tcase_create("all");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, no_byte_from_outside_ends_a_text_of_the_page, 1, 256);
	tcase_add_loop_test(
	    tests, a_position_is_fine_only_where_both_sides_are_known_to_agree, 0, LENGTH(position_rows));
	tcase_add_loop_test(tests, a_success_of_which_nobody_knows_when_is_not_called_one_that_never_was, 0,
	    LENGTH(successes));
	tcase_add_test(tests, a_bot_has_a_heartbeat);
	tcase_add_test(tests, positions_are_escaped_too);
	tcase_add_loop_test(tests, what_turns_or_hides_text_is_not_shown, 0, LENGTH(shown));
	tcase_add_test(tests, json_strings_are_escaped);
	tcase_add_loop_test(tests, no_byte_from_outside_breaks_the_json, 1, 256);
	tcase_add_test(tests, json_has_no_number_that_is_none);
	tcase_add_test(tests, times_are_rfc_3339);
	tcase_add_test(tests, the_policy_has_the_hash_of_the_style);
	tcase_add_test(tests, the_page_needs_nothing_but_itself);
	tcase_add_test(tests, what_is_wrong_is_told_first_with_what_to_do);
	tcase_add_test(tests, what_agrees_is_folded);
	tcase_add_test(tests, a_page_reloads_only_when_that_is_asked_for);
	tcase_add_test(tests, latencies_are_those_of_the_last_minutes);
	tcase_add_test(tests, more_checks_than_are_kept_do_no_harm);
	tcase_add_test(tests, the_page_is_small_with_64_exchanges);
	tcase_add_test(tests, a_picture_has_a_bar_for_each_bucket_that_is_not_empty);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
