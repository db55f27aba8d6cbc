#ifndef POSITIONS_RATES_H
#define POSITIONS_RATES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/failure.h"
#include "exchange/symbol.h"

/*
 * What one of a currency is worth in another: from prices of this run and from
 * settings.  Begins all zero; rates_release() frees it.
 */
enum { RATES_MAX = 200000 };

struct rate; /* one direction of what was given */

struct rates {
	struct rate *entries; /* owned */
	size_t count, room;
	bool sorted;
};

/*
 * One `base` is `price` of `quote`.  A price that is not finite and above 0,
 * or a name that is empty or too long, is passed over without a failure.
 * -1 with `why`: out of memory, or more than RATES_MAX.
 */
int rates_add(struct rates *rates, const char *base, const char *quote, double price, struct failure *why);

/*
 * One `from` in `to`: 1 of itself; a price of from/to; 1 / a price of to/from;
 * or both steps through one third currency.  Of several prices of one pair the
 * one that was given first counts; of several third currencies the one whose
 * two prices were there first.  False: not known.
 */
bool rates_find(struct rates *rates, const char *from, const char *to, double *rate);

/* Takes one that is all zero, and leaves one. */
void rates_release(struct rates *rates);

#endif /* POSITIONS_RATES_H */
