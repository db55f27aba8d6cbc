#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "positions/holding.h"
#include "tests/suite.h"

enum { ROWS = 32 };

static const double noon = 1763726400;
static const double never = -1;

/* Three lists and what is remembered: one time for all markets. */
static struct holding engine_rows[ROWS], exchange_rows[ROWS], baseline_rows[ROWS];
static struct holdings engine = { .rows = engine_rows }, exchange = { .rows = exchange_rows },
		       baseline = { .rows = baseline_rows };
static double remembered_since;
static bool comparable[3];
static struct reconcile_limits limits;
static struct reconcile_row rows[3 * ROWS];

static struct decimal
number(const char *text)
{
	struct decimal result;

	ck_assert_msg(decimal_parse(SLICE(text), &result), "%s", text);
	return result;
}

static void
set_up(void)
{
	engine.count = exchange.count = baseline.count = 0;
	remembered_since = never;
	comparable[0] = comparable[1] = comparable[2] = true;
	limits = (struct reconcile_limits){ 0 };
}

/* "-1.5" is short. */
static void
hold(struct holdings *list, size_t where, const char *symbol, const char *quantity)
{
	struct holding *holding = &list->rows[list->count++];
	struct decimal number_of = number(quantity);

	holding_init(holding);
	holding->exchange = where;
	(void)snprintf(holding->symbol.text, sizeof(holding->symbol.text), "%s", symbol);
	holding->is_short = decimal_sign(number_of) < 0;
	holding->quantity = decimal_absolute(number_of);
}

static size_t
run(double now)
{
	struct reconcile_input input = { &engine, &exchange, &baseline, comparable, 3 };
	size_t count;

	holdings_sort(&engine);
	holdings_sort(&exchange);
	holdings_sort(&baseline);
	count = reconcile(&limits, &input, rows);
	for (size_t i = 0; i < count; i++)
		reconcile_age(&limits, &rows[i], remembered_since, now);
	return count;
}

static const char *
text_of(struct decimal a)
{
	static char text[DECIMAL_TEXT];

	return decimal_text(a, text);
}

/* One market; up to two rows of each source. */
static const struct {
	const char *engine[2], *exchange[2];
	const char *difference, *net;
	bool within, net_within;
} markets[] = {
	{ { "1" }, { "1" }, "0", "0", true, true },
	{ { "0.3" }, { "0.1", "0.2" }, "0", "0", true, true },
	{ { "1.123456789012345678" }, { "1.123456789012345677" }, "0.000000000000000001",
	    "0.000000000000000001", false, false },
	{ { "2" }, { "0.5" }, "1.5", "1.5", false, false },
	{ { "0.5" }, { "2" }, "-1.5", "-1.5", false, false },
	{ { "-2" }, { "-0.5" }, "-1.5", "-1.5", false, false },
	{ { "1" }, { NULL }, "1", "1", false, false },
	{ { NULL }, { "1" }, "-1", "-1", false, false },
	{ { "-1" }, { NULL }, "-1", "-1", false, false },
	{ { NULL }, { "-1" }, "1", "1", false, false },
	/* Turned round: twice its size is to be traded. */
	{ { "1" }, { "-1" }, "2", "2", false, false },
	{ { "-1" }, { "1" }, "-2", "-2", false, false },
	/* Both sides at once. */
	{ { "1", "-1" }, { "1", "-1" }, "0", "0", true, true },
	{ { "3", "-1" }, { "3", "-1" }, "0", "0", true, true },
	{ { NULL }, { "1", "-1" }, "-1", "0", false, true },
	{ { "1", "-1" }, { NULL }, "1", "0", false, true },
	{ { "3", "-1" }, { "2" }, "1", "0", false, true },
	{ { "3", "-1" }, { "3" }, "-1", "-1", false, false },
	{ { "1", "-5" }, { "1", "-2" }, "-3", "-3", false, false },
	{ { "5", "-5" }, { "4", "-2" }, "-3", "-2", false, false },
	{ { "4", "-2" }, { "5", "-5" }, "3", "2", false, false },
};

static void
expect_market(int i, bool net, const char *difference, bool within)
{
	set_up();
	for (int row = 0; row < 2; row++) {
		if (markets[i].engine[row] != NULL)
			hold(&engine, 1, "BTC/USDT", markets[i].engine[row]);
		if (markets[i].exchange[row] != NULL)
			hold(&exchange, 1, "BTC/USDT", markets[i].exchange[row]);
	}
	limits.net = net;
	ck_assert_uint_eq(run(noon), 1);
	ck_assert_uint_eq(rows[0].exchange, 1);
	ck_assert_str_eq(rows[0].symbol, "BTC/USDT");
	ck_assert(rows[0].known);
	ck_assert_str_eq(text_of(rows[0].difference), difference);
	ck_assert_int_eq(rows[0].differs, !within);
	ck_assert_int_eq(rows[0].mismatched, !within);
	ck_assert_double_eq(rows[0].since, within ? never : noon);
}

START_TEST(the_engine_s_view_less_what_is_there_is_the_difference)
{
	expect_market(_i, false, markets[_i].difference, markets[_i].within);
}
END_TEST

START_TEST(or_that_of_the_net_quantities_alone)
{
	expect_market(_i, true, markets[_i].net, markets[_i].net_within);
}
END_TEST

static const struct {
	const char *engine, *exchange, *absolute, *relative;
	bool within;
} tolerances[] = {
	{ "1", "1.001", "0.001", "0", true },
	{ "1", "1.001000000000000001", "0.001", "0", false },
	{ "1.001", "1", "0.001", "0", true },
	{ "-1.001", "-1", "0.001", "0", true },
	{ "999", "1000", "0", "0.001", true }, /* of the larger side */
	{ "1000", "999", "0", "0.001", true },
	{ "-999", "-1000", "0", "0.001", true },
	{ "998.999999999999999999", "1000", "0", "0.001", false },
	{ "1000", "1001", "0", "0.001", true },
	{ "1000", "1002", "0", "0.001", false },
	{ "1000", "1002", "2", "0.001", true }, /* one of the two is enough */
	{ "1000", "1001", "0.5", "0.001", true },
	{ "0.000001", NULL, "0.00001", "0", true }, /* dust */
	{ NULL, "0.000001", "0.00001", "0", true },
	{ "0.000001", NULL, "0", "0.5", false },
	{ "1", "-1", "0", "0.5", false },
	{ "1", "1", "0", "0", true },
	{ "12345678901234567890.123456789012345678", "12345678901234567890", "0", "0.0001",
	    true }, /* 42 digits */
	{ "12345678901234567890.123456789012345678", "12345678901234567890", "0", "1e-30", false },
};

START_TEST(a_difference_up_to_the_tolerance_is_none)
{
	set_up();
	if (tolerances[_i].engine != NULL)
		hold(&engine, 0, "BTC/USDT", tolerances[_i].engine);
	if (tolerances[_i].exchange != NULL)
		hold(&exchange, 0, "BTC/USDT", tolerances[_i].exchange);
	limits.absolute = number(tolerances[_i].absolute);
	limits.relative = number(tolerances[_i].relative);
	ck_assert_uint_eq(run(noon), 1);
	ck_assert_int_eq(rows[0].differs, !tolerances[_i].within);
	ck_assert_int_eq(rows[0].mismatched, !tolerances[_i].within);
}
END_TEST

START_TEST(small_net_quantities_of_large_sides_have_the_sides_tolerance)
{
	set_up();
	limits.relative = number("0.001");
	hold(&engine, 0, "BTC/USDT", "1000");
	hold(&engine, 0, "BTC/USDT", "-1000");
	hold(&exchange, 0, "BTC/USDT", "1000.5");
	hold(&exchange, 0, "BTC/USDT", "-1000");
	ck_assert_uint_eq(run(noon), 1);
	ck_assert(!rows[0].differs);
}
END_TEST

START_TEST(what_is_kept_there_is_added_to_the_engine_s_view)
{
	set_up();
	hold(&exchange, 0, "BTC", "1.25");
	hold(&exchange, 0, "ETH", "10");
	hold(&engine, 0, "BTC", "0.25");
	hold(&baseline, 0, "BTC", "1");
	hold(&baseline, 0, "ETH", "10");
	hold(&baseline, 0, "XRP", "7");
	ck_assert_uint_eq(run(noon), 3);
	ck_assert(!rows[0].differs);
	ck_assert_msg(!rows[1].differs, "the engine need not have any of it");
	ck_assert_str_eq(rows[2].symbol, "XRP");
	ck_assert_str_eq(text_of(rows[2].difference), "7");
	ck_assert_msg(rows[2].mismatched, "it is not there any more");
}
END_TEST

START_TEST(an_exchange_that_was_not_read_has_no_rows)
{
	set_up();
	for (size_t i = 0; i < 3; i++)
		hold(&engine, i, "BTC/USDT", "1");
	hold(&exchange, 1, "ETH/USDT", "1");
	comparable[1] = false;
	ck_assert_uint_eq(run(noon), 2);
	ck_assert_uint_eq(rows[0].exchange, 0);
	ck_assert_uint_eq(rows[1].exchange, 2);
	hold(&engine, 3, "BTC/USDT", "1");
	ck_assert_msg(run(noon) == 2, "nor one that is not known");
}
END_TEST

START_TEST(nothing_at_all_is_no_difference)
{
	set_up();
	ck_assert_uint_eq(run(noon), 0);
}
END_TEST

START_TEST(markets_are_told_apart_by_exchange_and_symbol)
{
	set_up();
	hold(&engine, 0, "BTC/USDT", "1");
	hold(&engine, 1, "BTC/USDT-260327", "1");
	hold(&exchange, 1, "BTC/USDT", "1");
	hold(&exchange, 0, "BTC/KRW", "1");
	ck_assert_uint_eq(run(noon), 4);
	ck_assert_str_eq(rows[0].symbol, "BTC/KRW");
	ck_assert_str_eq(rows[1].symbol, "BTC/USDT");
	ck_assert_uint_eq(rows[1].exchange, 0);
	ck_assert_uint_eq(rows[2].exchange, 1);
	ck_assert_str_eq(rows[3].symbol, "BTC/USDT-260327");
	for (int i = 0; i < 4; i++)
		ck_assert(rows[i].mismatched);
}
END_TEST

START_TEST(sums_of_too_many_digits_are_not_known)
{
	set_up();
	hold(&engine, 0, "A", "1e37");
	hold(&exchange, 0, "A", "1e-36");
	hold(&engine, 0, "B", "99999999999999999999999999999999999999");
	hold(&engine, 0, "B", "1");
	hold(&engine, 0, "C", "1");
	ck_assert_uint_eq(run(noon), 3);
	ck_assert(!rows[0].known && !rows[0].mismatched && !rows[0].differs);
	ck_assert(!rows[1].known);
	ck_assert_msg(rows[2].known && rows[2].mismatched, "others are none the worse");
}
END_TEST

/* A difference that was first seen so many seconds ago, under a grace of 30. */
static const struct {
	double seen, since;
	bool in_grace;
} graces[] = {
	{ 0, 0, true },
	{ 29.9, 29.9, true },
	{ 30, 30, false },
	{ 31, 31, false },
	{ 86400, 86400, false },
	{ -1, 0, true },
	{ -86400, 0, true }, /* the clock was set back */
	{ NAN, 0, true },
	{ INFINITY, 0, true },
	{ 1e300, 0, true },
};

START_TEST(a_difference_is_in_grace_until_it_is_old_enough)
{
	set_up();
	limits.grace_seconds = 30;
	hold(&engine, 0, "BTC/USDT", "1");
	remembered_since = noon - graces[_i].seen;
	ck_assert_uint_eq(run(noon), 1);
	ck_assert(rows[0].differs);
	ck_assert_int_eq(rows[0].mismatched, !graces[_i].in_grace);
	ck_assert_double_eq_tol(rows[0].since, noon - graces[_i].since, 1e-3);
}
END_TEST

/* A run, a while after the last one, that remembers what that one said. */
static void
run_after(double *now, double seconds, const char *there)
{
	set_up();
	limits.grace_seconds = 30;
	hold(&engine, 0, "BTC/USDT", "1");
	hold(&exchange, 0, "BTC/USDT", there);
	remembered_since = rows[0].since;
	*now += seconds;
	ck_assert_uint_eq(run(*now), 1);
}

START_TEST(a_difference_is_remembered_until_it_vanishes)
{
	double now = noon;

	rows[0].since = never;
	run_after(&now, 0, "0.5");
	ck_assert(rows[0].differs && !rows[0].mismatched);
	run_after(&now, 20, "0.75");
	ck_assert_msg(!rows[0].mismatched && rows[0].since == noon, "its size changes, its age does not");
	run_after(&now, 20, "1.5");
	ck_assert_msg(rows[0].mismatched && rows[0].since == noon, "nor when it changes sign");
	run_after(&now, 20, "1");
	ck_assert(!rows[0].differs && !rows[0].mismatched);
	ck_assert_double_lt(rows[0].since, 0);
	run_after(&now, 20, "0.5");
	ck_assert_msg(!rows[0].mismatched && rows[0].since == now, "it begins anew");
}
END_TEST

static double
cpu_seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* CPU time of `times` runs of `count` against `count` rows, of which every other is on one side alone. */
static double
measure(size_t count, int times)
{
	struct holdings lists[2] = { { .count = count }, { .count = count } }, nothing = { 0 };
	struct reconcile_row *found = calloc(2 * count, sizeof(*found));
	struct reconcile_input input = { &lists[0], &lists[1], &nothing, comparable, 3 };
	double began;

	lists[0].rows = calloc(count, sizeof(struct holding));
	lists[1].rows = calloc(count, sizeof(struct holding));
	ck_assert(lists[0].rows != NULL && lists[1].rows != NULL && found != NULL);
	for (size_t i = 0; i < count; i++)
		for (size_t side = 0; side < 2; side++) {
			struct holding *holding = &lists[side].rows[i];

			holding->quantity = number("0.123456789012345678");
			(void)snprintf(holding->symbol.text, sizeof(holding->symbol.text), "C%06zu/USDT",
			    2 * i + (i % 2) * side);
		}
	began = cpu_seconds();
	for (int i = 0; i < times; i++)
		ck_assert_uint_eq(reconcile(&limits, &input, found), count + count / 2);
	began = cpu_seconds() - began;
	free(lists[0].rows);
	free(lists[1].rows);
	free(found);
	return began;
}

/* The same number of rows in all; quadratic would be a hundred times as much. */
START_TEST(ten_thousand_rows_take_no_longer_each_than_a_hundred)
{
	double few, many;

	set_up();
	(void)measure(100, 100);
	few = measure(100, 1000);
	many = measure(10000, 10);
	ck_assert_msg(many < 10 * few + 0.01, "%.4f s against %.4f s", many, few);
}
END_TEST

START_TEST(holdings_are_sorted_by_exchange_then_symbol_then_side)
{
	static const struct {
		size_t exchange;
		const char *symbol;
		bool is_short;
	} sorted[] = { { 0, "B", true }, { 1, "A", false }, { 1, "A", true }, { 1, "A/B", false },
		{ 2, "A", false } };

	set_up();
	for (int i = LENGTH(sorted) - 1; i >= 0; i--)
		hold(&engine, sorted[i].exchange, sorted[i].symbol, sorted[i].is_short ? "-1" : "1");
	holdings_sort(&engine);
	for (int i = 0; i < LENGTH(sorted); i++) {
		ck_assert_uint_eq(engine.rows[i].exchange, sorted[i].exchange);
		ck_assert_str_eq(engine.rows[i].symbol.text, sorted[i].symbol);
		ck_assert_int_eq(engine.rows[i].is_short, sorted[i].is_short);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("holding");
	TCase *differences = tcase_create("differences");
	TCase *grace = tcase_create("grace");
	TCase *lists = tcase_create("lists");

	tcase_add_loop_test(
	    differences, the_engine_s_view_less_what_is_there_is_the_difference, 0, LENGTH(markets));
	tcase_add_loop_test(differences, or_that_of_the_net_quantities_alone, 0, LENGTH(markets));
	tcase_add_loop_test(differences, a_difference_up_to_the_tolerance_is_none, 0, LENGTH(tolerances));
	tcase_add_test(differences, small_net_quantities_of_large_sides_have_the_sides_tolerance);
	tcase_add_test(differences, what_is_kept_there_is_added_to_the_engine_s_view);
	tcase_add_test(differences, sums_of_too_many_digits_are_not_known);
	tcase_add_loop_test(grace, a_difference_is_in_grace_until_it_is_old_enough, 0, LENGTH(graces));
	tcase_add_test(grace, a_difference_is_remembered_until_it_vanishes);
	tcase_add_test(lists, an_exchange_that_was_not_read_has_no_rows);
	tcase_add_test(lists, nothing_at_all_is_no_difference);
	tcase_add_test(lists, markets_are_told_apart_by_exchange_and_symbol);
	tcase_add_test(lists, ten_thousand_rows_take_no_longer_each_than_a_hundred);
	tcase_add_test(lists, holdings_are_sorted_by_exchange_then_symbol_then_side);
	suite_add_tcase(suite, differences);
	suite_add_tcase(suite, grace);
	suite_add_tcase(suite, lists);
	return run_suite(suite);
}
