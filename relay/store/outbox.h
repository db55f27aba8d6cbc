#ifndef RELAY_STORE_OUTBOX_H
#define RELAY_STORE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/store/incidents.h"

/*
 * The messages that wait: tasks.  A task is an incident, the kind of message about it, and a
 * channel, with the channels behind it ("telegram:ops|mail:oncall" is a chain:
 * the next one is for when one refuses).
 *
 * All functions within a transaction of the store.
 */
enum task_kind { TASK_FIRED, TASK_REPEATED, TASK_ESCALATED, TASK_RESOLVED, TASK_ACKNOWLEDGED };
enum { TASK_KINDS = TASK_ACKNOWLEDGED + 1 };

/* All of P0 but acknowledgements, and but what concerns paper alone, is urgent. */
enum task_lane { LANE_URGENT, LANE_REST };
enum { TASK_LANES = LANE_REST + 1 };

enum { TASK_CHANNEL = 64, TASK_CHAIN = 512 };

struct task {
	int64_t row;
	enum task_kind kind;
	enum task_lane lane;
	unsigned attempt; /* attempts so far in this channel */
	char channel[TASK_CHANNEL];
	char next[TASK_CHAIN]; /* the rest of its chain; "": none */
	int64_t added_ms;
	int64_t due_ms;
	struct incident incident; /* as it is now */
};

/* "fired", "repeated", "escalated", "resolved", "acknowledged". */
const char *task_kind_name(enum task_kind kind);

/* Due at `due_ms`.  If the same (incident, kind, channel) waits already, that one stays as it is.  A name in
 * the chain that is too long is left out. */
void outbox_add(struct store *store, const struct incident *incident, enum task_kind kind, const char *chain,
    int64_t due_ms);

/* Those that are due in a channel and lane, up to `room`: acknowledgements first, then by severity, the
 * oldest first.  Returns how many: tasks_release(). */
size_t outbox_due(struct store *store, const char *channel, enum task_lane lane, int64_t now_ms,
    struct task tasks[], size_t room);
void tasks_release(struct task tasks[], size_t count);

/* When the next one of a channel and lane is due; INT64_MAX: no task waits. */
int64_t outbox_next_due(struct store *store, const char *channel, enum task_lane lane);

/* It waits until then; `attempt` is kept with it. */
void outbox_delay(struct store *store, int64_t row, int64_t due_ms, unsigned attempt);

void outbox_remove(struct store *store, int64_t row);

/* To the next channel of its chain, due at `due_ms`, without attempts.  False: there is no next one, and it
 * stays as it is. */
bool outbox_move(struct store *store, const struct task *task, int64_t due_ms);

/* Whether anything waits that tells of the incident. */
bool outbox_has(struct store *store, const struct incident *incident);

/* Remove those of an incident and these kinds (bits: 1 << TASK_FIRED). */
void outbox_drop(struct store *store, const struct incident *incident, unsigned kinds);

/* Add TASK_ACKNOWLEDGED wherever the incident was said, due now. */
void outbox_acknowledge(struct store *store, const struct incident *incident, int64_t now_ms);

/* The channels that have tasks, with how many and since when.  Returns how many channels, at most `room`. */
struct outbox_channel {
	char channel[TASK_CHANNEL];
	size_t count;
	int64_t oldest_ms; /* the earliest added_ms */
};
size_t outbox_channels(struct store *store, struct outbox_channel channels[], size_t room);

/* For channels that are not configured any more: their tasks go to the next one of their chains, those
 * without a next one are removed.  Returns how many were removed. */
size_t outbox_abandon(struct store *store, const char *channel, int64_t now_ms);

#endif /* RELAY_STORE_OUTBOX_H */
