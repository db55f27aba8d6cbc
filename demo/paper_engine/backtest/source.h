#ifndef PAPER_ENGINE_SOURCE_H
#define PAPER_ENGINE_SOURCE_H

#include <stddef.h>

#include "common/failure.h"
#include "demo/paper_engine/core/depth.h"

/*
 * A market of the past, which a backtest goes through.  Two kinds: the one that the paper exchange makes up from
 * a seed (demo/market), for any time; and a recording of `paper_engine run --record`.
 */
struct source {
	void *context;
	size_t symbols;
	const char *const *names; /* "BTC/USDT", the largest volume first */
	/*
	 * The books of all symbols as they were at `at_ms`: books[symbol][venue], and that of USDT in KRW.  Times only
	 * grow.  0, or -1 with `why`: the recording ends before it, or is damaged.
	 */
	int (*read)(void *context, int64_t at_ms, struct depth (*books)[VENUES], struct depth *won,
	    struct failure *why);
	void (*close)(void *context);
};

#endif /* PAPER_ENGINE_SOURCE_H */
