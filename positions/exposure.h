#ifndef POSITIONS_EXPOSURE_H
#define POSITIONS_EXPOSURE_H

#include "common/failure.h"
#include "positions/holding.h"
#include "positions/rates.h"

/*
 * What all positions that the exchanges have are together.  Pure but for
 * memory.  What cannot be known is said to be unknown; it is never a sum of what
 * happens to be there.
 */
struct exposure_input {
	const struct holding *holdings; /* of source exchange, of all exchanges, in any order */
	size_t holding_count;
	const bool *readable; /* by exchange: all that it holds is among them */
	size_t exchange_count;
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

/* Of one base asset, across all exchanges and kinds, in units of the asset. */
struct asset_delta {
	const char *asset; /* in `holdings` */
	bool known;        /* false: an exchange was not read, an inverse contract has no mark, or a sum has
			      too many digits */
	double net;        /* long minus short: 0 is hedged, exactly */
	double gross;
	double ratio; /* |net| / gross, 0 to 1 */
};

/* One per asset, in the order of their names; `deltas` has room for `holding_count`.  -1 with `why`: memory.
 */
int exposure_deltas(
    const struct exposure_input *input, struct asset_delta deltas[], size_t *count, struct failure *why);

/*
 * How an asset is spread over two exchanges: (A - B) / (A + B), -1 to 1, where
 * A and B are the net quantity on each, without its sign.  So it is where the
 * stock is, of two spot accounts, and whether both legs have one size, of a
 * hedge.  Assets with A + B of 0 are left out, and all others too that neither of
 * the two holds.
 */
struct asset_imbalance {
	const char *asset; /* in `holdings` */
	bool known;        /* as of deltas, but of these two exchanges alone */
	double ratio;
};

/* As exposure_deltas(). */
int exposure_imbalances(const struct exposure_input *input, size_t a, size_t b,
    struct asset_imbalance imbalances[], size_t *count, struct failure *why);

#endif /* POSITIONS_EXPOSURE_H */
