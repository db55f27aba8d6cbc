/*
 * What all accounts hold as one sorted list, and the prices of this run.  An exchange is known only
 * if it was read whole and all its sums fit; of any other no row stays, because a part of its
 * positions would look as if the rest were closed.
 *
 * The order of steps matters: rows are added up, which finds sums that do not fit; then unknown
 * exchanges are taken out; then rates are formed, for marks come from the rows that are left.  Dust
 * is a step of its own: it needs these rates and the engine's view.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "positions/exchange_view.h"

void
exchange_view_release(struct exchange_view *view)
{
	holdings_release(&view->holdings);
	rates_release(&view->rates);
	*view = (struct exchange_view){ 0 };
}

/* Holdings ----------------------------------------------------------- */

static int
add_balance(struct exchange_view *view, const struct policy *policy, size_t exchange,
    const struct profile *profile, const struct account_balance *balance, struct failure *why)
{
	struct holding *holding = holdings_add(&view->holdings, why);

	if (holding == NULL)
		return -1;
	holding->exchange = exchange;
	/* What is locked in orders is held all the same: free and locked are added. */
	holding->market = HOLDING_SPOT;
	memcpy(holding->symbol.base, balance->asset, sizeof(holding->symbol.base));
	holding->symbol.quote[0] = '\0';
	memcpy(holding->symbol.text, balance->asset, sizeof(balance->asset));
	symbol_unit(profile, holding->symbol.base, &holding->unit);
	/* All rows of the exchange are taken out later then, not only this one. */
	if (!decimal_add(balance->free, balance->locked, &holding->quantity))
		(void)failure_set(&view->failures[exchange], FAILURE_PROTOCOL,
		    "the sum of %s has too many digits", holding->symbol.text);
	/* A borrowed asset has a balance below zero. */
	holding->is_short = decimal_sign(holding->quantity) < 0;
	holding->quantity = decimal_absolute(holding->quantity);
	/* An asset of which nothing is left, and cash, are no positions. */
	if (decimal_sign(holding->quantity) == 0 || !policy_counts(policy, holding))
		view->holdings.count--;
	return 0;
}

static int
add_position(struct exchange_view *view, const struct policy *policy, size_t exchange,
    const struct profile *profile, const struct account_position *position, struct failure *why)
{
	struct holding *holding = holdings_add(&view->holdings, why);

	if (holding == NULL)
		return -1;
	holding->exchange = exchange;
	holding->market = HOLDING_DERIVATIVE;
	holding->symbol = position->symbol;
	symbol_unit(profile, holding->symbol.base, &holding->unit);
	holding->is_short = position->side == SIDE_SHORT;
	holding->quantity = position->quantity;
	holding->inverse = position->inverse;
	memcpy(holding->currency, position->symbol.quote, sizeof(holding->currency));
	holding->notional = position->notional;
	holding->mark = position->mark;
	holding->pnl = position->unrealized_pnl;
	if (!policy_counts(policy, holding))
		view->holdings.count--;
	return 0;
}

static int
add_account(struct exchange_view *view, const struct policy *policy, size_t exchange,
    const struct account *account, struct failure *why)
{
	const struct account_lists *lists = &account->reading->lists;
	const struct profile *profile = account->setting->profile;

	/* On a market of derivatives balances are margin, and no positions. */
	for (size_t i = 0; profile->account.holdings && i < lists->balance_count; i++)
		if (add_balance(view, policy, exchange, profile, &lists->balances[i], why) != 0)
			return -1;
	for (size_t i = 0; i < lists->position_count; i++)
		if (add_position(view, policy, exchange, profile, &lists->positions[i], why) != 0)
			return -1;
	return 0;
}

/* Rates -------------------------------------------------------------- */

static int
add_books(struct exchange_view *view, const struct account *account, double now, struct failure *why)
{
	for (size_t i = 0; account->prices != NULL && i < account->books.symbol_count; i++) {
		const struct book_reading *book = &account->prices->books[i];
		const char *symbol = account->books.symbols[i];
		size_t slash = strcspn(symbol, "/");
		struct symbol_unit unit;
		char base[SYMBOL_ASSET];

		/* A book without a time of its own was read in this run, which is new enough. */
		if (!book->read || slash >= sizeof(base) ||
		    (book->timestamp >= 0 && now - book->timestamp > (double)BOOK_AGE_MOST))
			continue;
		memcpy(base, symbol, slash);
		base[slash] = '\0';
		symbol_unit(account->setting->profile, base, &unit);
		if (rates_add(&view->rates, unit.asset, symbol + slash + 1,
			(book->bid + book->ask) / 2 / unit.count, why) != 0)
			return -1;
	}
	return 0;
}

static int
add_marks(struct exchange_view *view, struct failure *why)
{
	for (size_t i = 0; i < view->holdings.count; i++) {
		const struct holding *row = &view->holdings.rows[i];

		/* A contract with an end ("BTC/USDT-260327") has a price that is not that of its base. */
		if (row->market == HOLDING_DERIVATIVE && row->currency[0] != '\0' && !isnan(row->mark) &&
		    strchr(row->symbol.text, '-') == NULL &&
		    rates_add(&view->rates, holding_asset(row), row->currency, row->mark / holding_units(row),
			why) != 0)
			return -1;
	}
	return 0;
}

/* Of several prices the first counts: what the settings say, then books, then marks. */
static int
form_rates(struct exchange_view *view, const struct policy *policy, const struct accounts *accounts,
    double now, struct failure *why)
{
	for (size_t i = 0; i < policy->constant_count; i++) {
		const struct constant_rate *constant = &policy->constants[i];

		if (rates_add(&view->rates, constant->base, constant->quote, constant->price, why) != 0)
			return -1;
	}
	for (size_t i = 0; i < accounts->count; i++)
		if (add_books(view, &accounts->items[i], now, why) != 0)
			return -1;
	return add_marks(view, why);
}

/* All ---------------------------------------------------------------- */

int
exchange_view_build(struct exchange_view *view, const struct policy *policy, const struct accounts *accounts,
    double now, struct failure *why)
{
	/* Yesterday's price must not be today's. */
	exchange_view_release(view);
	view->exchange_count = accounts->count;
	for (size_t i = 0; i < view->exchange_count; i++) {
		/* A list that was read in part counts as not read. */
		view->known[i] = account_is_read(&accounts->items[i]);
		view->failures[i] = accounts->items[i].key_failure;
		if (view->known[i] && add_account(view, policy, i, &accounts->items[i], why) != 0)
			return -1;
	}
	(void)holdings_combine(&view->holdings, view->failures);
	for (size_t i = 0; i < view->exchange_count; i++)
		view->known[i] = view->known[i] && view->failures[i].kind == FAILURE_NONE;
	/* This removes exchanges that turned out to be unknown while their rows were added. */
	holdings_remove_unknown(&view->holdings, view->known);
	return form_rates(view, policy, accounts, now, why);
}

/* Worth -------------------------------------------------------------- */

/* On either side: what the bot or the operator counts with is compared, however little it is. */
static bool
has_any(const struct holdings *list, const struct holding *row)
{
	return holdings_find(list, row->exchange, row->symbol.text, false) != NULL ||
	       holdings_find(list, row->exchange, row->symbol.text, true) != NULL;
}

void
exchange_view_remove_dust(
    struct exchange_view *view, const struct policy *policy, const struct holdings *engine)
{
	struct holdings *held = &view->holdings;
	size_t kept = 0;

	for (size_t i = 0; i < held->count; i++) {
		const struct holding *row = &held->rows[i];
		const char *currency;

		/* An unknown worth is NaN, which is not below anything: it stays. */
		if (row->market != HOLDING_SPOT ||
		    !(exchange_view_worth(view, policy, row, &currency) < policy->dust) ||
		    has_any(engine, row) || has_any(&policy->baseline, row))
			held->rows[kept++] = *row;
	}
	held->count = kept;
}

void
exchange_view_add_prices(const struct exchange_view *view, struct holdings *engine)
{
	for (size_t i = 0; i < engine->count; i++) {
		struct holding *row = &engine->rows[i];
		const struct holding *held =
		    holdings_find(&view->holdings, row->exchange, row->symbol.text, row->is_short);

		if (held == NULL || row->market != HOLDING_DERIVATIVE)
			continue;
		row->inverse = held->inverse;
		row->mark = held->mark;
		memcpy(row->currency, held->currency, sizeof(row->currency));
	}
}

double
exchange_view_worth(struct exchange_view *view, const struct policy *policy, const struct holding *holding,
    const char **currency)
{
	*currency = holding->market == HOLDING_SPOT ? policy->currencies[0] : holding->currency;
	/* Contracts in USD may be inverse ones, which only their exchange knows. */
	if (holding->market != HOLDING_SPOT && strcmp(*currency, "USD") == 0 && !holding->inverse &&
	    isnan(holding->notional) && isnan(holding->mark))
		return (double)NAN;
	return holding_value(holding, &view->rates, *currency);
}
