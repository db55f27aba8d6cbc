/*
 * What came of a message.  All of it is one transaction: the tasks that are done leave together with the
 * record of what was said, so a process that is killed either said it and knows, or says this one message
 * again.
 */

#include <stdlib.h>
#include <string.h>

#include "relay/deliver/state.h"

enum {
	STORE_AGAIN_MS = 1000,
	GIVE_UP_MS = 24 * 3600 * 1000,
};

const double deliver_bounds[DELIVER_BOUNDS] = { 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600 };

/* `detail` is released. */
static void
write_event(struct lane *lane, const struct task *task, enum event_kind kind, int64_t now_ms,
    int64_t latency_ms, json_t *detail)
{
	const struct event event = { .kind = kind,
		.at_ms = now_ms,
		.channel = lane->outlet->channel->name,
		.attempt = task->attempt + 1,
		.latency_ms = latency_ms,
		.detail = detail };

	journal_add(lane->deliver->store, &task->incident, &event, false);
	json_decref(detail);
}

static void
write_sent(struct lane *lane, const struct task *task, struct report *report)
{
	const char *kind = task_kind_name(task->kind);
	struct deliver_counters *tally = &report->tally;
	bool fired = task->kind == TASK_FIRED;
	/* For a begin it is what people feel: from the start of the
	 * trouble to the message. For all else from the order to say it. */
	int64_t latency_ms = report->now_ms - (fired ? task->incident.starts_ms : task->added_ms);
	size_t bound = 0, alerts = report->message->item_count;

	/* The alert's start is by another machine's clock. */
	if (latency_ms < 0)
		latency_ms = 0;
	write_event(lane, task, EVENT_SENT, report->now_ms, latency_ms, json_pack("{s:s}", "kind", kind));
	tally->sent++;
	if (alerts > 1) {
		write_event(lane, task, EVENT_MERGED, report->now_ms, -1,
		    json_pack("{s:s, s:I}", "kind", kind, "alerts", (json_int_t)alerts));
		tally->merged++;
	}
	if (!fired)
		return;
	while (bound < DELIVER_BOUNDS && (double)latency_ms > deliver_bounds[bound] * 1e3)
		bound++;
	tally->latency[bound]++;
	tally->latency_seconds += (double)latency_ms / 1e3;
}

/* To the next channel; at the end of the chain it waits and is tried now and then. */
static void
give_away(struct lane *lane, const struct task *task, const char *reason, struct report *report)
{
	struct store *store = lane->deliver->store;

	/* News about a message in this channel: it makes no
	 * sense in another one, and people lose nothing. */
	if (task->kind == TASK_ACKNOWLEDGED) {
		outbox_remove(store, task->row);
		return;
	}
	/* Slow tries keep attempt at DELIVER_TRIES: one
	 * event for the failure, not one a minute for a day. */
	if (task->attempt < DELIVER_TRIES) {
		write_event(lane, task, EVENT_FAILED, report->now_ms, -1,
		    json_pack("{s:s, s:s}", "kind", task_kind_name(task->kind), "reason", reason));
		report->tally.failed++;
	}
	if (outbox_move(store, task, report->now_ms))
		return;
	if (task->added_ms + GIVE_UP_MS >= report->now_ms) {
		outbox_delay(
		    store, task->row, report->now_ms + lane->deliver->settings.retry_slow_ms, DELIVER_TRIES);
		return;
	}
	write_event(lane, task, EVENT_FAILED, report->now_ms, -1,
	    json_pack("{s:s, s:s}", "kind", task_kind_name(task->kind), "reason", "given up after a day"));
	outbox_remove(store, task->row);
}

static void
report_sent(struct lane *lane, const struct task *task, struct report *report)
{
	const char *message = report->thread != NULL ? report->thread : report->result->message_id;

	write_sent(lane, task, report);
	/* The three writes stand or fall together.  Removed but not noted as sent, and the end of the alert
	 * would never be sent; noted but not removed, and this message would be sent twice. */
	outbox_remove(lane->deliver->store, task->row);
	if (task->kind != TASK_ACKNOWLEDGED)
		said_put(lane->deliver->store, &task->incident, lane->outlet->channel->name, message,
		    report->now_ms);
}

/* Again a little later, or another channel's. */
static void
report_failed(struct lane *lane, const struct task *task, struct report *report)
{
	const struct channel_result *result = report->result;
	const char *reason = result->failure.text;
	unsigned attempt = task->attempt + 1;

	/* Not a failure of the message: the whole account waits
	 * (blocked_ms), the task stays due and its attempts are not counted. */
	if (result->status == 429) {
		if (result->retry_after_ms > DELIVER_PATIENCE_MS && task->next[0] != '\0')
			give_away(lane, task, reason, report);
		return;
	}
	if (result->outcome == CHANNEL_REFUSED || attempt >= DELIVER_TRIES) {
		give_away(lane, task, reason, report);
		return;
	}
	write_event(lane, task, EVENT_RETRIED, report->now_ms, -1,
	    json_pack("{s:s, s:s}", "kind", task_kind_name(task->kind), "reason", reason));
	outbox_delay(lane->deliver->store, task->row,
	    report->now_ms + ((lane->deliver->settings.retry_ms + report->jitter_ms) << task->attempt),
	    attempt);
	report->tally.retried++;
}

/* Whether the message is the one of this task's incident. */
static bool
is_named(const struct message *message, const struct task *task)
{
	/* message_compose() may take less than the batch
	 * has: what did not fit is neither sent nor failed. */
	for (size_t i = 0; i < message->item_count; i++) {
		const struct task *owner = message->items[i].owner;

		if (owner->incident.row == task->incident.row)
			return true;
	}
	return false;
}

static void
write_all(struct lane *lane, struct report *report)
{
	struct batch *batch = lane->batch;
	struct deliver *deliver = lane->deliver;
	bool sent = report->result->outcome == CHANNEL_SENT;

	/* This may run several times for one answer, when the disk fails; only the last run counts. */
	report->tally = (struct deliver_counters){ .sent = 0 };
	report->now_ms = store_now_ms();
	for (size_t i = 0; i < batch->count; i++) {
		const struct task *task = &batch->tasks[i];

		if ((task->kind == TASK_ACKNOWLEDGED) != batch->acknowledges ||
		    !is_named(report->message, task))
			continue;
		if (sent)
			report_sent(lane, task, report);
		else
			report_failed(lane, task, report);
	}
	/* In the store, so that a relay that restarts ten
	 * times a minute does not send ten times as much. */
	if (report->counts)
		sent_add(deliver->store, lane->outlet->account->name, lane->lane, report->now_ms);
	if (sent)
		self_resolve(deliver, lane->outlet, report->now_ms);
	/* Our own alert is in the same transaction, and goes to other
	 * channels: who reads only this one would not learn of it here. */
	else if (report->tally.failed > 0)
		self_fire(deliver, lane->outlet, report->result->failure.text, report->now_ms);
}

void
record_count(struct lane *lane, const struct report *report)
{
	struct deliver_counters *counters = &lane->outlet->counters;
	const struct deliver_counters *tally = &report->tally;

	pthread_mutex_lock(&lane->deliver->lock);
	counters->sent += tally->sent;
	counters->last_ms = tally->sent > 0 ? report->now_ms : counters->last_ms;
	counters->retried += tally->retried;
	counters->failed += tally->failed;
	counters->merged += tally->merged;
	counters->latency_seconds += tally->latency_seconds;
	for (size_t i = 0; i <= DELIVER_BOUNDS; i++)
		counters->latency[i] += tally->latency[i];
	pthread_mutex_unlock(&lane->deliver->lock);
}

void
record_result(struct lane *lane, struct report *report)
{
	struct deliver *deliver = lane->deliver;
	struct failure why;
	bool told = false;

	for (;;) {
		store_begin(deliver->store);
		write_all(lane, report);
		if (store_end(deliver->store, &why) == 0)
			break;
		/* What was sent must not be sent again, so nothing else is done before this is recorded. */
		if (!told)
			deliver_say(deliver, true, "a message was sent, and this cannot be recorded yet",
			    lane->outlet->channel->name, why.text);
		told = true;
		/* The relay ends while the disk does not write: this
		 * message is repeated after the start, as after a kill. */
		if (!lane_sleep(lane, STORE_AGAIN_MS))
			return;
	}
	if (told)
		deliver_say(
		    deliver, false, "what was sent is recorded again", lane->outlet->channel->name, NULL);
	record_count(lane, report);
}

void
record_detour(struct lane *lane, const char *reason, struct report *report)
{
	struct batch *batch = lane->batch;

	for (size_t i = 0; i < batch->count; i++) {
		/* What has no other channel waits here until this one may be used again. */
		if (batch->tasks[i].next[0] != '\0')
			give_away(lane, &batch->tasks[i], reason, report);
	}
	if (report->tally.failed > 0)
		self_fire(lane->deliver, lane->outlet, reason, report->now_ms);
}
