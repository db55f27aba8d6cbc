/*
 * A lane: one thread that says what is due in one channel, one message after the other.
 *
 * A round is: look (a transaction that reads the batch), take a place in the limit, send, record (a
 * transaction). Nothing is held while it sends: neither the store, so alerts are taken meanwhile, nor the
 * lock, so the other lanes go on. Since only this thread removes the tasks of its channel and lane for a
 * message, two lanes never send the same task; what changes during the send is dealt with when the answer is
 * recorded (said_put()).
 *
 * A kill before the send loses nothing, as the tasks are still there. A kill after it repeats that message.
 */

#include <stdio.h>

#include "relay/deliver/state.h"

enum {
	LOOK_MS = 5000, /* the clock may be set, and the store be replaced: nobody sleeps for longer */
	AGAIN_MS = 1000,
	PEEK = 64,
	LEAVE_LEAST_MS = 1000, /* how long a channel is left alone that asks for it */
	LEAVE_MOST_MS = 3600 * 1000,
};

/* Milliseconds until something may be sent; 0: now. */
struct gate {
	int64_t edit, message;
	bool detour; /* for so long that others take over */
};

static int64_t
until(int64_t at_ms, int64_t now_ms)
{
	return at_ms > now_ms ? at_ms - now_ms : 0;
}

static struct gate
read_gate(struct lane *lane)
{
	const struct account *account = lane->outlet->account;
	int64_t now = deliver_clock_ms();
	struct gate gate;

	pthread_mutex_lock(&lane->deliver->lock);
	gate.edit = until(account->blocked_ms, now);
	gate.message = until(limit_next_ms(account->rule, &account->log, lane->lane, now), now);
	pthread_mutex_unlock(&lane->deliver->lock);
	/* Before the lane's own pause is added: a pause between
	 * retries is no reason to go to another channel. */
	gate.detour = gate.edit > DELIVER_PATIENCE_MS;
	if (gate.edit < until(lane->pause_ms, now))
		gate.edit = until(lane->pause_ms, now);
	if (gate.message < gate.edit)
		gate.message = gate.edit;
	return gate;
}

/* The batch, within a transaction.  Returns how long to wait; the batch is to be sent if it has something
 * then and that is 0. */
static int64_t
read_due(struct lane *lane, const struct gate *gate, struct report *report)
{
	struct batch *batch = lane->batch;
	int64_t due = outbox_next_due(lane->deliver->store, lane->outlet->channel->name, lane->lane);
	uint64_t *throttled = &report->tally.throttled;
	char reason[96];

	if (due > report->now_ms)
		return due - report->now_ms;
	/* Telegram can ask for an hour (retry_after). The alert
	 * is then worth more in a mail now than there later. */
	if (gate->detour) {
		batch_read(lane, DELIVER_BATCH, report->now_ms, throttled);
		(void)snprintf(reason, sizeof(reason), "the channel wants to be left alone for %lld s",
		    (long long)(gate->edit / 1000));
		record_detour(lane, reason, report);
	}
	if (gate->edit > 0)
		return gate->edit;
	if (gate->message == 0) {
		batch_read(lane, lane->most > 0 ? lane->most : DELIVER_BATCH, report->now_ms, throttled);
		return 0;
	}
	/* A change of a message is no message, and need not wait for its turn. */
	/* Acknowledgements come first in their lane, so one task tells whether there is an edit. */
	batch_read(lane, 1, report->now_ms, throttled);
	if (!batch->edits)
		return batch->count > 0 || batch->read == 0 ? gate->message : 0;
	batch_release(batch);
	batch_read(lane, PEEK, report->now_ms, throttled);
	return batch->edits ? 0 : gate->message;
}

/* Look at what is due.  Returns how long to wait; 0: the batch is to be sent, or this is to be called again.
 */
static int64_t
look(struct lane *lane)
{
	struct deliver *deliver = lane->deliver;
	struct gate gate = read_gate(lane);
	struct report report = { .now_ms = 0 };
	struct failure why;
	int64_t wait;

	store_begin(deliver->store);
	report.now_ms = store_now_ms();
	wait = read_due(lane, &gate, &report);
	/* What was dropped or moved in this transaction did not
	 * happen. The disk may be full: look again in a second. */
	if (store_end(deliver->store, &why) != 0) {
		batch_release(lane->batch);
		return AGAIN_MS;
	}
	record_count(lane, &report);
	/* What is read must not be sent later: it may have changed by then. The next look reads it anew. */
	if (wait > 0)
		batch_release(lane->batch);
	return wait == 0 && lane->batch->read == 0 ? AGAIN_MS : wait;
}

/* Take a place in the limit.  Returns how long to wait for one; 0: it is taken. */
static int64_t
take_place(struct lane *lane)
{
	struct account *account = lane->outlet->account;
	int64_t now = deliver_clock_ms(), wait;

	/* Look and take under one lock: another lane of the
	 * same bot may have taken the place since read_gate(). */
	pthread_mutex_lock(&lane->deliver->lock);
	wait = until(limit_next_ms(account->rule, &account->log, lane->lane, now), now);
	if (wait == 0)
		limit_begin(&account->log, lane->lane, now);
	pthread_mutex_unlock(&lane->deliver->lock);
	return wait;
}

/* Whether the message may be there, though the answer says or knows nothing of it. */
static bool
may_have_arrived(const struct channel_result *result)
{
	if (result->outcome != CHANNEL_RETRY)
		return result->outcome == CHANNEL_SENT;
	/* No status: the answer did not come (timeout) or made no sense. The request
	 * may have been carried out. After a failed connect it cannot have been. */
	if (result->status == 0)
		return result->failure.kind == FAILURE_TIMEOUT || result->failure.kind == FAILURE_PROTOCOL;
	/* A 5xx may come from a proxy in front of a server
	 * that did its work. A 429 means that it was not done. */
	return result->status != 429;
}

/* Give the place back, or let it count; the others look again. */
static void
leave_place(struct lane *lane, const struct channel_result *result, bool place)
{
	struct deliver *deliver = lane->deliver;
	struct account *account = lane->outlet->account;
	int64_t now = deliver_clock_ms(), leave = result->retry_after_ms;

	if (result->status == 429 && leave < LEAVE_LEAST_MS)
		leave = LEAVE_LEAST_MS;
	/* A server that is wrong, or hostile, must not silence the channel for days. */
	if (leave > LEAVE_MOST_MS)
		leave = LEAVE_MOST_MS;
	pthread_mutex_lock(&deliver->lock);
	if (place)
		limit_end(&account->log, lane->lane, now, may_have_arrived(result));
	if (result->outcome == CHANNEL_RETRY && account->blocked_ms < now + leave)
		account->blocked_ms = now + leave;
	/* The others may be waiting for LIMIT_UNDER_WAY, and only now know for how long. */
	deliver->wakes++;
	pthread_cond_broadcast(&deliver->wake);
	pthread_mutex_unlock(&deliver->lock);
}

/* Whether the channel works, for metrics and the log. */
static void
note_state(struct lane *lane, const struct channel_result *result)
{
	struct outlet *outlet = lane->outlet;
	int up = result->outcome == CHANNEL_SENT, before;

	/* A channel that asks for patience works. */
	if (result->status == 429)
		return;
	pthread_mutex_lock(&lane->deliver->lock);
	before = outlet->counters.up;
	outlet->counters.up = up;
	pthread_mutex_unlock(&lane->deliver->lock);
	if (!up && before != 0)
		deliver_say(lane->deliver, true, "a message did not arrive", outlet->channel->name,
		    result->failure.text);
	else if (up && before == 0)
		deliver_say(lane->deliver, false, "messages arrive again", outlet->channel->name, NULL);
}

/* What the lane makes of an answer.  False: the same goes again, in smaller messages. */
static bool
learn(struct lane *lane, const struct channel_result *result, size_t alerts)
{
	if (result->outcome == CHANNEL_REFUSED && result->content && alerts > 1) {
		/* One of them must be the reason. */
		/* Halving finds the bad one among 200 in about 8 attempts, and
		 * each good half goes out on the way. `suspects` says how many
		 * alerts stay in small messages before full ones are tried again. */
		lane->most = alerts / 2;
		lane->suspects = alerts;
		return false;
	}
	if (result->outcome != CHANNEL_RETRY) {
		lane->suspects = lane->suspects > alerts ? lane->suspects - alerts : 0;
		lane->most = lane->suspects > 0 ? lane->most : 0;
	}
	if (result->outcome == CHANNEL_RETRY && result->status != 429) {
		/* New alerts do not wait for those that are tried again, nor do they try without end. */
		/* 250 ms, doubling to 2 s with the usual retry_ms of 1 s. */
		int64_t most = 2 * lane->deliver->settings.retry_ms, pause = most / 8 << lane->failures;

		lane->pause_ms = deliver_clock_ms() + (pause < most ? pause : most);
		lane->failures += lane->failures < 3;
	} else {
		lane->failures = 0;
	}
	return true;
}

static void
send_message(struct lane *lane, const struct message *message)
{
	struct deliver *deliver = lane->deliver;
	const struct deliver_settings *settings = &deliver->settings;
	const struct batch *batch = lane->batch;
	const struct channel_options options = { .reply_to =
						     batch->edits ? NULL : batch_thread(lane, message),
		.ack_data = batch_button(lane, message),
		.silent = batch_silent(message) };
	struct deadline deadline = deadline_in(settings->timeout_ms * 1000000);
	struct channel_result result = { .outcome = CHANNEL_RETRY };
	struct report report = { .message = message, .result = &result };

	report.thread = batch->edits ? batch->threads[0] : options.reply_to;
	if (batch->edits)
		settings->calls->edit(lane->line, report.thread, message, &options, deadline, &result);
	else
		settings->calls->send(lane->line, message, &options, deadline, &result);
	/* Before anything is written: a full disk must not
	 * keep the place of a message that has its answer. */
	leave_place(lane, &result, !batch->edits);
	/* Refused for its content: the tasks are as they were, without
	 * an attempt more, and the next round takes half of them. */
	if (!learn(lane, &result, message->item_count))
		return;
	report.counts = !batch->edits && may_have_arrived(&result);
	/* Up to half of retry_ms. Nanoseconds of the clock are random enough to keep lanes apart. */
	report.jitter_ms = clock_now_ns() % (settings->retry_ms / 2 + 1);
	record_result(lane, &report);
	note_state(lane, &result);
}

/* One message of as much of the batch as fits.  Returns how long to wait. */
static int64_t
say(struct lane *lane)
{
	struct deliver *deliver = lane->deliver;
	struct batch *batch = lane->batch;
	const struct channel *channel = lane->outlet->channel;
	struct message message = { 0 };
	struct failure why;
	size_t used = 0;
	int64_t wait = AGAIN_MS;

	if (message_compose(deliver->settings.templates, batch->items, batch->item_count,
		channel_limit(channel), &message, &used, &why) != 0) {
		deliver_say(deliver, true, "no message could be made", channel->name, why.text);
	} else {
		wait = batch->edits ? 0 : take_place(lane);
		if (wait == 0)
			send_message(lane, &message);
	}
	message_release(&message);
	return wait;
}

/* Wait for a wake since `wakes` was read.  False: the thread is to end. */
static bool
wait_for_wake(struct lane *lane, uint64_t wakes, int64_t wait_ms)
{
	struct deliver *deliver = lane->deliver;
	int64_t at = clock_now_ns() + (wait_ms < LOOK_MS ? wait_ms : LOOK_MS) * 1000000;
	const struct timespec until_then = { at / 1000000000, at % 1000000000 };
	bool stopping;
	int status = 0;

	pthread_mutex_lock(&deliver->lock);
	while (!deliver->stopping && deliver->wakes == wakes && status == 0)
		status = pthread_cond_timedwait(&deliver->wake, &deliver->lock, &until_then);
	stopping = deliver->stopping;
	pthread_mutex_unlock(&deliver->lock);
	return !stopping;
}

static uint64_t
read_wakes(struct lane *lane)
{
	uint64_t wakes;

	pthread_mutex_lock(&lane->deliver->lock);
	wakes = lane->deliver->wakes;
	pthread_mutex_unlock(&lane->deliver->lock);
	return wakes;
}

bool
lane_sleep(struct lane *lane, int64_t wait_ms)
{
	int64_t end = deliver_clock_ms() + wait_ms;

	/* A wake for new tasks must not cut this short, so it waits again for what is left. */
	while (deliver_clock_ms() < end) {
		if (!wait_for_wake(lane, read_wakes(lane), end - deliver_clock_ms()))
			return false;
	}
	return true;
}

void *
lane_run(void *context)
{
	struct lane *lane = context;
	const struct deliver_calls *calls = lane->deliver->settings.calls;
	struct failure why;
	uint64_t wakes = read_wakes(lane);
	int64_t wait = 0;

	while (wait_for_wake(lane, wakes, wait)) {
		/* Before the look: what is put into the outbox during it
		 * changes the count again, and the wait returns at once. */
		wakes = read_wakes(lane);
		if (lane->line == NULL)
			lane->line = calls->open(lane->outlet->channel, &why);
		wait = lane->line != NULL ? look(lane) : AGAIN_MS;
		if (wait == 0 && lane->batch->item_count > 0)
			wait = say(lane);
		batch_release(lane->batch);
	}
	if (lane->line != NULL)
		calls->close(lane->line);
	return NULL;
}
