/*
 * All of it is asked for each scrape: counters from the parts, the rest from the store, in one look.  A value
 * that is not known is left out.
 */

#include "relay/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "common/deadline.h"
#include "common/version.h"
#include "relay/incident_metrics.h"
#include "relay/relay.h"
#include "relay/store/journal.h"
#include "relay/store/outbox.h"
#include "textfile/number.h"
#include "web/lines.h"
#include "web/process.h"

void
relay_metrics_init(struct relay_metrics *m)
{
	m->started = clock_unix_seconds();
	/* The start counts as the first load. */
	atomic_store(&m->reloaded_ms, (long long)(m->started * 1000));
}

/* What the store has now. */
struct stored {
	bool known;
	size_t open[SEVERITIES];
	struct outbox_channel tasks[RELAY_CHANNELS];
	size_t task_count;
	size_t pending;
	int64_t oldest_ms, now_ms;
	size_t listed;
};

/* Up to `room` open incidents, without annotations, which the caller releases. */
static void
look(struct relay *r, struct stored *stored, struct incident listed[], size_t room)
{
	*stored = (struct stored){ .now_ms = store_now_ms() };
	/* One transaction: the figures of one scrape fit each other. It waits for
	 * the store as all do, so a scrape may take as long as the slowest commit. */
	store_begin(r->store);
	incident_count(r->store, stored->open);
	stored->listed = incident_list_brief(r->store, listed, room);
	stored->task_count = outbox_channels(r->store, stored->tasks, RELAY_CHANNELS);
	journal_state(r->store, &stored->pending, &stored->oldest_ms);
	stored->known = !store_failed(r->store);
	store_cancel(r->store);
}

static const struct outbox_channel *
tasks_of(const struct stored *stored, const char *channel)
{
	/* A channel without tasks is 0, not missing: an alert on it must be able to end. */
	static const struct outbox_channel none;

	for (size_t i = 0; i < stored->task_count; i++)
		if (strcmp(stored->tasks[i].channel, channel) == 0)
			return &stored->tasks[i];
	return &none;
}

/* The clock may have been set back. */
static double
seconds_since(int64_t then_ms, int64_t now_ms)
{
	return then_ms == 0 || then_ms > now_ms ? 0 : (double)(now_ms - then_ms) / 1000;
}

static void
write_feeds(const struct feeds *feeds, struct buffer *out)
{
	static const char *const statuses[2] = { "firing", "resolved" };
	long long heartbeat = atomic_load(&feeds->heartbeat_ms);

	lines_head(out, "alert_relay_alerts_received_total", "counter", "Alerts that were taken, by feed.");
	for (size_t i = 0; i < FEEDS; i++)
		for (size_t s = 0; s < 2; s++)
			buffer_format(out,
			    "alert_relay_alerts_received_total{feed=\"%s\",status=\"%s\"} %llu\n",
			    feed_names[i], statuses[s], atomic_load(&feeds->received[i][s]));
	lines_head(out, "alert_relay_alerts_refused_total", "counter",
	    "Alerts and whole requests that were refused because they are not valid.");
	for (size_t i = 0; i < FEEDS; i++)
		buffer_format(out, "alert_relay_alerts_refused_total{feed=\"%s\"} %llu\n", feed_names[i],
		    atomic_load(&feeds->refused[i]));
	/* 0 would be 1970: a rule on its age would fire at each start before the first heartbeat. */
	if (heartbeat != 0)
		lines_single(out, "alert_relay_heartbeat_timestamp_seconds", "gauge",
		    "Unix time of the last heartbeat (Watchdog) from Alertmanager or Prometheus.",
		    (double)heartbeat / 1000);
}

static void
write_stored(const struct relay *r, const struct stored *stored, struct buffer *out)
{
	lines_head(out, "alert_relay_open_incidents", "gauge", "Alerts that fire now, by severity.");
	for (size_t i = 0; i < SEVERITIES; i++)
		buffer_format(out, "alert_relay_open_incidents{severity=\"%s\"} %zu\n",
		    alert_severity_name((enum alert_severity)i), stored->open[i]);
	lines_head(out, "alert_relay_outbox_tasks", "gauge",
	    "Messages about alerts that wait to be sent, by channel.");
	/* By the settings' channels, not the outbox's: the
	 * label's values are bounded by the configuration. */
	for (size_t i = 0; i < r->settings.channel_count; i++)
		buffer_format(out, "alert_relay_outbox_tasks{channel=\"%s\"} %zu\n",
		    r->settings.channels[i].name, tasks_of(stored, r->settings.channels[i].name)->count);
	lines_head(out, "alert_relay_outbox_oldest_seconds", "gauge",
	    "How long the oldest message has been waiting, by channel.");
	for (size_t i = 0; i < r->settings.channel_count; i++) {
		const char *name = r->settings.channels[i].name;

		buffer_format(out, "alert_relay_outbox_oldest_seconds{channel=\"%s\"} ", name);
		lines_number(out, seconds_since(tasks_of(stored, name)->oldest_ms, stored->now_ms));
	}
}

static void
write_latency(const struct deliver_counters *c, struct buffer *out)
{
	static const char name[] = "alert_relay_delivery_latency_seconds";
	unsigned long long count = 0;
	char number[NUMBER_TEXT];

	for (size_t i = 0; i < DELIVER_BOUNDS; i++) {
		size_t length = number_format(deliver_bounds[i], number);

		count += c->latency[i];
		buffer_format(out, "%s_bucket{channel=\"%s\",le=\"%.*s\"} %llu\n", name, c->channel,
		    (int)length, number, count);
	}
	count += c->latency[DELIVER_BOUNDS];
	buffer_format(out, "%s_bucket{channel=\"%s\",le=\"+Inf\"} %llu\n", name, c->channel, count);
	buffer_format(out, "%s_sum{channel=\"%s\"} ", name, c->channel);
	lines_number(out, c->latency_seconds);
	buffer_format(out, "%s_count{channel=\"%s\"} %llu\n", name, c->channel, count);
}

static void
write_delivery(struct relay *r, struct buffer *out)
{
	struct deliver_counters all[RELAY_CHANNELS];
	size_t count = r->settings.channel_count;

	for (size_t i = 0; i < count; i++)
		deliver_counters(r->deliver, i, &all[i]);
	lines_head(out, "alert_relay_deliveries_total", "counter",
	    "Alerts by channel and result: sent in a message, retried, or failed.");
	for (size_t i = 0; i < count; i++)
		buffer_format(out,
		    "alert_relay_deliveries_total{channel=\"%s\",result=\"sent\"} %llu\n"
		    "alert_relay_deliveries_total{channel=\"%s\",result=\"retried\"} %llu\n"
		    "alert_relay_deliveries_total{channel=\"%s\",result=\"failed\"} %llu\n",
		    all[i].channel, (unsigned long long)all[i].sent, all[i].channel,
		    (unsigned long long)all[i].retried, all[i].channel, (unsigned long long)all[i].failed);
	lines_head(out, "alert_relay_merged_alerts_total", "counter",
	    "Alerts that shared a message with others, by channel.");
	for (size_t i = 0; i < count; i++)
		buffer_format(out, "alert_relay_merged_alerts_total{channel=\"%s\"} %llu\n", all[i].channel,
		    (unsigned long long)all[i].merged);
	lines_head(out, "alert_relay_throttled_total", "counter",
	    "P1 alerts that had to wait, since the same one was sent less than 5 minutes ago.");
	for (size_t i = 0; i < count; i++)
		buffer_format(out, "alert_relay_throttled_total{channel=\"%s\"} %llu\n", all[i].channel,
		    (unsigned long long)all[i].throttled);
	lines_head(out, "alert_relay_channel_up", "gauge",
	    "1 if the last message arrived at the channel, else 0; nothing before the first one.");
	for (size_t i = 0; i < count; i++)
		if (all[i].up >= 0)
			buffer_format(
			    out, "alert_relay_channel_up{channel=\"%s\"} %d\n", all[i].channel, all[i].up);
	lines_head(out, "alert_relay_delivery_latency_seconds", "histogram",
	    "From an alert's start to the answer of the channel, for alerts that fire.");
	for (size_t i = 0; i < count; i++)
		write_latency(&all[i], out);
}

static void
write_history(struct relay *r, const struct stored *stored, struct buffer *out)
{
	struct history_status status = { 0 };

	if (r->history != NULL)
		history_status(r->history, &status);
	lines_single(out, "alert_relay_history_configured", "gauge",
	    "1 if there is a PostgreSQL for the history, else 0.", r->history != NULL);
	if (r->history == NULL)
		return;
	lines_single(out, "alert_relay_history_up", "gauge",
	    "1 if the last transaction with PostgreSQL worked, else 0.", status.up);
	if (!stored->known)
		return;
	lines_single(out, "alert_relay_history_pending_events", "gauge",
	    "Events that are not in the history yet.", (double)stored->pending);
	lines_single(out, "alert_relay_history_behind_seconds", "gauge",
	    "How long the oldest of them has been waiting.",
	    stored->pending == 0 ? 0 : seconds_since(stored->oldest_ms, stored->now_ms));
}

static void
write_alertmanager(struct relay *r, struct buffer *out)
{
	struct act_status status;

	act_status(r->act, &status);
	lines_single(out, "alert_relay_alertmanager_configured", "gauge",
	    "1 if there is an Alertmanager to ask, else 0.", status.configured);
	if (status.configured)
		lines_single(out, "alert_relay_alertmanager_up", "gauge",
		    "1 if Alertmanager answered the last time, else 0.", status.up);
}

void
relay_metrics_write(struct relay *r, struct buffer *out)
{
	const struct relay_metrics *m = &r->metrics;
	struct incident listed[INCIDENT_METRICS];
	struct stored stored;

	look(r, &stored, listed, INCIDENT_METRICS);
	lines_head(out, "alert_relay_build_info", "gauge",
	    "Version and revision of the running program; the value is always 1.");
	buffer_format(out, "alert_relay_build_info{version=\"%s\",revision=\"%s\"} 1\n", version_number,
	    version_revision);
	write_feeds(&r->feeds, out);
	if (stored.known) {
		write_stored(r, &stored, out);
		incident_metrics_write(listed, stored.listed, out);
	}
	while (stored.listed > 0)
		incident_release(&listed[--stored.listed]);
	lines_single(out, "alert_relay_store_failures_total", "counter",
	    "Transactions that could not be written to the disk.", (double)store_failures(r->store));
	write_delivery(r, out);
	write_history(r, &stored, out);
	write_alertmanager(r, out);
	process_write(m->started, out);
	web_metrics_write(&m->web, "alert_relay", out);
	lines_single(out, "alert_relay_config_last_reload_successful", "gauge",
	    "1 if the last attempt to read the configuration succeeded, else 0.",
	    !atomic_load(&m->reload_failed));
	lines_single(out, "alert_relay_config_last_reload_success_timestamp_seconds", "gauge",
	    "Unix time at which the configuration was last read successfully.",
	    (double)atomic_load(&m->reloaded_ms) / 1000);
}

/* --- /health --- */

/* Takes the reference; without memory the answer lacks something, and its writer notices. */
static json_t *
part(bool configured, bool up, const char *reason)
{
	return configured
		   ? json_pack("{s:b, s:s*}", "up", up, "reason", up || *reason == '\0' ? NULL : reason)
		   : json_null();
}

static json_t *
channels_json(struct relay *r, const struct stored *stored, bool *degraded)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->settings.channel_count; i++) {
		const char *name = r->settings.channels[i].name;
		struct deliver_counters counters;

		deliver_counters(r->deliver, i, &counters);
		/* Only a channel that failed. One that was never used (-1) may be perfectly well. */
		*degraded = *degraded || counters.up == 0;
		(void)json_array_append_new(
		    list, json_pack("{s:s, s:o, s:I}", "name", name, "up",
			      counters.up < 0 ? json_null() : json_boolean(counters.up), "waiting",
			      (json_int_t)tasks_of(stored, name)->count));
	}
	return list;
}

void
relay_health_write(struct relay *r, struct buffer *out)
{
	struct history_status history = { .up = true };
	struct act_status act;
	struct stored stored;
	bool ready = relay_ready(r), degraded;
	json_t *json, *channels;
	char *text;

	look(r, &stored, NULL, 0);
	act_status(r->act, &act);
	if (r->history != NULL)
		history_status(r->history, &history);
	degraded = !history.up || (act.configured && !act.up);
	channels = channels_json(r, &stored, &degraded);
	json = json_pack("{s:s, s:o, s:o, s:o, s:o, s:I}", "status",
	    !ready     ? "unhealthy"
	    : degraded ? "degraded"
		       : "healthy",
	    "store", part(true, ready, "alerts cannot be written to the disk"), "history",
	    part(r->history != NULL, history.up, history.reason.text), "alertmanager",
	    part(act.configured, act.up, act.reason.text), "channels", channels, "history_pending_events",
	    (json_int_t)stored.pending);
	text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
	if (text != NULL)
		buffer_string(out, text);
	else
		out->failed = true;
	buffer_string(out, "\n");
	free(text);
	json_decref(json);
}
