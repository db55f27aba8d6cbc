#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>

/*
 * The lines every libcheck main needs: run `suite` (and free it), print
 * "N passed, N failed" for the test runner's totals, return the exit status.
 */
int run_suite(Suite *suite);

/* Remove a directory and the files in it. */
void suite_remove(const char *path);

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

#endif /* TESTS_SUITE_H */
