#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "positions/engine_view.h"

int
belief_init(struct belief *belief, size_t exchange_count, struct failure *why)
{
	*belief = (struct belief){ .exchange_count = exchange_count,
		.failures = calloc(exchange_count + 1, sizeof(*belief->failures)),
		.known = calloc(exchange_count + 1, sizeof(*belief->known)) };
	if (belief->failures == NULL || belief->known == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	return 0;
}

void
belief_release(struct belief *belief)
{
	free(belief->failures);
	free(belief->known);
	holdings_release(&belief->holdings);
	for (int store = 0; store < ENGINE_STORES; store++)
		holdings_release(&belief->parts[store]);
	*belief = (struct belief){ 0 };
}

/* One store ---------------------------------------------------------- */

static size_t
number_of(const struct exchange_settings *exchanges, const char *name, size_t guess)
{
	/* Rows mostly come in the exchanges' order. */
	if (guess < exchanges->count && strcasecmp(exchanges->items[guess].name, name) == 0)
		return guess;
	for (size_t i = 0; i < exchanges->count; i++)
		if (strcasecmp(exchanges->items[i].name, name) == 0)
			return i;
	return exchanges->count;
}

static enum holding_market
market_of(const struct engine_row *row)
{
	switch (row->market) {
	case ENGINE_MARKET_SPOT: return HOLDING_SPOT;
	case ENGINE_MARKET_DERIVATIVE: return HOLDING_DERIVATIVE;
	case ENGINE_MARKET_UNKNOWN: break;
	}
	return HOLDING_UNKNOWN;
}

/* The first that is wrong with an exchange is what is told. */
static void
fail(struct belief *belief, size_t exchange, const char *text, const char *symbol)
{
	struct failure *failure = &belief->failures[exchange];

	if (failure->kind == FAILURE_NONE)
		(void)failure_set(failure, FAILURE_PROTOCOL, "%s: '%s'", text, symbol);
}

/*
 * The engine may spell markets and assets in one way: "WETH", which ends like a
 * market against ETH, is the asset where the exchange holds one of that name.
 */
static bool
read_symbol(const struct profile *profile, const struct holdings *held, size_t exchange,
    const struct engine_row *row, struct symbol *symbol)
{
	struct slice spelt = SLICE(row->symbol);
	struct symbol asset;

	if (!symbol_read(profile, spelt, symbol))
		return symbol_read_asset(profile, spelt, symbol);
	if (symbol->quote[0] != '\0' && strpbrk(row->symbol, "/-_: ") == NULL &&
	    symbol_read_asset(profile, spelt, &asset) &&
	    holdings_find(held, exchange, asset.text, row->is_short) != NULL)
		*symbol = asset;
	return true;
}

static int
add_row(struct belief *belief, struct holdings *part, const struct belief_input *input, size_t exchange,
    const struct engine_row *row, struct failure *why)
{
	const struct profile *profile = input->exchanges->items[exchange].profile;
	struct holding *holding;
	struct symbol symbol;

	if (!read_symbol(profile, input->held, exchange, row, &symbol)) {
		fail(belief, exchange, "the engine's symbol is none like BTC or BTC/USDT", row->symbol);
		return 0;
	}
	holding = holdings_add(part, why);
	if (holding == NULL)
		return -1;
	holding->exchange = exchange;
	holding->is_short = row->is_short;
	holding->quantity = row->quantity;
	holding->pnl = row->unrealized_pnl;
	holding_place(holding, profile, &symbol, market_of(row));
	if (!policy_counts(input->policy, holding))
		part->count--;
	return 0;
}

static void
fail_sum(void *context, const struct holding *row)
{
	fail(context, row->exchange, "the sum of the engine's rows has too many digits", row->symbol.text);
}

static int
read_store(
    struct belief *belief, enum engine_store store, const struct belief_input *input, struct failure *why)
{
	const struct exchange_settings *exchanges = input->exchanges;
	const struct engine_reading *reading = &input->sources->engine[store];
	struct holdings *part = &belief->parts[store];
	size_t unknown = 0, exchange = 0;

	for (size_t i = 0; i < reading->row_count; i++) {
		const struct engine_row *row = &reading->rows[i];

		exchange = number_of(exchanges, row->exchange, exchange);
		if (exchange == exchanges->count)
			unknown++;
		else if (add_row(belief, part, input, exchange, row, why) != 0)
			return -1;
	}
	/* The same rows may be in both stores. */
	if (unknown > belief->unknown_rows)
		belief->unknown_rows = unknown;
	belief->told = true;
	holdings_combine(part, fail_sum, belief);
	return 0;
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
	return policy->max_age <= 0 || reading->updated_at < 0 ||
	       check_age(policy, now - reading->updated_at, why);
}

/* Both --------------------------------------------------------------- */

static void
fail_difference(struct belief *belief, const struct holding *a, const struct holding *b)
{
	struct failure *failure = &belief->failures[a->exchange];
	char first[DECIMAL_TEXT], second[DECIMAL_TEXT];

	if (failure->kind == FAILURE_NONE)
		(void)failure_set(failure, FAILURE_PROTOCOL,
		    "the engine's stores differ in %s %s: %s in Postgres, %s in Redis", a->symbol.text,
		    a->is_short ? "short" : "long", decimal_text(a->quantity, first),
		    decimal_text(b->quantity, second));
}

static int
append(struct holdings *list, const struct holding *row, struct failure *why)
{
	struct holding *added = holdings_add(list, why);

	if (added == NULL)
		return -1;
	*added = *row;
	return 0;
}

/* Two sorted lists into one. */
static int
merge(struct belief *belief, struct failure *why)
{
	struct holdings *a = &belief->parts[STORE_POSTGRES], *b = &belief->parts[STORE_REDIS];
	struct holdings *only = a->count == 0 ? b : a;
	size_t i = 0, j = 0;

	if (a->count == 0 || b->count == 0) {
		holdings_release(&belief->holdings);
		belief->holdings = *only;
		*only = (struct holdings){ 0 };
		return 0;
	}

	while (i < a->count || j < b->count) {
		int order = i == a->count   ? 1
			    : j == b->count ? -1
					    : holding_compare(&a->rows[i], &b->rows[j]);

		if (order == 0 && decimal_compare(a->rows[i].quantity, b->rows[j].quantity) != 0)
			fail_difference(belief, &a->rows[i], &b->rows[j]);
		if (append(&belief->holdings, order <= 0 ? &a->rows[i] : &b->rows[j], why) != 0)
			return -1;
		i += order <= 0;
		j += order >= 0;
	}
	return 0;
}

static void
forget(struct belief *belief)
{
	holdings_clear(&belief->holdings);
	for (size_t i = 0; i < belief->exchange_count; i++) {
		belief->failures[i] = (struct failure){ 0 };
		belief->known[i] = false;
	}
	for (int store = 0; store < ENGINE_STORES; store++) {
		holdings_clear(&belief->parts[store]);
		belief->store_failures[store] = (struct failure){ 0 };
	}
	belief->unknown_rows = 0;
	belief->told = false;
}

static bool
is_unknown(void *context, const struct holding *row)
{
	const struct belief *belief = context;

	return !belief->known[row->exchange];
}

void
belief_forget(struct belief *belief)
{
	holdings_release(&belief->holdings);
}

int
belief_form(struct belief *belief, const struct belief_input *input, double now, struct failure *why)
{
	const struct sources *sources = input->sources;
	bool whole = sources->has_engine;

	forget(belief);
	for (int store = 0; store < ENGINE_STORES; store++) {
		if (!sources->has_store[store])
			continue;
		if (!check_store(input->policy, &sources->engine[store], now, &belief->store_failures[store]))
			whole = false;
		else if (read_store(belief, (enum engine_store)store, input, why) != 0)
			return -1;
	}
	if (whole && merge(belief, why) != 0)
		return -1;
	for (int store = 0; store < ENGINE_STORES; store++)
		holdings_release(&belief->parts[store]);
	for (size_t i = 0; i < belief->exchange_count; i++)
		belief->known[i] = whole && belief->failures[i].kind == FAILURE_NONE;
	holdings_remove(&belief->holdings, is_unknown, belief);
	return 0;
}
