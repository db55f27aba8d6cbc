/*
 * "/": what an operator asks first is at the top.  It stays as it is while somebody reads it or fills
 * in a form; "/watch" reloads.  Columns have their widths and, on a phone, their titles in style.c by
 * number.  Every part is written from copies that read.c has made, so nothing here can wait or fail but
 * for memory, which the buffer remembers.  There is no script: nothing can fail to load, and the
 * policy forbids all of them.
 */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "relay/page/parts.h"

/* Bytes: an annotation may have 16 KiB, and a row is for a look. */
enum { SUMMARY = 240, TITLE = 64, TEXT = 256 };

/* What the banner says of all that is open. */
struct front_verdict {
	const char *name;
	char title[TITLE], text[TEXT];
};

/* All that are open are known.  Only then can the banner speak of all of them: on a second page, those
 * of the first are not here. */
static void
judge_waiting(struct front_verdict *verdict, size_t length, size_t all, size_t waiting)
{
	char *text = verdict->text + length;

	if (waiting == 0)
		(void)snprintf(
		    text, TEXT - length, ". Somebody sees to %s.", all == 1 ? "it" : "each of them");
	else if (waiting == all)
		(void)snprintf(text, TEXT - length, ". Nobody has acknowledged %s yet.",
		    all == 1 ? "it" : "any of them");
	else
		(void)snprintf(text, TEXT - length, ". Nobody has acknowledged %zu of them yet.", waiting);
}

/* Past the rows that are shown nothing is known but counts.  Red is only for a P0 that
 * nobody has acknowledged, among the rows that are here: otherwise it would be red on most days. */
static struct front_verdict
judge(const struct front *front)
{
	struct front_verdict verdict = { .name = "healthy" };
	size_t all = 0, waiting = 0, urgent = 0, length = 0;

	for (size_t i = 0; i < SEVERITIES; i++)
		all += front->counts[i];
	for (size_t i = 0; i < front->open_count; i++) {
		const struct view *view = &front->open[i];

		waiting += view_is_settled(view) ? 0 : 1;
		urgent += !view_is_settled(view) && strcmp(view->severity, "P0") == 0 ? 1 : 0;
	}
	if (all > 0)
		(void)snprintf(verdict.title, TITLE, "%zu alert%s open", all, all == 1 ? " is" : "s are");
	else
		(void)snprintf(verdict.title, TITLE, "Nothing is open");
	for (size_t i = 0; i < SEVERITIES; i++)
		if (front->counts[i] > 0)
			length += (size_t)snprintf(verdict.text + length, TEXT - length, "%s%zu P%zu",
			    length > 0 ? ", " : "", front->counts[i], i);
	if (all > 0)
		verdict.name = urgent > 0 ? "unhealthy" : "degraded";
	if (all > 0 && all == front->open_count)
		judge_waiting(&verdict, length, all, waiting);
	return verdict;
}

/* "/watch" is a page of its own, so that it can be left open on a wall and still be a plain link. */
static void
banner(const struct front *front, struct buffer *out)
{
	struct front_verdict verdict = judge(front);

	page_begin(out, verdict.name, front->reloads ? PAGE_REFRESH : 0, verdict.title, verdict.text);
	buffer_string(out, "<p class=\"when\">As of ");
	page_clock(out, front->now_ms, front->now_ms);
	buffer_string(out, ". ");
	if (front->reloads)
		buffer_format(out, "Reloads every %d&nbsp;seconds: <a href=\"./\">stop</a>.", PAGE_REFRESH);
	else
		buffer_format(out,
		    "It stays like this until you <a href=\"./\">reload</a> it, or <a href=\"watch\">reload it "
		    "every %d&nbsp;seconds</a>.",
		    PAGE_REFRESH);
	buffer_string(out, "</p></header>\n<main>\n");
}

/* --- What is open --- */

/* Links are relative: a proxy may serve the page below a path of its own. */
static void
name_cell(const struct view *view, struct buffer *out)
{
	buffer_string(out, "<th scope=\"row\">");
	page_severity(out, view->severity);
	buffer_string(out, "<a href=\"incident/");
	html_text(out, view->id);
	buffer_string(out, "\">");
	page_cut(out, view->name, SUMMARY);
	buffer_string(out, "</a> ");
	html_env(out, view->env);
	buffer_string(out, "<small>");
	page_cut(out, view->summary, SUMMARY);
	buffer_string(out, "</small></th><td>");
	page_where(out, view);
	buffer_string(out, "</td>");
}

static void
open_row(const struct front *front, const struct view *view, struct buffer *out)
{
	bool is_settled = view_is_settled(view);

	buffer_format(out, "<tr class=\"%s\">",
	    is_settled                          ? "ok"
	    : strcmp(view->severity, "P0") == 0 ? "fail"
						: "warn");
	name_cell(view, out);
	buffer_string(out, "<td>");
	page_clock(out, view->starts_ms, front->now_ms);
	buffer_string(out, " <small>");
	page_span(out, front->now_ms - view->starts_ms);
	buffer_string(out, "</small></td><td>");
	html_text(out, *view->said != '\0' ? view->said : "nowhere yet");
	buffer_string(out, "</td><td>");
	page_settled(out, view, front->now_ms);
	/* Without a token there is no form: it would be refused. */
	if (!is_settled && *view->token != '\0') {
		buffer_string(out, "<details><summary>Acknowledge</summary>");
		page_form(out, view, "ack/", front->user, "page");
		buffer_string(out, "</details>");
	}
	buffer_string(out, "</td></tr>\n");
}

static void
begin_table(const char *class, const char *heads, struct buffer *out)
{
	buffer_format(out, "<table class=\"%s\"><thead><tr>%s</tr></thead><tbody>\n", class, heads);
}

/* More than there is room for: a link to the next ones.  By number and not by the last one: a row that
 * moves while somebody reads is seen twice or on the next reload, which is enough for a list that
 * people look at. */
static void
turn_page(const struct front *front, struct buffer *out)
{
	size_t all = 0, next = front->offset + front->open_count;

	for (size_t i = 0; i < SEVERITIES; i++)
		all += front->counts[i];
	if (front->offset == 0 && next >= all)
		return;
	buffer_string(out, "<p>");
	if (front->offset > 0)
		buffer_string(out, "<a href=\"./\">The first ones</a> ");
	buffer_format(out, "%zu to %zu of %zu. ", front->offset + 1, next, all);
	if (next < all)
		buffer_format(out, "<a href=\"./?from=%zu\">The next ones</a>", next);
	buffer_string(out, "</p>\n");
}

static void
open_section(const struct front *front, struct buffer *out)
{
	buffer_string(
	    out, "<section id=\"open\" aria-labelledby=\"h-open\"><h2 id=\"h-open\">Open now</h2>\n");
	if (front->open_count == 0) {
		buffer_string(out, "<p>There is no open alert.</p></section>\n");
		return;
	}
	begin_table("open",
	    "<th scope=\"col\">Alert</th><th scope=\"col\">Where</th><th scope=\"col\">Since</th>"
	    "<th scope=\"col\">Sent to</th><th scope=\"col\">Who sees to it</th>",
	    out);
	for (size_t i = 0; i < front->open_count; i++)
		open_row(front, &front->open[i], out);
	buffer_string(out, "</tbody></table>\n");
	turn_page(front, out);
	buffer_string(out, "</section>\n");
}

/* --- The rest --- */

static void
lately_row(const struct front *front, const struct view *view, struct buffer *out)
{
	buffer_string(out, "<tr>");
	name_cell(view, out);
	buffer_string(out, "<td>");
	page_clock(out, view->starts_ms, front->now_ms);
	buffer_string(out, "</td><td>");
	page_span(out, view->ends_ms - view->starts_ms);
	buffer_format(out, "</td><td>%s", strcmp(view->status, "expired") == 0 ? "expired" : "resolved");
	if (view->acknowledged_ms != 0) {
		buffer_string(out, " <small>acknowledged by ");
		html_text(out, view->acknowledged_by);
		buffer_string(out, "</small>");
	}
	buffer_string(out, "</td></tr>\n");
}

/* The reason is on the page itself: who reads it during an outage does not have the log. */
static void
lately_section(const struct front *front, struct buffer *out)
{
	buffer_string(out,
	    "<section id=\"lately\" aria-labelledby=\"h-lately\"><h2 id=\"h-lately\">What ended lately</h2>\n");
	if (*front->history_reason != '\0') {
		buffer_string(out, "<p class=\"note\">Only what ended in the last hour is here, since the "
				   "history cannot be read: ");
		html_text(out, front->history_reason);
		buffer_string(out, "</p>\n");
	}
	if (front->lately_count == 0) {
		buffer_string(out, "<p>No alert has ended yet.</p></section>\n");
		return;
	}
	begin_table("lately",
	    "<th scope=\"col\">Alert</th><th scope=\"col\">Where</th><th scope=\"col\">Began</th>"
	    "<th scope=\"col\">Lasted</th><th scope=\"col\">How it ended</th>",
	    out);
	for (size_t i = 0; i < front->lately_count; i++)
		lately_row(front, &front->lately[i], out);
	buffer_string(out, "</tbody></table></section>\n");
}

/* A channel that was never used since the start is not called good: nothing is known about it. */
static void
channel_row(const struct front *front, size_t index, struct buffer *out)
{
	const struct page_channel *channel = &front->channels[index];

	buffer_format(out, "<tr class=\"%s\"><th scope=\"row\">", channel->failing_ms != 0 ? "fail" : "ok");
	html_text(out, channel->name);
	buffer_string(out, "</th><td>");
	if (channel->failing_ms != 0) {
		buffer_string(out, "<b>fails</b> <small>since ");
		page_clock(out, channel->failing_ms, front->now_ms);
		buffer_string(out, ": ");
		html_text(out, channel->reason);
		buffer_string(out, "</small>");
	} else {
		buffer_string(out, channel->last_ms != 0 ? "<b>works</b>" : "not used since the start");
	}
	buffer_string(out, "</td><td>");
	if (channel->last_ms != 0)
		page_clock(out, channel->last_ms, front->now_ms);
	else
		buffer_string(out, "&ndash;");
	buffer_format(out, "</td><td>%zu</td></tr>\n", front->waiting[index]);
}

static void
delivery_section(const struct front *front, struct buffer *out)
{
	buffer_string(out,
	    "<section id=\"delivery\" aria-labelledby=\"h-delivery\"><h2 id=\"h-delivery\">Delivery</h2>\n");
	if (front->channel_count == 0) {
		buffer_string(out,
		    "<p>No channel is set up, so nobody hears of alerts: docs/alerting.md says "
		    "how.</p></section>\n");
		return;
	}
	begin_table("delivery",
	    "<th scope=\"col\">Channel</th><th scope=\"col\">State</th><th scope=\"col\">Last message</th>"
	    "<th scope=\"col\">Waiting</th>",
	    out);
	for (size_t i = 0; i < front->channel_count; i++)
		channel_row(front, i, out);
	buffer_string(out, "</tbody></table></section>\n");
}

/* Nothing at all without mutes, so that somebody notices the section when it is there. */
static void
mute_section(const struct front *front, struct buffer *out)
{
	if (front->mute_count == 0)
		return;
	buffer_string(
	    out, "<section id=\"mutes\" aria-labelledby=\"h-mutes\"><h2 id=\"h-mutes\">Muted</h2>\n");
	begin_table("mutes",
	    "<th scope=\"col\">Service</th><th scope=\"col\">Until</th><th scope=\"col\">By</th>"
	    "<th scope=\"col\">Why</th>",
	    out);
	for (size_t i = 0; i < front->mute_count; i++) {
		const struct mute *mute = &front->mutes[i];

		buffer_string(out, "<tr><th scope=\"row\">");
		html_text(out, mute->service);
		buffer_string(out, "</th><td>");
		page_clock(out, mute->until_ms, front->now_ms);
		buffer_string(out, "</td><td>");
		html_text(out, mute->who);
		buffer_string(out, "</td><td>");
		html_text(out, mute->reason);
		buffer_string(out, "</td></tr>\n");
	}
	buffer_string(out, "</tbody></table></section>\n");
}

void
front_write(const struct front *front, struct buffer *out)
{
	time_t now = (time_t)(front->now_ms / 1000);
	char zone[32] = "";
	struct tm local;

	banner(front, out);
	open_section(front, out);
	lately_section(front, out);
	delivery_section(front, out);
	mute_section(front, out);
	if (localtime_r(&now, &local) != NULL)
		(void)strftime(zone, sizeof(zone), "%Z", &local);
	buffer_string(out, "</main>\n<footer><p>Times are ");
	html_text(out, zone);
	buffer_string(out, ". The same as JSON: <a href=\"api/v1/alerts\">/api/v1/alerts</a>.</p></footer>"
			   "</body></html>\n");
}
