#ifndef RELAY_STORE_JOURNAL_H
#define RELAY_STORE_JOURNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/store/incidents.h"

/*
 * Events on their way to the history, in order.  Without a history (store_open()) none are kept.
 *
 * All functions within a transaction of the store.
 */
enum event_kind {
	EVENT_FIRED,
	EVENT_REPEATED, /* Alertmanager told of it again: last seen is the event's time, one more repeat */
	EVENT_RESOLVED,
	EVENT_EXPIRED,
	EVENT_SENT, /* in detail "kind": what was said, task_kind_name() */
	EVENT_RETRIED,
	EVENT_FAILED,
	EVENT_MERGED, /* named in a message with others */
	EVENT_THROTTLED,
	EVENT_ACKNOWLEDGED,
	EVENT_UNACKNOWLEDGED,
	EVENT_SILENCED,
	EVENT_INHIBITED,
	EVENT_MUTED,
	EVENT_RELEASED, /* no longer silenced, inhibited or muted */
};
enum { EVENT_KINDS = EVENT_RELEASED + 1 };

const char *event_kind_name(enum event_kind kind);

struct event {
	enum event_kind kind;
	int64_t at_ms;
	const char *channel;  /* NULL: of none */
	unsigned attempt;     /* 0: of none */
	int64_t latency_ms;   /* negative: of none */
	const json_t *detail; /* an object; NULL: none.  Stays the caller's */
};

/* With `snapshot`, the columns of the incident as they are in the struct (incident_json()) go with it. */
void journal_add(
    struct store *store, const struct incident *incident, const struct event *event, bool snapshot);

/* What journal_add() wrote; the texts are its own. */
struct journal_entry {
	int64_t seq; /* rising; with store_uuid() it is unique for good */
	int64_t at_ms;
	char id[INCIDENT_ID];
	enum event_kind kind;
	char *channel;      /* NULL: of none */
	unsigned attempt;   /* 0: of none */
	int64_t latency_ms; /* negative: of none */
	char *detail;       /* JSON; NULL: none */
	char *incident;     /* JSON of incident_json(); NULL: without */
};

/* So much is read at once, and one entry more; an incident may have a megabyte. */
enum { JOURNAL_BYTES = 2 * 1024 * 1024 };

/* The first ones, up to `room`; returns how many: journal_release(). */
size_t journal_read(struct store *store, struct journal_entry entries[], size_t room);
void journal_release(struct journal_entry entries[], size_t count);

/* They are in the history: all up to this one. */
void journal_remove(struct store *store, int64_t through_seq);

/* How many wait, and since when (0: none do). */
void journal_state(struct store *store, size_t *count, int64_t *oldest_ms);

#endif /* RELAY_STORE_JOURNAL_H */
