#include "relay/presses.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/deadline.h"
#include "relay/channel/telegram_updates.h"
#include "relay/deliver/deliver.h"
#include "relay/store/said.h"

enum { AT_ONCE = 64 };

static const int64_t second_ns = 1000 * 1000 * 1000;

struct presses {
	struct presses_settings settings;
	const struct channel **channels;
	size_t count;
	struct telegram_updates *updates;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock; /* of `stopping` */
	pthread_cond_t stop;
	bool stopping;
};

/* The alerts whose last message this is, some at a time, behind `after`. */
static size_t
named_in(struct store *store, const struct telegram_press *press, char after[ALERT_FINGERPRINT],
    char ids[AT_ONCE][INCIDENT_ID])
{
	struct said said;
	size_t count = 0;

	store_begin(store);
	while (count < AT_ONCE && said_in_message(store, press->channel, press->message_id, after, &said)) {
		memcpy(after, said.fingerprint, ALERT_FINGERPRINT);
		memcpy(ids[count++], said.incident, INCIDENT_ID);
	}
	store_cancel(store);
	return count;
}

static bool
acknowledge(struct presses *p, const char *id, const struct telegram_press *press)
{
	struct failure why = { 0 };
	enum act_result result = act_acknowledge(p->settings.act, id, press->user, "telegram", NULL, &why);

	if (result == ACT_FAILED)
		p->settings.notice(
		    p->settings.context, true, "an alert could not be acknowledged from Telegram", why.text);
	return result == ACT_DONE || result == ACT_ALREADY;
}

static bool
pressed(void *context, const struct telegram_press *press)
{
	struct presses *p = context;
	char ids[AT_ONCE][INCIDENT_ID], after[ALERT_FINGERPRINT] = "";
	bool any = false;
	size_t count;

	if (strcmp(press->data, DELIVER_ACK_ALL) != 0)
		return acknowledge(p, press->data, press);
	do {
		count = named_in(p->settings.store, press, after, ids);
		for (size_t i = 0; i < count; i++)
			any = acknowledge(p, ids[i], press) || any;
	} while (count == AT_ONCE);
	return any;
}

/* False: it is over. */
static bool
wait_for(struct presses *p, int64_t ns)
{
	int64_t until_ns = clock_now_ns() + ns;
	const struct timespec until = { .tv_sec = until_ns / second_ns, .tv_nsec = until_ns % second_ns };
	bool stopping;

	(void)pthread_mutex_lock(&p->lock);
	while (!p->stopping && clock_now_ns() < until_ns)
		(void)pthread_cond_timedwait(&p->stop, &p->lock, &until);
	stopping = p->stopping;
	(void)pthread_mutex_unlock(&p->lock);
	return !stopping;
}

static void *
poll_all(void *context)
{
	struct presses *p = context;
	int64_t pause_ns = 0;
	bool failing = false;

	while (wait_for(p, pause_ns)) {
		struct failure why = { 0 };
		int64_t retry_ms = 0;
		bool failed = telegram_updates_poll(p->updates, deadline_in(PRESSES_WAIT * second_ns),
				  pressed, p, &retry_ms, &why) != 0;

		if (failed != failing)
			p->settings.notice(p->settings.context, failed,
			    failed ? "Telegram's buttons do not work" : "Telegram's buttons work again",
			    failed ? why.text : NULL);
		failing = failed;
		pause_ns = !failed                     ? 0
			   : pause_ns < second_ns      ? second_ns
			   : pause_ns < 30 * second_ns ? 2 * pause_ns
						       : pause_ns;
		if (failed && pause_ns < retry_ms * 1000000)
			pause_ns = retry_ms * 1000000;
	}
	return NULL;
}

int
presses_start(struct presses **presses, const struct presses_settings *settings, struct failure *why)
{
	struct presses *p = calloc(1, sizeof(*p));
	pthread_condattr_t attributes;

	*presses = p;
	if (p == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	p->settings = *settings;
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&p->stop, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	p->channels = calloc(settings->channel_count + 1, sizeof(*p->channels));
	for (size_t i = 0; p->channels != NULL && i < settings->channel_count; i++)
		if (settings->channels[i].kind == CHANNEL_TELEGRAM)
			p->channels[p->count++] = &settings->channels[i];
	if (p->count == 0) {
		presses_free(p);
		*presses = NULL;
		return 0;
	}
	p->updates = telegram_updates_new(
	    p->channels, p->count, settings->users, settings->user_count, settings->templates, why);
	if (p->updates == NULL)
		return -1;
	if (pthread_create(&p->thread, NULL, poll_all, p) != 0)
		return failure_set(why, FAILURE_LOCAL, "cannot start the thread for Telegram's buttons");
	p->running = true;
	return 0;
}

void
presses_free(struct presses *p)
{
	if (p == NULL)
		return;
	(void)pthread_mutex_lock(&p->lock);
	p->stopping = true;
	(void)pthread_cond_signal(&p->stop);
	(void)pthread_mutex_unlock(&p->lock);
	if (p->running)
		(void)pthread_join(p->thread, NULL);
	telegram_updates_free(p->updates);
	(void)pthread_cond_destroy(&p->stop);
	(void)pthread_mutex_destroy(&p->lock);
	free(p->channels);
	free(p);
}
