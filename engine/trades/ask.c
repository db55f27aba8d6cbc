/*
 * Writes one message of statements, and takes the rows that answer it.
 */

#include <stdio.h>
#include <stdlib.h>

#include "engine/trades/parts.h"

enum {
	MESSAGE_BYTES = 128 * 1024,
	SETTINGS = 9, /* statements before our own in a message */
	NO_TIMEOUT_MS = 1,
};

int
trades_view_of(enum trades_statement statement)
{
	switch (statement) {
	case STATEMENT_TRADES: return VIEW_TRADES;
	case STATEMENT_EQUITY: return VIEW_EQUITY;
	case STATEMENT_CASH_FLOWS: return VIEW_CASH_FLOWS;
	case STATEMENT_RATES: return VIEW_RATES;
	case STATEMENT_TUNING: return VIEW_TUNING;
	default: return -1;
	}
}

bool
trades_rollup_used(const struct trades_work *w, enum trades_statement statement)
{
	if (statement == STATEMENT_TRADES)
		return w->memory.trades_until > 0 && !w->without_trade_days;
	return statement == STATEMENT_EQUITY && w->memory.equity_until > 0 && !w->without_equity_bins;
}

/* Whether the statement can be made with what is known by now. */
static bool
wanted(const struct trades_work *w, enum trades_statement statement)
{
	const struct trades_memory *m = &w->memory;
	int view = trades_view_of(statement);

	if (statement == STATEMENT_CATALOGUE)
		return true;
	if (!m->known || w->done[statement])
		return false;
	if (statement == STATEMENT_TRADE_DAYS)
		return m->exists[RELATION_TRADE_DAYS] && !w->without_trade_days;
	if (statement == STATEMENT_EQUITY_BINS)
		return m->exists[RELATION_EQUITY_BINS] && !w->without_equity_bins;
	if (statement == STATEMENT_CLOCK)
		return true;
	return m->trades_until >= 0 && m->equity_until >= 0 && w->reading.views[view].exists &&
	       w->reading.views[view].failure.kind == FAILURE_NONE;
}

static int
write_message(struct trades_work *w, struct buffer *text, bool in_transaction)
{
	/* Before a message ends the server sends nothing, or an error: that must come while we still listen.
	 */
	int left_ms = deadline_left_ms(w->deadline) / 10 * 9;
	const struct trades_view *flows = &w->reading.views[VIEW_CASH_FLOWS];
	struct trades_plan plan = { .memory = &w->memory,
		.schema = w->names[0].schema,
		.time_zone = w->time_zone,
		.now_us = w->now_us,
		.names_max = w->names_max,
		.with_flows = flows->exists && flows->failure.kind == FAILURE_NONE,
		.with_trade_days = trades_rollup_used(w, STATEMENT_TRADES),
		.with_equity_bins = trades_rollup_used(w, STATEMENT_EQUITY) };

	/*
	 * The planner cannot know that there are few reasons and segments, expects many groups, and would
	 * sort all rows for each of them; and compiling for a run of a quarter of a second takes longer than
	 * that.  A view that is locked may take a part of the time, so that the others are still read.
	 */
	if (!in_transaction)
		buffer_format(text,
		    "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;\n"
		    "SET LOCAL statement_timeout = %d;\nSET LOCAL lock_timeout = %d;\n"
		    "SET LOCAL client_encoding = 'UTF8';\n"
		    "SET LOCAL search_path = pg_catalog, pg_temp;\nSET LOCAL extra_float_digits = 1;\n"
		    "SET LOCAL jit = off;\nSET LOCAL enable_sort = off;\nSET LOCAL work_mem = '64MB';\n",
		    left_ms > 0 ? left_ms : NO_TIMEOUT_MS, left_ms > 4 ? left_ms / 4 : NO_TIMEOUT_MS);
	for (int i = 0; i < TRADES_STATEMENTS; i++) {
		w->in_message[i] = wanted(w, i);
		if (w->in_message[i] && trades_statement_write(text, &plan, i) != 0)
			return -1;
	}
	buffer_append(text, "", 1);
	return text->failed ? -1 : 0;
}

/* The statement whose results come after so many of the message. */
static enum trades_statement
statement_at(const struct trades_work *w, size_t results, bool in_transaction)
{
	size_t left = in_transaction ? results : results < SETTINGS ? 0 : results - SETTINGS;

	for (int i = 0; i < TRADES_STATEMENTS; i++)
		if (w->in_message[i] && left-- == 0)
			return i;
	return STATEMENT_CATALOGUE;
}

static int64_t
until_of(const PGresult *row)
{
	return PQnfields(row) == 1 ? strtoll(PQgetvalue(row, 0, 0), NULL, 10) : 0;
}

static int
take_row(struct trades_work *w, enum trades_statement statement, const PGresult *row)
{
	switch (statement) {
	case STATEMENT_CATALOGUE: return trades_catalogue_add(&w->learned, row, &w->failure);
	case STATEMENT_TRADE_DAYS: w->learned.trades_until = until_of(row); return 0;
	case STATEMENT_EQUITY_BINS: w->learned.equity_until = until_of(row); return 0;
	default: return trades_row_add(&w->reading, statement, row, &w->failure);
	}
}

void
trades_give_up_view(struct trades_work *w, enum trades_statement statement)
{
	int view = trades_view_of(statement);
	char shown[2 * ENGINE_QUOTED];

	(void)snprintf(shown, sizeof(shown), "%s.%s", w->shown, kpi_view_names[view]);
	(void)engine_statement_failed(&w->session, &w->names[view], shown);
	w->reading.views[view].failure = w->failure;
	trades_clear_view(&w->reading, view);
	w->done[statement] = true;
}

static int
take_answers(struct trades_work *w, bool in_transaction, enum trades_statement *at)
{
	PGresult *row;
	int more;

	w->session.results = 0;
	w->session.sqlstate[0] = '\0';
	while ((more = postgres_session_row(&w->session, &row)) != 0) {
		int result;

		*at = statement_at(w, w->session.results, in_transaction);
		if (more < 0)
			return -1;
		/* Of a view that was given up the rest is passed over, for the sake of those behind it. */
		result = w->done[*at] ? 0 : take_row(w, *at, row);
		PQclear(row);
		if (result != 0 && trades_view_of(*at) < 0)
			return -1;
		if (result != 0)
			trades_give_up_view(w, *at);
	}
	return 0;
}

int
trades_ask(struct trades_work *w, bool in_transaction, enum trades_statement *at)
{
	struct buffer text;
	int result;

	*at = STATEMENT_CATALOGUE;
	buffer_init(&text, MESSAGE_BYTES);
	w->learned = (struct trades_memory){ .known = true };
	if (write_message(w, &text, in_transaction) != 0)
		result = failure_set(&w->failure, FAILURE_LOCAL, "out of memory");
	else
		result = postgres_session_ask(&w->session, text.text, true);
	buffer_release(&text);
	return result == 0 ? take_answers(w, in_transaction, at) : result;
}
