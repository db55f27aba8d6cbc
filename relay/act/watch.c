/*
 * The thread that talks to Alertmanager.  Every second it sees whether the silences are as they should be,
 * from time to time what is silenced, inhibited and over there.
 *
 * A silence lasts ten minutes and is renewed halfway: if the relay is gone, it ends by itself.  It ends with
 * its incident, so that it hides no new one.  But Alertmanager does not notice that what was silenced has
 * ended: when it fires again, it says nothing until its repeat_interval has passed.  So what fires there
 * again after an acknowledged incident is taken from its list.
 *
 * Alertmanager keeps no alerts over its restart, and Prometheus
 * needs a minute or more to send them again: what is not there then is not over.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/deadline.h"
#include "common/text/array.h"
#include "relay/act/state.h"
#include "relay/intake/intake.h"
#include "relay/store/journal.h"

enum { AT_ONCE = 100, POLLS_MISSED = 2, INTERVALS_TO_SETTLE = 20 };

static const int64_t second_ns = 1000 * 1000 * 1000;
static const int64_t day_ns = INT64_C(86400) * 1000 * 1000 * 1000;
static const int64_t answer_ns = INT64_C(5) * 1000 * 1000 * 1000;
static const int64_t silence_ms = 600 * 1000, renew_ns = INT64_C(300) * 1000 * 1000 * 1000;
static const int64_t refused_ns = INT64_C(60) * 1000 * 1000 * 1000;

/* --- What is silenced, inhibited and over --- */

struct look {
	struct act *act;
	struct alertmanager_view view;
	int64_t asked_ms;
	bool settled; /* it runs for long enough to know all alerts */
};

static void
add_event(struct act *act, const struct incident *incident, enum event_kind kind, json_t *detail)
{
	const struct event event = {
		.kind = kind, .at_ms = store_now_ms(), .latency_ms = -1, .detail = detail
	};

	journal_add(act->store, incident, &event, true);
	json_decref(detail);
}

static void
note_suppressed(struct act *act, struct incident *incident, const struct alertmanager_alert *alert)
{
	enum incident_suppressed now = alert->silenced    ? SUPPRESSED_SILENCED
				       : alert->inhibited ? SUPPRESSED_INHIBITED
							  : SUPPRESSED_NOT;

	/* A mute is the relay's own. */
	if (incident->suppressed == now || incident->suppressed == SUPPRESSED_MUTED)
		return;
	incident->suppressed = now;
	/* relay/deliver looks every minute at what is suppressed; this makes it look now. */
	if (now == SUPPRESSED_NOT)
		incident->check_ms = store_now_ms();
	incident_save(act->store, incident);
	add_event(act, incident,
	    now == SUPPRESSED_SILENCED    ? EVENT_SILENCED
	    : now == SUPPRESSED_INHIBITED ? EVENT_INHIBITED
					  : EVENT_RELEASED,
	    NULL);
}

/* Of these Alertmanager alone can tell the end, and its webhook does not when they are silenced meanwhile.
 * What it never listed may be another Alertmanager's. */
static bool
is_its_own(const struct incident *incident)
{
	return incident->feeds == (FEED_WEBHOOK | FEED_LISTED);
}

static void
note_absent(struct look *look, struct incident *incident)
{
	int64_t now = store_now_ms();

	/* What was seen after the question cannot be in the answer. */
	if (!look->settled || !is_its_own(incident) || incident->seen_ms >= look->asked_ms)
		return;
	/* Two lists in a row: one may fall between the end of an alert's time and its renewal. */
	if (++incident->missed < POLLS_MISSED)
		incident_save(look->act->store, incident);
	else
		intake_close(look->act->store, incident, INCIDENT_RESOLVED, now, true, now);
}

static void
compare(struct look *look, struct incident *incident)
{
	const struct alertmanager_alert *alert = alertmanager_find(&look->view, incident->fingerprint);

	/* One that began later is another one: this one ended. */
	if (alert == NULL || (alert->starts_ms > incident->starts_ms && is_its_own(incident))) {
		note_absent(look, incident);
		return;
	}
	if (incident->missed > 0 || (incident->feeds & FEED_LISTED) == 0) {
		incident->missed = 0;
		incident->feeds |= FEED_LISTED;
		incident_save(look->act->store, incident);
	}
	note_suppressed(look->act, incident, alert);
}

/* Some at a time, so that nobody waits long for the store. */
static void
compare_all(struct look *look)
{
	struct store *store = look->act->store;
	struct failure why = { 0 };
	int64_t row = 0;
	int count;

	/* Each hundred is a transaction. An alert that is closed or opened between two
	 * of them is found by its row or left out; rows only rise, so the loop ends. */
	do {
		struct incident incident = { 0 };

		store_begin(store);
		for (count = 0; count < AT_ONCE && incident_next(store, row, &incident); count++) {
			row = incident.row;
			compare(look, &incident);
			incident_release(&incident);
		}
		/* What was not written is found again the next time. */
		(void)store_end(store, &why);
	} while (count == AT_ONCE);
}

/* The alert as POST /api/v2/alerts has it, for free(); NULL: out of memory.  Its status is an object here. */
static char *
text_of(const struct alertmanager_alert *alert)
{
	json_t *row = json_loadb(alert->text.at, alert->text.length, 0, NULL), *list;
	char *text;

	/* alert_read_push() takes "status" for the webhook's word and would refuse an object. */
	(void)json_object_del(row, "status");
	list = json_pack("[o]", row);
	text = list != NULL ? json_dumps(list, JSON_COMPACT) : NULL;
	json_decref(list);
	return text;
}

/* As if the webhook had told of it. */
static void
take(struct act *act, const struct alertmanager_alert *alert)
{
	int64_t now_ms = store_now_ms();
	struct intake_counts counts = { 0 };
	struct incident incident = { 0 };
	struct alert_list list = { 0 };
	struct failure why = { 0 };
	char *text = text_of(alert);

	if (text != NULL && alert_read_push(SLICE(text), now_ms, &list, &why) == 0) {
		store_begin(act->store);
		/* If the webhook was faster, it is delivered: one more report would count as a repeat. */
		if (!incident_find_open(act->store, alert->fingerprint, &incident) ||
		    incident.delivered_ms == 0)
			intake_take(act->store, &list, FEED_WEBHOOK, act->settings.plan, now_ms, &counts);
		(void)store_end(act->store, &why);
	}
	incident_release(&incident);
	alert_list_release(&list);
	free(text);
}

static void
take_again(struct look *look)
{
	struct act *act = look->act;
	size_t i = 0;

	while (act->settings.plan != NULL && i < act->ended_count) {
		const struct ended *ended = &act->ended[i];
		const struct alertmanager_alert *alert = alertmanager_find(&look->view, ended->fingerprint);
		bool again = alert != NULL && alert->starts_ms > ended->starts_ms && !alert->silenced &&
			     !alert->inhibited;

		if (again)
			take(act, alert);
		if (again || clock_now_ns() - ended->at_ns > day_ns)
			act->ended[i] = act->ended[--act->ended_count];
		else
			i++;
	}
}

static void
remember(struct act *act, const struct incident *incident)
{
	struct ended *ended =
	    array_reserve(act->ended, &act->ended_room, act->ended_count + 1, sizeof(*ended));

	if (ended == NULL)
		return;
	act->ended = ended;
	/* The oldest goes. It bounds memory, and 1,024
	 * acknowledged ends in a day are more than a team has. */
	if (act->ended_count == ACT_ENDED)
		memmove(ended, ended + 1, --act->ended_count * sizeof(*ended));
	ended += act->ended_count++;
	*ended = (struct ended){ .starts_ms = incident->starts_ms, .at_ns = clock_now_ns() };
	memcpy(ended->fingerprint, incident->fingerprint, sizeof(ended->fingerprint));
}

static void
report(struct act *act, bool up, const struct failure *reason)
{
	bool changed;

	(void)pthread_mutex_lock(&act->lock);
	changed = !act->asked || act->status.up != up || act->status.reason.kind != reason->kind;
	act->status.up = up;
	act->status.reason = *reason;
	(void)pthread_mutex_unlock(&act->lock);
	act->asked = true;
	if (changed && act->settings.notice != NULL)
		act->settings.notice(act->settings.context, !up,
		    up ? "Alertmanager answers" : "Alertmanager does not answer", up ? NULL : reason->text);
}

static void
look_around(struct act *act)
{
	struct look look = { .act = act, .asked_ms = store_now_ms() };
	struct failure why = { 0 };

	if (alertmanager_look(&act->alertmanager, deadline_in(answer_ns), &look.view, &why) == 0) {
		act->ahead_ms = look.view.ahead_ms;
		/* Both times by Alertmanager's clock. With the usual 15 s that is five
		 * minutes, in which Prometheus has sent everything again several times. */
		look.settled = look.asked_ms + look.view.ahead_ms - look.view.started_ms >
			       INTERVALS_TO_SETTLE * (act->settings.interval_ns / 1000000);
		report(act, true, &why);
		compare_all(&look);
		take_again(&look);
	} else
		report(act, false, &why);
	alertmanager_release(&look.view);
}

/* --- Silences --- */

static void
hold(struct act *act, const char *incident, const char *silence)
{
	struct held *held;

	for (size_t i = 0; i < act->held_count; i++)
		if (strcmp(act->held[i].incident, incident) == 0)
			return;
	held = array_reserve(act->held, &act->held_room, act->held_count + 1, sizeof(*held));
	if (held == NULL)
		return;
	act->held = held;
	held += act->held_count++;
	*held = (struct held){ 0 };
	(void)snprintf(held->incident, sizeof(held->incident), "%s", incident);
	(void)snprintf(held->silence, sizeof(held->silence), "%s", silence != NULL ? silence : "");
}

/* Those that were acknowledged before the start. */
static void
hold_all(struct act *act)
{
	struct incident incident = { 0 };
	int64_t row = 0;

	store_begin(act->store);
	while (incident_next(act->store, row, &incident)) {
		row = incident.row;
		if (incident.acknowledged_ms != 0 || incident.silence_id != NULL)
			hold(act, incident.id, incident.silence_id);
		incident_release(&incident);
	}
	store_cancel(act->store);
}

/* Those that were acknowledged and ended before the start, as far as the store has them. */
static void
remember_all(struct act *act)
{
	struct incident incidents[AT_ONCE];
	size_t count;

	store_begin(act->store);
	count = incident_list(act->store, false, 0, incidents, AT_ONCE);
	store_cancel(act->store);
	while (count-- > 0) {
		if (incidents[count].acknowledged_ms != 0)
			remember(act, &incidents[count]);
		incident_release(&incidents[count]);
	}
}

/* The incident has this silence now, or (ended) none any more. */
static void
record(struct act *act, const struct held *held, bool ended)
{
	struct incident incident = { 0 };
	struct failure why = { 0 };

	store_begin(act->store);
	if (incident_find(act->store, held->incident, &incident) && incident.status == INCIDENT_OPEN) {
		bool first = incident.silence_id == NULL;

		incident_text(&incident.silence_id, ended ? NULL : held->silence);
		if (!ended && incident.suppressed == SUPPRESSED_NOT)
			incident.suppressed = SUPPRESSED_SILENCED;
		incident_save(act->store, &incident);
		if (first && !ended)
			add_event(
			    act, &incident, EVENT_SILENCED, json_pack("{s:s}", "silence", held->silence));
	}
	/* If it cannot be written, the silence is found by its id with the next renewal, or ends by itself.
	 */
	(void)store_end(act->store, &why);
	incident_release(&incident);
}

static void
tell_silences(struct act *act, const struct failure *why)
{
	bool fail = why != NULL;

	if (fail != act->silences_fail && act->settings.notice != NULL)
		act->settings.notice(act->settings.context, fail,
		    fail ? "an acknowledged alert cannot be silenced in Alertmanager"
			 : "acknowledged alerts are silenced in Alertmanager again",
		    fail ? why->text : NULL);
	act->silences_fail = fail;
}

/* Set, renew or end its silence.  True: there is nothing more to do for it, ever. */
static bool
keep_silence(struct act *act, struct held *held, const struct incident *incident, bool wanted)
{
	int64_t now = store_now_ms() + act->ahead_ms;
	struct alertmanager_silence silence = {
		.labels = incident->labels,
		.by = incident->acknowledged_by != NULL ? incident->acknowledged_by : "alert_relay",
		.comment = "acknowledged in alert_relay",
		.starts_ms = now,
		/* An end that has passed is refused, and the clock is known to a second. */
		.ends_ms = now + (wanted ? silence_ms : 2000),
	};
	struct failure why = { 0 };

	if (alertmanager_silence(
		&act->alertmanager, &silence, !wanted, held->silence, deadline_in(answer_ns), &why) != 0) {
		/* What it does not take is no reason to leave the others waiting. */
		/* Otherwise Alertmanager is away, and asking it
		 * for each of the others would take 5 s each. */
		if (why.kind == FAILURE_REJECTED)
			held->again_ns = clock_now_ns() + refused_ns;
		else
			act->again_ns = clock_now_ns() + act->settings.interval_ns / 3;
		tell_silences(act, &why);
		return false;
	}
	tell_silences(act, NULL);
	record(act, held, !wanted);
	/* From now on, what fires there again must be taken from its list (see the top of the file). */
	if (incident->status != INCIDENT_OPEN)
		remember(act, incident);
	held->renew_ns = clock_now_ns() + renew_ns;
	return !wanted;
}

/* True: it is to be held no longer. */
static bool
look_after(struct act *act, struct held *held)
{
	struct incident incident = { 0 };
	bool found, unknown, wanted, over = false;

	store_begin(act->store);
	found = incident_find(act->store, held->incident, &incident);
	unknown = store_failed(act->store);
	/* The store is given back before Alertmanager is asked:
	 * a slow answer must not keep alerts from being taken. */
	store_cancel(act->store);
	/* What a program sent to the relay alone is not in Alertmanager. */
	wanted = found && incident.status == INCIDENT_OPEN && incident.acknowledged_ms != 0 &&
		 (incident.feeds & (FEED_WEBHOOK | FEED_OBSERVE)) != 0;
	if (!unknown && !found)
		over = true;
	else if (!unknown && !wanted && *held->silence == '\0')
		over = incident.status != INCIDENT_OPEN || incident.acknowledged_ms == 0;
	else if (!unknown && (!wanted || clock_now_ns() >= held->renew_ns) &&
		 clock_now_ns() >= held->again_ns)
		over = keep_silence(act, held, &incident, wanted);
	incident_release(&incident);
	return over;
}

static void
look_after_all(struct act *act)
{
	size_t i = 0;

	while (i < act->held_count && clock_now_ns() >= act->again_ns)
		/* In most rounds this is one look into the store for
		 * each; Alertmanager is asked every five minutes. */
		if (look_after(act, &act->held[i]))
			act->held[i] = act->held[--act->held_count];
		else
			i++;
}

/* Wait a second, or until somebody acknowledges.  False: it is over. */
static bool
await_work(struct act *act)
{
	int64_t until_ns = clock_now_ns() + second_ns;
	const struct timespec until = { .tv_sec = until_ns / second_ns, .tv_nsec = until_ns % second_ns };
	bool stopping;

	(void)pthread_mutex_lock(&act->lock);
	if (!act->stopping && act->count == 0)
		(void)pthread_cond_timedwait(&act->wake, &act->lock, &until);
	/* The list grows under the lock and is emptied here, so an acknowledgement
	 * that comes meanwhile waits for the next round, which is at once. */
	for (size_t i = 0; i < act->count; i++)
		hold(act, act->acknowledged[i], NULL);
	act->count = 0;
	stopping = act->stopping;
	(void)pthread_mutex_unlock(&act->lock);
	return !stopping;
}

void *
act_watch(void *context)
{
	struct act *act = context;
	int64_t next_ns = 0;

	hold_all(act);
	remember_all(act);
	do {
		if (clock_now_ns() >= next_ns) {
			next_ns = clock_now_ns() + act->settings.interval_ns;
			look_around(act);
		}
		look_after_all(act);
	} while (await_work(act));
	return NULL;
}
