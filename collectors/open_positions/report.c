/*
 * What a run found, as metrics and in the log.
 *
 * Counters are written in every run, from 0 on.  Gauges are written only if they are known: an exchange
 * that could not be read has OPEN_READABLE of 0 and no positions, no count and no sum, because a count of
 * 0 would mean that it is flat.  Quantities were compared as decimals before; only what is published here
 * are doubles.
 *
 * A failure is logged in every run, with one line for each exchange or store.  Warnings, such as a key that
 * may withdraw, are logged when they begin, and a mismatch also when it ends: a line in each run would hide
 * everything else.  Whether it is new is known from the metrics of the last run, so that it works from cron
 * too.
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "collectors/open_positions/report.h"
#include "common/system/time.h"

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

static void
set_account(struct metrics *m, const struct account *account, const struct metrics *last)
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
		else if (e != ACCOUNT_INSTRUMENTS)
			report_failure(m, account->name, endpoint, &account->key_failure);
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

static void
log_held_back(struct run *run, const struct account *account)
{
	struct failure why = { 0 };
	char until[TIME_TEXT];

	(void)failure_set(&why, FAILURE_REJECTED,
	    "not asked until %s: the exchange has banned this address, or wants fewer requests",
	    time_text(account->retry_at, until));
	run_failed(run, account->name, &why);
}

/* How many reads failed of how many; the first says why. */
struct read_count {
	size_t asked, failed;
	struct failure first;
};

static void
count(struct read_count *reads, const char *what, const struct failure *failure)
{
	reads->asked++;
	if (failure->kind == FAILURE_NONE)
		return;
	/* Further failures mostly have the same reason. */
	if (reads->failed++ > 0)
		return;
	reads->first = *failure;
	(void)failure_prefix(&reads->first, "%s", what);
}

static void
count_reads(struct read_count *reads, const struct account *account)
{
	const struct account_reading *reading = account->reading;
	const struct exchange_reading *prices = account->prices;

	for (int e = 0; reading != NULL && e < ACCOUNT_ENDPOINTS; e++)
		if (reading->parts[e].asked)
			count(reads, account_endpoint_name((enum account_endpoint)e),
			    &reading->parts[e].failure);
	/* Order books count as reads of the exchange, too. */
	for (size_t i = 0; prices != NULL && i < prices->request_count; i++)
		count(
		    reads, account->books.symbols[prices->requests[i].symbol], &prices->requests[i].failure);
}

static void
log_account(struct run *run, const struct account *account, const struct failure *failure, double now)
{
	struct read_count reads = { 0 };

	/* These are logged in each run: meanwhile nobody watches its positions. */
	if (account->key_failure.kind != FAILURE_NONE) {
		run_failed(run, account->name, &account->key_failure);
		return;
	}
	if (!account_may_ask(account, now)) {
		log_held_back(run, account);
		return;
	}
	count_reads(&reads, account);
	if (reads.failed > 0) {
		(void)failure_prefix(&reads.first, "%zu of %zu reads failed", reads.failed, reads.asked);
		run_failed(run, account->name, &reads.first);
	} else if (failure->kind != FAILURE_NONE) {
		run_failed(run, account->name, failure);
	}
}

static void
log_key(struct run *run, const struct account *account, const struct metrics *last)
{
	const char *withdraw = account_permission_name(PERMISSION_WITHDRAW);
	const struct account_reading *reading = account->reading;

	if (reading == NULL)
		return;
	/* A gauge that is not there counts as 0: so a first run says it, too. */
	if (reading->parts[ACCOUNT_KEY].read && reading->health.permission[PERMISSION_WITHDRAW] == 1 &&
	    history_gauge(last, OPEN_KEY_PERMISSION, LABELS(account->name, withdraw), 0) != 1)
		run_log_warning(run, account->name,
		    "the API key may withdraw: take that right from it, nothing here needs it");
	if (reading->parts[ACCOUNT_LOCK].read && reading->health.trading_locked == 1 &&
	    history_gauge(last, OPEN_TRADING_LOCKED, LABELS(account->name), 0) != 1)
		run_log_warning(run, account->name, "the exchange has locked trading on the account");
}

void
report_account(struct run *run, const struct account *account, const struct failure *failure,
    const struct metrics *last, double started)
{
	set_account(run_metrics(run), account, last);
	log_account(run, account, failure, started);
	log_key(run, account, last);
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

static void
log_engine(struct run *run, const struct engine_view *engine_view, const struct accounts *accounts)
{
	char name[32];

	for (int store = 0; store < ENGINE_STORES; store++) {
		if (engine_view->store_failures[store].kind == FAILURE_NONE)
			continue;
		(void)snprintf(name, sizeof(name), "engine_%s", engine_store_name((enum engine_store)store));
		run_failed(run, name, &engine_view->store_failures[store]);
	}
	/* An exchange that is unknown because a store failed has no failure of its own here. */
	for (size_t i = 0; i < engine_view->exchange_count; i++)
		if (engine_view->failures[i].kind != FAILURE_NONE) {
			struct failure why = engine_view->failures[i];

			(void)failure_prefix(&why, "nothing is known of the engine's positions there");
			run_failed(run, accounts->items[i].name, &why);
		}
}

static void
log_unknown_rows(struct run *run, const struct engine_view *engine_view, const struct metrics *last)
{
	double before = history_gauge(last, OPEN_UNKNOWN_ROWS, NO_LABELS, 0);
	char text[128];

	/* It is logged again only when the number changes. */
	if (!engine_view->told || engine_view->unknown_rows == 0 ||
	    (double)engine_view->unknown_rows == before)
		return;
	(void)snprintf(text, sizeof(text),
	    "%zu positions are at exchanges that --exchange does not name: nobody checks them",
	    engine_view->unknown_rows);
	run_log_warning(run, "engine", text);
}

void
report_engine(struct run *run, const struct engine_view *engine_view, const struct sources *sources,
    const struct accounts *accounts, const struct metrics *last)
{
	struct metrics *m = run_metrics(run);

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
	log_engine(run, engine_view, accounts);
	log_unknown_rows(run, engine_view, last);
}

/* Differences -------------------------------------------------------- */

/* "1.5 long, 2 short", "nothing". */
static void
describe(const struct holdings *list, const struct reconcile_row *row, char text[128])
{
	/* In hedge mode a market may be long and short at once. */
	const struct holding *sides[2] = { holdings_find(list, row->exchange, row->symbol, false),
		holdings_find(list, row->exchange, row->symbol, true) };
	char digits[2][DECIMAL_TEXT];

	for (int i = 0; i < 2; i++)
		if (sides[i] != NULL)
			(void)decimal_text(sides[i]->quantity, digits[i]);
	if (sides[0] != NULL && sides[1] != NULL)
		(void)snprintf(text, 128, "%s long and %s short", digits[0], digits[1]);
	else if (sides[0] != NULL || sides[1] != NULL)
		(void)snprintf(
		    text, 128, "%s %s", digits[sides[0] == NULL], sides[0] != NULL ? "long" : "short");
	else
		(void)snprintf(text, 128, "nothing");
}

static void
log_mismatch(struct run *run, const struct mismatch_report *mismatches, const struct reconcile_row *row)
{
	char engine[128], exchange[128], digits[DECIMAL_TEXT], text[512];

	describe(&mismatches->engine_view->holdings, row, engine);
	describe(&mismatches->exchange_view->holdings, row, exchange);
	if (row->mismatched)
		(void)snprintf(text, sizeof(text), "%s: the engine has %s, the exchange has %s: %s apart",
		    row->symbol, engine, exchange, decimal_text(row->difference, digits));
	else
		(void)snprintf(text, sizeof(text),
		    "%s: no mismatch any more: the engine has %s, the exchange has %s", row->symbol, engine,
		    exchange);
	run_log_warning(run, mismatches->accounts->items[row->exchange].name, text);
}

/* The market is neither equal nor different.  That is a failure each time: it was not compared. */
static void
fail_mismatch(struct run *run, struct mismatch_report *mismatches, const char *exchange,
    const struct reconcile_row *row)
{
	struct failure why = { 0 };

	(void)failure_set(
	    &why, FAILURE_PROTOCOL, "%s: a sum has too many digits to be compared", row->symbol);
	if (mismatches->changes++ < LOG_LINES_MOST)
		run_failed(run, exchange, &why);
	else
		run_missed(run, why.kind);
}

void
report_mismatch(struct run *run, struct mismatch_report *mismatches, const struct reconcile_row *row)
{
	const char *exchange = mismatches->accounts->items[row->exchange].name;
	const char *const *labels = LABELS(exchange, row->symbol);
	struct metrics *m = run_metrics(run);

	if (!row->known) {
		fail_mismatch(run, mismatches, exchange, row);
		return;
	}
	/* It is 0 also during the grace, when only OPEN_MISMATCH_SINCE shows the difference. */
	set(m, OPEN_MISMATCH, labels, row->mismatched ? decimal_value(row->difference) : 0);
	if (row->since >= 0)
		set(m, OPEN_MISMATCH_SINCE, labels, row->since);
	/* It is logged only if it has changed since the last run. */
	if (row->mismatched != (history_gauge(mismatches->last, OPEN_MISMATCH, labels, 0) != 0) &&
	    mismatches->changes++ < LOG_LINES_MOST)
		log_mismatch(run, mismatches, row);
}

/* Where nothing of a market is left in any list, reconcile() has no row: such a mismatch has ended. */
static void
log_gone(struct run *run, struct mismatch_report *mismatches, const struct series *series)
{
	const char *exchange = series->labels, *symbol = exchange + strlen(exchange) + 1;
	struct reconcile_row row = { .symbol = symbol };
	double value;

	/* This finds the exchange by its label.  One that is not configured any more is passed over. */
	while (row.exchange < mismatches->accounts->count &&
	       strcmp(mismatches->accounts->items[row.exchange].name, exchange) != 0)
		row.exchange++;
	if (row.exchange == mismatches->accounts->count || !mismatches->comparable[row.exchange] ||
	    metrics_value(run_metrics(run), &open_families[OPEN_MISMATCH], LABELS(exchange, symbol), &value))
		return;
	if (mismatches->changes++ < LOG_LINES_MOST)
		log_mismatch(run, mismatches, &row);
}

void
report_end_of_mismatches(struct run *run, struct mismatch_report *mismatches)
{
	size_t family = 0;
	char text[96];

	while (metrics_family(mismatches->last, family) != &open_families[OPEN_MISMATCH])
		family++;
	for (size_t i = 0; i < metrics_series_count(mismatches->last, family); i++)
		if (metrics_series(mismatches->last, family, i)->value != 0)
			log_gone(run, mismatches, metrics_series(mismatches->last, family, i));
	/* After an outage thousands of markets may change at once. */
	if (mismatches->changes <= LOG_LINES_MOST)
		return;
	(void)snprintf(text, sizeof(text), "%zu more markets have begun or ceased to differ",
	    mismatches->changes - LOG_LINES_MOST);
	run_log_warning(run, "positions", text);
}

/* Exposure ----------------------------------------------------------- */

void
report_exposure(
    struct run *run, const char *currency, const struct exposure *exposure, const struct metrics *last)
{
	struct metrics *m = run_metrics(run);
	char text[192];

	/* By this an alert can tell "not known" from "nothing". */
	set(m, OPEN_EXPOSURE_KNOWN, LABELS(currency), exposure->known);
	if (exposure->known) {
		set(m, OPEN_EXPOSURE, LABELS(currency, "gross"), exposure->gross);
		set(m, OPEN_EXPOSURE, LABELS(currency, "net"), exposure->net);
		return;
	}
	/* An exchange that was not read has a line of its own. */
	if (strcmp(exposure->missing, EXPOSURE_UNREADABLE) == 0 ||
	    history_gauge(last, OPEN_EXPOSURE_KNOWN, LABELS(currency), 1) == 0)
		return;
	(void)snprintf(text, sizeof(text),
	    "the exposure in %s is not known: no price or rate leads there from %s; give a --symbol or a --rate",
	    currency, exposure->missing);
	run_log_warning(run, currency, text);
}

void
report_asset(struct metrics *m, const struct asset_exposure *asset)
{
	set_known(m, OPEN_DELTA, LABELS(asset->asset), asset->net);
	set_known(m, OPEN_DELTA_RATIO, LABELS(asset->asset), asset->ratio);
	set_known(m, OPEN_IMBALANCE, LABELS(asset->asset), asset->imbalance);
}
