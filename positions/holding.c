/*
 * One position and what it is worth, and lists of positions.  A number that was not told is NaN:
 * arithmetic carries it on, and nobody takes it for 0.  An inverse contract is counted in its quote
 * currency (5000 USD of BTC): there the worth needs no price, and the amount of base does.
 *
 * holdings_combine() sorts a list; finding, merging and comparing rely on that order, so nothing may be
 * added behind it.  Rows are copied as they are: a holding owns no memory.
 */

#include "positions/holding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void
holding_init(struct holding *holding)
{
	*holding = (struct holding){ .notional = NAN, .mark = NAN, .pnl = NAN };
}

int
holding_compare(const struct holding *a, const struct holding *b)
{
	int result;

	if (a->exchange != b->exchange)
		return a->exchange < b->exchange ? -1 : 1;
	result = strcmp(a->symbol.text, b->symbol.text);
	return result != 0 ? result : a->is_short - b->is_short;
}

void
holding_place(struct holding *holding, const struct profile *profile, const struct symbol *symbol,
    enum holding_market market)
{
	const struct profile_account *account = &profile->account;
	bool spot = account->holdings && account->reads[ACCOUNT_BALANCES].path != NULL;
	bool derivatives = account->reads[ACCOUNT_POSITIONS].path != NULL;

	/* Where both kinds are read, a pair means the derivative: docs/configuration.md says so. */
	if (market == HOLDING_UNKNOWN)
		market =
		    symbol->quote[0] == '\0' || (spot && !derivatives) ? HOLDING_SPOT : HOLDING_DERIVATIVE;
	holding->symbol = *symbol;
	holding->market = market;
	memcpy(holding->currency, symbol->quote, sizeof(holding->currency));
	if (market == HOLDING_SPOT) {
		/* BTC bought with USDT and BTC bought with KRW are the same BTC. */
		holding->symbol.quote[0] = '\0';
		memcpy(holding->symbol.text, symbol->base, sizeof(symbol->base));
	}
}

static int
compare(const void *a, const void *b)
{
	return holding_compare(a, b);
}

void
holdings_sort(struct holding holdings[], size_t count)
{
	if (count > 1)
		qsort(holdings, count, sizeof(holdings[0]), compare);
}

double
holding_notional(const struct holding *holding)
{
	double quantity = decimal_value(holding->quantity);

	/* What the exchange says counts before a product of ours. */
	if (isfinite(holding->notional))
		return fabs(holding->notional);
	if (holding->inverse)
		return quantity;
	return holding->mark > 0 && isfinite(holding->mark) ? quantity * holding->mark : NAN;
}

double
holding_base(const struct holding *holding)
{
	double quantity = decimal_value(holding->quantity);

	if (!holding->inverse)
		return quantity;
	return holding->mark > 0 && isfinite(holding->mark) ? quantity / holding->mark : NAN;
}

/* Lists -------------------------------------------------------------- */

struct holding *
holdings_add(struct holdings *list, struct failure *why)
{
	if (list->count == list->room) {
		size_t room = list->room * 2 + 64;
		/* Rows may move: a pointer to one does not outlast the next holdings_add(). */
		struct holding *rows = reallocarray(list->rows, room, sizeof(*rows));

		if (rows == NULL) {
			(void)failure_set(why, FAILURE_LOCAL, "out of memory");
			return NULL;
		}
		list->rows = rows;
		list->room = room;
	}
	holding_init(&list->rows[list->count]);
	return &list->rows[list->count++];
}

void
holdings_clear(struct holdings *list)
{
	/* The memory stays, for the next run. */
	list->count = 0;
}

void
holdings_release(struct holdings *list)
{
	free(list->rows);
	*list = (struct holdings){ 0 };
}

/* Add `row` to `sum`, which is of the same exchange, symbol and side. */
static bool
combine(struct holding *sum, const struct holding *row)
{
	/* A worth in USDT and one in KRW cannot be added. */
	bool same_currency = strcmp(sum->currency, row->currency) == 0;

	/* A sum with a part that was not told is NaN. */
	sum->notional += same_currency ? row->notional : (double)NAN;
	sum->pnl += same_currency ? row->pnl : (double)NAN;
	if (!same_currency) {
		sum->currency[0] = '\0';
		sum->mark = (double)NAN;
	}
	return decimal_add(sum->quantity, row->quantity, &sum->quantity);
}

void
holdings_combine(
    struct holdings *list, void (*failed)(void *context, const struct holding *row), void *context)
{
	size_t kept = 0;

	holdings_sort(list->rows, list->count);
	for (size_t i = 1; i < list->count; i++) {
		if (holding_compare(&list->rows[kept], &list->rows[i]) != 0)
			list->rows[++kept] = list->rows[i];
		else if (!combine(&list->rows[kept], &list->rows[i]))
			failed(context, &list->rows[kept]);
	}
	if (list->count > 0)
		list->count = kept + 1;
}

const struct holding *
holdings_find(const struct holdings *list, size_t exchange, const char *symbol, bool is_short)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct holding *row = &list->rows[middle];
		/* This is the order of holding_compare(), without a holding to compare with. */
		int order = row->exchange != exchange ? (row->exchange < exchange ? -1 : 1)
						      : strcmp(row->symbol.text, symbol);

		if (order == 0)
			order = (int)row->is_short - (int)is_short;
		if (order == 0)
			return row;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

void
holdings_remove(
    struct holdings *list, bool (*unwanted)(void *context, const struct holding *row), void *context)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (unwanted(context, &list->rows[i]))
			continue;
		if (kept != i)
			list->rows[kept] = list->rows[i];
		kept++;
	}
	list->count = kept;
}
