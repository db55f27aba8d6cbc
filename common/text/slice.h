#ifndef COMMON_TEXT_SLICE_H
#define COMMON_TEXT_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A run of bytes inside somebody else's memory: not owned, not NUL-terminated. */
struct slice {
	const char *at;
	size_t length;
};

#define SLICE(text) ((struct slice){ (text), strlen(text) })

/* For printf's "%.*s". */
#define SLICE_ARGS(slice) (int)(slice).length, (slice).at

static inline bool
slice_equal(struct slice a, struct slice b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

static inline bool
slice_is(struct slice a, const char *text)
{
	return slice_equal(a, SLICE(text));
}

static inline bool
slice_ends_with(struct slice a, const char *suffix)
{
	size_t length = strlen(suffix);

	return a.length >= length && memcmp(a.at + a.length - length, suffix, length) == 0;
}

#endif /* COMMON_TEXT_SLICE_H */
