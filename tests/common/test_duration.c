#include <inttypes.h>

#include "common/text/duration.h"
#include "tests/suite.h"

#define MS INT64_C(1000000)
#define S  (1000 * MS)
#define D  (86400 * S)

static const struct {
	const char *text;
	int64_t ns;
} good[] = {
	{ "0s", 0 },
	{ "0ms", 0 },
	{ "1ms", MS },
	{ "250ms", 250 * MS },
	{ "15s", 15 * S },
	{ "5m", 300 * S },
	{ "1h", 3600 * S },
	{ "7d", 7 * D },
	{ "1h30m", 5400 * S },
	{ "1s500ms", 1500 * MS },
	{ "1d2h3m4s5ms", D + 7200 * S + 180 * S + 4 * S + 5 * MS },
	{ "90s", 90 * S },
	{ "0001s", S },
	{ "36500d", 36500 * D },
	{ "36499d24h", 36500 * D },
	{ "3153600000000ms", 36500 * D },
};

START_TEST(a_duration_is_whole_numbers_with_units)
{
	int64_t ns = -1;

	ck_assert_msg(duration_parse(good[_i].text, &ns) == 0, "'%s' is refused", good[_i].text);
	ck_assert_msg(ns == good[_i].ns, "'%s' is %" PRId64 " ns", good[_i].text, ns);
}
END_TEST

static const char *const bad[] = { "", " ", "5", "0", "s", "ms", "5x", "5 s", " 5s", "5s ", "5s\n", "-5s",
	"+5s", "1.5s", ".5s", "5S", "5MS", "5us", "5ns", "5w", "5y", "5sm", "5s5", "5s5x", "1ms1s", "1m1h",
	"1s1s", "1d1d", "5min", "0x5s", "1e3s", "5s,", "inf", "nan", "36501d", "36500d1ms", "36500d36500d",
	"3153600000001ms", "99999999999999999999s", "9223372036854775807ms", "9223372036854775808d",
	"18446744073709551617s", "\xd9\xa5s", "5\xc2\xb5s" };

START_TEST(anything_else_is_refused_and_leaves_the_result_alone)
{
	int64_t ns = 42;

	ck_assert_msg(duration_parse(bad[_i], &ns) == -1, "'%s' is %" PRId64 " ns", bad[_i], ns);
	ck_assert_int_eq(ns, 42);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("duration");
	TCase *parse = tcase_create("parse");

	tcase_add_loop_test(parse, a_duration_is_whole_numbers_with_units, 0, LENGTH(good));
	tcase_add_loop_test(parse, anything_else_is_refused_and_leaves_the_result_alone, 0, LENGTH(bad));
	suite_add_tcase(suite, parse);
	return run_suite(suite);
}
