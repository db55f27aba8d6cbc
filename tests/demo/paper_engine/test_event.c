#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo/paper_engine/live/event.h"
#include "tests/suite.h"

static const char good[] =
    "{\"symbol\":\"BTCUSDT\",\"sequence\":7,\"time\":1780000000250,\"sent\":1780000000250.125,"
    "\"bids\":[[\"95000.01\",\"0.50000\"],[\"95000\",\"1\"]],\"asks\":[[\"95000.02\",\"0.1\"]]}";

/* `good` with the first `old` in it replaced. */
static void
make(char text[4096], const char *old, const char *new)
{
	const char *at = strstr(good, old);

	ck_assert_ptr_nonnull(at);
	(void)snprintf(text, 4096, "%.*s%s%s", (int)(at - good), good, new, at + strlen(old));
}

START_TEST(an_event_is_a_book)
{
	struct failure why = { 0 };
	struct event event;
	char text[4096];

	make(text, "BTCUSDT", "KRW-BTC");
	ck_assert_msg(event_parse(&event, text, &why) == 0, "%s", why.text);
	ck_assert_str_eq(event.symbol, "KRW-BTC");
	ck_assert_int_eq(event.depth.sequence, 7);
	ck_assert_int_eq(event.depth.time_ms, INT64_C(1780000000250));
	ck_assert_double_eq(event.sent_ms, 1780000000250.125);
	ck_assert_int_eq(event.depth.bids[0].price, INT64_C(9500001000000));
	ck_assert_int_eq(event.depth.bids[0].quantity, 50000000);
	ck_assert_int_eq(event.depth.bids[1].price, INT64_C(9500000000000));
	ck_assert_int_eq(event.depth.bids[2].quantity, 0);
	ck_assert_int_eq(event.depth.asks[0].price, INT64_C(9500002000000));
	ck_assert_int_eq(event.depth.asks[1].quantity, 0);
}
END_TEST

static const char *const other_forms[][2] = {
	{ "{\"symbol\":\"BTCUSDT\",\"sequence\":7,", "{ \"sequence\": 7, \"symbol\": \"BTCUSDT\", " },
	{ "[[\"95000.01\",\"0.50000\"],[\"95000\",\"1\"]]", "[]" },
	{ "1780000000250.125", "1780000000250" },
	{ "[\"95000\",\"1\"]",
	    "[\"95000\",\"1\"],[\"94\",\"1\"],[\"93\",\"1\"],[\"92\",\"1\"],[\"91\",\"1\"],[\"90\",\"1\"]" },
	{ "95000.02", "95000.01" },
};

START_TEST(other_forms_of_it_are_good_too)
{
	struct failure why = { 0 };
	struct event event;
	char text[4096];

	make(text, other_forms[_i][0], other_forms[_i][1]);
	ck_assert_msg(event_parse(&event, text, &why) == 0, "%s: %s", other_forms[_i][1], why.text);
	ck_assert_int_eq(event.depth.sequence, 7);
}
END_TEST

static const char *const bad[][2] = {
	{ "\"symbol\":\"BTCUSDT\",", "" },
	{ "\"sequence\":7,", "" },
	{ "\"sequence\":7", "\"sequence\":-7" },
	{ "\"sequence\":7", "\"sequence\":7.5" },
	{ "\"sequence\":7", "\"sequence\":1234567890123456789" },
	{ "\"sequence\":7", "\"sequence\":\"7\"" },
	{ "\"sequence\":7", "\"sequence\":null" },
	{ "1780000000250.125", "now" },
	{ "\"sent\":1780000000250.125,", "" },
	{ "\"sequence\":7", "\"sequence\":7,\"more\":1" },
	{ "0.50000", "0" },
	{ "0.50000", "-1" },
	{ "0.50000", "1e3" },
	{ "0.50000", "99999999999999999999" },
	{ "\"0.50000\"", "0.5" },
	{ "95000.01", "94999.99" }, /* not the best first */
	{ "95000.02", "95000.00" }, /* crossed */
	{ "[\"95000\",\"1\"]", "[\"95000\"]" },
	{ "[\"95000\",\"1\"]", "" },
	{ "[\"95000\",\"1\"]]", "[\"95000\",\"1\"]" },
	{ "]]}", "]]" },
	{ "]]}", "]]}}" },
	{ "]]}", "]]} x" },
	{ "BTCUSDT", "BTC\\\"USDT" },
	{ "{", "" },
	{ "{", "[" },
};

START_TEST(anything_else_is_refused)
{
	struct failure why = { 0 };
	struct event event;
	char text[4096];

	make(text, bad[_i][0], bad[_i][1]);
	ck_assert_msg(event_parse(&event, text, &why) == -1, "%s is taken", bad[_i][1]);
	ck_assert_int_eq(why.kind, FAILURE_PROTOCOL);
}
END_TEST

/* An event that was cut anywhere is refused, and nothing behind its end is read. */
START_TEST(half_an_event_is_refused)
{
	for (size_t length = 0; length < sizeof(good) - 1; length++) {
		struct failure why = { 0 };
		struct event event;
		char *text = strndup(good, length);

		ck_assert_ptr_nonnull(text);
		ck_assert_int_eq(event_parse(&event, text, &why), -1);
		free(text);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("event");
	TCase *parse = tcase_create("parse");

	tcase_add_test(parse, an_event_is_a_book);
	tcase_add_loop_test(parse, other_forms_of_it_are_good_too, 0, LENGTH(other_forms));
	tcase_add_loop_test(parse, anything_else_is_refused, 0, LENGTH(bad));
	tcase_add_test(parse, half_an_event_is_refused);
	suite_add_tcase(suite, parse);
	return run_suite(suite);
}
