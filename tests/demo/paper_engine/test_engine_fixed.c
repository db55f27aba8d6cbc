#include <inttypes.h>

#include "demo/paper_engine/core/fixed.h"
#include "tests/suite.h"

/* What Python's decimal says, with ROUND_HALF_UP. */
static const struct {
	fixed a, b, times, over;
} sums[] = {
	{ 0, 1, 0, 0 },
	{ 150000000, 200000000, 300000000, 75000000 },
	{ 1, 50000000, 1, 2 }, /* half of the last digit, away from zero */
	{ -1, 50000000, -1, -2 },
	{ 1, 49999999, 0, 2 }, /* 0.00000002 * 1.00000002 */
	{ 3, -50000000, -2, -6 },
	{ 100000000, 300000000, 300000000, 33333333 },
	{ 200000000, 300000000, 600000000, 66666667 },
	{ -200000000, 300000000, -600000000, -66666667 },
	{ 1, 200000000, 2, 1 }, /* 0.000000005 */
	{ -1, 200000000, -2, -1 },
	{ 1, 200000001, 2, 0 }, /* just below a half */
	{ 9500012345678, 123456789, 11728410196578, 7695010070024 },
	{ 13300012345678900, 71428571, 9500008761342019, 18620017395670564 },
	{ INT64_MAX, 100000000, INT64_MAX, INT64_MAX },
	{ -INT64_MAX, 100000000, -INT64_MAX, -INT64_MAX },
	{ INT64_MAX, 100000001, INT64_MAX, 9223371944621056361 },
	{ INT64_MIN, 200000000, -INT64_MAX, -4611686018427387904 },
	{ INT64_MAX, 1, 92233720369, INT64_MAX },
	{ 1000000000000000000, 1000000000000000000, INT64_MAX, 100000000 },
};

START_TEST(products_and_quotients_are_rounded_half_away_from_zero)
{
	ck_assert_msg(fixed_times(sums[_i].a, sums[_i].b) == sums[_i].times,
	    "%" PRId64 " * %" PRId64 " = %" PRId64, sums[_i].a, sums[_i].b,
	    fixed_times(sums[_i].a, sums[_i].b));
	ck_assert_int_eq(fixed_times(sums[_i].b, sums[_i].a), sums[_i].times);
	ck_assert_msg(fixed_over(sums[_i].a, sums[_i].b) == sums[_i].over,
	    "%" PRId64 " / %" PRId64 " = %" PRId64, sums[_i].a, sums[_i].b,
	    fixed_over(sums[_i].a, sums[_i].b));
}
END_TEST

START_TEST(a_sum_ends_at_the_limit)
{
	ck_assert_int_eq(fixed_plus(2, -5), -3);
	ck_assert_int_eq(fixed_plus(INT64_MAX, 1), INT64_MAX);
	ck_assert_int_eq(fixed_plus(-INT64_MAX, -1), -INT64_MAX);
	ck_assert_int_eq(fixed_plus(INT64_MAX, -1), INT64_MAX - 1);
}
END_TEST

static const struct {
	const char *text;
	fixed value;
	const char *again; /* as it is written */
} texts[] = {
	{ "0", 0, "0.00000000" },
	{ "-0", 0, "0.00000000" },
	{ "1", 100000000, "1.00000000" },
	{ "-12.5", -1250000000, "-12.50000000" },
	{ "0.00000001", 1, "0.00000001" },
	{ "-0.00000001", -1, "-0.00000001" },
	{ "0.000000019", 1, "0.00000001" },
	{ "1.23456789999999999999999999", 123456789, "1.23456789" },
	{ "00012.25", 1225000000, "12.25000000" },
	{ "92233720368.54775807", INT64_MAX, "92233720368.54775807" },
	{ "-92233720368.54775807", -INT64_MAX, "-92233720368.54775807" },
};

START_TEST(a_number_is_read_and_written_with_eight_digits)
{
	char text[FIXED_TEXT];
	fixed value = 42;

	ck_assert_msg(fixed_parse(texts[_i].text, &value), "%s is refused", texts[_i].text);
	ck_assert_int_eq(value, texts[_i].value);
	ck_assert_str_eq(fixed_text(value, text), texts[_i].again);
}
END_TEST

static const char *const no_numbers[] = { "", "-", ".", "1.", ".5", "+1", "1e3", "1,5", " 1", "1 ", "--1",
	"0x1", "1.2.3", "nan", "inf", "92233720368.54775808", "-92233720368.54775808", "100000000000",
	"99999999999999999999999999999" };

START_TEST(what_is_no_number_or_too_large_is_refused)
{
	fixed value = 42;

	ck_assert_msg(!fixed_parse(no_numbers[_i], &value), "'%s' is %" PRId64, no_numbers[_i], value);
	ck_assert_int_eq(value, 42);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("engine_fixed");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, products_and_quotients_are_rounded_half_away_from_zero, 0, LENGTH(sums));
	tcase_add_test(all, a_sum_ends_at_the_limit);
	tcase_add_loop_test(all, a_number_is_read_and_written_with_eight_digits, 0, LENGTH(texts));
	tcase_add_loop_test(all, what_is_no_number_or_too_large_is_refused, 0, LENGTH(no_numbers));
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
