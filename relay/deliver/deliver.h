#ifndef RELAY_DELIVER_DELIVER_H
#define RELAY_DELIVER_DELIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"
#include "relay/channel/channel.h"
#include "relay/deliver/limit.h"
#include "relay/deliver/route.h"
#include "relay/message/templates.h"

/*
 * Two threads for each channel send what waits in the outbox, one of them what is urgent.  A thread takes
 * all that is due, makes one message of as much as fits, sends it, and records the answer; so what has to
 * wait (relay/deliver/limit.h) is merged.  A process that is killed between an answer and its record repeats
 * that one message; no other message is lost or sent twice.
 *
 * What a channel does not take goes to the next one of its chain: after four attempts, or at once where it
 * was refused for good.  Then AlertRelayDeliveryFailed fires, in all channels but that one, until a message
 * arrives there again.  Where no channel is left, it is tried again from time to time for a day.
 */
struct deliver;
struct store;

/* How a channel is reached: those of relay/channel/channel.h, or a test's own. */
struct deliver_calls {
	struct channel_line *(*open)(const struct channel *channel, struct failure *why);
	void (*close)(struct channel_line *line);
	void (*send)(struct channel_line *line, const struct message *message,
	    const struct channel_options *options, struct deadline deadline, struct channel_result *result);
	void (*edit)(struct channel_line *line, const char *message_id, const struct message *message,
	    const struct channel_options *options, struct deadline deadline, struct channel_result *result);
};

/* What a press of the button carries: the incident's id, or this for a message about several alerts.  Then it
 * means all whose last message this is (said_in_message()). */
#define DELIVER_ACK_ALL "all"

/* All that it points to must outlive it.  Zero is the usual value of a time. */
struct deliver_settings {
	const struct channel *channels;
	size_t channel_count;
	const struct routes *routes;
	const struct templates *templates;
	int64_t escalate_after_ms;         /* 15 minutes */
	int64_t retry_ms;                  /* before the first retry, then twice as long each time: 1 s */
	int64_t retry_slow_ms;             /* where no channel is left: 1 minute */
	int64_t throttle_ms;               /* between two messages about a P1 that fires: 5 minutes */
	int64_t timeout_ms;                /* of one request: 10 s */
	const struct limit_rule *limits;   /* by enum channel_kind; NULL: limit_rules */
	const struct deliver_calls *calls; /* NULL: those of channel.h */
	/* The link that acknowledges, "" for none.  NULL: none at all. */
	void (*acknowledge_url)(void *context, const char *id, char *url, size_t size);
	/* For the log, from any thread: a channel began to fail, or works again; `reason` may be NULL. */
	void (*notice)(void *context, bool bad, const char *message, const char *channel, const char *reason);
	void *context;
};

/* Reads from the store how much was sent lately, and gives up what waits for channels that are not there any
 * more.  NULL with `why` (local). */
struct deliver *deliver_new(
    const struct deliver_settings *settings, struct store *store, struct failure *why);

/* The threads.  0, or -1 with `why`. */
int deliver_start(struct deliver *deliver, struct failure *why);

/* Something was put into the outbox: for store_watch().  Never waits. */
void deliver_wake(struct deliver *deliver);

/* To be called about once a second, not within a transaction: repeats and escalations. */
void deliver_tick(struct deliver *deliver);

/* Ends the threads; what is under way is let finish, which takes no longer than a request may.  Takes NULL.
 */
void deliver_free(struct deliver *deliver);

/* For /metrics: what happened in a channel so far. */
enum { DELIVER_BOUNDS = 12 };
extern const double deliver_bounds[DELIVER_BOUNDS]; /* seconds, of the histogram */
struct deliver_counters {
	const char *channel;
	uint64_t sent, retried, failed; /* alerts: named in a message, to be tried again, given to another */
	uint64_t merged;                /* alerts that were in a message with others */
	uint64_t throttled;
	uint64_t latency[DELIVER_BOUNDS + 1]; /* from a fired alert's start to the answer; not cumulative */
	double latency_seconds;               /* their sum */
	int64_t last_ms;                      /* when the last message arrived, Unix time; 0: none did */
	int up;                               /* the last attempt arrived; -1: there was none */
};

/* Of the channel `index` of the settings. */
void deliver_counters(struct deliver *deliver, size_t index, struct deliver_counters *counters);

/* Send one message that says it is a test, and say in words what came of it: 0, or -1; `answer` is filled in
 * both cases. */
int deliver_send_test(
    const struct channel *channel, const struct templates *templates, struct failure *answer);

#endif /* RELAY_DELIVER_DELIVER_H */
