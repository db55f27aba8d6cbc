#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/deadline.h"
#include "tests/suite.h"

#define MS INT64_C(1000000)

START_TEST(what_is_left_shrinks_and_is_never_negative)
{
	struct deadline soon = deadline_in(20 * MS), past = deadline_in(-5 * MS);
	int64_t before = deadline_left_ns(soon), after;

	ck_assert_int_le(before, 20 * MS);
	ck_assert_int_eq(deadline_left_ns(past), 0);
	ck_assert_int_eq(deadline_left_ms(past), 0);
	while ((after = deadline_left_ns(soon)) > 0) {
		ck_assert_int_le(after, before);
		before = after;
	}
	ck_assert_int_ge(clock_now_ns(), soon.at_ns);
	ck_assert_int_eq(deadline_left_ms(soon), 0);
}
END_TEST

START_TEST(milliseconds_are_rounded_up_and_fit_an_int)
{
	struct deadline in_an_hour = deadline_in(3600 * 1000 * MS);
	struct deadline in_years = deadline_in(INT64_C(100) * 365 * 86400 * 1000 * MS);
	int64_t least = (deadline_left_ns(in_an_hour) - 1) / MS;

	ck_assert_int_le(deadline_left_ms(in_an_hour), 3600 * 1000);
	ck_assert_int_ge(deadline_left_ms(in_an_hour), least - 1000);
	ck_assert_int_eq(deadline_left_ms(in_years), INT_MAX);
	/* Of half a millisecond poll() must not make none: that would be a busy loop. */
	for (int i = 0; i < 1000; i++) {
		struct deadline half = { .at_ns = clock_now_ns() + MS / 2 };
		int ms = deadline_left_ms(half);

		ck_assert(ms == 1 || clock_now_ns() >= half.at_ns);
	}
}
END_TEST

static void
ignore(int signal_number)
{
	(void)signal_number;
}

START_TEST(signals_do_not_end_a_wait_early)
{
	struct sigaction action = { .sa_handler = ignore };
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } };
	struct deadline deadline;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
	deadline = deadline_in(50 * MS);
	ck_assert_int_eq(deadline_poll(deadline, ends[0], POLLIN), 0);
	ck_assert_int_eq(deadline_left_ns(deadline), 0);
}
END_TEST

START_TEST(what_is_ready_is_told_at_once_also_past_the_deadline)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(deadline_poll(deadline_in(0), ends[0], POLLIN), 0);
	ck_assert_int_eq(write(ends[1], "x", 1), 1);
	ck_assert_int_eq(deadline_poll(deadline_in(60 * 1000 * MS), ends[0], POLLIN), 1);
	ck_assert_int_eq(deadline_poll(deadline_in(-1), ends[0], POLLIN), 1);
	/* An end of file is something to read, too. */
	(void)close(ends[1]);
	ck_assert_int_eq(deadline_poll(deadline_in(60 * 1000 * MS), ends[0], POLLIN), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("deadline");
	TCase *deadlines = tcase_create("deadlines");

	tcase_add_test(deadlines, what_is_left_shrinks_and_is_never_negative);
	tcase_add_test(deadlines, milliseconds_are_rounded_up_and_fit_an_int);
	tcase_add_test(deadlines, signals_do_not_end_a_wait_early);
	tcase_add_test(deadlines, what_is_ready_is_told_at_once_also_past_the_deadline);
	suite_add_tcase(suite, deadlines);
	return run_suite(suite);
}
