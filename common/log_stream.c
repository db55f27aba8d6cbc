/*
 * libpq warns of a password file with fprintf(stderr), in each connection, and other libraries have words of
 * their own.  glibc lets a program put a stream of its own into the variable stderr.  Only whole lines are
 * logged: a text in pieces would not be masked.
 */

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/log_stream.h"

enum { TEXT = 1024, TEXTS = 64 };

struct log_stream {
	struct log log;  /* a copy; its program is NULL until log_stream_use() */
	char text[TEXT]; /* that is not logged yet */
	size_t length;
	uint64_t said[TEXTS]; /* hashes; after that many texts the oldest may be said again */
	size_t said_count;
};

/* FNV-1a. */
static uint64_t
hash_of(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return hash;
}

static void
say(struct log_stream *s, const char *line)
{
	uint64_t hash = hash_of(line);

	if (*line == '\0')
		return;
	for (size_t i = 0; i < TEXTS && i < s->said_count; i++)
		if (s->said[i] == hash)
			return;
	s->said[s->said_count++ % TEXTS] = hash;
	log_write(&s->log, LOG_WARN, line, "source", "library", NULL);
}

static void
say_lines(struct log_stream *s)
{
	char *begin = s->text, *end;

	if (s->log.program == NULL)
		return;
	while ((end = memchr(begin, '\n', s->length - (size_t)(begin - s->text))) != NULL) {
		*end = '\0';
		say(s, begin);
		begin = end + 1;
	}
	s->length -= (size_t)(begin - s->text);
	memmove(s->text, begin, s->length);
}

static ssize_t
take(void *cookie, const char *text, size_t size)
{
	struct log_stream *s = cookie;

	for (size_t i = 0; i < size; i++) {
		/* What has no room is lost, but for the end of its line. */
		if (s->length < sizeof(s->text) - 1)
			s->text[s->length++] = (char)(text[i] != '\0' ? text[i] : '?');
		else if (text[i] == '\n')
			s->text[s->length - 1] = '\n';
		if (text[i] == '\n')
			say_lines(s);
	}
	return (ssize_t)size;
}

struct log_stream *
log_stream_open(void)
{
	/* A process has one stderr, and threads that were left behind may print to it until the very end. */
	static struct log_stream only;
	FILE *stream = fopencookie(&only, "w", (cookie_io_functions_t){ .write = take });

	if (stream == NULL)
		return NULL;
	(void)setvbuf(stream, NULL, _IONBF, 0);
	stderr = stream;
	return &only;
}

void
log_stream_use(struct log_stream *s, const struct log *log)
{
	if (s == NULL)
		return;
	flockfile(stderr);
	s->log = *log;
	say_lines(s);
	funlockfile(stderr);
}
