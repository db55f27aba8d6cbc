#ifndef PAPER_ENGINE_MOVEMENTS_H
#define PAPER_ENGINE_MOVEMENTS_H

#include "demo/paper_engine/core/engine.h"

/* The first cash, coins for symbols that came, the sale of those that went, and rebalances when they are due.
 */
void movements_tend(struct engine *engine, int64_t now_ms, const struct sink *sink);

#endif /* PAPER_ENGINE_MOVEMENTS_H */
