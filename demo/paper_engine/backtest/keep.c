#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "demo/paper_engine/backtest/keep.h"

static const int64_t hour_ms = 3600000;

/* Records that may wait while more are made, and how long the journal may take for them. */
enum { QUEUED = 1000, PATIENCE_MS = 30000 };

struct keeper {
	struct journal *journal;
	FILE *lines;
	struct failure *why;
	bool failed; /* the journal does not write: then nothing more is tried */
};

/* Lines of JSON ---------------------------------------------------------- */

static void
write_amount(FILE *file, const char *name, fixed value)
{
	char text[FIXED_TEXT];

	(void)fprintf(file, ",\"%s\":\"%s\"", name, fixed_text(value, text));
}

static void
write_trade(FILE *file, const struct trade *trade)
{
	(void)fprintf(file,
	    "{\"trade\":%" PRId64 ",\"symbol\":\"%s\",\"buy\":\"%s\",\"sell\":\"%s\",\"opened_ms\":%" PRId64
	    ",\"closed_ms\":%" PRId64 ",\"leg_gap_ms\":%" PRId64,
	    trade->id, trade->symbol, venue_names[trade->buy], venue_names[trade->sell], trade->opened_ms,
	    trade->closed_ms, trade->leg_gap_ms);
	write_amount(file, "pnl", trade->pnl);
	write_amount(file, "fees", trade->fees);
	write_amount(file, "slippage", trade->slippage);
	(void)fputs(",\"fills\":[", file);
	for (int i = 0; i < trade->fill_count; i++) {
		const struct fill *fill = &trade->fills[i];

		(void)fprintf(file,
		    "%s{\"leg\":\"%s\",\"exchange\":\"%s\",\"side\":\"%s\",\"at_ms\":%" PRId64,
		    i > 0 ? "," : "", leg_names[fill->leg], venue_names[fill->venue],
		    fill->buy ? "buy" : "sell", fill->at_ms);
		write_amount(file, "quantity", fill->quantity);
		write_amount(file, "value", fill->value);
		write_amount(file, "fee", fill->fee);
		write_amount(file, "rate", fill->rate);
		(void)fputc('}', file);
	}
	(void)fputs("]}\n", file);
}

static void
write_movement(FILE *file, const struct movement *movement)
{
	char name[32];

	(void)fprintf(file, "{\"movement\":%" PRId64 ",\"kind\":\"%s\",\"asset\":\"%s\",\"at_ms\":%" PRId64,
	    movement->id, movement_names[movement->kind], movement->asset, movement->at_ms);
	for (size_t venue = 0; venue < VENUES; venue++) {
		(void)snprintf(name, sizeof(name), "coins_%s", venue_names[venue]);
		write_amount(file, name, movement->coins[venue]);
		(void)snprintf(name, sizeof(name), "cash_%s", venue_names[venue]);
		write_amount(file, name, movement->cash[venue]);
	}
	write_amount(file, "fee", movement->fee);
	(void)fputs("}\n", file);
}

/* The journal ------------------------------------------------------------ */

/* Until it has room; `queued` records may still wait. */
static void
await_journal(struct keeper *keeper, long queued)
{
	struct journal_state state;

	if (keeper->journal == NULL || keeper->failed || journal_await(keeper->journal, queued, PATIENCE_MS))
		return;
	keeper->failed = true;
	journal_take_state(keeper->journal, &state);
	(void)failure_set(keeper->why, FAILURE_CONNECT, "PostgreSQL takes no more rows: %s",
	    state.error[0] != '\0' ? state.error : "it does not answer");
}

static void
keep_trade(void *context, const struct trade *trade)
{
	struct keeper *keeper = context;

	if (keeper->lines != NULL)
		write_trade(keeper->lines, trade);
	await_journal(keeper, QUEUED);
	if (keeper->journal != NULL && !keeper->failed)
		(void)journal_trade(keeper->journal, trade);
}

static void
keep_movement(void *context, const struct movement *movement)
{
	struct keeper *keeper = context;

	if (keeper->lines != NULL)
		write_movement(keeper->lines, movement);
	await_journal(keeper, QUEUED);
	if (keeper->journal != NULL && !keeper->failed)
		(void)journal_movement(keeper->journal, movement);
}

static void
keep_hour(struct keeper *keeper, const struct replayed *replayed, int64_t at_ms)
{
	await_journal(keeper, QUEUED);
	if (keeper->journal == NULL || keeper->failed)
		return;
	(void)journal_equity(keeper->journal, at_ms - 1, replayed->engine->equity);
	if (replayed->rate != 0)
		(void)journal_rate(keeper->journal, at_ms - 1, replayed->rate);
}

/* The first step at or after the end of the hour of `at_ms`. */
static int64_t
hour_end(const struct span *span, int64_t at_ms)
{
	int64_t left_ms = (at_ms / hour_ms + 1) * hour_ms - at_ms;

	return at_ms + (left_ms + span->step_ms - 1) / span->step_ms * span->step_ms;
}

int
keep_replay(const struct source *source, const struct span *span, struct replayed *replayed,
    struct journal *journal, FILE *lines, struct failure *why)
{
	struct keeper keeper = { .journal = journal, .lines = lines, .why = why };
	int64_t at_ms = span->from_ms;

	replayed->sink = (struct sink){ .context = &keeper, .trade = keep_trade, .movement = keep_movement };
	while (at_ms < span->until_ms && !keeper.failed) {
		int64_t end_ms = hour_end(span, at_ms);
		struct span hour = { at_ms, end_ms < span->until_ms ? end_ms : span->until_ms,
			span->step_ms };

		if (replay_run(source, &hour, replayed, 1, NULL, why) != 0)
			return -1;
		at_ms = hour.until_ms;
		if (at_ms == end_ms)
			keep_hour(&keeper, replayed, at_ms);
	}
	replayed->sink = (struct sink){ 0 };
	await_journal(&keeper, 0);
	if (lines != NULL && !keeper.failed && (fflush(lines) != 0 || ferror(lines)))
		return failure_set(why, FAILURE_LOCAL, "cannot write the trades: %s", strerror(errno));
	return keeper.failed ? -1 : 0;
}
