#ifndef RELAY_STORE_SAID_H
#define RELAY_STORE_SAID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/store/outbox.h"

/*
 * The messages that were sent: for each fingerprint and channel the last one that named it.  And the times of
 * messages, for limits that hold over restarts.
 *
 * All functions within a transaction of the store.
 */
enum { SAID_MESSAGE = 128 };

struct said {
	char channel[TASK_CHANNEL];
	char fingerprint[ALERT_FINGERPRINT];
	char incident[INCIDENT_ID];
	char message[SAID_MESSAGE]; /* the channel's id of it; "": it has none */
	int64_t said_ms;
	bool resolved; /* that message said that the alert is over */
};

/*
 * A message named this incident, as it was when the message was made (from outbox_due()).  If it has ended
 * or was acknowledged since, a task is added that says so in this channel.
 */
void said_put(struct store *store, const struct incident *incident, const char *channel, const char *message,
    int64_t now_ms);

bool said_find(struct store *store, const char *fingerprint, const char *channel, struct said *said);

/* Of a fingerprint, the channels in their order: the next one behind `after` (begin with ""). */
bool said_next(struct store *store, const char *fingerprint, const char *after, struct said *said);

/* The alerts whose last message in a channel this is, by fingerprint: the next one behind `after` (begin with
 * ""). */
bool said_in_message(
    struct store *store, const char *channel, const char *message, const char *after, struct said *said);

/* A message was sent.  `account` is what the limit is for: a bot may have several channels. */
void sent_add(struct store *store, const char *account, enum task_lane lane, int64_t now_ms);

/* The messages since `since_ms`, the latest first, up to `room`; returns how many.  Those that are later than
 * now, since the clock was set back, are not counted. */
struct sent {
	int64_t at_ms;
	enum task_lane lane;
};
size_t sent_since(struct store *store, const char *account, int64_t since_ms, int64_t now_ms,
    struct sent sent[], size_t room);

#endif /* RELAY_STORE_SAID_H */
