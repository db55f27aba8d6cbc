/*
 * Reads trades, equity, cash flows and rates in one transaction.
 *
 * One message holds all statements: what to set, the catalogue, where the rollups end, the views.  The
 * statements are made for what the last run found in the catalogue, so a run in a loop takes one round trip.
 * If the catalogue has changed, what was read is thrown away, and the next message is made for what there is
 * now; the first run, which knows nothing, is no different.  A statement that fails takes all behind it in
 * its message with it: it is left out (a rollup), or its view is (then its failure says why), and the rest is
 * asked again.
 *
 * The database belongs to somebody else: the search path is pg_catalog alone, so that no function of the same
 * name runs with our rights.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config/secrets.h"
#include "engine/trades/parts.h"

enum {
	MESSAGE_BYTES = 128 * 1024,
	RECEIVED_MAX = 32 * 1024 * 1024,
	ATTEMPTS_MAX = 16, /* each statement may fail once, and the catalogue change twice */
	SETTINGS = 9,      /* statements before our own in a message */
	NO_TIMEOUT_MS = 1,
};

struct work {
	struct postgres_target *target;
	struct deadline deadline;
	struct postgres_session session;
	char *shown; /* the schema as the operator writes it */
	char *time_zone;
	struct engine_view_name names[KPI_VIEWS];
	int64_t now_us;
	size_t names_max;
	struct trades_memory memory, learned;
	bool done[TRADES_STATEMENTS]; /* answered, or given up */
	bool in_message[TRADES_STATEMENTS];
	bool without_trade_days, without_equity_bins;
	struct failure failure;
	struct trades_reading reading;
};

/* What is read ------------------------------------------------------- */

static void
reading_clear_view(struct trades_reading *reading, enum kpi_view view)
{
	memset(reading->views[view].rejected, 0, sizeof(reading->views[view].rejected));
	reading->views[view].read = false;
	if (view == VIEW_TRADES) {
		reading->cell_count = reading->slippage_count = 0;
		reading->first_trade_at = reading->last_trade_at = -1;
	} else if (view == VIEW_EQUITY) {
		reading->piece_count = 0;
	} else if (view == VIEW_RATES) {
		reading->rate_count = 0;
	}
}

void
trades_reading_release(struct trades_reading *reading)
{
	free(reading->cells);
	free(reading->slippages);
	free(reading->pieces);
	free(reading->rates);
	*reading = (struct trades_reading){ .failure = reading->failure };
}

int
trades_first_segment(const struct trades_reading *reading, enum kpi_window window)
{
	bool midnight_first = reading->midnight < reading->now - 86400;

	switch (window) {
	case WINDOW_ALL: return 0;
	case WINDOW_30D: return 1;
	case WINDOW_7D: return 2;
	case WINDOW_24H: return midnight_first ? 3 + 1 : 3;
	case WINDOW_TODAY: return midnight_first ? 3 : 3 + 1;
	}
	return 0;
}

struct trades_memory *
trades_memory_new(void)
{
	return calloc(1, sizeof(struct trades_memory));
}

void
trades_memory_free(struct trades_memory *memory)
{
	free(memory);
}

int
trades_check_schema(const char *schema, struct failure *why)
{
	struct engine_view_name name;
	struct failure said;
	char view[2 * ENGINE_QUOTED];

	if ((size_t)snprintf(view, sizeof(view), "%s.trades", schema) < sizeof(view) &&
	    engine_view_name_parse(&name, view, &said) == 0)
		return 0;
	return failure_set(why, FAILURE_LOCAL,
	    "schema '%s': write a name as in arbwatch, of at most 63 letters, digits and '_', or in double quotes without ' and \\",
	    secret_shown(schema));
}

int
trades_check_time_zone(const char *time_zone, struct failure *why)
{
	const char *city = strchr(time_zone, '/');
	const char *sign = strpbrk(time_zone, "+-");

	/* Postgres takes UTC+3 too, and means three hours west of Greenwich: only Etc/GMT+3 is known for
	 * that. */
	if (isalpha((unsigned char)time_zone[0]) && strlen(time_zone) < TRADES_NAME &&
	    strspn(time_zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") ==
		strlen(time_zone) &&
	    (sign == NULL || (city != NULL && city < sign)))
		return 0;
	return failure_set(why, FAILURE_LOCAL,
	    "time zone '%s': write a name as in UTC, Europe/Berlin or Asia/Seoul", secret_shown(time_zone));
}

/* Asking ------------------------------------------------------------- */

/* The view that a statement reads, or -1. */
static int
view_of(enum trades_statement statement)
{
	switch (statement) {
	case STATEMENT_TRADES: return VIEW_TRADES;
	case STATEMENT_EQUITY: return VIEW_EQUITY;
	case STATEMENT_CASH_FLOWS: return VIEW_CASH_FLOWS;
	case STATEMENT_RATES: return VIEW_RATES;
	default: return -1;
	}
}

static bool
rollup_used(const struct work *w, enum trades_statement statement)
{
	if (statement == STATEMENT_TRADES)
		return w->memory.trades_until > 0 && !w->without_trade_days;
	return statement == STATEMENT_EQUITY && w->memory.equity_until > 0 && !w->without_equity_bins;
}

/* Whether the statement can be made with what is known by now. */
static bool
wanted(const struct work *w, enum trades_statement statement)
{
	const struct trades_memory *m = &w->memory;
	int view = view_of(statement);

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
write_message(struct work *w, struct buffer *text, bool in_transaction)
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
		.with_trade_days = rollup_used(w, STATEMENT_TRADES),
		.with_equity_bins = rollup_used(w, STATEMENT_EQUITY) };

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
statement_at(const struct work *w, size_t results, bool in_transaction)
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
take_row(struct work *w, enum trades_statement statement, const PGresult *row)
{
	switch (statement) {
	case STATEMENT_CATALOGUE: return trades_catalogue_add(&w->learned, row, &w->failure);
	case STATEMENT_TRADE_DAYS: w->learned.trades_until = until_of(row); return 0;
	case STATEMENT_EQUITY_BINS: w->learned.equity_until = until_of(row); return 0;
	default: return trades_row_add(&w->reading, statement, row, &w->failure);
	}
}

static void
give_up_view(struct work *w, enum trades_statement statement)
{
	int view = view_of(statement);
	char shown[2 * ENGINE_QUOTED];

	(void)snprintf(shown, sizeof(shown), "%s.%s", w->shown, kpi_view_names[view]);
	(void)engine_statement_failed(&w->session, &w->names[view], shown);
	w->reading.views[view].failure = w->failure;
	reading_clear_view(&w->reading, view);
	w->done[statement] = true;
}

/* Take the answers to a message.  -1: `*at` is the statement that failed, w->failure says why. */
static int
take_answers(struct work *w, bool in_transaction, enum trades_statement *at)
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
		if (result != 0 && view_of(*at) < 0)
			return -1;
		if (result != 0)
			give_up_view(w, *at);
	}
	return 0;
}

static int
ask(struct work *w, bool in_transaction, enum trades_statement *at)
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

/* What answers mean -------------------------------------------------- */

/* What is known of each view, before it is asked. */
static void
check_views(struct work *w)
{
	for (int i = 0; i < KPI_VIEWS; i++) {
		struct trades_view *view = &w->reading.views[i];
		char shown[2 * ENGINE_QUOTED];

		reading_clear_view(&w->reading, i);
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

/* A rollup that goes further than remembered is no reason to read again, one that ends earlier is. */
static bool
learn_until(struct work *w, int64_t *known, int64_t learned, enum trades_statement statement)
{
	bool again = *known < 0 || learned < *known;

	if (w->in_message[statement])
		*known = learned;
	return again && w->in_message[statement];
}

/* The statements before `end` were answered.  Whether they were made with the right idea of where rollups
 * end. */
static bool
accept_answers(struct work *w, int end)
{
	bool trades = false, equity = false;

	if (end > STATEMENT_TRADE_DAYS)
		trades =
		    learn_until(w, &w->memory.trades_until, w->learned.trades_until, STATEMENT_TRADE_DAYS);
	if (end > STATEMENT_EQUITY_BINS)
		equity =
		    learn_until(w, &w->memory.equity_until, w->learned.equity_until, STATEMENT_EQUITY_BINS);
	for (int i = STATEMENT_CLOCK; i < end; i++) {
		int view = view_of(i);

		if (!w->in_message[i])
			continue;
		w->done[i] = !(trades && view == VIEW_TRADES) && !(equity && view == VIEW_EQUITY);
		if (view < 0 || w->reading.views[view].failure.kind != FAILURE_NONE)
			continue;
		if (w->done[i])
			w->reading.views[view].read = true;
		else
			reading_clear_view(&w->reading, view);
	}
	return !trades && !equity && w->memory.trades_until >= 0 && w->memory.equity_until >= 0;
}

/* All was answered.  Whether it was asked with the right idea of the database. */
static bool
learn(struct work *w)
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
give_up_rollup(struct work *w, enum trades_statement statement)
{
	bool trades = statement == STATEMENT_TRADES || statement == STATEMENT_TRADE_DAYS;
	enum kpi_view view = trades ? VIEW_TRADES : VIEW_EQUITY;
	const char *name = trades_relation_names[trades ? RELATION_TRADE_DAYS : RELATION_EQUITY_BINS];

	w->reading.views[view].rollup = w->failure;
	(void)failure_prefix(&w->reading.views[view].rollup,
	    "%s.%s is not used (run sql/trading_rollup.sql, or drop it)", w->shown, name);
	reading_clear_view(&w->reading, view);
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
recover(struct work *w, enum trades_statement at)
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
	    (at == STATEMENT_TRADE_DAYS || at == STATEMENT_EQUITY_BINS || rollup_used(w, at)))
		give_up_rollup(w, at);
	else if (view_of(at) >= 0)
		give_up_view(w, at);
	else
		w->reading.failure = w->failure;
	return in_time && w->reading.failure.kind == FAILURE_NONE;
}

/* Views that were not read, and nobody has said why. */
static void
explain_rest(struct work *w)
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
end_transaction(struct work *w)
{
	PGresult *row;

	while (postgres_session_row(&w->session, &row) > 0)
		PQclear(row);
	return postgres_session_do(&w->session, "ROLLBACK");
}

static void
read_all(struct work *w)
{
	bool in_transaction = false;

	for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
		enum trades_statement at;

		w->failure = (struct failure){ 0 };
		if (ask(w, in_transaction, &at) == 0) {
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
	struct work *w = work;

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
	struct work *w = work;

	trades_reading_release(&w->reading);
	postgres_target_free(w->target);
	free(w->shown);
	free(w->time_zone);
	free(w);
}

static int
set_names(struct work *w, struct failure *why)
{
	for (int i = 0; i < KPI_VIEWS; i++) {
		char view[2 * ENGINE_QUOTED];

		(void)snprintf(view, sizeof(view), "%s.%s", w->shown, kpi_view_names[i]);
		if (engine_view_name_parse(&w->names[i], view, why) != 0)
			return -1;
	}
	return 0;
}

static struct work *
work_new(struct postgres_target *target, const struct trades_query *query, const struct trades_memory *memory,
    struct deadline deadline, struct failure *why)
{
	struct work *w;

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
	struct work *w;

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
