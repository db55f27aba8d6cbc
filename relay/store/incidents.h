#ifndef RELAY_STORE_INCIDENTS_H
#define RELAY_STORE_INCIDENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/alert/alert.h"

/*
 * An incident is one alert from its begin to its end.  At most one of a
 * fingerprint is open.  Those that are over stay for an hour, and until the
 * history has them and nothing of them waits in the outbox.
 *
 * All functions within a transaction of the store.
 */
struct store;

enum { INCIDENT_ID = 32 };

enum incident_status { INCIDENT_OPEN, INCIDENT_RESOLVED, INCIDENT_EXPIRED };
enum incident_suppressed { SUPPRESSED_NOT, SUPPRESSED_SILENCED, SUPPRESSED_INHIBITED, SUPPRESSED_MUTED };

/* The feeds that reported it, as bits of `feeds`. */
enum incident_feed {
	FEED_WEBHOOK = 1,
	FEED_PUSH = 2,
	FEED_OBSERVE = 4,
	FEED_LISTED = 8, /* Alertmanager, when it was asked (relay/act) */
};

/* A copy of a row; all that it points to is its own.  Zeroed, it may be released. */
struct incident {
	int64_t row;          /* for the other tables; never the same for two in one database */
	char id[INCIDENT_ID]; /* "<fingerprint>-<start in ms, hexadecimal>", for good */
	char fingerprint[ALERT_FINGERPRINT];
	enum alert_severity severity;
	json_t *labels, *annotations;
	char *link; /* NULL: none */

	int64_t starts_ms;

	/* These incident_save() writes: */
	enum incident_status status;
	int64_t ends_ms;      /* 0: open */
	int64_t closed_ms;    /* when the relay learned of the end; 0: open */
	int64_t seen_ms;      /* when a feed last reported it */
	int64_t promised_ms;  /* the last end in the future that was sent with it; 0: none */
	int64_t expires_ms;   /* when it expires if no feed reports it again */
	unsigned feeds;       /* enum incident_feed */
	unsigned repeats;     /* times that the webhook reported it again */
	unsigned missed;      /* polls of Alertmanager in a row that did not list it */
	int64_t delivered_ms; /* given to the outbox; 0: not (observed only, muted) */
	bool end_told;        /* the messages about its end are in the outbox */
	int64_t check_ms;     /* when relay/deliver wants to see it (repeat, escalate); 0: never */
	int64_t escalated_ms; /* 0: not */
	enum incident_suppressed suppressed;
	int64_t acknowledged_ms; /* 0: not; then the next three are NULL */
	char *acknowledged_by, *acknowledged_via, *note;
	char *silence_id; /* Alertmanager's; NULL: none */
};

void incident_release(struct incident *incident);

/* Set a text of it to a copy of `text` (NULL: none). */
void incident_text(char **field, const char *text);

/* Each fills `incident`, which the caller releases.  False: not found, and nothing to release. */
bool incident_find(struct store *store, const char *id, struct incident *incident);
bool incident_find_open(struct store *store, const char *fingerprint, struct incident *incident);

/* The open one with the next higher row than `after` (begin with 0). */
bool incident_next(struct store *store, int64_t after, struct incident *incident);

/* An open one whose check_ms has come, the earliest first.  Set it to another time and save it, or it
 * comes again. */
bool incident_next_check(struct store *store, int64_t now_ms, struct incident *incident);

/*
 * For people: open ones with P0 first and then the latest start, or those that are over with the latest end
 * first.  Fills up to `room`, leaving out the first `offset`; returns how many.
 */
size_t incident_list(struct store *store, bool open, size_t offset, struct incident incidents[], size_t room);
/* Open ones likewise, with annotations that are empty: those of one incident may have a megabyte. */
size_t incident_list_brief(struct store *store, struct incident incidents[], size_t room);

/* Open ones by severity. */
void incident_count(struct store *store, size_t counts[SEVERITIES]);

/* Write the fields that the struct marks as written by it, and no others. */
void incident_save(struct store *store, const struct incident *incident);

/* For relay/intake ---------------------------------------------------- */

void incident_make_id(const char *fingerprint, int64_t starts_ms, char id[INCIDENT_ID]);

/* A new row, with id, fingerprint and all else; sets incident->row. */
void incident_add(struct store *store, struct incident *incident);

/* Write what a feed changes: seen_ms, promised_ms, expires_ms, feeds, repeats, missed, annotations, link. */
void incident_renew(struct store *store, const struct incident *incident);

/* It began earlier than was known, unless another one of the fingerprint was open then. */
void incident_start_earlier(struct store *store, struct incident *incident, int64_t starts_ms);

/* The last one that is over, of this fingerprint and start. */
bool incident_find_closed(
    struct store *store, const char *fingerprint, int64_t starts_ms, struct incident *incident);
/* The last one that is over, of this fingerprint, that was open for a part of this time. */
bool incident_find_over(struct store *store, const char *fingerprint, int64_t starts_ms, int64_t ends_ms,
    struct incident *incident);

/* An open one whose expires_ms has come; one that was closed before `closed_ms` and whose end was not told; a
 * muted one that was not delivered, with the next higher row than `after`. */
bool incident_next_expired(struct store *store, int64_t now_ms, struct incident *incident);
bool incident_next_untold(struct store *store, int64_t closed_ms, struct incident *incident);
bool incident_next_muted(struct store *store, int64_t after, struct incident *incident);

/*
 * A new object, or NULL without memory: id, fingerprint, alertname, severity ("P0"), env, service, labels,
 * annotations, link (or null), starts_ms, ends_ms (or null), seen_ms, status ("open", "resolved", "expired"),
 * repeats, acknowledged_by, acknowledged_ms, acknowledged_via, note, silence_id (each or null), delivered
 * (boolean), suppressed ("", "silenced", "inhibited", "muted").
 */
json_t *incident_json(const struct incident *incident);

#endif /* RELAY_STORE_INCIDENTS_H */
