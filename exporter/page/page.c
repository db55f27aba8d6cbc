/*
 * The page is complete HTML from the server: it works without a script, which
 * lets its Content-Security-Policy forbid all of them, and during an outage it
 * needs nothing but itself.  It reloads by a meta tag.  Parts that a screen
 * reader or a phone needs (roles, labels, scopes) are not decoration: signs
 * and words carry each state, since colours alone would not.
 */

#include "exporter/page/page.h"

#include <stdio.h>

#include "exporter/health/text.h"
#include "exporter/page/parts.h"

/* In the order of the page, what an operator asks first at the top; two kinds where one table has both. */
static const struct section {
	const char *id;
	const char *title;
	enum health_kind kind, other;
} sections[] = {
	{ "preflight", "Preflight", KIND_PREFLIGHT, KIND_PREFLIGHT },
	{ "collectors", "Collectors", KIND_COLLECTOR, KIND_COLLECTOR },
	{ "servers", "Redis and Postgres", KIND_POSTGRES, KIND_REDIS },
	{ "exchanges", "Exchanges", KIND_EXCHANGE, KIND_EXCHANGE },
	{ "positions", "Positions", KIND_POSITIONS, KIND_POSITIONS },
	{ "files", "Files", KIND_FILE, KIND_FILE },
};
enum { SECTIONS = sizeof(sections) / sizeof(sections[0]) };

static const char *
verdict_title(enum health_verdict verdict)
{
	static const char *const titles[] = { "Healthy", "Degraded", "Unhealthy" };

	return titles[verdict];
}

/* The icon has the verdict's colour: a tab in the background shows it, too. */
static void
head(struct buffer *out, const struct health_report *report)
{
	static const char *const colours[] = { "0b6b35", "b36b00", "b3142a" };

	buffer_format(out,
	    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
	    "<meta http-equiv=\"refresh\" content=\"%d\"><meta name=\"color-scheme\" content=\"light dark\">"
	    "<meta name=\"robots\" content=\"noindex\"><title>%s - arbwatch</title>",
	    PAGE_REFRESH, verdict_title(report->verdict));
	buffer_format(out,
	    "<link rel=\"icon\" href=\"data:image/svg+xml,%%3Csvg xmlns='http://www.w3.org/2000/svg' "
	    "viewBox='0 0 16 16'%%3E%%3Ccircle cx='8' cy='8' r='7' fill='%%23%s'/%%3E%%3C/svg%%3E\">\n<style>",
	    colours[report->verdict]);
	for (size_t i = 0; page_style[i] != NULL; i++)
		buffer_string(out, page_style[i]);
	buffer_string(out, "</style></head>\n");
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

static void
banner(struct buffer *out, const struct health_report *report)
{
	char exact[WORDS_TIME], brief[WORDS_TIME];

	words_rfc3339(report->made_at, exact);
	words_clock(report->made_at, report->made_at, brief);
	buffer_format(out,
	    "<body><header><p class=\"brand\">arbwatch</p><div class=\"verdict %s\" role=\"status\"><h1>%s</h1><p>",
	    health_verdict_name(report->verdict), verdict_title(report->verdict));
	page_text(out, report->summary);
	buffer_format(out,
	    "</p></div><p class=\"when\">As of <time datetime=\"%s\">%s UTC</time>, %.10s. "
	    "Reloads every %d seconds. All times are UTC.</p>\n",
	    exact, brief, exact, PAGE_REFRESH);
}

static void
contents(struct buffer *out, const struct health_report *report)
{
	buffer_string(out, "<nav aria-label=\"Sections\"><ul>");
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
	else if (section->kind == KIND_FILE && ok == all)
		buffer_format(
		    out, "<p>%zu read, and nothing wrong with %s.</p>\n", all, all == 1 ? "it" : "them");
	else
		page_checks(out, report, section->id, section->kind, section->other);
	if (section->kind == KIND_POSITIONS)
		page_positions(out, report);
	buffer_string(out, "</section>\n");
}

void
page_write(const struct health_report *report, struct buffer *out)
{
	head(out, report);
	banner(out, report);
	contents(out, report);
	for (size_t i = 0; i < SECTIONS; i++)
		section(out, report, &sections[i]);
	if (report->more_checks)
		buffer_string(
		    out, "<p>There are more checks than there is room for; not all are shown.</p>\n");
	buffer_string(out, "</main>\n<footer><p>The same as JSON: <a href=\"/health\">/health</a>. "
			   "Latencies are those since the counters began.</p></footer></body></html>\n");
}
