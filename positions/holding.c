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
