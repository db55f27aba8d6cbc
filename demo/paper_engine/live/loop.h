#ifndef PAPER_ENGINE_LOOP_H
#define PAPER_ENGINE_LOOP_H

#include <stdio.h>

#include "common/log.h"
#include "demo/paper_engine/live/control.h"
#include "demo/paper_engine/live/feed.h"
#include "demo/paper_engine/live/universe.h"

/* When something is to be done again, in Unix milliseconds. */
struct due_times {
	int64_t second, universe, snapshot, equity, rate, sync, cut;
};

/* The engine that trades, and everything around it.  run_live() owns it; one thread uses it. */
struct live {
	const struct run_settings *settings;
	struct secrets secrets;
	struct log log;
	struct faults *faults;
	struct control *control;
	struct journal *journal;
	struct journal_state journaled;
	struct teller_of_engine *tells; /* NULL: no Redis */
	int64_t untold_ns;              /* when Redis last failed to take it, monotonic; 0: never */
	struct engine engine;
	struct live_counts counts;
	CURLM *multi;
	struct feed feeds[VENUES];
	struct tickers tickers[VENUES];
	bool streamed[VENUES];                      /* its stream was open since its last end was logged */
	bool looked[VENUES];                        /* the last look at the tickers went well */
	bool lacking;                               /* too few were chosen last, and that is logged */
	char subscribed[SYMBOLS_MOST][SYMBOL_NAME]; /* by the engine's symbols */
	struct due_times due;
	double drift; /* that the journal has; -1: not known, because a crash may have left one */
	FILE *record; /* NULL: none */
};

/* Set up all of an empty one but its settings: the exchanges, the stores, and the past.  -1 with `why`; close
 * it in either case. */
int live_open(struct live *live, struct failure *why);
/* The last records are written, for some seconds at most. */
void live_close(struct live *live);

/* A line of the log, which is counted; `key` may be NULL. */
void live_say(
    struct live *live, enum log_level level, const char *message, const char *key, const char *value);

/* True, and `*due_ms` is later, if it is time to.  After a long pause it is time once, and also if the clock
 * was set back. */
bool loop_is_due(int64_t *due_ms, int64_t every_ms, int64_t now_ms);

/* What is to be done in a loop, up to telling Redis.  Transfers are the caller's. */
void loop_once(struct live *live, int64_t now_ms);

/* Which symbols are traded: ask when it is time to, and use the answers. */
void loop_universe(struct live *live, int64_t now_ms);

#endif /* PAPER_ENGINE_LOOP_H */
