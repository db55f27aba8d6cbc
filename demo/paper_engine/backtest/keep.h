#ifndef PAPER_ENGINE_KEEP_H
#define PAPER_ENGINE_KEEP_H

#include <stdio.h>

#include "demo/paper_engine/backtest/replay.h"
#include "demo/paper_engine/live/journal.h"

/*
 * A replay of one engine that is kept: every trade and every movement as a line of JSON in `lines` and as
 * rows by the journal, and the equity and the rate of KRW each hour (of the millisecond before it, since a
 * trade of the hour itself comes behind).  Either may be NULL.  It waits while the journal's queue is full,
 * and returns when everything is written.  0, or -1 with `why`: also when the journal has not written
 * anything for half a minute.
 */
int keep_replay(const struct source *source, const struct span *span, struct replayed *replayed,
    struct journal *journal, FILE *lines, struct failure *why);

#endif /* PAPER_ENGINE_KEEP_H */
