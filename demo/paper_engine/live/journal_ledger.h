#ifndef PAPER_ENGINE_JOURNAL_LEDGER_H
#define PAPER_ENGINE_JOURNAL_LEDGER_H

#include <stdatomic.h>

#include "common/failure.h"
#include "demo/paper_engine/live/journal_record.h"

/*
 * The ledger in PostgreSQL; for journal*.c alone, and for one thread at a time.  Nothing waits longer than
 * ten seconds for the server, or past `end_ns`.  After a failure the connection is made anew by the next
 * call.
 *
 * One program at a time: a connection holds a lock, until the server has seen that it is over.  Otherwise
 * what a dead one had sent could be committed after its successor has read the ledger.
 */
struct pg_conn;

struct ledger {
	const char *dsn, *password;
	_Atomic int64_t end_ns; /* of clock_now_ns(); 0: none */
	struct pg_conn *conn;   /* NULL: none */
	int64_t summed_id;      /* up to which `sums` goes */
	struct inventory sums;  /* owned */
};

/* Each: 0, or -1 with `why`. */
int ledger_connect(struct ledger *ledger, struct failure *why);

/* All of them in one transaction, and those that are there are left. */
int ledger_write(struct ledger *ledger, struct record *const *records, size_t count, struct failure *why);

/* The id of the last record; 0: it is empty. */
int ledger_last(struct ledger *ledger, int64_t *id, struct failure *why);

/* All trades and movements from `after` + 1 on to the engine.  Returns how many. */
long ledger_replay(struct ledger *ledger, int64_t after, struct engine *engine, struct failure *why);

/* Whether the coins are those to which the ledger sums up. */
int ledger_compare(struct ledger *ledger, const struct inventory *inventory, struct failure *why);

/* The row of public.positions that is too much, in place of the one that was. */
int ledger_drift(struct ledger *ledger, fixed coins, struct failure *why);

void ledger_close(struct ledger *ledger);

/* For journal_connection.c and journal_ledger.c alone. */
struct pg_result;

/* One statement; the result is the caller's to clear.  NULL with `why`. */
struct pg_result *ledger_ask(
    struct ledger *ledger, const char *statement, const char *const *values, int count, struct failure *why);
int ledger_run(struct ledger *ledger, const char *statement, struct failure *why);

/* The next result, or NULL: there is no more of this statement, or the connection broke (`*broke`). */
struct pg_result *ledger_next(struct ledger *ledger, bool *broke);

/* The first line of what libpq or the server says; and the connection is closed.  Returns -1. */
int ledger_fail(struct ledger *ledger, const char *message, struct failure *why);

#endif /* PAPER_ENGINE_JOURNAL_LEDGER_H */
