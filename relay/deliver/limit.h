#ifndef RELAY_DELIVER_LIMIT_H
#define RELAY_DELIVER_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/channel/channel.h"
#include "relay/store/outbox.h"

/*
 * When the next message may go: a question of the times of those before, nothing else.  Times are
 * milliseconds on one clock that never goes back.
 *
 * A lane waits longer after each message it sent lately, so that what comes in the meantime is in one message
 * with it: the first is at once, and a storm is a handful.
 */
struct limit_rule {
	int64_t window_ms;          /* in any time as long as this ... */
	size_t most;                /* ... at most so many messages, up to LIMIT_MOST; 0: any number */
	size_t most_of_rest;        /* ... of which the lane of the rest has at most so many; 0: likewise */
	int64_t gap_ms[TASK_LANES]; /* behind a lane's first message; it doubles with each further one */
	int64_t gap_most_ms[TASK_LANES]; /* and ends here */
};

enum { LIMIT_MOST = 10 };

/* Of the kinds of channels.  Telegram's is for a bot with all its channels. */
extern const struct limit_rule limit_rules[CHANNEL_KINDS];

/* The latest messages, in the order of their answers.  A zeroed one is empty. */
struct limit_log {
	struct limit_entry {
		int64_t begun_ms;
		int64_t at_ms; /* when the answer came, LIMIT_UNDER_WAY before that */
		enum task_lane lane;
	} sent[LIMIT_MOST + TASK_LANES];
	size_t count;
};

/* Far in the future: a message that is under way can arrive at any time. */
#define LIMIT_UNDER_WAY (INT64_MAX / 4)

/* The earliest time at which the lane may send.  LIMIT_UNDER_WAY or more: not before another message has its
 * answer. */
int64_t limit_next_ms(
    const struct limit_rule *rule, const struct limit_log *log, enum task_lane lane, int64_t now_ms);

/* A message is under way: only when the lane may send. */
void limit_begin(struct limit_log *log, enum task_lane lane, int64_t now_ms);

/* One that is under way in this lane has its answer; without `counts` it never arrived. */
void limit_end(struct limit_log *log, enum task_lane lane, int64_t now_ms, bool counts);

/* A message of an earlier run, the earliest first.  `age_ms` below 0, when the clock was set back, counts as
 * 0. */
void limit_load(struct limit_log *log, enum task_lane lane, int64_t age_ms, int64_t now_ms);

#endif /* RELAY_DELIVER_LIMIT_H */
