#ifndef COMMON_TEXT_BUFFER_H
#define COMMON_TEXT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "common/text/slice.h"

/*
 * Text that grows, up to a limit it is born with.
 *
 * Appending cannot fail at the call: the first error sticks (`failed`), later
 * text is thrown away, and the owner asks once at the end.  buffer_release()
 * frees the memory; a zeroed struct may be released too.
 */
struct buffer {
	char *text; /* not NUL-terminated; NULL while empty */
	size_t length;
	size_t capacity;
	size_t limit;
	bool failed; /* the limit was reached, or memory ran out */
};

void buffer_init(struct buffer *b, size_t limit);
void buffer_release(struct buffer *b);

/* Room for `length` more bytes at the end, or NULL; the caller fills it and adds to b->length. */
char *buffer_reserve(struct buffer *b, size_t length);

/*
 * Append all that is behind `fd`, which seems to have `expected` bytes.  0, or -1
 * with errno: of read(), EFBIG (past the limit, of which BUFFER_STEP must be to
 * spare to see the end) or ENOMEM.
 */
enum { BUFFER_STEP = 65536 };
int buffer_fill(struct buffer *b, int fd, size_t expected);

/* At most 1023 bytes: more counts as past the limit. */
void buffer_format(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void
buffer_append(struct buffer *b, const char *text, size_t length)
{
	char *room = buffer_reserve(b, length);

	if (room != NULL && length > 0) {
		memcpy(room, text, length);
		b->length += length;
	}
}

static inline void
buffer_string(struct buffer *b, const char *text)
{
	buffer_append(b, text, strlen(text));
}

static inline struct slice
buffer_slice(const struct buffer *b)
{
	return (struct slice){ b->text, b->length };
}

#endif /* COMMON_TEXT_BUFFER_H */
