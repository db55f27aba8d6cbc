#ifndef POSITIONS_HOLDING_H
#define POSITIONS_HOLDING_H

#include <stdbool.h>
#include <stddef.h>

#include "common/text/decimal.h"
#include "exchange/symbol.h"

/*
 * One position, of either source: what an exchange says is there, or what the
 * engine believes.  An asset held on spot is one too: its symbol is the asset
 * alone ("BTC"), whatever it was bought with.
 */
enum holding_market { HOLDING_UNKNOWN, HOLDING_SPOT, HOLDING_DERIVATIVE };

struct holding {
	size_t exchange; /* index in the caller's list of exchanges */
	struct symbol symbol;
	bool is_short;
	struct decimal quantity; /* above 0; in base currency, of an inverse contract in quote currency */
	bool inverse;
	enum holding_market market;
	char currency[SYMBOL_ASSET]; /* of notional and mark; "": neither is told */
	double notional;             /* not negative; NaN: not told */
	double mark;                 /* price of one base; NaN: not told */
	double pnl;                  /* in `currency`, of an inverse contract in base; NaN: not told */
};

/* Everything not told: NaN, "", quantity 0. */
void holding_init(struct holding *holding);

/* By exchange, then symbol.text, then long before short. */
int holding_compare(const struct holding *a, const struct holding *b);
void holdings_sort(struct holding holdings[], size_t count);

/*
 * What it is worth in its `currency`: as told, else quantity times mark; of an
 * inverse contract the quantity is already that.  NaN: not known.
 */
double holding_notional(const struct holding *holding);

/* How many of the base asset, not negative: of an inverse contract quantity / mark.  NaN: not known. */
double holding_base(const struct holding *holding);

#endif /* POSITIONS_HOLDING_H */
