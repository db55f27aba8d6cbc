/*
 * When all pages are there: from the rows of an exchange to one position per market and side.
 *
 * The order matters.  Contracts become quantities first, each row with the instrument of its own name,
 * because rows of one market may be of several instruments.  Then comes the value, which needs the
 * quantity.  Only then rows are added up.
 *
 * Sums are exact decimals; one that does not fit is a failure, because a rounded quantity would differ from
 * the bot's.
 */

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/account/read.h"

/* Instruments and balances begin with their names, so that a name alone can be compared with them too. */
static_assert(
    offsetof(struct account_instrument, native) == 0 && offsetof(struct account_balance, asset) == 0,
    "the name comes first");
static int
compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int
compare_positions(const void *a, const void *b)
{
	const struct account_position *x = a, *y = b;
	int order = strcmp(x->symbol.text, y->symbol.text);

	return order != 0 ? order : (int)x->side - (int)y->side;
}

/* If two sizes are told of one instrument, nobody knows which one holds. */
static int
sort_instruments(struct account_lists *lists, struct failure *why)
{
	if (lists->instrument_count == 0)
		return 0;
	qsort(lists->instruments, lists->instrument_count, sizeof(*lists->instruments), compare_names);
	for (size_t i = 1; i < lists->instrument_count; i++) {
		const struct account_instrument *a = &lists->instruments[i - 1], *b = a + 1;

		if (strcmp(a->native, b->native) == 0 &&
		    (decimal_compare(a->size, b->size) != 0 || a->inverse != b->inverse))
			return failure_set(why, FAILURE_PROTOCOL,
			    "%s is in the list of instruments twice, with different sizes", a->native);
	}
	return 0;
}

/* There is no default for an unknown size: one contract of Gate is 0.0001 BTC or 0.01 ETH. */
static int
apply_size(struct account_lists *lists, struct account_position *position, struct failure *why)
{
	const struct account_instrument *instrument =
	    lists->instrument_count > 0
		? bsearch(position->native, lists->instruments, lists->instrument_count,
		      sizeof(*lists->instruments), compare_names)
		: NULL;

	if (instrument == NULL)
		return failure_set(why, FAILURE_PROTOCOL,
		    "the size of a contract of %s is not known: it is not in the list of instruments",
		    position->native);
	if (!decimal_multiply(position->quantity, instrument->size, &position->quantity))
		return failure_set(
		    why, FAILURE_PROTOCOL, "%s: the quantity has too many digits", position->native);
	position->inverse = position->inverse || instrument->inverse;
	return 0;
}

/* The quantity of an inverse contract is in quote currency already, so that it is the value too. */
static void
reckon_notional(struct account_position *position)
{
	if (position->inverse)
		position->notional = decimal_value(position->quantity);
	else if (isnan(position->notional) && !isnan(position->mark))
		position->notional = decimal_value(position->quantity) * position->mark;
	if (!isfinite(position->notional))
		position->notional = NAN;
}

static int
fail_sum(const char *what, struct failure *why)
{
	return failure_set(why, FAILURE_PROTOCOL, "%s: the sum of its rows has too many digits", what);
}

/* Rows of one market and side: isolated and cross, or one per order. */
static int
merge_position(struct account_position *into, const struct account_position *from, struct failure *why)
{
	/* One is in base currency and one in quote currency: they cannot be added. */
	if (into->inverse != from->inverse)
		return failure_set(why, FAILURE_PROTOCOL,
		    "%s is an inverse contract (%s) and also a linear one (%s)", into->symbol.text,
		    into->inverse ? into->native : from->native, into->inverse ? from->native : into->native);
	if (!decimal_add(into->quantity, from->quantity, &into->quantity))
		return fail_sum(into->symbol.text, why);
	/* NaN in one row makes the sum NaN: the value of a part must not look like the value of all. */
	into->notional += from->notional;
	into->unrealized_pnl += from->unrealized_pnl;
	if (isnan(into->mark))
		into->mark = from->mark;
	return 0;
}

static int
merge_positions(struct account_lists *lists, struct failure *why)
{
	struct account_position *p = lists->positions;
	size_t kept = 0;

	if (lists->position_count == 0)
		return 0;
	qsort(p, lists->position_count, sizeof(*p), compare_positions);
	for (size_t i = 0; i < lists->position_count; i++) {
		if (decimal_sign(p[i].quantity) == 0)
			continue;
		if (kept > 0 && compare_positions(&p[kept - 1], &p[i]) == 0) {
			if (merge_position(&p[kept - 1], &p[i], why) != 0)
				return -1;
		} else if (kept++ != i) {
			p[kept - 1] = p[i];
		}
	}
	lists->position_count = kept;
	return 0;
}

int
account_complete_balances(struct account_lists *lists, struct failure *why)
{
	struct account_balance *b = lists->balances;
	size_t kept = 0, count = lists->balance_count;

	if (count == 0)
		return 0;
	qsort(b, count, sizeof(*b), compare_names);
	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && strcmp(b[kept - 1].asset, b[i].asset) == 0) {
			if (!decimal_add(b[kept - 1].free, b[i].free, &b[kept - 1].free) ||
			    !decimal_add(b[kept - 1].locked, b[i].locked, &b[kept - 1].locked))
				return fail_sum(b[i].asset, why);
		} else if (kept++ != i) {
			b[kept - 1] = b[i];
		}
	}
	/* A sum may be 0 where its rows were not. */
	lists->balance_count = 0;
	for (size_t i = 0; i < kept; i++)
		if (decimal_sign(b[i].free) != 0 || decimal_sign(b[i].locked) != 0)
			b[lists->balance_count++] = b[i];
	return 0;
}

int
account_complete_positions(const struct profile *profile, struct account_lists *lists, struct failure *why)
{
	bool contracts = profile->account.position_contracts && lists->position_count > 0;

	/* bsearch() in apply_size() needs the order. */
	if (contracts && sort_instruments(lists, why) != 0)
		return -1;
	for (size_t i = 0; i < lists->position_count; i++) {
		if (contracts && apply_size(lists, &lists->positions[i], why) != 0)
			return -1;
		reckon_notional(&lists->positions[i]);
	}
	return merge_positions(lists, why);
}
