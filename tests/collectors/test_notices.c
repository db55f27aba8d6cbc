#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collectors/harness/notices.h"
#include "common/deadline.h"
#include "tests/suite.h"
#include "textfile/state.h"

static const struct family families[] = {
	{ .name = "g", .type = METRIC_GAUGE, .help = "G.", .labels = { "target" } },
};
static const char refused[] = "connecting to 10.0.0.1:6379: Connection refused";

static struct notices n;
static struct metrics *m;
static struct log debug = { .level = LOG_DEBUG, .program = "p" };
static int saved = -1, captured = -1;
static char output[16 * 1024];

static void
setup(void)
{
	const struct family *const tables[] = { families };
	const size_t counts[] = { 1 };
	struct failure why = { 0 };

	m = metrics_new("paper", tables, counts, 1, &why);
	ck_assert_ptr_nonnull(m);
	metrics_set(m, &families[0], LABELS("main"), 1);
}

static void
teardown(void)
{
	metrics_free(m);
	notices_release(&n);
}

static void
begin_capture(void)
{
	char path[] = "/tmp/arbwatch-notices.XXXXXX";

	saved = dup(STDERR_FILENO);
	captured = mkstemp(path);
	ck_assert_int_ge(captured, 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_ge(dup2(captured, STDERR_FILENO), 0);
}

static const char *
end_capture(void)
{
	ssize_t length = pread(captured, output, sizeof(output) - 1, 0);

	ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
	(void)close(saved);
	(void)close(captured);
	ck_assert_int_ge(length, 0);
	output[length] = '\0';
	return output;
}

/* A run in which "main" fails so; NULL: it does not.  What was logged. */
static const char *
run_with(const char *text)
{
	begin_capture();
	if (text != NULL)
		notices_report(&n, &debug, LOG_WARN, "main", "connect", text);
	notices_end(&n, &debug, m, "up again");
	return end_capture();
}

/* What a process left behind that logged a failure of "main" then, seconds ago. */
static void
read_state(const char *text, double began, double logged, bool again)
{
	struct buffer file;
	struct notices last = { 0 };

	buffer_init(&file, 4096);
	buffer_string(&file, "g{target=\"main\",env=\"paper\"} 1\n");
	begin_capture();
	notices_report(&last, &debug, LOG_WARN, "main", "connect", text);
	notices_end(&last, &debug, m, "");
	(void)end_capture();
	last.items[0].since = clock_unix_seconds() - began;
	last.items[0].logged = clock_unix_seconds() - logged;
	notices_write(&last, &file);
	checksum_append(&file);
	notices_read(&n, buffer_slice(&file), again);
	ck_assert_uint_eq(n.count, 1);
	notices_release(&last);
	buffer_release(&file);
}

static bool
has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

START_TEST(a_failure_is_logged_when_it_begins_when_its_reason_changes_and_when_it_ends)
{
	ck_assert(has(run_with(refused), "level=warn"));
	ck_assert(!has(output, "since="));
	ck_assert(has(run_with(refused), "level=debug"));
	/* Another port and another number are the same reason. */
	ck_assert(has(run_with("connecting to 10.0.0.22:7000: Connection refused"), "level=debug"));
	ck_assert(has(run_with("connecting to 10.0.0.1:6379: No route to host"), "level=warn"));
	ck_assert(!has(output, "up again"));
	ck_assert(has(run_with(NULL), "level=info collector=p msg=\"up again after 0 s\" target=main"));
	ck_assert_str_eq(run_with(NULL), "");
	ck_assert(has(run_with(refused), "level=warn"));
}
END_TEST

START_TEST(a_reason_that_comes_back_in_the_same_outage_is_not_news)
{
	static const char lost[] = "connecting to 10.0.0.1:6379: No route to host";

	ck_assert(has(run_with(refused), "level=warn"));
	ck_assert(has(run_with(lost), "level=warn"));
	ck_assert(has(run_with(refused), "level=debug"));
	ck_assert(has(run_with(lost), "level=debug"));
	ck_assert(has(run_with(NULL), "up again after 0 s"));
	ck_assert_uint_eq(n.count, 0);
	ck_assert(has(run_with(lost), "level=warn"));
}
END_TEST

START_TEST(there_is_a_reminder_each_hour)
{
	read_state(refused, 7300, 3590, false);
	ck_assert(has(run_with(refused), "level=debug"));
	notices_release(&n);
	read_state(refused, 7300, 3601, false);
	ck_assert(has(run_with(refused), "level=warn"));
	ck_assert(has(output, " since=20"));
	ck_assert(has(run_with(refused), "level=debug"));
	ck_assert(has(run_with(NULL), "up again after 2 h"));
}
END_TEST

START_TEST(a_clock_that_was_set_back_silences_nothing)
{
	read_state(refused, -500, -500, false);
	ck_assert(has(run_with(refused), "level=warn"));
}
END_TEST

START_TEST(the_next_process_goes_on)
{
	static const struct {
		double began;
		const char *text;
	} cases[] = { { 45, "45 s" }, { 725, "12 min" }, { 3700, "61 min" }, { 7300, "2 h" },
		{ 90000, "25 h" }, { 260000, "3 days" } };

	for (int i = 0; i < LENGTH(cases); i++) {
		char expected[64];

		read_state(refused, cases[i].began + 0.2, 10, false);
		ck_assert(has(run_with(refused), "level=debug"));
		(void)snprintf(expected, sizeof(expected), "up again after %s\"", cases[i].text);
		ck_assert_msg(has(run_with(NULL), expected), "%s", output);
	}
	/* A terminal shows all that is wrong now. */
	read_state(refused, 725, 10, true);
	ck_assert(has(run_with(refused), "level=warn"));
	ck_assert(has(output, " since="));
}
END_TEST

START_TEST(another_reason_is_the_same_outage)
{
	read_state(refused, 725, 10, false);
	ck_assert(has(run_with("timed out"), "level=warn"));
	ck_assert(has(run_with(NULL), "up again after 12 min"));
}
END_TEST

START_TEST(two_reasons_at_once_end_in_one_line)
{
	const char *line;

	for (int run = 0; run < 2; run++) {
		begin_capture();
		notices_report(&n, &debug, LOG_WARN, "main", "connect", "one");
		notices_report(&n, &debug, LOG_WARN, "main", "tls", "two");
		notices_end(&n, &debug, m, "up again");
		(void)end_capture();
	}
	ck_assert(has(run_with("two"), "level=warn")); /* of another kind */
	line = strstr(run_with(NULL), "up again");
	ck_assert_ptr_nonnull(line);
	ck_assert(!has(line + 1, "up again"));
}
END_TEST

START_TEST(what_is_not_configured_any_more_is_not_up_again)
{
	(void)run_with(refused);
	metrics_clear(m);
	ck_assert_str_eq(run_with(NULL), "");
}
END_TEST

START_TEST(the_end_of_a_warning_is_not_logged)
{
	begin_capture();
	notices_report(&n, &debug, LOG_WARN, "main", NULL, "read-only");
	notices_end(&n, &debug, m, "up again");
	notices_report(&n, &debug, LOG_WARN, "main", NULL, "read-only");
	notices_end(&n, &debug, m, "up again");
	(void)end_capture();
	ck_assert(has(output, "level=warn"));
	ck_assert(has(output, "level=debug"));
	ck_assert_str_eq(run_with(NULL), "");
	/* News of one run are all logged, also where only a number tells them apart. */
	begin_capture();
	notices_report(&n, &debug, LOG_WARN, "main", NULL, "C98/USDT: mismatch");
	notices_report(&n, &debug, LOG_WARN, "main", NULL, "C99/USDT: mismatch");
	notices_end(&n, &debug, m, "up again");
	(void)end_capture();
	ck_assert(!has(output, "level=debug"));
}
END_TEST

START_TEST(more_than_can_be_kept_are_logged_each_time)
{
	char name[16];

	debug.level = LOG_ERROR;
	for (int i = 0; i < 3000; i++) {
		(void)snprintf(name, sizeof(name), "t%d", i);
		notices_report(&n, &debug, LOG_WARN, name, "connect", refused);
	}
	debug.level = LOG_DEBUG;
	ck_assert_uint_eq(n.count, 1024);
	ck_assert(has(run_with(refused), "level=warn"));
	ck_assert(has(run_with(refused), "level=warn"));
}
END_TEST

START_TEST(strange_lines_do_no_harm)
{
	static const char *const lines[] = { "\n# failing \n", "\n# failing x y z\n",
		"\n# failing 1e999 -5 g 9\n", "\n# failing 1 1 1 1 \n", "\n# failing nan nan 0 3 main\n" };
	struct buffer text;

	for (int i = 0; i < LENGTH(lines); i++) {
		buffer_init(&text, 1000);
		buffer_string(&text, lines[i]);
		notices_read(&n, buffer_slice(&text), false);
		buffer_release(&text);
	}
	ck_assert_uint_le(n.count, 5);
	ck_assert(has(run_with(refused), "level=warn"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("notices");
	TCase *tests = tcase_create("notices");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_failure_is_logged_when_it_begins_when_its_reason_changes_and_when_it_ends);
	tcase_add_test(tests, a_reason_that_comes_back_in_the_same_outage_is_not_news);
	tcase_add_test(tests, there_is_a_reminder_each_hour);
	tcase_add_test(tests, a_clock_that_was_set_back_silences_nothing);
	tcase_add_test(tests, the_next_process_goes_on);
	tcase_add_test(tests, another_reason_is_the_same_outage);
	tcase_add_test(tests, two_reasons_at_once_end_in_one_line);
	tcase_add_test(tests, what_is_not_configured_any_more_is_not_up_again);
	tcase_add_test(tests, the_end_of_a_warning_is_not_logged);
	tcase_add_test(tests, more_than_can_be_kept_are_logged_each_time);
	tcase_add_test(tests, strange_lines_do_no_harm);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
