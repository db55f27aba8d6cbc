#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "common/deadline.h"
#include "demo/paper_engine/backtest/keep.h"

static const int64_t hour_ms = 3600000, patience_ns = INT64_C(30000000000);

struct keeper {
	struct journal *journal;
	FILE *lines;
	struct failure *why;
	bool failed; /* the journal does not write: then nothing more is tried */
	long written;
	struct deadline deadline; /* by which it must have written more */
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

		(void)fprintf(file, "%s{\"leg\":\"%s\",\"exchange\":\"%s\",\"side\":\"%s\",\"at_ms\":%" PRId64,
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

/* A moment, for the journal to write; false: it has not for long. */
static bool
wait_for_journal(struct keeper *keeper, struct journal_state *state)
{
	const struct timespec moment = { .tv_nsec = 2000000 };

	journal_take_state(keeper->journal, state);
	if (state->written != keeper->written)
		keeper->deadline = deadline_in(patience_ns);
	keeper->written = state->written;
	if (deadline_left_ns(keeper->deadline) == 0) {
		keeper->failed = true;
		(void)failure_set(keeper->why, FAILURE_CONNECT,
		    "PostgreSQL takes no more rows: %s; empty the tables, and try again",
		    state->error[0] != '\0' ? state->error : "it does not answer");
	}
	(void)nanosleep(&moment, NULL);
	return !keeper->failed;
}

/* Until the journal takes it. */
#define KEEP(keeper, call)                                                                                            \
	do {                                                                                                          \
		struct journal_state state;                                                                           \
		while (!(keeper)->failed && !(call))                                                                  \
			(void)wait_for_journal((keeper), &state);                                                     \
	} while (0)
