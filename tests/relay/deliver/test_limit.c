#include "relay/deliver/limit.h"
#include "tests/suite.h"

#define NOW INT64_C(1000000000)

static const struct limit_rule *const telegram = &limit_rules[CHANNEL_TELEGRAM];

/* Send whenever the lane may, from `*now_ms` on, until the end; each answer takes `took_ms`.  The times. */
static size_t
send_all(struct limit_log *log, enum task_lane lane, int64_t *now_ms, int64_t end_ms, int64_t took_ms,
    int64_t times[], size_t room)
{
	size_t count = 0;

	for (;;) {
		int64_t next = limit_next_ms(telegram, log, lane, *now_ms);

		if (next > *now_ms)
			*now_ms = next;
		if (*now_ms > end_ms || count == room)
			return count;
		times[count++] = *now_ms - NOW;
		limit_begin(log, lane, *now_ms);
		*now_ms += took_ms;
		limit_end(log, lane, *now_ms, true);
	}
}

START_TEST(urgent_messages_wait_a_little_longer_each_time)
{
	const int64_t expected[] = { 0, 100, 300, 700, 1500, 3100, 6300, 12700, 25500, 38300, 60001 };
	struct limit_log log = { .count = 0 };
	int64_t times[16], now = NOW;
	size_t count = send_all(&log, LANE_URGENT, &now, NOW + 60500, 1, times, LENGTH(times));

	ck_assert_uint_eq(count, LENGTH(expected));
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(times[i], expected[i]);
}
END_TEST

START_TEST(the_rest_has_half_of_the_messages)
{
	const int64_t expected[] = { 0, 1000, 3000, 7000, 15000, 60001 };
	struct limit_log log = { .count = 0 };
	int64_t times[16], now = NOW;
	size_t count = send_all(&log, LANE_REST, &now, NOW + 60500, 1, times, LENGTH(times));

	ck_assert_uint_eq(count, LENGTH(expected));
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(times[i], expected[i]);
	/* And an urgent one does not wait for any of them. */
	ck_assert_int_le(limit_next_ms(telegram, &log, LANE_URGENT, now), now);
}
END_TEST

/* Both lanes at random; whatever happens, no minute has more than ten messages. */
START_TEST(no_minute_has_more_than_ten_messages)
{
	struct limit_log log = { .count = 0 };
	int64_t begun[4096], ended[4096], now = NOW;
	size_t count = 0, rest = 0;
	unsigned seed = 42u + (unsigned)_i;

	while (count < 300) {
		enum task_lane lane = rand_r(&seed) % 2 == 0 ? LANE_URGENT : LANE_REST;

		now += rand_r(&seed) % 500;
		if (limit_next_ms(telegram, &log, lane, now) > now)
			continue;
		limit_begin(&log, lane, now);
		begun[count] = now;
		now += rand_r(&seed) % 3000;
		ended[count++] = now;
		rest += lane == LANE_REST;
		limit_end(&log, lane, now, true);
	}
	/* The earliest a message can arrive is when it begins, the latest when it ends. */
	for (size_t i = 10; i < count; i++)
		ck_assert_int_ge(begun[i] - ended[i - 10], 60000);
	ck_assert_uint_gt(rest, 10);
}
END_TEST

START_TEST(a_message_under_way_can_still_arrive_at_any_time)
{
	const struct limit_rule *slack = &limit_rules[CHANNEL_SLACK];
	struct limit_log log = { .count = 0 };

	limit_begin(&log, LANE_REST, NOW);
	ck_assert_int_ge(limit_next_ms(slack, &log, LANE_URGENT, NOW + 5000), LIMIT_UNDER_WAY);
	limit_end(&log, LANE_REST, NOW + 6000, true);
	ck_assert_int_eq(limit_next_ms(slack, &log, LANE_URGENT, NOW + 6000), NOW + 7000);
}
END_TEST

START_TEST(what_never_arrived_does_not_count)
{
	struct limit_log log = { .count = 0 };

	for (int i = 0; i < 100; i++) {
		ck_assert_int_le(limit_next_ms(telegram, &log, LANE_REST, NOW), NOW);
		limit_begin(&log, LANE_REST, NOW);
		limit_end(&log, LANE_REST, NOW + 5, false);
	}
	ck_assert_uint_eq(log.count, 0);
}
END_TEST

START_TEST(messages_of_an_earlier_run_count)
{
	struct limit_log log = { .count = 0 };

	for (int i = 0; i < 10; i++)
		limit_load(&log, LANE_URGENT, 50000 - i * 1000, NOW);
	ck_assert_int_eq(limit_next_ms(telegram, &log, LANE_URGENT, NOW), NOW + 10000);
}
END_TEST

START_TEST(messages_of_the_future_hold_nothing_up_for_more_than_a_minute)
{
	struct limit_log log = { .count = 0 };

	for (int i = 0; i < 10; i++)
		limit_load(&log, LANE_URGENT, -86400000, NOW);
	ck_assert_int_eq(limit_next_ms(telegram, &log, LANE_URGENT, NOW), NOW + 60000);
}
END_TEST

START_TEST(mail_has_a_gap_for_the_rest_alone)
{
	const struct limit_rule *mail = &limit_rules[CHANNEL_MAIL];
	struct limit_log log = { .count = 0 };

	for (int i = 0; i < 30; i++) {
		limit_begin(&log, LANE_URGENT, NOW + i);
		limit_end(&log, LANE_URGENT, NOW + i, true);
		ck_assert_int_le(limit_next_ms(mail, &log, LANE_URGENT, NOW + i), NOW + i);
	}
	for (int i = 0; i < 5; i++) {
		int64_t now = NOW + 1000 * i + 30;

		ck_assert_int_le(limit_next_ms(mail, &log, LANE_REST, now), now);
		limit_begin(&log, LANE_REST, now);
		limit_end(&log, LANE_REST, now + 5, true);
		ck_assert_int_eq(limit_next_ms(mail, &log, LANE_REST, now + 6), now + 1000);
	}
}
END_TEST

START_TEST(slack_gets_one_message_a_second_from_both_lanes_together)
{
	const struct limit_rule *slack = &limit_rules[CHANNEL_SLACK];
	struct limit_log log = { .count = 0 };

	limit_begin(&log, LANE_REST, NOW);
	limit_end(&log, LANE_REST, NOW + 10, true);
	ck_assert_int_eq(limit_next_ms(slack, &log, LANE_URGENT, NOW + 11), NOW + 1010);
	ck_assert_int_eq(limit_next_ms(slack, &log, LANE_REST, NOW + 11), NOW + 1010);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("limit");
	TCase *all = tcase_create("all");

	tcase_add_test(all, urgent_messages_wait_a_little_longer_each_time);
	tcase_add_test(all, the_rest_has_half_of_the_messages);
	tcase_add_loop_test(all, no_minute_has_more_than_ten_messages, 0, 20);
	tcase_add_test(all, a_message_under_way_can_still_arrive_at_any_time);
	tcase_add_test(all, what_never_arrived_does_not_count);
	tcase_add_test(all, messages_of_an_earlier_run_count);
	tcase_add_test(all, messages_of_the_future_hold_nothing_up_for_more_than_a_minute);
	tcase_add_test(all, mail_has_a_gap_for_the_rest_alone);
	tcase_add_test(all, slack_gets_one_message_a_second_from_both_lanes_together);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
