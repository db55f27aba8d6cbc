#ifndef RELAY_DELIVER_STATE_H
#define RELAY_DELIVER_STATE_H

#include <pthread.h>

#include "relay/deliver/deliver.h"
#include "relay/store/journal.h"
#include "relay/store/said.h"
#include "relay/store/store.h"

/* What the files of deliver/ share; relay/deliver/deliver.h is for everybody else. */

enum {
	DELIVER_TRIES = 4,   /* the first attempt and three retries */
	DELIVER_BATCH = 200, /* tasks that are looked at for one message */
	DELIVER_URL = 256,
	DELIVER_PATIENCE_MS = 30000, /* a channel that asks for more time loses what another one can send */
};

/* What a limit is for: a bot with its channels, or a channel.  All of it under the lock. */
struct account {
	char name[CHANNEL_NAME];
	const struct limit_rule *rule;
	struct limit_log log;
	int64_t blocked_ms; /* it asked to be left alone until then; monotonic */
};

/* A channel. */
struct outlet {
	const struct channel *channel;
	struct account *account;
	char fingerprint[ALERT_FINGERPRINT]; /* of our own alert about it */
	struct deliver_counters counters;    /* under the lock */
};

/* What is worth a message now. */
struct batch {
	struct task tasks[DELIVER_BATCH];
	char threads[DELIVER_BATCH][SAID_MESSAGE]; /* the message that named the task's incident, or "" */
	char urls[DELIVER_BATCH][DELIVER_URL];
	size_t count, read;                       /* of the tasks that were read these are left */
	struct message_item items[DELIVER_BATCH]; /* an incident is there once; `owner` is one of its tasks */
	size_t item_count;
	bool acknowledges; /* only that: the tasks that do so, of one message */
	bool edits;        /* that message is changed; else there is a new one */
};

/* One thread and what it alone knows. */
struct lane {
	struct deliver *deliver;
	struct outlet *outlet;
	enum task_lane lane;
	bool running;
	pthread_t thread;
	struct channel_line *line;
	struct batch *batch;
	unsigned failures; /* attempts in a row that failed */
	int64_t pause_ms;  /* no attempt before that; monotonic */
	size_t most;       /* of tasks in a message, while one that was refused is sought; 0: any number */
	size_t suspects;   /* so many more tasks go in such small messages */
};

struct deliver {
	struct deliver_settings settings;
	struct store *store;
	struct account *accounts;
	struct outlet *outlets;
	struct lane *lanes;
	size_t account_count, lane_count;
	unsigned ticks;

	pthread_mutex_t lock; /* never taken by who holds the store, nor the other way round */
	pthread_cond_t wake;
	uint64_t wakes; /* so many times */
	bool stopping;
};

/* Milliseconds on the monotonic clock. */
int64_t deliver_clock_ms(void);

/* Tell the log, if anybody wants to know. */
void deliver_say(
    const struct deliver *deliver, bool bad, const char *message, const char *channel, const char *reason);

/* The thread of a lane. */
void *lane_run(void *lane);

/* Sleep, unless it is to end: then false. */
bool lane_sleep(struct lane *lane, int64_t wait_ms);

/*
 * Read what is due into the batch, up to `room`, within a transaction: without what need not be said any
 * more, and without what is throttled.  Then choose what the next message is about.
 */
void batch_read(struct lane *lane, size_t room, int64_t now_ms, uint64_t *throttled);
void batch_release(struct batch *batch);

/* The message that the new one answers, and what its button says; NULL: none. */
const char *batch_thread(const struct lane *lane, const struct message *message);
const char *batch_button(const struct lane *lane, const struct message *message);

/* Whether the message need not make a sound. */
bool batch_silent(const struct message *message);

/* A message and its answer. */
struct report {
	const struct message *message;
	const struct channel_result *result;
	const char *thread; /* the message that it answers or changes; NULL: none */
	bool counts;        /* for the limit: it may have arrived, and is no change */
	int64_t jitter_ms;  /* so that not everybody comes back at the same time */
	int64_t now_ms;
	struct deliver_counters tally; /* what is to be counted once the store has it */
};

/* Record it in the store, however often that takes, and count. */
void record_result(struct lane *lane, struct report *report);

/* Give what the batch has to the next channels, where there are some, within a transaction; of the report
 * only now_ms and the tally are used, and the tally is for record_count(). */
void record_detour(struct lane *lane, const char *reason, struct report *report);
void record_count(struct lane *lane, const struct report *report);

/* Our own alert about a channel: it fires, or is over if it was open; within a transaction. */
void self_fire(struct deliver *deliver, const struct outlet *outlet, const char *reason, int64_t now_ms);
void self_resolve(struct deliver *deliver, const struct outlet *outlet, int64_t now_ms);

/* Once at the start: its fingerprint.  -1: out of memory. */
int self_init(struct outlet *outlet);

/* Those about channels that are not there any more are over.  Within a transaction. */
void self_forget(struct deliver *deliver, int64_t now_ms);

/* Whether there is such a channel. */
bool deliver_has(const struct deliver *deliver, const char *channel);

#endif /* RELAY_DELIVER_STATE_H */
