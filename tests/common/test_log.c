#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log_stream.h"
#include "tests/suite.h"

/* What is written to stderr, until end_capture(). */
static int saved = -1, captured = -1;
static char output[64 * 1024];

static void
begin_capture(void)
{
	char path[] = "/tmp/arbwatch-log.XXXXXX";

	saved = dup(STDERR_FILENO);
	captured = mkstemp(path);
	ck_assert_int_ge(captured, 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_ge(dup2(captured, STDERR_FILENO), 0);
}

static const char *
end_capture(void)
{
	ssize_t length = pread(captured, output, sizeof(output) - 1, 0);

	ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
	(void)close(saved);
	(void)close(captured);
	ck_assert_int_ge(length, 0);
	output[length] = '\0';
	return output;
}

/* One line with a value in it, and the value as it was written. */
static const char *
written(const struct log *log, const char *value)
{
	static char text[sizeof(output)];
	const char *line, *start, *marker = log->format == LOG_JSON ? ",\"value\":" : " value=";

	begin_capture();
	log_write(log, LOG_WARN, "m", "value", value, NULL);
	line = end_capture();
	ck_assert_msg(strchr(line, '\n') == line + strlen(line) - 1, "not one line: %s", line);
	start = strstr(line, marker);
	ck_assert_msg(start != NULL, "no value in: %s", line);
	(void)snprintf(text, sizeof(text), "%s", start + strlen(marker));
	text[strlen(text) - (log->format == LOG_JSON ? 2 : 1)] = '\0';
	return text;
}

static struct log
make_log(enum log_format format, const struct secrets *secrets)
{
	return (struct log){
		.level = LOG_INFO, .format = format, .program = "redis_latency", .secrets = secrets
	};
}

static void
assert_line(const char *pattern)
{
	regex_t expression;

	ck_assert_int_eq(regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB), 0);
	ck_assert_msg(regexec(&expression, output, 0, NULL, 0) == 0, "%s", output);
	regfree(&expression);
}

#define TIME "20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{3}Z"

START_TEST(a_line_has_time_level_collector_message_and_fields)
{
	struct log log = make_log(LOG_LOGFMT, NULL);

	begin_capture();
	log_write(&log, LOG_WARN, "no answer in time", "target", "main", "kind", "timeout", NULL);
	(void)end_capture();
	assert_line(
	    "^ts=" TIME
	    " level=warn collector=redis_latency msg=\"no answer in time\" target=main kind=timeout\n$");
	log.format = LOG_JSON;
	begin_capture();
	log_write(&log, LOG_ERROR, "cannot write", NULL);
	(void)end_capture();
	assert_line("^\\{\"ts\":\"" TIME
		    "\",\"level\":\"error\",\"collector\":\"redis_latency\",\"msg\":\"cannot write\"\\}\n$");
}
END_TEST

START_TEST(what_is_below_the_level_is_not_written)
{
	struct log log = make_log(LOG_LOGFMT, NULL);

	for (int level = LOG_DEBUG; level <= LOG_ERROR; level++) {
		log.level = (enum log_level)level;
		for (int event = LOG_DEBUG; event <= LOG_ERROR; event++) {
			begin_capture();
			log_write(&log, (enum log_level)event, "m", NULL);
			ck_assert_int_eq(*end_capture() != '\0', event >= level);
		}
	}
}
END_TEST

START_TEST(levels_and_formats_are_known_by_name)
{
	static const char *const levels[] = { "debug", "info", "warn", "error" };
	enum log_level level = LOG_WARN;
	enum log_format format = LOG_JSON;

	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(log_level_parse(levels[i], &level), 0);
		ck_assert_int_eq(level, i);
	}
	ck_assert_int_eq(log_level_parse("INFO", &level), -1);
	ck_assert_int_eq(log_level_parse("", &level), -1);
	ck_assert_int_eq(level, LOG_ERROR);
	ck_assert_int_eq(log_format_parse("logfmt", &format), 0);
	ck_assert_int_eq(format, LOG_LOGFMT);
	ck_assert_int_eq(log_format_parse("json", &format), 0);
	ck_assert_int_eq(format, LOG_JSON);
	ck_assert_int_eq(log_format_parse("xml", &format), -1);
}
END_TEST

static const struct {
	const char *value;
	const char *logfmt;
	const char *json;
} escapes[] = {
	{ "plain", "plain", "\"plain\"" },
	{ "", "\"\"", "\"\"" },
	{ "two words", "\"two words\"", "\"two words\"" },
	{ "a=b", "\"a=b\"", "\"a=b\"" },
	{ "say \"hi\"", "\"say \\\"hi\\\"\"", "\"say \\\"hi\\\"\"" },
	{ "back\\slash", "\"back\\\\slash\"", "\"back\\\\slash\"" },
	{ "two\nlines", "\"two\\u000alines\"", "\"two\\u000alines\"" },
	{ "\t\r\x01\x1b[31m\x7f", "\"\\u0009\\u000d\\u0001\\u001b[31m\\u007f\"",
	    "\"\\u0009\\u000d\\u0001\\u001b[31m\\u007f\"" },
	/* Control characters past ASCII: a terminal takes U+009B for ESC [. */
	{ "\xc2\x9b"
	  "31m\xc2\x80\xc2\x9f\xc2\xa0",
	    "\"\\u009b31m\\u0080\\u009f\xc2\xa0\"", "\"\\u009b31m\\u0080\\u009f\xc2\xa0\"" },
	{ "업비트", "\"업비트\"", "\"업비트\"" },
	/* What turns the direction of a line, and what has no width. */
	{ "a\xe2\x80\xae"
	  "b\xd8\x9c\xe2\x81\xa6\xe2\x80\x8f\xef\xbb\xbf",
	    "\"a\\u202eb\\u061c\\u2066\\u200f\\ufeff\"", "\"a\\u202eb\\u061c\\u2066\\u200f\\ufeff\"" },
	{ "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"", "\"\xf0\x9f\x98\x80\"" },
	{ "\xff|\xc3|\xc0\x80|\xed\xa0\x80|\xf4\x90\x80\x80", "\"?|?|??|???|????\"", "\"?|?|??|???|????\"" },
	{ "cut\xe2\x82", "\"cut??\"", "\"cut??\"" },
	{ "{\"json\":1}", "\"{\\\"json\\\":1}\"", "\"{\\\"json\\\":1}\"" },
};

START_TEST(a_value_is_quoted_and_escaped)
{
	struct log logfmt = make_log(LOG_LOGFMT, NULL), json = make_log(LOG_JSON, NULL);

	ck_assert_str_eq(written(&logfmt, escapes[_i].value), escapes[_i].logfmt);
	ck_assert_str_eq(written(&json, escapes[_i].value), escapes[_i].json);
}
END_TEST

START_TEST(secrets_are_masked_in_messages_and_values)
{
	struct secrets secrets = { 0 };
	struct log log = make_log(LOG_LOGFMT, &secrets);

	secrets_add(&secrets, "p@ss word");
	begin_capture();
	log_write(
	    &log, LOG_WARN, "denied: p@ss word", "url", "redis://:p%40ss%20word@h", "raw", "p@ss word", NULL);
	(void)end_capture();
	assert_line("msg=\"denied: \\*\\*\\*\" url=redis://:\\*\\*\\*@h raw=\\*\\*\\*\n$");
	secrets_release(&secrets);
}
END_TEST

/* A secret at the cap of a value is masked before the value is cut. */
START_TEST(a_secret_that_the_cap_cuts_is_masked_too)
{
	static const char secret[] = "SeCr3t-0123456789";
	struct secrets secrets = { 0 };
	struct log log = make_log(LOG_LOGFMT, &secrets);
	char value[1200];

	secrets_add(&secrets, secret);
	for (size_t before = 1000; before < 1030; before++) {
		memset(value, 'x', before);
		(void)snprintf(value + before, sizeof(value) - before, "%s", secret);
		ck_assert_msg(strstr(written(&log, value), "SeCr") == NULL, "cut after %zu", before);
	}
	secrets_release(&secrets);
}
END_TEST

/* A password that begins like the target's name says nothing of either. */
START_TEST(a_word_that_begins_a_secret_is_no_secret)
{
	struct secrets secrets = { 0 };
	struct log log = make_log(LOG_LOGFMT, &secrets);

	secrets_add(&secrets, "main_secret1");
	ck_assert_str_eq(written(&log, "main"), "main");
	ck_assert_str_eq(written(&log, "main_secret"), "main_secret");
	ck_assert_str_eq(written(&log, "main_secret1"), "***");
	secrets_release(&secrets);
}
END_TEST

/* A short secret must not spoil what programs and people read of a line. */
START_TEST(time_and_level_are_never_masked)
{
	struct secrets secrets = { 0 };
	struct log log = make_log(LOG_LOGFMT, &secrets);

	secrets_add(&secrets, "0");
	secrets_add(&secrets, "20");
	secrets_add(&secrets, "redis");
	secrets_add(&secrets, "info");
	begin_capture();
	log_write(&log, LOG_INFO, "redis_latency: 20 runs of 'redis'", NULL);
	(void)end_capture();
	assert_line("^ts=" TIME " level=info collector=redis_latency "
		    "msg=\"redis_latency: 20 runs of '\\*\\*\\*'\"\n$");
	secrets_release(&secrets);
}
END_TEST

START_TEST(what_a_library_prints_is_logged_once)
{
	struct log log = make_log(LOG_JSON, NULL);
	struct log_stream *stream = log_stream_open();

	ck_assert_ptr_nonnull(stream);
	begin_capture();
	(void)fputs("WARNING: early\nhalf ", stderr);
	log_stream_use(stream, &log);
	(void)fprintf(stderr, "a \"%s\"\n", "line");
	(void)fputs("WARNING: early\n", stderr);
	for (int i = 0; i < 3000; i++)
		(void)fputc('x', stderr);
	(void)fputs("\n", stderr);
	(void)end_capture();
	assert_line("^[^\n]*\"warn\"[^\n]*\"msg\":\"WARNING: early\",\"source\":\"library\"[}]\n"
		    "[^\n]*half a \\\\\"line\\\\\"[^\n]*\n[^\n]*\"xxx+\"[^\n]*\n$");
}
END_TEST

static const enum log_format formats[] = { LOG_LOGFMT, LOG_JSON };

/* Six bytes for each control character: more than a line may have. */
START_TEST(a_line_that_grows_too_long_still_ends_as_a_line)
{
	struct log log = make_log(formats[_i], NULL);
	char value[300];
	const char *line;

	memset(value, '\x01', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	begin_capture();
	log_write(&log, LOG_WARN, "m", "a", value, "b", value, "c", value, "d", value, "e", "last", NULL);
	line = end_capture();
	ck_assert_uint_gt(strlen(line), 1000);
	ck_assert_msg(strchr(line, '\n') == line + strlen(line) - 1, "no end of the line");
	if (log.format == LOG_JSON)
		ck_assert_msg(strcmp(line + strlen(line) - 3, "\"}\n") == 0, "no end of the object");
	else
		ck_assert_msg(line[strlen(line) - 2] != ' ', "half a field");
}
END_TEST

/* A page is free in the pipe, and nobody reads: a longer line would wait for a reader for ever. */
START_TEST(a_reader_that_does_not_read_stops_nobody)
{
	struct log log = make_log(LOG_LOGFMT, NULL);
	char value[1000], page[4096] = "";
	int ends[2], before = dup(STDERR_FILENO);

	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	while (write(ends[1], page, sizeof(page)) > 0)
		;
	ck_assert_int_eq(read(ends[0], page, sizeof(page)), sizeof(page));
	ck_assert_int_eq(fcntl(ends[1], F_SETFL, 0), 0);
	ck_assert_int_ge(dup2(ends[1], STDERR_FILENO), 0);
	for (int i = 0; i < 3; i++)
		log_write(
		    &log, LOG_WARN, value, "a", value, "b", value, "c", value, "d", value, "e", value, NULL);
	ck_assert_int_ge(dup2(before, STDERR_FILENO), 0);
	(void)close(before);
	(void)close(ends[0]);
	(void)close(ends[1]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("log");
	TCase *lines = tcase_create("lines");

	tcase_add_test(lines, a_line_has_time_level_collector_message_and_fields);
	tcase_add_test(lines, what_is_below_the_level_is_not_written);
	tcase_add_test(lines, levels_and_formats_are_known_by_name);
	tcase_add_loop_test(lines, a_value_is_quoted_and_escaped, 0, LENGTH(escapes));
	tcase_add_test(lines, secrets_are_masked_in_messages_and_values);
	tcase_add_test(lines, a_secret_that_the_cap_cuts_is_masked_too);
	tcase_add_test(lines, a_word_that_begins_a_secret_is_no_secret);
	tcase_add_test(lines, time_and_level_are_never_masked);
	tcase_add_test(lines, what_a_library_prints_is_logged_once);
	tcase_add_test(lines, a_reader_that_does_not_read_stops_nobody);
	tcase_add_loop_test(lines, a_line_that_grows_too_long_still_ends_as_a_line, 0, LENGTH(formats));
	suite_add_tcase(suite, lines);
	return run_suite(suite);
}
