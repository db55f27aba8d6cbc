#ifndef EXPORTER_HEALTH_TEXT_H
#define EXPORTER_HEALTH_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/text/slice.h"

/* Short texts for people in fixed buffers: always NUL-terminated, always UTF-8, cut between characters. */
struct words {
	char *text;
	size_t size;
	size_t length;
};

struct words words_start(char *text, size_t size);
void words_add(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));
void words_add_list(struct words *words, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/*
 * What is no UTF-8, or would not show, becomes '?'.  `escaped`: it is the value of
 * a label as it is written in a file, and its escapes are undone.
 */
void words_copy(struct slice from, bool escaped, char *text, size_t size);

enum { WORDS_TIME = 32 };

/* "350 µs", "0.4 ms", "12 s", "3 min", "5 h", "9 days"; "" for what is no duration. */
void words_duration(double seconds, char text[WORDS_TIME]);

/* Unix time as RFC 3339, "2026-01-31T14:03:22Z"; "" before 1970, past 9999, or NaN. */
void words_rfc3339(double seconds, char text[WORDS_TIME]);

/* "14:03:22", UTC, of a time within a day of `now`; else "31 Jan 14:03". */
void words_clock(double seconds, double now, char text[WORDS_TIME]);

#endif /* EXPORTER_HEALTH_TEXT_H */
