#ifndef PAPER_ENGINE_HISTORY_H
#define PAPER_ENGINE_HISTORY_H

#include "demo/paper_engine/live/journal.h"

/*
 * A past for an engine that has none: a backtest over `days` of the seeded market, one step in ten minutes,
 * up to `until_ms`.  Its trades, movements, equity (each hour) and rates (each hour) go to the journal,
 * waiting while its queue is full; `engine` comes from engine_init() and goes on from there.  0, or -1 with
 * `why`.
 */
int history_write(struct engine *engine, struct journal *journal, uint64_t market_seed, size_t symbols,
    int64_t days, int64_t until_ms, struct failure *why);

#endif /* PAPER_ENGINE_HISTORY_H */
