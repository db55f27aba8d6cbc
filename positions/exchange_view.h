#ifndef POSITIONS_EXCHANGE_VIEW_H
#define POSITIONS_EXCHANGE_VIEW_H

#include "positions/accounts.h"
#include "positions/policy.h"
#include "positions/rates.h"

/* What the exchanges say is there, and what it is worth.  Pure but for memory. */
struct stock {
	struct holdings holdings; /* sorted, of the exchanges that are known */
	struct failure *failures; /* by exchange: why nothing is known of it though it was read */
	bool *known;              /* by exchange */
	size_t exchange_count;
	struct rates rates; /* of this run: settings, order books, marks of positions */
};

/* -1 with `why`: out of memory.  In both cases for stock_release(). */
int stock_init(struct stock *stock, size_t exchange_count, struct failure *why);
void stock_release(struct stock *stock);

/* How old an order book may be to be a price. */
enum { BOOK_AGE_MOST = 60 };

/* From what the accounts and their order books said.  -1 with `why`: out of memory. */
int stock_form(struct stock *stock, const struct policy *policy, const struct accounts *accounts, double now,
    struct failure *why);

/* Free what stock_form() made, which may be large, until the next run. */
void stock_forget(struct stock *stock);

/*
 * Take out assets that are worth less than dust, of which neither the engine
 * nor the baseline has anything.  One without a price stays.
 */
void stock_remove_dust(struct stock *stock, const struct policy *policy, const struct holdings *engine);

/*
 * The engine tells no prices: what an exchange says of the same position (its
 * mark, and whether it is inverse) holds for the engine's too.
 */
void stock_lend(const struct stock *stock, struct holdings *engine);

/*
 * What it is worth: in the currency of its market, of an asset in the first
 * currency of exposure.  NaN: not known; else `*currency` is set.
 */
double stock_worth(
    struct stock *stock, const struct policy *policy, const struct holding *holding, const char **currency);

#endif /* POSITIONS_EXCHANGE_VIEW_H */
