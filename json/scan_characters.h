#ifndef JSON_SCAN_CHARACTERS_H
#define JSON_SCAN_CHARACTERS_H

#include <stdbool.h>

/* What the files of json_scan have in common; for them alone. */
static inline const char *
past_space(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
		at++;
	return at;
}

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The character of "\uXXXX" at `*at`, or of two of them, with `*at` behind them; 0: it is none, or NUL. */
unsigned json_scan_unicode(const char **at, const char *end);

#endif /* JSON_SCAN_CHARACTERS_H */
