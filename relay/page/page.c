/*
 * The answers to a browser: which page, with which status, and the form that acknowledges.  A GET
 * changes nothing, since chat programs and mail scanners open every link that they see.  A POST needs
 * the token of that incident, which only a page or a message of ours has, so a page of another site
 * cannot make a browser acknowledge.
 */

#include "relay/page/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/page/parts.h"
#include "relay/store/incidents.h"
#include "relay/store/store.h"

/* What is asked for below a path: an incident's id, "" if it cannot be one.  The characters are those
 * of an id, so that it can go into a link and a Location as it is. */
static const char *
id_of(const struct web_request *request)
{
	const char *id = strrchr(request->path, '/') + 1;

	return strlen(id) < INCIDENT_ID && id[strspn(id, "0123456789abcdef-")] == '\0' ? id : "";
}

/* A refusal is a page, too: it is read by a person who has just tapped a link. */
static void
answer_note(struct web_answer *answer, unsigned code, const char *title, const char *text, const char *home)
{
	note_write(title, text, home, &answer->body);
	web_answer_html(answer, code, front_security_policy());
}

static void
answer_unknown(struct web_answer *answer)
{
	answer_note(answer, 404, "There is no such alert",
	    "It may be so old that only the history had it, or the history cannot be read now.", "../");
}

/* On the heap: a front with all its rows is too large for the stack of a server's thread. */
void
page_front(const struct page *page, const struct web_request *request, struct web_answer *answer)
{
	struct front *front = calloc(1, sizeof(*front));
	struct web_parameter parameter;
	const char *query = request->query;
	struct failure why = { 0 };

	if (front == NULL) {
		answer->body.failed = true;
		return;
	}
	front->now_ms = store_now_ms();
	front->reloads = strcmp(request->path, "/watch") == 0;
	front->user = request->user;
	while (web_query_next(&query, &parameter))
		if (strcmp(parameter.name, "from") == 0)
			/* Any number may come: it only moves where the rows begin. */
			front->offset = strtoul(parameter.value, NULL, 10) % 1000000;
	if (front_read(page, front, &why) == 0) {
		front_write(front, &answer->body);
		web_answer_html(answer, 200, front_security_policy());
	} else {
		answer_note(answer, 503, "The alerts cannot be read", why.text, "./");
	}
	front_release(front);
	free(front);
}

/* Read an incident for a page of it.  False: it was answered. */
static bool
read_story(const struct page *page, const char *id, struct web_answer *answer, struct view *view,
    json_t **events, char reason[PAGE_REASON])
{
	struct failure why = { 0 };
	int result = *id != '\0' ? story_read(page, id, view, events, reason, &why) : 1;

	if (result > 0)
		answer_unknown(answer);
	else if (result < 0)
		answer_note(answer, 503, "The alert cannot be read", why.text, "../");
	return result == 0;
}

void
page_incident(const struct page *page, const struct web_request *request, struct web_answer *answer)
{
	char reason[PAGE_REASON];
	struct view view;
	json_t *events;

	if (!read_story(page, id_of(request), answer, &view, &events, reason))
		return;
	story_write(&view, events, reason, request->user, store_now_ms(), &answer->body);
	web_answer_html(answer, 200, front_security_policy());
	json_decref(events);
	view_release(&view);
}

/* --- Acknowledging --- */

/* What a form says; each "" when it does not.  A token that is too long stays so. */
struct form {
	char token[ACT_TOKEN + 1], who[ACT_WHO], note[ACT_NOTE];
	bool is_link, is_back;
};

/* Longer texts are cut rather than refused: a person who acknowledges at night must not have to write
 * it again. */
static void
read_form(const char *text, struct form *form)
{
	struct web_parameter parameter;

	*form = (struct form){ 0 };
	while (web_query_next(&text, &parameter)) {
		if (strcmp(parameter.name, "k") == 0)
			(void)snprintf(form->token, sizeof(form->token), "%.33s", parameter.value);
		else if (strcmp(parameter.name, "who") == 0)
			(void)snprintf(form->who, sizeof(form->who), "%.63s", parameter.value);
		else if (strcmp(parameter.name, "note") == 0)
			(void)snprintf(form->note, sizeof(form->note), "%.499s", parameter.value);
		else if (strcmp(parameter.name, "via") == 0)
			form->is_link = strcmp(parameter.value, "link") == 0;
		else if (strcmp(parameter.name, "back") == 0)
			form->is_back = true;
	}
}

/* Whether the token is that of the incident.  False: it was answered.  Before anything is read: the
 * answer must not tell a stranger whether an incident exists. */
static bool
is_permitted(const struct page *page, const char *id, const char *token, struct web_answer *answer)
{
	if (*id != '\0' && act_link_check(page->act, id, token))
		return true;
	answer_note(answer, 403, "This link acknowledges nothing",
	    "Its token is not that of the alert: the link is not whole, or the key of the relay has changed since.",
	    "../");
	return false;
}

/* It shows the form and no more; the POST of that form acknowledges. */
void
page_link(const struct page *page, const struct web_request *request, struct web_answer *answer)
{
	const char *id = id_of(request);
	char reason[PAGE_REASON];
	struct form form;
	struct view view;
	json_t *events;

	read_form(request->query, &form);
	if (!is_permitted(page, id, form.token, answer) ||
	    !read_story(page, id, answer, &view, &events, reason))
		return;
	link_write(&view, request->user, store_now_ms(), &answer->body);
	web_answer_html(answer, 200, front_security_policy());
	json_decref(events);
	view_release(&view);
}

void
page_acknowledge(const struct page *page, const struct web_request *request, struct web_answer *answer)
{
	const char *id = id_of(request), *who, *via;
	char location[16 + INCIDENT_ID];
	struct failure why = { 0 };
	enum act_result result;
	struct form form;

	read_form(request->body.at, &form);
	if (!is_permitted(page, id, form.token, answer))
		return;
	/* A login counts before a name that was typed. */
	who = request->user != NULL ? request->user : form.who;
	via = form.is_link ? "link" : "page";
	result = form.is_back ? act_unacknowledge(page->act, id, who, via, &why)
			      : act_acknowledge(page->act, id, who, via, form.note, &why);
	/* After a POST the browser goes to the story by GET, so that reloading it does not acknowledge
	 * again. */
	(void)snprintf(location, sizeof(location), "../incident/%s", id);
	if (result == ACT_UNKNOWN)
		answer_unknown(answer);
	else if (result == ACT_FAILED)
		answer_note(
		    answer, 503, "The alert could not be acknowledged; try it again", why.text, "../");
	else
		web_answer_redirect(answer, location);
}
