/*
 * Telegram tells of a pressed button only to the one that asks (getUpdates), so a thread asks all the time
 * and waits at most PRESSES_WAIT seconds for each answer, which is what the end of the program may have to
 * wait for as well. A press that was not answered before a kill is sent by Telegram again; to acknowledge
 * twice changes nothing.
 */

#include "relay/presses.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/deadline.h"
#include "relay/channel/telegram_updates.h"
#include "relay/deliver/deliver.h"
#include "relay/pause.h"
#include "relay/store/said.h"

/* Incidents for which the store is held at a time; the longest time that Telegram may ask us to wait. */
enum { AT_ONCE = 64, LONGEST_MS = 3600 * 1000 };

static const int64_t second_ns = 1000 * 1000 * 1000;

struct presses {
	struct presses_settings settings;
	const struct channel **channels;
	size_t count;
	struct telegram_updates *updates;
	pthread_t thread;
	bool running;
	struct pause pause;
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
	/* act_acknowledge() takes the store itself, so the
	 * ids are copied and the store is given back before. */
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
			/* One of several may be over already; the person
			 * sees success if any alert was acknowledged. */
			any = acknowledge(p, ids[i], press) || any;
	} while (count == AT_ONCE);
	return any;
}

/* How long to leave Telegram alone after one more failure. */
static int64_t
next_pause(int64_t pause_ns, int64_t retry_ms)
{
	int64_t wanted_ns = (retry_ms < LONGEST_MS ? retry_ms : LONGEST_MS) * 1000000;

	/* 1, 2, 4 ... 32 s: Telegram away for an hour means few lines
	 * and few requests, and half a minute until buttons work again. */
	pause_ns = pause_ns == 0 ? second_ns : pause_ns < 30 * second_ns ? 2 * pause_ns : pause_ns;
	return wanted_ns > pause_ns ? wanted_ns : pause_ns;
}

static void *
poll_all(void *context)
{
	struct presses *p = context;
	int64_t pause_ns = 0;
	bool failing = false;

	while (pause_for(&p->pause, pause_ns)) {
		struct failure why = { 0 };
		int64_t retry_ms = 0;
		bool failed = telegram_updates_poll(p->updates,
				  deadline_in((PRESSES_WAIT + TELEGRAM_UPDATES_SPARE) * second_ns), pressed,
				  p, &retry_ms, &why) != 0;

		if (failed != failing)
			p->settings.notice(p->settings.context, failed,
			    failed ? "Telegram's buttons do not work" : "Telegram's buttons work again",
			    failed ? why.text : NULL);
		failing = failed;
		/* A server that answers at once, without waiting for a press, is not asked without end. */
		pause_ns = failed ? next_pause(pause_ns, retry_ms) : second_ns / 5;
	}
	return NULL;
}

int
presses_start(struct presses **presses, const struct presses_settings *settings, struct failure *why)
{
	struct presses *p = calloc(1, sizeof(*p));

	/* Before anything can fail: the caller frees it in every case. */
	*presses = p;
	if (p == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	p->settings = *settings;
	pause_init(&p->pause);
	p->channels = calloc(settings->channel_count + 1, sizeof(*p->channels));
	if (p->channels == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	for (size_t i = 0; i < settings->channel_count; i++)
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
	pause_end(&p->pause);
	if (p->running)
		(void)pthread_join(p->thread, NULL);
	telegram_updates_free(p->updates);
	pause_release(&p->pause);
	free(p->channels);
	free(p);
}
