#ifndef PAPER_ENGINE_MEASURE_H
#define PAPER_ENGINE_MEASURE_H

#include "demo/paper_engine/backtest/replay.h"
#include "demo/paper_engine/backtest/search.h"

/*
 * What parameters earn in a span of a market.  Each measurement is of a new engine, so that the same settings
 * give the same results, to the bit, with any number of threads.
 */
struct bench {
	struct engine_settings engine; /* its parameters are not used */
	size_t threads;                /* 1 at least */
	/* A market for one span of one thread; to be closed by its close(). */
	int (*open)(void *context, struct source *source, struct failure *why);
	void *open_context;
};

/* The score is what a day earned on average, less the deepest fall, in USDT. */
struct measure {
	int64_t trades;
	fixed pnl, score;
};

/* Of each point.  `progress` is called from all threads.  0, or -1 with `why`. */
int measure_points(const struct bench *bench, const struct span *span, const struct point *points,
    size_t count, struct measure *measures, const struct progress *progress, struct failure *why);

#endif /* PAPER_ENGINE_MEASURE_H */
