#ifndef PAPER_ENGINE_REPLAY_H
#define PAPER_ENGINE_REPLAY_H

#include <stddef.h>

#include "demo/paper_engine/backtest/source.h"
#include "demo/paper_engine/core/engine.h"

/*
 * Engines go through a market of the past, side by side: its books are made once for all of them, and none
 * knows of another.  At each step an engine is tended and looks at all symbols; a second leg that is due
 * before the next step is filled at its time, if the source can tell the books of then.
 */
struct span {
	int64_t from_ms, until_ms, step_ms; /* steps at from_ms, from_ms + step_ms, ... before until_ms */
};

/* What became of an engine's equity, from the trades and movements that it reports. */
struct tally {
	int64_t trades, won;
	fixed pnl, fees;        /* USDT; pnl less the fees of movements */
	fixed highest, deepest; /* the pnl's highest, and its deepest fall from that */
	int64_t from_ms;        /* where it begins; a day that began before, or has not ended, is in no sum */
	int64_t day;     /* the days up to this one are in the sums: of each day's pnl, and of its square */
	fixed day_began; /* pnl then */
	double days, sum, squares;
};

struct replayed {
	struct engine *engine;
	struct sink sink; /* gets trades and movements behind the tally */
	struct tally tally;
	/* Nobody looks at its scores and guards: they are made for decisions alone, which takes half the
	 * time. */
	bool unwatched;
	fixed rate;               /* of USDT in KRW at the end; 0: not known */
	int places[SYMBOLS_MOST]; /* in the engine, of the source's symbols; replay_run() sets them */
};

/*
 * `progress` is called now and then, with what was done since the last call: steps of the span times engines;
 * NULL: nobody asks. -1 with `why`: the source could not be read, or an engine has no place for its symbols.
 */
struct progress {
	void *context;
	void (*add)(void *context, int64_t steps);
};
int replay_run(const struct source *source, const struct span *span, struct replayed *replayed, size_t count,
    const struct progress *progress, struct failure *why);

/* The mean of the whole days' pnl over its standard deviation, for a year; 0: there are less than two of
 * them, or all are the same.  The tally ends at `until_ms`. */
double tally_sharpe(struct tally *tally, int64_t until_ms);

#endif /* PAPER_ENGINE_REPLAY_H */
