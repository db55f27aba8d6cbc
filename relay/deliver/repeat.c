/*
 * What is open and nobody acknowledged is said again, and a P0 to others.  Each incident says when it is to
 * be looked at next (check_ms), so that a tick costs as much as there is to do.
 *
 * The relay repeats by itself and ignores Alertmanager's repeat_interval, which is one figure for a group
 * and knows nothing of acknowledgements. check_ms is in the store: a restart neither forgets a repeat nor
 * says everything again.
 */

#include <string.h>

#include "relay/deliver/state.h"
#include "relay/store/incidents.h"
#include "relay/store/mutes.h"

enum {
	CHECKS = 100,     /* in one transaction, as long as nobody minds to wait for it */
	ROUNDS = 10,      /* in one tick */
	WAITS_MS = 10000, /* a P0 that was not said yet is looked at again, */
	LATER_MS = 60000, /* and all else, and what is silenced */
	TICKS = 60,       /* between two looks at channels that left */
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

/* Say it again if it is time to, or for the first time if an acknowledgement that was taken back kept it from
 * being said.  Returns when to look again; 0: never. */
static int64_t
repeat(struct deliver *deliver, const struct incident *incident, const struct route *route, int64_t now_ms)
{
	int64_t every = repeat_ms(incident, route), last = last_said_ms(deliver->store, incident);
	int64_t wait = incident->severity == SEVERITY_P0 ? WAITS_MS : LATER_MS;
	bool waits = last == 0 && outbox_has(deliver->store, incident);

	if (route->chain_count == 0 || (every == 0 && (last != 0 || waits)))
		return 0;
	/* What was said in the future was said before the clock was set back. */
	if (last != 0 && last <= now_ms && last + every > now_ms)
		return last + every;
	for (size_t i = 0; i < route->chain_count && !waits; i++)
		outbox_add(deliver->store, incident, last == 0 ? TASK_FIRED : TASK_REPEATED,
		    route->chains[i].text, now_ms);
	if (every == 0)
		return 0;
	/* Not `every` from now: the time counts from when it is
	 * really said, and that is not known yet. So look again soon. */
	return now_ms + (every < wait ? every : wait);
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
	/* Set in the transaction that adds the task: once for an incident, also after a kill. */
	incident->escalated_ms = now_ms;
	outbox_add(deliver->store, incident, TASK_ESCALATED, route->escalation.text, now_ms);
	return 0;
}

static void
check(struct deliver *deliver, struct incident *incident, int64_t now_ms)
{
	const struct route *route = routes_find(deliver->settings.routes, incident->labels);
	int64_t again = 0, escalation = 0;

	/* What was delivered before its service was muted is not marked as muted. */
	if (incident->suppressed != SUPPRESSED_NOT ||
	    mute_covers(deliver->store, incident->labels, now_ms, NULL)) {
		/* A silence that ends is noticed by relay/act, which sets
		 * check_ms; a mute's end is noticed by this look alone. */
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

/* False: there are no more. */
static bool
check_some(struct deliver *deliver)
{
	struct incident incident;
	struct failure why;
	int64_t now_ms;
	int checked = 0;

	store_begin(deliver->store);
	now_ms =
	    store_now_ms(); /* not before: else what others wrote meanwhile looks as if from the future */
	while (checked < CHECKS && incident_next_check(deliver->store, now_ms, &incident)) {
		check(deliver, &incident, now_ms);
		incident_release(&incident);
		checked++;
	}
	return store_end(deliver->store, &why) == 0 && checked == CHECKS;
}

void
deliver_tick(struct deliver *deliver)
{
	struct failure why;
	size_t lost;

	/* At most 1,000 in a tick, and the store is free between two
	 * rounds: after a storm of 10,000 alerts new ones still come in. */
	for (int i = 0; i < ROUNDS && check_some(deliver); i++)
		continue;
	if (deliver->ticks++ % TICKS != 0)
		return;
	store_begin(deliver->store);
	lost = abandon(deliver, store_now_ms());
	if (store_end(deliver->store, &why) == 0 && lost > 0)
		deliver_say(deliver, true,
		    "messages for a channel that is not configured any more were dropped", NULL, NULL);
}
