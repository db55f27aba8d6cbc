/*
 * The error that sticks saves a check after each small piece of text.  The
 * limit is checked before memory is asked for, so that a peer or a file cannot
 * make us take all there is.  An owner may raise the limit later, as log.c
 * does, but must not lower it below the length: their difference would wrap.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/text/buffer.h"

enum { SMALLEST = 1024 };

void
buffer_init(struct buffer *b, size_t limit)
{
	*b = (struct buffer){ .limit = limit };
}

void
buffer_release(struct buffer *b)
{
	free(b->text);
	*b = (struct buffer){ .limit = b->limit };
}

char *
buffer_reserve(struct buffer *b, size_t length)
{
	size_t capacity;
	char *text;

	if (b->failed)
		return NULL;
	if (length > b->limit - b->length) {
		b->failed = true;
		return NULL;
	}
	if (b->text != NULL && length <= b->capacity - b->length)
		return b->text + b->length;
	capacity = b->capacity < SMALLEST ? SMALLEST : b->capacity;
	while (capacity < b->length + length)
		capacity *= 2;
	text = realloc(b->text, capacity);
	if (text == NULL) {
		b->failed = true;
		return NULL;
	}
	b->text = text;
	b->capacity = capacity;
	return b->text + b->length;
}

void
buffer_format(struct buffer *b, const char *format, ...)
{
	char text[1024];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= sizeof(text))
		b->failed = true;
	else
		buffer_append(b, text, (size_t)length);
}

int
buffer_fill(struct buffer *b, int fd, size_t expected)
{
	/* One more than expected: a read of 0 bytes, of a file
	 * that claims to be empty, would look like its end. */
	size_t wanted = expected + 1;

	for (;;) {
		char *room = buffer_reserve(b, wanted);
		ssize_t got;

		if (room == NULL) {
			errno = b->length + wanted > b->limit ? EFBIG : ENOMEM;
			return -1;
		}
		got = read(fd, room, wanted);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return (int)got;
		b->length += (size_t)got;
		wanted = BUFFER_STEP;
	}
}
