/*
 * Reads trades, equity, cash flows, rates and tuning in one transaction.
 *
 * One message holds all statements: what to set, the catalogue, where the rollups end, the views.  The
 * statements are made for what the last run found in the catalogue, so a run in a loop takes one round trip.
 * If the catalogue has changed, the rows that were read are thrown away, and the next message is made for the
 * new catalogue; so it is in the first run, which knows no catalogue yet.  If a statement fails, the server
 * does not answer those behind it in the message.  Then the rollup that it reads is left out, or its view
 * (whose failure says why), and the rest is asked again.
 *
 * The database belongs to somebody else: the search path is pg_catalog alone, so that no function of the same
 * name runs with our rights.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/trades/parts.h"

enum {
	RECEIVED_MAX = 32 * 1024 * 1024,
	ATTEMPTS_MAX = 16, /* each statement may fail once, and the catalogue change twice */
};

/* Meaning of the answers -------------------------------------------------- */

/* Set what is known of each view before it is asked. */
static void
check_views(struct trades_work *w)
{
	for (int i = 0; i < KPI_VIEWS; i++) {
		struct trades_view *view = &w->reading.views[i];
		char shown[2 * ENGINE_QUOTED];

		trades_clear_view(&w->reading, i);
		view->exists = w->memory.exists[i];
		view->failure = (struct failure){ 0 };
		w->session.why = &view->failure;
		(void)snprintf(shown, sizeof(shown), "%s.%s", w->shown, kpi_view_names[i]);
		if (view->exists)
			(void)trades_catalogue_check(&w->memory, i, w->shown, &view->failure);
		else if (i == VIEW_TRADES)
			(void)engine_no_view(&w->session, "view", shown);
	}
	w->session.why = &w->failure;
	memset(w->done, 0, sizeof(w->done));
}

static bool
same_catalogue(const struct trades_memory *a, const struct trades_memory *b)
{
	return a->known == b->known && memcmp(a->exists, b->exists, sizeof(a->exists)) == 0 &&
	       memcmp(a->types, b->types, sizeof(a->types)) == 0;
}

/* Read again only if the rollup ends earlier than remembered. */
static bool
learn_until(struct trades_work *w, int64_t *known, int64_t learned, enum trades_statement statement)
{
	bool again = *known < 0 || learned < *known;

	if (w->in_message[statement])
		*known = learned;
	return again && w->in_message[statement];
}

/* The statements before `end` were answered.  Whether they were made with the right idea of where rollups
 * end. */
static bool
accept_answers(struct trades_work *w, int end)
{
	bool trades = false, equity = false;

	if (end > STATEMENT_TRADE_DAYS)
		trades =
		    learn_until(w, &w->memory.trades_until, w->learned.trades_until, STATEMENT_TRADE_DAYS);
	if (end > STATEMENT_EQUITY_BINS)
		equity =
		    learn_until(w, &w->memory.equity_until, w->learned.equity_until, STATEMENT_EQUITY_BINS);
	for (int i = STATEMENT_CLOCK; i < end; i++) {
		int view = trades_view_of(i);

		if (!w->in_message[i])
			continue;
		w->done[i] = !(trades && view == VIEW_TRADES) && !(equity && view == VIEW_EQUITY);
		if (view < 0 || w->reading.views[view].failure.kind != FAILURE_NONE)
			continue;
		if (w->done[i])
			w->reading.views[view].read = true;
		else
			trades_clear_view(&w->reading, view);
	}
	return !trades && !equity && w->memory.trades_until >= 0 && w->memory.equity_until >= 0;
}

/* All was answered.  Whether it was asked with the right idea of the database. */
static bool
learn(struct trades_work *w)
{
	if (same_catalogue(&w->memory, &w->learned))
		return accept_answers(w, TRADES_STATEMENTS);
	w->memory = w->learned;
	w->memory.trades_until = w->memory.exists[RELATION_TRADE_DAYS] && !w->without_trade_days ? -1 : 0;
	w->memory.equity_until = w->memory.exists[RELATION_EQUITY_BINS] && !w->without_equity_bins ? -1 : 0;
	check_views(w);
	return false;
}

static void
give_up_rollup(struct trades_work *w, enum trades_statement statement)
{
	bool trades = statement == STATEMENT_TRADES || statement == STATEMENT_TRADE_DAYS;
	enum kpi_view view = trades ? VIEW_TRADES : VIEW_EQUITY;
	const char *name = trades_relation_names[trades ? RELATION_TRADE_DAYS : RELATION_EQUITY_BINS];

	w->reading.views[view].rollup = w->failure;
	(void)failure_prefix(&w->reading.views[view].rollup,
	    "%s.%s is not used (run sql/trading_rollup.sql, or drop it)", w->shown, name);
	trades_clear_view(&w->reading, view);
	if (trades) {
		w->without_trade_days = true;
		w->memory.trades_until = 0;
	} else {
		w->without_equity_bins = true;
		w->memory.equity_until = 0;
	}
}

/* A statement failed.  True: go on without it. */
static bool
recover(struct trades_work *w, enum trades_statement at)
{
	bool answered = w->session.sqlstate[0] != '\0';
	bool in_time = w->failure.kind != FAILURE_TIMEOUT;

	if (at == STATEMENT_CLOCK && answered)
		(void)failure_prefix(&w->failure, "time zone '%s': %s", w->time_zone,
		    "write a name of pg_timezone_names, as in Europe/Berlin");
	if (at == STATEMENT_CATALOGUE && strcmp(w->session.sqlstate, "3F000") == 0)
		(void)engine_no_view(&w->session, "schema", w->shown);
	if (at <= STATEMENT_CLOCK) {
		w->reading.failure = w->failure;
		return false;
	}
	/* The catalogue that stands before it in the message says more than the error: columns, views. */
	if (answered && !same_catalogue(&w->memory, &w->learned)) {
		w->memory.known = false;
		return in_time;
	}
	(void)accept_answers(w, (int)at);
	if (in_time && answered &&
	    (at == STATEMENT_TRADE_DAYS || at == STATEMENT_EQUITY_BINS || trades_rollup_used(w, at)))
		give_up_rollup(w, at);
	else if (trades_view_of(at) >= 0)
		trades_give_up_view(w, at);
	else
		w->reading.failure = w->failure;
	return in_time && w->reading.failure.kind == FAILURE_NONE;
}

/* Give a failure to each view that was not read and has none yet. */
static void
explain_rest(struct trades_work *w)
{
	for (int i = 0; i < KPI_VIEWS; i++) {
		struct trades_view *view = &w->reading.views[i];

		if (view->exists && !view->read && view->failure.kind == FAILURE_NONE)
			view->failure =
			    w->reading.failure.kind != FAILURE_NONE ? w->reading.failure : w->failure;
	}
}

/* Behind a statement that failed the server answers no others, but libpq must be asked until it says so. */
static int
end_transaction(struct trades_work *w)
{
	PGresult *row;

	while (postgres_session_row(&w->session, &row) > 0)
		PQclear(row);
	return postgres_session_do(&w->session, "ROLLBACK");
}

static void
read_all(struct trades_work *w)
{
	bool in_transaction = false;

	for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
		enum trades_statement at;

		w->failure = (struct failure){ 0 };
		if (trades_ask(w, in_transaction, &at) == 0) {
			in_transaction = true;
			if (learn(w))
				return;
			continue;
		}
		postgres_session_mask(&w->session, w->failure.text);
		if (!recover(w, at))
			return;
		in_transaction = false;
		if (end_transaction(w) != 0)
			return;
	}
	(void)failure_set(&w->failure, FAILURE_REJECTED, "the views change while they are read");
}

static void
run(void *work)
{
	struct trades_work *w = work;

	if (postgres_session_open(&w->session, w->target, w->deadline, RECEIVED_MAX, &w->failure) == 0) {
		if (w->memory.known)
			check_views(w);
		read_all(w);
		explain_rest(w);
	} else {
		postgres_session_mask(&w->session, w->failure.text);
		w->reading.failure = w->failure;
	}
	postgres_session_close(&w->session);
}

static void
work_free(void *work)
{
	struct trades_work *w = work;

	trades_reading_release(&w->reading);
	postgres_target_free(w->target);
	free(w->shown);
	free(w->time_zone);
	free(w);
}

static int
set_names(struct trades_work *w, struct failure *why)
{
	for (int i = 0; i < KPI_VIEWS; i++) {
		char view[2 * ENGINE_QUOTED];

		(void)snprintf(view, sizeof(view), "%s.%s", w->shown, kpi_view_names[i]);
		if (engine_view_name_parse(&w->names[i], view, why) != 0)
			return -1;
	}
	return 0;
}

static struct trades_work *
work_new(struct postgres_target *target, const struct trades_query *query, const struct trades_memory *memory,
    struct deadline deadline, struct failure *why)
{
	struct trades_work *w;

	if (trades_check_schema(query->schema, why) != 0 ||
	    trades_check_time_zone(query->time_zone, why) != 0)
		return NULL;
	w = calloc(1, sizeof(*w));
	if (w != NULL) {
		w->target = postgres_target_share(target);
		w->shown = strdup(query->schema);
		w->time_zone = strdup(query->time_zone);
	}
	if (w == NULL || w->shown == NULL || w->time_zone == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	} else if (set_names(w, why) == 0) {
		w->deadline = deadline;
		w->memory = *memory;
		w->now_us = (int64_t)(query->now * 1e6);
		w->names_max = query->names_max;
		w->reading.now = query->now;
		w->reading.first_trade_at = w->reading.last_trade_at = -1;
		return w;
	}
	if (w != NULL)
		work_free(w);
	return NULL;
}

/* No connection, or no time: what was there in the last run is not readable now. */
static void
fail_known_views(const struct trades_memory *memory, struct trades_reading *reading)
{
	for (int i = 0; i < KPI_VIEWS; i++)
		if (memory->exists[i] && !reading->views[i].exists) {
			reading->views[i].exists = true;
			reading->views[i].failure = reading->failure;
		}
}

void
trades_read(struct postgres_target *target, const struct trades_query *query, struct trades_memory *memory,
    struct deadline deadline, struct trades_reading *reading)
{
	static const struct detached task = { run, work_free };
	struct trades_work *w;

	*reading = (struct trades_reading){ .now = query->now, .first_trade_at = -1, .last_trade_at = -1 };
	w = work_new(target, query, memory, deadline, &reading->failure);
	if (w == NULL || postgres_run(&task, w, target, deadline, &reading->failure) != 0) {
		fail_known_views(memory, reading);
		return;
	}
	*reading = w->reading;
	if (reading->failure.kind != FAILURE_NONE)
		fail_known_views(memory, reading);
	*memory = w->memory;
	/* The next run asks again before it reads: the rollup may be of use by then. */
	if (w->without_trade_days)
		memory->trades_until = -1;
	if (w->without_equity_bins)
		memory->equity_until = -1;
	/* What was read has moved to the caller: work_free() must not free it. */
	w->reading = (struct trades_reading){ 0 };
	work_free(w);
}
