#include <stdlib.h>
#include <string.h>

#include "common/net/target.h"
#include "tests/suite.h"

#define NAME_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *text;
	const char *name; /* NULL: none */
	const char *url;
} rows[] = {
	{ "main=redis://h:6379/0", "main", "redis://h:6379/0" },
	{ "redis://h:6379/0", NULL, "redis://h:6379/0" },
	{ "a.B-c_9=rediss://u:p@h", "a.B-c_9", "rediss://u:p@h" },
	{ "s=unix:///run/redis.sock?db=2", "s", "unix:///run/redis.sock?db=2" },
	{ "unix:///run/redis.sock?db=2", NULL, "unix:///run/redis.sock?db=2" },
	{ "redis://:a=b@h", NULL, "redis://:a=b@h" },
	{ "m=redis://:a=b@h", "m", "redis://:a=b@h" },
	{ "m=n=redis://h", NULL, "m=n=redis://h" },
	{ "host=db", NULL, "host=db" },
	{ "host=db port=5432", NULL, "host=db port=5432" },
	{ "main=host=db port=5432", "main", "host=db port=5432" },
	{ "main=host = db", "main", "host = db" },
	{ "main=service=arb", "main", "service=arb" },
	{ "host=/run/postgresql dbname=x", NULL, "host=/run/postgresql dbname=x" },
	{ "main=postgresql:///x?host=/run", "main", "postgresql:///x?host=/run" },
	{ "password=a=b host=x", NULL, "password=a=b host=x" },
	{ "options='-c a=b' host=x", NULL, "options='-c a=b' host=x" },
	{ "=redis://h", NULL, "=redis://h" },
	{ "two words=redis://h", NULL, "two words=redis://h" },
	{ "main=", NULL, "main=" },
	{ "main", NULL, "main" },
	{ "", NULL, "" },
	{ NAME_64 "=redis://h", NAME_64, "redis://h" },
	{ NAME_64 "x=redis://h", NULL, NAME_64 "x=redis://h" },
};

START_TEST(a_name_is_told_from_a_url_that_holds_an_equals_sign)
{
	char *text = strdup(rows[_i].text), *name, *url;

	ck_assert_ptr_nonnull(text);
	target_split(text, &name, &url);
	ck_assert_pstr_eq(name, rows[_i].name);
	ck_assert_str_eq(url, rows[_i].url);
	free(text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("target");
	TCase *split = tcase_create("split");

	tcase_add_loop_test(split, a_name_is_told_from_a_url_that_holds_an_equals_sign, 0, LENGTH(rows));
	suite_add_tcase(suite, split);
	return run_suite(suite);
}
