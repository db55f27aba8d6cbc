/*
 * Where the parts are put together. The order is the point. At the start: the store first, since all others
 * read from it; then what they call (act, history, deliver); store_watch() before any thread can commit;
 * threads last. At the end the store is closed last: a thread that ends may still write what it just did.
 *
 * The parts do not know this file. They get callbacks, all of which may be called from any thread.
 */

#include "relay/relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/deadline.h"
#include "common/net/url.h"
#include "relay/serve.h"

static const int64_t second_ns = 1000 * 1000 * 1000;

/* --- What needs no disk and no network --- */

static int
read_templates(struct relay *r, const struct options *o, struct failure *why)
{
	const struct relay_settings *s = &r->settings;
	struct failure reason = { 0 };

	/* Of the whole process, so before any thread exists. */
	if (time_zone_use(s->time_zone, &reason) != 0)
		return options_failure(o, "time-zone", 0, why, "%s", reason.text);
	r->templates = templates_new(s->language, s->templates, &reason);
	if (r->templates != NULL)
		return 0;
	return options_failure(o, s->templates != NULL ? "templates" : "language", 0, why, "%s", reason.text);
}

static int
read_routes(struct relay *r, const struct options *o, struct failure *why)
{
	const struct relay_settings *s = &r->settings;
	const char *names[RELAY_CHANNELS];
	struct failure reason = { 0 };
	size_t index = 0;

	for (size_t i = 0; i < s->channel_count; i++)
		names[i] = s->channels[i].name;
	r->routes = routes_new(s->routes, s->route_count, names, s->channel_count, &index, &reason);
	if (r->routes != NULL)
		return 0;
	return options_failure(o, "route", index, why, "%s", reason.text);
}

int
relay_init(struct relay *r, const struct options *o, struct failure *why)
{
	memset(r, 0, sizeof(*r));
	(void)pthread_mutex_init(&r->lock, NULL);
	relay_metrics_init(&r->metrics);
	if (relay_settings_read(&r->settings, o, why) != 0 || read_templates(r, o, why) != 0)
		return -1;
	return read_routes(r, o, why);
}

void
relay_release(struct relay *r)
{
	routes_free(r->routes);
	templates_free(r->templates);
	relay_settings_release(&r->settings);
	(void)pthread_mutex_destroy(&r->lock);
}

/* Where a channel sends, without what is secret about it. */
static void
print_channel(const struct channel *channel)
{
	struct failure why;
	struct url url;

	printf("  %s: ", channel->name);
	/* The address itself is the secret of an incoming webhook. */
	if (channel->to == NULL && url_parse(&url, channel->url, &why) == 0) {
		printf("%s://%s/...\n", url.scheme, url.host);
		url_release(&url);
	} else if (channel->to != NULL)
		printf("%s by %s\n", channel->to, channel->url);
	else
		printf("\n");
}

void
relay_print(const struct relay *r)
{
	const struct relay_settings *s = &r->settings;
	struct buffer text;

	buffer_init(&text, 1024 * 1024);
	routes_describe(r->routes, &text);
	printf("Routes (the first one that fits decides):\n%.*s", (int)text.length,
	    text.length > 0 ? text.text : "");
	buffer_release(&text);
	printf("Channels:%s\n", s->channel_count == 0 ? " none, so nothing is sent" : "");
	for (size_t i = 0; i < s->channel_count; i++)
		print_channel(&s->channels[i]);
	printf("History: %s\n", s->postgres != NULL ? postgres_target_address(s->postgres) : "none");
	printf("Alertmanager: %s\n", s->alertmanager != NULL ? s->alertmanager : "none");
	if (s->external_url == NULL && s->channel_count > 0)
		printf("Messages have no links: --web.external-url is not given.\n");
}

/* --- What the parts tell each other --- */

static void
say(void *context, bool bad, const char *message, const char *reason)
{
	const struct relay *r = context;

	r->notice(r->context, bad, message, NULL, reason);
}

static void
say_channel(void *context, bool bad, const char *message, const char *channel, const char *reason)
{
	struct relay *r = context;

	(void)pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < r->settings.channel_count; i++)
		if (channel != NULL && strcmp(r->settings.channels[i].name, channel) == 0) {
			r->channels[i].failing_ms = bad ? store_now_ms() : 0;
			(void)snprintf(r->channels[i].reason, sizeof(r->channels[i].reason), "%s",
			    bad && reason != NULL ? reason : "");
			/* A service may repeat our request, token and all,
			 * in its answer, and this text is shown on the page. */
			secrets_mask(&r->settings.secrets, r->channels[i].reason);
		}
	(void)pthread_mutex_unlock(&r->lock);
	r->notice(r->context, bad, message, channel, reason);
}

static void
changed(void *context, bool outbox, bool journal)
{
	struct relay *r = context;

	if (outbox)
		deliver_wake(r->deliver);
	if (journal)
		history_wake(r->history);
}

static void
link_of(void *context, const char *id, char *url, size_t size)
{
	const struct relay *r = context;
	char token[ACT_TOKEN];

	act_link_token(r->act, id, token);
	/* A link that is cut would be a wrong one: rather none. */
	if (r->settings.external_url == NULL ||
	    snprintf(url, size, "%s/ack/%s?k=%s", r->settings.external_url, id, token) >= (int)size)
		*url = '\0';
}

static size_t
list_channels(void *context, struct page_channel channels[], size_t room)
{
	struct relay *r = context;
	size_t count = r->settings.channel_count < room ? r->settings.channel_count : room;

	for (size_t i = 0; i < count; i++) {
		struct deliver_counters counters;

		/* It takes deliver's lock, so it is outside of ours:
		 * say_channel() is called by deliver's threads. */
		deliver_counters(r->deliver, i, &counters);
		channels[i] = (struct page_channel){ .last_ms = counters.last_ms };
	}
	(void)pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < count; i++) {
		channels[i].failing_ms = r->channels[i].failing_ms;
		(void)snprintf(
		    channels[i].name, sizeof(channels[i].name), "%s", r->settings.channels[i].name);
		(void)snprintf(channels[i].reason, sizeof(channels[i].reason), "%s", r->channels[i].reason);
	}
	(void)pthread_mutex_unlock(&r->lock);
	return count;
}

/* --- Start and end --- */

static void
tell_store(struct relay *r)
{
	struct failure what;

	while (store_notice(r->store, &what))
		r->notice(r->context, true, "the database of the outbox was replaced", NULL, what.text);
}

static int
open_store(struct relay *r, struct failure *why)
{
	int64_t now_ms = store_now_ms();

	r->store = store_open(r->settings.directory, r->settings.postgres != NULL, why);
	if (r->store == NULL)
		return -1;
	tell_store(r);
	store_begin(r->store);
	intake_start(r->store, now_ms);
	return store_end(r->store, why);
}

static int
make_act(struct relay *r, struct failure *why)
{
	const struct act_settings settings = { .directory = r->settings.directory,
		.alertmanager = r->settings.alertmanager,
		.ca_file = r->settings.alertmanager_ca,
		.interval_ns = r->settings.alertmanager_interval_ns,
		.plan = &r->feeds.plan,
		.notice = say,
		.context = r };

	r->act = act_new(&settings, r->store, why);
	return r->act != NULL ? 0 : -1;
}

static int
make_history(struct relay *r, struct failure *why)
{
	const struct history_settings settings = { .target = r->settings.postgres,
		.retention_ns = r->settings.retention_ms * 1000000,
		.reader = r->settings.reader,
		.notice = say,
		.context = r };

	if (r->settings.postgres == NULL)
		return 0;
	r->history = history_new(&settings, r->store, why);
	return r->history != NULL ? 0 : -1;
}

static int
make_deliver(struct relay *r, struct failure *why)
{
	const struct deliver_settings settings = { .channels = r->settings.channels,
		.channel_count = r->settings.channel_count,
		.routes = r->routes,
		.templates = r->templates,
		.escalate_after_ms = r->settings.escalate_ms,
		.retry_slow_ms = r->settings.retry_slow_ms,
		.acknowledge_url = link_of,
		.notice = say_channel,
		.context = r };

	r->deliver = deliver_new(&settings, r->store, why);
	return r->deliver != NULL ? 0 : -1;
}

static int
start_presses(struct relay *r, struct failure *why)
{
	const struct presses_settings settings = { .channels = r->settings.channels,
		.channel_count = r->settings.channel_count,
		.users = r->settings.users,
		.user_count = r->settings.user_count,
		.templates = r->templates,
		.store = r->store,
		.act = r->act,
		.notice = say,
		.context = r };

	return presses_start(&r->presses, &settings, why);
}

static int
start_daily(struct relay *r, struct failure *why)
{
	const struct daily_settings settings = { .channel = relay_settings_channel(&r->settings, "mail:main"),
		.history = r->history,
		.templates = r->templates,
		.minute = r->settings.summary_minute,
		.notice = say,
		.context = r };

	return r->settings.summary_minute < 0 ? 0 : daily_start(&r->daily, &settings, why);
}

int
relay_start(struct relay *r, struct failure *why)
{
	if (open_store(r, why) != 0 || make_act(r, why) != 0 || make_history(r, why) != 0 ||
	    make_deliver(r, why) != 0)
		return -1;
	/* deliver and history exist from here on, as changed() needs. */
	store_watch(r->store, changed, r);
	r->feeds.store = r->store;
	r->feeds.plan = (struct intake_plan){ routes_chains, r->routes };
	r->feeds.notice = say;
	r->feeds.context = r;
	r->api = (struct api){ .history = r->history, .store = r->store, .act = r->act };
	r->page = (struct page){ .store = r->store,
		.act = r->act,
		.history = r->history,
		.channels = list_channels,
		.context = r };
	if ((r->history != NULL && history_start(r->history, why) != 0) ||
	    deliver_start(r->deliver, why) != 0)
		return -1;
	return act_start(r->act, why) != 0 || start_presses(r, why) != 0 ? -1 : start_daily(r, why);
}

void
relay_tick(struct relay *r)
{
	struct failure why = { 0 };

	/* The main loop comes five times a second, for signals;
	 * each sweep is a transaction, and once a second is enough. */
	if (clock_now_ns() - r->ticked_ns < second_ns)
		return;
	r->ticked_ns = clock_now_ns();
	store_begin(r->store);
	intake_sweep(r->store, &r->feeds.plan, store_now_ms());
	atomic_store(&r->store_fails, store_end(r->store, &why) != 0);
	tell_store(r);
	deliver_tick(r->deliver);
}

void
relay_stop(struct relay *r)
{
	/* Those that use others end before them: daily uses history, presses use act. */
	daily_free(r->daily);
	presses_free(r->presses);
	/* A message on its way still gets its link from act, and what act's thread commits wakes the lanes.
	 */
	act_stop(r->act);
	deliver_free(r->deliver);
	act_free(r->act);
	history_free(r->history);
	if (r->store != NULL)
		store_close(r->store);
}

/* Channels and PostgreSQL do not count: alerts are taken and kept without
 * them, and a relay that is restarted for that reason would only lose time. */
bool
relay_ready(struct relay *r)
{
	return !atomic_load(&r->store_fails) && !atomic_load(&r->feeds.failing);
}
