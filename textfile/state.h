#ifndef TEXTFILE_STATE_H
#define TEXTFILE_STATE_H

#include "common/slice.h"
#include "textfile/metrics.h"

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
 */
enum state_result {
	STATE_CONTINUED,
	STATE_PARTLY,    /* a counter, histogram or kept gauge has another shape than ours: that family starts
			    afresh */
	STATE_UNUSABLE,  /* not a whole file of ours (see textfile/checksum.h): nothing was taken */
	STATE_NO_MEMORY, /* nothing was taken */
};

/* The caller counts a reset when state was lost: partly, or all of it. */
enum state_result state_continue(struct metrics *run, struct slice last);

/*
 * What the last file says, all of it, into `last`, which is empty: for who must
 * know it before a run.  Families of another shape than ours are left out.
 */
enum state_result state_read(struct metrics *last, struct slice text);

/* state_continue() from metrics in memory, with the same tables and env. */
void state_continue_from(struct metrics *run, const struct metrics *last);

#endif /* TEXTFILE_STATE_H */
