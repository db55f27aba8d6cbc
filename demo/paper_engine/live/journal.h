#ifndef PAPER_ENGINE_JOURNAL_H
#define PAPER_ENGINE_JOURNAL_H

#include "common/failure.h"
#include "demo/paper_engine/core/engine.h"
#include "demo/paper_engine/live/faults.h"

/*
 * What outlives the engine: the ledger and the equity in PostgreSQL (sql/paper_engine.sql), and snapshots of
 * its state in Redis (the hash PREFIX + "paper_engine", one field for each line of engine_save()).
 *
 * A thread of its own writes them, in the order in which they were given, so that the loop never waits.  A
 * snapshot is written when all before it is in PostgreSQL: so no trade can be in a snapshot and not in the
 * ledger, and what the ledger has behind a snapshot is replayed.  A row goes in with its id, and an id that
 * is there is left: after a broken connection the same row is sent again, and counts once.
 *
 * Without PostgreSQL (dsn NULL) trades are not kept; without Redis (redis_host NULL) there are no snapshots.
 *
 * While PostgreSQL is slow or away, what it has not yet is in `file` too, which outlives a SIGKILL: the next
 * start writes it into the ledger first.  Without a file such records end with the program.
 */
struct journal;

struct journal_settings {
	const char *dsn, *password; /* NULL: none */
	const char *redis_host, *redis_user, *redis_password, *prefix;
	int redis_port, redis_database;
	const char *file;      /* NULL: none */
	struct faults *faults; /* not owned; NULL: none */
};

/* Connects, and starts the thread.  NULL with `why`: the database, its tables or Redis cannot be used. */
struct journal *journal_open(const struct journal_settings *settings, struct failure *why);

/* Write what is queued, for `ms` at most, and end. */
void journal_close(struct journal *journal, int64_t ms);

/*
 * Take an engine of engine_init() to where the last one ended: the snapshot, and the ledger after it. Returns
 * how many records it replayed; -1 with `why`, then the engine must not trade.  Without a snapshot, or if it
 * is damaged (which is an error of journal_take_state()), it replays the whole ledger.  Before anything is
 * queued.
 */
long journal_restore(struct journal *journal, struct engine *engine, struct failure *why);

/*
 * Queue.  They copy.  False: the queue is full (the database has been away for long), and the engine must not
 * open trades.  A trade and a movement are queued nevertheless, as long as there are no more than what can be
 * under way; anything else is not.
 */
bool journal_trade(struct journal *journal, const struct trade *trade);
bool journal_movement(struct journal *journal, const struct movement *movement);
bool journal_equity(struct journal *journal, int64_t at_ms, fixed equity);
bool journal_rate(struct journal *journal, int64_t at_ms, fixed won); /* KRW for one USDT */
bool journal_snapshot(struct journal *journal, const struct engine *engine);
/* Compare the coins that the ledger sums up to with those of the engine as it is now. */
bool journal_sync(struct journal *journal, const struct engine *engine);
/* Wait until no more than `records` are queued, for `ms` at most.  For a backtest, which fills it quickly; no
 * loop waits. */
bool journal_await(struct journal *journal, long records, int64_t ms);
/* Set how many BTC the list of positions has too much of at binance (public.positions); 0: none. */
bool journal_drift(struct journal *journal, double coins);

/* What became of it so far, for the counters; and the last error, which is empty once it was taken. */
struct journal_state {
	long queued, queue_limit;
	long written, snapshots_saved, snapshots_failed, snapshots_restored, syncs, syncs_failed, errors;
	double snapshot_saved_at, synced_at; /* Unix seconds; 0: never */
	char error[512];
};
void journal_take_state(struct journal *journal, struct journal_state *state);

#endif /* PAPER_ENGINE_JOURNAL_H */
