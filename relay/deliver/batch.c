/*
 * From tasks to what a message says.  Each incident is in it once, as it is now: a task is an order to speak
 * of it, not a text that was fixed when the task was made.
 *
 * That is what merges a storm: while a lane waits for its turn, tasks gather, and the next message names all
 * of them. What became false meanwhile (an end of what fires again, a repeat of what is over) is dropped
 * here, in the transaction that reads it, and not when it happens: so that not every change has to search
 * the outbox.
 */

#include <string.h>

#include "relay/deliver/state.h"

static bool
is_open(const struct task *task)
{
	return task->incident.status == INCIDENT_OPEN;
}

/* Whether a channel has a use for acknowledgements: a mail for each would be too many. */
static bool
takes_acknowledgements(const struct channel *channel)
{
	return channel_edits(channel) || (channel->kind == CHANNEL_SLACK && channel_replies(channel));
}

/* It changed while it waited, and needs no message any more. */
static bool
is_stale(const struct lane *lane, const struct task *task, const char *thread)
{
	switch (task->kind) {
	case TASK_ACKNOWLEDGED:
		return !is_open(task) || task->incident.acknowledged_ms == 0 || *thread == '\0' ||
		       !takes_acknowledgements(lane->outlet->channel);
	case TASK_RESOLVED: return is_open(task);
	case TASK_REPEATED: return !is_open(task) || task->incident.suppressed != SUPPRESSED_NOT;
	/* A begin that was not said yet is said even when it is over by
	 * now: every alert is named once, and kind_of() makes it an end. */
	case TASK_ESCALATED:
	case TASK_FIRED: break;
	}
	return false;
}

/* Until when a P1 waits that was said a moment ago; 0: it does not. */
static int64_t
throttled_until(const struct lane *lane, const struct task *task, const struct said *said, int64_t now_ms)
{
	int64_t until = said->said_ms + lane->deliver->settings.throttle_ms;

	/* Only the first attempt: a retry has waited already. */
	if (task->incident.severity != SEVERITY_P1 || !is_open(task) || task->attempt > 0 ||
	    (task->kind != TASK_FIRED && task->kind != TASK_REPEATED))
		return 0;
	/* What was said in the future was said before the clock was set back. */
	return until > now_ms && said->said_ms <= now_ms ? until : 0;
}

/* False: it is not for this message, and the store knows. */
static bool
keep(struct lane *lane, const struct task *task, char thread[SAID_MESSAGE], int64_t now_ms,
    uint64_t *throttled)
{
	struct store *store = lane->deliver->store;
	const char *channel = lane->outlet->channel->name;
	struct said said;
	bool found = said_find(store, task->incident.fingerprint, channel, &said);
	int64_t until = found ? throttled_until(lane, task, &said, now_ms) : 0;

	*thread = '\0';
	/* A message about an earlier incident of the fingerprint is nothing to reply to. */
	if (found && strcmp(said.incident, task->incident.id) == 0)
		memcpy(thread, said.message, SAID_MESSAGE);
	if (is_stale(lane, task, thread)) {
		outbox_remove(store, task->row);
		return false;
	}
	if (until > 0) {
		const struct event event = {
			.kind = EVENT_THROTTLED, .at_ms = now_ms, .channel = channel, .latency_ms = -1
		};

		/* The event is written once for each delay, in this
		 * transaction; due_ms keeps the task away until then. */
		outbox_delay(store, task->row, until, task->attempt);
		journal_add(store, &task->incident, &event, false);
		++*throttled;
		return false;
	}
	return true;
}

static enum message_kind
kind_of(const struct task *task)
{
	if (task->kind == TASK_ACKNOWLEDGED)
		return MESSAGE_ACKNOWLEDGED;
	if (!is_open(task))
		return MESSAGE_RESOLVED;
	return task->kind == TASK_ESCALATED ? MESSAGE_ESCALATED
	       : task->kind == TASK_FIRED   ? MESSAGE_FIRED
					    : MESSAGE_REPEATED;
}

static void
add_item(struct lane *lane, size_t index)
{
	const struct deliver_settings *settings = &lane->deliver->settings;
	struct batch *batch = lane->batch;
	struct task *task = &batch->tasks[index];
	const struct incident *incident = &task->incident;
	struct message_item *item = &batch->items[batch->item_count++];

	*item = (struct message_item){
		.kind = kind_of(task),
		.id = incident->id,
		.labels = incident->labels,
		.annotations = incident->annotations,
		.starts_ms = incident->starts_ms,
		.ends_ms = incident->ends_ms,
		.expired = incident->status == INCIDENT_EXPIRED,
		.acknowledged_by = incident->acknowledged_ms > 0 ? incident->acknowledged_by : NULL,
		.acknowledged_ms = incident->acknowledged_ms,
		.link = incident->link,
		.owner = task,
	};
	/* The button checks the user, while the link works for everybody
	 * who sees the message: so a message with a button has no link. */
	batch->urls[index][0] = '\0';
	if (settings->acknowledge_url != NULL && is_open(task) && incident->acknowledged_ms == 0 &&
	    !channel_has_button(lane->outlet->channel))
		settings->acknowledge_url(settings->context, incident->id, batch->urls[index], DELIVER_URL);
	if (batch->urls[index][0] != '\0')
		item->acknowledge_url = batch->urls[index];
}

/* The item of the task's incident, if it has one already. */
static struct message_item *
find_item(struct batch *batch, const struct task *task)
{
	for (size_t i = 0; i < batch->item_count; i++) {
		const struct task *owner = batch->items[i].owner;

		if (owner->incident.row == task->incident.row)
			return &batch->items[i];
	}
	return NULL;
}

/* Whether no other alert has this message as its last one. */
static bool
names_one(struct lane *lane, const char *thread)
{
	const char *channel = lane->outlet->channel->name;
	struct said said;

	return said_in_message(lane->deliver->store, channel, thread, "", &said) &&
	       !said_in_message(lane->deliver->store, channel, thread, said.fingerprint, &said);
}

/* An acknowledgement goes before all else, with the others of the same message; it cannot be in one with
 * news. */
static void
choose(struct lane *lane)
{
	struct batch *batch = lane->batch;

	batch->acknowledges = batch->count > 0 && batch->tasks[0].kind == TASK_ACKNOWLEDGED;
	batch->edits =
	    batch->acknowledges && channel_edits(lane->outlet->channel) && names_one(lane, batch->threads[0]);
	for (size_t i = 0; i < batch->count; i++) {
		const struct task *task = &batch->tasks[i];
		struct message_item *item;

		if ((task->kind == TASK_ACKNOWLEDGED) != batch->acknowledges ||
		    (batch->acknowledges && strcmp(batch->threads[i], batch->threads[0]) != 0))
			continue;
		item = find_item(batch, task);
		if (item == NULL)
			add_item(lane, i);
		/* Two tasks of one incident are one line: an escalation
		 * says more than a begin, and either more than a repeat. */
		else if (item->kind == MESSAGE_REPEATED ||
			 (item->kind == MESSAGE_FIRED && kind_of(task) == MESSAGE_ESCALATED))
			item->kind = kind_of(task);
	}
}

void
batch_read(struct lane *lane, size_t room, int64_t now_ms, uint64_t *throttled)
{
	struct batch *batch = lane->batch;
	size_t kept = 0;

	batch->item_count = 0;
	batch->count = outbox_due(
	    lane->deliver->store, lane->outlet->channel->name, lane->lane, now_ms, batch->tasks, room);
	batch->read = batch->count;
	for (size_t i = 0; i < batch->count; i++) {
		if (!keep(lane, &batch->tasks[i], batch->threads[kept], now_ms, throttled)) {
			tasks_release(&batch->tasks[i], 1);
			continue;
		}
		/* A struct copy moves what the task owns; batch_release()
		 * releases the first `count` alone, so nothing is freed twice. */
		if (kept != i)
			batch->tasks[kept] = batch->tasks[i];
		kept++;
	}
	batch->count = kept;
	choose(lane);
}

void
batch_release(struct batch *batch)
{
	tasks_release(batch->tasks, batch->count);
	batch->count = batch->item_count = 0;
}

/* What is over, or was acknowledged, answers the message that told of it, if one told of all. */
const char *
batch_thread(const struct lane *lane, const struct message *message)
{
	const struct batch *batch = lane->batch;
	const char *thread = NULL;

	if (!channel_replies(lane->outlet->channel))
		return NULL;
	for (size_t i = 0; i < message->item_count; i++) {
		const struct message_item *item = &message->items[i];
		const char *own = batch->threads[(const struct task *)item->owner - batch->tasks];

		if ((item->kind != MESSAGE_RESOLVED && item->kind != MESSAGE_ACKNOWLEDGED) || *own == '\0' ||
		    (thread != NULL && strcmp(thread, own) != 0))
			return NULL;
		thread = own;
	}
	return thread;
}

const char *
batch_button(const struct lane *lane, const struct message *message)
{
	if (!channel_has_button(lane->outlet->channel) || lane->batch->acknowledges)
		return NULL;
	for (size_t i = 0; i < message->item_count; i++) {
		const struct message_item *item = &message->items[i];

		if (item->kind != MESSAGE_RESOLVED && item->acknowledged_by == NULL)
			return message->item_count == 1 ? item->id : DELIVER_ACK_ALL;
	}
	return NULL;
}

/* Ends, acknowledgements and P3 must not ring a telephone at night. */
bool
batch_silent(const struct message *message)
{
	for (size_t i = 0; i < message->item_count; i++) {
		const struct message_item *item = &message->items[i];
		const struct task *task = item->owner;

		if (item->kind != MESSAGE_RESOLVED && item->kind != MESSAGE_ACKNOWLEDGED &&
		    task->incident.severity != SEVERITY_P3)
			return false;
	}
	return true;
}
