#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "positions/exchange_view.h"

int
stock_init(struct stock *stock, size_t exchange_count, struct failure *why)
{
	*stock = (struct stock){ .exchange_count = exchange_count,
		.failures = calloc(exchange_count + 1, sizeof(*stock->failures)),
		.known = calloc(exchange_count + 1, sizeof(*stock->known)) };
	if (stock->failures == NULL || stock->known == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	return 0;
}

void
stock_release(struct stock *stock)
{
	free(stock->failures);
	free(stock->known);
	holdings_release(&stock->holdings);
	rates_release(&stock->rates);
	*stock = (struct stock){ 0 };
}

/* Holdings ----------------------------------------------------------- */

static void
fail_sum(void *context, const struct holding *row)
{
	struct stock *stock = context;

	(void)failure_set(&stock->failures[row->exchange], FAILURE_PROTOCOL,
	    "the sum of %s has too many digits", row->symbol.text);
}

static int
add_balance(struct stock *stock, const struct policy *policy, size_t exchange,
    const struct account_balance *balance, struct failure *why)
{
	struct holding *holding = holdings_add(&stock->holdings, why);

	if (holding == NULL)
		return -1;
	holding->exchange = exchange;
	holding->market = HOLDING_SPOT;
	memcpy(holding->symbol.base, balance->asset, sizeof(holding->symbol.base));
	holding->symbol.quote[0] = '\0';
	memcpy(holding->symbol.text, balance->asset, sizeof(balance->asset));
	if (!decimal_add(balance->free, balance->locked, &holding->quantity))
		fail_sum(stock, holding);
	/* Borrowed assets are below zero. */
	holding->is_short = decimal_sign(holding->quantity) < 0;
	holding->quantity = decimal_absolute(holding->quantity);
	if (decimal_sign(holding->quantity) == 0 || !policy_counts(policy, holding))
		stock->holdings.count--;
	return 0;
}

static int
add_position(struct stock *stock, const struct policy *policy, size_t exchange,
    const struct account_position *position, struct failure *why)
{
	struct holding *holding = holdings_add(&stock->holdings, why);

	if (holding == NULL)
		return -1;
	holding->exchange = exchange;
	holding->market = HOLDING_DERIVATIVE;
	holding->symbol = position->symbol;
	holding->is_short = position->side == SIDE_SHORT;
	holding->quantity = position->quantity;
	holding->inverse = position->inverse;
	memcpy(holding->currency, position->symbol.quote, sizeof(holding->currency));
	holding->notional = position->notional;
	holding->mark = position->mark;
	holding->pnl = position->unrealized_pnl;
	if (!policy_counts(policy, holding))
		stock->holdings.count--;
	return 0;
}

static int
add_account(struct stock *stock, const struct policy *policy, size_t exchange, const struct account *account,
    struct failure *why)
{
	const struct account_lists *lists = &account->reading->lists;

	for (size_t i = 0; account->setting->profile->account.holdings && i < lists->balance_count; i++)
		if (add_balance(stock, policy, exchange, &lists->balances[i], why) != 0)
			return -1;
	for (size_t i = 0; i < lists->position_count; i++)
		if (add_position(stock, policy, exchange, &lists->positions[i], why) != 0)
			return -1;
	return 0;
}

/* Rates -------------------------------------------------------------- */

static int
add_books(struct stock *stock, const struct account *account, double now, struct failure *why)
{
	for (size_t i = 0; account->prices != NULL && i < account->books.symbol_count; i++) {
		const struct book_reading *book = &account->prices->books[i];
		const char *symbol = account->books.symbols[i];
		size_t slash = strcspn(symbol, "/");
		char base[SYMBOL_ASSET];

		if (!book->read || slash >= sizeof(base) ||
		    (book->timestamp >= 0 && now - book->timestamp > (double)BOOK_AGE_MOST))
			continue;
		memcpy(base, symbol, slash);
		base[slash] = '\0';
		if (rates_add(&stock->rates, base, symbol + slash + 1, (book->bid + book->ask) / 2, why) != 0)
			return -1;
	}
	return 0;
}

/* A contract with an end has a price of its own. */
static bool
is_perpetual(const struct symbol *symbol)
{
	return strchr(symbol->text, '-') == NULL;
}

static int
add_marks(struct stock *stock, struct failure *why)
{
	for (size_t i = 0; i < stock->holdings.count; i++) {
		const struct holding *row = &stock->holdings.rows[i];

		if (row->market == HOLDING_DERIVATIVE && row->currency[0] != '\0' && !isnan(row->mark) &&
		    is_perpetual(&row->symbol) &&
		    rates_add(&stock->rates, row->symbol.base, row->currency, row->mark, why) != 0)
			return -1;
	}
	return 0;
}

/* Of several prices the first counts: what the settings say, then books, then marks. */
static int
form_rates(struct stock *stock, const struct policy *policy, const struct accounts *accounts, double now,
    struct failure *why)
{
	rates_release(&stock->rates);
	for (size_t i = 0; i < policy->constant_count; i++) {
		const struct constant_rate *constant = &policy->constants[i];

		if (rates_add(&stock->rates, constant->base, constant->quote, constant->price, why) != 0)
			return -1;
	}
	for (size_t i = 0; i < accounts->count; i++)
		if (add_books(stock, &accounts->items[i], now, why) != 0)
			return -1;
	return add_marks(stock, why);
}

/* All ---------------------------------------------------------------- */

static bool
is_unknown(void *context, const struct holding *row)
{
	const struct stock *stock = context;

	return !stock->known[row->exchange];
}

int
stock_form(struct stock *stock, const struct policy *policy, const struct accounts *accounts, double now,
    struct failure *why)
{
	holdings_clear(&stock->holdings);
	for (size_t i = 0; i < stock->exchange_count; i++) {
		stock->failures[i] = (struct failure){ 0 };
		stock->known[i] = account_is_read(&accounts->items[i]);
		if (stock->known[i] && add_account(stock, policy, i, &accounts->items[i], why) != 0)
			return -1;
	}
	holdings_combine(&stock->holdings, fail_sum, stock);
	for (size_t i = 0; i < stock->exchange_count; i++)
		stock->known[i] = stock->known[i] && stock->failures[i].kind == FAILURE_NONE;
	holdings_remove(&stock->holdings, is_unknown, stock);
	return form_rates(stock, policy, accounts, now, why);
}

void
stock_forget(struct stock *stock)
{
	holdings_release(&stock->holdings);
	rates_release(&stock->rates);
}

/* Worth -------------------------------------------------------------- */

struct sieve {
	struct stock *stock;
	const struct policy *policy;
	const struct holdings *engine;
};

/* Whether the list has anything of the asset, long or short. */
static bool
has_any(const struct holdings *list, const struct holding *row)
{
	return holdings_find(list, row->exchange, row->symbol.text, false) != NULL ||
	       holdings_find(list, row->exchange, row->symbol.text, true) != NULL;
}

static bool
is_dust(void *context, const struct holding *row)
{
	const struct sieve *sieve = context;
	const char *currency;

	/* Of what is not known, a comparison is false. */
	return row->market == HOLDING_SPOT &&
	       stock_worth(sieve->stock, sieve->policy, row, &currency) < sieve->policy->dust &&
	       !has_any(sieve->engine, row) && !has_any(&sieve->policy->baseline, row);
}

void
stock_remove_dust(struct stock *stock, const struct policy *policy, const struct holdings *engine)
{
	struct sieve sieve = { .stock = stock, .policy = policy, .engine = engine };

	if (policy->dust > 0)
		holdings_remove(&stock->holdings, is_dust, &sieve);
}

void
stock_lend(const struct stock *stock, struct holdings *engine)
{
	const struct holdings *from = &stock->holdings;
	size_t j = 0;

	for (size_t i = 0; i < engine->count; i++) {
		struct holding *row = &engine->rows[i];

		while (j < from->count && holding_compare(&from->rows[j], row) < 0)
			j++;
		if (j == from->count || holding_compare(&from->rows[j], row) != 0 ||
		    row->market != HOLDING_DERIVATIVE)
			continue;
		row->inverse = from->rows[j].inverse;
		row->mark = from->rows[j].mark;
		memcpy(row->currency, from->rows[j].currency, sizeof(row->currency));
	}
}

double
stock_worth(
    struct stock *stock, const struct policy *policy, const struct holding *holding, const char **currency)
{
	double worth = (double)NAN, rate;

	if (holding->market == HOLDING_SPOT) {
		*currency = policy->currencies[0];
		if (rates_find(&stock->rates, holding->symbol.base, *currency, &rate))
			worth = decimal_value(holding->quantity) * rate;
		return worth;
	}
	*currency = holding->currency;
	if (holding->currency[0] == '\0')
		return worth;
	worth = holding_notional(holding);
	/* Contracts in USD may be inverse ones, which only their exchange knows. */
	if (isnan(worth) && !holding->inverse && strcmp(holding->currency, "USD") != 0 &&
	    rates_find(&stock->rates, holding->symbol.base, holding->currency, &rate))
		worth = decimal_value(holding->quantity) * rate;
	return worth;
}
