#ifndef PAPER_ENGINE_FILLS_H
#define PAPER_ENGINE_FILLS_H

#include "demo/paper_engine/core/engine.h"

/* All that the levels of a side have. */
fixed depth_total(const struct depth_level levels[DEPTH]);

/* The worst price of a side that has one. */
fixed depth_worst(const struct depth_level levels[DEPTH]);

/*
 * Take `quantity` from the best level on.  Returns what there was of it, and sets its value: the sum of the
 * levels, each rounded.  depth_take_all() takes what is missing at the worst price: so it always gets all.
 */
fixed depth_take(const struct depth_level levels[DEPTH], fixed quantity, fixed *value);
void depth_take_all(const struct depth_level levels[DEPTH], fixed quantity, fixed *value);

/*
 * Send an order for a leg of the symbol's pending trade, and fill it: at once, as far as the book's depth
 * goes, unless the exchange rejects it or fills a part alone.  An unwinding order that is not rejected is
 * filled whole.  Returns what was filled, which is in the trade then.
 */
struct order {
	enum leg leg;
	enum venue venue;
	bool buy;
	fixed quantity;
};
fixed order_send(struct engine *engine, struct symbol *symbol, const struct order *order, int64_t now_ms,
    const struct sink *sink);

/* When the next leg is due. */
int64_t leg_due(struct engine *engine, int64_t now_ms);

#endif /* PAPER_ENGINE_FILLS_H */
