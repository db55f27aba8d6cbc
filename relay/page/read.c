/*
 * Where the page's data is from: what is open and what has just ended from the store, which is always
 * there, and what is older from the history, which may not be.  A history that does not work is not
 * asked, since that takes until its deadline.  The store is held for copies alone, and no text is made
 * meanwhile: new alerts wait for it.  What both have is taken from the store, since the history may be
 * some seconds behind.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/history/history.h"
#include "relay/page/parts.h"
#include "relay/store/incidents.h"
#include "relay/store/outbox.h"
#include "relay/store/said.h"
#include "relay/store/store.h"

/* --- From the store --- */

/* On the heap, and for the time in which the store is held. */
struct copies {
	struct incident open[PAGE_ROWS], lately[PAGE_LATELY];
	struct outbox_channel waiting[PAGE_CHANNELS];
	size_t open_count, lately_count, waiting_count;
	char said[PAGE_ROWS][sizeof(((struct view *)NULL)->said)];
};

/* The channels in which the incident was the last one of its alert. */
static void
copy_said(struct store *store, const struct incident *incident, char *text, size_t size)
{
	struct said said = { 0 };
	size_t length = 0;

	text[0] = '\0';
	while (said_next(store, incident->fingerprint, said.channel, &said) && length < size)
		if (strcmp(said.incident, incident->id) == 0)
			length += (size_t)snprintf(
			    text + length, size - length, "%s%s", length > 0 ? ", " : "", said.channel);
}

/* What has ended is taken from the store only without a history: it has the last hour of it, and the
 * history has all. */
static int
copy(struct store *store, struct front *front, struct copies *copies, struct failure *why)
{
	char after[MUTE_SERVICE] = "";

	store_begin(store);
	incident_count(store, front->counts);
	copies->open_count = incident_list(store, true, front->offset, copies->open, PAGE_ROWS);
	for (size_t i = 0; i < copies->open_count; i++)
		copy_said(store, &copies->open[i], copies->said[i], sizeof(copies->said[i]));
	if (*front->history_reason != '\0')
		copies->lately_count = incident_list(store, false, 0, copies->lately, PAGE_LATELY);
	copies->waiting_count = outbox_channels(store, copies->waiting, PAGE_CHANNELS);
	while (front->mute_count < PAGE_MUTES &&
	       mute_next(store, after, front->now_ms, &front->mutes[front->mute_count]))
		(void)snprintf(after, sizeof(after), "%s", front->mutes[front->mute_count++].service);
	return store_end(store, why);
}

static void
view_incident(const struct page *page, const struct incident *incident, const char *said, struct view *view)
{
	view_read(view, incident_json(incident));
	(void)snprintf(view->said, sizeof(view->said), "%s", said);
	act_link_token(page->act, incident->id, view->token);
}

/* The views of what was copied, which is released.  The store is free again: here JSON is made, which
 * takes longer than the copy. */
static void
view_copies(const struct page *page, struct front *front, struct copies *copies)
{
	for (; front->open_count < copies->open_count; front->open_count++) {
		struct incident *incident = &copies->open[front->open_count];

		view_incident(
		    page, incident, copies->said[front->open_count], &front->open[front->open_count]);
		incident_release(incident);
	}
	for (; front->lately_count < copies->lately_count; front->lately_count++) {
		struct incident *incident = &copies->lately[front->lately_count];

		view_incident(page, incident, "", &front->lately[front->lately_count]);
		incident_release(incident);
	}
	for (size_t i = 0; i < front->channel_count; i++)
		for (size_t j = 0; j < copies->waiting_count; j++)
			if (strcmp(front->channels[i].name, copies->waiting[j].channel) == 0)
				front->waiting[i] = copies->waiting[j].count;
}

/* --- From the history --- */

/* Whether it is worth asking; if not, why.  A question to a history that is down would take its five
 * seconds, with somebody looking at an empty browser. */
static bool
history_works(const struct page *page, char reason[PAGE_REASON])
{
	struct history_status status = { 0 };

	reason[0] = '\0';
	if (page->history != NULL)
		history_status(page->history, &status);
	if (page->history == NULL)
		(void)snprintf(reason, PAGE_REASON, "no history is set up: history.postgres is not given");
	else if (!status.up)
		(void)snprintf(reason, PAGE_REASON, "%.250s",
		    status.reason.text[0] != '\0' ? status.reason.text : "it was not reached yet");
	return page->history != NULL && status.up;
}

/* The JSON of an answer; NULL: it failed, or there was none. */
static json_t *
take_json(struct buffer *text, int result)
{
	json_t *json = result == 0 && !text->failed ? json_loadb(text->text, text->length, 0, NULL) : NULL;

	buffer_release(text);
	return json;
}

/* One that fails all the same leaves its reason, and the store's hour is shown. */
static void
read_lately(const struct page *page, struct front *front)
{
	const struct history_filter filter = { .status = "resolved,expired", .limit = PAGE_LATELY };
	struct failure why = { 0 };
	struct buffer text;
	json_t *answer;
	const json_t *alerts;

	buffer_init(&text, SIZE_MAX);
	answer = take_json(&text, history_list(page->history, &filter, &text, &why));
	alerts = json_object_get(answer, "alerts");
	if (answer == NULL)
		(void)snprintf(front->history_reason, PAGE_REASON, "%.250s", why.text);
	for (size_t i = 0; i < json_array_size(alerts) && i < PAGE_LATELY; i++)
		view_read(&front->lately[front->lately_count++], json_incref(json_array_get(alerts, i)));
	json_decref(answer);
}

/* --- Both --- */

/* The history first: its reason decides what is copied from the store.  PostgreSQL is asked without the
 * store. */
int
front_read(const struct page *page, struct front *front, struct failure *why)
{
	struct copies *copies = calloc(1, sizeof(*copies));
	int result;

	if (copies == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	if (page->channels != NULL)
		front->channel_count = page->channels(page->context, front->channels, PAGE_CHANNELS);
	if (history_works(page, front->history_reason))
		read_lately(page, front);
	result = copy(page->store, front, copies, why);
	view_copies(page, front, copies);
	free(copies);
	return result;
}

void
front_release(struct front *front)
{
	for (size_t i = 0; i < front->open_count; i++)
		view_release(&front->open[i]);
	for (size_t i = 0; i < front->lately_count; i++)
		view_release(&front->lately[i]);
}

/* An incident that is both here and there is shown as the store has it; its events are the history's
 * alone. */
int
story_read(const struct page *page, const char *id, struct view *view, json_t **events,
    char reason[PAGE_REASON], struct failure *why)
{
	struct incident incident = { 0 };
	struct buffer text;
	json_t *answer = NULL;
	char said[sizeof(view->said)];
	bool is_here;

	*view = (struct view){ 0 };
	*events = NULL;
	store_begin(page->store);
	is_here = incident_find(page->store, id, &incident);
	if (is_here)
		copy_said(page->store, &incident, said, sizeof(said));
	if (store_end(page->store, why) != 0) {
		incident_release(&incident);
		return -1;
	}
	if (is_here)
		view_incident(page, &incident, said, view);
	incident_release(&incident);
	buffer_init(&text, SIZE_MAX);
	if (history_works(page, reason)) {
		int result = history_incident(page->history, id, &text, why);

		if (result != 0)
			(void)snprintf(reason, PAGE_REASON, "%.250s",
			    result > 0 ? "the history does not have it yet" : why->text);
		answer = take_json(&text, result);
	}
	/* A reference of its own, since the answer may go or become the view. */
	*events = json_incref(json_object_get(answer, "events"));
	if (is_here || answer == NULL) {
		json_decref(answer);
		return is_here ? 0 : 1;
	}
	view_read(view, answer);
	return 0;
}
