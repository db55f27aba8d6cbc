/*
 * Names and reasons come from files, which may be anybody's, and go into JSON,
 * HTML, and a line of plain text.  So they are made harmless once, here: valid
 * UTF-8, no control characters, none that hide or turn text, cut between
 * characters.  Escaping for HTML and JSON still belongs to their writers.
 * Fixed buffers keep a report's size bounded, whatever the files hold.
 */

#include "exporter/health/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "common/text/utf8.h"

/* The last second of the year 9999: RFC 3339 knows no later one. */
static const double last_time = 253402300799.0;

struct words
words_start(char *text, size_t size)
{
	text[0] = '\0';
	return (struct words){ .text = text, .size = size };
}

void
words_add_list(struct words *words, const char *format, va_list args)
{
	size_t room = words->size - words->length;
	int length = vsnprintf(words->text + words->length, room, format, args);

	if (length < 0) {
		words->text[words->length] = '\0';
	} else if ((size_t)length < room) {
		words->length += (size_t)length;
	} else {
		/* Without a part of a character that did not fit. */
		words->length = words->size - 1;
		while (!utf8_valid((struct slice){ words->text, words->length }))
			words->length--;
		words->text[words->length] = '\0';
	}
}

void
words_add(struct words *words, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	words_add_list(words, format, args);
	va_end(args);
}

/* The line break that an escape may stand for would not show, either. */
void
words_copy(struct slice from, bool escaped, char *text, size_t size)
{
	size_t length = 0;

	for (size_t i = 0, width, needed; i<from.length; i += width> 0 ? width : 1) {
		bool escape = escaped && from.at[i] == '\\' && i + 1 < from.length, odd;

		i += escape;
		width = utf8_character(from.at + i, from.length - i);
		odd = width == 0 || from.at[i] == '\0' || (escape && from.at[i] == 'n') ||
		      utf8_unseen(from.at + i, width) != 0;
		needed = odd ? 1 : width;
		if (needed >= size - length)
			break;
		memcpy(text + length, odd ? "?" : from.at + i, needed);
		length += needed;
	}
	text[length] = '\0';
}

void
words_duration(double seconds, char text[WORDS_TIME])
{
	struct words words = words_start(text, WORDS_TIME);

	if (!(seconds >= 0) || isinf(seconds))
		return;
	/* The limits are where rounding would show "1000 µs" or "120 s". */
	if (seconds < 0.0009995)
		words_add(&words, "%.3g \xC2\xB5s", seconds * 1e6);
	else if (seconds < 0.9995)
		words_add(&words, "%.3g ms", seconds * 1e3);
	else if (seconds < 9.95)
		words_add(&words, "%.2g s", seconds);
	else if (seconds < 119.5)
		words_add(&words, "%.0f s", seconds);
	else if (seconds < 119.5 * 60)
		words_add(&words, "%.0f min", seconds / 60);
	else if (seconds < 47.5 * 3600)
		words_add(&words, "%.0f h", seconds / 3600);
	else
		words_add(&words, "%.6g days", (double)(long long)(seconds < 1e15 ? seconds / 86400 : 1e10));
}

static bool
broken_down(double seconds, struct tm *parts)
{
	time_t whole;

	if (!(seconds >= 0 && seconds <= last_time))
		return false;
	whole = (time_t)seconds;
	return gmtime_r(&whole, parts) != NULL;
}

void
words_rfc3339(double seconds, char text[WORDS_TIME])
{
	struct tm parts;

	if (!broken_down(seconds, &parts) || strftime(text, WORDS_TIME, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		text[0] = '\0';
}

void
words_clock(double seconds, double now, char text[WORDS_TIME])
{
	/* strftime("%b") would depend on the locale. */
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
		"Oct", "Nov", "Dec" };
	struct words words = words_start(text, WORDS_TIME);
	struct tm parts;

	if (!broken_down(seconds, &parts))
		return;
	if (fabs(seconds - now) < 86400)
		words_add(&words, "%02d:%02d:%02d", parts.tm_hour, parts.tm_min, parts.tm_sec);
	else
		words_add(&words, "%d %s %02d:%02d", parts.tm_mday, months[parts.tm_mon % 12], parts.tm_hour,
		    parts.tm_min);
}
