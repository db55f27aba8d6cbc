#include <string.h>

#include "demo/paper_engine/backtest/recording.h"
#include "demo/paper_engine/live/loop.h"

static bool
is_chosen(const char *name, const char *const chosen[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(chosen[i], name) == 0)
			return true;
	return false;
}

static bool
is_active(const struct engine *engine, const char *name)
{
	for (size_t i = 0; i < engine->symbol_count; i++)
		if (engine->symbols[i].active && strcmp(engine->symbols[i].name, name) == 0)
			return true;
	return false;
}

/* The symbols of the engine are now these, the largest first. */
static void
use(struct live *live, const char *const chosen[], size_t count)
{
	struct engine *engine = &live->engine;

	for (size_t i = 0; i < engine->symbol_count; i++) {
		if (!engine->symbols[i].active || is_chosen(engine->symbols[i].name, chosen, count))
			continue;
		engine_drop_symbol(engine, i);
		live->counts.universe_changes++;
		live_say(live, LOG_INFO, "a symbol left the universe", "symbol", engine->symbols[i].name);
	}
	for (size_t i = 0; i < count; i++) {
		bool comes = !is_active(engine, chosen[i]);

		if (engine_add_symbol(engine, chosen[i], (int)i, (int)count) < 0 || !comes)
			continue;
		live->counts.universe_changes++;
		live_say(live, LOG_INFO, "a symbol came into the universe", "symbol", chosen[i]);
	}
}

/* A recording says that a symbol is gone: a backtest would trade with its last books for ever. */
static void
record_end(FILE *record, const char *name, int64_t now_ms)
{
	static const struct depth lost;

	for (int venue = 0; venue < VENUES; venue++)
		recording_write(record, now_ms, name, venue, &lost);
}

/* The streams are opened anew only if they lack a symbol, or have one too many. */
static void
subscribe(struct live *live, int64_t now_ms)
{
	bool changed = false;

	for (size_t i = 0; i < live->engine.symbol_count; i++) {
		if (strcmp(live->subscribed[i], live->engine.symbols[i].name) == 0)
			continue;
		changed = true;
		if (live->record != NULL && live->subscribed[i][0] != '\0')
			record_end(live->record, live->subscribed[i], now_ms);
		memcpy(live->subscribed[i], live->engine.symbols[i].name, SYMBOL_NAME);
	}
	for (int venue = 0; changed && venue < VENUES; venue++)
		if (feed_subscribe(&live->feeds[venue], &live->engine, now_ms) != 0)
			live_say(live, LOG_ERROR, "the books cannot be asked for: out of memory", NULL, NULL);
}

/* A name that no exchange knows, or a filter that nothing passes, would else look like a market at rest. */
static void
say_lacking(struct live *live, size_t count)
{
	const struct universe_settings *settings = &live->settings->universe;
	bool named = settings->mode == UNIVERSE_SINGLE || settings->mode == UNIVERSE_FIXED_LIST,
	     lacking = count < (named ? settings->name_count : 1);

	if (lacking && !live->lacking)
		live_say(live, LOG_WARN,
		    count == 0
			? "no symbol is traded: no symbol of both exchanges passes --universe.mode and the filters"
			: "symbols of --universe.symbol are not traded: an exchange lacks them, or a filter leaves "
			  "them out",
		    NULL, NULL);
	live->lacking = lacking;
}

/* Both exchanges have answered: the old universe is good until then. */
static void
choose(struct live *live, int64_t now_ms)
{
	double won = fixed_value(engine_rate(&live->engine, VENUE_UPBIT));
	const char *chosen[SYMBOLS_MOST];
	size_t count;

	if (!live->tickers[VENUE_BINANCE].complete || !live->tickers[VENUE_UPBIT].complete || won <= 0)
		return;
	live->tickers[VENUE_BINANCE].complete = live->tickers[VENUE_UPBIT].complete = false;
	count = universe_choose(&live->settings->universe, live->tickers, won, chosen);
	say_lacking(live, count);
	use(live, chosen, count);
	subscribe(live, now_ms);
	if (strcmp(live->counts.state, "starting") == 0)
		live->counts.state = "running";
}

/* A series of failures is one line. */
static void
say_failure(struct live *live, int venue)
{
	struct tickers *tickers = &live->tickers[venue];
	char message[128];

	if (tickers->why.kind != FAILURE_NONE && live->looked[venue]) {
		(void)snprintf(message, sizeof(message),
		    "the symbols and volumes of %s cannot be read; the universe stays as it is",
		    venue_names[venue]);
		live_say(live, LOG_WARN, message, "error", tickers->why.text);
	}
	if (tickers->why.kind != FAILURE_NONE || tickers->complete)
		live->looked[venue] = tickers->complete;
	tickers->why.kind = FAILURE_NONE;
}

void
loop_universe(struct live *live, int64_t now_ms)
{
	bool look = loop_is_due(&live->due.universe, live->settings->universe.every_ms, now_ms);

	for (int venue = 0; venue < VENUES; venue++) {
		say_failure(live, venue);
		if (look)
			tickers_look(&live->tickers[venue]);
	}
	choose(live, now_ms);
}
