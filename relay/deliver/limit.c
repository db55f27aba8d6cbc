/*
 * How many messages a channel can bear. Telegram allows about 20 a minute to a group and answers 429 beyond
 * that; 10 for the bot leaves room for edits, answers to buttons and other programs with the same token. The
 * rest may use 5 of the 10, so that it never takes all places from a P0. Slack asks for at most one message
 * a second.
 *
 * The gap that doubles is what merges: the first message goes at once, the tenth of a storm waits long
 * enough to carry all that came meanwhile. With gaps of 1, 2, 4 and 8 s the rest reaches its five messages
 * after 15 s.
 *
 * All of it depends on times alone, so it can be computed again after a restart.
 */

#include <assert.h>
#include <string.h>

#include "relay/deliver/limit.h"

enum { LATELY_MS = 60000 }; /* what a lane's gap depends on */

const struct limit_rule limit_rules[CHANNEL_KINDS] = {
	[CHANNEL_TELEGRAM] = { .window_ms = 60000,
	    .most = 10,
	    .most_of_rest = 5,
	    .gap_ms = { 100, 1000 },
	    .gap_most_ms = { 12800, 16000 } },
	[CHANNEL_SLACK] = { .window_ms = 1000, .most = 1 },
	[CHANNEL_MAIL] = { .gap_ms = { 0, 1000 }, .gap_most_ms = { 0, 1000 } },
	[CHANNEL_WEBHOOK] = { .gap_ms = { 0, 1000 }, .gap_most_ms = { 0, 1000 } },
};

/* When the last `most` messages (of the lane of the rest) do not fill the window any more. */
static int64_t
window_next_ms(const struct limit_rule *rule, const struct limit_log *log, bool rest, size_t most)
{
	size_t found = 0;

	/* From the latest back to the message number `most`: once that one has left
	 * the window, there is room for one more. With `most` 0 nothing is counted. */
	for (size_t i = log->count; i-- > 0 && most > 0;) {
		if ((!rest || log->sent[i].lane == LANE_REST) && ++found == most)
			return log->sent[i].at_ms + rule->window_ms;
	}
	return 0;
}

static int64_t
gap_next_ms(const struct limit_rule *rule, const struct limit_log *log, enum task_lane lane, int64_t now_ms)
{
	int64_t last = 0, gap = rule->gap_ms[lane];
	size_t lately = 0;

	for (size_t i = 0; i < log->count; i++) {
		const struct limit_entry *entry = &log->sent[i];

		if (entry->lane != lane || entry->at_ms <= now_ms - LATELY_MS)
			continue;
		/* From begin to begin: a slow answer has already been a wait. */
		if (entry->begun_ms > last)
			last = entry->begun_ms;
		if (++lately > 1)
			gap *= 2;
	}
	if (gap > rule->gap_most_ms[lane])
		gap = rule->gap_most_ms[lane];
	return lately == 0 ? 0 : last + gap;
}

int64_t
limit_next_ms(const struct limit_rule *rule, const struct limit_log *log, enum task_lane lane, int64_t now_ms)
{
	int64_t next = gap_next_ms(rule, log, lane, now_ms);
	int64_t all = window_next_ms(rule, log, false, rule->most);
	int64_t rest = lane == LANE_REST ? window_next_ms(rule, log, true, rule->most_of_rest) : 0;

	if (next < all)
		next = all;
	return next < rest ? rest : next;
}

static void
remove_entry(struct limit_log *log, size_t index)
{
	log->count--;
	memmove(&log->sent[index], &log->sent[index + 1], (log->count - index) * sizeof(log->sent[0]));
}

/* Before those that are under way; the oldest one makes room. */
static void
add_entry(struct limit_log *log, struct limit_entry entry)
{
	size_t at;

	if (log->count == sizeof(log->sent) / sizeof(log->sent[0]))
		remove_entry(log, 0);
	for (at = log->count; at > 0 && log->sent[at - 1].at_ms > entry.at_ms; at--)
		log->sent[at] = log->sent[at - 1];
	log->sent[at] = entry;
	log->count++;
}

void
limit_begin(struct limit_log *log, enum task_lane lane, int64_t now_ms)
{
	add_entry(log, (struct limit_entry){ now_ms, LIMIT_UNDER_WAY, lane });
}

void
limit_end(struct limit_log *log, enum task_lane lane, int64_t now_ms, bool counts)
{
	struct limit_entry entry;
	size_t i = 0;

	while (i < log->count && (log->sent[i].lane != lane || log->sent[i].at_ms != LIMIT_UNDER_WAY))
		i++;
	/* Only a lane that called limit_begin() may call this. Entries of
	 * one kind of lane are alike, so it does not matter whose is taken. */
	assert(i < log->count);
	entry = log->sent[i];
	/* The server counts when it gets the message, which is somewhere
	 * between begin and answer: the answer is the safe side. */
	entry.at_ms = now_ms;
	remove_entry(log, i);
	if (counts)
		add_entry(log, entry);
}

void
limit_load(struct limit_log *log, enum task_lane lane, int64_t age_ms, int64_t now_ms)
{
	int64_t at = now_ms - (age_ms > 0 ? age_ms : 0);

	add_entry(log, (struct limit_entry){ at, at, lane });
}
