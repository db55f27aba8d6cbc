#ifndef POSITIONS_EXCHANGE_VIEW_H
#define POSITIONS_EXCHANGE_VIEW_H

#include "positions/exposure.h"
#include "positions/policy.h"
#include "positions/sources.h"

/* What the exchanges say is there, and what it is worth.  Pure but for memory. */
struct exchange_view {
	struct holdings holdings;               /* sorted, of the exchanges that are known */
	struct failure failures[EXCHANGES_MAX]; /* why nothing is known of it though it was read */
	bool known[EXCHANGES_MAX];
	size_t exchange_count;
	struct rates rates; /* of this run: settings, order books, marks of positions */
};

/* Frees what exchange_view_build() made, which may be large.  It begins all zero, and is so again. */
void exchange_view_release(struct exchange_view *view);

/* How old an order book may be to be a price. */
enum { BOOK_AGE_MOST = 60 };

/* From what the accounts and their order books said.  -1 with `why`: out of memory. */
int exchange_view_build(struct exchange_view *view, const struct policy *policy,
    const struct accounts *accounts, double now, struct failure *why);

/*
 * Take out assets that are worth less than dust, of which neither the engine
 * nor the baseline has anything.  One without a price stays.
 */
void exchange_view_remove_dust(
    struct exchange_view *view, const struct policy *policy, const struct holdings *engine);

/*
 * The engine tells no prices: what an exchange says of the same position (its
 * mark, and whether it is inverse) holds for the engine's too.
 */
void exchange_view_add_prices(const struct exchange_view *view, struct holdings *engine);

/*
 * What it is worth: in the currency of its market, of an asset in the first
 * currency of exposure.  NaN: not known; else `*currency` is set.
 */
double exchange_view_worth(struct exchange_view *view, const struct policy *policy,
    const struct holding *holding, const char **currency);

#endif /* POSITIONS_EXCHANGE_VIEW_H */
