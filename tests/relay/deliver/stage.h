#ifndef TESTS_RELAY_DELIVER_STAGE_H
#define TESTS_RELAY_DELIVER_STAGE_H

#include <glob.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/system/time.h"
#include "relay/deliver/deliver.h"
#include "relay/intake/intake.h"
#include "relay/store/journal.h"
#include "relay/store/said.h"
#include "relay/store/store.h"
#include "tests/suite.h"

/*
 * The real store, intake, routes, templates and threads; only what is behind a channel is a test's own: it
 * writes down what it gets, and answers as the test says.
 */

enum { NAMED = 400, SENDS = 4000 };

/* One request that a channel got. */
struct request {
	char channel[CHANNEL_NAME];
	char ids[NAMED][INCIDENT_ID]; /* of the alerts that it names */
	char names[NAMED][12];
	enum message_kind kinds[NAMED];
	size_t count;
	char reply_to[SAID_MESSAGE], ack_data[72], edited[SAID_MESSAGE];
	bool silent, sent;
	int64_t at_ms;
};

/* What a channel says to a request; filled with "sent" before. */
typedef void stage_answer(const struct request *request, struct channel_result *result);

static struct stage {
	char directory[64];
	struct store *store;
	struct templates *templates;
	struct routes *routes;
	struct deliver *deliver;
	struct deliver_settings settings;
	pthread_mutex_t lock;
	struct request *requests[SENDS];
	size_t count;
	stage_answer *answer; /* NULL: all is sent */
	bool closed;          /* requests wait until it is opened */
	bool waiting;         /* one does */
	int number;           /* of the last message */
} stage;

static inline int64_t
stage_clock_ms(void)
{
	return clock_now_ns() / 1000000;
}

static inline struct channel_line *
stage_open(const struct channel *channel, struct failure *why)
{
	(void)why;
	return (struct channel_line *)(uintptr_t)channel;
}

static inline void
stage_close(struct channel_line *line)
{
	(void)line;
}

static inline bool
stage_is_closed(void)
{
	bool closed;

	pthread_mutex_lock(&stage.lock);
	closed = stage.closed;
	stage.waiting |= closed;
	pthread_mutex_unlock(&stage.lock);
	return closed;
}

static inline bool
stage_is_waiting(void)
{
	bool waiting;

	pthread_mutex_lock(&stage.lock);
	waiting = stage.waiting;
	pthread_mutex_unlock(&stage.lock);
	return waiting;
}

static inline void
stage_open_gate(void)
{
	pthread_mutex_lock(&stage.lock);
	stage.closed = false;
	pthread_mutex_unlock(&stage.lock);
}

static inline void
stage_pause(void)
{
	const struct timespec moment = { 0, 1000000 };

	(void)nanosleep(&moment, NULL);
}

static inline void
stage_request(struct channel_line *line, const char *edited, const struct message *message,
    const struct channel_options *options, struct channel_result *result)
{
	const struct channel *channel = (const struct channel *)line;
	struct request *request = calloc(1, sizeof(*request));

	(void)snprintf(request->channel, CHANNEL_NAME, "%s", channel->name);
	(void)snprintf(
	    request->reply_to, SAID_MESSAGE, "%s", options->reply_to != NULL ? options->reply_to : "");
	(void)snprintf(request->ack_data, 72, "%s", options->ack_data != NULL ? options->ack_data : "");
	(void)snprintf(request->edited, SAID_MESSAGE, "%s", edited);
	request->silent = options->silent;
	request->at_ms = stage_clock_ms();
	for (size_t i = 0; i < message->item_count && i < NAMED; i++) {
		const struct message_item *item = &message->items[i];

		(void)snprintf(request->ids[i], INCIDENT_ID, "%s", item->id);
		(void)snprintf(request->names[i], 12, "%.11s", alert_text(item->labels, "alertname"));
		request->kinds[i] = item->kind;
		request->count++;
	}
	while (stage_is_closed())
		stage_pause();
	*result = (struct channel_result){ .outcome = CHANNEL_SENT };
	pthread_mutex_lock(&stage.lock);
	if (stage.answer != NULL)
		stage.answer(request, result);
	request->sent = result->outcome == CHANNEL_SENT;
	if (request->sent)
		(void)snprintf(result->message_id, sizeof(result->message_id), "m%d", ++stage.number);
	if (stage.count < SENDS)
		stage.requests[stage.count++] = request;
	pthread_mutex_unlock(&stage.lock);
}

static inline void
stage_send(struct channel_line *line, const struct message *message, const struct channel_options *options,
    struct deadline deadline, struct channel_result *result)
{
	(void)deadline;
	stage_request(line, "", message, options, result);
}

static inline void
stage_edit(struct channel_line *line, const char *message_id, const struct message *message,
    const struct channel_options *options, struct deadline deadline, struct channel_result *result)
{
	(void)deadline;
	stage_request(line, message_id, message, options, result);
}

static const struct deliver_calls stage_calls = { stage_open, stage_close, stage_send, stage_edit };

static const struct limit_rule stage_limits[CHANNEL_KINDS]; /* there are none */

static const struct channel stage_channels[] = {
	{ .kind = CHANNEL_TELEGRAM, .name = "telegram:main", .token = "1:a" },
	{ .kind = CHANNEL_SLACK, .name = "slack:main", .token = "xoxb" },
	{ .kind = CHANNEL_MAIL, .name = "mail:main" },
	{ .kind = CHANNEL_WEBHOOK, .name = "webhook:main" },
};

static inline void
stage_wake(void *context, bool outbox, bool journal)
{
	(void)context;
	(void)journal;
	if (outbox && stage.deliver != NULL)
		deliver_wake(stage.deliver);
}

static inline void
stage_open_store(void)
{
	struct failure why;

	stage.store = store_open(stage.directory, true, &why);
	ck_assert_msg(stage.store != NULL, "%s", why.text);
	store_watch(stage.store, stage_wake, NULL);
}

static inline void
stage_set_up(void)
{
	struct failure why;

	memset(&stage, 0, sizeof(stage));
	pthread_mutex_init(&stage.lock, NULL);
	(void)snprintf(stage.directory, sizeof(stage.directory), "/tmp/arbwatch-deliver.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(stage.directory));
	stage_open_store();
	stage.templates = templates_new("en", NULL, &why);
	ck_assert_msg(stage.templates != NULL, "%s", why.text);
	stage.settings = (struct deliver_settings){ .channels = stage_channels,
		.channel_count = LENGTH(stage_channels),
		.templates = stage.templates,
		.calls = &stage_calls,
		.limits = stage_limits,
		.retry_ms = 20,
		.retry_slow_ms = 50 };
}

static inline void
stage_stop(void)
{
	struct deliver *deliver = stage.deliver;

	deliver_free(deliver);
	stage.deliver = NULL;
}

static inline void
stage_tear_down(void)
{
	char path[96];
	glob_t found;

	stage_open_gate();
	stage_stop();
	store_close(stage.store);
	routes_free(stage.routes);
	templates_free(stage.templates);
	for (size_t i = 0; i < stage.count; i++)
		free(stage.requests[i]);
	(void)snprintf(path, sizeof(path), "%s/*", stage.directory);
	if (glob(path, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			(void)unlink(found.gl_pathv[i]);
		globfree(&found);
	}
	(void)rmdir(stage.directory);
}

/* Start with one route. */
static inline void
stage_start(const char *route)
{
	const char *names[LENGTH(stage_channels)];
	struct failure why = { 0 };
	size_t index = 0;

	for (size_t i = 0; i < stage.settings.channel_count; i++)
		names[i] = stage.settings.channels[i].name;
	routes_free(stage.routes);
	stage.routes = routes_new(&route, 1, names, stage.settings.channel_count, &index, &why);
	ck_assert_msg(stage.routes != NULL, "%s", why.text);
	stage.settings.routes = stage.routes;
	stage.deliver = deliver_new(&stage.settings, stage.store, &why);
	ck_assert_msg(stage.deliver != NULL, "%s", why.text);
	ck_assert_msg(deliver_start(stage.deliver, &why) == 0, "%s", why.text);
}

static inline void
stage_restart(const char *route)
{
	stage_stop();
	store_close(stage.store);
	stage_open_store();
	stage_start(route);
}

static inline void
stage_commit(void)
{
	struct failure why;

	ck_assert_msg(store_end(stage.store, &why) == 0, "%s", why.text);
}

/* Alerts NAME0, NAME1, ... that fire or are over. */
static inline void
stage_push(const char *name, const char *severity, int from, int count, bool resolved)
{
	const struct intake_plan plan = { .chains = routes_chains, .context = stage.routes };
	struct intake_counts counts = { 0 };
	struct alert_list list = { 0 };
	json_t *alerts = json_array();
	struct failure why;
	char *text;

	stage_pause(); /* an end is later than its begin */
	stage_pause();
	for (int i = from; i < from + count; i++) {
		char instance[16], now[TIME_TEXT];
		json_t *alert;

		(void)snprintf(instance, sizeof(instance), "i%d", i);
		alert =
		    json_pack("{s:{s:s, s:s, s:s}, s:{s:s}, s:s}", "labels", "alertname", name, "severity",
			severity, "instance", instance, "annotations", "summary", "a summary", "endsAt",
			resolved ? time_text((double)store_now_ms() / 1e3, now) : "2199-01-01T00:00:00Z");
		json_array_append_new(alerts, alert);
	}
	text = json_dumps(alerts, 0);
	ck_assert_msg(alert_read_push(SLICE(text), store_now_ms(), &list, &why) == 0, "%s", why.text);
	free(text);
	json_decref(alerts);
	store_begin(stage.store);
	intake_take(stage.store, &list, FEED_PUSH, &plan, store_now_ms(), &counts);
	stage_commit();
	alert_list_release(&list);
}

static inline void
stage_fire(const char *name, const char *severity)
{
	stage_push(name, severity, 0, 1, false);
}

static inline void
stage_resolve(const char *name, const char *severity)
{
	stage_push(name, severity, 0, 1, true);
}

/* Requests to a channel so far (NULL: to all): all, or those that were taken. */
static inline size_t
stage_count(const char *channel, bool sent)
{
	size_t count = 0;

	pthread_mutex_lock(&stage.lock);
	for (size_t i = 0; i < stage.count; i++)
		count += (channel == NULL || strcmp(stage.requests[i]->channel, channel) == 0) &&
			 (!sent || stage.requests[i]->sent);
	pthread_mutex_unlock(&stage.lock);
	return count;
}

/* The request `index` to a channel (NULL: to all). */
static inline const struct request *
stage_get(const char *channel, size_t index)
{
	const struct request *found = NULL;

	pthread_mutex_lock(&stage.lock);
	for (size_t i = 0; i < stage.count && found == NULL; i++) {
		if ((channel == NULL || strcmp(stage.requests[i]->channel, channel) == 0) && index-- == 0)
			found = stage.requests[i];
	}
	pthread_mutex_unlock(&stage.lock);
	ck_assert_ptr_nonnull(found);
	return found;
}

/* Wait for so many requests to a channel that were taken; ticking, as main does. */
static inline void
stage_await(const char *channel, size_t count, bool sent)
{
	int64_t end = stage_clock_ms() + 20000;

	while (stage_count(channel, sent) < count) {
		ck_assert_msg(stage_clock_ms() < end, "%zu of %zu requests to %s came",
		    stage_count(channel, sent), count, channel);
		deliver_tick(stage.deliver);
		stage_pause();
	}
}

static inline size_t
stage_waiting(void)
{
	struct outbox_channel channels[8];
	size_t waiting = 0, count;

	store_begin(stage.store);
	count = outbox_channels(stage.store, channels, 8);
	for (size_t i = 0; i < count; i++)
		waiting += channels[i].count;
	stage_commit();
	return waiting;
}

/* Wait until nothing waits in the outbox. */
static inline void
stage_drain(void)
{
	int64_t end = stage_clock_ms() + 20000;

	while (stage_waiting() > 0) {
		ck_assert_msg(stage_clock_ms() < end, "%zu tasks wait", stage_waiting());
		stage_pause();
	}
}

/* Events of a kind in the journal, of a channel (NULL: of any). */
static inline size_t
stage_events(enum event_kind kind, const char *channel)
{
	static struct journal_entry entries[20000];
	size_t count, found = 0;

	store_begin(stage.store);
	count = journal_read(stage.store, entries, LENGTH(entries));
	stage_commit();
	for (size_t i = 0; i < count; i++)
		found += entries[i].kind == kind &&
			 (channel == NULL ||
			     (entries[i].channel != NULL && strcmp(entries[i].channel, channel) == 0));
	journal_release(entries, count);
	return found;
}

/* How often an alert is named in messages of a channel that were taken, in its first or another kind. */
static inline size_t
stage_named(const char *channel, const char *id, enum message_kind kind)
{
	size_t named = 0;

	pthread_mutex_lock(&stage.lock);
	for (size_t i = 0; i < stage.count; i++) {
		const struct request *request = stage.requests[i];

		for (size_t k = 0;
		     k < request->count && request->sent && strcmp(request->channel, channel) == 0; k++)
			named += strcmp(request->ids[k], id) == 0 && request->kinds[k] == kind;
	}
	pthread_mutex_unlock(&stage.lock);
	return named;
}

/* Do `change` with each open incident. */
static inline void
stage_each(void (*change)(struct incident *incident))
{
	struct incident incident;
	int64_t row = 0;

	store_begin(stage.store);
	while (incident_next(stage.store, row, &incident)) {
		row = incident.row;
		change(&incident);
		incident_release(&incident);
	}
	stage_commit();
}

/* As act_acknowledge() does. */
static inline void
stage_acknowledge(struct incident *incident)
{
	int64_t now = store_now_ms();

	incident->acknowledged_ms = now;
	incident_text(&incident->acknowledged_by, "Ann");
	incident_text(&incident->acknowledged_via, "api");
	incident_save(stage.store, incident);
	outbox_drop(stage.store, incident, 1U << TASK_FIRED | 1U << TASK_REPEATED | 1U << TASK_ESCALATED);
	outbox_acknowledge(stage.store, incident, now);
}

#endif /* TESTS_RELAY_DELIVER_STAGE_H */
