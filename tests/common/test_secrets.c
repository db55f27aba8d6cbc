#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/config/secrets.h"
#include "tests/suite.h"

enum { LARGEST = 64 * 1024 };

/* Masking ------------------------------------------------------------- */

static const struct {
	const char *secrets[3];
	const char *text;
	const char *masked;
} masks[] = {
	{ { "hunter2" }, "password hunter2 is wrong", "password *** is wrong" },
	{ { "hunter2" }, "hunter2", "***" },
	{ { "hunter2" }, "hunter2hunter2", "******" },
	{ { "hunter2" }, "nothing here", "nothing here" },
	{ { "hunter2" }, "", "" },
	{ { NULL }, "no secrets known", "no secrets known" },
	{ { "" }, "an empty secret hides nothing", "an empty secret hides nothing" },
	/* A word is masked where it stands by itself, a short one where it stands as a value. */
	{ { "a" }, "banana", "banana" },
	{ { "ab" }, "cab ab or 'ab', :ab@h and password=ab", "cab ab or '**', :**@h and password=**" },
	{ { "to" }, "connecting to 10.0.0.1: refused", "connecting to 10.0.0.1: refused" },
	{ { "redis" },
	    "redis_latency: redis:6379, /run/redis/redis.sock, redis.example, redis://redis:redis@h",
	    "redis_latency: redis:6379, /run/redis/redis.sock, redis.example, redis://redis:***@h" },
	{ { "redis" }, "ERR 'redis' is wrong, redis. \"redis\" %72edis",
	    "ERR '***' is wrong, ***. \"***\" ***" },
	{ { "postgres" }, "postgres_latency: password postgres", "postgres_latency: password ***" },
	{ { "r3dis" }, "xr3disx", "x***x" },
	{ { "*" }, "a*b", "a*b" },
	{ { "longerthantwelve" }, "xlongerthantwelvex", "x***x" },
	{ { "***" }, "a****b", "a****b" },
	{ { "aaa1" }, "aaa1aaa1", "******" },
	/* A part of another, in either order. */
	{ { "pass", "password1" }, "is password1, not pass.", "is ***, not ***." },
	{ { "password1", "pass" }, "is password1, not pass.", "is ***, not ***." },
	{ { "abcd", "cdef", "efgh" }, "abcd cdef efgh", "*** *** ***" },
	/* As a URL writes it. */
	{ { "p@ss:w/rd" }, "redis://:p%40ss%3Aw%2Frd@db", "redis://:***@db" },
	{ { "p@ss:w/rd" }, "redis://:p@ss:w/rd@db", "redis://:***@db" },
	{ { "p\xc3\xa4ss" }, "p%C3%A4ss", "***" },
	/* As our own failures write it: control characters replaced. */
	{ { "two\twords\x01" }, "args 'two?words?'", "args '***'" },
	{ { "first\nsecond" }, "it was first?second", "it was ***" },
	/* In either case, and whatever is escaped. */
	{ { "p@ss:w/rd" }, "redis://:p%40ss%3aw%2frd@db", "redis://:***@db" },
	{ { "p@ss:w/rd" }, "p@ss%3Aw/%72d", "***" },
	{ { "100%25" }, "100%25 100%2525", "*** ***" },
	{ { "%41x" }, "%41x %2541x Ax %2A", "*** *** Ax %2A" },
	{ { "first\nsecond" }, "first%0Asecond", "***" },
	{ { "hunter2" }, "hunter%2 hunter%", "hunter%2 hunter%" },
	/* The beginning of a secret is a word like others. */
	{ { "hunter2" }, "password hunter", "password hunter" },
	{ { "main_secret1" }, "main", "main" },
};

START_TEST(a_secret_is_masked_wherever_it_is)
{
	struct secrets secrets = { 0 };
	char *text = strdup(masks[_i].text);

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < 3 && masks[_i].secrets[i] != NULL; i++)
		secrets_add(&secrets, masks[_i].secrets[i]);
	secrets_mask(&secrets, text);
	ck_assert_str_eq(text, masks[_i].masked);
	secrets_release(&secrets);
	free(text);
}
END_TEST

START_TEST(a_text_that_may_be_a_connection_string_is_not_shown)
{
	static const char *const suspects[] = { "redis://:hunter2@h", "host=h password=hunter2",
		"PASSWORD \t= hunter2" };
	static const char *const others[] = { "", "5x", "/run/secrets/redis_password", "passwords", "a:/b" };

	for (int i = 0; i < LENGTH(suspects); i++)
		ck_assert_msg(strstr(secret_shown(suspects[i]), "hunter2") == NULL, "%s", suspects[i]);
	for (int i = 0; i < LENGTH(others); i++)
		ck_assert_str_eq(secret_shown(others[i]), others[i]);
}
END_TEST

START_TEST(a_secret_that_is_added_again_and_again_is_kept_once)
{
	struct secrets secrets = { 0 };
	size_t count;

	secrets_add(&secrets, "p@ss");
	count = secrets.count;
	for (int i = 0; i < 1000; i++)
		secrets_add(&secrets, "p@ss");
	ck_assert_uint_eq(secrets.count, count);
	secrets_release(&secrets);
	ck_assert_uint_eq(secrets.count, 0);
	secrets_release(&secrets);
}
END_TEST

/* Files ---------------------------------------------------------------- */

static char directory[] = "/tmp/arbwatch-secrets.XXXXXX";
static struct failure why;

static void
enter_directory(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
}

static void
leave_directory(void)
{
	(void)unlink("secret");
	(void)rmdir("secret");
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(rmdir(directory), 0);
}

static void
write_secret(const char *text, size_t length)
{
	FILE *file = fopen("secret", "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, length, file), length);
	ck_assert_int_eq(fclose(file), 0);
}

static const struct {
	const char *content;
	const char *secret;
} contents[] = {
	{ "hunter2", "hunter2" },
	{ "hunter2\n", "hunter2" },
	{ "hunter2\r\n", "hunter2" },
	{ "hunter2\n\n", "hunter2" },
	{ " two words \n", " two words " },
	{ "first\nsecond\n", "first\nsecond" },
	{ "\nsecond\n", "\nsecond" },
	{ "\xff\xfe", "\xff\xfe" },
};

START_TEST(a_file_gives_its_content_without_the_last_line_break)
{
	char *secret;

	write_secret(contents[_i].content, strlen(contents[_i].content));
	secret = secret_read_file("secret", &why);
	ck_assert_msg(secret != NULL, "%s", why.text);
	ck_assert_str_eq(secret, contents[_i].secret);
	secret_free(secret);
}
END_TEST

static void
assert_refused(const char *reason)
{
	why = (struct failure){ 0 };
	ck_assert_ptr_null(secret_read_file("secret", &why));
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	ck_assert_msg(
	    strstr(why.text, "'secret'") != NULL && strstr(why.text, reason) != NULL, "%s", why.text);
}

START_TEST(a_file_without_a_secret_is_refused)
{
	assert_refused("No such file or directory");
	write_secret("", 0);
	assert_refused("is empty");
	write_secret("\n\r\n\n", 4);
	assert_refused("is empty");
	write_secret("hunter2\0\n", 9);
	assert_refused("NUL");
	write_secret("\xef\xbb\xbfhunter2\n", 11);
	assert_refused("without BOM");
	ck_assert_ptr_null(strstr(why.text, "hunter2"));
}
END_TEST

START_TEST(a_file_may_have_64_kib_and_no_byte_more)
{
	static char text[LARGEST + 1];
	char *secret;

	memset(text, 's', sizeof(text));
	write_secret(text, LARGEST);
	secret = secret_read_file("secret", &why);
	ck_assert_msg(secret != NULL, "%s", why.text);
	ck_assert_uint_eq(strlen(secret), LARGEST);
	secret_free(secret);
	write_secret(text, LARGEST + 1);
	assert_refused("64 KiB");
}
END_TEST

START_TEST(what_is_no_regular_file_is_refused_without_waiting)
{
	ck_assert_int_eq(mkdir("secret", 0755), 0);
	assert_refused("regular file");
	ck_assert_int_eq(rmdir("secret"), 0);
	ck_assert_int_eq(mkfifo("secret", 0600), 0);
	assert_refused("regular file");
	/* With a writer that has not written yet, as a shell's <(command) may be. */
	ck_assert_int_ge(open("secret", O_RDWR), 0);
	assert_refused("regular file");
	ck_assert_int_eq(unlink("secret"), 0);
	ck_assert_int_eq(symlink("/dev/zero", "secret"), 0);
	assert_refused("regular file");
}
END_TEST

START_TEST(a_symlink_is_followed_as_orchestrators_make_them)
{
	char *secret;

	write_secret("hunter2\n", 8);
	ck_assert_int_eq(rename("secret", "target"), 0);
	ck_assert_int_eq(symlink("target", "secret"), 0);
	secret = secret_read_file("secret", &why);
	ck_assert_msg(secret != NULL, "%s", why.text);
	ck_assert_str_eq(secret, "hunter2");
	secret_free(secret);
	ck_assert_int_eq(unlink("target"), 0);
}
END_TEST

START_TEST(freeing_nothing_is_fine)
{
	secret_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("secrets");
	TCase *masking = tcase_create("masking"), *files = tcase_create("files");

	tcase_add_loop_test(masking, a_secret_is_masked_wherever_it_is, 0, LENGTH(masks));
	tcase_add_test(masking, a_text_that_may_be_a_connection_string_is_not_shown);
	tcase_add_test(masking, a_secret_that_is_added_again_and_again_is_kept_once);
	suite_add_tcase(suite, masking);
	tcase_add_checked_fixture(files, enter_directory, leave_directory);
	tcase_add_loop_test(files, a_file_gives_its_content_without_the_last_line_break, 0, LENGTH(contents));
	tcase_add_test(files, a_file_without_a_secret_is_refused);
	tcase_add_test(files, a_file_may_have_64_kib_and_no_byte_more);
	tcase_add_test(files, what_is_no_regular_file_is_refused_without_waiting);
	tcase_add_test(files, a_symlink_is_followed_as_orchestrators_make_them);
	tcase_add_test(files, freeing_nothing_is_fine);
	suite_add_tcase(suite, files);
	return run_suite(suite);
}
