#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

#include "common/system/background.h"
#include "tests/suite.h"

static struct background background;
static struct failure why;
static sem_t go;

static void
begin(void)
{
	background_init(&background);
	(void)sem_init(&go, 0, 0);
}

static void
end(void)
{
	background_release(&background);
	(void)sem_destroy(&go);
}

static struct deadline
long_deadline(void)
{
	return deadline_in(60 * INT64_C(1000000000));
}

/* Waits until it may go on, then counts. */
static void
count(void *context)
{
	while (sem_wait(&go) != 0)
		;
	++*(int *)context;
}

START_TEST(what_the_work_wrote_is_read_when_it_has_ended)
{
	int counted = 0;

	ck_assert(!background_is_running(&background));
	ck_assert(background_wait(&background, deadline_in(0)));
	for (int i = 1; i <= 3; i++) {
		ck_assert_int_eq(background_start(&background, count, &counted, &why), 0);
		ck_assert_int_eq(sem_post(&go), 0);
		ck_assert(background_wait(&background, long_deadline()));
		ck_assert_int_eq(counted, i);
		ck_assert(!background_is_running(&background));
	}
}
END_TEST

START_TEST(work_that_is_late_is_left_behind_and_may_end_later)
{
	int counted = 0;

	ck_assert_int_eq(background_start(&background, count, &counted, &why), 0);
	ck_assert(!background_wait(&background, deadline_in(0)));
	ck_assert(!background_wait(&background, deadline_in(1000000)));
	ck_assert(background_is_running(&background));
	ck_assert_int_eq(sem_post(&go), 0);
	ck_assert(background_wait(&background, long_deadline()));
	ck_assert_int_eq(counted, 1);
}
END_TEST

static pthread_key_t key;

/* As a library does, it takes a while behind the work. */
static void
clean_up(void *cleaned_up)
{
	usleep(50000);
	*(int *)cleaned_up = 1;
}

static void
use_library(void *cleaned_up)
{
	(void)pthread_setspecific(key, cleaned_up);
}

START_TEST(what_libraries_clean_up_behind_the_work_is_done_too)
{
	int waited_for = 0, released = 0;

	ck_assert_int_eq(pthread_key_create(&key, clean_up), 0);
	ck_assert_int_eq(background_start(&background, use_library, &waited_for, &why), 0);
	ck_assert(background_wait(&background, long_deadline()));
	ck_assert_int_eq(waited_for, 1);
	ck_assert_int_eq(background_start(&background, use_library, &released, &why), 0);
	while (background_is_running(&background))
		usleep(1000);
	background_release(&background);
	ck_assert_int_eq(released, 1);
	background_init(&background);
}
END_TEST

static void
look_at_signals(void *blocked)
{
	sigset_t now;

	(void)pthread_sigmask(SIG_SETMASK, NULL, &now);
	*(int *)blocked = sigismember(&now, SIGTERM);
}

START_TEST(signals_are_for_the_threads_that_the_program_knows)
{
	int blocked = -1;

	ck_assert_int_eq(background_start(&background, look_at_signals, &blocked, &why), 0);
	ck_assert(background_wait(&background, long_deadline()));
	ck_assert_int_eq(blocked, 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("background");
	TCase *cases = tcase_create("background");

	tcase_add_checked_fixture(cases, begin, end);
	tcase_add_test(cases, what_the_work_wrote_is_read_when_it_has_ended);
	tcase_add_test(cases, work_that_is_late_is_left_behind_and_may_end_later);
	tcase_add_test(cases, what_libraries_clean_up_behind_the_work_is_done_too);
	tcase_add_test(cases, signals_are_for_the_threads_that_the_program_knows);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
