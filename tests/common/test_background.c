#include <semaphore.h>

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

int
main(void)
{
	Suite *suite = suite_create("background");
	TCase *cases = tcase_create("background");

	tcase_add_checked_fixture(cases, begin, end);
	tcase_add_test(cases, what_the_work_wrote_is_read_when_it_has_ended);
	tcase_add_test(cases, work_that_is_late_is_left_behind_and_may_end_later);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
