/*
 * The parts of delivery, and their life. A channel is an outlet with two lanes, each a thread with a
 * connection of its own: so a P0 never waits behind a long list of P3, nor does a channel that hangs keep
 * another one waiting.
 *
 * Two locks: the store's and `lock`. No thread holds both, so their order cannot be wrong. All lanes sleep
 * on one condition variable; with at most 64 channels, a wake that concerns one lane costs the others one
 * short transaction each.
 */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "relay/deliver/state.h"

static const struct deliver_calls channel_calls = { channel_open, channel_close, channel_send, channel_edit };

int64_t
deliver_clock_ms(void)
{
	return clock_now_ns() / 1000000;
}

void
deliver_say(
    const struct deliver *deliver, bool bad, const char *message, const char *channel, const char *reason)
{
	if (deliver->settings.notice != NULL)
		deliver->settings.notice(deliver->settings.context, bad, message, channel, reason);
}

bool
deliver_has(const struct deliver *deliver, const char *channel)
{
	for (size_t i = 0; i < deliver->settings.channel_count; i++) {
		if (strcmp(deliver->settings.channels[i].name, channel) == 0)
			return true;
	}
	return false;
}

static void
set_default(int64_t *value, int64_t usual)
{
	if (*value == 0)
		*value = usual;
}

static void
set_defaults(struct deliver_settings *settings)
{
	set_default(&settings->escalate_after_ms, 15 * 60000);
	set_default(&settings->retry_ms, 1000);
	set_default(&settings->retry_slow_ms, 60000);
	set_default(&settings->throttle_ms, 5 * 60000);
	set_default(&settings->timeout_ms, 10000);
	if (settings->limits == NULL)
		settings->limits = limit_rules;
	if (settings->calls == NULL)
		settings->calls = &channel_calls;
}

/* One bot has all of Telegram's channels; the others have one of their own. */
static struct account *
add_account(struct deliver *deliver, const struct channel *channel)
{
	/* Telegram counts messages by bot, whatever chat they go
	 * to; Slack, mail and webhooks by the place they go to. */
	const char *name = channel->kind == CHANNEL_TELEGRAM ? "telegram" : channel->name;
	struct account *account;

	for (size_t i = 0; i < deliver->account_count; i++) {
		if (strcmp(deliver->accounts[i].name, name) == 0)
			return &deliver->accounts[i];
	}
	account = &deliver->accounts[deliver->account_count++];
	(void)snprintf(account->name, sizeof(account->name), "%s", name);
	account->rule = &deliver->settings.limits[channel->kind];
	return account;
}

static void
add_lane(struct deliver *deliver, struct outlet *outlet, enum task_lane which)
{
	struct lane *lane = &deliver->lanes[deliver->lane_count++];

	*lane = (struct lane){ .deliver = deliver, .outlet = outlet, .lane = which };
	/* A batch is too large for a thread's stack. It is checked by add_channels(). */
	lane->batch = calloc(1, sizeof(*lane->batch));
}

static int
add_channels(struct deliver *deliver)
{
	size_t count = deliver->settings.channel_count;

	/* One more than needed: calloc(0) may return NULL without an error.
	 * add_account() points into this array, so it must never move. */
	deliver->accounts = calloc(count + 1, sizeof(*deliver->accounts));
	deliver->outlets = calloc(count + 1, sizeof(*deliver->outlets));
	deliver->lanes = calloc(count + 1, TASK_LANES * sizeof(*deliver->lanes));
	if (deliver->accounts == NULL || deliver->outlets == NULL || deliver->lanes == NULL)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct outlet *outlet = &deliver->outlets[i];

		outlet->channel = &deliver->settings.channels[i];
		outlet->account = add_account(deliver, outlet->channel);
		outlet->counters.channel = outlet->channel->name;
		outlet->counters.up = -1;
		add_lane(deliver, outlet, LANE_URGENT);
		add_lane(deliver, outlet, LANE_REST);
		if (self_init(outlet) != 0 || deliver->lanes[2 * i].batch == NULL ||
		    deliver->lanes[2 * i + 1].batch == NULL)
			return -1;
	}
	return 0;
}

/* The messages of an earlier run.  Where tasks are due, one was maybe on its way when that run was killed: it
 * counts, as if it had been sent now. */
static int
load(struct deliver *deliver, struct failure *why)
{
	int64_t now = store_now_ms(), clock = deliver_clock_ms();

	store_begin(deliver->store);
	for (size_t i = 0; i < deliver->account_count; i++) {
		struct account *account = &deliver->accounts[i];
		struct sent sent[LIMIT_MOST];
		size_t count = sent_since(deliver->store, account->name, now - 60000, now, sent, LIMIT_MOST);

		/* The store has them latest first, the log wants the earliest first. Ages carry over
		 * from the wall clock to the monotonic one, which starts anew with the machine. */
		while (count-- > 0)
			limit_load(&account->log, sent[count].lane, now - sent[count].at_ms, clock);
	}
	for (size_t i = 0; i < deliver->lane_count; i++) {
		struct lane *lane = &deliver->lanes[i];

		assert(lane->outlet != NULL);
		if (outbox_next_due(deliver->store, lane->outlet->channel->name, lane->lane) <= now)
			limit_load(&lane->outlet->account->log, lane->lane, 0, clock);
	}
	self_forget(deliver, now);
	return store_end(deliver->store, why);
}

static int
init_wake(struct deliver *deliver)
{
	pthread_condattr_t attributes;
	int status;

	if (pthread_mutex_init(&deliver->lock, NULL) != 0 || pthread_condattr_init(&attributes) != 0)
		return -1;
	/* On the monotonic clock: a wall clock that is set back
	 * by an hour must not make a lane sleep for an hour. */
	status = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	status = status == 0 ? pthread_cond_init(&deliver->wake, &attributes) : status;
	pthread_condattr_destroy(&attributes);
	return status == 0 ? 0 : -1;
}

struct deliver *
deliver_new(const struct deliver_settings *settings, struct store *store, struct failure *why)
{
	struct deliver *deliver = calloc(1, sizeof(*deliver));

	if (deliver == NULL || init_wake(deliver) != 0) {
		free(deliver);
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	deliver->settings = *settings;
	deliver->store = store;
	set_defaults(&deliver->settings);
	if (add_channels(deliver) != 0)
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	else if (load(deliver, why) == 0)
		return deliver;
	deliver_free(deliver);
	return NULL;
}

int
deliver_start(struct deliver *deliver, struct failure *why)
{
	for (size_t i = 0; i < deliver->lane_count; i++) {
		struct lane *lane = &deliver->lanes[i];

		if (pthread_create(&lane->thread, NULL, lane_run, lane) != 0)
			return failure_set(why, FAILURE_LOCAL, "no thread could be started for %s",
			    lane->outlet->channel->name);
		lane->running = true;
	}
	return 0;
}

void
deliver_wake(struct deliver *deliver)
{
	pthread_mutex_lock(&deliver->lock);
	/* The count, not the signal, is the message: a lane that is
	 * busy now sees later that it has changed, and no wake is lost. */
	deliver->wakes++;
	pthread_cond_broadcast(&deliver->wake);
	pthread_mutex_unlock(&deliver->lock);
}

void
deliver_free(struct deliver *deliver)
{
	if (deliver == NULL)
		return;
	pthread_mutex_lock(&deliver->lock);
	deliver->stopping = true;
	pthread_cond_broadcast(&deliver->wake);
	pthread_mutex_unlock(&deliver->lock);
	for (size_t i = 0; i < deliver->lane_count; i++) {
		/* A request under way may take its whole timeout (10 s); ending it
		 * earlier would leave open whether the message arrived, and say it twice. */
		if (deliver->lanes[i].running)
			(void)pthread_join(deliver->lanes[i].thread, NULL);
		free(deliver->lanes[i].batch);
	}
	pthread_cond_destroy(&deliver->wake);
	pthread_mutex_destroy(&deliver->lock);
	free(deliver->lanes);
	free(deliver->outlets);
	free(deliver->accounts);
	free(deliver);
}

void
deliver_counters(struct deliver *deliver, size_t index, struct deliver_counters *counters)
{
	pthread_mutex_lock(&deliver->lock);
	*counters = deliver->outlets[index].counters;
	pthread_mutex_unlock(&deliver->lock);
}
