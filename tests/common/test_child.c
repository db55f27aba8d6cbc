#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/system/child.h"
#include "tests/suite.h"

enum { SHORT_NS = 1000000 };

static struct child child;
static struct failure why;

static void
begin(void (*work)(void *context, int report_fd), void *context)
{
	ck_assert_msg(child_start(&child, work, context, &why) == 0, "%s", why.text);
}

/* Every wait is for something that comes, or for what cannot. */
static int
listen_long(void)
{
	return child_read(&child, deadline_in(60 * INT64_C(1000000000)));
}

static void
count(void *context, int report_fd)
{
	unsigned *counted = context;

	for (unsigned char i = 0; i < 3; i++) {
		*counted += 100;
		child_report(report_fd, i);
	}
}

START_TEST(what_is_told_comes_in_order_with_what_was_done_until_then)
{
	unsigned *counted = child_share(sizeof(*counted));

	ck_assert_uint_eq(*counted, 0);
	begin(count, counted);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(listen_long(), i);
		ck_assert_uint_ge(*counted, 100 * ((unsigned)i + 1));
	}
	ck_assert_int_eq(listen_long(), CHILD_ENDED);
	ck_assert_int_eq(child_end(&child), 0);
	child_unshare(counted, sizeof(*counted));
}
END_TEST

START_TEST(nothing_else_that_it_changes_is_seen)
{
	unsigned counted = 7;

	begin(count, &counted);
	while (listen_long() >= 0)
		;
	ck_assert_uint_eq(counted, 7);
	(void)child_end(&child);
}
END_TEST

static void
tell_and_hang(void *context, int report_fd)
{
	(void)context;
	child_report(report_fd, 42);
	for (;;)
		(void)pause();
}

START_TEST(one_that_hangs_is_late_and_can_be_ended)
{
	begin(tell_and_hang, NULL);
	ck_assert_int_eq(listen_long(), 42);
	ck_assert_int_eq(child_read(&child, deadline_in(SHORT_NS)), CHILD_LATE);
	ck_assert(child_is_running(child.pid));
	ck_assert_int_eq(child_end(&child), 0);
	ck_assert(!child_is_running(child.pid));
}
END_TEST

static void
crash(void *context, int report_fd)
{
	(void)context;
	child_report(report_fd, 1);
	(void)signal(SIGSEGV, SIG_DFL);
	(void)raise(SIGSEGV);
}

START_TEST(one_that_crashes_has_ended)
{
	begin(crash, NULL);
	ck_assert_int_eq(listen_long(), 1);
	ck_assert_int_eq(listen_long(), CHILD_ENDED);
	ck_assert_int_eq(child_end(&child), 0);
}
END_TEST

static void
look_at_streams(void *context, int report_fd)
{
	struct stat null, stream;
	unsigned char same = 0;

	(void)context;
	(void)stat("/dev/null", &null);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fstat(fd, &stream) == 0 && stream.st_rdev == null.st_rdev)
			same++;
	child_report(report_fd, same);
}

START_TEST(it_holds_none_of_our_streams_open)
{
	begin(look_at_streams, NULL);
	ck_assert_int_eq(listen_long(), 3);
	(void)child_end(&child);
}
END_TEST

START_TEST(none_is_not_there)
{
	ck_assert(!child_is_running(0));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("child");
	TCase *tcase = tcase_create("apart");

	tcase_add_test(tcase, what_is_told_comes_in_order_with_what_was_done_until_then);
	tcase_add_test(tcase, nothing_else_that_it_changes_is_seen);
	tcase_add_test(tcase, one_that_hangs_is_late_and_can_be_ended);
	tcase_add_test(tcase, one_that_crashes_has_ended);
	tcase_add_test(tcase, it_holds_none_of_our_streams_open);
	tcase_add_test(tcase, none_is_not_there);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
