/* Windows, and what may be a schema or a time zone.  Real servers: tests/engine/trades.sh. */

#include "engine/trades.h"
#include "tests/suite.h"

START_TEST(a_window_is_all_segments_from_its_first)
{
	struct trades_reading reading = { .now = 1000000, .midnight = 1000000 - 3600 };

	ck_assert_int_eq(trades_first_segment(&reading, WINDOW_ALL), 0);
	ck_assert_int_eq(trades_first_segment(&reading, WINDOW_30D), 1);
	ck_assert_int_eq(trades_first_segment(&reading, WINDOW_7D), 2);
	ck_assert_int_eq(trades_first_segment(&reading, WINDOW_24H), 3);
	ck_assert_int_eq(trades_first_segment(&reading, WINDOW_TODAY), 4);
}
END_TEST

START_TEST(in_the_last_hour_of_a_day_of_25_today_is_longer_than_24h)
{
	struct trades_reading reading = { .now = 1000000, .midnight = 1000000 - 88200 };

	ck_assert_int_eq(trades_first_segment(&reading, WINDOW_TODAY), 3);
	ck_assert_int_eq(trades_first_segment(&reading, WINDOW_24H), 4);
}
END_TEST

static const char *const good_zones[] = { "UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires",
	"Etc/GMT+3", "America/Port-au-Prince", "EST5EDT" };
static const char *const bad_zones[] = { "", "UTC+3", "UTC'", "Europe/Berlin;", "+03", "a b", "GMT-0" };

START_TEST(time_zones_are_names)
{
	struct failure why;

	for (size_t i = 0; i < sizeof(good_zones) / sizeof(good_zones[0]); i++)
		ck_assert_msg(trades_check_time_zone(good_zones[i], &why) == 0, "%s", good_zones[i]);
	for (size_t i = 0; i < sizeof(bad_zones) / sizeof(bad_zones[0]); i++) {
		ck_assert_msg(trades_check_time_zone(bad_zones[i], &why) == -1, "%s", bad_zones[i]);
		ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	}
}
END_TEST

START_TEST(a_schema_is_one_name)
{
	struct failure why;

	ck_assert_int_eq(trades_check_schema("arbwatch", &why), 0);
	ck_assert_int_eq(trades_check_schema("\"My Schema\"", &why), 0);
	ck_assert_int_eq(trades_check_schema("a.b", &why), -1);
	ck_assert_int_eq(trades_check_schema("a'b", &why), -1);
	ck_assert_int_eq(trades_check_schema("", &why), -1);
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("trades");
	TCase *all = tcase_create("all");

	tcase_add_test(all, a_window_is_all_segments_from_its_first);
	tcase_add_test(all, in_the_last_hour_of_a_day_of_25_today_is_longer_than_24h);
	tcase_add_test(all, time_zones_are_names);
	tcase_add_test(all, a_schema_is_one_name);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
