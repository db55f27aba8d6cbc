/*
 * What is open and nobody acknowledged is said again, and a P0 to others.  Each incident says when it is to
 * be looked at next (check_ms), so that a tick costs as much as there is to do.
 */

#include <string.h>

#include "relay/deliver/state.h"
#include "relay/store/incidents.h"

enum {
	CHECKS = 500,     /* in one tick */
	WAITS_MS = 10000, /* look again at what was not said yet, */
	LATER_MS = 60000, /* or at what is silenced */
	ABANDON = 64,     /* channels that have tasks */
};

static int64_t
repeat_ms(const struct incident *incident, const struct route *route)
{
	static const int64_t usual[SEVERITIES] = { 5 * 60000, 3600000, 4 * 3600000, 24 * 3600000 };
	bool paper = strcmp(alert_text(incident->labels, "env"), "paper") == 0;

	if (route->repeat_ms >= 0)
		return route->repeat_ms;
	return paper && incident->severity == SEVERITY_P0 ? usual[SEVERITY_P2] : usual[incident->severity];
}

/* When it was said the last time; 0: it was not. */
static int64_t
last_said_ms(struct store *store, const struct incident *incident)
{
	struct said said = { .channel = "" };
	int64_t last = 0;

	while (said_next(store, incident->fingerprint, said.channel, &said)) {
		if (strcmp(said.incident, incident->id) == 0 && !said.resolved && said.said_ms > last)
			last = said.said_ms;
	}
	return last;
}

/* Say it again if it is time to.  Returns when to look again; 0: never. */
static int64_t
repeat(struct deliver *deliver, const struct incident *incident, const struct route *route, int64_t now_ms)
{
	int64_t every = repeat_ms(incident, route), last = last_said_ms(deliver->store, incident);

	if (every == 0 || route->chain_count == 0)
		return 0;
	if (last == 0)
		return now_ms + WAITS_MS;
	/* What was said in the future was said before the clock was set back. */
	if (last <= now_ms && last + every > now_ms)
		return last + every;
	for (size_t i = 0; i < route->chain_count; i++)
		outbox_add(deliver->store, incident, TASK_REPEATED, route->chains[i].text, now_ms);
	return now_ms + (every < WAITS_MS ? every : WAITS_MS);
}

/* To the others, if it is time to; likewise. */
static int64_t
escalate(struct deliver *deliver, struct incident *incident, const struct route *route, int64_t now_ms)
{
	int64_t at = incident->delivered_ms + deliver->settings.escalate_after_ms;

	if (incident->severity != SEVERITY_P0 || incident->escalated_ms > 0 || route->escalation.count == 0)
		return 0;
	if (at > now_ms)
		return at;
	incident->escalated_ms = now_ms;
	outbox_add(deliver->store, incident, TASK_ESCALATED, route->escalation.text, now_ms);
	return 0;
}

static void
check(struct deliver *deliver, struct incident *incident, int64_t now_ms)
{
	const struct route *route = routes_find(deliver->settings.routes, incident->labels);
	int64_t again = 0, escalation = 0;

	if (incident->suppressed != SUPPRESSED_NOT) {
		again = now_ms + LATER_MS;
	} else if (route != NULL && incident->delivered_ms > 0 && incident->acknowledged_ms == 0) {
		again = repeat(deliver, incident, route, now_ms);
		escalation = escalate(deliver, incident, route, now_ms);
	}
	if (escalation > 0 && (again == 0 || escalation < again))
		again = escalation;
	incident->check_ms = again;
	incident_save(deliver->store, incident);
}

/* Channels that left the settings, or are the next ones of old chains: what waits there goes on to others. */
static size_t
abandon(struct deliver *deliver, int64_t now_ms)
{
	struct outbox_channel channels[ABANDON];
	size_t count = outbox_channels(deliver->store, channels, ABANDON), lost = 0;

	for (size_t i = 0; i < count; i++) {
		if (!deliver_has(deliver, channels[i].channel))
			lost += outbox_abandon(deliver->store, channels[i].channel, now_ms);
	}
	return lost;
}

void
deliver_tick(struct deliver *deliver)
{
	int64_t now_ms = store_now_ms();
	struct incident incident;
	struct failure why;
	size_t lost;

	store_begin(deliver->store);
	for (int i = 0; i < CHECKS && incident_next_check(deliver->store, now_ms, &incident); i++) {
		check(deliver, &incident, now_ms);
		incident_release(&incident);
	}
	lost = abandon(deliver, now_ms);
	if (store_end(deliver->store, &why) == 0 && lost > 0)
		deliver_say(deliver, true,
		    "messages for a channel that is not configured any more were dropped", NULL, NULL);
}
