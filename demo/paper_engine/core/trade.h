#ifndef PAPER_ENGINE_TRADE_H
#define PAPER_ENGINE_TRADE_H

#include "demo/paper_engine/core/score.h"

/*
 * Begin a trade that buys at `buy`, with its first leg; `halved` if a guard degrades it.  False: there is not
 * enough of anything for one, or the first order was rejected.
 */
bool trade_open(struct engine *engine, struct symbol *symbol, enum venue buy, bool halved,
    const struct quotes *quotes, int64_t now_ms, const struct sink *sink);

/* The next leg of a trade, which is due.  True: the trade is closed. */
bool trade_go_on(struct engine *engine, struct symbol *symbol, int64_t now_ms, const struct sink *sink);

#endif /* PAPER_ENGINE_TRADE_H */
