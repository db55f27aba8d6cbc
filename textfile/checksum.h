#ifndef TEXTFILE_CHECKSUM_H
#define TEXTFILE_CHECKSUM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/text/buffer.h"

/*
 * The last line of every file of ours is a comment with a checksum of all
 * before it:
 *
 *	# sum 4f1c0a9be2d35577
 *
 * Readers pass comments over.  It tells a run that the file it continues is
 * whole: neither cut at a line's end, nor changed in a digit, both of which
 * still parse.  It is no protection against somebody who means harm.
 *
 * The text may come in pieces, cut anywhere: nobody needs to hold all of it.
 */
enum {
	CHECKSUM_LINE = 23, /* "# sum " + 16 digits + newline */
	CHECKSUM_LANES =
	    4, /* hashes side by side, a word each in turn: no multiplication waits for another */
	CHECKSUM_BLOCK = CHECKSUM_LANES * 8,
};

struct checksum {
	uint64_t lanes[CHECKSUM_LANES];
	uint64_t length;
	char tail[CHECKSUM_BLOCK]; /* the last bytes, less than a block, which are in no lane yet */
};

void checksum_init(struct checksum *sum);
void checksum_add(struct checksum *sum, struct slice text);

/* The line that ends the text.  No NUL behind it. */
void checksum_line(const struct checksum *sum, char line[CHECKSUM_LINE]);

/* The line of all that is in `text`, behind it. */
void checksum_append(struct buffer *text);

/* Whether `text` ends with the right one. */
bool checksum_holds(struct slice text);

#endif /* TEXTFILE_CHECKSUM_H */
