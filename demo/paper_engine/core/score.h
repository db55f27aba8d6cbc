#ifndef PAPER_ENGINE_SCORE_H
#define PAPER_ENGINE_SCORE_H

#include "demo/paper_engine/core/engine.h"

/*
 * The best prices of a symbol, all in KRW: one multiplication instead of a division by the rate, and the
 * digits of a coin that costs a ten-thousandth of a USDT.
 */
struct quotes {
	fixed rate; /* KRW for one USDT */
	fixed bid[VENUES], ask[VENUES];
};

/* The middle, rounded; of prices. */
fixed mid_price(const struct depth *book);

/* A book, both of its sides with a price. */
bool book_complete(const struct depth *book);

/* False: a book or the rate is missing. */
bool quotes_read(const struct engine *engine, const struct symbol *symbol, struct quotes *quotes);

/* Profit after all costs of buying at `buy` and selling at the other exchange, as a ratio. */
fixed route_edge(const struct costs *costs, const struct quotes *quotes, enum venue buy);

/* The spread, the score and the guard of a route whose edge is known. */
void route_look(struct engine *engine, struct symbol *symbol, enum venue buy, const struct quotes *quotes,
    int64_t now_ms);

/* The size of a trade of the symbol in USDT, before anything limits it. */
fixed trade_size(const struct engine *engine, const struct symbol *symbol);

static inline enum venue
other_venue(enum venue venue)
{
	return venue == VENUE_BINANCE ? VENUE_UPBIT : VENUE_BINANCE;
}

#endif /* PAPER_ENGINE_SCORE_H */
