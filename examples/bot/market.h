#ifndef EXAMPLES_BOT_MARKET_H
#define EXAMPLES_BOT_MARKET_H

#include <stddef.h>
#include <stdint.h>

/*
 * The market of the example: two venues whose prices differ by a random walk, and trades that buy at the
 * cheaper and sell at the dearer one.  All of it is made up from a seed.
 */
enum { VENUES = 2, ASSETS = 3, ROUTES = ASSETS * VENUES, OPEN_TRADES = 16, ROUTE_NAME = 32 };

extern const char *const venue_names[VENUES], *const asset_names[ASSETS];
extern const double market_won; /* KRW for one USDT */

struct trade {
	size_t route;
	double opened_at, closed_at; /* Unix time; while it is open, closed_at is when it will be closed */
	double pnl, fees, funding;   /* in KRW where the upbit sells, else in USDT */
	double profit;               /* the same as pnl, in USDT */
	double notional;             /* USDT */
	double leg_gap, slippage;
	double basis; /* when it was opened */
};

struct market {
	uint64_t random;
	double basis[ASSETS]; /* how much dearer the second venue is, as a ratio */
	struct trade open[OPEN_TRADES];
	size_t open_count;
};

/* Above 0, up to 1. */
double market_uniform(struct market *m);
double market_exponential(struct market *m, double mean);

/* One step of the walk. */
void market_step(struct market *m);

/* Buy one asset where it is cheaper.  NULL: too many are open. */
struct trade *market_open(struct market *m, double now);

/* Take one trade out of those that are open and due.  0 if no trade is due. */
int market_close(struct market *m, double now, struct trade *closed);

/* "binance-upbit:BTC": where it buys, where it sells, and what.  Returns `name`. */
const char *route_name(size_t route, char name[ROUTE_NAME]);
const char *route_currency(size_t route);

#endif /* EXAMPLES_BOT_MARKET_H */
