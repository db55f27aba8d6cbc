#include <string.h>

#include "demo/paper_engine/backtest/search.h"
#include "tests/suite.h"

enum { DRAWS = 20000 };

START_TEST(test_every_value_is_drawn_and_none_outside)
{
	bool seen[DIMENSIONS][64] = { { false } };
	uint64_t random = 1;

	for (int i = 0; i < DRAWS; i++) {
		struct point point = search_random(&random);

		for (size_t dimension = 0; dimension < DIMENSIONS; dimension++) {
			ck_assert_int_ge(point.at[dimension], 0);
			ck_assert_int_lt(point.at[dimension], search_dimensions[dimension].count);
			seen[dimension][point.at[dimension]] = true;
		}
	}
	for (size_t dimension = 0; dimension < DIMENSIONS; dimension++)
		for (int at = 0; at < search_dimensions[dimension].count; at++)
			ck_assert(seen[dimension][at]);
}
END_TEST

START_TEST(test_the_same_seed_draws_the_same_points)
{
	uint64_t one = 7, two = 7, three = 8;
	int different = 0;

	for (int i = 0; i < 100; i++) {
		struct point a = search_random(&one), b = search_random(&two), c = search_random(&three);

		ck_assert(search_equal(&a, &b));
		different += !search_equal(&a, &c);
	}
	ck_assert_int_gt(different, 90);
}
END_TEST

START_TEST(test_steps_stay_in_the_bounds)
{
	struct point low = { { 0 } }, high, to;

	for (size_t i = 0; i < DIMENSIONS; i++)
		high.at[i] = search_dimensions[i].count - 1;
	for (size_t i = 0; i < DIMENSIONS; i++) {
		ck_assert(!search_step(&low, i, -1, &to));
		ck_assert(!search_step(&high, i, 1, &to));
		ck_assert(search_step(&low, i, 1, &to));
		ck_assert_int_eq(to.at[i], 1);
		ck_assert(search_step(&to, i, -1, &to));
		ck_assert(search_equal(&to, &low));
	}
}
END_TEST

START_TEST(test_values_are_round_and_grow)
{
	static const char *const lowest[DIMENSIONS] = { "0.0001", "100 USDT", "10s", "0" };
	static const char *const highest[DIMENSIONS] = { "0.003", "5000 USDT", "1000s", "1" };
	struct point low = { { 0 } }, high;
	struct parameters before, after;
	char text[VALUE_TEXT];

	for (size_t i = 0; i < DIMENSIONS; i++) {
		high.at[i] = search_dimensions[i].count - 1;
		ck_assert_str_eq(search_value_text(&low, i, text), lowest[i]);
	}
	for (size_t i = 0; i < DIMENSIONS; i++)
		ck_assert_str_eq(search_value_text(&high, i, text), highest[i]);
	for (size_t i = 0; i < DIMENSIONS; i++) {
		struct point point = low;

		while (before = search_parameters(&point), search_step(&point, i, 1, &point)) {
			after = search_parameters(&point);
			ck_assert_int_gt(after.min_profit + after.size + after.cooldown_ms + after.weight,
			    before.min_profit + before.size + before.cooldown_ms + before.weight);
		}
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("search");
	TCase *all = tcase_create("all");

	tcase_add_test(all, test_every_value_is_drawn_and_none_outside);
	tcase_add_test(all, test_the_same_seed_draws_the_same_points);
	tcase_add_test(all, test_steps_stay_in_the_bounds);
	tcase_add_test(all, test_values_are_round_and_grow);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
