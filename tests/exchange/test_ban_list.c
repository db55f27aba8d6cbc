#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exchange/ban_list.h"
#include "tests/suite.h"

static const double noon = 1763726400;
static const char binance[] = "https://api.binance.com", upbit[] = "https://api.upbit.com";

static char directory[64];

static void
set_up(void)
{
	(void)snprintf(directory, sizeof(directory), "/tmp/arbwatch-bans.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
}

static const char *
path_of(const char *name)
{
	static char path[400];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void
tear_down(void)
{
	DIR *opened = opendir(directory);
	struct dirent *entry;

	while (opened != NULL && (entry = readdir(opened)) != NULL)
		if (unlink(path_of(entry->d_name)) != 0)
			(void)rmdir(path_of(entry->d_name));
	(void)closedir(opened);
	(void)rmdir(directory);
}

static void
put(const char *text)
{
	FILE *file = fopen(path_of(".exchange_bans"), "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static void
raise_to(const char *url, double banned_until, double retry_at, double now)
{
	struct failure why = { 0 };

	ck_assert_msg(ban_list_raise(directory, url, (struct ban){ banned_until, retry_at }, now,
			  deadline_in(INT64_C(20000000000)), &why) == 0,
	    "%s", why.text);
}

/* What is known of `url`; a file that is not as it should be is an error, unless `damage` is given. */
static struct ban
known(const char *url, double now, struct failure *damage)
{
	struct failure why = { 0 };
	struct ban_list list;
	struct ban ban;

	ck_assert_msg(ban_list_read(&list, directory, now, &why) == 0, "%s", why.text);
	if (damage != NULL)
		*damage = list.damage;
	else
		ck_assert_msg(list.damage.kind == FAILURE_NONE, "%s", list.damage.text);
	ban = ban_list_find(&list, url);
	ban_list_release(&list);
	return ban;
}

START_TEST(without_a_file_or_a_directory_nothing_is_known)
{
	struct failure why = { 0 };
	struct ban_list list;

	ck_assert_double_eq(known(binance, noon, NULL).banned_until, 0);
	ck_assert_int_eq(ban_list_read(&list, "/nonexistent/directory", noon, &why), 0);
	ck_assert_uint_eq(list.count, 0);
	ban_list_release(&list);
}
END_TEST

START_TEST(what_was_raised_is_read_by_whoever_asks_the_same_url)
{
	struct stat info;
	struct ban ban;

	raise_to(binance, noon + 1000.25, 0, noon);
	raise_to(upbit, 0, noon + 30, noon);
	ban = known(binance, noon, NULL);
	ck_assert_double_eq(ban.banned_until, noon + 1000.25);
	ck_assert_double_eq(ban.retry_at, 0);
	ban = known("HTTPS://API.upbit.com", noon, NULL);
	ck_assert_double_eq(ban.banned_until, 0);
	ck_assert_double_eq(ban.retry_at, noon + 30);
	ck_assert_double_eq(known("http://127.0.0.1:8080/binance", noon, NULL).banned_until, 0);
	ck_assert_double_eq(known("https://api.binance.com/x", noon, NULL).banned_until, 0);
	ck_assert_int_eq(stat(path_of(".exchange_bans"), &info), 0);
	ck_assert_uint_eq(info.st_mode & 07777, 0644);
	ck_assert_int_ne(access(path_of(".exchange_bans.tmp"), F_OK), 0);
}
END_TEST

START_TEST(a_path_with_capitals_is_another_one)
{
	raise_to("http://127.0.0.1:8080/Binance", noon + 100, 0, noon);
	ck_assert_double_eq(known("http://127.0.0.1:8080/binance", noon, NULL).banned_until, 0);
	ck_assert_double_eq(known("http://127.0.0.1:8080/Binance", noon, NULL).banned_until, noon + 100);
}
END_TEST

START_TEST(nothing_is_ever_shortened_and_each_time_is_for_itself)
{
	struct ban ban;

	raise_to(binance, noon + 5000, noon + 10, noon);
	raise_to(binance, noon + 50, noon + 100, noon);
	ban = known(binance, noon, NULL);
	ck_assert_double_eq(ban.banned_until, noon + 5000);
	ck_assert_double_eq(ban.retry_at, noon + 100);
}
END_TEST

START_TEST(what_is_over_counts_for_nothing_and_goes_when_something_is_written)
{
	char text[400] = "";
	FILE *file;

	raise_to(upbit, noon + 100, 0, noon);
	ck_assert_double_eq(known(upbit, noon + 99.5, NULL).banned_until, noon + 100);
	ck_assert_double_eq(known(upbit, noon + 100, NULL).banned_until, 0);
	raise_to(binance, noon + 900.0625, 0, noon + 200);
	file = fopen(path_of(".exchange_bans"), "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_gt(fread(text, 1, sizeof(text) - 1, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_str_eq(text, "https://api.binance.com 1763727300.0625 0\n");
	raise_to(upbit, noon, noon - 5, noon + 200);
	ck_assert_double_eq(known(upbit, noon - 100, NULL).banned_until, 0);
}
END_TEST

START_TEST(what_is_demanded_is_cut_to_a_week_and_an_hour)
{
	struct ban ban;

	raise_to(binance, noon + 1e9, INFINITY, noon);
	ban = known(binance, noon, NULL);
	ck_assert_double_eq_tol(ban.banned_until, noon + 7 * 86400, 1e-3);
	ck_assert_double_eq_tol(ban.retry_at, noon + 3600, 1e-3);
	raise_to(upbit, NAN, NAN, noon);
	ck_assert_double_eq(known(upbit, noon, NULL).banned_until, 0);
}
END_TEST

START_TEST(after_the_clock_was_set_back_a_ban_that_cannot_be_is_forgotten)
{
	raise_to(binance, noon + 600, noon + 60, noon);
	ck_assert_double_eq(known(binance, noon - 30 * 86400, NULL).banned_until, 0);
	ck_assert_double_eq(known(binance, noon - 30 * 86400, NULL).retry_at, 0);
	ck_assert_double_eq(known(binance, noon - 60, NULL).banned_until, noon + 600);
}
END_TEST

START_TEST(what_a_loop_remembers_has_the_same_bounds)
{
	ck_assert_double_eq(ban_in_force(noon + 60, noon, RETRY_MOST), noon + 60);
	ck_assert_double_eq(ban_in_force(noon, noon, RETRY_MOST), 0);
	ck_assert_double_eq(ban_in_force(0, noon, RETRY_MOST), 0);
	ck_assert_double_eq(ban_in_force(noon + 60, noon - 9 * 3600, RETRY_MOST), 0);
	ck_assert_double_eq(ban_in_force(noon + 60, noon - 9 * 3600, BAN_MOST), noon + 60);
	ck_assert_double_eq(ban_in_force(NAN, noon, BAN_MOST), 0);
}
END_TEST

/* What is no entry, and whether upbit, which is named in some, is held back by it. */
static const struct {
	const char *line;
	bool holds;
} damaged[] = {
	{ "\n", false },
	{ "hello\n", false },
	{ "\x01\xff\n", false },
	{ " https://api.upbit.com 1763726500 0\n", false },
	{ "ftp://api.upbit.com 1763726500 0\n", false },
	{ "https://api.upbit.com", true },
	{ "https://api.upbit.com 17637", true },
	{ "https://api.upbit.com 1763726500\n", true },
	{ "https://api.upbit.com x 0\n", true },
	{ "https://api.upbit.com 1763726500 nan\n", true },
	{ "https://api.upbit.com 1763726500 0 0\n", true },
	{ "https://api.upbit.com -5 0\n", true },
	{ "https://api.upbit.com 1e300 0\n", true },
};

START_TEST(damage_is_told_and_the_other_lines_count)
{
	struct failure damage;
	char text[400];

	(void)snprintf(text, sizeof(text), "https://api.binance.com 1763726500 0\n%s", damaged[_i].line);
	put(text);
	ck_assert_double_eq(known(binance, noon, &damage).banned_until, noon + 100);
	ck_assert_int_eq(damage.kind, FAILURE_LOCAL);
	ck_assert_ptr_nonnull(strstr(damage.text, "line 2 of"));
	ck_assert_msg(
	    known(upbit, noon, &damage).retry_at == (damaged[_i].holds ? noon + (double)RETRY_UNTOLD : 0),
	    "it may be a ban of whom it names");
	raise_to(binance, noon + 200, 0, noon);
	ck_assert_double_eq(known(binance, noon, NULL).banned_until, noon + 200);
}
END_TEST

static void
nobody_may_be_asked(const char *text)
{
	struct ban ban = { noon + 200, 0 };
	struct failure why = { 0 };
	struct ban_list list;

	ck_assert_int_eq(ban_list_read(&list, directory, noon, &why), -1);
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	ck_assert_ptr_nonnull(strstr(why.text, text));
	ban_list_release(&list);
	/* Nor is it replaced: what was in it would be lost. */
	ck_assert_int_eq(ban_list_raise(directory, binance, ban, noon, deadline_in(1000000000), &why), -1);
}

START_TEST(a_file_that_cannot_be_read_says_that_nobody_may_be_asked)
{
	ck_assert_int_eq(symlink(".exchange_bans", path_of(".exchange_bans")), 0);
	nobody_may_be_asked("cannot read");
	ck_assert_int_eq(unlink(path_of(".exchange_bans")), 0);
	ck_assert_int_eq(mkdir(path_of(".exchange_bans"), 0755), 0);
	nobody_may_be_asked("no regular file");
	ck_assert_int_eq(rmdir(path_of(".exchange_bans")), 0);
	ck_assert_int_eq(mkfifo(path_of(".exchange_bans"), 0644), 0);
	nobody_may_be_asked("no regular file");
	ck_assert_int_eq(unlink(path_of(".exchange_bans")), 0);
	put("");
	ck_assert_int_eq(truncate(path_of(".exchange_bans"), 1 << 20), 0);
	nobody_may_be_asked("too large");
}
END_TEST

START_TEST(the_list_has_a_limit)
{
	struct failure why = { 0 };
	char url[64];
	struct ban ban = { noon + 100, 0 };

	for (int i = 0; i < BAN_LIST_ENTRIES; i++) {
		(void)snprintf(url, sizeof(url), "https://%d.example.org", i);
		raise_to(url, noon + 100, 0, noon);
	}
	raise_to(url, noon + 200, 0, noon);
	ck_assert_int_eq(
	    ban_list_raise(directory, binance, ban, noon, deadline_in(INT64_C(1000000000)), &why), -1);
	ck_assert_ptr_nonnull(strstr(why.text, "is full"));
	ck_assert_double_eq(known(url, noon, NULL).banned_until, noon + 200);
	raise_to(binance, noon + 500, 0, noon + 201);
}
END_TEST

START_TEST(what_cannot_be_kept_is_told)
{
	struct failure why = { 0 };
	struct ban ban = { noon + 100, 0 };
	struct deadline soon = deadline_in(INT64_C(1000000000));

	ck_assert_int_eq(ban_list_raise("/nonexistent/directory", binance, ban, noon, soon, &why), -1);
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	ck_assert_int_eq(ban_list_raise(directory, "https://a b", ban, noon, soon, &why), -1);
	ck_assert_int_eq(ban_list_raise(directory, "https://a\nhttps://b", ban, noon, soon, &why), -1);
	ck_assert_int_ne(access(path_of(".exchange_bans"), F_OK), 0);
}
END_TEST

START_TEST(a_list_that_cannot_be_written_leaves_the_old_one_and_nothing_else)
{
	struct failure why = { 0 };
	struct rlimit before, small = { 6, 6 };

	raise_to(binance, noon + 100, 0, noon);
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	small.rlim_max = before.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	ck_assert_int_eq(ban_list_raise(directory, upbit, (struct ban){ noon + 100, 0 }, noon,
			     deadline_in(INT64_C(20000000000)), &why),
	    -1);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_ptr_nonnull(strstr(why.text, "cannot write"));
	ck_assert_int_ne(access(path_of(".exchange_bans.tmp"), F_OK), 0);
	ck_assert_double_eq(known(binance, noon, NULL).banned_until, noon + 100);
	ck_assert_double_eq(known(upbit, noon, NULL).banned_until, 0);
}
END_TEST

/* Each process has an URL of its own, and all raise one that they share. */
enum { PROCESSES = 4, TIMES = 50 };

static int
raise_many(int process)
{
	struct failure why = { 0 };
	char url[64];

	for (int i = 1; i <= TIMES; i++) {
		struct ban own = { noon + i, 0 }, shared = { 0, noon + i * PROCESSES + process };

		(void)snprintf(url, sizeof(url), "https://%d.%d.example.org", process, i);
		if (ban_list_raise(directory, url, own, noon, deadline_in(INT64_C(60000000000)), &why) != 0 ||
		    ban_list_raise(
			directory, binance, shared, noon, deadline_in(INT64_C(60000000000)), &why) != 0) {
			fprintf(stderr, "%s\n", why.text);
			return 1;
		}
	}
	return 0;
}

START_TEST(processes_that_write_at_once_lose_nothing)
{
	pid_t children[PROCESSES];
	char url[64];
	int status;

	for (int i = 0; i < PROCESSES; i++)
		if ((children[i] = fork()) == 0)
			_exit(raise_many(i));
	for (int i = 0; i < PROCESSES; i++) {
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert_int_eq(status, 0);
	}
	for (int i = 0; i < PROCESSES; i++)
		for (int j = 1; j <= TIMES; j++) {
			(void)snprintf(url, sizeof(url), "https://%d.%d.example.org", i, j);
			ck_assert_double_eq(known(url, noon, NULL).banned_until, noon + j);
		}
	ck_assert_double_eq(
	    known(binance, noon, NULL).retry_at, noon + (double)(TIMES * PROCESSES + PROCESSES - 1));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ban_list");
	TCase *all = tcase_create("ban_list");

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_set_timeout(all, 60);
	tcase_add_test(all, without_a_file_or_a_directory_nothing_is_known);
	tcase_add_test(all, what_was_raised_is_read_by_whoever_asks_the_same_url);
	tcase_add_test(all, a_path_with_capitals_is_another_one);
	tcase_add_test(all, nothing_is_ever_shortened_and_each_time_is_for_itself);
	tcase_add_test(all, what_is_over_counts_for_nothing_and_goes_when_something_is_written);
	tcase_add_test(all, what_is_demanded_is_cut_to_a_week_and_an_hour);
	tcase_add_test(all, after_the_clock_was_set_back_a_ban_that_cannot_be_is_forgotten);
	tcase_add_test(all, what_a_loop_remembers_has_the_same_bounds);
	tcase_add_loop_test(all, damage_is_told_and_the_other_lines_count, 0, LENGTH(damaged));
	tcase_add_test(all, a_file_that_cannot_be_read_says_that_nobody_may_be_asked);
	tcase_add_test(all, the_list_has_a_limit);
	tcase_add_test(all, what_cannot_be_kept_is_told);
	tcase_add_test(all, a_list_that_cannot_be_written_leaves_the_old_one_and_nothing_else);
	tcase_add_test(all, processes_that_write_at_once_lose_nothing);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
