#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/deadline.h"
#include "exporter/directory/bounds.h"
#include "exporter/directory/store.h"
#include "tests/suite.h"

static char directory[] = "/tmp/arbwatch-store.XXXXXX";
static struct store *store;
static const struct store_limits limits = { 4096, 8192, 5 };

static void
path_of(char path[256], const char *name)
{
	(void)snprintf(path, 256, "%s/%s", directory, name);
}

static void
write_file(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	path_of(path, name);
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static void
remove_file(const char *name)
{
	char path[256];

	path_of(path, name);
	ck_assert_int_eq(remove(path), 0);
}

static void
set_up(void)
{
	(void)snprintf(directory, sizeof(directory), "/tmp/arbwatch-store.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	store = store_new(directory, &limits);
	ck_assert_ptr_nonnull(store);
}

static void
tear_down(void)
{
	char command[300];

	store_free(store);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	ck_assert_int_eq(system(command), 0);
}

/* The states in the order of names: "a.prom:good b.prom:broken". */
static const char *
look(void)
{
	static char text[1024];
	struct failure why = { 0 };
	size_t length = 0;

	text[0] = '\0';
	if (store_refresh(store, &why) != 0)
		return "unlisted";
	for (size_t i = 0; i < store_count(store); i++) {
		const struct store_file *file = store_file(store, i);

		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s:%s", i > 0 ? " " : "",
		    file->name, store_state_name(file->state));
		ck_assert_int_eq(file->reason[0] == '\0', file->state == STORE_GOOD);
		ck_assert_msg(file->state == STORE_GOOD || file->document.families == NULL, "%s", file->name);
	}
	return text;
}

START_TEST(files_are_listed_by_name_and_others_are_not)
{
	write_file("b.prom", "b 1\n");
	write_file(".a.prom", "a 1\n");
	write_file("a.prom.tmp", "a 1\n");
	write_file("a.PROM", "a 1\n");
	ck_assert_str_eq(look(), ".a.prom:good b.prom:good");
}
END_TEST

START_TEST(a_bad_file_hides_no_good_one)
{
	char path[256];

	write_file("bad.prom", "a{ 1\n");
	write_file("good.prom", "b 1\n");
	path_of(path, "fifo.prom");
	ck_assert_int_eq(mkfifo(path, 0644), 0);
	path_of(path, "dir.prom");
	ck_assert_int_eq(mkdir(path, 0755), 0);
	path_of(path, "link.prom");
	ck_assert_int_eq(symlink("/nowhere/at/all", path), 0);
	ck_assert_str_eq(look(),
	    "bad.prom:broken dir.prom:unreadable fifo.prom:unreadable good.prom:good link.prom:unreadable");
}
END_TEST

/* Whether "arbitrage_" is in it, good or broken, and what of one that was the other before. */
START_TEST(a_file_of_another_program_is_told_apart)
{
	struct failure why = { 0 };

	write_file("a.prom", "apt_upgrades{arch=\"x} 1\n");
	write_file("b.prom", "arbitrage_postgres_up 0\narbitrage_postgres_up{\n");
	write_file("c.prom", "apt_upgrades 1\n");
	ck_assert_int_eq(store_refresh(store, &why), 0);
	ck_assert_int_eq(store_file(store, 0)->state, STORE_BROKEN);
	ck_assert(store_file(store, 0)->foreign);
	ck_assert_int_eq(store_file(store, 1)->state, STORE_BROKEN);
	ck_assert(!store_file(store, 1)->foreign);
	ck_assert(store_file(store, 2)->foreign);
	write_file("a.prom", "apt_upgrades{arch=\"x\"} 1\n# arbitrage_\n");
	write_file("c.prom", "apt_upgrades{\n");
	ck_assert_int_eq(store_refresh(store, &why), 0);
	ck_assert_int_eq(store_file(store, 0)->state, STORE_GOOD);
	ck_assert(!store_file(store, 0)->foreign);
	ck_assert(store_file(store, 2)->foreign);
}
END_TEST

START_TEST(links_are_followed)
{
	char path[256];

	write_file("real.txt", "a 1\n");
	path_of(path, "link.prom");
	ck_assert_int_eq(symlink("real.txt", path), 0);
	ck_assert_str_eq(look(), "link.prom:good");
}
END_TEST

START_TEST(sizes_are_limited_alone_and_together)
{
	char text[4097];

	memset(text, '#', sizeof(text));
	text[4095] = '\n';
	text[4096] = '\0';
	write_file("a.prom", text);
	write_file("b.prom", text);
	write_file("c.prom", "c 1\n");
	ck_assert_str_eq(look(), "a.prom:good b.prom:good c.prom:too_large");
	remove_file("a.prom");
	ck_assert_str_eq(look(), "b.prom:good c.prom:good");
	text[4095] = '#';
	write_file("a.prom", text);
	ck_assert_str_eq(look(), "a.prom:too_large b.prom:good c.prom:good");
}
END_TEST

START_TEST(more_files_than_the_limit_are_counted)
{
	char name[32];

	for (int i = 0; i < 8; i++) {
		(void)snprintf(name, sizeof(name), "%d.prom", i);
		write_file(name, "x 1\n");
	}
	ck_assert_str_eq(look(), "0.prom:good 1.prom:good 2.prom:good 3.prom:good 4.prom:good");
	ck_assert_uint_eq(store_left_out(store), 3);
	remove_file("2.prom");
	ck_assert_int_eq(strncmp(look(), "0.prom:good 1.prom:good 3.prom:good 4.prom:good", 47), 0);
}
END_TEST

START_TEST(files_past_the_limit_change_nothing)
{
	char name[32];
	uint64_t generation;

	for (int i = 0; i < 8; i++) {
		(void)snprintf(name, sizeof(name), "%d.prom", i);
		write_file(name, "x 1\n");
	}
	(void)look();
	generation = store_generation(store);
	for (int i = 0; i < 3; i++)
		(void)look();
	ck_assert_uint_eq(store_generation(store), generation);
	write_file("9.prom", "x 1\n"); /* past it too */
	(void)look();
	ck_assert_uint_eq(store_left_out(store), 4);
	ck_assert_uint_eq(store_generation(store), generation);
	write_file("00.prom", "x 1\n"); /* and this one drives 4.prom out */
	ck_assert_str_eq(look(), "0.prom:good 00.prom:good 1.prom:good 2.prom:good 3.prom:good");
	ck_assert_uint_gt(store_generation(store), generation);
	generation = store_generation(store);
	remove_file("2.prom");
	ck_assert_str_eq(look(), "0.prom:good 00.prom:good 1.prom:good 3.prom:good 4.prom:good");
	ck_assert_uint_gt(store_generation(store), generation);
}
END_TEST

/* How often files of the directory were opened since the last call. */
static int
count_opened(int watch)
{
	_Alignas(struct inotify_event) char events[4096];
	int count = 0;
	ssize_t got;

	while ((got = read(watch, events, sizeof(events))) > 0) {
		const struct inotify_event *event;

		for (const char *at = events; at < events + got; at += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)at;
			count += (event->mask & IN_ISDIR) == 0;
		}
	}
	return count;
}

static const int modified_after_now[] = { -86400, 0, 86400 };

START_TEST(a_file_that_stays_as_it_is_is_soon_not_read_again)
{
	struct deadline deadline = deadline_in((int64_t)20 * 1000000000);
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { 0 } };
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), opened = 1;
	char path[256];

	path_of(path, "a.prom");
	write_file("a.prom", "a 1\n");
	(void)clock_gettime(CLOCK_REALTIME, &times[1]);
	times[1].tv_sec += modified_after_now[_i];
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	ck_assert_int_ge(inotify_add_watch(watch, directory, IN_OPEN), 0);
	ck_assert_str_eq(look(), "a.prom:good");
	ck_assert_int_gt(count_opened(watch), 0);
	while (opened > 0 && deadline_left_ns(deadline) > 0) {
		ck_assert_str_eq(look(), "a.prom:good");
		opened = count_opened(watch);
	}
	ck_assert_int_eq(opened, 0);
	/* The same size and time: the file system says that it changed all the same. */
	write_file("a.prom", "b 1\n");
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	ck_assert_str_eq(look(), "a.prom:good");
	ck_assert(slice_is(store_file(store, 0)->document.families[0].name, "b"));
	(void)close(watch);
}
END_TEST

START_TEST(what_did_not_change_is_not_made_anew)
{
	const struct sample *before;
	uint64_t generation;

	write_file("a.prom", "a 1\n");
	ck_assert_str_eq(look(), "a.prom:good");
	before = store_file(store, 0)->document.samples;
	generation = store_generation(store);
	ck_assert_str_eq(look(), "a.prom:good");
	write_file("a.prom", "a 1\n"); /* again, with nothing new */
	ck_assert_str_eq(look(), "a.prom:good");
	ck_assert_ptr_eq(store_file(store, 0)->document.samples, before);
	ck_assert_uint_eq(store_generation(store), generation);
	write_file("a.prom", "a 2\n");
	ck_assert_str_eq(look(), "a.prom:good");
	ck_assert_uint_gt(store_generation(store), generation);
	ck_assert(slice_is(store_file(store, 0)->document.samples[0].value, "2"));
}
END_TEST

START_TEST(a_file_that_goes_and_comes_is_noticed)
{
	uint64_t generation;

	write_file("a.prom", "a 1\n");
	ck_assert_str_eq(look(), "a.prom:good");
	generation = store_generation(store);
	remove_file("a.prom");
	ck_assert_str_eq(look(), "");
	ck_assert_uint_gt(store_generation(store), generation);
	write_file("a.prom", "a{\n");
	ck_assert_str_eq(look(), "a.prom:broken");
	write_file("a.prom", "a 1\n");
	ck_assert_str_eq(look(), "a.prom:good");
}
END_TEST

START_TEST(without_the_directory_there_are_no_files)
{
	char away[300];
	uint64_t generation;

	write_file("a.prom", "a 1\n");
	ck_assert_str_eq(look(), "a.prom:good");
	generation = store_generation(store);
	(void)snprintf(away, sizeof(away), "%s.away", directory);
	ck_assert_int_eq(rename(directory, away), 0);
	ck_assert_str_eq(look(), "unlisted");
	ck_assert_uint_eq(store_count(store), 0);
	ck_assert_uint_gt(store_generation(store), generation);
	ck_assert_int_eq(rename(away, directory), 0);
	ck_assert_str_eq(look(), "a.prom:good");
}
END_TEST

static const struct {
	const char *text;
	const char *state;
} judged[] = {
	{ "", "a.prom:good" },
	{ "a 1\na 1\n", "a.prom:good" },                   /* the second is left out */
	{ "a{b=\"1\"} 1\na{c=\"1\"} 1\n", "a.prom:good" }, /* no fault to Prometheus */
	{ "go_threads 1\n", "a.prom:good" },               /* not taken here */
	{ "a 1", "a.prom:broken" },
	{ "a 1\r\n", "a.prom:broken" },
	{ "a 1 1000\n", "a.prom:broken" },
	{ "a{__x=\"1\"} 1\n", "a.prom:broken" },
	{ "# TYPE a histogram\na_bucket{le=\"1\"} 1\n", "a.prom:broken" },
	{ "# TYPE a histogram\na_count 1\na_sum 1\na_bucket{le=\"+Inf\"} 1\na_count{x=\"\"} 1\n",
	    "a.prom:broken" },
};

START_TEST(files_are_judged_as_node_exporter_takes_them)
{
	write_file("a.prom", judged[_i].text);
	ck_assert_str_eq(look(), judged[_i].state);
}
END_TEST

static const struct {
	double value;
	const char *text;
} bounds[] = {
	{ 0, "0" },
	{ -0.0, "0" },
	{ 1, "1" },
	{ 0.1, "0.1" },
	{ 0.25, "0.25" },
	{ 123456, "123456" },
	{ 999999.5, "999999.5" },
	{ 1000000, "1e+06" },
	{ 1234567, "1.234567e+06" },
	{ 0.0001, "0.0001" },
	{ 0.00005, "5e-05" },
	{ -2.5, "-2.5" },
	{ 1e21, "1e+21" },
	{ 1.0 / 3, "0.3333333333333333" },
	{ 1e300 * 1e300, "+Inf" },
	{ -1e300 * 1e300, "-Inf" },
};

START_TEST(bounds_are_written_as_go_does)
{
	char text[BOUND_TEXT];

	ck_assert_uint_eq(bound_format(bounds[_i].value, text), strlen(bounds[_i].text));
	ck_assert_str_eq(text, bounds[_i].text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store");
	TCase *tests = tcase_create("store");

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, files_are_listed_by_name_and_others_are_not);
	tcase_add_test(tests, a_bad_file_hides_no_good_one);
	tcase_add_test(tests, a_file_of_another_program_is_told_apart);
	tcase_add_test(tests, links_are_followed);
	tcase_add_test(tests, sizes_are_limited_alone_and_together);
	tcase_add_test(tests, more_files_than_the_limit_are_counted);
	tcase_add_test(tests, files_past_the_limit_change_nothing);
	tcase_add_loop_test(
	    tests, a_file_that_stays_as_it_is_is_soon_not_read_again, 0, LENGTH(modified_after_now));
	tcase_add_test(tests, what_did_not_change_is_not_made_anew);
	tcase_add_test(tests, a_file_that_goes_and_comes_is_noticed);
	tcase_add_test(tests, without_the_directory_there_are_no_files);
	tcase_add_loop_test(tests, files_are_judged_as_node_exporter_takes_them, 0, LENGTH(judged));
	tcase_add_loop_test(tests, bounds_are_written_as_go_does, 0, LENGTH(bounds));
	return run_suite(suite);
}
