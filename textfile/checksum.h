#ifndef TEXTFILE_CHECKSUM_H
#define TEXTFILE_CHECKSUM_H

#include <stdbool.h>

#include "common/buffer.h"

/*
 * The last line of every file of ours is a comment with a checksum of all
 * before it:
 *
 *	# sum 4f1c0a9be2d35577
 *
 * Readers pass comments over.  It tells a run that the file it continues is
 * whole: neither cut at a line's end, nor changed in a digit, both of which
 * still parse.  It is no protection against somebody who means harm.
 */
void checksum_append(struct buffer *text);

/* Whether `text` ends with the right one. */
bool checksum_holds(struct slice text);

#endif /* TEXTFILE_CHECKSUM_H */
