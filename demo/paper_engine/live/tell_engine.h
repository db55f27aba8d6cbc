#ifndef PAPER_ENGINE_TELL_ENGINE_H
#define PAPER_ENGINE_TELL_ENGINE_H

#include "common/failure.h"
#include "demo/paper_engine/core/engine.h"
#include "demo/paper_engine/live/journal.h"
#include "examples/tell.h"

/*
 * Everything of docs/engine.md that this engine has, for arbwatch to read: the heartbeat and the loop's
 * duration in each loop, all else once a second.  The symbols of a second are spread over its loops, so that
 * no loop is long.
 *
 * Counts are totals since the program's start; Redis gets their differences.  So they go on over restarts,
 * and nothing is counted twice.
 */
enum { TELL_LEVELS = 5 };
extern const char *const tell_levels[TELL_LEVELS]; /* debug, info, warning, error, critical */

struct feed_counts {
	bool connected;
	int64_t message_ms; /* Unix time of the last message; 0: none yet */
	long messages, reconnects;
	long gaps;                 /* events that were left out, by their sequence */
	struct tell_times latency; /* tell_observe() for each message; taken by tell_engine_loop() */
};

/* What the live loop counts; the engine and the journal know the rest.  Zeroed at the start. */
struct live_counts {
	const char *state; /* "starting", "running", "paused", "stopping", "stopped", "halted" */
	int64_t started_ms;
	double lag;              /* seconds by which the last loop began too late */
	struct tell_times loop;  /* tell_observe() for each loop; taken by tell_engine_loop() */
	long lines[TELL_LEVELS]; /* of the log */
	long errors;             /* all of them, the journal's too */
	long orders[VENUES][3];  /* by enum order_end */
	struct feed_counts feeds[VENUES];
	const char *universe_mode; /* "top_n" ... */
	long universe_changes;
};

struct teller_of_engine;

/* `settings` has host, port, database, user, password and prefix, which must outlive it.  NULL: out of
 * memory. */
struct teller_of_engine *tell_engine_new(const struct teller *settings);
void tell_engine_free(struct teller_of_engine *tells); /* takes NULL */

/* At the start of a loop: take the answers to the last one.  0, or -1: then `error` says what is wrong with
 * Redis. */
int tell_engine_begin(struct teller_of_engine *tells, char error[256]);

/* At the end of a loop, whose duration is in counts->loop already.  0, or -1 with `error`. */
int tell_engine_loop(struct teller_of_engine *tells, const struct engine *engine, struct live_counts *counts,
    const struct journal_state *journal, int64_t now_ms, char error[256]);

/* The last words, all at once: the state is counts->state.  Waits for Redis for a second at most. */
void tell_engine_end(struct teller_of_engine *tells, const struct engine *engine, struct live_counts *counts,
    const struct journal_state *journal, int64_t now_ms);

#endif /* PAPER_ENGINE_TELL_ENGINE_H */
