#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/suite.h"

/* libcheck ends a test after 4 s, which a machine that stands still for a moment takes: a test that hangs for
 * ever is found as well after a minute.  Before main(), since the cases read it as they are made. */
__attribute__((constructor)) static void
be_patient(void)
{
	(void)setenv("CK_DEFAULT_TIMEOUT", "60", 0);
}

int
run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int run, failed;

	srunner_run_all(runner, CK_ENV);
	run = srunner_ntests_run(runner);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	printf("%d passed, %d failed\n", run - failed, failed);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

void
suite_remove(const char *path)
{
	DIR *directory = opendir(path);

	ck_assert_ptr_nonnull(directory);
	for (struct dirent *file; (file = readdir(directory)) != NULL;)
		(void)unlinkat(dirfd(directory), file->d_name, 0);
	(void)closedir(directory);
	ck_assert_int_eq(rmdir(path), 0);
}
