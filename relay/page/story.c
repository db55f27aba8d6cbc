/*
 * "/incident/ID": one incident from its begin to its end, in the order in which things happened, and
 * "/ack/ID", where a link in a message leads.  It answers what is asked after a bad night: when it
 * began, who got it and when, what failed, who acknowledged it.  Events that this program does not know
 * (a newer one has written them) are shown by their name and not left out.
 */

#include <stdio.h>
#include <string.h>

#include "relay/page/parts.h"

enum { TITLE = 128, TEXT = 300, LABEL = 1024 };

/* --- Its events --- */

/* What the kinds of events mean, behind the channel or the person, if there is one. */
static const struct {
	const char *kind, *class, *words;
} events_known[] = {
	{ "fired", "fail", "It began." },
	/* Not what the relay sent again: that is "sent" with the kind "repeated". */
	{ "repeated", "", "Alertmanager told of it again." },
	{ "resolved", "ok", "It is over." },
	{ "expired", "ok", "It is over, since nobody told of it any more." },
	{ "retried", "fail", "did not take it; it is tried again." },
	{ "failed", "fail", "did not take it." },
	{ "merged", "", "got it in one message with others." },
	{ "throttled", "", "gets it later, since it got it a moment ago." },
	{ "acknowledged", "ok", "acknowledged it." },
	{ "unacknowledged", "fail", "took the acknowledgement back." },
	{ "silenced", "", "Alertmanager has a silence for it." },
	{ "inhibited", "", "Alertmanager inhibits it, since another alert explains it." },
	{ "muted", "", "Its service is muted, so no message is sent." },
	{ "released", "", "It is no longer silenced, inhibited or muted." },
};
enum { EVENTS_KNOWN = sizeof(events_known) / sizeof(events_known[0]) };

/* What was said. */
static const char *
words_of_sent(const char *what)
{
	static const struct {
		const char *what, *words;
	} sent[] = {
		{ "repeated", "got it again, since nobody had acknowledged it." },
		{ "escalated", "got it as an escalation, since nobody had acknowledged it." },
		{ "resolved", "got the news that it is over." },
		{ "acknowledged", "got the news of who acknowledged it." },
	};

	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++)
		if (strcmp(sent[i].what, what) == 0)
			return sent[i].words;
	return "got it.";
}

/* Names and values of a detail, as they are.  "who" and "kind" are in the sentence already.  Objects
 * and lists within it are for programs, which have the API. */
static void
details_of(const json_t *object, struct buffer *out)
{
	const char *name;
	json_t *value;
	size_t count = 0;

	json_object_foreach((json_t *)object, name, value)
	{
		const char *text = json_string_value(value);

		if (strcmp(name, "kind") == 0 || strcmp(name, "who") == 0 ||
		    (text == NULL && !json_is_integer(value)))
			continue;
		buffer_string(out, count++ == 0 ? " <small>" : ", ");
		page_cut(out, name, 40);
		buffer_string(out, ": ");
		if (text != NULL)
			page_cut(out, text, TEXT);
		else
			buffer_format(out, "%lld", (long long)json_integer_value(value));
	}
	buffer_string(out, count > 0 ? "</small>" : "");
}

static void
event_words(const json_t *event, struct buffer *out)
{
	const json_t *detail = json_object_get(event, "detail");
	const char *kind = alert_text(event, "kind"), *who = alert_text(event, "channel");
	long long attempt = (long long)json_integer_value(json_object_get(event, "attempt"));
	size_t i = 0;

	if (*who == '\0')
		who = alert_text(detail, "who");
	buffer_string(out, "<b>");
	html_text(out, who);
	buffer_string(out, *who != '\0' ? "</b> " : "");
	while (i < EVENTS_KNOWN && strcmp(events_known[i].kind, kind) != 0)
		i++;
	if (strcmp(kind, "sent") == 0)
		buffer_string(out, words_of_sent(alert_text(detail, "kind")));
	else if (i < EVENTS_KNOWN)
		buffer_string(out, events_known[i].words);
	else
		page_cut(out, kind, 40);
	buffer_string(out, *who == '\0' ? "</b>" : "");
	if (attempt > 1)
		buffer_format(out, " Attempt&nbsp;%lld.", attempt);
}

static const char *
class_of(const json_t *event)
{
	const char *kind = alert_text(event, "kind");

	for (size_t i = 0; i < EVENTS_KNOWN; i++)
		if (strcmp(events_known[i].kind, kind) == 0)
			return events_known[i].class;
	return "";
}

/* How many from this one on are the same and say no more than that.  An alert that is open for a week
 * is repeated thousands of times, and would hide the other events. */
static size_t
same_from(const json_t *events, size_t index)
{
	const char *kind = alert_text(json_array_get(events, index), "kind");
	size_t count = 1;

	if (strcmp(kind, "repeated") != 0)
		return 1;
	while (strcmp(alert_text(json_array_get(events, index + count), "kind"), kind) == 0)
		count++;
	return count;
}

static void
story(const json_t *events, int64_t now_ms, struct buffer *out)
{
	buffer_string(out, "<ol class=\"story\">\n");
	for (size_t i = 0, count; i < json_array_size(events); i += count) {
		const json_t *event = json_array_get(events, i);

		count = same_from(events, i);
		buffer_format(out, "<li class=\"%s\">", class_of(event));
		page_clock(out, view_time(alert_text(event, "at")), now_ms);
		buffer_string(out, " ");
		event_words(event, out);
		if (count > 1) {
			buffer_format(out, " %zu times, the last time at ", count);
			page_clock(
			    out, view_time(alert_text(json_array_get(events, i + count - 1), "at")), now_ms);
			buffer_string(out, ".");
		}
		details_of(json_object_get(event, "detail"), out);
		buffer_string(out, "</li>\n");
	}
	buffer_string(out, "</ol>\n");
}

/* Without the history: what the incident itself knows.  Sent, acknowledged, over: enough to act on while
 * PostgreSQL is down. */
static void
short_story(const struct view *view, const char *reason, int64_t now_ms, struct buffer *out)
{
	buffer_string(out, "<p class=\"note\">The whole story is not here: ");
	html_text(out, reason);
	buffer_string(out, "</p>\n<ol class=\"story\"><li class=\"fail\">");
	page_clock(out, view->starts_ms, now_ms);
	buffer_string(out, " <b>It began.</b></li>");
	if (*view->said != '\0') {
		buffer_string(out, "<li>It was sent to <b>");
		html_text(out, view->said);
		buffer_string(out, "</b>.</li>");
	}
	if (view->acknowledged_ms != 0) {
		buffer_string(out, "<li class=\"ok\">");
		page_settled(out, view, now_ms);
		buffer_string(out, "</li>");
	}
	if (view->ends_ms != 0) {
		buffer_string(out, "<li class=\"ok\">");
		page_clock(out, view->ends_ms, now_ms);
		buffer_string(out, " <b>It is over.</b></li>");
	}
	buffer_string(out, "</ol>\n");
}

/* --- What it says of itself --- */

/* Only what a browser may be sent to.  "javascript:" in an annotation would run in the page of the person who
 * clicks.  noreferrer keeps the address of this page from the other site. */
static void
link_to(const char *url, const char *words, struct buffer *out)
{
	if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		return;
	buffer_string(out, "<li><a rel=\"noreferrer\" href=\"");
	html_text(out, url);
	buffer_format(out, "\">%s</a></li>", words);
}

/* Descriptions have line breaks, which the class shows: no HTML is read in them. */
static void
pairs(const json_t *object, struct buffer *out)
{
	const char *name;
	json_t *value;

	buffer_string(out, "<dl>");
	json_object_foreach((json_t *)object, name, value)
	{
		buffer_string(out, "<dt>");
		page_cut(out, name, LABEL);
		buffer_string(out, "</dt><dd class=\"text\">");
		html_text(out, json_string_value(value) != NULL ? json_string_value(value) : "");
		buffer_string(out, "</dd>");
	}
	buffer_string(out, "</dl>\n");
}

static void
about(const struct view *view, struct buffer *out)
{
	buffer_string(out, "<section id=\"about\" aria-labelledby=\"h-about\"><h2 id=\"h-about\">What it "
			   "says</h2>\n");
	pairs(view->annotations, out);
	buffer_string(out, "<ul>");
	link_to(alert_text(view->annotations, "runbook_url"), "What to do (runbook)", out);
	link_to(alert_text(view->annotations, "dashboard_url"), "Dashboard", out);
	link_to(view->link, "Where it comes from", out);
	buffer_string(out, "</ul>\n<h2>Labels</h2>\n");
	pairs(view->labels, out);
	buffer_string(out, "</section>\n");
}

/* --- The pages --- */

/* What is over is green whatever it was. */
static void
banner(const struct view *view, int64_t now_ms, struct buffer *out)
{
	bool is_open = strcmp(view->status, "open") == 0;
	char title[TITLE];

	(void)snprintf(title, sizeof(title), "%.4s %.100s", view->severity, view->name);
	page_begin(out,
	    !is_open                                                      ? "healthy"
	    : !view_is_settled(view) && strcmp(view->severity, "P0") == 0 ? "unhealthy"
									  : "degraded",
	    0, title, view->summary);
	buffer_string(out, "<p class=\"when\">");
	html_env(out, view->env);
	buffer_string(out, " ");
	page_where(out, view);
	buffer_string(out, is_open ? "<br>Open since " : "<br>From ");
	page_clock(out, view->starts_ms, now_ms);
	if (!is_open) {
		buffer_string(out, " to ");
		page_clock(out, view->ends_ms, now_ms);
	}
	buffer_string(out, ", ");
	page_span(out, (is_open ? now_ms : view->ends_ms) - view->starts_ms);
	buffer_string(out, ". <a href=\"../\">All alerts</a></p>");
}

void
story_write(const struct view *view, const json_t *events, const char *reason, const char *user,
    int64_t now_ms, struct buffer *out)
{
	bool is_open = strcmp(view->status, "open") == 0;

	banner(view, now_ms, out);
	buffer_string(out, "</header>\n<main>\n");
	/* An alert that ended by itself has nobody to name. */
	if (is_open || view_is_settled(view)) {
		buffer_string(out, "<section id=\"who\" aria-labelledby=\"h-who\"><h2 id=\"h-who\">Who sees "
				   "to it</h2>\n<p>");
		page_settled(out, view, now_ms);
		buffer_string(out, view_is_settled(view) ? "</p>\n" : "Nobody has acknowledged it.</p>\n");
		if (is_open && *view->token != '\0' && view->acknowledged_ms != 0)
			page_form_back(out, view, "../ack/", user);
		else if (is_open && *view->token != '\0')
			page_form(out, view, "../ack/", user, "page");
		buffer_string(out, "</section>\n");
	}
	buffer_string(out, "<section id=\"story\" aria-labelledby=\"h-story\"><h2 id=\"h-story\">What "
			   "happened</h2>\n");
	if (events != NULL)
		story(events, now_ms, out);
	else
		short_story(view, reason, now_ms, out);
	buffer_string(out, "</section>\n");
	about(view, out);
	buffer_string(out, "</main></body></html>\n");
}

/* What somebody sees who taps the link in a message: what it is, and one button. */
void
link_write(const struct view *view, const char *user, int64_t now_ms, struct buffer *out)
{
	banner(view, now_ms, out);
	buffer_string(out, "</header>\n<main><section>\n<p>");
	page_settled(out, view, now_ms);
	if (strcmp(view->status, "open") != 0) {
		buffer_string(out, "It is over: nobody has to acknowledge it any more.");
	} else if (view->acknowledged_ms == 0 && *view->token != '\0') {
		buffer_string(out,
		    "Acknowledge it, and all who got it read that you see to it. It is not sent "
		    "again.</p>\n");
		page_form(out, view, "", user, "link");
		buffer_string(out, "<p>");
	}
	buffer_string(out, "</p>\n<p><a href=\"../incident/");
	html_text(out, view->id);
	buffer_string(out, "\">Its whole story</a></p></section></main></body></html>\n");
}
