#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "demo/paper_engine/core/archive.h"
#include "demo/paper_engine/core/engine.h"
#include "demo/paper_engine/core/ledger.h"
#include "demo/paper_engine/core/score.h"

/*
 * A visitor writes what it is given, or reads into it.  What follows from the rest is not in a snapshot:
 * reserved cash, the symbol of a pending trade, the sums of one that is not closed.  Exposure is in it for
 * tests/demo/recompute.py: a reader computes it.
 */
enum { SAVE_VERSION = 1 };
static const char engine_line[] = "engine";

static void
visit_guard(struct archive *a, const char *name, struct guard *guard)
{
	archive_open(a, name, '{');
	guard->state = (enum guard_state)archive_choice(a, "state", (int)guard->state, GUARD_OK, GUARD_BLOCK);
	guard->reason = (enum guard_reason)archive_choice(
	    a, "reason", (int)guard->reason, REASON_NONE, REASON_RATE_LIMIT);
	archive_number(a, "since", &guard->since_ms);
	archive_number(a, "until", &guard->until_ms);
	archive_number(a, "triggers", &guard->triggers);
	archive_number(a, "value", &guard->value);
	archive_number(a, "limit", &guard->limit);
	archive_close(a, '}');
}

static void
visit_route(struct archive *a, struct route *route)
{
	struct score *score = &route->score;

	archive_open(a, NULL, '{');
	archive_number(a, "score", &score->total);
	archive_number(a, "spread_score", &score->spread);
	archive_number(a, "health", &score->health);
	archive_number(a, "fee", &score->fee);
	archive_number(a, "inventory", &score->inventory);
	archive_number(a, "edge", &route->edge);
	archive_number(a, "spread", &route->spread);
	route->trades = archive_choice(a, "trades", route->trades, 0, 1) != 0;
	route->losses_in_a_row = archive_choice(a, "losses", route->losses_in_a_row, 0, INT_MAX);
	archive_number(a, "last_loss", &route->last_loss_ms);
	archive_number(a, "rests_until", &route->rests_until_ms);
	visit_guard(a, "guard", &route->guard);
	archive_close(a, '}');
}

static void
visit_fill(struct archive *a, struct fill *fill)
{
	archive_open(a, NULL, '{');
	fill->leg = (enum leg)archive_choice(a, "leg", (int)fill->leg, LEG_FIRST, LEG_UNWIND);
	fill->venue = (enum venue)archive_choice(a, "venue", (int)fill->venue, VENUE_BINANCE, VENUE_UPBIT);
	fill->buy = archive_choice(a, "buy", fill->buy, 0, 1) != 0;
	archive_number(a, "at", &fill->at_ms);
	archive_number(a, "quantity", &fill->quantity);
	archive_number(a, "value", &fill->value);
	archive_number(a, "fee", &fill->fee);
	archive_number(a, "rate", &fill->rate);
	archive_close(a, '}');
	if (fill->quantity <= 0 || fill->rate <= 0)
		a->failed = true;
}

static void
visit_pending(struct archive *a, struct pending *pending)
{
	struct trade *trade = &pending->trade;

	pending->open = archive_choice(a, "pending", pending->open, 0, 1) != 0;
	if (!pending->open)
		return;
	pending->tries = archive_choice(a, "tries", pending->tries, 0, INT_MAX);
	archive_number(a, "due", &pending->due_ms);
	archive_number(a, "left", &pending->left);
	archive_number(a, "expected", &pending->expected);
	archive_number(a, "reserved", &pending->reserved);
	trade->buy = (enum venue)archive_choice(a, "buys", (int)trade->buy, VENUE_BINANCE, VENUE_UPBIT);
	trade->sell = other_venue(trade->buy);
	archive_number(a, "opened", &trade->opened_ms);
	/* One fill of the first leg, and at most two of the second: the last one would have closed the trade.
	 */
	trade->fill_count = archive_choice(a, "fill_count", trade->fill_count, 1, 3);
	archive_open(a, "fills", '[');
	for (int i = 0; i < trade->fill_count; i++)
		visit_fill(a, &trade->fills[i]);
	archive_close(a, ']');
}

static size_t
visit_symbol(struct archive *a, struct symbol *symbol, size_t index)
{
	index = (size_t)archive_choice(a, "index", (int)index, 0, SYMBOLS_MOST - 1);
	symbol->active = archive_choice(a, "active", symbol->active, 0, 1) != 0;
	symbol->place = archive_choice(a, "place", symbol->place, INT_MIN, INT_MAX);
	symbol->places = archive_choice(a, "places", symbol->places, INT_MIN, INT_MAX);
	archive_number(a, "updated", &symbol->updated_ms);
	archive_numbers(a, "coins", symbol->coins, VENUES);
	archive_numbers(a, "moved", symbol->moved, VENUES);
	archive_numbers(a, "price", symbol->price, VENUES);
	archive_number(a, "exposure", &symbol->exposure);
	archive_open(a, "routes", '[');
	for (int v = 0; v < VENUES; v++)
		visit_route(a, &symbol->routes[v]);
	archive_close(a, ']');
	visit_guard(a, "guard", &symbol->guard);
	archive_number(a, "range_step", &symbol->range.step);
	archive_numbers(a, "range_high", symbol->range.high, RANGE_STEPS);
	archive_numbers(a, "range_low", symbol->range.low, RANGE_STEPS);
	visit_pending(a, &symbol->pending);
	return index;
}

/* Returns how many lines of symbols belong to it. */
static int
visit_engine(struct archive *a, struct engine *engine, int lines)
{
	int64_t random = (int64_t)engine->random;
	fixed exposure = engine->exposure;

	(void)archive_choice(a, "version", SAVE_VERSION, SAVE_VERSION, SAVE_VERSION);
	lines = archive_choice(a, "symbols", lines, 0, SYMBOLS_MOST);
	engine->symbol_count =
	    (size_t)archive_choice(a, "places", (int)engine->symbol_count, 0, SYMBOLS_MOST);
	archive_number(a, "last_id", &engine->last_id);
	archive_number(a, "random", &random);
	engine->random = (uint64_t)random;
	archive_number(a, "day", &engine->day);
	archive_number(a, "equity", &engine->equity);
	archive_number(a, "highest_equity", &engine->highest_equity);
	archive_number(a, "daily_pnl", &engine->daily_pnl);
	archive_number(a, "exposure", &exposure);
	archive_number(a, "rebalance_due", &engine->rebalance_due_ms);
	archive_number(a, "rebalances", &engine->rebalances);
	archive_number(a, "rebalances_failed", &engine->rebalances_failed);
	archive_number(a, "rebalances_failed_in_a_row", &engine->rebalances_failed_in_a_row);
	visit_guard(a, "guard", &engine->guard);
	archive_open(a, "exchanges", '[');
	for (int v = 0; v < VENUES; v++) {
		archive_open(a, NULL, '{');
		archive_number(a, "cash", &engine->exchanges[v].cash);
		archive_number(a, "daily_pnl", &engine->exchanges[v].daily_pnl);
		visit_guard(a, "guard", &engine->exchanges[v].guard);
		archive_close(a, '}');
	}
	archive_close(a, ']');
	return lines;
}

static void
line_done(struct archive *archive, struct buffer *text)
{
	archive_end(archive);
	if (archive->failed)
		text->failed = true;
	else
		buffer_append(text, archive->line, archive->length);
}

void
engine_save(const struct engine *engine, struct buffer *text)
{
	struct archive archive = { .writes = true };
	struct engine copy = *engine;
	char name[SYMBOL_NAME];
	int lines = 0;

	for (size_t i = 0; i < engine->symbol_count; i++)
		lines += engine->symbols[i].name[0] != '\0';
	memcpy(name, engine_line, sizeof(engine_line));
	archive_begin(&archive, name, sizeof(name));
	(void)visit_engine(&archive, &copy, lines);
	line_done(&archive, text);
	for (size_t i = 0; i < engine->symbol_count; i++) {
		struct symbol symbol = engine->symbols[i];

		if (symbol.name[0] == '\0')
			continue;
		archive_begin(&archive, symbol.name, sizeof(symbol.name));
		(void)visit_symbol(&archive, &symbol, i);
		line_done(&archive, text);
	}
}

static void
read_symbol(struct archive *archive, struct engine *engine, const char *name)
{
	struct symbol symbol = { 0 };
	size_t index = visit_symbol(archive, &symbol, 0);

	archive_end(archive);
	for (size_t i = 0; i < SYMBOLS_MOST; i++)
		if (strcmp(engine->symbols[i].name, name) == 0)
			archive->failed = true;
	if (archive->failed || engine->symbols[index].name[0] != '\0') {
		archive->failed = true;
		return;
	}
	memcpy(symbol.name, name, sizeof(symbol.name));
	memcpy(symbol.pending.trade.symbol, name, sizeof(symbol.name));
	symbol.exposure = 0;
	engine->symbols[index] = symbol;
	exposure_update(engine, &engine->symbols[index]);
	if (symbol.pending.open) {
		fixed *reserved = &engine->exchanges[symbol.pending.trade.buy].reserved;

		*reserved = fixed_plus(*reserved, symbol.pending.reserved);
	}
}

/* In any order, as Redis gives the fields of a hash. */
static int
read_lines(struct archive *archive, struct engine *engine, char name[SYMBOL_NAME])
{
	int expected = -1, lines = 0;

	while (*archive->at != '\0' && !archive->failed) {
		memset(name, 0, SYMBOL_NAME);
		archive_begin(archive, name, SYMBOL_NAME);
		if (strcmp(name, engine_line) == 0 && expected < 0) {
			expected = visit_engine(archive, engine, 0);
			archive_end(archive);
		} else if (!archive->failed) {
			read_symbol(archive, engine, name);
			lines++;
		}
	}
	for (size_t i = engine->symbol_count; i < SYMBOLS_MOST; i++)
		if (engine->symbols[i].name[0] != '\0')
			return -1;
	return archive->failed || lines != expected ? -1 : 0;
}

int
engine_restore(struct engine *engine, const char *text, struct failure *why)
{
	struct archive archive = { .at = text };
	char name[SYMBOL_NAME] = "";
	struct engine restored;

	if (engine_init(&restored, &engine->settings) == -1)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	if (read_lines(&archive, &restored, name) == -1) {
		engine_release(&restored);
		if (!archive.failed)
			return failure_set(
			    why, FAILURE_PROTOCOL, "a snapshot of the engine has not all of its lines");
		return failure_set(
		    why, FAILURE_PROTOCOL, "the line \"%s\" of a snapshot of the engine is damaged", name);
	}
	restored.distortions = engine->distortions;
	restored.won = engine->won;
	for (int v = 0; v < VENUES; v++)
		restored.exchanges[v].figures = engine->exchanges[v].figures;
	engine_release(engine);
	*engine = restored;
	return 0;
}
