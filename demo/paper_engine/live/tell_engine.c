/*
 * What has been told of each count is remembered here, from what the engine begins with on: a snapshot brings
 * counts along that Redis has already.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "demo/paper_engine/live/tell_engine.h"
#include "demo/paper_engine/live/tell_symbol.h"

enum { KEY = 96, SECOND_MS = 1000 };

static const double share_most = 0.2;

const char *const tell_levels[TELL_LEVELS] = { "debug", "info", "warning", "error", "critical" };

/* Counts so far, of which Redis has been told. */
struct told {
	struct live_counts counts;
	struct journal_state journal;
	int64_t rebalances, rebalances_failed, triggers, exchange_triggers[VENUES];
	struct told_symbol symbols[SYMBOLS_MOST];
};

struct teller_of_engine {
	struct teller teller;
	struct told told;
	bool begun;      /* the first loop has been told */
	int64_t due_ms;  /* of everything but symbols */
	size_t next;     /* symbol to be told */
	int64_t last_ms; /* of the last loop */
	double owed;     /* symbols that should have been told by now */
};

struct teller_of_engine *
tell_engine_new(const struct teller *settings)
{
	struct teller_of_engine *tells = calloc(1, sizeof(*tells));

	if (tells != NULL)
		tells->teller = *settings;
	return tells;
}

void
tell_engine_free(struct teller_of_engine *tells)
{
	if (tells != NULL)
		tell_close(&tells->teller);
	free(tells);
}

/* As many symbols as belong to the time since the last loop: each once a second.  After a pause it takes a
 * little longer, rather than one long loop; and the clock may have been set back. */
static void
tell_symbols(struct teller_of_engine *tells, const struct engine *engine, int64_t now_ms)
{
	double share = fmax(0, fmin(share_most, (double)(now_ms - tells->last_ms) / SECOND_MS));

	for (tells->owed += share * (double)engine->symbol_count; tells->owed >= 1; tells->owed--) {
		tells->next = tells->next < engine->symbol_count ? tells->next : 0;
		tell_symbol(&tells->teller, engine, tells->next, &tells->told.symbols[tells->next], now_ms);
		tells->next++;
	}
	tells->last_ms = now_ms;
}

/* All else ---------------------------------------------------------------- */

static double
memory_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long pages = 0;

	if (file != NULL && fscanf(file, "%*d %ld", &pages) != 1)
		pages = 0;
	if (file != NULL)
		(void)fclose(file);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void
tell_program(struct teller_of_engine *tells, const struct live_counts *counts)
{
	struct teller *t = &tells->teller;
	char field[KEY];

	tell_state(t, "engine", "env paper started_at %.3f cpu_seconds %.3f memory_bytes %.0f",
	    (double)counts->started_ms / SECOND_MS, (double)clock() / CLOCKS_PER_SEC, memory_bytes());
	tell_total(t, "engine", "errors", counts->errors, &tells->told.counts.errors);
	for (int level = 0; level < TELL_LEVELS; level++) {
		(void)snprintf(field, sizeof(field), "log_%s", tell_levels[level]);
		tell_total(t, "engine", field, counts->lines[level], &tells->told.counts.lines[level]);
	}
}

static void
tell_feed(struct teller_of_engine *tells, int venue, struct live_counts *counts, double now)
{
	struct feed_counts *feed = &counts->feeds[venue], *told = &tells->told.counts.feeds[venue];
	struct teller *t = &tells->teller;
	char key[KEY];

	(void)snprintf(key, sizeof(key), "feed:%s", venue_names[venue]);
	tell_state(t, key, "updated_at %.3f connected %d", now, (int)feed->connected);
	if (feed->message_ms > 0)
		tell_state(t, key, "message_at %.3f", (double)feed->message_ms / SECOND_MS);
	tell_total(t, key, "messages", feed->messages, &told->messages);
	tell_total(t, key, "reconnects", feed->reconnects, &told->reconnects);
	tell_total(t, key, "gaps", feed->gaps, &told->gaps);
	tell_times(t, key, &feed->latency);
}

static void
tell_exchange(struct teller_of_engine *tells, const struct engine *engine, int venue,
    const struct live_counts *counts, double now)
{
	static const char *const ends[] = { "filled", "rejected", "unknown" }; /* enum order_end */
	const struct exchange *exchange = &engine->exchanges[venue];
	const char *name = venue_names[venue];
	struct teller *t = &tells->teller;
	long *told = tells->told.counts.orders[venue], sent = 0;
	char key[KEY];

	(void)snprintf(key, sizeof(key), "orders:%s", name);
	for (int end = 0; end < 3; end++) {
		sent += counts->orders[venue][end] - told[end];
		tell_total(t, key, ends[end], counts->orders[venue][end], &told[end]);
	}
	tell_count(t, key, "sent", sent);
	(void)snprintf(key, sizeof(key), "guard:exchange:%s", name);
	tell_guard(t, key, &exchange->guard, &tells->told.exchange_triggers[venue], now);
	(void)snprintf(key, sizeof(key), "limit:daily_loss:exchange:%s", name);
	tell_limit(t, key, exchange->figures.daily_loss, engine->settings.limits.daily_loss_exchange, now);
}

static void
tell_journal(struct teller_of_engine *tells, const struct engine *engine, const struct journal_state *journal,
    double now)
{
	struct journal_state *told = &tells->told.journal;
	struct teller *t = &tells->teller;

	tell_state(t, "inventory", "updated_at %.3f imbalance %.6f rebalance_failures_in_a_row %.0f", now,
	    fixed_value(engine_imbalance_total(engine)), (double)engine->rebalances_failed_in_a_row);
	if (journal->synced_at > 0)
		tell_state(t, "inventory", "synced_at %.3f", journal->synced_at);
	tell_total(t, "inventory", "rebalances", engine->rebalances, &tells->told.rebalances);
	tell_total(
	    t, "inventory", "rebalance_failures", engine->rebalances_failed, &tells->told.rebalances_failed);
	tell_total(t, "inventory", "syncs", journal->syncs, &told->syncs);
	tell_total(t, "inventory", "sync_failures", journal->syncs_failed, &told->syncs_failed);
	tell_total(t, "snapshots", "saved", journal->snapshots_saved, &told->snapshots_saved);
	tell_total(t, "snapshots", "failed", journal->snapshots_failed, &told->snapshots_failed);
	tell_total(t, "snapshots", "restored", journal->snapshots_restored, &told->snapshots_restored);
	if (journal->snapshot_saved_at > 0)
		tell_state(t, "snapshots", "saved_at %.3f", journal->snapshot_saved_at);
}

static void
tell_universe(
    struct teller_of_engine *tells, const struct engine *engine, const struct live_counts *counts, double now)
{
	struct teller *t = &tells->teller;
	int symbols = 0;

	for (size_t i = 0; i < engine->symbol_count; i++)
		symbols += engine->symbols[i].active && engine->symbols[i].name[0] != '\0';
	tell_state(t, "universe", "updated_at %.3f mode %s symbols %d", now, counts->universe_mode, symbols);
	tell_total(t, "universe", "changes", counts->universe_changes, &tells->told.counts.universe_changes);
}

static void
tell_seldom(struct teller_of_engine *tells, const struct engine *engine, struct live_counts *counts,
    const struct journal_state *journal, double now)
{
	struct global_figures figures = engine_figures(engine);
	const struct limits *limits = &engine->settings.limits;
	struct teller *t = &tells->teller;

	tell_program(tells, counts);
	for (int venue = 0; venue < VENUES; venue++) {
		tell_feed(tells, venue, counts, now);
		tell_exchange(tells, engine, venue, counts, now);
	}
	tell_guard(t, "guard:global", &engine->guard, &tells->told.triggers, now);
	tell_limit(t, "limit:daily_loss:global", figures.daily_loss, limits->daily_loss_total, now);
	tell_limit(t, "limit:exposure:global", figures.exposure, limits->exposure_total, now);
	tell_journal(tells, engine, journal, now);
	tell_universe(tells, engine, counts, now);
}

/* The loop ---------------------------------------------------------------- */

static void
begin(struct teller_of_engine *tells, const struct engine *engine)
{
	struct told *told = &tells->told;
	char key[KEY];

	told->rebalances = engine->rebalances;
	told->rebalances_failed = engine->rebalances_failed;
	told->triggers = engine->guard.triggers;
	tell_count(&tells->teller, "guard:global", "triggers", 0);
	for (int venue = 0; venue < VENUES; venue++) {
		told->exchange_triggers[venue] = engine->exchanges[venue].guard.triggers;
		(void)snprintf(key, sizeof(key), "guard:exchange:%s", venue_names[venue]);
		tell_count(&tells->teller, key, "triggers", 0);
	}
	/* Symbols of the snapshot that have left since then have keys too. */
	for (size_t i = 0; i < engine->symbol_count; i++) {
		if (!engine->symbols[i].active)
			memcpy(told->symbols[i].name, engine->symbols[i].name, sizeof(told->symbols[i].name));
	}
	tell_count(&tells->teller, "engine", "restarts", 1);
	tells->begun = true;
}

int
tell_engine_begin(struct teller_of_engine *tells, char error[256])
{
	int status = tell_begin(&tells->teller);

	if (status != 0)
		(void)snprintf(error, 256, "Redis: %.240s", tells->teller.error);
	return status;
}

static void
tell_loop(struct teller_of_engine *tells, struct live_counts *counts, int64_t now_ms)
{
	tell_state(&tells->teller, "engine", "heartbeat_at %.3f state %s loop_lag %.6f",
	    (double)now_ms / SECOND_MS, counts->state, counts->lag);
	tell_times(&tells->teller, "loop", &counts->loop);
}

int
tell_engine_loop(struct teller_of_engine *tells, const struct engine *engine, struct live_counts *counts,
    const struct journal_state *journal, int64_t now_ms, char error[256])
{
	int status;

	/* Without a connection, nothing counts as told. */
	if (tells->teller.redis == NULL)
		return 0;
	if (!tells->begun)
		begin(tells, engine);
	tell_loop(tells, counts, now_ms);
	/* Also if the clock was set back. */
	if (now_ms >= tells->due_ms || tells->due_ms - now_ms > SECOND_MS) {
		bool late = now_ms < tells->due_ms || now_ms - tells->due_ms >= SECOND_MS;

		tells->due_ms = late ? now_ms + SECOND_MS : tells->due_ms + SECOND_MS;
		tell_seldom(tells, engine, counts, journal, (double)now_ms / SECOND_MS);
	}
	tell_symbols(tells, engine, now_ms);
	status = tell_end(&tells->teller);
	if (status != 0)
		(void)snprintf(error, 256, "Redis: %.240s", tells->teller.error);
	return status;
}

void
tell_engine_end(struct teller_of_engine *tells, const struct engine *engine, struct live_counts *counts,
    const struct journal_state *journal, int64_t now_ms)
{
	if (tells->teller.redis == NULL || !tells->begun)
		return;
	tell_loop(tells, counts, now_ms);
	tell_seldom(tells, engine, counts, journal, (double)now_ms / SECOND_MS);
	tell_close(&tells->teller);
}
