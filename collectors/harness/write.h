#ifndef COLLECTORS_HARNESS_WRITE_H
#define COLLECTORS_HARNESS_WRITE_H

#include "common/text/slice.h"
#include "textfile/metrics.h"

/*
 * Metrics as the text of a file, its checksum included, in pieces that are
 * validated before they are handed on: neither the whole text nor what
 * validation makes of it is ever in memory.
 *
 * A piece is made of whole series below HELP and TYPE of their family, so that
 * all that is wrong within a series or a family's head is found.  What could be
 * wrong between two pieces cannot be: a family twice, or with a name that
 * another takes, is refused by family_check() when the metrics are made; a
 * series twice is the same series in them; all of a family have the row's
 * labels.
 */
struct write_outlet {
	void *context;
	int (*write)(void *context, struct slice piece, struct failure *why);
};

/* 0, or -1 with `why` (local): ours, or the outlet's. */
int write_checked(const struct metrics *m, const struct write_outlet *outlet, struct failure *why);

#endif /* COLLECTORS_HARNESS_WRITE_H */
