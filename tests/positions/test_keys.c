#include <errno.h>
#include <fcntl.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "positions/keys.h"
#include "tests/suite.h"

/* What Binance and OKX (with a passphrase) take. */
static struct exchange_setting binance = { .name = (char[]){ "binance" } },
			       okx = { .name = (char[]){ "okx" } };
static struct secrets secrets;
static struct failure why;
static char directory[64];

static void
set_up(void)
{
	secrets = (struct secrets){ 0 };
	why = (struct failure){ 0 };
	(void)snprintf(directory, sizeof(directory), "/tmp/arbwatch-keys.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	binance.profile = profile_load("exchanges/binance.yaml", &why);
	okx.profile = profile_load("exchanges/okx.yaml", &why);
	ck_assert_msg(binance.profile != NULL && okx.profile != NULL, "%s", why.text);
}

static const char *
path_of(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void
tear_down(void)
{
	static const char *const names[] = { "binance.key", "binance.secret", "okx.key", "okx.secret",
		"okx.passphrase" };

	for (int i = 0; i < LENGTH(names); i++)
		(void)unlink(path_of(names[i]));
	(void)rmdir(directory);
	profile_free(binance.profile);
	profile_free(okx.profile);
	secrets_release(&secrets);
}

static void
put(const char *name, const char *text, mode_t mode)
{
	FILE *file = fopen(path_of(name), "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(path_of(name), mode), 0);
}

static struct account_key *
open_key(const char *where, const struct exchange_setting *exchange)
{
	return keys_open(where, exchange, &secrets, &why);
}

static void
check_key(struct account_key *key, const char *name)
{
	ck_assert_msg(key != NULL, "%s", why.text);
	ck_assert_str_eq(account_key_name(key), name);
	account_key_free(key);
}

static void
check_fails(const char *where, const struct exchange_setting *exchange, const char *text)
{
	ck_assert_ptr_null(open_key(where, exchange));
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	ck_assert_msg(strstr(why.text, text) != NULL, "%s", why.text);
	ck_assert_msg(strstr(why.text, "the-secret") == NULL, "%s", why.text);
}

START_TEST(a_key_comes_from_the_files_of_its_exchange)
{
	put("binance.key", "the-key\n", 0400);
	put("binance.secret", "the-secret\r\n", 0600);
	check_key(open_key(directory, &binance), "the-key");
	check_fails(directory, &okx, "no API key: put okx.key and okx.secret into the directory");
	check_fails(directory, &okx, "or set ARBWATCH_OKX_KEY and ARBWATCH_OKX_SECRET");
	put("okx.key", "another\n", 0400);
	put("okx.secret", "the-secret\n", 0400);
	check_fails(directory, &okx, "passphrase");
	put("okx.passphrase", "words\n", 0400);
	check_key(open_key(directory, &okx), "another");
}
END_TEST

START_TEST(what_was_read_is_masked_from_then_on)
{
	char text[64] = "it is the-secret of the-key";

	put("binance.key", "the-key\n", 0400);
	put("binance.secret", "the-secret\n", 0400);
	check_key(open_key(directory, &binance), "the-key");
	secrets_mask(&secrets, text);
	ck_assert_str_eq(text, "it is *** of ***");
}
END_TEST

START_TEST(without_a_directory_or_with_a_wrong_one_nothing_is_found)
{
	check_fails(NULL, &binance, "(not given)");
	check_fails("/nonexistent/keys", &binance, "no API key");
	put("binance.key", "the-key\n", 0400);
	check_fails(path_of("binance.key"), &binance, "Not a directory");
	check_fails(directory, &binance, "no secret, but an API key");
}
END_TEST

static const mode_t open_modes[] = { 0440, 0404, 0420, 0402, 0410, 0401, 0644, 0777 };

START_TEST(a_file_that_others_may_read_or_change_is_refused)
{
	put("binance.key", "the-key\n", 0400);
	put("binance.secret", "the-secret\n", open_modes[_i]);
	check_fails(directory, &binance, "chmod 0400");
}
END_TEST

/* The rights in an ACL of the file's group and of one more user or group, and whether the file is taken. */
static const struct {
	unsigned group, tag;
	bool ours;
	unsigned rights;
	bool taken;
} acls[] = {
	{ 0, ACL_USER, true, 4, true }, /* what systemd makes */
	{ 0, ACL_USER, false, 4, false }, { 4, ACL_USER, true, 4, false }, { 0, ACL_GROUP, true, 4, false },
	{ 0, ACL_GROUP, false, 0, true }, { 2, ACL_USER, true, 4, true }, /* the mask has no write */
};

START_TEST(an_acl_counts_by_who_may_read)
{
	struct posix_acl_xattr_entry entries[] = { { ACL_USER_OBJ, 4, (unsigned)-1 },
		{ (unsigned short)acls[_i].tag, (unsigned short)acls[_i].rights,
		    acls[_i].tag == ACL_GROUP ? 54321
		    : acls[_i].ours           ? geteuid()
					      : 54321 },
		{ ACL_GROUP_OBJ, (unsigned short)acls[_i].group, (unsigned)-1 },
		{ ACL_MASK, 4, (unsigned)-1 }, { ACL_OTHER, 0, (unsigned)-1 } };
	char acl[sizeof(struct posix_acl_xattr_header) + sizeof(entries)] = { POSIX_ACL_XATTR_VERSION };
	struct stat info;

	put("binance.key", "the-key\n", 0400);
	put("binance.secret", "the-secret\n", 0400);
	/* The kernel wants the group of the file before named ones. */
	if (acls[_i].tag == ACL_GROUP) {
		struct posix_acl_xattr_entry named = entries[1];

		entries[1] = entries[2];
		entries[2] = named;
	}
	memcpy(acl + sizeof(struct posix_acl_xattr_header), entries, sizeof(entries));
	if (setxattr(path_of("binance.secret"), "system.posix_acl_access", acl, sizeof(acl), 0) != 0) {
		ck_assert_int_eq(errno, EOPNOTSUPP);
		return;
	}
	ck_assert_int_eq(stat(path_of("binance.secret"), &info), 0);
	ck_assert_int_eq(info.st_mode & 0777, 0440);
	if (acls[_i].taken)
		check_key(open_key(directory, &binance), "the-key");
	else
		check_fails(directory, &binance, "chmod 0400");
}
END_TEST

START_TEST(variables_come_before_files_and_go_from_the_environment)
{
	put("binance.key", "the-key\n", 0400);
	put("binance.secret", "the-secret\n", 0400);
	ck_assert_int_eq(setenv("ARBWATCH_BINANCE_KEY", "of-the-environment", 1), 0);
	ck_assert_int_eq(setenv("ARBWATCH_BINANCE_SECRET", "the-secret", 1), 0);
	check_key(open_key(directory, &binance), "of-the-environment");
	ck_assert_ptr_null(getenv("ARBWATCH_BINANCE_KEY"));
	ck_assert_ptr_null(getenv("ARBWATCH_BINANCE_SECRET"));
	/* The settings are read again: they are still known, and not for others. */
	check_key(open_key(directory, &binance), "of-the-environment");
	check_key(open_key(NULL, &binance), "of-the-environment");
	check_fails(NULL, &okx, "no API key");
}
END_TEST

START_TEST(the_memory_that_proc_shows_is_wiped)
{
	static char variable[] = "ARBWATCH_OKX_SECRET=the-secret-itself";

	ck_assert_int_eq(putenv(variable), 0);
	ck_assert_int_eq(setenv("ARBWATCH_OKX_KEY", "key", 1), 0);
	ck_assert_int_eq(setenv("ARBWATCH_OKX_PASSPHRASE", "words", 1), 0);
	check_key(open_key(NULL, &okx), "key");
	for (size_t i = strlen("ARBWATCH_OKX_SECRET="); i < sizeof(variable); i++)
		ck_assert_int_eq(variable[i], '\0');
}
END_TEST

START_TEST(half_a_key_in_the_environment_is_not_made_whole_by_files)
{
	put("binance.key", "the-key\n", 0400);
	put("binance.secret", "the-secret\n", 0400);
	ck_assert_int_eq(setenv("ARBWATCH_BINANCE_SECRET", "the-secret", 1), 0);
	check_fails(directory, &binance, "no API key, but a secret");
}
END_TEST

START_TEST(a_variable_that_is_empty_is_none)
{
	put("binance.key", "the-key\n", 0400);
	put("binance.secret", "the-secret\n", 0400);
	ck_assert_int_eq(setenv("ARBWATCH_BINANCE_KEY", "", 1), 0);
	check_key(open_key(directory, &binance), "the-key");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("keys");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, a_key_comes_from_the_files_of_its_exchange);
	tcase_add_test(all, what_was_read_is_masked_from_then_on);
	tcase_add_test(all, without_a_directory_or_with_a_wrong_one_nothing_is_found);
	tcase_add_loop_test(all, a_file_that_others_may_read_or_change_is_refused, 0, LENGTH(open_modes));
	tcase_add_loop_test(all, an_acl_counts_by_who_may_read, 0, LENGTH(acls));
	tcase_add_test(all, variables_come_before_files_and_go_from_the_environment);
	tcase_add_test(all, the_memory_that_proc_shows_is_wiped);
	tcase_add_test(all, half_a_key_in_the_environment_is_not_made_whole_by_files);
	tcase_add_test(all, a_variable_that_is_empty_is_none);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
