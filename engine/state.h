#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/deadline.h"
#include "common/failure.h"
#include "contract/engine_state.h"
#include "probes/redis/redis.h"

/*
 * The state that the bot writes into Redis; docs/engine.md is the contract with the bot.
 *
 * What is not known is NaN in a double, -1 in an int, false in `known`.  Counts are doubles, whole and at
 * most 2^53.  All times are Unix seconds.
 *
 * A fault is a value that is not a number or is out of range, a stamp in milliseconds or more than a minute
 * in the future, or a word that is not in the contract.  The value then is unknown, and the rest of the key
 * still counts; without a required field the whole entry is left out.  A key that goes away while it is read
 * does not count.
 */
enum {
	STATE_PREFIX = 64,        /* bytes a prefix may have */
	STATE_NAME = 128,         /* room for a name: an exchange, a route, a symbol */
	STATE_REASON = 132,       /* room for a guard's reason: of a longer one 128 bytes are kept */
	STATE_WORD = 16,          /* room for a currency, an env */
	STATE_KEYS_MOST = 200000, /* keys of entries; more is a failure */
	STATE_FEEDS_MOST = 64, /* feeds, and exchanges with orders, that are kept whatever the settings say */
};

/* One per kind of key: the keys that are there once, then those of enum entry_kind in its order. */
enum state_kind {
	STATE_ENGINE,
	STATE_LOOP,
	STATE_INVENTORY,
	STATE_UNIVERSE,
	STATE_SNAPSHOTS,
	STATE_TUNING,
	STATE_ENTRIES, /* STATE_ENTRIES + ENTRY_FEED and so on */
};
enum { STATE_KINDS = STATE_ENTRIES + ENTRY_KINDS };

struct state_histogram {
	bool known;
	uint64_t counts[ENGINE_BOUNDS + 1]; /* not cumulative, +Inf last */
	double sum_seconds;                 /* below 0 if clocks differ */
};

struct state_feed {
	char exchange[STATE_NAME];
	bool stale;
	double updated_at;
	int connected; /* 0 or 1 */
	double message_at;
	double reconnects, messages, gaps;
	struct state_histogram latency;
};

struct state_guard {
	enum guard_tier tier;
	char name[STATE_NAME]; /* "" for the global tier */
	bool stale;
	double updated_at;
	int state;                 /* enum guard_state */
	char reason[STATE_REASON]; /* or "" */
	double triggers;
};

enum state_limit_kind { STATE_DAILY_LOSS, STATE_EXPOSURE };
struct state_limit {
	enum state_limit_kind kind;
	enum guard_tier tier;
	char name[STATE_NAME]; /* "" for the global tier */
	double updated_at;
	double value, limit;
	char currency[STATE_WORD]; /* "?": not known */
};

struct state_route {
	char name[STATE_NAME];
	double updated_at;
	double score;
	double parts[SCORE_PARTS];
	int decision; /* enum decision */
};

struct state_symbol {
	char name[STATE_NAME];
	bool stale;
	double updated_at;
};

struct state_orders {
	char exchange[STATE_NAME];
	double counts[ORDER_STATUSES];
};

/* The faults in the keys of one kind. */
struct state_fault {
	uint64_t keys;      /* how many are faulty; 0: all are well */
	char subject[256];  /* the first of them: the key, or what can be shown of it */
	struct failure why; /* of the first: its field, what was found and is expected; and how many more */
};

struct engine_state {
	/* False: `failure` says why, and nothing else is known. */
	bool read;
	struct failure failure;

	/* The key `engine`.  Not alive: there is no heartbeat, it is too old, or the bot is of another env;
	 * `not_alive` says so, or the fault of STATE_ENGINE does. */
	bool alive;
	struct failure not_alive; /* FAILURE_NONE: it is alive, or its heartbeat is faulty */
	char env[STATE_WORD];     /* "": it does not say; "?": not a name */
	double heartbeat_at, started_at, restarts, loop_lag, errors, cpu_seconds, memory_bytes;
	double log_lines[LOG_LINE_LEVELS];
	int run_state; /* enum run_state */
	struct state_histogram loop;

	/* Each is stale when its own stamp is too old; then its gauges mean nothing any more; its counts do.
	 */
	struct {
		bool stale;
		double updated_at, imbalance, rebalances, rebalance_failures, rebalance_failures_in_a_row;
		double syncs, sync_failures, synced_at;
	} inventory;
	struct {
		bool stale;
		double updated_at, symbols, changes;
		int mode; /* enum universe_mode */
	} universe;
	struct {
		double saved, failed, restored, saved_at;
	} snapshots;
	struct {
		bool stale;
		double updated_at, done, planned, best_score;
	} tuning;

	/* The worst entries of each kind, the worst first.  Limits and routes that are stale are not among
	 * them: there is nothing to say of them.  A symbol's age is what its stamp tells, so stale ones
	 * are. */
	struct state_feed *feeds;
	struct state_guard *guards;
	struct state_limit *limits;
	struct state_route *routes;
	struct state_symbol *symbols;
	struct state_orders *orders;
	size_t counts[ENTRY_KINDS]; /* of those arrays */

	/* Over all entries, not only those that are kept. */
	uint64_t entries[ENTRY_KINDS];
	uint64_t dropped[ENTRY_KINDS]; /* not kept, because there are too many */
	uint64_t stale[ENTRY_KINDS];
	uint64_t guards_by_state[GUARD_TIERS][GUARD_STATES]; /* of those that are not stale */
	uint64_t routes_by_decision[DECISIONS];              /* likewise */

	struct state_fault faults[STATE_KINDS]; /* its `keys` of an entry kind is what _entries_faulty says */
};

struct engine_state_settings {
	const struct redis_target *target;
	const char *prefix;     /* engine_state_check_prefix() holds for it */
	const char *env;        /* which the bot must have, if it says one */
	double max_age_seconds; /* heartbeat and entries older than that are stale */
	size_t entries_max;     /* of each kind, 1 to ENTRIES_MOST */
};

/* Whether keys can begin with it: 1 to STATE_PREFIX bytes of UTF-8 without control characters or blanks
 * around. */
int engine_state_check_prefix(const char *prefix, struct failure *why);

/*
 * SCAN and pipelined HMGETs in a connection of its own, before the deadline.  Needs the rights +scan, +hmget
 * and +exists, and to read the keys; an error names the one that is missing.  Memory grows with the entries
 * that are kept, and by 8 to 16 bytes for each key of an entry.
 */
void engine_state_read(
    const struct engine_state_settings *settings, struct deadline deadline, struct engine_state *state);

/* Takes a zeroed one. */
void engine_state_release(struct engine_state *state);

#endif /* ENGINE_STATE_H */
