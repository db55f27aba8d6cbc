#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/decimal.h"
#include "tests/suite.h"

static struct decimal
number(const char *text)
{
	struct decimal result;

	ck_assert_msg(decimal_parse(SLICE(text), &result), "%s", text);
	return result;
}

static const char *
text_of(struct decimal a)
{
	static char text[DECIMAL_TEXT];

	return decimal_text(a, text);
}

#define NINES_38   "99999999999999999999999999999999999999"
#define ZEROS_37   "0000000000000000000000000000000000000"
#define LEAST      "0.000000000000000000000000000000000001" /* 36 behind the point */
#define BELOW      "0.0000000000000000000000000000000000001"
#define FIRST_39   "1" ZEROS_37 "0"
#define HALF_NINES "9999999999999999999"

/* What it is read as; NULL: it is refused. */
static const struct {
	const char *spelt, *text;
} spellings[] = {
	{ "0", "0" },
	{ "-0", "0" },
	{ "+0.000", "0" },
	{ "0e999", "0" },
	{ "0e-999", "0" },
	{ "12", "12" },
	{ "+3", "3" },
	{ "-12.50", "-12.5" },
	{ "007", "7" },
	{ "00.10", "0.1" },
	{ ".5", "0.5" },
	{ "5.", "5" },
	{ "-.5", "-0.5" },
	{ "1e-8", "0.00000001" },
	{ "5E+3", "5000" },
	{ "1.5e3", "1500" },
	{ "-1.25E-2", "-0.0125" },
	{ "1200e-2", "12" },
	{ "0.001e3", "1" },
	{ "1e0000000000000000000000001", "10" },
	{ "1.123456789012345678", "1.123456789012345678" },
	{ "1000000000000000000.123456789012345678", "1000000000000000000.123456789012345678" },
	{ NINES_38, NINES_38 },
	{ "-" NINES_38, "-" NINES_38 },
	{ "0000" NINES_38 ".000", NINES_38 },
	{ "1" ZEROS_37, "1" ZEROS_37 },
	{ "1e37", "1" ZEROS_37 },
	{ "1e38", NULL },
	{ FIRST_39, NULL },
	{ FIRST_39 "e-1", "1" ZEROS_37 },
	{ NINES_38 "1", NULL },
	{ NINES_38 "1e-20", NULL },
	{ NINES_38 "." ZEROS_37 ZEROS_37, NINES_38 },
	{ LEAST, LEAST },
	{ "1e-36", LEAST },
	{ "1e-37", NULL },
	{ BELOW, NULL },
	{ "10e-37", LEAST },
	{ "0." ZEROS_37 ZEROS_37 "1e74", "0.1" },
	{ "0." ZEROS_37 "1e38", "1" },
	{ "0." ZEROS_37 "1e75", "1" ZEROS_37 },
	{ "0." ZEROS_37 "1e76", NULL },
	{ "1" ZEROS_37 ZEROS_37 "e-74", "1" },
	{ "1e999", NULL },
	{ "1e-999", NULL },
	{ "1e99999999999999999999999", NULL },
	{ "1e-99999999999999999999999", NULL },
	{ "123456789012345678901234567890123456789012345678901234567890", NULL }, /* 60 digits */
	{ "", NULL },
	{ "-", NULL },
	{ "+", NULL },
	{ ".", NULL },
	{ "-.", NULL },
	{ "e5", NULL },
	{ ".e5", NULL },
	{ "1e", NULL },
	{ "1e+", NULL },
	{ "1e-", NULL },
	{ "1e5.0", NULL },
	{ "1e5e5", NULL },
	{ "--1", NULL },
	{ "+-1", NULL },
	{ "0.1.2", NULL },
	{ "1..2", NULL },
	{ "NaN", NULL },
	{ "nan", NULL },
	{ "Infinity", NULL },
	{ "-inf", NULL },
	{ "0x10", NULL },
	{ "1_000", NULL },
	{ "1,000", NULL },
	{ "1,5", NULL },
	{ " 1", NULL },
	{ "1 ", NULL },
	{ "1\n", NULL },
	{ "\t1", NULL },
	{ "1 000", NULL },
	{ "1a", NULL },
	{ "null", NULL },
	{ "\xef\xbc\x91", NULL },
	{ "1\xff", NULL },
	{ "1e\xc2\xa0", NULL },
};

START_TEST(a_number_is_read_in_all_its_forms_and_what_is_none_is_refused)
{
	struct decimal result = { 7, 7 };
	bool taken = decimal_parse(SLICE(spellings[_i].spelt), &result);

	if (spellings[_i].text == NULL) {
		ck_assert_msg(!taken, "%s", spellings[_i].spelt);
		ck_assert_msg(result.mantissa == 7 && result.scale == 7, "and nothing is written");
		return;
	}
	ck_assert_msg(taken, "%s", spellings[_i].spelt);
	ck_assert_str_eq(text_of(result), spellings[_i].text);
}
END_TEST

START_TEST(only_the_bytes_of_the_slice_are_read)
{
	struct decimal result;

	ck_assert(decimal_parse((struct slice){ "12345", 3 }, &result));
	ck_assert_str_eq(text_of(result), "123");
	ck_assert(decimal_parse((struct slice){ "1e55", 3 }, &result));
	ck_assert_str_eq(text_of(result), "100000");
	ck_assert(!decimal_parse((struct slice){ "1\0002", 3 }, &result));
	ck_assert(!decimal_parse((struct slice){ "1\0", 2 }, &result));
	ck_assert(!decimal_parse((struct slice){ "\0001", 2 }, &result));
	ck_assert(!decimal_parse((struct slice){ NULL, 0 }, &result));
}
END_TEST

START_TEST(equal_numbers_are_equal_structs)
{
	static const char *const ones[] = { "1", "1.0", "0.1e1", "10e-1", "01.000", "1000e-3" };

	for (int i = 0; i < LENGTH(ones); i++) {
		struct decimal one = number(ones[i]);

		ck_assert(one.mantissa == 1);
		ck_assert_int_eq(one.scale, 0);
	}
}
END_TEST

/* The results are worked out by hand; NULL: it does not fit. */
static const struct {
	const char *a, *b, *sum, *product;
} pairs[] = {
	{ "0.1", "0.2", "0.3", "0.02" },
	{ "0.3", "-0.3", "0", "-0.09" },
	{ "0", "-5", "-5", "0" },
	{ "0", "0", "0", "0" },
	{ "1.5", "1.5", "3", "2.25" },
	{ "0.5", "0.5", "1", "0.25" },
	{ "99.9", "0.1", "100", "9.99" },
	{ "-2.5", "4", "1.5", "-10" },
	{ "12.5", "0.08", "12.58", "1" },
	{ "1e-18", "1", "1.000000000000000001", "0.000000000000000001" },
	{ "1000000000000000000", "0.000000000000000001", "1000000000000000000.000000000000000001", "1" },
	{ "1e37", "0.1", NULL, "1000000000000000000000000000000000000" },
	{ "1e37", "1e-36", NULL, "10" },
	{ NINES_38, "1", NULL, NINES_38 },
	{ NINES_38, "-1", "99999999999999999999999999999999999998", "-" NINES_38 },
	{ NINES_38, "0", NINES_38, "0" },
	{ "-" NINES_38, "-1", NULL, NINES_38 },
	{ NINES_38, "-" NINES_38, "0", NULL },
	{ NINES_38, "0.1", NULL, "9999999999999999999999999999999999999.9" },
	/* 39 digits half way, 38 at the end */
	{ "15"
	  "000000000000000000000000000000000000",
	    "-9999999999999999999999999999999999999.9", "5000000000000000000000000000000000000.1", NULL },
	{ "19"
	  "000000000000000000000000000000000000",
	    "-9999999999999999999999999999999999999.9", "9000000000000000000000000000000000000.1", NULL },
	{ "5e-36", "5e-36", "0.00000000000000000000000000000000001", NULL },
	{ "5e-19", "2e-18", "0.0000000000000000025", LEAST },
	{ "1e-18", "1e-18", "0.000000000000000002", LEAST },
	{ "1e-18", "1e-19", "0.0000000000000000011", NULL },
	{ "1e18", "1e19", "11000000000000000000", "1" ZEROS_37 },
	{ "1e19", "1e19", "20000000000000000000", NULL },
	{ "1e26", "3814697265625", "100000000000003814697265625", NULL }, /* wraps round at 128 bits */
	{ HALF_NINES, HALF_NINES, "19999999999999999998", "99999999999999999980000000000000000001" },
	/* 2^120 times 5^30: 46 digits, of which 30 are zeros, and some are behind the point */
	{ "1329227995784915872903807060280.344576", "931322574615478515625",
	    "1329227996716238447519285575905.344576", NULL },
	{ "1329227995784915.872903807060280344576", "0.000931322574615478515625", NULL,
	    "1237940039285.380274899124224" },
};

START_TEST(sums_and_products_are_exact_or_refused)
{
	struct decimal a = number(pairs[_i].a), b = number(pairs[_i].b), result;

	for (int swapped = 0; swapped < 2; swapped++) {
		struct decimal c = swapped ? b : a, d = swapped ? a : b;

		result = (struct decimal){ 7, 7 };
		ck_assert_int_eq(decimal_add(c, d, &result), pairs[_i].sum != NULL);
		ck_assert_str_eq(text_of(result), pairs[_i].sum != NULL ? pairs[_i].sum : "0.0000007");
		result = (struct decimal){ 7, 7 };
		ck_assert_int_eq(decimal_multiply(c, d, &result), pairs[_i].product != NULL);
		ck_assert_str_eq(
		    text_of(result), pairs[_i].product != NULL ? pairs[_i].product : "0.0000007");
		if (pairs[_i].sum == NULL)
			continue;
		ck_assert(decimal_subtract(number(pairs[_i].sum), c, &result));
		ck_assert_str_eq(text_of(result), text_of(d));
	}
}
END_TEST

START_TEST(a_tenth_and_two_tenths_are_three_tenths)
{
	struct decimal sum;

	ck_assert_msg(0.1 + 0.2 != 0.3, "doubles do not have it so");
	ck_assert(decimal_add(number("0.1"), number("0.2"), &sum));
	ck_assert_int_eq(decimal_compare(sum, number("0.3")), 0);
	ck_assert_double_eq(decimal_value(sum), 0.3);
}
END_TEST

START_TEST(the_sign_changes_and_goes)
{
	ck_assert_str_eq(text_of(decimal_negative(number("1.5"))), "-1.5");
	ck_assert_str_eq(text_of(decimal_negative(number("-1.5"))), "1.5");
	ck_assert_str_eq(text_of(decimal_negative(number("-0"))), "0");
	ck_assert_str_eq(text_of(decimal_absolute(number("-" NINES_38))), NINES_38);
	ck_assert_str_eq(text_of(decimal_absolute(number("2"))), "2");
	ck_assert_int_eq(decimal_sign(number("-1e-36")), -1);
	ck_assert_int_eq(decimal_sign(number("-0.0")), 0);
	ck_assert_int_eq(decimal_sign(number("1e37")), 1);
}
END_TEST

#define MINUS_NINES "-99999999999999999999999999999999999999"
#define MINUS_LEAST "-0.000000000000000000000000000000000001"

/* Each below the one after it. */
static const char *const ascending[] = { MINUS_NINES, "-1e37", "-2", "-1.5", "-1", "-0.1", MINUS_LEAST, "0",
	LEAST, "0.099999999999999999999999999999999999", "0.1", "0.10000000000000000000000000000000001", "1",
	"9.99", "10", "1e37", NINES_38 };

START_TEST(numbers_are_compared_whatever_their_digits)
{
	for (int i = 0; i < LENGTH(ascending); i++)
		for (int j = 0; j < LENGTH(ascending); j++)
			ck_assert_int_eq(
			    decimal_compare(number(ascending[i]), number(ascending[j])), (i > j) - (i < j));
}
END_TEST

/* The compiler rounds a literal to the nearest double. */
static const struct {
	const char *text;
	double value;
} values[] = {
	{ "0", 0 },
	{ "0.1", 0.1 },
	{ "-12.5", -12.5 },
	{ "1e-36", 1e-36 },
	{ "1e37", 1e37 },
	{ NINES_38, 1e38 },
	{ "9007199254740992", 9007199254740992.0 },
	{ "9007199254740993", 9007199254740992.0 }, /* the middle of two, to the even one */
	{ "9007199254740993.00000000000000000001", 9007199254740994.0 },
	{ "9007199254740995", 9007199254740996.0 },
	{ "0.123456789012345678", 0.123456789012345678 },
	{ "31415926535897932384.626433832795028841", 31415926535897932384.626433832795028841 },
	{ "0.0000000000000000000000012345678901", 1.2345678901e-24 },
	{ "123456789.123456789", 123456789.123456789 },
	{ "5e-23", 5e-23 },
	{ "9007199254740991e-22", 9007199254740991e-22 },
	{ "9007199254740991e-23", 9007199254740991e-23 },
};

START_TEST(the_value_is_the_nearest_double)
{
	double value = decimal_value(number(values[_i].text));

	ck_assert_double_eq(value, values[_i].value);
	ck_assert_msg(signbit(value) == signbit(values[_i].value), "there is no -0");
}
END_TEST

START_TEST(the_value_of_minus_nothing_is_nothing)
{
	ck_assert(!signbit(decimal_value(number("-0"))));
	ck_assert(!signbit(decimal_value(decimal_negative(number("0")))));
}
END_TEST

/* What is written is read as the same number, of every length and with the point at every place. */
START_TEST(what_is_written_can_be_read_again)
{
	static const char digits[] = "-98765432109876543210987654321098765432";
	char spelt[64];

	for (int length = 1; length <= 38; length++) {
		struct decimal a, b;

		(void)snprintf(spelt, sizeof(spelt), "%.*se-%d", length + 1, digits, _i);
		a = number(spelt);
		ck_assert_uint_lt(strlen(text_of(a)), DECIMAL_TEXT - 1);
		ck_assert_ptr_null(strchr(text_of(a), 'e'));
		b = number(text_of(a));
		ck_assert(a.mantissa == b.mantissa && a.scale == b.scale);
		ck_assert_double_eq(decimal_value(a), strtod(spelt, NULL));
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("decimal");
	TCase *reading = tcase_create("reading");
	TCase *calculating = tcase_create("calculating");
	TCase *writing = tcase_create("writing");

	tcase_add_loop_test(
	    reading, a_number_is_read_in_all_its_forms_and_what_is_none_is_refused, 0, LENGTH(spellings));
	tcase_add_test(reading, only_the_bytes_of_the_slice_are_read);
	tcase_add_test(reading, equal_numbers_are_equal_structs);
	tcase_add_loop_test(calculating, sums_and_products_are_exact_or_refused, 0, LENGTH(pairs));
	tcase_add_test(calculating, a_tenth_and_two_tenths_are_three_tenths);
	tcase_add_test(calculating, the_sign_changes_and_goes);
	tcase_add_test(calculating, numbers_are_compared_whatever_their_digits);
	tcase_add_loop_test(writing, the_value_is_the_nearest_double, 0, LENGTH(values));
	tcase_add_test(writing, the_value_of_minus_nothing_is_nothing);
	tcase_add_loop_test(writing, what_is_written_can_be_read_again, 0, DECIMAL_SCALE + 1);
	suite_add_tcase(suite, reading);
	suite_add_tcase(suite, calculating);
	suite_add_tcase(suite, writing);
	return run_suite(suite);
}
