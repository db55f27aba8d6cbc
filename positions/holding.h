#ifndef POSITIONS_HOLDING_H
#define POSITIONS_HOLDING_H

#include <stdbool.h>
#include <stddef.h>

#include "common/failure.h"
#include "common/text/decimal.h"
#include "exchange/profile/profile.h"
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
	char currency[SYMBOL_ASSET]; /* of notional and mark; "": both are unknown */
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

/* Holdings of one source, as many as come.  All zero at first. */
struct holdings {
	struct holding *rows; /* owned */
	size_t count, room;
};

/* One more, as holding_init() makes it; NULL with `why`: out of memory. */
struct holding *holdings_add(struct holdings *list, struct failure *why);
void holdings_clear(struct holdings *list);
void holdings_release(struct holdings *list);

/*
 * Sort, and make one of all rows with the same exchange, symbol and side.  What
 * only some of them tell is not told then.  `failed` is called with each that
 * cannot be added (too many digits), which then keeps one of the quantities.
 */
void holdings_combine(
    struct holdings *list, void (*failed)(void *context, const struct holding *row), void *context);

/* Whether it has that exchange, symbol and side; the list is sorted.  NULL: no. */
const struct holding *holdings_find(
    const struct holdings *list, size_t exchange, const char *symbol, bool is_short);

/* Take out all rows for which `unwanted` says so; the order stays. */
void holdings_remove(
    struct holdings *list, bool (*unwanted)(void *context, const struct holding *row), void *context);

/*
 * Put `symbol` as a position is compared under: of spot the asset alone,
 * whatever it was bought with.  A market that is not known follows from what the
 * profile reads: an asset alone is spot; a pair is what the exchange has, and a
 * derivative where it has both.  The pair's quote stays as the currency.
 */
void holding_place(struct holding *holding, const struct profile *profile, const struct symbol *symbol,
    enum holding_market market);

#endif /* POSITIONS_HOLDING_H */
