#ifndef RELAY_HISTORY_PARTS_H
#define RELAY_HISTORY_PARTS_H

#include <pthread.h>

#include "relay/history/connection.h"
#include "relay/history/history.h"

/* What the files of the history share; relay/history/history.h is for everybody else. */

/* The files of relay/history, and those of sql/history in their order: the first one makes version 1. */
extern const char history_sql_write[], history_sql_old_events[], history_sql_old_incidents[];
extern const char history_sql_list[], history_sql_incident[], history_sql_stats[], history_sql_table[];
extern const char history_sql_reader[];
extern const char *const history_migrations[]; /* ended by NULL */

struct history {
	struct history_settings settings;
	char *reader; /* the settings' own copy */
	struct store *store;

	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* of the next four */
	pthread_cond_t news;
	bool woken, ended;
	struct history_status status;

	/* The thread's alone. */
	struct history_connection writing;
	bool admitted;       /* the reader may read */
	bool refused;        /* or it may not, and that was said */
	size_t careful;      /* entries that are to be written one by one, since one of them was refused */
	int64_t sweep_at_ns; /* when retention is seen to again */

	pthread_mutex_t asking; /* of the connection of those that ask */
	struct history_connection asked;
};

/* One writer at a time, and nobody else while the tables are being changed.  Until the end of the
 * transaction; 0, or -1 with `why` of its begin. */
int schema_lock(struct history_connection *c);

/* Have the tables as this program knows them, over a connection without a transaction.  0, or -1 with `why`:
 * also when they are newer. */
int schema_prepare(struct history_connection *c, struct postgres_target *target, struct deadline deadline,
    struct failure *why);

/* Let a role read, which is made if that is possible.  0, or -1 with `why`: what somebody else has to do. */
int schema_admit(struct history_connection *c, struct postgres_target *target, const char *reader,
    struct deadline deadline, struct failure *why);

/* One turn at the connection of those that ask, in a transaction of its own.  As connection_ask(). */
int history_ask(struct history *history, const char *statement, const char *const *values, size_t count,
    struct buffer *answer, struct failure *why);

/* The first entries of the journal into the history, and out of the journal.  How many, or -1 with `why`. */
int drain_batch(struct history *history, struct deadline deadline, struct failure *why);

/* Some of what is older than the retention, out of the history.  1: there may be more; 0, or -1 with `why`.
 */
int drain_retention(struct history *history, struct deadline deadline, struct failure *why);

#endif /* RELAY_HISTORY_PARTS_H */
