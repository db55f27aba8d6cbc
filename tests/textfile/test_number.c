#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/suite.h"
#include "textfile/number.h"

static const struct {
	double value;
	const char *text;
} shortest[] = {
	{ 0, "0" },
	{ -0.0, "0" },
	{ 1, "1" },
	{ -17, "-17" },
	{ 0.1, "0.1" },
	{ 0.1 + 0.2, "0.30000000000000004" },
	{ 1.0 / 3, "0.3333333333333333" },
	{ 123456.789, "123456.789" },
	{ 1763688705.123, "1763688705.123" },
	{ 9007199254740991, "9007199254740991" },
	{ 9007199254740992, "9007199254740992" },
	{ 1000000000000, "1000000000000" },
	{ 0.00025, "0.00025" },
	{ 5e-05, "5e-05" },
	{ 0.000104255, "0.000104255" },
	{ -2.5e-08, "-2.5e-08" },
	{ 1e22, "1e+22" },
	{ 1.7976931348623157e308, "1.7976931348623157e+308" },
	{ 5e-324, "4.94065645841247e-324" },
	{ 4503599627370495.5, "4503599627370495.5" },
	{ 111421341040439.875, "111421341040439.88" },
	{ NAN, "NaN" },
	{ INFINITY, "+Inf" },
	{ -INFINITY, "-Inf" },
};

START_TEST(a_value_is_written_as_the_shortest_text_that_reads_back)
{
	char text[NUMBER_TEXT];
	size_t length = number_format(shortest[_i].value, text);

	ck_assert_msg(slice_is((struct slice){ text, length }, shortest[_i].text), "%.*s, not %s",
	    (int)length, text, shortest[_i].text);
}
END_TEST

/* strtod() and printf() are the oracles: correctly rounded, in glibc. */
static void
check_round_trip(double value)
{
	char text[NUMBER_TEXT + 1], other[64];
	size_t length = number_format(value, text);

	text[length] = '\0';
	ck_assert_msg(strtod(text, NULL) == value, "%s does not read back as %a", text, value);
	ck_assert_msg(number_valid(SLICE(text)) && number_value(SLICE(text)) == value, "%s is misread", text);
	snprintf(other, sizeof(other), "%.15g", value);
	if (strtod(other, NULL) == value)
		ck_assert_msg(length <= strlen(other) || strchr(other, 'e') != NULL, "%s is longer than %s",
		    text, other);
}

START_TEST(random_values_of_every_size_survive_the_round_trip)
{
	srand48(20261121);
	for (int i = 0; i < 200000; i++)
		check_round_trip((drand48() - 0.5) * pow(10, (double)(lrand48() % 40 - 20)));
}
END_TEST

START_TEST(random_bit_patterns_survive_the_round_trip)
{
	srand48(7);
	for (int i = 0; i < 100000; i++) {
		uint64_t bits = (uint64_t)mrand48() << 32 ^ (uint64_t)(mrand48() & 0xFFFFFFFF);
		double value;

		memcpy(&value, &bits, sizeof(value));
		if (isfinite(value))
			check_round_trip(value);
	}
}
END_TEST

START_TEST(powers_and_their_neighbours_survive_the_round_trip)
{
	for (int e = -320; e <= 308; e++) {
		double power = pow(10, e);

		check_round_trip(power);
		check_round_trip(nextafter(power, 0));
		check_round_trip(nextafter(power, INFINITY));
	}
	for (int e = -1074; e <= 1023; e++) {
		check_round_trip(ldexp(1, e));
		check_round_trip(nextafter(ldexp(1, e), 0));
	}
}
END_TEST

START_TEST(decimals_of_any_length_read_as_strtod_reads_them)
{
	srand48(3);
	for (int i = 0; i < 200000; i++) {
		char text[64];
		int digits = (int)(lrand48() % 22) + 1, point = (int)(lrand48() % (digits + 1)), length = 0;

		for (int d = 0; d < digits; d++) {
			if (d == point)
				text[length++] = '.';
			text[length++] = (char)('0' + lrand48() % 10);
		}
		length += snprintf(text + length, 8, i % 3 == 0 ? "e%d" : "%.0d",
		    i % 3 == 0 ? (int)(lrand48() % 30) - 15 : 0);
		ck_assert_msg(
		    number_valid(SLICE(text)) && number_value(SLICE(text)) == strtod(text, NULL), "%s", text);
	}
}
END_TEST

/* As strconv.ParseFloat and prometheus/common take them; the corpus asks node_exporter itself. */
static const struct {
	const char *text;
	bool valid;
} syntax[] = {
	{ "1", true },
	{ "+1", true },
	{ "-1.5e-7", true },
	{ ".5", true },
	{ "5.", true },
	{ "1E5", true },
	{ "1e+5", true },
	{ "1e5", true },
	{ "NaN", true },
	{ "nan", true },
	{ "+Inf", true },
	{ "-infinity", true },
	{ "INF", true },
	{ "1e308", true },
	{ "0e999999999999", true },
	{ "1e-999", true },
	{ "", false },
	{ ".", false },
	{ "-", false },
	{ "e5", false },
	{ "1e", false },
	{ "1e+", false },
	{ "1.2.3", false },
	{ "0x1F", false },
	{ "0x1p-2", false },
	{ "1_000", false },
	{ "1e400", false },
	{ "-1e400", false },
	{ "1.8e308", false },
	{ "+nan", false },
	{ "infinit", false },
	{ "1\r", false },
	{ "1 ", false },
	{ "12a", false },
};

START_TEST(what_is_a_number_is_what_go_takes_for_one)
{
	ck_assert_msg(number_valid(SLICE(syntax[_i].text)) == syntax[_i].valid, "'%s'", syntax[_i].text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("number");
	TCase *numbers = tcase_create("numbers");

	tcase_add_loop_test(
	    numbers, a_value_is_written_as_the_shortest_text_that_reads_back, 0, LENGTH(shortest));
	tcase_add_test(numbers, random_values_of_every_size_survive_the_round_trip);
	tcase_add_test(numbers, random_bit_patterns_survive_the_round_trip);
	tcase_add_test(numbers, powers_and_their_neighbours_survive_the_round_trip);
	tcase_add_test(numbers, decimals_of_any_length_read_as_strtod_reads_them);
	tcase_add_loop_test(numbers, what_is_a_number_is_what_go_takes_for_one, 0, LENGTH(syntax));
	tcase_set_timeout(numbers, 60);
	suite_add_tcase(suite, numbers);
	return run_suite(suite);
}
