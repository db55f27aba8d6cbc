#ifndef TEXTFILE_STATE_H
#define TEXTFILE_STATE_H

#include "textfile/metrics.h"
#include "textfile/parse.h"

/*
 * Counters that go on across one-shot runs: the last published file is the
 * state.  Counters and histograms of `run` grow by what `last` says, gauges
 * that are `kept` and that this run did not set come back.
 *
 * A series of the last file that this run did not touch goes on too, as long
 * as the run has a series of the same family with the same first label value
 * (the target, the exchange): what is no longer configured disappears, a rare
 * status code stays.  Series of another env are not ours and are left out.
 *
 * Returns 0, or -1 when some family of the last file has another shape than
 * ours (type, labels, buckets, a count that is no count): then that family
 * starts afresh, as `run` has it, and the caller counts a reset.
 */
int state_continue(struct metrics *run, const struct document *last);

#endif /* TEXTFILE_STATE_H */
