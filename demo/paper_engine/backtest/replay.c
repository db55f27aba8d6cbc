#include <math.h>
#include <stdlib.h>

#include "demo/paper_engine/backtest/replay.h"
#include "demo/paper_engine/core/movements.h"

static const int64_t day_ms = 86400000;

/* Books of some steps are made at once, and each engine goes through all of them while it is in the cache. */
enum { BLOCK_BYTES = 256 * 1024 };

struct replay {
	const struct source *source;
	const struct span *span;
	int64_t at_ms; /* of the block's first step */
	size_t steps;  /* room of a block */
	struct depth (*books)[VENUES], *won;
};

/* Tally ---------------------------------------------------------------- */

static void
end_days(struct tally *tally, int64_t day)
{
	for (; tally->day < day; tally->day++) {
		double pnl = fixed_value(tally->pnl - tally->day_began);

		tally->day_began = tally->pnl;
		if (tally->day * day_ms < tally->from_ms)
			continue;
		tally->days++;
		tally->sum += pnl;
		tally->squares += pnl * pnl;
	}
}

static void
add_pnl(struct tally *tally, int64_t at_ms, fixed pnl)
{
	fixed fall;

	end_days(tally, at_ms / day_ms);
	tally->pnl = fixed_plus(tally->pnl, pnl);
	if (tally->pnl > tally->highest)
		tally->highest = tally->pnl;
	fall = fixed_plus(tally->highest, -tally->pnl);
	if (fall > tally->deepest)
		tally->deepest = fall;
}

static void
take_trade(void *context, const struct trade *trade)
{
	struct replayed *replayed = context;

	replayed->tally.trades++;
	replayed->tally.won += trade->pnl > 0;
	replayed->tally.fees = fixed_plus(replayed->tally.fees, trade->fees);
	add_pnl(&replayed->tally, trade->closed_ms, trade->pnl);
	if (replayed->sink.trade != NULL)
		replayed->sink.trade(replayed->sink.context, trade);
}

static void
take_movement(void *context, const struct movement *movement)
{
	struct replayed *replayed = context;

	replayed->tally.fees = fixed_plus(replayed->tally.fees, movement->fee);
	add_pnl(&replayed->tally, movement->at_ms, -movement->fee);
	if (replayed->sink.movement != NULL)
		replayed->sink.movement(replayed->sink.context, movement);
}

double
tally_sharpe(struct tally *tally, int64_t until_ms)
{
	double mean, variance;

	end_days(tally, until_ms / day_ms);
	if (tally->days < 2)
		return 0;
	mean = tally->sum / tally->days;
	variance = (tally->squares - tally->days * mean * mean) / (tally->days - 1);
	return variance > 0 ? mean / sqrt(variance) * sqrt(365) : 0;
}

/* Steps ---------------------------------------------------------------- */

/* The engine's feeds are as good as can be: what goes wrong with them is not in a market of the past. */
static void
show_feeds(struct engine *engine, const struct depth *won, int64_t now_ms)
{
	engine->won = won->sequence != 0 ? won : NULL;
	for (size_t venue = 0; venue < VENUES; venue++) {
		struct exchange_figures *figures = &engine->exchanges[venue].figures;

		figures->connected = true;
		figures->message_ms = figures->change_ms = now_ms;
		figures->rate_limit_left = FIXED_ONE;
	}
}

static void
show_books(struct symbol *symbol, const struct depth books[VENUES])
{
	for (size_t venue = 0; venue < VENUES; venue++)
		symbol->books[venue] = books[venue].sequence != 0 ? &books[venue] : NULL;
}

static bool
is_due(const struct symbol *symbol, int64_t before_ms)
{
	return symbol->pending.open && symbol->pending.due_ms < before_ms;
}

/* The legs of the source's `waiting` symbols that are due before the next step, in the order of their times.
 */
static void
finish_legs(const struct source *source, struct replayed *replayed, const struct sink *sink, size_t waiting[],
    size_t count, int64_t before_ms)
{
	struct engine *engine = replayed->engine;
	struct depth books[VENUES], won;

	while (count > 0) {
		struct symbol *symbol = NULL;
		size_t first = 0;
		int64_t due_ms = INT64_MAX;

		for (size_t i = 0; i < count; i++) {
			struct symbol *other = &engine->symbols[replayed->places[waiting[i]]];

			if (other->pending.due_ms < due_ms) {
				due_ms = other->pending.due_ms;
				symbol = other;
				first = i;
			}
		}
		if (symbol == NULL)
			return;
		source->read_symbol(source->context, waiting[first], due_ms, books, &won);
		show_feeds(engine, &won, due_ms);
		show_books(symbol, books);
		engine_step(engine, (size_t)(symbol - engine->symbols), due_ms, sink);
		symbol->books[0] = symbol->books[1] = NULL;
		/* A leg that is due at once comes a moment later, as in a live loop: it must not go round for
		 * ever. */
		if (symbol->pending.open && symbol->pending.due_ms <= due_ms)
			symbol->pending.due_ms = due_ms + 1;
		if (!is_due(symbol, before_ms))
			waiting[first] = waiting[--count];
	}
}

static void
step_once(const struct replay *replay, struct replayed *replayed, size_t step)
{
	const struct sink sink = { .context = replayed, .trade = take_trade, .movement = take_movement };
	const struct source *source = replay->source;
	struct engine *engine = replayed->engine;
	struct depth(*books)[VENUES] = &replay->books[step * source->symbols];
	int64_t now_ms = replay->at_ms + (int64_t)step * replay->span->step_ms;
	int64_t next_ms = now_ms + replay->span->step_ms;
	size_t waiting[SYMBOLS_MOST], count = 0;

	if (next_ms > replay->span->until_ms)
		next_ms = replay->span->until_ms;
	show_feeds(engine, &replay->won[step], now_ms);
	for (size_t i = 0; i < source->symbols; i++)
		show_books(&engine->symbols[replayed->places[i]], books[i]);
	if (replayed->unwatched)
		movements_tend(engine, now_ms, &sink);
	else
		engine_tend(engine, now_ms, &sink);
	for (size_t i = 0; i < source->symbols; i++) {
		engine_step(engine, (size_t)replayed->places[i], now_ms, &sink);
		if (is_due(&engine->symbols[replayed->places[i]], next_ms))
			waiting[count++] = i;
	}
	if (count == 0 || source->read_symbol == NULL)
		return;
	finish_legs(source, replayed, &sink, waiting, count, next_ms);
	show_feeds(engine, &replay->won[step], now_ms);
}

/* The books of the block that begins at at_ms; how many steps it has, 0 at the end of the span, -1: with
 * `why`. */
static long
read_block(struct replay *replay, struct failure *why)
{
	const struct span *span = replay->span;
	const struct source *source = replay->source;
	size_t steps = 0;

	for (int64_t at_ms = replay->at_ms; steps < replay->steps && at_ms < span->until_ms; steps++) {
		if (source->read(source->context, at_ms, &replay->books[steps * source->symbols],
			&replay->won[steps], why) != 0)
			return -1;
		at_ms += span->step_ms;
	}
	return (long)steps;
}

static int
go_through(struct replay *replay, struct replayed *replayed, size_t count, const struct progress *progress,
    struct failure *why)
{
	long steps;

	for (replay->at_ms = replay->span->from_ms; (steps = read_block(replay, why)) > 0;
	     replay->at_ms += steps * replay->span->step_ms) {
		for (size_t i = 0; i < count; i++)
			for (size_t step = 0; step < (size_t)steps; step++)
				step_once(replay, &replayed[i], step);
		if (progress != NULL)
			progress->add(progress->context, steps * (int64_t)count);
	}
	return steps == 0 ? 0 : -1;
}

static int
add_symbols(
    const struct source *source, struct replayed *replayed, const struct span *span, struct failure *why)
{
	for (size_t i = 0; i < source->symbols; i++) {
		replayed->places[i] =
		    engine_add_symbol(replayed->engine, source->names[i], (int)i, (int)source->symbols);
		if (replayed->places[i] < 0)
			return failure_set(
			    why, FAILURE_LOCAL, "the engine has no place for %s", source->names[i]);
	}
	if (replayed->tally.from_ms == 0) {
		replayed->tally.from_ms = span->from_ms;
		replayed->tally.day = span->from_ms / day_ms;
	}
	return 0;
}

/* They end with the replay. */
static void
forget_books(struct replayed *replayed)
{
	struct engine *engine = replayed->engine;

	replayed->rate = engine_rate(engine, VENUE_UPBIT);
	engine->won = NULL;
	for (size_t i = 0; i < engine->symbol_count; i++)
		for (size_t venue = 0; venue < VENUES; venue++)
			engine->symbols[i].books[venue] = NULL;
}

int
replay_run(const struct source *source, const struct span *span, struct replayed *replayed, size_t count,
    const struct progress *progress, struct failure *why)
{
	size_t bytes = source->symbols * sizeof(struct depth) * VENUES;
	struct replay replay = { .source = source, .span = span, .steps = 1 + BLOCK_BYTES / bytes };
	int result = 0;

	replay.books = malloc(replay.steps * bytes);
	replay.won = malloc(replay.steps * sizeof(*replay.won));
	if (replay.books == NULL || replay.won == NULL)
		result = failure_set(why, FAILURE_LOCAL, "out of memory");
	for (size_t i = 0; i < count && result == 0; i++)
		result = add_symbols(source, &replayed[i], span, why);
	if (result == 0)
		result = go_through(&replay, replayed, count, progress, why);
	for (size_t i = 0; i < count; i++)
		forget_books(&replayed[i]);
	free(replay.books);
	free(replay.won);
	return result;
}
