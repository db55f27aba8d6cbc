/*
 * One pass of the loop: what befalls it, the feeds, the symbols whose books have changed, and once a second
 * what concerns all.  What it decides goes to the journal, which has a thread of its own.
 */

#include <string.h>

#include "demo/paper_engine/backtest/recording.h"
#include "demo/paper_engine/live/loop.h"

enum { SECOND_MS = 1000, RATE_MS = 60000 };

void
live_say(struct live *live, enum log_level level, const char *message, const char *key, const char *value)
{
	live->counts.lines[level]++;
	live->counts.errors += level >= LOG_ERROR;
	log_write(&live->log, level, message, key, value, NULL);
}

bool
loop_is_due(int64_t *due_ms, int64_t every_ms, int64_t now_ms)
{
	if (now_ms < *due_ms && *due_ms - now_ms <= every_ms)
		return false;
	*due_ms = now_ms >= *due_ms && now_ms - *due_ms < every_ms ? *due_ms + every_ms : now_ms + every_ms;
	return true;
}

/* What happens to the engine --------------------------------------------- */

static void
count_order(void *context, enum venue venue, enum order_end end)
{
	struct live *live = context;

	live->counts.orders[venue][end]++;
}

static void
keep_trade(void *context, const struct trade *trade)
{
	struct live *live = context;

	(void)journal_trade(live->journal, trade);
}

static void
keep_movement(void *context, const struct movement *movement)
{
	struct live *live = context;

	(void)journal_movement(live->journal, movement);
}

static void
say_rebalance_failed(void *context, const char *asset)
{
	live_say(context, LOG_WARN, "a rebalance failed", "asset", asset);
}

/* Feeds ---------------------------------------------------------------- */

/* A series of failures is one line; so is its end. */
static void
tend_feed(struct live *live, int venue, int64_t now_ms)
{
	struct feed *feed = &live->feeds[venue];
	struct exchange_figures *figures = &live->engine.exchanges[venue].figures;
	char message[128], after[32];

	feed_tend(feed, now_ms);
	if (feed->why.kind != FAILURE_NONE) {
		if (live->streamed[venue]) {
			(void)snprintf(message, sizeof(message),
			    "there is no stream of books of %s; it is opened again", venue_names[venue]);
			live_say(live, LOG_WARN, message, "error", feed->why.text);
		}
		live->streamed[venue] = false;
		feed->why.kind = FAILURE_NONE;
	}
	if (feed->away_ms > 0) {
		(void)snprintf(
		    message, sizeof(message), "the stream of books of %s is open", venue_names[venue]);
		(void)snprintf(after, sizeof(after), "%.3fs", feed->away_ms / 1000);
		live_say(live, LOG_INFO, message, "after", after);
		live->streamed[venue] = true;
		feed->away_ms = 0;
	}
	figures->connected = feed->counts->connected;
	figures->message_ms = feed->counts->message_ms;
	figures->change_ms = feed->change_ms;
	figures->rate_limit_left = live->tickers[venue].rate_limit_left;
}

static void
tend_feeds(struct live *live, int64_t now_ms)
{
	double every_ms = fault_value(live->faults, FAULT_RECONNECTS);
	bool cut = every_ms > 0 && loop_is_due(&live->due.cut, (int64_t)every_ms, now_ms);

	for (int venue = 0; venue < VENUES; venue++) {
		if (cut && live->feeds[venue].counts->connected)
			feed_cut(&live->feeds[venue], now_ms, "it was cut by the control endpoint");
		tend_feed(live, venue, now_ms);
	}
}

/* Symbols -------------------------------------------------------------- */

static void
record_book(struct live *live, const char *name, const struct feed *feed, size_t index, int64_t now_ms)
{
	static const struct depth lost;
	const struct depth *book = &feed->books[index];

	if (live->record != NULL)
		recording_write(live->record, now_ms, name, feed->venue, book->sequence != 0 ? book : &lost);
}

/* Whether one of its books is another one; the engine has it then. */
static bool
take_books(struct live *live, size_t index, int64_t now_ms)
{
	struct symbol *symbol = &live->engine.symbols[index];
	bool changed = false;

	for (int venue = 0; venue < VENUES; venue++) {
		struct feed *feed = &live->feeds[venue];

		if (!feed->changed[index])
			continue;
		feed->changed[index] = false;
		changed = true;
		symbol->books[venue] = feed->books[index].sequence != 0 ? &feed->books[index] : NULL;
		record_book(live, symbol->name, feed, index, now_ms);
	}
	return changed;
}

static void
take_won(struct live *live, int64_t now_ms)
{
	struct feed *feed = &live->feeds[VENUE_UPBIT];

	if (!feed->changed[FEED_WON])
		return;
	feed->changed[FEED_WON] = false;
	live->engine.won = feed->books[FEED_WON].sequence != 0 ? &feed->books[FEED_WON] : NULL;
	record_book(live, RECORDING_WON, feed, FEED_WON, now_ms);
}

/* While PostgreSQL takes nothing, no trade is opened: the journal has room for those that are. */
static bool
is_paused(struct live *live)
{
	bool paused = live->journaled.queued > live->journaled.queue_limit / 2;

	if (strcmp(live->counts.state, "starting") == 0)
		return paused;
	if (paused && strcmp(live->counts.state, "running") == 0)
		live_say(live, LOG_ERROR,
		    "no trade is opened while PostgreSQL does not take the last ones: see why it is slow or away",
		    NULL, NULL);
	live->counts.state = paused ? "paused" : "running";
	return paused;
}

static void
step_symbols(struct live *live, const struct sink *sink, int64_t now_ms)
{
	struct engine *engine = &live->engine;
	bool paused = is_paused(live);

	take_won(live, now_ms);
	for (size_t i = 0; i < engine->symbol_count; i++) {
		const struct symbol *symbol = &engine->symbols[i];

		if (symbol->name[0] != '\0' && (take_books(live, i, now_ms) || symbol->pending.open) &&
		    (!paused || symbol->pending.open))
			engine_step(engine, i, now_ms, sink);
	}
}

/* Once a second, and less often -------------------------------------------- */

/* Faults that are seen as lines of the log, or in what is tried each second while they are on. */
static void
tend_faults(struct live *live, int64_t now_ms)
{
	double drift = fault_value(live->faults, FAULT_POSITION_DRIFT);

	if (fault_is_on(live->faults, FAULT_ERROR_LOG))
		live_say(live, LOG_ERROR, "an error that the control endpoint asked for", NULL, NULL);
	if (fault_is_on(live->faults, FAULT_CRITICAL_LOG))
		live_say(
		    live, LOG_CRITICAL, "a critical line that the control endpoint asked for", NULL, NULL);
	if (fault_is_on(live->faults, FAULT_REBALANCE))
		live->engine.rebalance_due_ms = now_ms;
	if (fault_is_on(live->faults, FAULT_INVENTORY_SYNC))
		live->due.sync = now_ms;
	if (drift > live->drift || drift < live->drift)
		live->drift = journal_drift(live->journal, drift) ? drift : live->drift;
}

static void
keep_records(struct live *live, int64_t now_ms)
{
	const struct run_settings *settings = live->settings;
	fixed won = engine_rate(&live->engine, VENUE_UPBIT);

	if (loop_is_due(&live->due.snapshot, settings->snapshot_every_ms, now_ms))
		(void)journal_snapshot(live->journal, &live->engine);
	if (loop_is_due(&live->due.sync, settings->sync_every_ms, now_ms))
		(void)journal_sync(live->journal, &live->engine);
	/* Before the first rate there is no equity. */
	if (won == 0 || live->engine.equity == 0)
		return;
	if (loop_is_due(&live->due.equity, settings->equity_every_ms, now_ms))
		(void)journal_equity(live->journal, now_ms, live->engine.equity);
	if (loop_is_due(&live->due.rate, RATE_MS, now_ms))
		(void)journal_rate(live->journal, now_ms, won);
}

static void
say_journal_error(struct live *live)
{
	journal_take_state(live->journal, &live->journaled);
	if (live->journaled.error[0] != '\0')
		live_say(live, LOG_ERROR, live->journaled.error, NULL, NULL);
}

void
loop_once(struct live *live, int64_t now_ms)
{
	const struct sink sink = { live, count_order, keep_trade, keep_movement, say_rebalance_failed };

	faults_distort(live->faults, &live->engine);
	say_journal_error(live);
	tend_feeds(live, now_ms);
	loop_universe(live, now_ms);
	step_symbols(live, &sink, now_ms);
	if (loop_is_due(&live->due.second, SECOND_MS, now_ms)) {
		tend_faults(live, now_ms);
		engine_tend(&live->engine, now_ms, &sink);
	}
	keep_records(live, now_ms);
}
