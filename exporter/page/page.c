/*
 * The page is complete HTML from the server: it works without a script, which
 * lets its Content-Security-Policy forbid all of them, and during an outage it
 * needs nothing but itself.  It stays as it is while somebody reads it; one
 * that reloads, by a meta tag, has a path of its own.  Parts that a screen
 * reader or a phone needs (roles, labels, scopes) are not decoration: signs
 * and words carry each state, since colours alone would not.
 */

#include "exporter/page/page.h"

#include <stdio.h>
#include <string.h>

#include "exporter/health/text.h"
#include "exporter/page/parts.h"

/* In the order of the page, what an operator asks first at the top; two kinds where one table has both. */
static const struct section {
	const char *id;
	const char *title;
	enum health_kind kind, other;
} sections[] = {
	{ "preflight", "Preflight", KIND_PREFLIGHT, KIND_PREFLIGHT },
	{ "bots", "Bots", KIND_ENGINE, KIND_ENGINE },
	{ "collectors", "Collectors", KIND_COLLECTOR, KIND_COLLECTOR },
	{ "servers", "Redis and Postgres", KIND_POSTGRES, KIND_REDIS },
	{ "exchanges", "Exchanges", KIND_EXCHANGE, KIND_EXCHANGE },
	{ "positions", "Positions", KIND_POSITIONS, KIND_POSITIONS },
	{ "files", "Files", KIND_FILE, KIND_FILE },
};
enum { SECTIONS = sizeof(sections) / sizeof(sections[0]), LINES = 6 };

static const char *
verdict_title(enum health_verdict verdict)
{
	static const char *const titles[] = { "Healthy", "Degraded", "Unhealthy" };

	return titles[verdict];
}

/* The icon has the verdict's colour: a tab in the background shows it, too. */
static void
head(struct buffer *out, const struct health_report *report, bool reloads)
{
	static const char *const colours[] = { "0b6b35", "b36b00", "b3142a" };
	const struct html_head head = { verdict_title(report->verdict), colours[report->verdict],
		reloads ? PAGE_REFRESH : 0, page_style };

	html_head(out, &head);
}

static void
count(const struct health_report *report, const struct section *section, size_t *all, size_t *ok)
{
	*all = *ok = 0;
	for (size_t i = 0; i < report->count; i++) {
		const struct health_check *check = &report->checks[i];

		if (check->kind == section->kind || check->kind == section->other) {
			++*all;
			*ok += check->status == HEALTH_OK ? 1 : 0;
		}
	}
	if (section->kind == KIND_FILE) { /* good ones have no check */
		*ok += report->good_files;
		*all += report->good_files;
	}
}

/* Several of the same rule stand side by side and are one line: "upbit, binance". */
static size_t
reason_line(struct buffer *out, const struct health_report *report, size_t index)
{
	const struct health_reason *reason = &report->reasons[index];
	const struct reason_text *text = &reason_texts[reason->rule];
	char since[WORDS_TIME];
	size_t i = index;

	words_clock(reason->since, report->made_at, since);
	buffer_format(out, "<li class=\"%s\"><b>", reason->value >= 200 ? "fail" : "warn");
	for (; i < report->reason_count && report->reasons[i].value == reason->value &&
	       strcmp(report->reasons[i].env, reason->env) == 0;
	     i++) {
		buffer_string(out, i > index ? ", " : "");
		html_text(out, report->reasons[i].what);
	}
	buffer_string(out, "</b>");
	html_env(out, reason->env);
	buffer_format(out, ": %s", text->why);
	/* Of several, each has a time of its own, in its row. */
	if (since[0] != '\0' && i == index + 1)
		buffer_format(out, ", since %s", since);
	buffer_format(out, ". <span>%s</span></li>\n", text->todo);
	return i;
}

/* What is wrong and what to do first, the worst first; more than a few are folded. */
static void
reasons(struct buffer *out, const struct health_report *report)
{
	size_t i = 0, lines = 0;

	if (report->reason_count == 0)
		return;
	buffer_string(out, "<section id=\"reasons\" aria-labelledby=\"h-reasons\">"
			   "<h2 id=\"h-reasons\">What is wrong, and what to do first</h2>\n<ol>");
	for (; i < report->reason_count && lines < LINES; lines++)
		i = reason_line(out, report, i);
	buffer_string(out, "</ol>\n");
	if (i < report->reason_count) {
		buffer_format(out, "<details><summary>%zu more</summary><ol start=\"%zu\">",
		    report->reason_count - i, lines + 1);
		while (i < report->reason_count)
			i = reason_line(out, report, i);
		buffer_string(out, "</ol></details>\n");
	}
	buffer_string(out, "</section>\n");
}

static void
banner(struct buffer *out, const struct health_report *report, bool reloads)
{
	char exact[WORDS_TIME], brief[WORDS_TIME];

	words_rfc3339(report->made_at, exact);
	words_clock(report->made_at, report->made_at, brief);
	buffer_format(out,
	    "<body><header><p class=\"brand\">arbwatch</p><div class=\"verdict %s\" role=\"status\"><h1>%s</h1><p>",
	    health_verdict_name(report->verdict), verdict_title(report->verdict));
	html_text(out, report->summary);
	buffer_format(out,
	    "</p></div><p class=\"when\">As of <time datetime=\"%s\">%s&nbsp;UTC</time>, %.10s. ", exact,
	    brief, exact);
	if (reloads)
		buffer_format(out, "Reloads every %d&nbsp;seconds: <a href=\"./\">stop</a>. ", PAGE_REFRESH);
	else
		buffer_format(out,
		    "It stays like this until you <a href=\"./\">reload</a> it, "
		    "or <a href=\"watch\">reload it every %d&nbsp;seconds</a>. ",
		    PAGE_REFRESH);
	buffer_string(out, "All times are UTC.</p>\n");
	reasons(out, report);
}

static void
contents(struct buffer *out, const struct health_report *report, const struct open_alerts *alerts)
{
	buffer_string(out, "<nav aria-label=\"Sections\"><ul>");
	page_alerts_entry(out, alerts);
	for (size_t i = 0; i < SECTIONS; i++) {
		size_t all, ok;

		count(report, &sections[i], &all, &ok);
		if (all > 0)
			buffer_format(out,
			    "<li class=\"%s\"><a href=\"#%s\"><b>%zu<span class=\"of\"> of %zu ok</span></b> %s</a></li>",
			    ok == all ? "ok" : "bad", sections[i].id, ok, all, sections[i].title);
	}
	buffer_string(out, "</ul></nav></header>\n<main>\n");
}

static void
section(struct buffer *out, const struct health_report *report, const struct section *section)
{
	size_t all, ok;

	count(report, section, &all, &ok);
	/* Sections without checks are left out, but "no collector" must be said. */
	if (all == 0 && section->kind != KIND_COLLECTOR)
		return;
	buffer_format(out, "<section id=\"%s\" aria-labelledby=\"h-%s\"><h2 id=\"h-%s\">%s</h2>\n",
	    section->id, section->id, section->id, section->title);
	if (all == 0)
		buffer_string(out,
		    "<p>No collector has written a file yet. Start one with <code>--textfile.directory</code> "
		    "set to the directory that is served here.</p>\n");
	else if (section->kind == KIND_POSITIONS)
		page_positions(out, report);
	else if (section->kind == KIND_FILE && ok == all)
		buffer_format(
		    out, "<p>%zu read, and nothing wrong with %s.</p>\n", all, all == 1 ? "it" : "them");
	else
		page_checks(out, report, section->id, section->kind, section->other, PAGE_ALL);
	buffer_string(out, "</section>\n");
}

void
page_write(
    const struct health_report *report, const struct open_alerts *alerts, bool reloads, struct buffer *out)
{
	head(out, report, reloads);
	banner(out, report, reloads);
	contents(out, report, alerts);
	page_alerts(out, alerts, report->made_at);
	for (size_t i = 0; i < SECTIONS; i++)
		section(out, report, &sections[i]);
	if (report->more_checks)
		buffer_string(
		    out, "<p>There are more checks than there is room for; not all are shown.</p>\n");
	buffer_string(out, "</main>\n<footer><p>The same as JSON: <a href=\"health\">/health</a>. "
			   "Latencies are those of the last 5 to 10&nbsp;minutes, or of the last run; just "
			   "after a start, all that the counters have.</p></footer></body></html>\n");
}
