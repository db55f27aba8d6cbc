#ifndef PAPER_ENGINE_DEPTH_H
#define PAPER_ENGINE_DEPTH_H

#include "demo/paper_engine/core/fixed.h"

/* The two exchanges between which the engine trades: coins against USDT at one, against KRW at the other. */
enum venue { VENUE_BINANCE, VENUE_UPBIT };
enum { VENUES = 2, DEPTH = 5 };
extern const char *const venue_names[VENUES]; /* "binance", "upbit" */

/* The best levels of a book, the best first, in the exchange's quote currency.  A quantity of 0 ends a side.
 */
struct depth_level {
	fixed price, quantity;
};
struct depth {
	int64_t sequence; /* 0: there is no book yet */
	int64_t time_ms;  /* by the exchange */
	struct depth_level bids[DEPTH], asks[DEPTH];
};

#endif /* PAPER_ENGINE_DEPTH_H */
