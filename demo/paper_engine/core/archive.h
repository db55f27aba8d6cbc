#ifndef PAPER_ENGINE_ARCHIVE_H
#define PAPER_ENGINE_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Lines of JSON that are written and read by the same calls: a reader expects byte for byte what a writer
 * would have written, but for the numbers.  So the two cannot differ, and nothing else is ever read.  The
 * first error sticks.
 */
enum { ARCHIVE_LINE = 16384 };

struct archive {
	bool writes;
	bool failed;             /* reading: it is another text; writing: the line would be too long */
	bool first;              /* in its object or list */
	const char *at;          /* reading: the rest of the text, ended by NUL */
	const char *line_begins; /* reading */
	char line[ARCHIVE_LINE]; /* writing: the line so far */
	size_t length;
};

/* "NAME {": a writer's name is written, a reader's is read into it (size bytes, without blanks). */
void archive_begin(struct archive *archive, char *name, size_t size);

/* A checksum of the line, and its end. */
void archive_end(struct archive *archive);

/* A member of the object, or with name NULL of a list. */
void archive_open(struct archive *archive, const char *name, char bracket);
void archive_close(struct archive *archive, char bracket);
void archive_number(struct archive *archive, const char *name, int64_t *value);
void archive_numbers(struct archive *archive, const char *name, int64_t *values, size_t count);

/* One that fails a reader outside of least..most. */
int archive_choice(struct archive *archive, const char *name, int value, int least, int most);

#endif /* PAPER_ENGINE_ARCHIVE_H */
