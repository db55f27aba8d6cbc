#ifndef POSITIONS_EXPOSURE_H
#define POSITIONS_EXPOSURE_H

#include "common/failure.h"
#include "positions/holding.h"

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

/* What it is worth in a currency: as the exchange tells it, else by its mark, else by the price of its base
 * asset.  NaN: not known. */
double holding_value(const struct holding *holding, struct rates *rates, const char *currency);

/*
 * What all positions that the exchanges have are together.  Pure but for
 * memory.  What cannot be known is said to be unknown; it is never a sum of what
 * happens to be there.
 */
struct exposure_input {
	const struct holdings *holdings; /* of source exchange, of all exchanges, in any order */
	const bool *readable;            /* by exchange: all that it holds is among them */
	size_t exchange_count;
	const size_t *inventory; /* the two exchanges of `imbalance`; NULL: none */
	struct rates *rates;
};

/* The text of `missing` when an exchange could not be read. */
#define EXPOSURE_UNREADABLE "exchange"

/* In one currency. */
struct exposure {
	bool known;
	char missing[SYMBOL_TEXT]; /* if not known: the first symbol that has no price or rate to the
				      currency ("DOGE", "BTC/KRW"), or EXPOSURE_UNREADABLE */
	double gross;              /* of long and short, added */
	double net;                /* long minus short */
};
void exposure_in(const struct exposure_input *input, const char *currency, struct exposure *exposure);

/* Of one base asset, across all kinds, in units of the asset. */
struct asset_exposure {
	const char *asset; /* in `holdings` */
	/* Long minus short: 0 is hedged, exactly.  NaN: an exchange was not read, an inverse contract has no
	 * mark, or a sum has too many digits. */
	double net;
	double ratio; /* |net| / (long plus short), 0 to 1; NaN as `net` */
	/*
	 * How it is spread over the two exchanges of the inventory: (A - B) / (A + B), -1 to 1, where
	 * A and B are the net quantity on each, without its sign.  So it is where the
	 * stock is, of two spot accounts, and whether both legs have one size, of a
	 * hedge.  NaN: as `net`, but of these two exchanges alone; or A + B is 0.
	 */
	double imbalance;
};

/* One per asset, in the order of their names; the caller frees them.  NULL with `why`: memory. */
struct asset_exposure *exposure_assets(
    const struct exposure_input *input, size_t *count, struct failure *why);

#endif /* POSITIONS_EXPOSURE_H */
