/*
 * The report for programs, by docs/health.schema.json.  It is written straight
 * into the buffer: the shape is fixed, and a tree of values would cost an
 * allocation for each.  JSON has no NaN and no infinity, so what is not known
 * is null.  Texts in a report are clean already (text.c); json_string() takes
 * care all the same, since a reader that gets invalid JSON gets no report at
 * all.
 */

#include "exporter/health/health.h"

#include <math.h>

#include "common/text/utf8.h"
#include "exporter/alerts/list.h"
#include "exporter/health/text.h"
#include "textfile/number.h"

static void
json_string(struct buffer *out, const char *text)
{
	size_t length = strlen(text), width;

	buffer_string(out, "\"");
	for (size_t i = 0; i<length; i += width> 0 ? width : 1) {
		width = utf8_character(text + i, length - i);
		if (width == 0)
			buffer_string(out, "\\ufffd");
		else if (text[i] == '"' || text[i] == '\\')
			buffer_format(out, "\\%c", text[i]);
		else if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F)
			buffer_format(out, "\\u%04x", (unsigned)text[i]);
		else
			buffer_append(out, text + i, width);
	}
	buffer_string(out, "\"");
}

static void
json_number(struct buffer *out, const char *name, double value)
{
	char text[NUMBER_TEXT];
	size_t length = number_format(value, text);

	buffer_format(out, ",\"%s\":", name);
	if (isnan(value) || isinf(value))
		buffer_string(out, "null");
	else
		buffer_append(out, text, length);
}

static void
json_time(struct buffer *out, const char *name, double value)
{
	char text[WORDS_TIME];

	words_rfc3339(value, text);
	buffer_format(out, text[0] != '\0' ? ",\"%s\":\"%s\"" : ",\"%s\":null%s", name, text);
}

static void
json_text(struct buffer *out, const char *name, const char *text)
{
	buffer_format(out, ",\"%s\":", name);
	json_string(out, text);
}

static void
json_check(struct buffer *out, const struct health_check *check)
{
	buffer_format(out, "{\"kind\":\"%s\"", health_kind_name(check->kind));
	json_text(out, "name", check->name);
	json_text(out, "env", check->env);
	json_text(out, "status", health_status_name(check->status));
	json_text(out, "state", check->state);
	json_text(out, "reason", check->reason);
	json_number(out, "age_seconds", check->age);
	json_time(out, "last_run", check->last_run);
	json_time(out, "last_success", check->last_success);
	json_number(out, "interval_seconds", check->interval);
	json_number(out, "duration_seconds", check->duration);
	json_text(out, "file", check->file);
	buffer_string(out, "}");
}

static void
json_reason(struct buffer *out, const struct health_reason *reason)
{
	const struct reason_text *text = &reason_texts[reason->rule];

	buffer_format(
	    out, "{\"rule\":\"%s\",\"severity\":\"%s\"", text->name, reason->value >= 200 ? "no" : "care");
	json_text(out, "what", reason->what);
	json_text(out, "why", text->why);
	json_text(out, "do", text->todo);
	json_text(out, "env", reason->env);
	json_time(out, "since", reason->since);
	buffer_string(out, "}");
}

static void
json_alert(struct buffer *out, const struct open_alert *alert)
{
	buffer_format(out, "{\"severity\":\"P%d\"", alert->severity);
	json_text(out, "alert", alert->name);
	json_text(out, "env", alert->env);
	json_text(out, "what", alert->what);
	json_time(out, "since", alert->since);
	json_text(out, "state", alert_hold_name(alert->hold));
	json_text(out, "acknowledged_by", alert->by);
	buffer_string(out, "}");
}

/* null where no server is named; a list that is not known is null, too, and not empty. */
static void
json_alerts(struct buffer *out, const struct open_alerts *alerts)
{
	if (!alerts->asked) {
		buffer_string(out, ",\"alerts\":null");
		return;
	}
	buffer_format(out, ",\"alerts\":{\"more\":%zu", alerts->more);
	json_time(out, "time", alerts->read_at);
	json_text(out, "reason", alerts->why);
	buffer_string(out, ",\"open\":");
	buffer_string(out, open_alerts_known(alerts) ? "[" : "null");
	for (size_t i = 0; i < alerts->count; i++) {
		buffer_string(out, i > 0 ? "," : "");
		json_alert(out, &alerts->shown[i]);
	}
	buffer_string(out, open_alerts_known(alerts) ? "]}" : "}");
}

void
health_json(const struct health_report *report, const struct open_alerts *alerts, struct buffer *out)
{
	buffer_format(out, "{\"status\":\"%s\"", health_verdict_name(report->verdict));
	json_text(out, "summary", report->summary);
	json_time(out, "time", report->made_at);
	buffer_string(out, ",\"reasons\":[");
	for (size_t i = 0; i < report->reason_count; i++) {
		buffer_string(out, i > 0 ? "," : "");
		json_reason(out, &report->reasons[i]);
	}
	buffer_format(out, "],\"more_checks\":%s,\"checks\":[", report->more_checks ? "true" : "false");
	for (size_t i = 0; i < report->count; i++) {
		if (i > 0)
			buffer_string(out, ",");
		json_check(out, &report->checks[i]);
	}
	buffer_string(out, "]");
	json_alerts(out, alerts);
	buffer_string(out, "}\n");
}
