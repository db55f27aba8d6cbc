/*
 * The answer may have thousands of alerts: it is read where it lies, and only those that are shown are kept.
 * Everybody who may send alerts decides over their texts, so they are made harmless here as those of the
 * files are.
 */

#include "exporter/alerts/list.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "common/text/moment.h"
#include "exporter/health/text.h"
#include "json/scan.h"

/* Room for a text with escapes, which is longer in JSON than what it says. */
enum { ROOM = 4 * HEALTH_REASON, HEARTBEAT = 4 };

const char *
alert_hold_name(enum alert_hold hold)
{
	static const char *const names[HOLDS] = { "firing", "acknowledged", "silenced", "inhibited",
		"muted" };

	return names[hold];
}

bool
open_alerts_known(const struct open_alerts *alerts)
{
	return alerts->asked && alerts->why[0] == '\0' && !isnan(alerts->read_at);
}

/* "" if the alert has no such text. */
static void
read_text(struct json_scan *scan, struct slice row, const char *pointer, char *text, size_t size)
{
	char room[ROOM];
	struct slice found = { 0 };

	if (!json_scan_string(json_scan_get(scan, row, pointer), room, sizeof(room), &found))
		found = SLICE("");
	words_copy(found, false, text, size);
}

/* The words of others for them are docs/alerting.md's; P2 for all else, so that none is lost. */
static int
read_severity(struct json_scan *scan, struct slice row)
{
	static const struct {
		const char *name;
		int severity;
	} names[] = { { "P0", 0 }, { "critical", 0 }, { "P1", 1 }, { "P3", 3 }, { "info", 3 },
		{ "none", HEARTBEAT } };
	char text[HEALTH_ENV];

	read_text(scan, row, "/labels/severity", text, sizeof(text));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(names[i].name, text) == 0)
			return names[i].severity;
	return 2;
}

static bool
has_rows(struct slice list)
{
	struct slice key, value;
	struct json_rows rows;

	return json_rows_begin(list, &rows) && json_rows_next(&rows, &key, &value);
}

static void
read_hold(struct json_scan *scan, struct slice row, struct open_alert *alert)
{
	read_text(scan, row, "/status/acknowledgedBy", alert->by, sizeof(alert->by));
	/* alert_relay silences in Alertmanager what is acknowledged: who did so says more. */
	if (alert->by[0] != '\0')
		alert->hold = HOLD_ACKNOWLEDGED;
	else if (has_rows(json_scan_get(scan, row, "/status/silencedBy")))
		alert->hold = HOLD_SILENCED;
	else if (has_rows(json_scan_get(scan, row, "/status/inhibitedBy")))
		alert->hold = HOLD_INHIBITED;
	else if (has_rows(json_scan_get(scan, row, "/status/mutedBy")))
		alert->hold = HOLD_MUTED;
}

/* The labels that tell it from others of its name: "exchange=upbit, symbol=BTC". */
static void
read_labels(struct json_scan *scan, struct slice row, char *text, size_t size)
{
	static const char *const said[] = { "alertname", "severity", "env" };
	struct words words = words_start(text, size);
	char room[ROOM], name[HEALTH_NAME], shown[HEALTH_NAME];
	struct slice key, value, found;
	struct json_rows rows;
	size_t i;

	if (!json_rows_begin(json_scan_get(scan, row, "/labels"), &rows))
		return;
	while (words.length < size - 1 && json_rows_next(&rows, &key, &value)) {
		if (!json_scan_key(key, room, sizeof(room), &found))
			continue;
		words_copy(found, false, name, sizeof(name));
		for (i = 0; i < sizeof(said) / sizeof(said[0]) && strcmp(said[i], name) != 0; i++)
			;
		if (i < sizeof(said) / sizeof(said[0]) ||
		    !json_scan_string(value, room, sizeof(room), &found))
			continue;
		words_copy(found, false, shown, sizeof(shown));
		words_add(&words, "%s%s=%s", words.length > 0 ? ", " : "", name, shown);
	}
}

static void
read_alert(struct json_scan *scan, struct slice row, struct open_alert *alert)
{
	char room[ROOM];
	struct slice start;
	int64_t ms;

	*alert = (struct open_alert){ .severity = read_severity(scan, row), .since = NAN };
	read_text(scan, row, "/labels/alertname", alert->name, sizeof(alert->name));
	read_text(scan, row, "/labels/env", alert->env, sizeof(alert->env));
	read_text(scan, row, "/annotations/summary", alert->what, sizeof(alert->what));
	if (alert->what[0] == '\0')
		read_labels(scan, row, alert->what, sizeof(alert->what));
	if (json_scan_string(json_scan_get(scan, row, "/startsAt"), room, sizeof(room), &start) &&
	    moment_parse(start, &ms) == 0)
		alert->since = (double)ms / 1000;
	read_hold(scan, row, alert);
}

static bool
comes_before(const struct open_alert *a, const struct open_alert *b)
{
	if (a->severity != b->severity)
		return a->severity < b->severity;
	if ((a->hold == HOLD_NOT) != (b->hold == HOLD_NOT))
		return a->hold == HOLD_NOT;
	return a->since > b->since || (isnan(b->since) && !isnan(a->since));
}

/* Into its place; the last one gives way where there are enough. */
static void
add(struct open_alerts *alerts, const struct open_alert *alert)
{
	size_t at = alerts->count;

	while (at > 0 && comes_before(alert, &alerts->shown[at - 1]))
		at--;
	if (alerts->count < ALERTS_SHOWN)
		alerts->count++;
	else
		alerts->more++;
	if (at < alerts->count) {
		memmove(&alerts->shown[at + 1], &alerts->shown[at],
		    (alerts->count - at - 1) * sizeof(alerts->shown[0]));
		alerts->shown[at] = *alert;
	}
}

int
open_alerts_read(struct open_alerts *alerts, struct slice body, struct failure *why)
{
	struct open_alerts found = *alerts;
	struct open_alert alert;
	struct json_scan scan;
	struct json_rows rows;
	struct slice key, row;

	found.count = found.more = 0;
	if (json_scan_open(&scan, body, why) != 0)
		return -1;
	if (json_scan_kind(scan.text) != SCAN_LIST || !json_rows_begin(scan.text, &rows))
		return failure_set(why, FAILURE_PROTOCOL, "the answer is no list of alerts");
	while (json_rows_next(&rows, &key, &row)) {
		if (json_scan_kind(row) != SCAN_OBJECT)
			return failure_set(why, FAILURE_PROTOCOL, "the answer lists what is no alert");
		read_alert(&scan, row, &alert);
		if (alert.severity != HEARTBEAT)
			add(&found, &alert);
	}
	if (json_scan_check(&scan, why) != 0)
		return -1;
	*alerts = found;
	return 0;
}
