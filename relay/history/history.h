#ifndef RELAY_HISTORY_HISTORY_H
#define RELAY_HISTORY_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/text/buffer.h"

/*
 * The history in PostgreSQL: what the store's journal says is written there by a thread of its own, in order
 * and each event once, however often either side is ended.  While PostgreSQL does not answer, refuses, or has
 * a newer schema than this program knows, the journal waits; alerts are delivered all the same.
 *
 * The tables are made and brought up to date by sql/history/, in the schema "arbwatch_history".
 *
 * The functions that ask may be called from any thread but one that holds the store; they take turns, and
 * have five seconds each.  A history that is NULL is one that was not configured: they fail with a text that
 * says so.
 */
struct history;
struct postgres_target;
struct store;

struct history_settings {
	struct postgres_target *target; /* must outlive the history */
	int64_t retention_ns;           /* of incidents that ended; 0: for good */
	const char *reader;             /* a role that may read all of it; "" or NULL: none */
	/* For the log: whenever it fails in another way than before, and when it works again. */
	void (*notice)(void *context, bool bad, const char *message, const char *reason);
	void *context;
};

/* The store must outlive it.  NULL with `why` (local): out of memory. */
struct history *history_new(
    const struct history_settings *settings, struct store *store, struct failure *why);

/* Begin to write.  0, or -1 with `why` (local). */
int history_start(struct history *history, struct failure *why);

/* There is something new in the journal: it is written a moment later.  Never waits.  Takes NULL. */
void history_wake(struct history *history);

/* Ends the thread, within its deadline of five or ten seconds; what is in the journal stays there.  Takes
 * NULL. */
void history_free(struct history *history);

struct history_status {
	bool up;               /* the last transaction worked */
	struct failure reason; /* why not */
};
void history_status(struct history *history, struct history_status *status);

/* Asking ------------------------------------------------------------- */

/* An answer is JSON as docs/alert_relay.openapi.yaml has it, appended to `json`.  0, or -1 with `why`. */

enum history_acknowledged { HISTORY_EITHER, HISTORY_ACKNOWLEDGED, HISTORY_UNACKNOWLEDGED };
enum { HISTORY_LIMIT = 200, HISTORY_EVENTS = 1000 };

/* Zeroed: the latest of all. */
struct history_filter {
	int64_t from_ms, to_ms;        /* of the begin, in Unix ms: from_ms <= begin < to_ms; 0: no bound */
	const char *severity, *status; /* several are possible: "P0,P1" */
	const char *env, *service;
	const char *text; /* somewhere in a label or an annotation, in any case of letters */
	enum history_acknowledged acknowledged;
	unsigned limit;     /* incidents, at most HISTORY_LIMIT; 0: 50 */
	const char *cursor; /* "next" of the answer before */
};

/* {"alerts": [...], "next": CURSOR or null}, the latest begin first.  1 with `why`: the cursor is no cursor.
 */
int history_list(
    struct history *history, const struct history_filter *filter, struct buffer *json, struct failure *why);

/* One incident and the last HISTORY_EVENTS of its events, in order.  1: no incident has this id. */
int history_incident(struct history *history, const char *id, struct buffer *json, struct failure *why);

/* Counts and times of the incidents that began then (0: no bound), by severity and by alert. */
int history_stats(
    struct history *history, int64_t from_ms, int64_t to_ms, struct buffer *json, struct failure *why);

/* The figures of a day, for a mail. */
enum { HISTORY_SEVERITIES = 4, HISTORY_NOISIEST = 10, HISTORY_NAME = 128, HISTORY_CSV_ROWS = 5000 };

struct history_figures {
	char name[HISTORY_NAME]; /* of the alert */
	char severity[8];        /* "P0" to "P3" */
	unsigned began;          /* incidents that began in that time, and of these: */
	unsigned open;           /* not over yet */
	unsigned acknowledged;
	unsigned repeats;
	double acknowledge_seconds; /* the median time until then; negative: not known */
	double resolve_seconds;
};

struct history_summary {
	struct history_figures severities[HISTORY_SEVERITIES]; /* P0 first, nameless; all four of them */
	struct history_figures noisiest[HISTORY_NOISIEST];     /* those that began most often */
	size_t noisiest_count;
	unsigned sent, failed; /* messages, in that time */
};

/* `csv` becomes a table of these incidents, a header line first, at most HISTORY_CSV_ROWS of them. */
int history_summarize(struct history *history, int64_t from_ms, int64_t to_ms,
    struct history_summary *summary, struct buffer *csv, struct failure *why);

#endif /* RELAY_HISTORY_HISTORY_H */
