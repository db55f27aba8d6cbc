/*
 * A list that could not be read again is dropped at once: what was open a moment ago may be over, and a page
 * that says why it does not know is worth more than one that shows yesterday's alerts.
 */

#include "exporter/alerts/watch.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/deadline.h"
#include "common/version.h"
#include "exporter/health/text.h"
#include "probes/http/http.h"

static const int64_t second_ns = INT64_C(1000) * 1000 * 1000;
/* A list of 1,000 alerts has about a megabyte; this is for a storm. */
enum { INTERVAL = 2, PATIENCE = 3, BODY = 8 * 1024 * 1024 };

struct alerts_watch {
	struct alerts_settings settings;
	struct http_client *client;
	char *url; /* of the list */
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t stop;
	bool stopping;
	struct open_alerts alerts;
};

/* 0, or -1 with `why`, which names the server: it is for the log and the page. */
static int
ask(struct alerts_watch *watch, struct open_alerts *alerts, struct failure *why)
{
	const struct http_request request = { .url = watch->url };
	struct http_response response = { 0 };

	http_ask(watch->client, &request, 1, NULL, deadline_in(PATIENCE * second_ns), &response);
	if (response.failure.kind != FAILURE_NONE) {
		*why = response.failure;
		return -1;
	}
	if (response.status != 200)
		return failure_set(why, FAILURE_REJECTED,
		    "%s answers with status %d: --alerts.url must name alert_relay or Alertmanager, and one that asks for no user",
		    watch->settings.url, response.status);
	if (open_alerts_read(alerts, response.body, why) != 0)
		return failure_prefix(why, "%s", watch->settings.url);
	alerts->read_at = clock_unix_seconds();
	return 0;
}

/* The log hears of a change alone: a server that is away for a night is two lines, not 14,400. */
static void
look(struct alerts_watch *watch, struct open_alerts *alerts)
{
	struct failure why = { 0 };
	bool was_good = alerts->why[0] == '\0', is_good = ask(watch, alerts, &why) == 0;

	if (!is_good)
		alerts->count = alerts->more = 0;
	words_copy(SLICE(why.text), false, alerts->why, sizeof(alerts->why));
	if (is_good != was_good)
		watch->settings.notice(watch->settings.context, is_good ? NULL : why.text);
}

/* The copy is what readers get: they hold the lock as long as copying takes, and never wait for the server.
 * False: it is over. */
static bool
rest(struct alerts_watch *watch, const struct open_alerts *alerts)
{
	int64_t until_ns = clock_now_ns() + INTERVAL * second_ns;
	const struct timespec until = { .tv_sec = until_ns / second_ns, .tv_nsec = until_ns % second_ns };
	bool stopping;

	(void)pthread_mutex_lock(&watch->lock);
	watch->alerts = *alerts;
	while (!watch->stopping && pthread_cond_timedwait(&watch->stop, &watch->lock, &until) == 0)
		;
	stopping = watch->stopping;
	(void)pthread_mutex_unlock(&watch->lock);
	return !stopping;
}

static void *
run(void *context)
{
	struct alerts_watch *watch = context;
	struct open_alerts alerts = watch->alerts;

	do
		look(watch, &alerts);
	while (rest(watch, &alerts));
	return NULL;
}

static void
release(struct alerts_watch *watch)
{
	http_client_free(watch->client);
	free(watch->url);
	(void)pthread_cond_destroy(&watch->stop);
	(void)pthread_mutex_destroy(&watch->lock);
	free(watch);
}

struct alerts_watch *
alerts_watch_new(const struct alerts_settings *settings, struct failure *why)
{
	struct alerts_watch *watch = calloc(1, sizeof(*watch));
	pthread_condattr_t attributes;
	char agent[64];

	if (watch == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	watch->settings = *settings;
	watch->alerts = (struct open_alerts){ .asked = true, .read_at = NAN };
	(void)pthread_mutex_init(&watch->lock, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&watch->stop, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	if (asprintf(&watch->url, "%s/api/v2/alerts", settings->url) < 0)
		watch->url = NULL;
	(void)snprintf(agent, sizeof(agent), "arbwatch/%.32s", version_number);
	watch->client = http_client_new(
	    &(struct http_settings){
		.ca_file = settings->ca_file, .user_agent = agent, .body_limit = BODY, .connections = 2 },
	    why);
	if (watch->client != NULL && watch->url != NULL &&
	    pthread_create(&watch->thread, NULL, run, watch) == 0)
		return watch;
	if (watch->client != NULL)
		(void)failure_set(why, FAILURE_LOCAL, "no memory or no thread to read alerts with");
	release(watch);
	return NULL;
}

void
alerts_watch_free(struct alerts_watch *watch)
{
	if (watch == NULL)
		return;
	(void)pthread_mutex_lock(&watch->lock);
	watch->stopping = true;
	(void)pthread_cond_signal(&watch->stop);
	(void)pthread_mutex_unlock(&watch->lock);
	(void)pthread_join(watch->thread, NULL);
	release(watch);
}

void
alerts_watch_copy(struct alerts_watch *watch, struct open_alerts *alerts)
{
	if (watch == NULL) {
		*alerts = (struct open_alerts){ .read_at = NAN };
		return;
	}
	(void)pthread_mutex_lock(&watch->lock);
	*alerts = watch->alerts;
	(void)pthread_mutex_unlock(&watch->lock);
}
