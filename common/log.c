/*
 * A log line repeats text from outside, and programs read it.  So a value may
 * not end its field or its line, hide text on a terminal, or show a secret.
 * The order of the steps matters: a value is masked, then cut to its cap, then
 * escaped.  A cut or an escape within a secret would hide it from masking.  The
 * line is built in memory and goes out with one write().  Room for its end is
 * kept free, so that a full line can still be parsed.
 */

#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/deadline.h"
#include "common/log.h"
#include "common/system/time.h"
#include "common/text/buffer.h"
#include "common/text/utf8.h"

/* poll() says of a pipe that this much can be written without waiting, and no more than that. */
enum { LINE_END = 2, LONGEST_LINE = 4096 - LINE_END, LONGEST_VALUE = 1023, LONGEST_WAIT_MS = 100 };

static const char *const level_names[] = { "debug", "info", "warn", "error", "critical" };
static const char *const format_names[] = { "logfmt", "json" };

static int
index_of(const char *const names[], int count, const char *text)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], text) == 0)
			return i;
	return -1;
}

int
log_level_parse(const char *text, enum log_level *level)
{
	int found = index_of(level_names, 4, text);

	if (found < 0)
		return -1;
	*level = (enum log_level)found;
	return 0;
}

int
log_format_parse(const char *text, enum log_format *format)
{
	int found = index_of(format_names, 2, text);

	if (found < 0)
		return -1;
	*format = (enum log_format)found;
	return 0;
}

/* Both formats escape as JSON does: quotes, backslashes and characters that do
 * not show.  JSON must be UTF-8, so each byte that is not becomes '?'. */
static void
add_escaped(struct buffer *line, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t width = utf8_character(text, left);

		if (width == 0)
			buffer_string(line, "?");
		else if (*text == '"' || *text == '\\')
			buffer_format(line, "\\%c", *text);
		else if (utf8_unseen(text, width) != 0)
			buffer_format(line, "\\u%04x", utf8_unseen(text, width));
		else
			buffer_append(line, text, width);
		/* Only the bad byte is passed over: a good character may follow it. */
		width = width == 0 ? 1 : width;
		text += width;
		left -= width;
	}
}

/* A logfmt value needs no quotes when nothing in it could end it.  Bytes past ASCII
 * get quotes: a signed char is below ' ' there, an unsigned one above 0x7F. */
static bool
is_bare(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text >= 0x7F || strchr("\"\\=", *text) != NULL)
			return false;
	return true;
}

/* A field that does not fit is left out as a whole: half of it would read as another value. */
static void
add_field(const struct log *log, struct buffer *line, const char *key, const char *text)
{
	size_t before = line->length;
	bool json = log->format == LOG_JSON, quoted = json || !is_bare(text);

	buffer_string(line, before == 0 ? (json ? "{" : "") : (json ? "," : " "));
	buffer_format(line, json ? "\"%s\":" : "%s=", key);
	buffer_string(line, quoted ? "\"" : "");
	add_escaped(line, text);
	buffer_string(line, quoted ? "\"" : "");
	if (line->failed) {
		line->failed = false;
		line->length = before;
	}
}

static void
add_masked_field(const struct log *log, struct buffer *line, const char *key, const char *text)
{
	char *value = strdup(text);

	/* The text itself may hold a secret: without memory to mask it, it is not shown. */
	if (value == NULL) {
		add_field(log, line, key, "(out of memory)");
		return;
	}
	if (log->secrets != NULL)
		secrets_mask(log->secrets, value);
	if (strlen(value) > LONGEST_VALUE)
		value[LONGEST_VALUE] = '\0';
	add_field(log, line, key, value);
	free(value);
}

void
log_write(const struct log *log, enum log_level level, const char *message, ...)
{
	struct pollfd room = { .fd = STDERR_FILENO, .events = POLLOUT };
	char now[TIME_TEXT];
	struct buffer line;
	const char *key;
	va_list fields;

	if (level < log->level)
		return;
	buffer_init(&line, LONGEST_LINE);
	/* These three are not masked: a secret as short as "0" would spoil what programs parse. */
	add_field(log, &line, "ts", time_text(clock_unix_seconds(), now));
	add_field(log, &line, "level", level_names[level]);
	add_field(log, &line, "collector", log->program);
	add_masked_field(log, &line, "msg", message);
	va_start(fields, message);
	while ((key = va_arg(fields, const char *)) != NULL)
		add_masked_field(log, &line, key, va_arg(fields, const char *));
	va_end(fields);
	/* Only now, so that no field can take the room of the end. */
	line.limit += LINE_END;
	buffer_string(&line, log->format == LOG_JSON ? "}\n" : "\n");
	/* One write, so that lines of several programs do not mix.  A log that cannot be written
	 * has no place to say so, and a reader that does not read must not stop the measuring. */
	if (line.length > 0 && poll(&room, 1, LONGEST_WAIT_MS) > 0 &&
	    write(STDERR_FILENO, line.text, line.length) < 0) {
	}
	buffer_release(&line);
}
