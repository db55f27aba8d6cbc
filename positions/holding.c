/*
 * Positions, lists of them, and where two lists differ.  A number that was not told is NaN:
 * arithmetic carries it on, and nobody takes it for 0.  Rows are copied as they are: a holding owns
 * no memory.
 *
 * holdings_combine() sorts a list; finding, merging and comparing rely on that order, so nothing may be
 * added behind it.  reconcile() goes through three sorted lists in one pass: each step takes the market
 * that comes first in any of them, adds up its rows from all three, and judges it.  Quantities are
 * compared in exact decimals, because a difference in the eighteenth digit is a real one.  Whether they
 * differ is judged apart from how long they have differed: a difference that grows or changes its sign
 * keeps its age.
 */

#include "positions/holding.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/array.h"

void
holding_init(struct holding *holding)
{
	*holding = (struct holding){ .notional = NAN, .mark = NAN, .pnl = NAN };
}

const char *
holding_asset(const struct holding *holding)
{
	return holding->unit.count > 0 ? holding->unit.asset : holding->symbol.base;
}

int
holding_units(const struct holding *holding)
{
	return holding->unit.count > 0 ? holding->unit.count : 1;
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

/* Lists -------------------------------------------------------------- */

struct holding *
holdings_add(struct holdings *list, struct failure *why)
{
	/* Rows may move: a pointer to one does not outlast the next holdings_add(). */
	struct holding *rows = array_reserve(list->rows, &list->room, list->count + 1, sizeof(*rows));

	if (rows == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	list->rows = rows;
	holding_init(&rows[list->count]);
	return &rows[list->count++];
}

void
holdings_sort(struct holdings *list)
{
	if (list->count > 1)
		qsort(list->rows, list->count, sizeof(list->rows[0]), compare);
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

bool
holdings_combine(struct holdings *list, struct failure failures[])
{
	size_t kept = 0;
	bool fits = true;

	holdings_sort(list);
	for (size_t i = 1; i < list->count; i++) {
		struct holding *sum = &list->rows[kept];

		if (holding_compare(sum, &list->rows[i]) != 0) {
			list->rows[++kept] = list->rows[i];
			continue;
		}
		if (combine(sum, &list->rows[i]))
			continue;
		fits = false;
		if (failures != NULL && failures[sum->exchange].kind == FAILURE_NONE)
			(void)failure_set(&failures[sum->exchange], FAILURE_PROTOCOL,
			    "the sum of %s has too many digits", sum->symbol.text);
	}
	if (list->count > 0)
		list->count = kept + 1;
	return fits;
}

const struct holding *
holdings_find(const struct holdings *list, size_t exchange, const char *symbol, bool is_short)
{
	struct holding wanted = { .exchange = exchange, .is_short = is_short };

	(void)snprintf(wanted.symbol.text, sizeof(wanted.symbol.text), "%s", symbol);
	return list->count > 0 ? bsearch(&wanted, list->rows, list->count, sizeof(wanted), compare) : NULL;
}

void
holdings_remove_unknown(struct holdings *list, const bool known[])
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (known[list->rows[i].exchange])
			list->rows[kept++] = list->rows[i];
	list->count = kept;
}

/* Comparing ---------------------------------------------------------- */

enum side { LONG, SHORT, SIDES };

/* One market, while its rows are added up. */
struct market {
	struct decimal engine[SIDES], exchange[SIDES]; /* not negative */
	bool fits;
};

/* The side does not count: long and short of one market are judged together. */
static int
compare_market(const struct holding *a, const struct holding *b)
{
	if (a->exchange != b->exchange)
		return a->exchange < b->exchange ? -1 : 1;
	return strcmp(a->symbol.text, b->symbol.text);
}

/* What is left of a list. */
struct rest {
	const struct holding *rows;
	size_t count;
};

/* The front row of the list, if its market comes before that of `first`. */
static const struct holding *
earlier(const struct holding *first, const struct rest *list)
{
	if (list->count == 0 || (first != NULL && compare_market(first, list->rows) <= 0))
		return first;
	return list->rows;
}

/* Take the rows of the market of `key` from the front of the list. */
static void
add_rows(struct rest *list, const struct holding *key, struct decimal sums[SIDES], bool *fits)
{
	for (; list->count > 0 && compare_market(list->rows, key) == 0; list->rows++, list->count--) {
		struct decimal *sum = &sums[list->rows->is_short ? SHORT : LONG];

		if (!decimal_add(*sum, list->rows->quantity, sum))
			*fits = false;
	}
}

static struct decimal
larger_of(struct decimal a, struct decimal b)
{
	a = decimal_absolute(a);
	b = decimal_absolute(b);
	return decimal_compare(a, b) >= 0 ? a : b;
}

static bool
is_within(
    const struct reconcile_limits *limits, struct decimal a, struct decimal b, struct decimal difference)
{
	struct decimal size = decimal_absolute(difference), larger = larger_of(a, b), allowed;

	if (decimal_compare(size, limits->absolute) <= 0)
		return true;
	if (decimal_multiply(larger, limits->relative, &allowed))
		return decimal_compare(size, allowed) <= 0;
	/* The product has more digits than a decimal holds: then doubles are exact enough. */
	return decimal_value(size) <= decimal_value(larger) * decimal_value(limits->relative);
}

/* Compare one pair of sums.  Of several differences the largest is published, with its sign.  False: too
 * many digits. */
static bool
compare_sums(const struct reconcile_limits *limits, struct decimal engine, struct decimal exchange,
    struct reconcile_row *row)
{
	struct decimal difference;

	if (!decimal_subtract(engine, exchange, &difference))
		return false;
	if (!is_within(limits, engine, exchange, difference))
		row->differs = true;
	if (decimal_compare(decimal_absolute(difference), decimal_absolute(row->difference)) > 0)
		row->difference = difference;
	return true;
}

static bool
judge(const struct reconcile_limits *limits, const struct market *market, struct reconcile_row *row)
{
	const struct decimal *engine = market->engine, *exchange = market->exchange;
	struct decimal engine_net, exchange_net;

	if (!market->fits || !decimal_subtract(engine[LONG], engine[SHORT], &engine_net) ||
	    !decimal_subtract(exchange[LONG], exchange[SHORT], &exchange_net) ||
	    !compare_sums(limits, engine_net, exchange_net, row))
		return false;
	if (limits->net)
		return true;
	/* Here only the sides decide: the tolerance of the net of two large sides would be tiny. */
	row->differs = false;
	/* Short counts below 0. */
	return compare_sums(limits, engine[LONG], exchange[LONG], row) &&
	       compare_sums(limits, decimal_negative(engine[SHORT]), decimal_negative(exchange[SHORT]), row);
}

size_t
reconcile(
    const struct reconcile_limits *limits, const struct reconcile_input *input, struct reconcile_row rows[])
{
	struct rest engine = { input->engine->rows, input->engine->count };
	struct rest exchange = { input->exchange->rows, input->exchange->count };
	struct rest baseline = { input->baseline->rows, input->baseline->count };
	const struct holding *key;
	size_t count = 0;

	while ((key = earlier(earlier(earlier(NULL, &engine), &exchange), &baseline)) != NULL) {
		struct market market = { .fits = true };
		struct reconcile_row row = { .exchange = key->exchange, .symbol = key->symbol.text };

		add_rows(&engine, key, market.engine, &market.fits);
		/* What the operator keeps there counts as if the bot had it. */
		add_rows(&baseline, key, market.engine, &market.fits);
		add_rows(&exchange, key, market.exchange, &market.fits);
		/* This is checked only now: its rows had to be taken from the lists in any case. */
		if (key->exchange >= input->exchange_count || !input->comparable[key->exchange])
			continue;
		row.known = judge(limits, &market, &row);
		row.mismatched = row.differs = row.known && row.differs;
		row.since = -1;
		rows[count++] = row;
	}
	return count;
}

void
reconcile_age(const struct reconcile_limits *limits, struct reconcile_row *row, double remembered, double now)
{
	if (!row->differs)
		return;
	/* NaN and a time in the future (the clock was set back) count as now. */
	row->since = remembered >= 0 && remembered <= now ? remembered : now;
	row->mismatched = now - row->since >= limits->grace_seconds;
}
