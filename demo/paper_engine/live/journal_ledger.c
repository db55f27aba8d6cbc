/*
 * Rows go in pipelines: all statements of a batch are sent at once, and up to the sync they are one
 * transaction.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "demo/paper_engine/live/journal_ledger.h"

enum { IDS_AT_ONCE = 10000, SUMMED_AT_ONCE = 100000 };

/* Writing ---------------------------------------------------------------- */

static bool
send_record(PGconn *conn, const struct record *record)
{
	struct row rows[ROWS];
	size_t count = record_rows(record, rows);
	const char *values[ROW_VALUES];
	char name[16];

	for (size_t i = 0; i < count; i++) {
		for (int v = 0; v < rows[i].count; v++)
			values[v] = rows[i].texts[v];
		(void)snprintf(name, sizeof(name), "s%d", (int)rows[i].statement);
		if (PQsendQueryPrepared(conn, name, rows[i].count, values, NULL, NULL, 0) == 0)
			return false;
	}
	return true;
}

/* All answers up to that of the sync: only then it is committed. */
static int
take_answers(struct ledger *ledger, struct failure *why)
{
	bool broke = false, synced = false;
	char error[256] = "";

	while (!synced && !broke) {
		PGresult *result = ledger_next(ledger, &broke);
		ExecStatusType status = PQresultStatus(result);

		synced = result != NULL && status == PGRES_PIPELINE_SYNC;
		/* Those behind the one that failed are only called aborted. */
		if (result != NULL && status == PGRES_FATAL_ERROR && error[0] == '\0')
			(void)snprintf(error, sizeof(error), "%s", PQresultErrorMessage(result));
		PQclear(result);
		if (PQstatus((PGconn *)ledger->conn) != CONNECTION_OK)
			broke = true;
	}
	if (error[0] != '\0')
		return ledger_fail(ledger, error, why);
	if (!synced)
		return ledger_fail(ledger, "it does not answer, or the connection broke", why);
	return 0;
}

int
ledger_write(struct ledger *ledger, struct record *const *records, size_t count, struct failure *why)
{
	PGconn *conn;
	bool sent;

	if (ledger_connect(ledger, why) != 0)
		return -1;
	conn = (PGconn *)ledger->conn;
	sent = PQenterPipelineMode(conn) == 1;
	for (size_t i = 0; sent && i < count; i++)
		sent = send_record(conn, records[i]);
	if (!sent || PQpipelineSync(conn) != 1)
		return ledger_fail(ledger, PQerrorMessage(conn), why);
	if (take_answers(ledger, why) != 0)
		return -1;
	return PQexitPipelineMode(conn) == 1 ? 0 : ledger_fail(ledger, PQerrorMessage(conn), why);
}

/* Reading ---------------------------------------------------------------- */

int
ledger_last(struct ledger *ledger, int64_t *id, struct failure *why)
{
	PGresult *result;

	if (ledger_connect(ledger, why) != 0)
		return -1;
	result = ledger_ask(ledger,
	    "SELECT greatest(0, (SELECT max(id) FROM public.trades), (SELECT max(id) FROM public.paper_movements))",
	    NULL, 0, why);
	if (result == NULL)
		return -1;
	*id = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return 0;
}

static void
apply(struct engine *engine, const struct record *record)
{
	if (record->kind == RECORD_TRADE)
		engine_replay_trade(engine, &record->trade);
	else
		engine_replay_movement(engine, &record->movement);
}

/* Each id must be there: what is missing was lost, and the engine would go on with other coins than it has.
 */
static int
replay_rows(const PGresult *result, struct engine *engine, int64_t *id, struct failure *why)
{
	struct record record = { 0 };
	int rows = PQntuples(result);

	for (int row = 0; row < rows; row++) {
		const char *columns[LEDGER_COLUMNS];
		int64_t read = strtoll(PQgetvalue(result, row, LEDGER_ID), NULL, 10);

		for (int i = 0; i < LEDGER_COLUMNS; i++)
			columns[i] = PQgetvalue(result, row, i);
		if (row > 0 && read == *id) {
			if (record_read_fill(&record, columns, why) != 0)
				return -1;
			continue;
		}
		if (row > 0)
			apply(engine, &record);
		if (read != *id + 1)
			return failure_set(why, FAILURE_LOCAL,
			    "the ledger has no record %" PRId64 ", but one with the id %" PRId64, *id + 1,
			    read);
		if (record_read(&record, columns, why) != 0)
			return -1;
		*id = read;
	}
	if (rows > 0)
		apply(engine, &record);
	return 0;
}

long
ledger_replay(struct ledger *ledger, int64_t after, struct engine *engine, struct failure *why)
{
	int64_t last, id = after;

	if (ledger_last(ledger, &last, why) != 0)
		return -1;
	if (last < after)
		return failure_set(why, FAILURE_LOCAL,
		    "the snapshot goes to record %" PRId64 ", and the ledger ends at %" PRId64
		    ": this is another database; delete the snapshot to begin with what the ledger has",
		    after, last);
	while (id < last) {
		char texts[2][24];
		const char *values[2] = { texts[0], texts[1] };
		PGresult *result;
		int status;

		(void)snprintf(texts[0], sizeof(texts[0]), "%" PRId64, id);
		(void)snprintf(texts[1], sizeof(texts[1]), "%" PRId64, id + IDS_AT_ONCE);
		result = ledger_ask(ledger, ledger_select, values, 2, why);
		if (result == NULL)
			return -1;
		status = replay_rows(result, engine, &id, why);
		if (status == 0 && PQntuples(result) == 0)
			status = failure_set(why, FAILURE_LOCAL, "the ledger has no record %" PRId64, id + 1);
		PQclear(result);
		if (status != 0)
			return -1;
	}
	return (long)(last - after);
}

/* The records up to `until`: no row of the ledger is ever changed. */
static int
sum_until(struct ledger *ledger, int64_t until, struct failure *why)
{
	static const char statement[] =
	    "SELECT name, sum(binance), sum(upbit) FROM ("
	    "SELECT t.symbol AS name, "
	    "CASE WHEN f.exchange = 'binance' THEN CASE f.side WHEN 'buy' THEN f.quantity ELSE -f.quantity END ELSE 0 END AS binance, "
	    "CASE WHEN f.exchange = 'upbit' THEN CASE f.side WHEN 'buy' THEN f.quantity ELSE -f.quantity END ELSE 0 END AS upbit "
	    "FROM public.trades t JOIN public.paper_fills f ON f.trade_id = t.id "
	    "WHERE t.id > $1::bigint AND t.id <= $2::bigint UNION ALL "
	    "SELECT asset, coins_binance, coins_upbit FROM public.paper_movements "
	    "WHERE id > $1::bigint AND id <= $2::bigint AND asset <> 'USDT') AS changes GROUP BY name";
	char texts[2][24];
	const char *values[2] = { texts[0], texts[1] };
	PGresult *result;
	fixed change;

	(void)snprintf(texts[0], sizeof(texts[0]), "%" PRId64, ledger->summed_id);
	(void)snprintf(texts[1], sizeof(texts[1]), "%" PRId64, until);
	result = ledger_ask(ledger, statement, values, 2, why);
	if (result == NULL)
		return -1;
	for (int row = 0; row < PQntuples(result); row++) {
		struct held *held = inventory_find(&ledger->sums, PQgetvalue(result, row, 0));

		for (int venue = 0; held != NULL && venue < VENUES; venue++)
			if (fixed_parse(PQgetvalue(result, row, 1 + venue), &change))
				held->coins[venue] += change;
	}
	PQclear(result);
	ledger->summed_id = until;
	return 0;
}

int
ledger_compare(struct ledger *ledger, const struct inventory *inventory, struct failure *why)
{
	static const struct held none = { 0 };
	int64_t last;

	if (ledger_last(ledger, &last, why) != 0)
		return -1;
	while (ledger->summed_id < last) {
		int64_t more = last - ledger->summed_id;

		more = more < SUMMED_AT_ONCE ? more : SUMMED_AT_ONCE;
		if (sum_until(ledger, ledger->summed_id + more, why) != 0)
			return -1;
	}
	/* What the engine alone has is 0 in the ledger. */
	for (size_t i = 0; i < inventory->count; i++)
		(void)inventory_find(&ledger->sums, inventory->held[i].name);
	for (size_t i = 0; i < ledger->sums.count; i++) {
		const struct held *summed = &ledger->sums.held[i], *has = &none;

		for (size_t k = 0; k < inventory->count; k++)
			if (strcmp(inventory->held[k].name, summed->name) == 0)
				has = &inventory->held[k];
		for (int venue = 0; venue < VENUES; venue++) {
			char ledgers[FIXED_TEXT], engines[FIXED_TEXT];

			if (has->coins[venue] != summed->coins[venue])
				return failure_set(why, FAILURE_LOCAL,
				    "the engine has %s of %s at %s, and the ledger sums up to %s",
				    fixed_text(has->coins[venue], engines), summed->name, venue_names[venue],
				    fixed_text(summed->coins[venue], ledgers));
		}
	}
	return 0;
}

int
ledger_drift(struct ledger *ledger, fixed coins, struct failure *why)
{
	/* By its time it is known again, also after a crash.  Where there is no list, there is nothing to
	 * undo. */
	char text[FIXED_TEXT], statement[512];

	(void)snprintf(statement, sizeof(statement),
	    "DO $$ BEGIN IF %s > 0 OR to_regclass('public.positions') IS NOT NULL THEN "
	    "DELETE FROM public.positions "
	    "WHERE exchange = 'binance' AND symbol = 'BTC' AND opened_at = to_timestamp(0); "
	    "INSERT INTO public.positions (exchange, symbol, side, quantity, market, opened_at) "
	    "SELECT 'binance', 'BTC', 'long', q, 'spot', to_timestamp(0) FROM (VALUES (%s)) AS v (q) WHERE q > 0; "
	    "END IF; END $$",
	    fixed_text(coins, text), text);
	return ledger_connect(ledger, why) != 0 ? -1 : ledger_run(ledger, statement, why);
}
