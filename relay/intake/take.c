/*
 * Three feeds report the same alerts: Prometheus all of them, at once and each
 * minute; Alertmanager's webhook those that people should get, later, and their
 * ends; a bot its own.  They come in any order, and again after every failure.
 * So each alert is compared with what is known of its fingerprint, and one that
 * says nothing new changes nothing.
 */

#include <stdio.h>
#include <string.h>

#include "relay/intake/rules.h"
#include "relay/store/journal.h"
#include "relay/store/said.h"

struct taking {
	struct store *store;
	enum incident_feed feed;
	const struct intake_plan *plan;
	int64_t now_ms;
};

/* Whether this feed decides about messages; the other one only watches. */
static bool
feed_tells(enum incident_feed feed)
{
	return feed != FEED_OBSERVE;
}

static void
add_event(const struct taking *taking, const struct incident *incident, enum event_kind kind, bool snapshot)
{
	const struct event event = { .kind = kind, .at_ms = taking->now_ms, .latency_ms = -1 };

	journal_add(taking->store, incident, &event, snapshot);
}

/* When it expires if no feed reports it again. */
static void
set_expiry(const struct taking *taking, const struct alert *alert, struct incident *incident)
{
	if (taking->feed == FEED_WEBHOOK) {
		/* Who promised an end keeps to it. */
		if (incident->promised_ms == 0)
			incident->expires_ms = taking->now_ms + SILENCE_MS;
		return;
	}
	/* Prometheus sends an end four renewals ahead with each firing alert: if it goes
	 * silent, the alert expires then. A bot that sends no end gets five minutes. */
	incident->promised_ms =
	    alert->ends_ms > taking->now_ms ? alert->ends_ms : taking->now_ms + PUSH_EXPIRY_MS;
	incident->expires_ms = incident->promised_ms + EXPIRY_GRACE_MS;
}

/* What every telling of it brings. */
static void
see(const struct taking *taking, const struct alert *alert, struct incident *incident)
{
	incident->seen_ms = taking->now_ms;
	/* A feed has reported it, so the polls that missed it are counted from 0 again. */
	incident->missed = 0;
	incident->feeds |= taking->feed;
	if (alert->resolved)
		return;
	set_expiry(taking, alert, incident);
	/* Annotations hold the current value ("spread is 12 %"), so the
	 * latest ones are shown. Labels never change: they are the identity. */
	json_decref(incident->annotations);
	incident->annotations = json_incref(alert->annotations);
	if (alert->link != NULL)
		incident_text(&incident->link, alert->link);
}

static void
renew(const struct taking *taking, const struct alert *alert, struct incident *incident)
{
	bool again = taking->feed == FEED_WEBHOOK && (incident->feeds & FEED_WEBHOOK) != 0;
	struct delivery delivery = { .count = 0 };

	see(taking, alert, incident);
	incident->repeats += again;
	if (alert->starts_ms < incident->starts_ms)
		incident_start_earlier(taking->store, incident, alert->starts_ms);
	if (feed_tells(taking->feed))
		delivery_plan(&delivery, taking->store, incident, taking->plan, taking->now_ms);
	incident_renew(taking->store, incident);
	if (delivery.count > 0 || delivery.muted || delivery.released)
		incident_save(taking->store, incident);
	/* Only the webhook's repeats are events. Prometheus renews
	 * each minute, and the history would be nothing but that. */
	if (again)
		add_event(taking, incident, EVENT_REPEATED, false);
	delivery_add(&delivery, taking->store, incident, taking->now_ms);
}

/* Whether a message in some channel said that it is over. */
static bool
was_said_resolved(struct store *store, const char *fingerprint)
{
	struct said said = { 0 };

	while (said_next(store, fingerprint, said.channel, &said))
		if (said.resolved)
			return true;
	return false;
}

/* It was taken for over, and is not. */
static void
open_again(const struct taking *taking, const struct alert *alert, struct incident *incident)
{
	struct delivery delivery = { .count = 0 };

	incident->status = INCIDENT_OPEN;
	incident->ends_ms = incident->closed_ms = 0;
	incident->end_told = false;
	/* The end that waits is not true any more; if an end was
	 * said already, people have to be told anew (below). */
	outbox_drop(taking->store, incident, 1U << TASK_RESOLVED);
	if (was_said_resolved(taking->store, incident->fingerprint)) {
		incident->delivered_ms = incident->escalated_ms = 0;
		/* To people it is another one. */
		incident->acknowledged_ms = 0;
		incident_text(&incident->acknowledged_by, NULL);
		incident_text(&incident->acknowledged_via, NULL);
		incident_text(&incident->note, NULL);
	}
	if (incident->delivered_ms != 0)
		incident->check_ms = taking->now_ms;
	see(taking, alert, incident);
	if (feed_tells(taking->feed))
		delivery_plan(&delivery, taking->store, incident, taking->plan, taking->now_ms);
	incident_renew(taking->store, incident);
	incident_save(taking->store, incident);
	add_event(taking, incident, EVENT_FIRED, true);
	delivery_add(&delivery, taking->store, incident, taking->now_ms);
}

/* Of one that is over and stays so: who decides what is said may still have it said. */
static void
take_late(const struct taking *taking, const struct alert *alert, struct incident *incident)
{
	struct delivery delivery = { .count = 0 };

	incident->seen_ms = taking->now_ms;
	incident->feeds |= taking->feed;
	if (feed_tells(taking->feed) && !alert->resolved) {
		delivery_plan(&delivery, taking->store, incident, taking->plan, taking->now_ms);
		/* delivery_plan() set it, but what is over is never repeated nor escalated. */
		incident->check_ms = 0;
	}
	if (feed_tells(taking->feed) && alert->resolved && !incident->end_told)
		tell_end(taking->store, incident, taking->now_ms);
	incident_save(taking->store, incident);
	delivery_add(&delivery, taking->store, incident, taking->now_ms);
}

static void
begin(const struct taking *taking, const struct alert *alert)
{
	struct incident incident = {
		.severity = alert->severity,
		.labels = json_incref(alert->labels),
		.annotations = json_incref(alert->annotations),
		.starts_ms = alert->starts_ms,
		.seen_ms = taking->now_ms,
		.feeds = taking->feed,
	};
	struct delivery delivery = { .count = 0 };

	(void)snprintf(incident.fingerprint, sizeof(incident.fingerprint), "%s", alert->fingerprint);
	incident_make_id(alert->fingerprint, alert->starts_ms, incident.id);
	incident_text(&incident.link, alert->link);
	if (alert->resolved) {
		incident.status = INCIDENT_RESOLVED;
		incident.ends_ms = alert->ends_ms;
		incident.closed_ms = taking->now_ms;
		/* No channel told of its begin, so no channel must hear of its end. */
		incident.end_told = true;
	} else {
		set_expiry(taking, alert, &incident);
		if (feed_tells(taking->feed))
			delivery_plan(&delivery, taking->store, &incident, taking->plan, taking->now_ms);
	}
	incident_add(taking->store, &incident);
	add_event(taking, &incident, EVENT_FIRED, true);
	if (alert->resolved)
		add_event(taking, &incident, EVENT_RESOLVED, false);
	delivery_add(&delivery, taking->store, &incident, taking->now_ms);
	incident_release(&incident);
}

/* Who told of its end fires it again, with the begin that it had: Alertmanager does so when Prometheus was
 * away for a while.  Where Prometheus told of the end, the other feed may just be late. */
static bool
fires_again(const struct taking *taking, const struct incident *incident)
{
	return feed_tells(taking->feed) && (incident->feeds & (unsigned)taking->feed) != 0 &&
	       (incident->feeds & FEED_OBSERVE) == 0;
}

/* Two report one alert, and the slower one, which saw its begin before the end, says so after the end.  What
 * fires anew has a begin of its own. */
static bool
find_echo(const struct taking *taking, const struct alert *alert, struct incident *incident)
{
	if (!incident_find_over(
		taking->store, alert->fingerprint, alert->starts_ms, taking->now_ms, incident))
		return false;
	if (incident->status == INCIDENT_RESOLVED && incident->starts_ms != alert->starts_ms &&
	    incident->closed_ms <= taking->now_ms && taking->now_ms - incident->closed_ms < ECHO_MS)
		return true;
	incident_release(incident);
	return false;
}

static void
take_firing(const struct taking *taking, const struct alert *alert)
{
	struct incident incident;
	bool echo;

	if (incident_find_open(taking->store, alert->fingerprint, &incident)) {
		renew(taking, alert, &incident);
		incident_release(&incident);
		return;
	}
	echo = find_echo(taking, alert, &incident);
	if (!echo && !incident_find_closed(taking->store, alert->fingerprint, alert->starts_ms, &incident)) {
		begin(taking, alert);
		return;
	}
	if (!echo && (incident.status == INCIDENT_EXPIRED || fires_again(taking, &incident)))
		open_again(taking, alert, &incident);
	else
		take_late(taking, alert, &incident);
	incident_release(&incident);
}

static void
take_resolved(const struct taking *taking, const struct alert *alert)
{
	/* preflight says an end with each run, as of now: one that lasts no time is about the last one. */
	int64_t since_ms = alert->starts_ms < alert->ends_ms ? alert->starts_ms : 0;
	struct incident incident;

	if (incident_find_open(taking->store, alert->fingerprint, &incident)) {
		/* Else it is about one before this one. */
		if (alert->ends_ms > incident.starts_ms || alert->starts_ms == incident.starts_ms) {
			see(taking, alert, &incident);
			intake_close(taking->store, &incident,
			    alert->ends_ms == incident.promised_ms ? INCIDENT_EXPIRED : INCIDENT_RESOLVED,
			    alert->ends_ms, feed_tells(taking->feed), taking->now_ms);
			incident_release(&incident);
			return;
		}
		incident_release(&incident);
	}
	/* Two may report one alert, each with a begin of its own: preflight and Prometheus, or Prometheus
	 * before and after a restart. */
	if (incident_find_closed(taking->store, alert->fingerprint, alert->starts_ms, &incident) ||
	    incident_find_over(taking->store, alert->fingerprint, since_ms, alert->ends_ms, &incident)) {
		take_late(taking, alert, &incident);
		incident_release(&incident);
	} else if (alert->starts_ms < alert->ends_ms && alert->ends_ms > taking->now_ms - LATE_MS) {
		/* Its begin was lost on the way: the history has it all the same. */
		begin(taking, alert);
	}
}

void
intake_take(struct store *store, const struct alert_list *list, enum incident_feed feed,
    const struct intake_plan *plan, int64_t now_ms, struct intake_counts *counts)
{
	const struct taking taking = { .store = store, .feed = feed, .plan = plan, .now_ms = now_ms };

	for (size_t i = 0; i < list->count; i++) {
		const struct alert *alert = &list->alerts[i];

		if (alert->resolved)
			counts->resolved++;
		else
			counts->firing++;
		/* A watchdog fires always, by design: stored, it would be an alert that never ends. */
		if (alert->severity == SEVERITY_HEARTBEAT)
			/* Prometheus would hide that Alertmanager is silent. */
			counts->heartbeat |= !alert->resolved && feed_tells(feed);
		else if (alert->resolved)
			take_resolved(&taking, alert);
		else
			take_firing(&taking, alert);
	}
}
