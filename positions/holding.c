/*
 * One position and what it is worth.  A number that was not told is NaN: arithmetic carries it on,
 * and nobody takes it for 0.  An inverse contract is counted in its quote currency (5000 USD of
 * BTC): there the worth needs no price, and the amount of base does.
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
