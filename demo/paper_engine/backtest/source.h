#ifndef PAPER_ENGINE_SOURCE_H
#define PAPER_ENGINE_SOURCE_H

#include <stddef.h>

#include "common/failure.h"
#include "demo/paper_engine/core/depth.h"

/*
 * A market of the past, which a backtest goes through.  Two kinds: the one that the paper exchange makes up
 * from a seed (demo/market), for any time; and a recording of `paper_engine run --record`.
 */
struct source {
	void *context;
	size_t symbols;
	const char *const *names;  /* "BTC/USDT", the largest volume first */
	int64_t from_ms, until_ms; /* where it begins and ends */
	/*
	 * The books of all symbols as they were at `at_ms`: books[symbol][venue], and that of USDT in KRW.
	 * Times only grow.  A sequence of 0: there is no book.  0, or -1 with `why`: a recording could not be
	 * read.
	 */
	int (*read)(void *context, int64_t at_ms, struct depth (*books)[VENUES], struct depth *won,
	    struct failure *why);
	/*
	 * The same of one symbol alone, at any time; NULL: it cannot.  For the second leg of a trade, which
	 * falls between two reads.
	 */
	void (*read_symbol)(
	    void *context, size_t symbol, int64_t at_ms, struct depth books[VENUES], struct depth *won);
	void (*close)(void *context);
};

/* The market of paper_exchange with that seed: its largest `symbols`, at any time. */
int source_seeded_open(struct source *source, uint64_t seed, size_t symbols, struct failure *why);

/*
 * A recording (recording.h), which is checked to its end first.  Symbols are in the order in which they first
 * appear.  -1 with `why` names the line that is damaged.
 */
int source_recording_open(struct source *source, const char *path, struct failure *why);

#endif /* PAPER_ENGINE_SOURCE_H */
