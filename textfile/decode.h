#ifndef TEXTFILE_DECODE_H
#define TEXTFILE_DECODE_H

#include "textfile/metrics.h"
#include "textfile/parse.h"

/*
 * The inverse of encode(): put the samples of a document into `m`, as its
 * tables describe them.  Samples of families that `m` does not have, and of
 * another env, are passed over.
 *
 * A family whose samples do not fit its row (type, label keys, buckets, a
 * count that is no whole number, more series than it may have) is left out
 * whole and marked in `misfit`, which has room for one flag per family of `m`.
 */
void decode(struct metrics *m, const struct document *document, bool misfit[]);

#endif /* TEXTFILE_DECODE_H */
