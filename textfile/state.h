#ifndef TEXTFILE_STATE_H
#define TEXTFILE_STATE_H

#include "common/text/buffer.h"
#include "textfile/checksum.h"
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
 * `last` has the same tables and env.
 */
void state_continue_from(struct metrics *run, const struct metrics *last);

/* What became of the last file.  The caller counts a reset when state was lost: partly, or all of it. */
enum state_result {
	STATE_CONTINUED,
	STATE_PARTLY,    /* a counter, histogram or kept gauge has another shape than ours: that family starts
			    afresh */
	STATE_UNUSABLE,  /* not a whole file of ours (see textfile/checksum.h): nothing was taken */
	STATE_NO_MEMORY, /* nothing was taken */
};

/*
 * What the last file says of the families that go on or are recalled, in
 * pieces as they come, cut anywhere.  Most of a large file is gauges of one run
 * alone: their samples are passed over as soon as they are seen, unread, and
 * take neither time nor memory.  Families of another shape than ours are left
 * out.
 *
 *	state_reader_init(&reader, last, size)    `last` is empty, and has our tables
 *	state_reader_add(&reader, piece)         until all `size` bytes were
 *	result = state_reader_end(&reader)        frees it; now `last` is filled, or as it was
 */
struct state_reader {
	struct metrics *last;
	struct checksum sum;
	uint64_t left;              /* bytes before the checksum's line */
	char ending[CHECKSUM_LINE]; /* that line */
	size_t ending_length;       /* how much of it has come */
	const char *passed_over;    /* the family whose samples are not read now, or NULL */
	size_t passed_over_length;
	struct buffer line; /* the beginning of one, whose end has not come yet */
	struct buffer kept; /* the lines that matter */
};

void state_reader_init(struct state_reader *reader, struct metrics *last, uint64_t size);
void state_reader_add(struct state_reader *reader, struct slice piece);
enum state_result state_reader_end(struct state_reader *reader);

#endif /* TEXTFILE_STATE_H */
