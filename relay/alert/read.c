/*
 * The body is scanned where it lies (json/scan.h) and read alert by alert: a
 * hostile body of many megabytes of tiny values would become a gigabyte as a
 * tree.  What is kept of one request is bounded too (TEXTS_LIMIT).
 *
 * One bad alert must not cost the good ones of its request: Alertmanager drops the whole request after a
 * 4xx, and repeats the whole request after a 5xx. So each alert is refused on its own, and the first reason
 * is kept for the log. Only what is true for the whole request (not JSON, too many alerts, no memory)
 * refuses all of it.
 */

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text/array.h"
#include "common/text/moment.h"
#include "relay/alert/parts.h"
#include "json/scan.h"

enum {
	BODY_LIMIT = 128 * 1024 * 1024, /* when all of 32 MiB must be replaced */
	NAMES_LIMIT = 1000,             /* labels, or annotations, of an alert as it was sent */
	TEXTS_LIMIT = 400000,           /* labels and annotations of a request as they are kept */
	FUTURE_MS = 24 * 3600 * 1000,   /* a start may be so far ahead */
	LARGE = 1000,                   /* a list of so many alerts */
	LIST_LIMIT = 128 * 1024,        /* rows that are looked at: the refused ones, too */
};

struct reading {
	int64_t now_ms;
	struct buffer scratch; /* for one text with escapes */
	struct alert_list *list;
	size_t room, texts;
};

/* A string, with a NUL behind it, in the scratch; NULL: not a string, or no memory. */
static char *
read_string(struct reading *reading, struct slice string)
{
	struct slice text;
	char *room;

	reading->scratch.length = 0;
	/* Text with its escapes undone is never longer than it was. */
	room = buffer_reserve(&reading->scratch, string.length + 1);
	if (room == NULL || !json_scan_key(string, room, string.length, &text))
		return NULL;
	if (text.length > 0)
		memmove(room, text.at, text.length);
	room[text.length] = '\0';
	return room;
}

/* What is between the quotes of a string; at == NULL: not a string. */
static struct slice
unquoted(struct slice value)
{
	if (json_scan_kind(value) != SCAN_STRING)
		return (struct slice){ NULL, 0 };
	return (struct slice){ value.at + 1, value.length - 2 };
}

/* One member of an object of strings; those that are empty count as not there, as in Alertmanager.  0; 1: it
 * is no string; -1: out of memory. */
static int
read_text(struct reading *reading, struct slice key, struct slice value, json_t *texts)
{
	const char *text = read_string(reading, unquoted(value));
	json_t *string = text != NULL ? json_string_nocheck(text) : NULL;
	const char *name = string != NULL ? read_string(reading, key) : NULL;

	if (name == NULL) {
		json_decref(string);
		return text == NULL && !reading->scratch.failed ? 1 : -1;
	}
	/* A key may come twice. The later one counts, as in
	 * Go's reader, so an empty one removes an earlier one. */
	if (*json_string_value(string) != '\0')
		return json_object_set_new_nocheck(texts, name, string);
	json_decref(string);
	(void)json_object_del(texts, name);
	return 0;
}

/* An object of strings, or nothing.  NULL with `why`. */
static json_t *
read_texts(struct reading *reading, struct slice object, const char *what, struct failure *why)
{
	json_t *texts = json_object();
	struct json_rows rows;
	struct slice key, value;
	int result = texts != NULL ? 0 : -1;

	/* Annotations are optional, and null stands for a map without entries in what Go writes. */
	if (result == 0 && json_scan_kind(object) <= SCAN_NULL)
		return texts;
	if (result == 0 && (!json_rows_begin(object, &rows) || !rows.object))
		result = 1;
	/* The limit stops a hostile object early; the 64
	 * that are kept are chosen later, by labels_cut(). */
	while (result == 0 && json_rows_next(&rows, &key, &value))
		result = json_object_size(texts) < NAMES_LIMIT ? read_text(reading, key, value, texts) : 1;
	if (result == 0)
		return texts;
	json_decref(texts);
	if (result < 0)
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	else
		(void)failure_set(why, FAILURE_PROTOCOL, "its %s are not an object of at most %d strings",
		    what, NAMES_LIMIT);
	return NULL;
}

/* Unix ms; 0: it is missing, or not believed.  -1 with `why`: it is no time. */
static int
read_time(struct reading *reading, struct slice value, const char *what, int64_t *ms, struct failure *why)
{
	const char *text;

	*ms = 0;
	if (json_scan_kind(value) <= SCAN_NULL)
		return 0;
	text = read_string(reading, unquoted(value));
	if (text == NULL || moment_parse(SLICE(text), ms) != 0)
		return failure_set(why, FAILURE_PROTOCOL, "its %s is not an RFC 3339 time", what);
	/* Go's zero time is 0001-01-01: Alertmanager's webhook sends it as the end of what still fires. */
	if (*ms < 0 || *ms > MOMENT_LAST)
		*ms = *ms < 0 ? 0 : MOMENT_LAST;
	return 0;
}

/* Begin and end, and whether it is over. */
static int
read_times(struct reading *reading, struct json_scan *scan, struct slice row, struct alert *alert,
    struct failure *why)
{
	struct slice status = json_scan_get(scan, row, "/status");
	const char *text;

	if (read_time(reading, json_scan_get(scan, row, "/startsAt"), "startsAt", &alert->starts_ms, why) !=
		0 ||
	    read_time(reading, json_scan_get(scan, row, "/endsAt"), "endsAt", &alert->ends_ms, why) != 0)
		return -1;
	if (alert->starts_ms == 0 || alert->starts_ms > reading->now_ms + FUTURE_MS)
		alert->starts_ms = reading->now_ms;
	/* The push API has no status: an end that has passed is the only sign that an alert is over. */
	alert->resolved = alert->ends_ms != 0 && alert->ends_ms <= reading->now_ms;
	/* Only the webhook says it in words. */
	if (json_scan_kind(status) > SCAN_NULL) {
		text = read_string(reading, unquoted(status));
		if (text == NULL || (strcmp(text, "firing") != 0 && strcmp(text, "resolved") != 0))
			return failure_set(
			    why, FAILURE_PROTOCOL, "its status is neither \"firing\" nor \"resolved\"");
		alert->resolved = *text == 'r';
	}
	if (!alert->resolved)
		return 0;
	/* The sender's clock may be ahead of ours. An end in the
	 * future would make a duration that nobody has lived through. */
	if (alert->ends_ms == 0 || alert->ends_ms > reading->now_ms)
		alert->ends_ms = reading->now_ms;
	if (alert->starts_ms > alert->ends_ms)
		alert->starts_ms = alert->ends_ms;
	return 0;
}

static int
read_labels(struct reading *reading, struct json_scan *scan, struct slice row, struct alert *alert,
    struct failure *why)
{
	json_t *labels = read_texts(reading, json_scan_get(scan, row, "/labels"), "labels", why);
	json_t *annotations = NULL;
	int result = -1;

	if (labels == NULL)
		return -1;
	if (*alert_text(labels, "alertname") == '\0')
		(void)failure_set(why, FAILURE_PROTOCOL, "it has no label alertname");
	else
		annotations =
		    read_texts(reading, json_scan_get(scan, row, "/annotations"), "annotations", why);
	if (annotations != NULL) {
		/* Before the cut: Alertmanager's fingerprint is of all labels, however long. */
		labels_fingerprint(labels, alert->fingerprint);
		alert->severity = alert_severity(labels);
		alert->labels = labels_cut(labels, ALERT_VALUE);
		alert->annotations = labels_cut(annotations, ALERT_ANNOTATION);
		if (alert->labels == NULL || alert->annotations == NULL)
			(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		else
			result = 0;
	}
	json_decref(annotations);
	json_decref(labels);
	return result;
}

static void
alert_release(struct alert *alert)
{
	json_decref(alert->labels);
	json_decref(alert->annotations);
	free(alert->link);
}

static int
read_alert(struct reading *reading, struct json_scan whole, struct slice row, struct alert *alert,
    struct failure *why)
{
	struct slice link;
	const char *text;

	/* A key that is there twice is a fault of this alert alone. */
	whole.twice = (struct slice){ NULL, 0 };
	if (json_scan_kind(row) != SCAN_OBJECT)
		return failure_set(why, FAILURE_PROTOCOL, "it is not an object");
	if (read_labels(reading, &whole, row, alert, why) != 0 ||
	    read_times(reading, &whole, row, alert, why) != 0) {
		/* What is there twice was not found. */
		(void)json_scan_check(&whole, why);
		return -1;
	}
	/* Messages and the page show it as a link, so javascript: and the
	 * like must not pass. An alert without a link is still an alert. */
	link = unquoted(json_scan_get(&whole, row, "/generatorURL"));
	text = link.length <= ALERT_LINK ? read_string(reading, link) : NULL;
	if (reading->scratch.failed)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	if (text != NULL && (strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0)) {
		alert->link = strdup(text);
		if (alert->link == NULL)
			return failure_set(why, FAILURE_LOCAL, "out of memory");
	}
	return json_scan_check(&whole, why);
}

static int
read_row(struct reading *reading, const struct json_scan *scan, struct slice row, size_t number,
    struct failure *why)
{
	struct alert_list *list = reading->list;
	struct alert alert = { 0 }, *moved;
	struct failure reason;

	if (read_alert(reading, *scan, row, &alert, &reason) == 0) {
		/* array_reserve() moves the list: the new address
		 * must be kept even when this alert is not. */
		moved = array_reserve(list->alerts, &reading->room, list->count + 1, sizeof(*list->alerts));
		reading->texts += json_object_size(alert.labels) + json_object_size(alert.annotations);
		if (moved == NULL || list->count == ALERT_LIMIT || reading->texts > TEXTS_LIMIT) {
			alert_release(&alert);
			list->alerts = moved != NULL ? moved : list->alerts;
			if (moved == NULL)
				return failure_set(why, FAILURE_LOCAL, "out of memory");
			return failure_set(why, FAILURE_PROTOCOL,
			    "the request has more than %d alerts, or more than %d labels and annotations",
			    ALERT_LIMIT, TEXTS_LIMIT);
		}
		list->alerts = moved;
		list->alerts[list->count++] = alert;
		return 0;
	}
	alert_release(&alert);
	if (reason.kind == FAILURE_LOCAL) {
		*why = reason;
		return -1;
	}
	(void)failure_prefix(&reason, "alert %zu", number);
	if (list->refused++ == 0)
		list->reason = reason;
	return 0;
}

static int
read_rows(struct reading *reading, struct json_scan *scan, struct slice rows_of, struct failure *why)
{
	struct json_rows rows;
	struct slice key, row;

	if (json_scan_check(scan, why) != 0)
		return -1;
	if (!json_rows_begin(rows_of, &rows) || rows.object)
		return failure_set(why, FAILURE_PROTOCOL, "there is no list of alerts");
	for (size_t number = 1; json_rows_next(&rows, &key, &row); number++)
		if (number > LIST_LIMIT || read_row(reading, scan, row, number, why) != 0)
			return number > LIST_LIMIT
				   ? failure_set(why, FAILURE_PROTOCOL, "more than %d alerts", ALERT_LIMIT)
				   : -1;
	if (reading->list->count > 0 || reading->list->refused == 0)
		return 0;
	*why = reading->list->reason;
	return -1;
}

static int
read_body(struct slice body, bool webhook, int64_t now_ms, struct alert_list *list, struct failure *why)
{
	struct reading reading = { .now_ms = now_ms, .list = list };
	struct buffer copy;
	struct json_scan scan;
	struct slice version, rows;
	struct failure fault;
	int result = -1;

	*list = (struct alert_list){ 0 };
	buffer_init(&copy, BODY_LIMIT);
	buffer_init(&reading.scratch, BODY_LIMIT);
	if (body.length > 0)
		body = repair_text(body, &copy);
	if (copy.failed) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	} else if (body.length == 0) {
		(void)failure_set(why, FAILURE_PROTOCOL, "the request is empty");
	} else if (json_scan_open(&scan, body, &fault) != 0) {
		/* That one speaks of answers. */
		(void)failure_set(why, FAILURE_PROTOCOL, "the request is not JSON%s",
		    strchr(fault.text, ':') != NULL ? strchr(fault.text, ':') : "");
	} else {
		version = json_scan_get(&scan, scan.text, "/version");
		rows = webhook ? json_scan_get(&scan, scan.text, "/alerts") : scan.text;
		/* Another version would have other fields, and an alert
		 * read wrongly is worse than a 400 that somebody sees. */
		if (webhook && !slice_is(version, "\"4\""))
			(void)failure_set(
			    why, FAILURE_PROTOCOL, "this is not a webhook of Alertmanager, version \"4\"");
		else
			result = read_rows(&reading, &scan, rows, why);
	}
	buffer_release(&copy);
	buffer_release(&reading.scratch);
	if (result != 0)
		alert_list_release(list);
	return result;
}

int
alert_read_webhook(struct slice body, int64_t now_ms, struct alert_list *list, struct failure *why)
{
	return read_body(body, true, now_ms, list, why);
}

int
alert_read_push(struct slice body, int64_t now_ms, struct alert_list *list, struct failure *why)
{
	return read_body(body, false, now_ms, list, why);
}

void
alert_list_release(struct alert_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		alert_release(&list->alerts[i]);
	free(list->alerts);
	/* Thousands of alerts take as much memory as all the rest of the program, and seldom come. */
	if (list->count >= LARGE)
		(void)malloc_trim(0);
	*list = (struct alert_list){ 0 };
}
