#ifndef PAPER_ENGINE_EVENTS_H
#define PAPER_ENGINE_EVENTS_H

#include "demo/paper_engine/core/depth.h"

/* What happens to the ledger.  Everything in it follows from these alone (tests/demo/recompute.py). */
enum { SYMBOL_NAME = 24, FILLS = 8 };

enum leg { LEG_FIRST, LEG_SECOND, LEG_UNWIND };
extern const char *const leg_names[3]; /* "first", "second", "unwind" */

struct fill {
	enum leg leg;
	enum venue venue;
	bool buy;
	int64_t at_ms;
	fixed quantity; /* of the coin */
	fixed value;    /* in quote currency: the sum over the levels of price * quantity, each rounded */
	fixed fee;      /* in quote currency: value * fee */
	fixed rate;     /* quote currency for one USDT: 1 at binance, KRW at upbit */
};

/*
 * A closed trade: as much bought as sold.  In USDT a fill is worth value / rate, and its fee fee / rate.  pnl
 * is the sum of the sales less the purchases less the fees, each one rounded.
 */
struct trade {
	int64_t id; /* 1, 2, ...: of trades and movements together, in the order of the ledger */
	char symbol[SYMBOL_NAME]; /* "BTC/USDT" */
	enum venue buy, sell;     /* the route */
	int64_t opened_ms, closed_ms, leg_gap_ms;
	fixed pnl, fees; /* USDT */
	fixed slippage;  /* ratio by which the price between the legs was worse than expected */
	int fill_count;
	struct fill fills[FILLS];
};

/*
 * Everything else that changes the ledger: coins that are bought at the price of the day for a symbol that
 * comes into the universe, or sold when it goes ("stock"), and what goes from one exchange to the other
 * ("rebalance"). Equity falls by the fee alone, which is in `cash` already.
 *
 * The first of all is the stock of "USDT": the cash with which each exchange begins, settings.cash at binance
 * and its worth in KRW at upbit.  So cash and coins are sums of the ledger from 0 on.
 */
enum movement_kind { MOVEMENT_STOCK, MOVEMENT_REBALANCE };
extern const char *const movement_names[2]; /* "stock", "rebalance" */

struct movement {
	int64_t id;
	enum movement_kind kind;
	char asset[SYMBOL_NAME]; /* the symbol, or "USDT" if only cash moves */
	int64_t at_ms;
	fixed coins[VENUES]; /* change of the coin at each exchange */
	fixed cash[VENUES];  /* change of its cash, in its currency */
	fixed fee;           /* USDT */
};

/* An order, for the counters. */
enum order_end { ORDER_FILLED, ORDER_REJECTED, ORDER_UNKNOWN };

/* Where the engine sends what happens; any may be NULL.  The pointers are valid during the call alone. */
struct sink {
	void *context;
	void (*order)(void *context, enum venue venue, enum order_end end);
	void (*trade)(void *context, const struct trade *trade);
	void (*movement)(void *context, const struct movement *movement);
	void (*rebalance_failed)(void *context, const char *asset);
};

#endif /* PAPER_ENGINE_EVENTS_H */
