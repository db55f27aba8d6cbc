/*
 * Publishes the results of a run as metrics, and writes them to the log.
 *
 * Totals say what happened, and are published whenever they are known.  Gauges say what is true now.  They
 * are left out if the bot may have stopped, or does not keep the entry up to date.
 */

#include <math.h>

#include "collectors/engine_state/report.h"

/* Of one run. */
struct report {
	struct metrics *metrics;
	const struct engine_state *state;
	const char *engine;
};

static void
set_gauge(const struct report *r, enum engine_family family, const char *const labels[], double value)
{
	if (!isnan(value))
		metrics_set(r->metrics, &engine_families[family], labels, value);
}

static void
set_total(const struct report *r, enum engine_family family, const char *const labels[], double value)
{
	if (!isnan(value))
		metrics_set_total(r->metrics, &engine_families[family], labels, value);
}

static void
set_histogram(const struct report *r, enum engine_family family, const char *const labels[],
    const struct state_histogram *histogram)
{
	if (histogram->known)
		metrics_set_histogram(
		    r->metrics, &engine_families[family], labels, histogram->counts, histogram->sum_seconds);
}

/* 1 for the name that is so, 0 for the others. */
static void
set_choice(const struct report *r, enum engine_family family, const char *const names[], int chosen)
{
	for (int i = 0; chosen >= 0 && names[i] != NULL; i++)
		set_gauge(r, family, LABELS(r->engine, names[i]), i == chosen);
}

/* Once per bot --------------------------------------------------- */

static void
report_totals(const struct report *r)
{
	const struct engine_state *s = r->state;
	const char *engine = r->engine;

	set_total(r, ENGINE_RESTARTS, LABELS(engine), s->restarts);
	set_total(r, ENGINE_ERRORS, LABELS(engine), s->errors);
	set_total(r, ENGINE_CPU, LABELS(engine), s->cpu_seconds);
	for (int level = 0; level < LOG_LINE_LEVELS; level++)
		set_total(r, ENGINE_LOG_LINES, LABELS(engine, log_line_levels[level]), s->log_lines[level]);
	set_histogram(r, ENGINE_LOOP_DURATION, LABELS(engine), &s->loop);
	set_total(r, ENGINE_REBALANCES, LABELS(engine, "done"), s->inventory.rebalances);
	set_total(r, ENGINE_REBALANCES, LABELS(engine, "failed"), s->inventory.rebalance_failures);
	set_total(r, ENGINE_INVENTORY_SYNCS, LABELS(engine, "done"), s->inventory.syncs);
	set_total(r, ENGINE_INVENTORY_SYNCS, LABELS(engine, "failed"), s->inventory.sync_failures);
	set_total(r, ENGINE_UNIVERSE_CHANGES, LABELS(engine), s->universe.changes);
	set_total(r, ENGINE_SNAPSHOTS, LABELS(engine, "saved"), s->snapshots.saved);
	set_total(r, ENGINE_SNAPSHOTS, LABELS(engine, "failed"), s->snapshots.failed);
	set_total(r, ENGINE_SNAPSHOTS, LABELS(engine, "restored"), s->snapshots.restored);
}

static void
report_gauges(const struct report *r)
{
	const struct engine_state *s = r->state;
	const char *engine = r->engine;

	set_gauge(r, ENGINE_STARTED, LABELS(engine), s->started_at);
	set_choice(r, ENGINE_RUN_STATE, run_state_names, s->run_state);
	set_gauge(r, ENGINE_LOOP_LAG, LABELS(engine), s->loop_lag);
	set_gauge(r, ENGINE_MEMORY, LABELS(engine), s->memory_bytes);
	set_gauge(r, ENGINE_SNAPSHOT_SAVED, LABELS(engine), s->snapshots.saved_at);
	if (!s->inventory.stale) {
		set_gauge(r, ENGINE_IMBALANCE, LABELS(engine), s->inventory.imbalance);
		set_gauge(
		    r, ENGINE_REBALANCE_FAILURES, LABELS(engine), s->inventory.rebalance_failures_in_a_row);
		set_gauge(r, ENGINE_INVENTORY_SYNCED, LABELS(engine), s->inventory.synced_at);
	}
	if (!s->universe.stale) {
		set_choice(r, ENGINE_UNIVERSE_MODE, universe_mode_names, s->universe.mode);
		set_gauge(r, ENGINE_UNIVERSE_SYMBOLS, LABELS(engine), s->universe.symbols);
	}
	if (!s->tuning.stale) {
		set_gauge(r, ENGINE_TUNING_DONE, LABELS(engine), s->tuning.done);
		set_gauge(r, ENGINE_TUNING_PLANNED, LABELS(engine), s->tuning.planned);
		set_gauge(r, ENGINE_TUNING_BEST, LABELS(engine), s->tuning.best_score);
	}
}

/* Entries -------------------------------------------------------------- */

static void
report_feed(const struct report *r, const struct state_feed *feed)
{
	const char *const *labels = LABELS(r->engine, feed->exchange);

	set_total(r, ENGINE_FEED_RECONNECTS, labels, feed->reconnects);
	set_total(r, ENGINE_FEED_MESSAGES, labels, feed->messages);
	set_total(r, ENGINE_FEED_GAPS, labels, feed->gaps);
	set_histogram(r, ENGINE_FEED_LATENCY, labels, &feed->latency);
	if (!r->state->alive || feed->stale)
		return;
	if (feed->connected >= 0)
		set_gauge(r, ENGINE_FEED_CONNECTED, labels, feed->connected);
	set_gauge(r, ENGINE_FEED_LAST_MESSAGE, labels, feed->message_at);
}

static void
report_guard(const struct report *r, const struct state_guard *guard)
{
	const char *tier = guard_tier_names[guard->tier];

	set_total(r, ENGINE_GUARD_TRIGGERS, LABELS(r->engine, tier, guard->name), guard->triggers);
	if (!r->state->alive || guard->stale || guard->state < 0)
		return;
	set_gauge(r, ENGINE_GUARD_STATE, LABELS(r->engine, tier, guard->name), guard->state);
	/* The reason of what is over would look like one that holds. */
	if (guard->state != GUARD_OK && guard->reason[0] != '\0')
		set_gauge(r, ENGINE_GUARD_REASON, LABELS(r->engine, tier, guard->name, guard->reason), 1);
}

static void
report_limit(const struct report *r, const struct state_limit *limit)
{
	bool loss = limit->kind == STATE_DAILY_LOSS;
	const char *const *labels =
	    LABELS(r->engine, guard_tier_names[limit->tier], limit->name, limit->currency);

	set_gauge(r, loss ? ENGINE_DAILY_LOSS : ENGINE_EXPOSURE, labels, limit->value);
	set_gauge(r, loss ? ENGINE_DAILY_LOSS_LIMIT : ENGINE_EXPOSURE_LIMIT, labels, limit->limit);
}

static void
report_route(const struct report *r, const struct state_route *route)
{
	set_gauge(r, ENGINE_ROUTE_SCORE, LABELS(r->engine, route->name), route->score);
	for (int part = 0; part < SCORE_PARTS; part++)
		set_gauge(r, ENGINE_ROUTE_SCORE_PART, LABELS(r->engine, route->name, score_part_names[part]),
		    route->parts[part]);
	if (route->decision >= 0)
		set_gauge(r, ENGINE_ROUTE_TRADING, LABELS(r->engine, route->name),
		    route->decision == DECISION_TRADE);
}

/* Without this, a bot without guards or routes would look like one whose guards are all well. */
static void
report_counts(const struct report *r)
{
	const struct engine_state *s = r->state;
	const char *engine = r->engine;

	for (int kind = 0; kind < ENTRY_KINDS; kind++) {
		const char *const *labels = LABELS(engine, entry_kind_names[kind]);

		set_gauge(r, ENGINE_ENTRIES, labels, (double)s->entries[kind]);
		set_gauge(r, ENGINE_ENTRIES_DROPPED, labels, (double)s->dropped[kind]);
		set_gauge(r, ENGINE_ENTRIES_STALE, labels, (double)s->stale[kind]);
		set_gauge(r, ENGINE_ENTRIES_FAULTY, labels, (double)s->faults[STATE_ENTRIES + kind].keys);
	}
	for (int tier = 0; s->entries[ENTRY_GUARD] > 0 && tier < GUARD_TIERS; tier++)
		for (int state = 0; state < GUARD_STATES; state++)
			set_gauge(r, ENGINE_GUARDS,
			    LABELS(engine, guard_tier_names[tier], guard_state_names[state]),
			    (double)s->guards_by_state[tier][state]);
	for (int decision = 0; s->entries[ENTRY_ROUTE] > 0 && decision < DECISIONS; decision++)
		set_gauge(r, ENGINE_ROUTES, LABELS(engine, decision_names[decision]),
		    (double)s->routes_by_decision[decision]);
}

static void
report_entries(const struct report *r)
{
	const struct engine_state *s = r->state;

	for (size_t i = 0; i < s->counts[ENTRY_FEED]; i++)
		report_feed(r, &s->feeds[i]);
	for (size_t i = 0; i < s->counts[ENTRY_GUARD]; i++)
		report_guard(r, &s->guards[i]);
	for (size_t i = 0; i < s->counts[ENTRY_ORDERS]; i++)
		for (int status = 0; status < ORDER_STATUSES; status++)
			set_total(r, ENGINE_ORDERS,
			    LABELS(r->engine, s->orders[i].exchange, order_status_names[status]),
			    s->orders[i].counts[status]);
	if (!s->alive)
		return;
	for (size_t i = 0; i < s->counts[ENTRY_LIMIT]; i++)
		report_limit(r, &s->limits[i]);
	for (size_t i = 0; i < s->counts[ENTRY_ROUTE]; i++)
		report_route(r, &s->routes[i]);
	/* An old stamp is what this gauge is for. */
	for (size_t i = 0; i < s->counts[ENTRY_SYMBOL]; i++)
		set_gauge(r, ENGINE_SYMBOL_UPDATED, LABELS(r->engine, s->symbols[i].name),
		    s->symbols[i].updated_at);
	report_counts(r);
}

/* Log ------------------------------------------------------------------ */

/* That a bot has stopped is what this program measures; without any heartbeat it has measured nothing. */
static void
log_problems(struct run *run, const struct report *r)
{
	const struct engine_state *s = r->state;

	if (!s->read) {
		run_failed(run, r->engine, &s->failure);
		return;
	}
	if (s->not_alive.kind != FAILURE_NONE && isnan(s->heartbeat_at))
		run_failed(run, r->engine, &s->not_alive);
	else if (s->not_alive.kind != FAILURE_NONE)
		run_log_warning(run, r->engine, s->not_alive.text);
	for (int kind = 0; kind < STATE_KINDS; kind++)
		if (s->faults[kind].keys > 0)
			run_failed(run, s->faults[kind].subject, &s->faults[kind].why);
}

void
report_engine_state(struct run *run, const char *engine, const struct engine_state *state)
{
	const struct report r = { run_metrics(run), state, engine };

	set_gauge(&r, ENGINE_UP, LABELS(engine), state->read && state->alive);
	log_problems(run, &r);
	if (!state->read)
		return;
	set_gauge(&r, ENGINE_HEARTBEAT, LABELS(engine), state->heartbeat_at);
	report_totals(&r);
	if (state->alive)
		report_gauges(&r);
	report_entries(&r);
}
