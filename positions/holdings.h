#ifndef POSITIONS_HOLDINGS_H
#define POSITIONS_HOLDINGS_H

#include "common/failure.h"
#include "exchange/profile/profile.h"
#include "positions/holding.h"

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

#endif /* POSITIONS_HOLDINGS_H */
