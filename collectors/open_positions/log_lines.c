/*
 * What a run has to say.  A failure is said in every run, with one line for each exchange or store.
 * Warnings, such as a key that may withdraw, are logged when they begin, and a mismatch also when
 * it ends: a line in each run would hide everything else.  Whether it is new is known from the
 * metrics of the last run, so that it works from cron too.
 */

#include <stdio.h>
#include <string.h>

#include "collectors/open_positions/log_lines.h"
#include "common/system/time.h"
#include "positions/history.h"

/* Failures ----------------------------------------------------------- */

static void
write_held_back(struct run *run, const struct account *account)
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

void
log_lines_write_account(
    struct run *run, const struct account *account, const struct failure *failure, double now)
{
	struct read_count reads = { 0 };

	/* This is logged in each run: while it is held back nobody watches its positions. */
	if (!account_may_ask(account, now)) {
		write_held_back(run, account);
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

void
log_lines_write_engine(
    struct run *run, const struct engine_view *engine_view, const struct accounts *accounts)
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
write_mismatch(struct run *run, const struct mismatch_log *mismatches, const struct reconcile_row *row)
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

void
log_lines_write_mismatch(struct run *run, struct mismatch_log *mismatches, const struct reconcile_row *row)
{
	const char *exchange = mismatches->accounts->items[row->exchange].name;
	struct failure why = { 0 };

	/* The market is neither equal nor different.  That is a failure each time: it was not compared. */
	if (!row->known) {
		(void)failure_set(
		    &why, FAILURE_PROTOCOL, "%s: a sum has too many digits to be compared", row->symbol);
		if (mismatches->changes++ < LOG_LINES_MOST)
			run_failed(run, exchange, &why);
		else
			run_missed(run, why.kind);
		return;
	}
	/* Nothing has changed since the last run. */
	if (row->mismatched ==
	    (history_gauge(mismatches->last, OPEN_MISMATCH, LABELS(exchange, row->symbol), 0) != 0))
		return;
	if (mismatches->changes++ < LOG_LINES_MOST)
		write_mismatch(run, mismatches, row);
}

/* Where nothing of a market is left in any list, reconcile() has no row: such a mismatch has ended. */
static void
write_gone(struct run *run, struct mismatch_log *mismatches, const struct series *series)
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
		write_mismatch(run, mismatches, &row);
}

void
log_lines_end_mismatches(struct run *run, struct mismatch_log *mismatches)
{
	size_t family = 0;
	char text[96];

	while (metrics_family(mismatches->last, family) != &open_families[OPEN_MISMATCH])
		family++;
	for (size_t i = 0; i < metrics_series_count(mismatches->last, family); i++)
		if (metrics_series(mismatches->last, family, i)->value != 0)
			write_gone(run, mismatches, metrics_series(mismatches->last, family, i));
	/* After an outage thousands of markets may change at once. */
	if (mismatches->changes <= LOG_LINES_MOST)
		return;
	(void)snprintf(text, sizeof(text), "%zu more markets have begun or ceased to differ",
	    mismatches->changes - LOG_LINES_MOST);
	run_log_warning(run, "positions", text);
}

/* Others ------------------------------------------------------------- */

void
log_lines_write_key(struct run *run, const struct account *account, const struct metrics *last)
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
log_lines_write_unknown_rows(
    struct run *run, const struct engine_view *engine_view, const struct metrics *last)
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
log_lines_write_exposure(
    struct run *run, const char *currency, const struct exposure *exposure, const struct metrics *last)
{
	char text[192];

	/* An exchange that was not read has a line of its own. */
	if (exposure->known || strcmp(exposure->missing, EXPOSURE_UNREADABLE) == 0 ||
	    history_gauge(last, OPEN_EXPOSURE_KNOWN, LABELS(currency), 1) == 0)
		return;
	(void)snprintf(text, sizeof(text),
	    "the exposure in %s is not known: no price or rate leads there from %s; give a --symbol or a --rate",
	    currency, exposure->missing);
	run_log_warning(run, currency, text);
}
