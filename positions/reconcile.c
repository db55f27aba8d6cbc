/*
 * Three sorted lists in one pass: each step takes the market that comes first in any of them, adds
 * up its rows from all three, and judges it.  Quantities are compared in exact decimals, because a
 * difference in the eighteenth digit is a real one.  Whether they differ is judged apart from how
 * long they have differed: a difference that grows or changes its sign keeps its age.
 */

#include "positions/reconcile.h"

#include <string.h>

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

/* The front row of the list, if its market comes before that of `first`. */
static const struct holding *
earlier(const struct holding *first, const struct reconcile_list *list)
{
	if (list->count == 0 || (first != NULL && compare_market(first, list->rows) <= 0))
		return first;
	return list->rows;
}

/* Take the rows of the market of `key` from the front of the list. */
static void
add_rows(struct reconcile_list *list, const struct holding *key, struct decimal sums[SIDES], bool *fits)
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

/* Engine minus exchange of one pair of sums; false: too many digits. */
static bool
differ(const struct reconcile_limits *limits, struct decimal engine, struct decimal exchange,
    struct decimal *difference, bool *within)
{
	if (!decimal_subtract(engine, exchange, difference))
		return false;
	*within = is_within(limits, engine, exchange, *difference);
	return true;
}

/* The largest difference is published, with its sign. */
static void
set_if_larger(struct decimal *largest, struct decimal other)
{
	if (decimal_compare(decimal_absolute(other), decimal_absolute(*largest)) > 0)
		*largest = other;
}

/* The market is within the tolerance if both sides are: the net of two large sides would have a tiny one. */
static bool
judge_difference(
    const struct reconcile_limits *limits, const struct market *market, struct reconcile_row *row)
{
	const struct decimal *engine = market->engine, *exchange = market->exchange;
	struct decimal net[2], of_long, of_short;
	bool long_within, short_within;

	if (!market->fits || !decimal_subtract(engine[LONG], engine[SHORT], &net[0]) ||
	    !decimal_subtract(exchange[LONG], exchange[SHORT], &net[1]) ||
	    !differ(limits, net[0], net[1], &row->difference, &row->within))
		return false;
	if (limits->net)
		return true;
	if (!differ(limits, engine[LONG], exchange[LONG], &of_long, &long_within) ||
	    !differ(limits, engine[SHORT], exchange[SHORT], &of_short, &short_within))
		return false;
	row->within = long_within && short_within;
	set_if_larger(&row->difference, of_long);
	/* Short counts below 0. */
	set_if_larger(&row->difference, decimal_negative(of_short));
	return true;
}

static void
judge_time(
    const struct reconcile_limits *limits, const struct reconcile_input *input, struct reconcile_row *row)
{
	row->since = -1;
	if (!row->known || row->within)
		return;
	row->since = input->remembered(input->memory, row->exchange, row->symbol);
	/* NaN and a time in the future (the clock was set back) count as now. */
	if (!(row->since >= 0 && row->since <= input->now))
		row->since = input->now;
	row->in_grace = input->now - row->since < limits->grace_seconds;
	row->mismatched = !row->in_grace;
}

size_t
reconcile(
    const struct reconcile_limits *limits, const struct reconcile_input *input, struct reconcile_row rows[])
{
	struct reconcile_list engine = input->engine, exchange = input->exchange, baseline = input->baseline;
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
		row.known = judge_difference(limits, &market, &row);
		judge_time(limits, input, &row);
		rows[count++] = row;
	}
	return count;
}
