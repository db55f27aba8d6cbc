/*
 * What a run found, as metrics.  Counters are written in every run, from 0 on.  Gauges are written
 * only if they are known: an exchange that could not be read has OPEN_READABLE of 0 and no
 * positions, no count and no sum, because a count of 0 would mean that it is flat.  Quantities were
 * compared as decimals before; only what is published here are doubles.
 */

#include <math.h>

#include "collectors/open_positions/report.h"
#include "positions/history.h"

static void
set(struct metrics *m, enum open_family family, const char *const labels[], double value)
{
	metrics_set(m, &open_families[family], labels, value);
}

/* What is not a number is not known. */
static void
set_known(struct metrics *m, enum open_family family, const char *const labels[], double value)
{
	if (!isnan(value))
		set(m, family, labels, value);
}

/* Accounts ----------------------------------------------------------- */

/* Every series of a counter is there from the first run on: rate() of one that appears with 1 shows nothing.
 */
static void
report_requests(struct metrics *m, const char *exchange, const char *endpoint, size_t requests)
{
	metrics_add(m, &open_families[OPEN_REQUESTS], LABELS(exchange, endpoint), (double)requests);
	for (int kind = FAILURE_NONE + 1; kind < FAILURE_KINDS; kind++)
		metrics_add(m, &open_families[OPEN_FAILURES],
		    LABELS(exchange, endpoint, failure_kind_name((enum failure_kind)kind)), 0);
}

static void
report_failure(struct metrics *m, const char *exchange, const char *endpoint, const struct failure *failure)
{
	if (failure->kind != FAILURE_NONE)
		metrics_add(m, &open_families[OPEN_FAILURES],
		    LABELS(exchange, endpoint, failure_kind_name(failure->kind)), 1);
}

static void
report_books(struct metrics *m, const struct account *account)
{
	const struct exchange_reading *prices = account->prices;
	size_t count = prices != NULL ? prices->request_count : 0;

	/* No order books are configured: there is nothing to count. */
	if (account->setting->symbol_count == 0)
		return;
	report_requests(m, account->name, endpoint_name(ENDPOINT_BOOK), count);
	for (size_t i = 0; i < count; i++)
		report_failure(m, account->name, endpoint_name(ENDPOINT_BOOK), &prices->requests[i].failure);
}

static void
report_balances(struct metrics *m, const struct account *account)
{
	const struct account_lists *lists = &account->reading->lists;

	for (size_t i = 0; i < lists->balance_count; i++) {
		const struct account_balance *balance = &lists->balances[i];

		set(m, OPEN_BALANCE, LABELS(account->name, balance->asset, "free"),
		    decimal_value(balance->free));
		set(m, OPEN_BALANCE, LABELS(account->name, balance->asset, "locked"),
		    decimal_value(balance->locked));
	}
}

static void
report_key(struct metrics *m, const struct account *account)
{
	const struct account_key_health *health = &account->reading->health;

	if (health->expiry >= 0)
		set(m, OPEN_KEY_EXPIRY, LABELS(account->name), health->expiry);
	if (health->ip_restricted >= 0)
		set(m, OPEN_KEY_IP_RESTRICTED, LABELS(account->name), health->ip_restricted);
	for (int p = 0; p < ACCOUNT_PERMISSIONS; p++)
		if (health->permission[p] >= 0)
			set(m, OPEN_KEY_PERMISSION,
			    LABELS(account->name, account_permission_name((enum account_permission)p)),
			    health->permission[p]);
}

static void
report_parts(struct metrics *m, const struct account *account, const struct metrics *last)
{
	const struct account_reading *reading = account->reading;
	const struct account_part *key = &reading->parts[ACCOUNT_KEY], *lock = &reading->parts[ACCOUNT_LOCK];

	if (reading->parts[ACCOUNT_BALANCES].read)
		report_balances(m, account);
	/* If it was asked and failed, what was known before is not known any more: nothing is written. */
	if (key->read)
		report_key(m, account);
	else if (!key->asked)
		history_keep_key(last, m, account->name);
	if (!lock->asked)
		history_keep_lock(last, m, account->name);
	else if (lock->read && reading->health.trading_locked >= 0)
		set(m, OPEN_TRADING_LOCKED, LABELS(account->name), reading->health.trading_locked);
}

void
report_account(struct metrics *m, const struct account *account, const struct metrics *last)
{
	const struct profile_account *profile = &account->setting->profile->account;
	const struct account_reading *reading = account->reading;
	double weight = 0;

	for (int e = 0; e < ACCOUNT_ENDPOINTS; e++) {
		const char *endpoint = account_endpoint_name((enum account_endpoint)e);

		/* The exchange has no such endpoint. */
		if (profile->reads[e].path == NULL)
			continue;
		report_requests(m, account->name, endpoint, reading != NULL ? reading->parts[e].requests : 0);
		if (reading != NULL)
			report_failure(m, account->name, endpoint, &reading->parts[e].failure);
	}
	report_books(m, account);
	if (reading != NULL) {
		weight += (double)reading->weight;
		report_parts(m, account, last);
	}
	if (account->prices != NULL)
		weight += (double)account->prices->weight;
	set(m, OPEN_WEIGHT, LABELS(account->name), weight);
}

/* Positions ---------------------------------------------------------- */

/* An inverse contract's profit is in its base currency, unlike its worth. */
static void
report_position(struct metrics *m, const char *source, const char *exchange, const struct holding *holding,
    const struct policy *policy, struct exchange_view *exchange_view)
{
	const char *side = holding->is_short ? "short" : "long", *symbol = holding->symbol.text;
	const char *currency = "", *profit = holding->inverse ? holding->symbol.base : holding->currency;
	double worth = exchange_view_worth(exchange_view, policy, holding, &currency);

	set(m, OPEN_QUANTITY, LABELS(source, exchange, symbol, side), decimal_value(holding->quantity));
	set_known(m, OPEN_NOTIONAL, LABELS(source, exchange, symbol, side, currency), worth);
	if (profit[0] != '\0')
		set_known(m, OPEN_PNL, LABELS(source, exchange, symbol, side, profit), holding->pnl);
}

/* `first` is the first holding of the exchange or a later one; returns how many there are. */
static size_t
report_positions(struct metrics *m, const struct report_source *source, const char *name, size_t exchange,
    size_t first, const struct policy *policy, struct exchange_view *exchange_view)
{
	size_t i = first;

	/* The list is sorted: the holdings of an exchange stand together. */
	for (; i < source->holdings->count && source->holdings->rows[i].exchange == exchange; i++)
		report_position(m, source->name, name, &source->holdings->rows[i], policy, exchange_view);
	return i - first;
}

void
report_source(struct metrics *m, const struct report_source *source, const struct accounts *accounts,
    const struct policy *policy, struct exchange_view *exchange_view, double now)
{
	size_t next = 0, count;

	for (size_t i = 0; i < accounts->count; i++) {
		const char *name = accounts->items[i].name;

		set(m, OPEN_READABLE, LABELS(source->name, name), source->known[i]);
		if (!source->known[i])
			continue;
		count = report_positions(m, source, name, i, next, policy, exchange_view);
		next += count;
		set(m, OPEN_COUNT, LABELS(source->name, name), (double)count);
		/* The exchange is the first label here: by that the harness lets it go on when it fails. */
		set(m, OPEN_LAST_SUCCESS, LABELS(name, source->name), now);
	}
}

void
report_engine(struct metrics *m, const struct engine_view *engine_view, const struct sources *sources)
{
	if (engine_view->told)
		set(m, OPEN_UNKNOWN_ROWS, NO_LABELS, (double)engine_view->unknown_rows);
	for (int store = 0; store < ENGINE_STORES; store++) {
		const struct engine_reading *reading = &sources->engine[store];

		/*
		 * This is written also if the store is too old to be used: the operator wants to
		 * see its age.
		 */
		if (sources->has_store[store] && reading->read && reading->updated_at >= 0)
			set(m, OPEN_ENGINE_UPDATED, LABELS(engine_store_name((enum engine_store)store)),
			    reading->updated_at);
	}
}

/* What comes of them ------------------------------------------------- */

void
report_mismatch(struct metrics *m, const char *exchange, const struct reconcile_row *row)
{
	const char *const *labels = LABELS(exchange, row->symbol);

	if (!row->known)
		return;
	/* It is 0 also during the grace, when only OPEN_MISMATCH_SINCE shows the difference. */
	set(m, OPEN_MISMATCH, labels, row->mismatched ? decimal_value(row->difference) : 0);
	if (row->since >= 0)
		set(m, OPEN_MISMATCH_SINCE, labels, row->since);
}

void
report_exposure(struct metrics *m, const char *currency, const struct exposure *exposure)
{
	/* By this an alert can tell "not known" from "nothing". */
	set(m, OPEN_EXPOSURE_KNOWN, LABELS(currency), exposure->known);
	if (!exposure->known)
		return;
	set(m, OPEN_EXPOSURE, LABELS(currency, "gross"), exposure->gross);
	set(m, OPEN_EXPOSURE, LABELS(currency, "net"), exposure->net);
}

void
report_delta(struct metrics *m, const struct asset_delta *delta)
{
	if (!delta->known)
		return;
	set_known(m, OPEN_DELTA, LABELS(delta->asset), delta->net);
	set_known(m, OPEN_DELTA_RATIO, LABELS(delta->asset), delta->ratio);
}

void
report_imbalance(struct metrics *m, const struct asset_imbalance *imbalance)
{
	if (imbalance->known)
		set_known(m, OPEN_IMBALANCE, LABELS(imbalance->asset), imbalance->ratio);
}
