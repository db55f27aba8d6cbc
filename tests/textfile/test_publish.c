#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/suite.h"
#include "textfile/publish.h"

static char directory[64];
static struct textfile file;
static struct textfile_mark mark;
static struct failure why;

/* Stands before the C library's: a file system without locks. */
static int flock_error;

int
flock(int fd, int operation)
{
	if (flock_error == 0)
		return (int)syscall(SYS_flock, fd, operation);
	errno = flock_error;
	return -1;
}

static void
make_directory(void)
{
	snprintf(directory, sizeof(directory), "%s", "/tmp/arbwatch-publish.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	why = (struct failure){ 0 };
}

static void
remove_directory(void)
{
	char command[80];

	mark = (struct textfile_mark){ 0 };
	snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	ck_assert_int_eq(system(command), 0);
}

static const char *
path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void
put_file(const char *name, const char *content)
{
	FILE *stream = fopen(path_of(name), "w");

	ck_assert_ptr_nonnull(stream);
	ck_assert(fputs(content, stream) >= 0);
	ck_assert_int_eq(fclose(stream), 0);
}

static int
open_file(void)
{
	return textfile_open(&file, directory, "x", deadline_in(0), &why);
}

static void
replace(const char *content)
{
	ck_assert_int_eq(open_file(), 0);
	ck_assert_int_eq(textfile_replace(&file, SLICE(content), &mark, &why), 0);
	textfile_close(&file);
}

static void
assert_content(const char *expected)
{
	struct buffer text;

	ck_assert_int_eq(open_file(), 0);
	ck_assert_int_eq(textfile_read(&file, &text, &why), TEXTFILE_READ);
	ck_assert(slice_is(buffer_slice(&text), expected));
	buffer_release(&text);
	textfile_close(&file);
}

START_TEST(replaces_the_old_file_and_leaves_only_the_lock_beside_it)
{
	struct dirent *entry;
	struct stat info;
	DIR *listing;

	replace("old\n");
	replace("newer\n");
	assert_content("newer\n");
	ck_assert_int_eq(stat(path_of("x.prom"), &info), 0);
	ck_assert_int_eq(info.st_mode & 0777, 0644);
	listing = opendir(directory);
	while ((entry = readdir(listing)) != NULL)
		ck_assert(strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
			  strcmp(entry->d_name, "x.prom") == 0 || strcmp(entry->d_name, ".x.lock") == 0);
	closedir(listing);
}
END_TEST

START_TEST(the_mode_is_readable_for_all_whatever_the_umask_says)
{
	mode_t before = umask(0077);
	struct stat info;

	replace("text\n");
	(void)umask(before);
	ck_assert_int_eq(stat(path_of("x.prom"), &info), 0);
	ck_assert_int_eq(info.st_mode & 0777, 0644);
}
END_TEST

START_TEST(a_temporary_file_of_a_killed_run_is_overwritten)
{
	put_file(".x.tmp", "half a");
	replace("whole\n");
	assert_content("whole\n");
	ck_assert_int_ne(access(path_of(".x.tmp"), F_OK), 0);
}
END_TEST

START_TEST(a_symlink_laid_in_the_way_is_not_followed)
{
	struct stat info;

	put_file("victim", "untouched");
	ck_assert_int_eq(symlink("victim", path_of(".x.tmp")), 0);
	ck_assert_int_eq(symlink("victim", path_of("x.prom")), 0);
	replace("text\n");
	assert_content("text\n");
	ck_assert_int_eq(stat(path_of("victim"), &info), 0);
	ck_assert_int_eq(info.st_size, 9);
}
END_TEST

START_TEST(a_missing_directory_is_a_local_failure_that_names_it)
{
	ck_assert_int_eq(textfile_open(&file, "/nonexistent", "x", deadline_in(0), &why), -1);
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	ck_assert_ptr_nonnull(strstr(why.text, "'/nonexistent'"));
	textfile_close(&file);
}
END_TEST

START_TEST(no_file_yet_is_not_a_failure)
{
	struct buffer text;

	ck_assert_int_eq(open_file(), 0);
	ck_assert_int_eq(textfile_read(&file, &text, &why), TEXTFILE_MISSING);
	buffer_release(&text);
	textfile_close(&file);
}
END_TEST

START_TEST(what_is_no_regular_file_or_too_large_is_unusable)
{
	struct buffer text;

	ck_assert_int_eq(mkfifo(path_of("x.prom"), 0644), 0);
	ck_assert_int_eq(open_file(), 0);
	ck_assert_int_eq(textfile_read(&file, &text, &why), TEXTFILE_UNUSABLE);
	ck_assert_int_eq(unlink(path_of("x.prom")), 0);
	put_file("x.prom", "");
	ck_assert_int_eq(truncate(path_of("x.prom"), TEXTFILE_LARGEST + 1), 0);
	ck_assert_int_eq(textfile_read(&file, &text, &why), TEXTFILE_UNUSABLE);
	buffer_release(&text);
	textfile_close(&file);
}
END_TEST

START_TEST(a_text_that_cannot_be_written_leaves_the_old_file_and_nothing_else)
{
	struct rlimit before, small = { 6, 6 };

	replace("old\n");
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_int_eq(open_file(), 0);
	small.rlim_max = before.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	ck_assert_int_eq(textfile_replace(&file, SLICE("more than six\n"), &mark, &why), -1);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_ptr_nonnull(strstr(why.text, "cannot write"));
	ck_assert(textfile_is_marked(&file, &mark));
	textfile_close(&file);
	ck_assert_int_ne(access(path_of(".x.tmp"), F_OK), 0);
	assert_content("old\n");
}
END_TEST

START_TEST(the_lock_is_for_one_and_waits_no_longer_than_the_deadline)
{
	struct textfile second;

	ck_assert_int_eq(open_file(), 0);
	ck_assert_int_eq(textfile_open(&second, directory, "x", deadline_in(20 * 1000 * 1000), &why), -1);
	ck_assert_ptr_nonnull(strstr(why.text, "another run holds"));
	textfile_close(&second);
	ck_assert_int_eq(textfile_open(&second, directory, "y", deadline_in(0), &why), 0);
	textfile_close(&second);
	textfile_close(&file);
	ck_assert_int_eq(open_file(), 0);
	textfile_close(&file);
}
END_TEST

START_TEST(resets_are_remembered_once_something_was_published)
{
	ck_assert_int_eq(open_file(), 0);
	ck_assert_uint_eq(file.resets, 0);
	file.resets++;
	textfile_close(&file);
	ck_assert_int_eq(open_file(), 0);
	ck_assert_uint_eq(file.resets, 0);
	file.resets += 12;
	ck_assert_int_eq(textfile_replace(&file, SLICE("a 1\n"), &mark, &why), 0);
	textfile_close(&file);
	ck_assert_int_eq(unlink(path_of("x.prom")), 0);
	ck_assert_int_eq(open_file(), 0);
	ck_assert_uint_eq(file.resets, 12);
	textfile_close(&file);
}
END_TEST

START_TEST(a_mark_fits_until_the_file_is_replaced_changed_or_gone)
{
	char aside[96];
	FILE *stream;

	replace("one\n");
	ck_assert_int_eq(open_file(), 0);
	ck_assert(textfile_is_marked(&file, &mark));
	snprintf(aside, sizeof(aside), "%s/aside", directory);
	ck_assert_int_eq(rename(path_of("x.prom"), aside), 0);
	ck_assert(!textfile_is_marked(&file, &mark));
	put_file("x.prom", "one\n");
	ck_assert(!textfile_is_marked(&file, &mark));
	ck_assert_int_eq(textfile_replace(&file, SLICE("two\n"), &mark, &why), 0);
	ck_assert(textfile_is_marked(&file, &mark));
	stream = fopen(path_of("x.prom"), "a");
	ck_assert_ptr_nonnull(stream);
	ck_assert(fputs("more\n", stream) >= 0);
	ck_assert_int_eq(fclose(stream), 0);
	ck_assert(!textfile_is_marked(&file, &mark));
	textfile_close(&file);
}
END_TEST

START_TEST(a_rename_that_fails_counts_no_reset)
{
	ck_assert_int_eq(mkdir(path_of("x.prom"), 0755), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(open_file(), 0);
		ck_assert_uint_eq(file.resets, 0);
		file.resets++;
		ck_assert_int_eq(textfile_replace(&file, SLICE("a 1\n"), &mark, &why), -1);
		textfile_close(&file);
	}
}
END_TEST

START_TEST(a_file_system_without_locks_is_said_as_such)
{
	static const int errors[] = { ENOLCK, EOPNOTSUPP, ENOSYS };

	flock_error = errors[_i];
	ck_assert_int_eq(open_file(), -1);
	flock_error = 0;
	ck_assert_msg(strncmp(why.text, "cannot lock '", 13) == 0, "%s", why.text);
	ck_assert_ptr_nonnull(strstr(why.text, strerror(errors[_i])));
	textfile_close(&file);
}
END_TEST

START_TEST(a_lock_that_was_removed_is_taken_again_and_never_published_under)
{
	ck_assert_int_eq(open_file(), 0);
	ck_assert_int_eq(unlink(path_of(".x.lock")), 0);
	ck_assert_int_eq(textfile_replace(&file, SLICE("a 1\n"), &mark, &why), -1);
	ck_assert_ptr_nonnull(strstr(why.text, "was removed"));
	textfile_close(&file);
	replace("b 2\n");
	assert_content("b 2\n");
}
END_TEST

START_TEST(a_writer_knows_whether_it_was_the_last)
{
	struct textfile_mark other = { 0 };

	replace("one\n");
	ck_assert_int_eq(open_file(), 0);
	ck_assert(textfile_is_last(&file, &mark));
	ck_assert(!textfile_is_last(&file, &other));
	ck_assert_int_eq(textfile_replace(&file, SLICE("two\n"), &other, &why), 0);
	textfile_close(&file);
	ck_assert_int_eq(open_file(), 0);
	ck_assert(!textfile_is_last(&file, &mark));
	ck_assert(textfile_is_last(&file, &other));
	textfile_close(&file);
}
END_TEST

START_TEST(a_lock_file_with_nonsense_counts_as_none)
{
	put_file(".x.lock", "99999999999999999999999999999 bottles");
	ck_assert_int_eq(open_file(), 0);
	ck_assert_uint_eq(file.resets, 0);
	textfile_close(&file);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("publish");
	TCase *files = tcase_create("files");

	tcase_add_checked_fixture(files, make_directory, remove_directory);
	tcase_add_test(files, replaces_the_old_file_and_leaves_only_the_lock_beside_it);
	tcase_add_test(files, the_mode_is_readable_for_all_whatever_the_umask_says);
	tcase_add_test(files, a_temporary_file_of_a_killed_run_is_overwritten);
	tcase_add_test(files, a_symlink_laid_in_the_way_is_not_followed);
	tcase_add_test(files, a_missing_directory_is_a_local_failure_that_names_it);
	tcase_add_test(files, no_file_yet_is_not_a_failure);
	tcase_add_test(files, what_is_no_regular_file_or_too_large_is_unusable);
	tcase_add_test(files, a_text_that_cannot_be_written_leaves_the_old_file_and_nothing_else);
	tcase_add_test(files, the_lock_is_for_one_and_waits_no_longer_than_the_deadline);
	tcase_add_test(files, resets_are_remembered_once_something_was_published);
	tcase_add_test(files, a_mark_fits_until_the_file_is_replaced_changed_or_gone);
	tcase_add_test(files, a_rename_that_fails_counts_no_reset);
	tcase_add_loop_test(files, a_file_system_without_locks_is_said_as_such, 0, 3);
	tcase_add_test(files, a_lock_that_was_removed_is_taken_again_and_never_published_under);
	tcase_add_test(files, a_writer_knows_whether_it_was_the_last);
	tcase_add_test(files, a_lock_file_with_nonsense_counts_as_none);
	suite_add_tcase(suite, files);
	return run_suite(suite);
}
