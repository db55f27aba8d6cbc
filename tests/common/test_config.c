#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/config/config.h"
#include "common/text/buffer.h"
#include "tests/suite.h"

static char directory[] = "/tmp/arbwatch-config.XXXXXX";
static struct failure why;
static struct buffer seen;

static void
enter_directory(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
	buffer_init(&seen, 1024 * 1024);
}

static void
leave_directory(void)
{
	buffer_release(&seen);
	(void)unlink("c.yml");
	(void)rmdir("c.yml");
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(rmdir(directory), 0);
}

static void
write_bytes(const char *text, size_t length)
{
	FILE *file = fopen("c.yml", "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, length, file), length);
	ck_assert_int_eq(fclose(file), 0);
}

/* "LINE KEY=TEXT", "LINE KEY-TEXT" in a list, "LINE KEY" without a value. */
static int
record(void *context, const struct config_value *value, struct failure *ignored)
{
	(void)context;
	(void)ignored;
	buffer_format(&seen, "%u %s%s%s\n", value->line, value->key,
	    value->text == NULL ? ""
	    : value->in_list    ? "-"
				: "=",
	    value->text == NULL ? "" : value->text);
	return 0;
}

static const struct {
	const char *text;
	const char *values;
} good[] = {
	{ "", "" },
	{ "\n# nothing but a comment\n", "" },
	{ "---\n", "" },
	{ "---\n...\n", "" },
	{ "{}\n", "" },
	{ "~\n", "" },
	{ "env: live\n", "1 env=live\n" },
	{ "env: live", "1 env=live\n" },
	{ "env: live\r\ntimeout: 5s\r\n", "1 env=live\n2 timeout=5s\n" },
	{ "\xef\xbb\xbf"
	  "env: live\n",
	    "1 env=live\n" },
	{ "log:\n  level: info\n  format: json\n", "2 log.level=info\n3 log.format=json\n" },
	{ "log.level: info\n", "1 log.level=info\n" },
	{ "redis_latency:\n  log:\n    level: info\n", "3 redis_latency.log.level=info\n" },
	{ "redis_latency.log.level: info\n", "1 redis_latency.log.level=info\n" },
	{ "a: {b: {c: 1}, d: 2}\n", "1 a.b.c=1\n1 a.d=2\n" },
	{ "target:\n  - one\n  - 'two words'\n", "2 target-one\n3 target-two words\n" },
	{ "target: [one, two]\n", "1 target-one\n1 target-two\n" },
	{ "target: []\n", "1 target\n" },
	{ "target:\n  - one\n  -\n", "2 target-one\n3 target\n" },
	{ "section:\nother: ~\nthird: null\n", "1 section\n2 other\n3 third\n" },
	{ "section: {}\n", "1 section\n" },
	{ "a: ''\nb: \"\"\nc: 'null'\nd: \"~\"\n", "1 a=\n2 b=\n3 c=null\n4 d=~\n" },
	{ "a: 5\nb: 1.50\nc: yes\nd: 0x10\n", "1 a=5\n2 b=1.50\n3 c=yes\n4 d=0x10\n" },
	{ "a: \"tab\\t quote\\\" \\u00e9\"\n", "1 a=tab\t quote\" \xc3\xa9\n" },
	{ "a: |\n  two\n  lines\n", "1 a=two\nlines\n\n" },
	{ "url: redis://:p#ss@h:6379/0\n", "1 url=redis://:p#ss@h:6379/0\n" },
	{ "a: one # a comment\n", "1 a=one\n" },
	{ "a: &x one\nb: *x\n", "1 a=one\n1 b=one\n" },
	{ "name: 업비트\n", "1 name=업비트\n" },
	{ "1: x\n", "1 1=x\n" },
	{ "a1: {a2: {a3: {a4: {a5: {a6: {a7: {a8: deep}}}}}}}\n", "1 a1.a2.a3.a4.a5.a6.a7.a8=deep\n" },
};

START_TEST(a_file_is_flattened_in_its_order_with_its_lines)
{
	write_bytes(good[_i].text, strlen(good[_i].text));
	ck_assert_msg(config_read("c.yml", record, NULL, &why) == 0, "%s", why.text);
	buffer_append(&seen, "", 1);
	ck_assert_str_eq(seen.text, good[_i].values);
}
END_TEST

static const struct {
	const char *text;
	const char *error; /* how it begins */
} bad[] = {
	{ "env: live\nenv: paper\n", "c.yml:2: the key is there twice" },
	{ "log:\n  level: info\nx: 1\nlog:\n  format: json\n", "c.yml:4: the key is there twice" },
	{ "log: {level: a, format: b, level: a}\n", "c.yml:1: the key is there twice" },
	{ "env: live\n\ttimeout: 5s\n", "c.yml:2: not valid YAML: " },
	{ "env: live\nlog:\n\tlevel: x\n", "c.yml:3: not valid YAML: " },
	{ "env: [live\n", "c.yml:2: not valid YAML: " },
	{ "env: {a: b\n", "c.yml:2: not valid YAML: " },
	{ "env: \"live\n", "c.yml:2: not valid YAML: " },
	{ "env: live\n  more: x\n", "c.yml:2: not valid YAML: " },
	{ "env: a: b\n", "c.yml:1: not valid YAML: " },
	{ "env: *nobody\n", "c.yml:1: not valid YAML: " },
	{ "env: @x\n", "c.yml:1: not valid YAML: " },
	{ "env: %x\n", "c.yml:1: not valid YAML: " },
	{ "env: \"\\q\"\n", "c.yml:1: not valid YAML: " },
	{ "just words\n", "c.yml:1: 'key: value' lines are expected" },
	{ "- a\n- b\n", "c.yml:1: 'key: value' lines are expected" },
	{ "target:\n  - a\n  - [b]\n", "c.yml:3: a list here holds plain values" },
	{ "target:\n  - main: redis://h\n", "c.yml:2: a list here holds plain values" },
	{ "x: 1\n? [a, b]\n: c\n", "c.yml:2: a key must be a plain word" },
	{ "log:\n  ? {a: b}\n  : c\n", "c.yml:2: a key must be a plain word" },
	{ "\"env\\0x\": live\n", "c.yml:1: a key must be a plain word" },
	{ "env: \"li\\0ve\"\n", "c.yml:1: a NUL byte in the value" },
	{ "env: live\n---\nenv: paper\n", "c.yml:2: a second document" },
	{ "env: live\n...\nmore: words\n", "c.yml:3: " },
	{ "---\n---\nenv: paper\n", "c.yml:2: a second document" },
	{ "a: &x\n  b: *x\n", "c.yml:1: nested too deeply" },
	{ "a1: {a2: {a3: {a4: {a5: {a6: {a7: {a8: {a9: 1}}}}}}}}\n", "c.yml:1: nested too deeply" },
	/* What is in a key's place may be a secret. */
	{ "password: {hunter2: , hunter2: }\n", "c.yml:1: the key is there twice" },
	{ "password: {hunter2: [[x]]}\n", "c.yml:1: a list here holds plain values" },
	{ "redis://:hunter2@h: {a: {b: {c: {d: {e: {f: {g: {h: x}}}}}}}}\n", "c.yml:1: nested too deeply" },
	{ "caf\xe9: 1\n", "c.yml: not valid YAML at byte 4: " },
	{ "a: 1\nb: \xff\xfe\n", "c.yml: not valid YAML at byte 8: " },
	{ "a: \x01\n", "c.yml: not valid YAML at byte 3: " },
};

START_TEST(a_bad_file_is_refused_with_its_line)
{
	write_bytes(bad[_i].text, strlen(bad[_i].text));
	ck_assert_msg(config_read("c.yml", record, NULL, &why) == -1, "'%s' is taken", bad[_i].text);
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	ck_assert_msg(strncmp(why.text, bad[_i].error, strlen(bad[_i].error)) == 0, "%s, not %s", why.text,
	    bad[_i].error);
	ck_assert_msg(strstr(why.text, "hunter2") == NULL, "%s", why.text);
}
END_TEST

static void
assert_refused(const char *error)
{
	ck_assert_int_eq(config_read("c.yml", record, NULL, &why), -1);
	ck_assert_msg(strstr(why.text, error) != NULL && strstr(why.text, "c.yml") != NULL, "%s", why.text);
}

START_TEST(a_nul_byte_in_the_file_is_refused)
{
	write_bytes("env: li\0ve\n", 11);
	assert_refused("not valid YAML");
}
END_TEST

/* Nine levels of nine references each: 3.5 billion values from 400 bytes. */
START_TEST(a_bomb_of_aliases_does_not_go_off)
{
	char text[2048];
	int length = snprintf(text, sizeof(text), "a0: &a0 [x,x,x,x,x,x,x,x,x]\n");

	for (int i = 1; i < 10; i++) {
		length += snprintf(text + length, sizeof(text) - (size_t)length, "a%d: &a%d {", i, i);
		for (int j = 0; j < 9; j++)
			length += snprintf(text + length, sizeof(text) - (size_t)length, "k%d: *a%d%s", j,
			    i - 1, j < 8 ? ", " : "}\n");
	}
	write_bytes(text, (size_t)length);
	assert_refused("more than 10000 values");
}
END_TEST

static void
write_repeated(const char *text, size_t times)
{
	FILE *file = fopen("c.yml", "w");

	ck_assert_ptr_nonnull(file);
	for (size_t i = 0; i < times; i++)
		ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static const char *const deep[] = { "[", "{", "- ", "? ", "[{a: ", "a: [" };

START_TEST(deep_nesting_ends_in_an_error_and_not_in_a_crash)
{
	write_repeated(deep[_i], 200000);
	assert_refused("c.yml");
}
END_TEST

START_TEST(many_keys_are_too_many)
{
	FILE *file = fopen("c.yml", "w");

	ck_assert_ptr_nonnull(file);
	for (int i = 0; i < 30000; i++)
		(void)fprintf(file, "k%d: x\n", i);
	ck_assert_int_eq(fclose(file), 0);
	assert_refused("more than 10000 values");
}
END_TEST

/* libyaml compares each anchor with all before it: half a minute for these, were they not counted first. */
START_TEST(many_anchors_are_too_many_before_they_are_compared)
{
	FILE *file = fopen("c.yml", "w");

	ck_assert_ptr_nonnull(file);
	(void)fputs("target:\n", file);
	for (int i = 0; i < 110000; i++)
		(void)fprintf(file, "- &%x\n", i);
	ck_assert_int_eq(fclose(file), 0);
	assert_refused("c.yml:19999: the file has more than 10000 values");
}
END_TEST

START_TEST(a_file_of_more_than_a_mebibyte_is_refused)
{
	write_repeated("# 16 bytes long\n", 65536);
	ck_assert_msg(config_read("c.yml", record, NULL, &why) == 0, "%s", why.text);
	write_repeated("# 16 bytes long\n", 65537);
	assert_refused("1 MiB");
}
END_TEST

START_TEST(a_long_key_is_refused)
{
	char text[400];

	memset(text, 'k', sizeof(text));
	(void)snprintf(text + 300, sizeof(text) - 300, ": x\n");
	write_bytes(text, strlen(text));
	assert_refused("the key is too long");
}
END_TEST

START_TEST(what_cannot_be_read_is_named_with_the_reason)
{
	assert_refused("No such file or directory");
	ck_assert_int_eq(mkdir("c.yml", 0755), 0);
	assert_refused("regular file");
	ck_assert_int_eq(rmdir("c.yml"), 0);
	ck_assert_int_eq(mkfifo("c.yml", 0600), 0);
	assert_refused("regular file");
	ck_assert_int_eq(unlink("c.yml"), 0);
	ck_assert_int_eq(symlink("/dev/zero", "c.yml"), 0);
	assert_refused("regular file");
	ck_assert_int_eq(unlink("c.yml"), 0);
	ck_assert_int_eq(symlink("c.yml", "c.yml"), 0);
	assert_refused("Too many levels of symbolic links");
}
END_TEST

static int
refuse_second_line(void *context, const struct config_value *value, struct failure *reason)
{
	(void)record(context, value, reason);
	return value->line == 2 ? failure_set(reason, FAILURE_LOCAL, "not that") : 0;
}

START_TEST(a_refusal_ends_the_reading)
{
	write_bytes("a: 1\nb: 2\nc: 3\n", 15);
	ck_assert_int_eq(config_read("c.yml", refuse_second_line, NULL, &why), -1);
	ck_assert_str_eq(why.text, "not that");
	ck_assert(slice_is(buffer_slice(&seen), "1 a=1\n2 b=2\n"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("config");
	TCase *files = tcase_create("files");

	tcase_add_checked_fixture(files, enter_directory, leave_directory);
	tcase_add_loop_test(files, a_file_is_flattened_in_its_order_with_its_lines, 0, LENGTH(good));
	tcase_add_loop_test(files, a_bad_file_is_refused_with_its_line, 0, LENGTH(bad));
	tcase_add_test(files, a_nul_byte_in_the_file_is_refused);
	tcase_add_test(files, a_bomb_of_aliases_does_not_go_off);
	tcase_add_loop_test(files, deep_nesting_ends_in_an_error_and_not_in_a_crash, 0, LENGTH(deep));
	tcase_add_test(files, many_keys_are_too_many);
	tcase_add_test(files, many_anchors_are_too_many_before_they_are_compared);
	tcase_add_test(files, a_file_of_more_than_a_mebibyte_is_refused);
	tcase_add_test(files, a_long_key_is_refused);
	tcase_add_test(files, what_cannot_be_read_is_named_with_the_reason);
	tcase_add_test(files, a_refusal_ends_the_reading);
	tcase_set_timeout(files, 30);
	suite_add_tcase(suite, files);
	return run_suite(suite);
}
