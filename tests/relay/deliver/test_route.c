#include <stdio.h>
#include <string.h>

#include "relay/deliver/route.h"
#include "tests/suite.h"

/* The labels of an alert, written as "name=value;name=value;". */
static json_t *
labels_of(const char *text)
{
	json_t *labels = json_object();

	while (*text != '\0') {
		const char *is = strchr(text, '='), *end = strchr(text, ';');
		char name[64];

		(void)snprintf(name, sizeof(name), "%.*s", (int)(is - text), text);
		json_object_set_new(labels, name, json_stringn(is + 1, (size_t)(end - is - 1)));
		text = end + 1;
	}
	return labels;
}

static const struct route *
find(const struct routes *routes, const char *text)
{
	json_t *labels = labels_of(text);
	const struct route *route = routes_find(routes, labels);

	json_decref(labels);
	return route;
}

static const char *const channels[] = { "telegram:main", "telegram:ops", "mail:main", "mail:oncall",
	"slack:p0", "webhook:main" };

static struct routes *
table(const char *const *texts, size_t count)
{
	struct failure why = { 0 };
	size_t index = 0;
	struct routes *routes = routes_new(texts, count, channels, LENGTH(channels), &index, &why);

	ck_assert_msg(routes != NULL, "route %zu: %s", index, why.text);
	return routes;
}

static const struct {
	const char *matchers, *labels;
	bool holds;
} rows[] = {
	{ "", "alertname=X;", true },
	{ "{}", "alertname=X;", true },
	{ "env=\"paper\"", "env=paper;", true },
	{ "env=paper", "env=paper;", true },
	{ "{ env = paper , }", "env=paper;", true },
	{ "env=\"paper\"", "env=paperback;", false },
	{ "env!=\"paper\"", "env=paper;", false },
	{ "env!=\"paper\"", "env=live;", true },
	/* A label that is not there is the empty text. */
	{ "env!=\"paper\"", "alertname=X;", true },
	{ "env=\"\"", "alertname=X;", true },
	{ "env!=\"\"", "alertname=X;", false },
	{ "env=~\".+\"", "alertname=X;", false },
	{ "env=~\"\"", "env=live;", false },
	{ "env=~\"(a|)\"", "alertname=X;", true },
	/* Patterns match the whole value. */
	{ "env=~\"pap\"", "env=paper;", false },
	{ "env=~\"pap.*\"", "env=paper;", true },
	{ "env=~\"live|paper\"", "env=paper;", true },
	{ "env=~\"live|paper\"", "env=paper2;", false },
	{ "env=~\"live|paper\"", "env=xlive;", false },
	{ "env!~\"live|pap.*\"", "env=paper;", false },
	{ "env!~\"live|pap.*\"", "env=test;", true },
	{ "host=~\"db\\\\d+\"", "host=db12;", true },
	{ "host=~\"db\\\\d+\"", "host=dbd;", false },
	{ "host=~\"a\\\\<b\"", "host=a<b;", true },
	{ "host=~\"(?:db|redis)-[^]x]\"", "host=redis-1;", true },
	{ "host=~\"(?:db|redis)-[^]x]\"", "host=redis-x;", false },
	{ "host=~\"[[:alpha:]]{2}\\\\.x\"", "host=db.x;", true },
	{ "host=~\"[[:alpha:]]{2}\\\\.x\"", "host=dbyx;", false },
	{ "name=\"a\\\"b\\\\c\"", "name=a\"b\\c;", true },
	/* All of them must hold. */
	{ "env=\"live\", service=~\"bot|feed\"", "env=live;service=bot;", true },
	{ "env=\"live\", service=~\"bot|feed\"", "env=live;service=web;", false },
	/* Both words of a severity. */
	{ "severity=\"P0\"", "severity=critical;", true },
	{ "severity=\"critical\"", "severity=P0;", true },
	{ "severity=~\"P1|warning\"", "severity=P2;", true },
	{ "severity=~\"P1|warning\"", "severity=P3;", false },
	{ "severity!=\"P3\"", "severity=info;", false },
	{ "severity=\"P2\"", "severity=odd;", true },
	{ "severity=\"odd\"", "severity=odd;", true },
	{ "severity=\"P2\"", "alertname=X;", true },
	{ "severity=\"P0\"", "severity=odd;", false },
};

START_TEST(matchers_are_those_of_alertmanager)
{
	char text[256];
	const char *texts[] = { text };
	struct routes *routes;

	(void)snprintf(text, sizeof(text), "%s -> mail:main", rows[_i].matchers);
	routes = table(texts, 1);
	ck_assert_msg((find(routes, rows[_i].labels) != NULL) == rows[_i].holds, "%s with %s",
	    rows[_i].matchers, rows[_i].labels);
	routes_free(routes);
}
END_TEST

static const struct {
	const char *text, *error;
} bad[] = {
	{ "env=\"live\"", "character 11: '->' is expected here" },
	{ "env=\"live\" mail:main", "character 12: '->' is expected here" },
	{ "env -> mail:main", "character 5: one of = != =~ !~ is missing" },
	{ "=\"a\" -> mail:main", "character 1: a label's name is missing" },
	{ "0env=\"a\" -> mail:main", "character 1: a label's name is missing" },
	{ "env= -> mail:main", "character 6: a value is missing" },
	{ "env=\"a -> mail:main", "character 5: the closing '\"' is missing" },
	{ "env=\"a\\x\" -> mail:main", "within quotes a backslash" },
	{ "{env=\"a\" -> mail:main", "the closing '}' is missing" },
	{ "env=~\"a(\" -> mail:main", "'a(' is not a pattern: " },
	{ "env=~\"(?i)a\" -> mail:main", "cannot have '(?'" },
	{ "env=~\"a\\\\1\" -> mail:main", "cannot have '\\1'" },
	{ "env=~\"\\\\pL\" -> mail:main", "cannot have '\\p'" },
	{ "env=~\"[a\" -> mail:main", "[...] must end" },
	{ "env=~\"[\\\\d]\" -> mail:main", "[...] must end, and cannot have a backslash" },
	{ "env=\"a\" -> mail:main, telegram:opps",
	    "character 23: there is no channel 'telegram:opps'; the channels are telegram:main, telegram:ops" },
	{ "-> mail:main, mail:main", "character 15: two chains begin with 'mail:main'" },
	{ "-> mail:main | mail:main", "character 16: 'mail:main' is there twice" },
	{ "-> mail:main,", "character 14: the name of a channel is missing" },
	{ "-> mail:main slack:p0", "character 14: ',', '|', 'repeat=' or 'escalate=' is expected here" },
	{ "-> mail:main repeat=5", "character 21: '5' is not a duration" },
	{ "-> mail:main escalate=", "character 23: the name of a channel is missing" },
	{ "-> mail:main escalate=mail:boss", "character 23: there is no channel 'mail:boss'" },
};

START_TEST(a_mistake_is_named_with_its_place)
{
	const char *texts[] = { "env=\"paper\" ->", bad[_i].text };
	struct failure why = { 0 };
	size_t index = 0;

	ck_assert_ptr_null(routes_new(texts, 2, channels, LENGTH(channels), &index, &why));
	ck_assert_uint_eq(index, 1);
	ck_assert_msg(strstr(why.text, bad[_i].error) != NULL, "%s\nsays: %s", bad[_i].text, why.text);
}
END_TEST

START_TEST(what_comes_after_a_route_for_everything_is_a_mistake)
{
	const char *texts[] = { "env=\"paper\" ->", "{} -> mail:main", "env=\"live\" -> slack:p0" };
	struct failure why = { 0 };
	size_t index = 0;

	ck_assert_ptr_null(routes_new(texts, 3, channels, LENGTH(channels), &index, &why));
	ck_assert_uint_eq(index, 2);
	ck_assert_ptr_nonnull(strstr(why.text, "takes everything"));
}
END_TEST

/* "telegram:ops mail:oncall,slack:p0" */
static void
show(const struct route *route, char *text, size_t size)
{
	size_t length = 0;

	*text = '\0';
	for (size_t i = 0; i < route->chain_count; i++) {
		for (size_t c = 0; c < route->chains[i].count; c++)
			length += (size_t)snprintf(text + length, size - length, "%s%s",
			    c > 0   ? " "
			    : i > 0 ? ","
				    : "",
			    route->chains[i].channels[c]);
	}
}

START_TEST(the_first_route_that_holds_decides)
{
	const char *texts[] = { "env=paper ->",
		"severity=P0 -> telegram:ops | mail:oncall, slack:p0 repeat=90s escalate=mail:main | webhook:main",
		"-> mail:main repeat=0s" };
	struct routes *routes = table(texts, 3);
	const struct route *route = find(routes, "env=paper;severity=P0;");
	char text[128];

	ck_assert_uint_eq(route->chain_count, 0);
	ck_assert_int_eq(route->repeat_ms, -1);
	route = find(routes, "severity=P0;");
	show(route, text, sizeof(text));
	ck_assert_str_eq(text, "telegram:ops mail:oncall,slack:p0");
	ck_assert_int_eq(route->repeat_ms, 90000);
	ck_assert_uint_eq(route->escalation.count, 2);
	ck_assert_str_eq(route->escalation.channels[1], "webhook:main");
	route = find(routes, "severity=P1;");
	ck_assert_int_eq(route->repeat_ms, 0);
	routes_free(routes);
}
END_TEST

START_TEST(what_no_route_is_for_goes_nowhere)
{
	const char *texts[] = { "env=paper -> mail:main" };
	struct routes *routes = table(texts, 1);

	ck_assert_ptr_null(find(routes, "env=live;"));
	routes_free(routes);
}
END_TEST

START_TEST(a_chain_ends_where_another_one_has_the_alert_anyway)
{
	const char *texts[] = {
		"-> telegram:main | mail:main | webhook:main, telegram:ops | mail:oncall | slack:p0, mail:oncall escalate=mail:oncall | mail:main"
	};
	struct routes *routes = table(texts, 1);
	json_t *labels = json_object();
	const char *chains[8];

	ck_assert_uint_eq(routes_chains(routes, labels, chains, 8), 3);
	ck_assert_str_eq(chains[0], "telegram:main|mail:main|webhook:main");
	ck_assert_str_eq(chains[1], "telegram:ops");
	ck_assert_str_eq(chains[2], "mail:oncall");
	ck_assert_uint_eq(routes_chains(routes, labels, chains, 2), 2);
	ck_assert_str_eq(routes_find(routes, labels)->escalation.text, "mail:oncall|mail:main");
	json_decref(labels);
	routes_free(routes);
}
END_TEST

static void
built_in(const char *const *names, size_t count, const char *labels, const char *expected)
{
	struct failure why = { 0 };
	size_t index = 0;
	struct routes *routes = routes_new(NULL, 0, names, count, &index, &why);
	char text[256];

	ck_assert_msg(routes != NULL, "%s", why.text);
	show(find(routes, labels), text, sizeof(text));
	ck_assert_str_eq(text, expected);
	routes_free(routes);
}

START_TEST(the_built_in_table_has_the_channels_that_exist)
{
	const char *const all[] = { "telegram:main", "telegram:paper", "mail:main", "slack:main", "slack:p0",
		"webhook:main" };
	const char *const mail[] = { "mail:main" }, *const slack[] = { "slack:main", "mail:odd" };

	built_in(all, 6, "env=paper;severity=P0;", "telegram:paper");
	built_in(all, 6, "severity=critical;",
	    "telegram:main mail:main,slack:p0 slack:main,mail:main,webhook:main");
	built_in(all, 6, "severity=P1;", "telegram:main mail:main,slack:main");
	built_in(all, 6, "severity=odd;", "telegram:main mail:main,slack:main");
	built_in(all, 6, "severity=info;", "mail:main");
	built_in(mail, 1, "env=paper;severity=P0;", "");
	built_in(mail, 1, "severity=P0;", "mail:main");
	built_in(mail, 1, "severity=P1;", "mail:main");
	built_in(slack, 2, "severity=P0;", "slack:main");
	built_in(slack, 2, "severity=P3;", "");
	built_in(NULL, 0, "severity=P0;", "");
}
END_TEST

START_TEST(the_table_is_told_in_plain_words)
{
	const char *texts[] = { "env=\"paper\" ->",
		"severity=~\"P0|P1\", env!~\"test.*\" -> telegram:ops | mail:oncall | mail:main, slack:p0 repeat=5m escalate=webhook:main",
		"service!=\"\" -> mail:main repeat=0s" };
	struct routes *routes = table(texts, 3);
	struct buffer text;

	buffer_init(&text, 4096);
	routes_describe(routes, &text);
	buffer_append(&text, "", 1);
	ck_assert_str_eq(text.text,
	    "1. env is paper: not sent to any channel\n"
	    "2. severity is P0 or P1 and env does not match test.*: goes to telegram:ops (if that fails "
	    "mail:oncall, then mail:main) and slack:p0; said again every 5 min until somebody acknowledges it; "
	    "a P0 that nobody acknowledges also goes to webhook:main\n"
	    "3. service is not empty: goes to mail:main; never said again\n"
	    "Everything else: only in the history, not sent to any channel.\n");
	buffer_release(&text);
	routes_free(routes);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("route");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, matchers_are_those_of_alertmanager, 0, LENGTH(rows));
	tcase_add_loop_test(all, a_mistake_is_named_with_its_place, 0, LENGTH(bad));
	tcase_add_test(all, what_comes_after_a_route_for_everything_is_a_mistake);
	tcase_add_test(all, the_first_route_that_holds_decides);
	tcase_add_test(all, what_no_route_is_for_goes_nowhere);
	tcase_add_test(all, a_chain_ends_where_another_one_has_the_alert_anyway);
	tcase_add_test(all, the_built_in_table_has_the_channels_that_exist);
	tcase_add_test(all, the_table_is_told_in_plain_words);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
