/*
 * What people do about alerts. An acknowledgement is one transaction: the incident, the event, the messages
 * that are no longer needed and those that say so. Only then is the person told that it worked. The silence
 * in Alertmanager follows in a thread of its own (watch.c), because Alertmanager may be away, and a person
 * with a telephone in the night must not wait for it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/array.h"
#include "common/text/utf8.h"
#include "relay/act/state.h"
#include "relay/store/journal.h"
#include "relay/store/mutes.h"
#include "relay/store/outbox.h"

static const int64_t usual_interval_ns = INT64_C(15) * 1000 * 1000 * 1000;
static const int64_t longest_mute_ms = INT64_C(30) * 86400 * 1000;

static int
copy_settings(struct act *act, const struct act_settings *given, struct failure *why)
{
	act->settings = *given;
	act->settings.directory = NULL;
	if (act->settings.interval_ns == 0)
		act->settings.interval_ns = usual_interval_ns;
	if (given->alertmanager == NULL)
		return 0;
	act->status.configured = true;
	act->status.reason = (struct failure){ FAILURE_CONNECT, "not asked yet" };
	act->alertmanager.url = strdup(given->alertmanager);
	act->alertmanager.ca_file = given->ca_file != NULL ? strdup(given->ca_file) : NULL;
	if (act->alertmanager.url == NULL || (given->ca_file != NULL && act->alertmanager.ca_file == NULL))
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	return alertmanager_check(&act->alertmanager, why);
}

struct act *
act_new(const struct act_settings *settings, struct store *store, struct failure *why)
{
	struct act *act = calloc(1, sizeof(*act));
	pthread_condattr_t attributes;

	if (act == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	act->store = store;
	(void)pthread_mutex_init(&act->lock, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&act->wake, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	if (copy_settings(act, settings, why) == 0 &&
	    link_key_read(settings->directory, act->link_key, why) == 0)
		return act;
	act_free(act);
	return NULL;
}

int
act_start(struct act *act, struct failure *why)
{
	if (!act->status.configured)
		return 0;
	if (pthread_create(&act->thread, NULL, act_watch, act) != 0)
		return failure_set(why, FAILURE_LOCAL, "cannot start the thread that asks Alertmanager");
	act->running = true;
	return 0;
}

void
act_stop(struct act *act)
{
	if (act == NULL || !act->running)
		return;
	(void)pthread_mutex_lock(&act->lock);
	act->stopping = true;
	/* A request to Alertmanager under way is let finish: at most 5 s for each. */
	(void)pthread_cond_signal(&act->wake);
	(void)pthread_mutex_unlock(&act->lock);
	(void)pthread_join(act->thread, NULL);
	act->running = false;
}

void
act_free(struct act *act)
{
	if (act == NULL)
		return;
	act_stop(act);
	(void)pthread_cond_destroy(&act->wake);
	(void)pthread_mutex_destroy(&act->lock);
	free((char *)act->alertmanager.url);
	free((char *)act->alertmanager.ca_file);
	free(act->acknowledged);
	free(act->held);
	free(act->ended);
	explicit_bzero(act->link_key, sizeof(act->link_key));
	free(act);
}

void
act_status(struct act *act, struct act_status *status)
{
	(void)pthread_mutex_lock(&act->lock);
	*status = act->status;
	(void)pthread_mutex_unlock(&act->lock);
}

/* Without memory the silence waits for the next start; the acknowledgement itself holds. */
static void
add_acknowledged(struct act *act, const char *incident)
{
	char(*list)[INCIDENT_ID];

	if (!act->status.configured)
		return;
	(void)pthread_mutex_lock(&act->lock);
	/* After the commit, so the thread finds the incident as it is now. A
	 * kill in between is no harm: hold_all() reads the store at the start. */
	list = array_reserve(act->acknowledged, &act->room, act->count + 1, sizeof(*list));
	if (list != NULL) {
		act->acknowledged = list;
		(void)snprintf(list[act->count++], INCIDENT_ID, "%s", incident);
		(void)pthread_cond_signal(&act->wake);
	}
	(void)pthread_mutex_unlock(&act->lock);
}

/* One line of valid UTF-8 without blanks around it, at most `size` - 1 bytes; what cannot be seen is a blank.
 */
static void
clean(char *to, size_t size, const char *text)
{
	size_t left = text != NULL ? strlen(text) : 0, used = 0;

	while (left > 0) {
		size_t width = utf8_character(text, left);
		/* Names come from Telegram and forms. A direction mark or a line
		 * break in one could make the text of a message say something else. */
		bool shown = width > 0 && utf8_unseen(text, width) == 0;

		if (used + (shown ? width : 1) > size - 1)
			break;
		if (shown) {
			memcpy(to + used, text, width);
			used += width;
		} else if (used > 0)
			to[used++] = ' ';
		text += width > 0 ? width : 1;
		left -= width > 0 ? width : 1;
		if (used == 1 && *to == ' ')
			used = 0;
	}
	while (used > 0 && to[used - 1] == ' ')
		used--;
	to[used] = '\0';
}

/* --- Acknowledging --- */

struct person {
	char who[ACT_WHO + 1], via[ACT_VIA + 1], note[ACT_NOTE + 1];
};

static void
read_person(struct person *person, const char *who, const char *via, const char *note)
{
	clean(person->who, sizeof(person->who), who);
	if (*person->who == '\0')
		(void)snprintf(person->who, sizeof(person->who), "somebody");
	clean(person->via, sizeof(person->via), via);
	clean(person->note, sizeof(person->note), note);
}

static void
change(struct act *act, struct incident *incident, bool acknowledge, const struct person *person)
{
	const struct event event = { .kind = acknowledge ? EVENT_ACKNOWLEDGED : EVENT_UNACKNOWLEDGED,
		.at_ms = store_now_ms(),
		.latency_ms = -1,
		.detail = json_pack("{s:s, s:s, s:s*}", "who", person->who, "via", person->via, "note",
		    *person->note != '\0' ? person->note : NULL) };

	incident->acknowledged_ms = acknowledge ? event.at_ms : 0;
	incident_text(&incident->acknowledged_by, acknowledge ? person->who : NULL);
	incident_text(&incident->acknowledged_via, acknowledge ? person->via : NULL);
	incident_text(&incident->note, acknowledge && *person->note != '\0' ? person->note : NULL);
	/* Somebody knows: what waits to be said about it would only disturb. */
	if (acknowledge) {
		outbox_drop(
		    act->store, incident, 1U << TASK_FIRED | 1U << TASK_REPEATED | 1U << TASK_ESCALATED);
		outbox_acknowledge(act->store, incident, event.at_ms);
	} else {
		outbox_drop(act->store, incident, 1U << TASK_ACKNOWLEDGED);
		/* It is repeated and escalated again, and that its silence ends need not be seen before. */
		if (incident->silence_id != NULL && incident->suppressed == SUPPRESSED_SILENCED)
			incident->suppressed = SUPPRESSED_NOT;
		incident->check_ms = event.at_ms;
	}
	incident_save(act->store, incident);
	journal_add(act->store, incident, &event, true);
	json_decref((json_t *)event.detail);
}

static enum act_result
set(struct act *act, const char *id, bool acknowledge, const struct person *person, struct failure *why)
{
	struct incident incident = { 0 };
	enum act_result result = ACT_DONE;

	store_begin(act->store);
	if (!incident_find(act->store, id, &incident))
		result = ACT_UNKNOWN;
	else if (incident.status != INCIDENT_OPEN)
		result = ACT_CLOSED;
	else if ((incident.acknowledged_ms != 0) == acknowledge)
		result = ACT_ALREADY;
	else
		change(act, &incident, acknowledge, person);
	/* It also says whether the incident could be looked for at all. */
	if (store_end(act->store, why) != 0)
		result = ACT_FAILED;
	incident_release(&incident);
	return result;
}

enum act_result
act_acknowledge(
    struct act *act, const char *id, const char *who, const char *via, const char *note, struct failure *why)
{
	enum act_result result;
	struct person person;

	read_person(&person, who, via, note);
	result = set(act, id, true, &person, why);
	if (result == ACT_DONE)
		add_acknowledged(act, id);
	return result;
}

enum act_result
act_unacknowledge(struct act *act, const char *id, const char *who, const char *via, struct failure *why)
{
	enum act_result result;
	struct person person;

	read_person(&person, who, via, NULL);
	result = set(act, id, false, &person, why);
	/* So that its silence ends now and not with the next look. */
	if (result == ACT_DONE)
		add_acknowledged(act, id);
	return result;
}

enum act_result
act_mute(struct act *act, const char *service, int64_t until_ms, const char *who, const char *reason,
    struct failure *why)
{
	struct mute mute = { .since_ms = store_now_ms(), .until_ms = until_ms };

	clean(mute.service, sizeof(mute.service), service);
	clean(mute.who, sizeof(mute.who), who);
	clean(mute.reason, sizeof(mute.reason), reason);
	/* A name that is cut would mute another service. */
	if (*mute.service == '\0' || strcmp(mute.service, service) != 0)
		(void)failure_set(
		    why, FAILURE_REJECTED, "no service: name one by its label, as in \"redis\"");
	else if (until_ms - mute.since_ms > longest_mute_ms)
		(void)failure_set(why, FAILURE_REJECTED, "a service can be muted for at most 30 days");
	else if (until_ms > mute.since_ms && (*mute.who == '\0' || *mute.reason == '\0'))
		(void)failure_set(why, FAILURE_REJECTED, "say who mutes it, and why: who and reason");
	else {
		store_begin(act->store);
		mute_put(act->store, &mute);
		if (store_end(act->store, why) == 0)
			return ACT_DONE;
	}
	return ACT_FAILED;
}
