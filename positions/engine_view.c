/*
 * From rows that the bot wrote, in spellings of its own, to the list that is compared with the
 * exchanges'.  A row that cannot be understood makes its whole exchange unknown: left out, it would
 * look like a position that the bot does not have.  Rows at exchanges that are not configured are
 * counted and compared with nothing.
 *
 * Each store's rows are added up first, then put to those of the other one.  A position that is in both
 * stores is the same position written twice, so its quantities must be equal and are not added.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "positions/engine_view.h"

void
engine_view_release(struct engine_view *view)
{
	holdings_release(&view->holdings);
	*view = (struct engine_view){ 0 };
}

/* One store ---------------------------------------------------------- */

static size_t
number_of(const struct exchange_settings *exchanges, const char *name)
{
	size_t i = 0;

	while (i < exchanges->count && strcasecmp(exchanges->items[i].name, name) != 0)
		i++;
	return i;
}

static const enum holding_market markets[] = {
	[ENGINE_MARKET_UNKNOWN] = HOLDING_UNKNOWN,
	[ENGINE_MARKET_SPOT] = HOLDING_SPOT,
	[ENGINE_MARKET_DERIVATIVE] = HOLDING_DERIVATIVE,
};

/* Of several faults at an exchange the first is reported. */
static void
fail(struct engine_view *view, size_t exchange, const char *text, const char *symbol)
{
	struct failure *failure = &view->failures[exchange];

	if (failure->kind == FAILURE_NONE)
		(void)failure_set(failure, FAILURE_PROTOCOL, "%s: '%s'", text, symbol);
}

/*
 * "WETH" may be the asset, or a market of W against ETH: only the exchange knows.  Where it holds
 * an asset of that name, and nothing separates two parts in the spelling, it is the asset.
 */
static bool
read_symbol(const struct profile *profile, const struct holdings *held, size_t exchange,
    const struct engine_row *row, struct symbol *symbol)
{
	struct slice spelt = SLICE(row->symbol);
	struct symbol asset;

	if (!symbol_read(profile, spelt, symbol))
		return symbol_read_asset(profile, spelt, symbol);
	/* A separator makes it a pair for sure. */
	if (symbol->quote[0] != '\0' && strpbrk(row->symbol, "/-_: ") == NULL &&
	    symbol_read_asset(profile, spelt, &asset) &&
	    holdings_find(held, exchange, asset.text, row->is_short) != NULL)
		*symbol = asset;
	return true;
}

static int
add_row(struct engine_view *view, struct holdings *part, const struct engine_view_input *input,
    size_t exchange, const struct engine_row *row, struct failure *why)
{
	const struct profile *profile = input->exchanges->items[exchange].profile;
	struct holding *holding;
	struct symbol symbol;

	if (!read_symbol(profile, input->held, exchange, row, &symbol)) {
		if (decimal_sign(row->quantity) == 0)
			return 0;
		fail(view, exchange, "the engine's symbol is not one like BTC or BTC/USDT", row->symbol);
		return 0;
	}
	holding = holdings_add(part, why);
	if (holding == NULL)
		return -1;
	holding->exchange = exchange;
	holding->is_short = row->is_short;
	holding->quantity = row->quantity;
	holding->pnl = row->unrealized_pnl;
	/* Cash is known only by the name that the row is compared under: so it is added, and taken back. */
	holding_place(holding, profile, &symbol, markets[row->market]);
	if (!policy_counts(input->policy, holding))
		part->count--;
	return 0;
}

static int
compare_pairs(const void *left, const void *right)
{
	const struct holding *a = left, *b = right;
	int order = holding_compare(a, b);

	/* On spot BTC/USDT and BTC/KRW are one asset, but two pairs: only these may be in two fields. */
	return order != 0 ? order : strcmp(a->currency, b->currency);
}

/* A hash cannot hold two rows of one position, not even one of 0: one field is old, and which one it is
 * cannot be known. */
static void
refuse_twice(struct engine_view *view, struct holdings *part)
{
	if (part->count > 1)
		qsort(part->rows, part->count, sizeof(*part->rows), compare_pairs);
	for (size_t i = 1; i < part->count; i++)
		if (compare_pairs(&part->rows[i - 1], &part->rows[i]) == 0)
			fail(view, part->rows[i].exchange,
			    "two fields of the engine's hash are of one position, in two spellings: remove the old "
			    "one",
			    part->rows[i].symbol.text);
}

static void
drop_closed(struct holdings *part)
{
	size_t kept = 0;

	for (size_t i = 0; i < part->count; i++)
		if (decimal_sign(part->rows[i].quantity) != 0)
			part->rows[kept++] = part->rows[i];
	part->count = kept;
}

/* Rows of one store, of exchanges that are configured. */
static int
read_rows(struct engine_view *view, struct holdings *part, const struct engine_reading *reading,
    const struct engine_view_input *input, struct failure *why)
{
	size_t unknown = 0;

	for (size_t i = 0; i < reading->row_count; i++) {
		size_t exchange = number_of(input->exchanges, reading->rows[i].exchange);

		if (exchange == input->exchanges->count)
			unknown += decimal_sign(reading->rows[i].quantity) != 0;
		else if (add_row(view, part, input, exchange, &reading->rows[i], why) != 0)
			return -1;
	}
	/* The larger number counts, and not the sum: the same rows may be in both stores. */
	if (unknown > view->unknown_rows)
		view->unknown_rows = unknown;
	view->told = true;
	return 0;
}

/* `a` is Postgres's, which was read first, and `b` Redis's. */
static void
fail_difference(struct engine_view *view, const struct holding *a, const struct holding *b)
{
	struct failure *failure = &view->failures[a->exchange];
	char first[DECIMAL_TEXT], second[DECIMAL_TEXT];

	if (failure->kind == FAILURE_NONE)
		(void)failure_set(failure, FAILURE_PROTOCOL,
		    "the engine's stores differ in %s %s: %s in Postgres, %s in Redis", a->symbol.text,
		    a->is_short ? "short" : "long", decimal_text(a->quantity, first),
		    decimal_text(b->quantity, second));
}

/* Put the rows of a store to those that are there.  Where they differ, the exchange is marked, and is taken
 * out later. */
static int
add_part(struct engine_view *view, const struct holdings *part, struct failure *why)
{
	size_t before = view->holdings.count;

	for (size_t i = 0; i < part->count; i++) {
		const struct holding *row = &part->rows[i];
		/* Only these are sorted; and rows may have moved. */
		const struct holdings others = { .rows = view->holdings.rows, .count = before };
		const struct holding *same =
		    holdings_find(&others, row->exchange, row->symbol.text, row->is_short);
		struct holding *added;

		if (same != NULL) {
			if (decimal_compare(same->quantity, row->quantity) != 0)
				fail_difference(view, same, row);
			continue;
		}
		added = holdings_add(&view->holdings, why);
		if (added == NULL)
			return -1;
		*added = *row;
	}
	holdings_sort(&view->holdings);
	return 0;
}

static int
read_store(struct engine_view *view, enum engine_store store, const struct engine_view_input *input,
    struct failure *why)
{
	struct holdings part = { 0 };
	int result = read_rows(view, &part, &input->sources->engine[store], input, why);

	if (result == 0) {
		if (store == STORE_REDIS)
			refuse_twice(view, &part);
		drop_closed(&part);
		(void)holdings_combine(&part, view->failures);
		result = add_part(view, &part, why);
	}
	holdings_release(&part);
	return result;
}

/* What is written with a clock that is far ahead would be new for ever. */
static const double clocks_apart_most = 60;

static bool
check_age(const struct policy *policy, double age, struct failure *why)
{
	if (age > policy->max_age)
		(void)failure_set(why, FAILURE_REJECTED,
		    "the engine wrote its positions %.0f s ago, and %.0f s are the most (engine.max-age)",
		    age, policy->max_age);
	else if (age < -clocks_apart_most)
		(void)failure_set(why, FAILURE_REJECTED,
		    "the engine says it wrote its positions %.0f s from now, so that nobody can tell their age "
		    "(engine.max-age): check both clocks, and the time zone",
		    -age);
	return why->kind == FAILURE_NONE;
}

/* Whether it can be used, else why not. */
static bool
check_store(
    const struct policy *policy, const struct engine_reading *reading, double now, struct failure *why)
{
	if (!reading->read) {
		*why = reading->failure;
		if (why->kind == FAILURE_NONE)
			(void)failure_set(why, FAILURE_PROTOCOL, "nothing was read");
		return false;
	}
	/* Where the bot does not say when it wrote, there is no age to check. */
	return policy->max_age <= 0 || reading->updated_at < 0 ||
	       check_age(policy, now - reading->updated_at, why);
}

/* Both --------------------------------------------------------------- */

int
engine_view_build(
    struct engine_view *view, const struct engine_view_input *input, double now, struct failure *why)
{
	const struct sources *sources = input->sources;
	/* Without any store nothing is known, which is not the same as flat. */
	bool whole = sources->has_engine;

	engine_view_release(view);
	view->exchange_count = input->exchanges->count;
	for (int store = 0; store < ENGINE_STORES; store++) {
		if (!sources->has_store[store])
			continue;
		if (!check_store(input->policy, &sources->engine[store], now, &view->store_failures[store]))
			/* What only this store has is not known: so nothing is known of any exchange. */
			whole = false;
		else if (read_store(view, (enum engine_store)store, input, why) != 0)
			return -1;
	}
	/* This comes last: only with both stores it is known at which exchanges they differ. */
	for (size_t i = 0; i < view->exchange_count; i++)
		view->known[i] = whole && view->failures[i].kind == FAILURE_NONE;
	holdings_remove_unknown(&view->holdings, view->known);
	return 0;
}
