/*
 * The figures of a day: those of history_stats(), and a table of the incidents for a spreadsheet.  They
 * come from the same statement as the API's figures, so that a mail and the page cannot disagree.  The
 * JSON is our own PostgreSQL's, but what is not there or not a number counts as 0.
 */

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/text/utf8.h"
#include "relay/history/parts.h"

enum { FIGURES_BYTES = 1024 * 1024, NUMBER = 24 };

static unsigned
number(const json_t *object, const char *name)
{
	return (unsigned)json_integer_value(json_object_get(object, name));
}

/* There is no time to acknowledge where nobody did: 0 would look like a very good one. */
static double
median(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(json_object_get(object, name), "median");

	return json_is_number(value) ? json_number_value(value) : -1;
}

static void
read_figures(struct history_figures *figures, const json_t *object)
{
	const char *name = json_string_value(json_object_get(object, "alertname"));
	const char *severity = json_string_value(json_object_get(object, "severity"));

	(void)snprintf(figures->name, sizeof(figures->name), "%s", name != NULL ? name : "");
	/* A mail with half of one is not UTF-8, and many readers would show it in another character
	 * set. */
	/* Half a character at its end goes, too. */
	for (size_t length = strlen(figures->name); !utf8_valid((struct slice){ figures->name, length });)
		figures->name[--length] = '\0';
	(void)snprintf(figures->severity, sizeof(figures->severity), "%s", severity != NULL ? severity : "");
	figures->began = number(object, "count");
	figures->open = number(object, "open");
	figures->acknowledged = number(object, "acknowledged");
	figures->repeats = number(object, "repeats");
	figures->acknowledge_seconds = median(object, "acknowledge_seconds");
	figures->resolve_seconds = median(object, "resolve_seconds");
}

/* All four severities are there, also those without an incident: PostgreSQL only has rows for what
 * happened. */
static void
read_stats(struct history_summary *summary, const json_t *stats)
{
	size_t i;
	json_t *each;

	for (i = 0; i < HISTORY_SEVERITIES; i++)
		summary->severities[i] = (struct history_figures){
			.severity = { 'P', (char)('0' + i) }, .acknowledge_seconds = -1, .resolve_seconds = -1
		};
	json_array_foreach(json_object_get(stats, "severities"), i, each)
	{
		const char *severity = json_string_value(json_object_get(each, "severity"));

		for (int known = 0; known < HISTORY_SEVERITIES && severity != NULL; known++)
			if (strcmp(severity, summary->severities[known].severity) == 0)
				read_figures(&summary->severities[known], each);
	}
	json_array_foreach(
	    json_object_get(stats, "alerts"), i, each) if (summary->noisiest_count < HISTORY_NOISIEST)
	    read_figures(&summary->noisiest[summary->noisiest_count++], each);
	json_array_foreach(json_object_get(stats, "channels"), i, each)
	{
		summary->sent += number(each, "sent");
		summary->failed += number(each, "failed");
	}
}

int
history_summarize(struct history *history, int64_t from_ms, int64_t to_ms, struct history_summary *summary,
    struct buffer *csv, struct failure *why)
{
	char from[NUMBER], to[NUMBER], rows[NUMBER];
	const char *values[] = { from, to, rows };
	struct buffer text;
	json_t *stats;
	int result;

	buffer_init(&text, FIGURES_BYTES);
	result = history_stats(history, from_ms, to_ms, &text, why);
	stats = result == 0 ? json_loadb(text.text, text.length, 0, NULL) : NULL;
	buffer_release(&text);
	if (result == 0 && stats == NULL)
		result = failure_set(why, FAILURE_LOCAL, "out of memory");
	if (result == 0) {
		*summary = (struct history_summary){ 0 };
		read_stats(summary, stats);
		(void)snprintf(from, sizeof(from), "%" PRId64, from_ms);
		(void)snprintf(to, sizeof(to), "%" PRId64, to_ms);
		(void)snprintf(rows, sizeof(rows), "%d", (int)HISTORY_CSV_ROWS);
		/* PostgreSQL writes the CSV as well: 5000 rows are never here as a tree. */
		result = history_ask(history, history_sql_table, values, 3, csv, why);
	}
	json_decref(stats);
	return result;
}
