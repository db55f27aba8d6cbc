#ifndef TEXTFILE_STATE_H
#define TEXTFILE_STATE_H

#include "common/text/buffer.h"
#include "textfile/metrics.h"
#include "textfile/publish.h"

/*
 * Counters that go on across one-shot runs: the last published file is the
 * state.  Counters and histograms of `run` grow by what `last` says, gauges
 * that are `kept` and that this run did not set come back.
 *
 * A series of the last file that this run did not touch goes on too, as long
 * as the run has some series, of any family, whose first label is the same
 * (target="main", exchange="upbit"): what is no longer configured disappears, a
 * rare status code stays.  Series of another env are not ours and are left out.
 *
 * `last` has the same tables and env.
 */
void state_continue_from(struct metrics *run, const struct metrics *last);

/* Whether the run has a series whose first label is key="value"; with NULL for `key` that of any key. */
bool state_has_first_label(const struct metrics *run, const char *key, const char *value);

/* What became of the last file.  The caller counts a reset when state was lost: partly, or all of it. */
enum state_result {
	STATE_CONTINUED,
	STATE_PARTLY,    /* a counter, histogram or kept gauge has another shape than ours: that family starts
			    afresh */
	STATE_MISSING,   /* there is no file */
	STATE_UNUSABLE,  /* not a whole file of ours: nothing was taken */
	STATE_NO_MEMORY, /* nothing was taken */
};

/*
 * Read what the text of a published file says of the families that a run
 * remembers (family.h).  `last` is empty, and has our tables and env.  A family
 * whose samples do not fit its row (type, label keys, buckets, a count that is
 * no whole number, more series than it may have) is left out as a whole.
 */
enum state_result state_read(struct metrics *last, struct slice text);

/* The same from the file.  0, or -1 with `why`: it is there and cannot be read, or memory ran out. */
int state_load(struct textfile *file, struct metrics *last, enum state_result *result, struct failure *why);

/*
 * The last line of every file of ours is a comment with a checksum of all
 * before it, by which the next run knows that the file is whole:
 *
 *	# sum 4f1c0a9be2d35577
 */
void checksum_append(struct buffer *text);
bool checksum_holds(struct slice text);

#endif /* TEXTFILE_STATE_H */
