/*
 * Each label of an alert comes from outside, and each text makes a series in Prometheus: they are few, and
 * short. The id makes each series the only one of its kind, so nothing is lost by a cut.
 */

#include "relay/incident_metrics.h"

#include <string.h>

#include "web/lines.h"

enum { TEXT_MOST = 128, WHAT_LABELS = 4 };

/* Whose values say what they are: "binance BTC/USDT". The dashboard Overview has the same ones in the same
 * order. */
static const char *const known[] = { "exchange", "symbol", "currency", "asset", "target", "job", "instance",
	"mountpoint", "device", "engine", "tier", "name", "route", "queue", "check", "channel" };

/* That have a label of their own here, or say how it was measured. A host is its instance without the port.
 */
static const char *const others[] = { "alertname", "severity", "env", "service", "collector", "monitor",
	"cluster", "host" };

enum { KNOWN = sizeof(known) / sizeof(*known), OTHERS = sizeof(others) / sizeof(*others) };

static bool
is_among(const char *name, const char *const names[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Cut between two characters: not before a byte that goes on with one. */
static void
write_text(struct buffer *out, const char *text)
{
	char cut[TEXT_MOST + 1];
	size_t length = strnlen(text, TEXT_MOST + 1);

	if (length > TEXT_MOST)
		for (length = TEXT_MOST; length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80; length--)
			;
	memcpy(cut, text, length);
	cut[length] = '\0';
	lines_label(out, cut);
	buffer_string(out, text[length] != '\0' ? "…" : "");
}

static void
write_label(struct buffer *out, const char *name, const char *value)
{
	if (*value == '\0')
		return;
	buffer_format(out, ",%s=\"", name);
	write_text(out, value);
	buffer_string(out, "\"");
}

/* The collector says which one it is if nothing else does. */
static void
write_what(struct buffer *out, const json_t *labels)
{
	const char *name, *value;
	size_t count = 0;
	json_t *any;

	buffer_string(out, ",what=\"");
	for (size_t i = 0; i < KNOWN && count < WHAT_LABELS; i++) {
		value = alert_text(labels, known[i]);
		if (*value == '\0')
			continue;
		buffer_string(out, count++ > 0 ? " " : "");
		write_text(out, value);
	}
	/* jansson's macro wants an object that may be changed; nothing is. */
	json_object_foreach((json_t *)(uintptr_t)labels, name, any)
	{
		if (count == WHAT_LABELS || is_among(name, known, KNOWN) || is_among(name, others, OTHERS))
			continue;
		buffer_string(out, count++ > 0 ? " " : "");
		write_text(out, name);
		buffer_string(out, "=");
		write_text(out, alert_text(labels, name));
	}
	if (count == 0)
		write_text(out, alert_text(labels, "collector"));
	buffer_string(out, "\"");
}

/* What a person did goes before what Alertmanager makes of it: an acknowledgement is a silence there. */
static const char *
state(const struct incident *incident)
{
	static const char *const names[] = {
		[SUPPRESSED_NOT] = "open",
		[SUPPRESSED_SILENCED] = "silenced",
		[SUPPRESSED_INHIBITED] = "inhibited",
		[SUPPRESSED_MUTED] = "muted",
	};

	return incident->acknowledged_ms != 0 ? "acknowledged" : names[incident->suppressed];
}

void
incident_metrics_write(const struct incident incidents[], size_t count, struct buffer *out)
{
	static const char family[] = "alert_relay_incident_begin_timestamp_seconds";
	static const char *const same[] = { "alertname", "env", "service", "exchange" };

	lines_head(out, family, "gauge", "Unix time at which an alert began that is open, the worst 100.");
	for (size_t i = 0; i < count; i++) {
		const struct incident *incident = &incidents[i];

		buffer_format(out, "%s{incident=\"%s\",severity=\"%s\"", family, incident->id,
		    alert_severity_name(incident->severity));
		for (size_t j = 0; j < sizeof(same) / sizeof(*same); j++)
			write_label(out, same[j], alert_text(incident->labels, same[j]));
		write_what(out, incident->labels);
		write_label(out, "state", state(incident));
		if (incident->acknowledged_ms != 0 && incident->acknowledged_by != NULL)
			write_label(out, "by", incident->acknowledged_by);
		buffer_string(out, "} ");
		lines_number(out, (double)incident->starts_ms / 1000);
	}
}
