#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/config/options.h"
#include "tests/suite.h"

static const struct option own[] = {
	{ .name = "target",
	    .argument = "URL",
	    .fallback = "default",
	    .variable = "REDIS_URL",
	    .help = "what to ask",
	    .repeatable = true,
	    .secret = true },
	{ .name = "password",
	    .argument = "PASSWORD",
	    .variable = "REDIS_PASSWORD",
	    .help = "p",
	    .secret = true },
	{ .name = "samples", .argument = "N", .fallback = "10", .help = "how many" },
	{ .name = "tls.ca-file", .argument = "FILE", .help = "who may sign" },
	{ 0 },
};
static const struct option common[] = {
	{ .name = "config.file", .argument = "FILE", .help = "f" },
	{ .name = "name", .argument = "NAME", .help = "n" },
	{ .name = "timeout", .argument = "DURATION", .fallback = "5s", .help = "t" },
	{ .name = "log.level", .argument = "LEVEL", .fallback = "info", .help = "l" },
	{ .name = "fail-on-down", .help = "a switch" },
	{ .name = "version", .help = "print the version, and end", .flag_only = true },
	{ 0 },
};

static char directory[] = "/tmp/arbwatch-options.XXXXXX";
static struct options *options;
static struct failure why;
static char *arguments[64]; /* what argv holds after it was read */

static void
set_up(void)
{
	const struct option *const tables[] = { own, common };

	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
	ck_assert_int_eq(clearenv(), 0);
	options = options_new("redis_latency", tables, 2);
	ck_assert_ptr_nonnull(options);
}

static void
tear_down(void)
{
	options_free(options);
	for (int i = 0; arguments[i] != NULL; i++)
		free(arguments[i]);
	(void)unlink("c.yml");
	(void)unlink("secret");
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(rmdir(directory), 0);
}

static void
write_bytes(const char *path, const char *text, size_t length)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, length, file), length);
	ck_assert_int_eq(fclose(file), 0);
}

static void
write_file(const char *path, const char *text)
{
	write_bytes(path, text, strlen(text));
}

static int
read_flags(const char *const given[])
{
	int count = 1;

	arguments[0] = strdup("program");
	for (; given[count - 1] != NULL; count++)
		arguments[count] = strdup(given[count - 1]);
	return options_read_flags(options, count, arguments, &why);
}

#define FLAGS(...) read_flags((const char *const[]){ __VA_ARGS__, NULL })
#define NO_FLAGS() read_flags((const char *const[]){ NULL })

static void
assert_no_failure(int result)
{
	ck_assert_msg(result == 0, "%s", why.text);
}

static void
assert_failure(int result, const char *text)
{
	ck_assert_int_eq(result, -1);
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	ck_assert_str_eq(why.text, text);
}

/* Read a config file with that text. */
static int
read_config(const char *text)
{
	write_file("c.yml", text);
	ck_assert_int_eq(setenv("ARBWATCH_CONFIG_FILE", "c.yml", 1), 0);
	return options_read_rest(options, &why);
}

static void
assert_values(const char *name, const char *const expected[])
{
	size_t count = 0;

	for (; expected[count] != NULL; count++) {
		ck_assert_uint_lt(count, options_count(options, name));
		ck_assert_str_eq(options_item(options, name, count), expected[count]);
	}
	ck_assert_uint_eq(options_count(options, name), count);
}

#define ASSERT_VALUES(name, ...) assert_values(name, (const char *const[]){ __VA_ARGS__, NULL })

/* Precedence ------------------------------------------------------------ */

enum { FLAG, VARIABLE, OLDER_VARIABLE, INSTANCE, PROGRAM, TOP_LEVEL, DEFAULT, PLACES };

/* Everything from `place` on gives a value; what is given at `place` is in force, and nothing of the others.
 */
START_TEST(a_flag_wins_over_a_variable_over_an_older_one_over_instance_program_top_level_and_default)
{
	char text[1024] = "";
	int place = _i;

	assert_no_failure(place <= FLAG ? FLAGS("--target", "flag") : NO_FLAGS());
	if (place <= VARIABLE)
		(void)setenv("ARBWATCH_TARGET", "variable", 1);
	if (place <= OLDER_VARIABLE)
		(void)setenv("REDIS_URL", "older", 1);
	(void)setenv("ARBWATCH_NAME", "redis_eu", 1);
	(void)snprintf(text, sizeof(text), "%s%s%s", place <= TOP_LEVEL ? "target: [top, top2]\n" : "",
	    place <= PROGRAM ? "redis_latency: {target: [program, program2]}\n" : "",
	    place <= INSTANCE ? "redis_eu:\n  target: [instance, instance2]\n" : "");
	assert_no_failure(read_config(text));
	ck_assert_int_eq(options_given(options, "target"), place != DEFAULT);
	switch (place) {
	case FLAG: ASSERT_VALUES("target", "flag"); break;
	case VARIABLE: ASSERT_VALUES("target", "variable"); break;
	case OLDER_VARIABLE: ASSERT_VALUES("target", "older"); break;
	case INSTANCE: ASSERT_VALUES("target", "instance", "instance2"); break;
	case PROGRAM: ASSERT_VALUES("target", "program", "program2"); break;
	case TOP_LEVEL: ASSERT_VALUES("target", "top", "top2"); break;
	default: ASSERT_VALUES("target", "default");
	}
}
END_TEST

START_TEST(each_option_takes_its_value_from_the_place_that_wins_for_it)
{
	assert_no_failure(FLAGS("--samples", "1"));
	(void)setenv("ARBWATCH_SAMPLES", "2", 1);
	(void)setenv("ARBWATCH_LOG_LEVEL", "warn", 1);
	assert_no_failure(read_config("log: {level: error}\nsamples: 3\ntimeout: 9s\n"
				      "redis_latency: {timeout: 7s}\n"));
	ck_assert_str_eq(options_text(options, "samples"), "1");
	ck_assert_str_eq(options_text(options, "log.level"), "warn");
	ck_assert_str_eq(options_text(options, "timeout"), "7s");
	ck_assert_ptr_null(options_text(options, "password"));
	ck_assert(!options_given(options, "password"));
	ck_assert_uint_eq(options_count(options, "password"), 0);
}
END_TEST

/* Flags ------------------------------------------------------------------- */

START_TEST(flags_take_their_value_from_the_next_argument_or_behind_an_equals_sign)
{
	assert_no_failure(FLAGS("--samples=5", "--timeout", "3s", "--fail-on-down", "--target=a=b",
	    "--target", "", "--target", "--samples", "--timeout=4s"));
	ck_assert_str_eq(options_text(options, "samples"), "5");
	ck_assert_str_eq(options_text(options, "timeout"), "4s");
	ck_assert(options_switch(options, "fail-on-down"));
	ASSERT_VALUES("target", "a=b", "", "--samples");
}
END_TEST

static const struct {
	const char *arguments[4];
	const char *error;
} bad_flags[] = {
	{ { "--nosuch" }, "--nosuch: unknown flag (see --help)" },
	{ { "--nosuch=hunter2" }, "--nosuch: unknown flag (see --help)" },
	{ { "--Samples", "5" }, "--Samples: unknown flag (see --help)" },
	{ { "--sample", "5" }, "--sample: unknown flag (see --help)" },
	{ { "--log" }, "--log: unknown flag (see --help)" },
	{ { "--redis://:hunter2@h" }, "argument 1 is not a flag (see --help)" },
	{ { "--samples", "5", "--main=redis://:hunter2@h" }, "--main: unknown flag (see --help)" },
	{ { "--a b" }, "argument 1 is not a flag (see --help)" },
	{ { "--=x" }, "argument 1 is not a flag (see --help)" },
	{ { "hunter2" }, "argument 1 is not a flag (see --help)" },
	{ { "--fail-on-down", "hunter2" }, "argument 2 is not a flag (see --help)" },
	{ { "-hunter2" }, "argument 1 is not a flag (see --help)" },
	{ { "" }, "argument 1 is not a flag (see --help)" },
	{ { "--", "hunter2" }, "argument 1 is not a flag (see --help)" },
	{ { "--fail-on-down=hunter2" }, "--fail-on-down: takes no value but true or false" },
	{ { "--samples" }, "--samples: needs a value: N" },
	{ { "--fail-on-down", "--target" }, "--target: needs a value: URL" },
	/* The first fault is told. */
	{ { "--one", "--two" }, "--one: unknown flag (see --help)" },
};

START_TEST(a_bad_flag_is_named_and_no_value_is_quoted)
{
	assert_failure(read_flags(bad_flags[_i].arguments), bad_flags[_i].error);
}
END_TEST

static const char *const secret_flags[][6] = {
	{ "--target", "redis://:hunter2@h" },
	{ "--target=redis://:hunter2@h", "--password=hunter2", "--samples=3" },
	{ "--password", "hunter2", "--password", "hunter2" },
	/* Also when something else is wrong, before or behind. */
	{ "--nosuch", "--password", "hunter2" },
	{ "--password", "hunter2", "--nosuch" },
	{ "stray", "--target=redis://:hunter2@h", "--timeout" },
};

START_TEST(secrets_are_wiped_from_the_arguments_whatever_else_is_wrong)
{
	(void)read_flags(secret_flags[_i]);
	for (int i = 0; arguments[i] != NULL; i++)
		ck_assert_msg(strstr(arguments[i], "hunter2") == NULL, "argument %d: %s", i, arguments[i]);
	ck_assert_ptr_null(strstr(why.text, "hunter2"));
	if (why.kind == FAILURE_NONE && options_given(options, "password"))
		ck_assert_str_eq(options_text(options, "password"), "hunter2");
}
END_TEST

START_TEST(other_values_stay_in_the_arguments)
{
	assert_no_failure(FLAGS("--timeout", "3s", "--samples=5"));
	ck_assert_str_eq(arguments[2], "3s");
	ck_assert_str_eq(arguments[3], "--samples=5");
}
END_TEST

/* Variables ----------------------------------------------------------------- */

START_TEST(a_variable_that_is_set_to_nothing_is_not_set)
{
	(void)setenv("ARBWATCH_TARGET", "", 1);
	(void)setenv("REDIS_URL", "older", 1);
	(void)setenv("ARBWATCH_TIMEOUT", "", 1);
	(void)setenv("ARBWATCH_FAIL_ON_DOWN", "", 1);
	(void)setenv("ARBWATCH_CONFIG_FILE", "", 1);
	(void)setenv("ARBWATCH_PASSWORD_FILE", "", 1);
	assert_no_failure(options_read_rest(options, &why));
	ASSERT_VALUES("target", "older");
	ck_assert(!options_given(options, "timeout"));
	ck_assert(!options_given(options, "password"));
	ck_assert(!options_switch(options, "fail-on-down"));
}
END_TEST

START_TEST(a_variable_is_named_like_the_flag)
{
	(void)setenv("ARBWATCH_TLS_CA_FILE", "/ca.pem", 1);
	(void)setenv("ARBWATCH_FAIL_ON_DOWN", "true", 1);
	assert_no_failure(options_read_rest(options, &why));
	ck_assert_str_eq(options_text(options, "tls.ca-file"), "/ca.pem");
	ck_assert(options_switch(options, "fail-on-down"));
	(void)setenv("ARBWATCH_FAIL_ON_DOWN", "false", 1);
	assert_no_failure(options_read_rest(options, &why));
	ck_assert(!options_switch(options, "fail-on-down"));
	(void)setenv("ARBWATCH_FAIL_ON_DOWN", "maybe", 1);
	assert_failure(
	    options_read_rest(options, &why), "ARBWATCH_FAIL_ON_DOWN: 'maybe' must be true or false");
}
END_TEST

static const char *const booleans[] = { "false", "true", "no", "yes", "off", "on", "0", "1", "False", "TRUE",
	"No", "YES" };

START_TEST(a_switch_takes_all_the_words_of_yaml)
{
	char text[32];

	(void)setenv("ARBWATCH_FAIL_ON_DOWN", booleans[_i], 1);
	assert_no_failure(options_read_rest(options, &why));
	ck_assert_int_eq(options_switch(options, "fail-on-down"), _i % 2);
	(void)unsetenv("ARBWATCH_FAIL_ON_DOWN");
	(void)snprintf(text, sizeof(text), "fail-on-down: %s\n", booleans[_i]);
	assert_no_failure(read_config(text));
	ck_assert_int_eq(options_switch(options, "fail-on-down"), _i % 2);
	(void)setenv("ARBWATCH_FAIL_ON_DOWN", _i % 2 == 0 ? "1" : "0", 1);
	(void)snprintf(text, sizeof(text), "--fail-on-down=%s", booleans[_i]);
	assert_no_failure(FLAGS(text));
	assert_no_failure(options_read_rest(options, &why));
	ck_assert_int_eq(options_switch(options, "fail-on-down"), _i % 2);
}
END_TEST

/* An image tag in ARBWATCH_VERSION is nobody's business here. */
START_TEST(what_only_prints_is_a_flag_alone)
{
	(void)setenv("ARBWATCH_VERSION", "1.2.3", 1);
	assert_no_failure(options_read_rest(options, &why));
	ck_assert(!options_switch(options, "version"));
	assert_failure(read_config("version: true\n"), "c.yml:1: version: unknown key");
}
END_TEST

static const struct {
	const char *variable;
	const char *content;
	const char *option;
	const char *values[4];
} files[] = {
	{ "ARBWATCH_PASSWORD_FILE", "hunter2\n", "password", { "hunter2" } },
	{ "REDIS_PASSWORD_FILE", "hunter2", "password", { "hunter2" } },
	{ "ARBWATCH_PASSWORD_FILE", "two\nlines\n", "password", { "two\nlines" } },
	{ "ARBWATCH_TARGET_FILE", "redis://a\nredis://b\n", "target", { "redis://a", "redis://b" } },
	{ "ARBWATCH_TARGET_FILE", "\r\nredis://a\r\n\r\nredis://b\r\n", "target",
	    { "redis://a", "redis://b" } },
	{ "REDIS_URL_FILE", "redis://a", "target", { "redis://a" } },
};

START_TEST(a_secret_may_come_from_a_file)
{
	write_file("secret", files[_i].content);
	(void)setenv(files[_i].variable, "secret", 1);
	assert_no_failure(options_read_rest(options, &why));
	assert_values(files[_i].option, files[_i].values);
}
END_TEST

START_TEST(only_secrets_come_from_files)
{
	write_file("secret", "3s");
	(void)setenv("ARBWATCH_TIMEOUT_FILE", "secret", 1);
	assert_no_failure(options_read_rest(options, &why));
	ck_assert_str_eq(options_text(options, "timeout"), "5s");
}
END_TEST

START_TEST(a_secret_and_its_file_are_one_too_many)
{
	write_file("secret", "hunter2");
	(void)setenv("ARBWATCH_PASSWORD", "hunter3", 1);
	(void)setenv("ARBWATCH_PASSWORD_FILE", "secret", 1);
	assert_failure(options_read_rest(options, &why),
	    "ARBWATCH_PASSWORD and ARBWATCH_PASSWORD_FILE are both set: unset one of them");
	(void)unsetenv("ARBWATCH_PASSWORD");
	(void)unsetenv("ARBWATCH_PASSWORD_FILE");
	(void)setenv("REDIS_URL", "redis://:hunter3@h", 1);
	(void)setenv("REDIS_URL_FILE", "secret", 1);
	assert_failure(
	    options_read_rest(options, &why), "REDIS_URL and REDIS_URL_FILE are both set: unset one of them");
}
END_TEST

START_TEST(a_file_without_a_secret_names_its_variable)
{
	static char large[64 * 1024 + 1];

	(void)setenv("REDIS_PASSWORD_FILE", "secret", 1);
	assert_failure(options_read_rest(options, &why),
	    "REDIS_PASSWORD_FILE: cannot read 'secret': No such file or directory");
	write_file("secret", "\n");
	assert_failure(
	    options_read_rest(options, &why), "REDIS_PASSWORD_FILE: secret file 'secret' is empty");
	write_bytes("secret", "a\0b", 3);
	assert_failure(
	    options_read_rest(options, &why), "REDIS_PASSWORD_FILE: secret file 'secret' holds a NUL byte");
	memset(large, 'x', sizeof(large));
	write_bytes("secret", large, sizeof(large));
	assert_failure(options_read_rest(options, &why),
	    "REDIS_PASSWORD_FILE: secret file 'secret' is larger than 64 KiB");
	write_bytes("secret", large, sizeof(large) - 1);
	assert_no_failure(options_read_rest(options, &why));
	ck_assert_uint_eq(strlen(options_text(options, "password")), sizeof(large) - 1);
}
END_TEST

/* The config file -------------------------------------------------------------- */

#define UNKNOWN_SECTION                                                                                      \
	"unknown section (those of instances begin with the program's name, as in redis_latency_eu)"

static const struct {
	const char *text;
	const char *error;
} bad_configs[] = {
	{ "nosuch: 1\n", "c.yml:1: nosuch: unknown key" },
	{ "timeout: 3s\n\nredis_latency:\n  nosuch: 1\n", "c.yml:4: redis_latency.nosuch: unknown key" },
	{ "log:\n  nosuch: 1\n", "c.yml:2: log.nosuch: unknown key" },
	{ "nosuch: []\n", "c.yml:1: nosuch: unknown key" },
	{ "nosuch: {}\n", "c.yml:1: nosuch: unknown key" },
	{ "nosuch:\n", "c.yml:1: nosuch: unknown key" },
	{ "redis_latency: {nosuch: }\n", "c.yml:1: redis_latency.nosuch: unknown key" },
	{ "redis_latency: 5\n", "c.yml:1: redis_latency: unknown key" },
	{ "redis_latencies: {samples: 5}\n", "c.yml:1: redis_latencies: " UNKNOWN_SECTION },
	{ "eu: {target: redis://h}\n", "c.yml:1: eu: " UNKNOWN_SECTION },
	{ "eu.target: redis://h\n", "c.yml:1: eu: " UNKNOWN_SECTION },
	{ "redis_latency: {eu: {samples: 5}}\n", "c.yml:1: redis_latency.eu: unknown key" },
	{ "log: {nosuch: {level: 5}}\n", "c.yml:1: log.nosuch: unknown key" },
	{ "timeout: {level: 5}\n", "c.yml:1: timeout: takes a value, not a mapping" },
	{ "log: {level: {debug: }}\n", "c.yml:1: log.level: takes a value, not a mapping" },
	{ "version: {x: y}\n", "c.yml:1: version: " UNKNOWN_SECTION },
	{ "Timeout: 3s\n", "c.yml:1: Timeout: unknown key" },
	{ "name: redis_eu\n",
	    "c.yml:1: name: belongs in a program's section: two programs cannot share a file" },
	{ "config: {file: other.yml}\n", "c.yml:1: config.file: unknown key" },
	{ "redis_latency: {config.file: other.yml}\n", "c.yml:1: redis_latency.config.file: unknown key" },
	{ "timeout:\n", "c.yml:1: timeout: has no value" },
	{ "target:\n", "c.yml:1: target: has no value" },
	{ "target: []\n", "c.yml:1: target: has no value" },
	{ "target: [a, ~]\n", "c.yml:1: target: has no value" },
	{ "timeout: [3s]\n", "c.yml:1: timeout: takes one value, not a list" },
	{ "fail-on-down: maybe\n", "c.yml:1: fail-on-down: must be true or false" },
	{ "log.level: info\nlog: {level: warn}\n", "c.yml:2: log.level: the key is there twice" },
	{ "redis_latency: {target: a}\nredis_latency.target: b\n",
	    "c.yml:2: redis_latency.target: the key is there twice" },
	/* What became a key, by a colon too many or braces, may have a password in it. */
	{ "target: {redis://:hunter2@h: }\n", "c.yml:1: target: takes a value, not a mapping" },
	{ "target:\n  redis://:hunter2@h:\n", "c.yml:2: target: takes a value, not a mapping" },
	{ "password:\n  hunter2:\n", "c.yml:2: password: takes a value, not a mapping" },
	{ "password: {hunter2}\n", "c.yml:1: password: takes a value, not a mapping" },
	{ "password: {hunter2: , hunter2: }\n", "c.yml:1: password: takes a value, not a mapping" },
	{ "redis_latency:\n  password:\n    hunter2: x\n",
	    "c.yml:3: redis_latency.password: takes a value, not a mapping" },
	{ "pasword: {hunter2: }\n", "c.yml:1: pasword: " UNKNOWN_SECTION },
	{ "redis_latency: {pasword: {hunter2: }}\n", "c.yml:1: redis_latency.pasword: unknown key" },
	{ "eu: {password: {hunter2: }}\n", "c.yml:1: eu: " UNKNOWN_SECTION },
	{ "redis://:hunter2@h:\n", "c.yml:1: unknown key (not shown: it may hold a secret)" },
	{ "redis_latency: {redis://:hunter2@h: }\n",
	    "c.yml:1: unknown key (not shown: it may hold a secret)" },
	{ "redis_latency_x: {password: {hunter2: , hunter2: }}\n", "c.yml:1: the key is there twice" },
};

START_TEST(a_bad_key_is_named_with_its_line)
{
	assert_failure(read_config(bad_configs[_i].text), bad_configs[_i].error);
}
END_TEST

START_TEST(sections_of_other_programs_are_passed_over)
{
	assert_no_failure(read_config("postgres_latency:\n  nosuch: 1\n  timeout: [a, b]\n"
				      "redis_latency_eu: {samples: 1, nosuch: {}}\n"
				      "redis_latency-us:\n  samples: 2\n"
				      "redis_latency: {samples: 3}\n"
				      "postgres_latency_x:\n"));
	ck_assert_str_eq(options_text(options, "samples"), "3");
	ck_assert_str_eq(options_text(options, "timeout"), "5s");
}
END_TEST

static const char *const empty_sections[] = { "redis_latency:\n", "redis_latency: {}\n", "redis_latency: ~\n",
	"log:\n", "log: {}\n", "redis_latency: {log: }\n", "tls:\n  # ca-file: x\n", "postgres_latency:\n",
	"", "# nothing\n" };

START_TEST(an_empty_section_is_no_fault)
{
	assert_no_failure(read_config(empty_sections[_i]));
	ck_assert_str_eq(options_text(options, "samples"), "10");
}
END_TEST

/* Names of instances, and the section that is theirs. */
static const char *const instances[][2] = {
	{ "redis_eu", "redis_eu: {samples: 7}\n" },
	{ "redis_eu", "redis_eu.samples: 7\n" },
	{ "redis_eu", "redis_eu: {samples: 7}\nredis_latency: {samples: 8}\nsamples: 9\n" },
	{ "redis.eu", "redis.eu: {samples: 7}\n" },
	{ "redis_latency.eu", "redis_latency.eu: {samples: 7}\nredis_latency: {samples: 8}\n" },
	{ "redis_latency_eu", "redis_latency_eu: {samples: 7}\nredis_latency: {samples: 8}\n" },
	{ "redis_latency", "redis_latency: {samples: 7}\nsamples: 9\n" },
	{ "postgres_latency", "postgres_latency: {samples: 7}\n" },
	/* An instance may be called like the first word of a key. */
	{ "log", "log: {level: warn, samples: 7}\n" },
	{ "timeout", "timeout: 9s\nredis_latency: {samples: 7}\n" },
};

START_TEST(an_instance_has_a_section_of_its_own)
{
	assert_no_failure(FLAGS("--name", instances[_i][0]));
	assert_no_failure(read_config(instances[_i][1]));
	ck_assert_str_eq(options_text(options, "samples"), "7");
}
END_TEST

START_TEST(dots_and_nesting_mean_the_same)
{
	assert_no_failure(read_config("log.level: warn\n"
				      "redis_latency.tls:\n  ca-file: /a\n"
				      "redis_latency:\n  timeout: 7s\n"));
	ck_assert_str_eq(options_text(options, "log.level"), "warn");
	ck_assert_str_eq(options_text(options, "tls.ca-file"), "/a");
	ck_assert_str_eq(options_text(options, "timeout"), "7s");
}
END_TEST

START_TEST(a_repeatable_option_takes_one_value_too)
{
	assert_no_failure(read_config("target: redis://a\n"));
	ASSERT_VALUES("target", "redis://a");
}
END_TEST

/* Reading again ------------------------------------------------------------------ */

START_TEST(reading_again_forgets_what_was_read_before_but_not_the_flags)
{
	assert_no_failure(FLAGS("--samples", "5"));
	(void)setenv("ARBWATCH_LOG_LEVEL", "warn", 1);
	assert_no_failure(read_config("target: [a, b]\ntimeout: 3s\nsamples: 7\n"));
	ASSERT_VALUES("target", "a", "b");
	(void)unsetenv("ARBWATCH_LOG_LEVEL");
	assert_no_failure(read_config("target: [c]\n"));
	ASSERT_VALUES("target", "c");
	ck_assert_str_eq(options_text(options, "timeout"), "5s");
	ck_assert_str_eq(options_text(options, "samples"), "5");
	ck_assert_str_eq(options_text(options, "log.level"), "info");
}
END_TEST

static const char *const no_good[] = { "target: [new]\nnosuch: 1\n", "target: [new]\n\tx: 1\n",
	"target: [new]\ntarget: [b]\n", "target: [new]\nfail-on-down: maybe\n", "target: [new",
	"target: new\n---\na: b\n" };

START_TEST(a_bad_file_leaves_the_older_values)
{
	(void)setenv("ARBWATCH_PASSWORD", "old", 1);
	assert_no_failure(read_config("target: [a, b]\ntimeout: 3s\n"));
	(void)setenv("ARBWATCH_PASSWORD", "new", 1);
	ck_assert_int_eq(read_config(no_good[_i]), -1);
	ASSERT_VALUES("target", "a", "b");
	ck_assert_str_eq(options_text(options, "timeout"), "3s");
	ck_assert_str_eq(options_text(options, "password"), "old");
	ck_assert_int_eq(unlink("c.yml"), 0);
	assert_failure(
	    options_read_rest(options, &why), "cannot read config file 'c.yml': No such file or directory");
	ASSERT_VALUES("target", "a", "b");
}
END_TEST

/* Checked values -------------------------------------------------------------------- */

START_TEST(a_checked_value_is_read_or_refused_with_its_place)
{
	int64_t value = -1;

	assert_no_failure(FLAGS("--timeout", "5x"));
	assert_failure(options_duration(options, "timeout", &value, &why),
	    "--timeout: '5x' is not a duration like 250ms, 15s or 5m");
	ck_assert_int_eq(value, -1);
	assert_no_failure(options_duration(options, "tls.ca-file", &value, &why));
	ck_assert_msg(value == 0, "what is absent reads as 0");
	(void)setenv("ARBWATCH_SAMPLES", "many", 1);
	assert_no_failure(options_read_rest(options, &why));
	assert_failure(options_integer(options, "samples", 1, 1000, &value, &why),
	    "ARBWATCH_SAMPLES: 'many' is not a whole number from 1 to 1000");
	(void)unsetenv("ARBWATCH_SAMPLES");
	assert_no_failure(read_config("log: {level: x}\nredis_latency:\n  samples: 1001\n"));
	assert_failure(options_integer(options, "samples", 1, 1000, &value, &why),
	    "c.yml:3: redis_latency.samples: '1001' is not a whole number from 1 to 1000");
}
END_TEST

static const char *const urls[] = { "redis://:hunter2@h", "host=h password=hunter2",
	"main=redis://:hunter2@h" };

START_TEST(a_connection_string_in_the_wrong_place_is_not_quoted)
{
	int64_t value;
	double ratio;

	assert_no_failure(FLAGS("--timeout", urls[_i], "--samples", urls[_i], "--config.file", urls[_i]));
	assert_failure(options_duration(options, "timeout", &value, &why),
	    "--timeout: '(not shown: it may hold a secret)' is not a duration like 250ms, 15s or 5m");
	assert_failure(options_integer(options, "samples", 1, 1000, &value, &why),
	    "--samples: '(not shown: it may hold a secret)' is not a whole number from 1 to 1000");
	assert_failure(options_ratio(options, "samples", &ratio, &why),
	    "--samples: '(not shown: it may hold a secret)' is not a decimal fraction from 0 to 1, like 0.05");
	assert_failure(options_read_rest(options, &why),
	    "cannot read config file '(not shown: it may hold a secret)': No such file or directory");
	(void)setenv("ARBWATCH_PASSWORD_FILE", urls[_i], 1);
	assert_failure(options_read_rest(options, &why),
	    "ARBWATCH_PASSWORD_FILE: cannot read '(not shown: it may hold a secret)': No such file or directory");
	(void)setenv("ARBWATCH_FAIL_ON_DOWN", urls[_i], 1);
	(void)unsetenv("ARBWATCH_PASSWORD_FILE");
	assert_failure(options_read_rest(options, &why),
	    "ARBWATCH_FAIL_ON_DOWN: '(not shown: it may hold a secret)' must be true or false");
}
END_TEST

static const struct {
	const char *text;
	int64_t value; /* -1: refused */
} integers[] = {
	{ "1", 1 },
	{ "1000", 1000 },
	{ "0010", 10 },
	{ "0", -1 },
	{ "1001", -1 },
	{ "", -1 },
	{ " 5", -1 },
	{ "5 ", -1 },
	{ "+5", -1 },
	{ "-5", -1 },
	{ "0x5", -1 },
	{ "5.0", -1 },
	{ "1e2", -1 },
	{ "99999999999999999999", -1 },
};

START_TEST(a_whole_number_has_nothing_but_digits)
{
	int64_t value = -1;

	assert_no_failure(FLAGS("--samples", integers[_i].text));
	ck_assert_int_eq(
	    options_integer(options, "samples", 1, 1000, &value, &why), integers[_i].value < 0 ? -1 : 0);
	ck_assert_int_eq(value, integers[_i].value);
}
END_TEST

static const struct {
	const char *text;
	double value; /* -1: refused */
} ratios[] = {
	{ "0", 0 },
	{ "1", 1 },
	{ "0.05", 0.05 },
	{ "1.000", 1 },
	{ "00.25", 0.25 },
	{ "1.001", -1 },
	{ "5", -1 },
	{ "5%", -1 },
	{ "", -1 },
	{ ".", -1 },
	{ ".5", -1 },
	{ "0.", -1 },
	{ "0,5", -1 },
	{ " 0.5", -1 },
	{ "0.5 ", -1 },
	{ "+0.5", -1 },
	{ "-0.5", -1 },
	{ "0x1", -1 },
	{ "1e-2", -1 },
	{ "nan", -1 },
	{ "inf", -1 },
};

START_TEST(a_ratio_is_a_plain_decimal_fraction)
{
	double value = -1;

	assert_no_failure(FLAGS("--samples", ratios[_i].text));
	ck_assert_int_eq(options_ratio(options, "samples", &value, &why), ratios[_i].value < 0 ? -1 : 0);
	ck_assert_double_eq(value, ratios[_i].value);
	assert_no_failure(options_ratio(options, "tls.ca-file", &value, &why));
	ck_assert_msg(value == 0, "what is absent reads as 0");
}
END_TEST

START_TEST(a_failure_names_the_place_of_the_item)
{
	assert_no_failure(read_config("target:\n  - a\n  - b\n"));
	assert_failure(
	    options_failure(options, "target", 1, &why, "no %s", "host"), "c.yml:3: target: no host");
	assert_failure(options_failure(options, "timeout", 0, &why, "too short"), "--timeout: too short");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("options");
	TCase *all = tcase_create("options");

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_loop_test(all,
	    a_flag_wins_over_a_variable_over_an_older_one_over_instance_program_top_level_and_default, 0,
	    PLACES);
	tcase_add_test(all, each_option_takes_its_value_from_the_place_that_wins_for_it);
	tcase_add_test(all, flags_take_their_value_from_the_next_argument_or_behind_an_equals_sign);
	tcase_add_loop_test(all, a_bad_flag_is_named_and_no_value_is_quoted, 0, LENGTH(bad_flags));
	tcase_add_loop_test(
	    all, secrets_are_wiped_from_the_arguments_whatever_else_is_wrong, 0, LENGTH(secret_flags));
	tcase_add_test(all, other_values_stay_in_the_arguments);
	tcase_add_test(all, a_variable_that_is_set_to_nothing_is_not_set);
	tcase_add_test(all, a_variable_is_named_like_the_flag);
	tcase_add_loop_test(all, a_switch_takes_all_the_words_of_yaml, 0, LENGTH(booleans));
	tcase_add_test(all, what_only_prints_is_a_flag_alone);
	tcase_add_loop_test(all, a_secret_may_come_from_a_file, 0, LENGTH(files));
	tcase_add_test(all, only_secrets_come_from_files);
	tcase_add_test(all, a_secret_and_its_file_are_one_too_many);
	tcase_add_test(all, a_file_without_a_secret_names_its_variable);
	tcase_add_loop_test(all, a_bad_key_is_named_with_its_line, 0, LENGTH(bad_configs));
	tcase_add_test(all, sections_of_other_programs_are_passed_over);
	tcase_add_loop_test(all, an_empty_section_is_no_fault, 0, LENGTH(empty_sections));
	tcase_add_loop_test(all, an_instance_has_a_section_of_its_own, 0, LENGTH(instances));
	tcase_add_test(all, dots_and_nesting_mean_the_same);
	tcase_add_test(all, a_repeatable_option_takes_one_value_too);
	tcase_add_test(all, reading_again_forgets_what_was_read_before_but_not_the_flags);
	tcase_add_loop_test(all, a_bad_file_leaves_the_older_values, 0, LENGTH(no_good));
	tcase_add_test(all, a_checked_value_is_read_or_refused_with_its_place);
	tcase_add_loop_test(all, a_connection_string_in_the_wrong_place_is_not_quoted, 0, LENGTH(urls));
	tcase_add_loop_test(all, a_whole_number_has_nothing_but_digits, 0, LENGTH(integers));
	tcase_add_loop_test(all, a_ratio_is_a_plain_decimal_fraction, 0, LENGTH(ratios));
	tcase_add_test(all, a_failure_names_the_place_of_the_item);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
