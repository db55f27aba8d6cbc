/*
 * Three ways to write an incident, because they are of very different frequency. incident_renew() runs for
 * every alert that Prometheus sends again each minute, thousands at a time, and so names, of all indexed
 * columns, expires_ms alone. incident_save() is for changes of state, incident_add() for a new row.
 */

#include <stdio.h>
#include <stdlib.h>

#include "relay/store/incidents.h"
#include "relay/store/sql.h"

/* The id is in links, in messages and in PostgreSQL. It keeps the start that
 * was known first, also when incident_start_earlier() changes starts_ms. */
void
incident_make_id(const char *fingerprint, int64_t starts_ms, char id[INCIDENT_ID])
{
	(void)snprintf(id, INCIDENT_ID, "%s-%llx", fingerprint, (unsigned long long)starts_ms);
}

/* An object's JSON, which the caller frees; NULL is noted. */
static char *
json_of(struct store *store, const json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);

	if (text == NULL)
		sql_fail(store, SQLITE_NOMEM);
	return text;
}

void
incident_add(struct store *store, struct incident *i)
{
	char *labels = json_of(store, i->labels), *annotations = json_of(store, i->annotations);

	(void)sql_run(store,
	    "INSERT INTO incident (id, fingerprint, severity, starts_ms, status, ends_ms, closed_ms, seen_ms,"
	    " promised_ms, expires_ms, feeds, repeats, missed, delivered_ms, end_told, check_ms, escalated_ms,"
	    " suppressed, acknowledged_ms, link, labels, annotations)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)",
	    "ssniniiiiinnniniinsss", i->id, i->fingerprint, (int)i->severity, i->starts_ms, (int)i->status,
	    i->ends_ms, i->closed_ms, i->seen_ms, i->promised_ms, i->expires_ms, (int)i->feeds,
	    (int)i->repeats, (int)i->missed, i->delivered_ms, (int)i->end_told, i->check_ms, i->escalated_ms,
	    (int)i->suppressed, i->link, labels, annotations);
	/* After an error the last rowid would be that of another insert. */
	i->row = store_failed(store) ? 0 : sqlite3_last_insert_rowid(store->db);
	free(labels);
	free(annotations);
}

void
incident_save(struct store *store, const struct incident *i)
{
	(void)sql_run(store,
	    "UPDATE incident SET status = ?, ends_ms = ?, closed_ms = ?, seen_ms = ?, promised_ms = ?,"
	    " expires_ms = ?, feeds = ?, repeats = ?, missed = ?, delivered_ms = ?, end_told = ?, check_ms = ?,"
	    " escalated_ms = ?, suppressed = ?, acknowledged_ms = ?, acknowledged_by = ?, acknowledged_via = ?,"
	    " note = ?, silence_id = ? WHERE row = ?",
	    "niiiiinnniniinissssi", (int)i->status, i->ends_ms, i->closed_ms, i->seen_ms, i->promised_ms,
	    i->expires_ms, (int)i->feeds, (int)i->repeats, (int)i->missed, i->delivered_ms, (int)i->end_told,
	    i->check_ms, i->escalated_ms, (int)i->suppressed, i->acknowledged_ms, i->acknowledged_by,
	    i->acknowledged_via, i->note, i->silence_id, i->row);
}

void
incident_renew(struct store *store, const struct incident *i)
{
	char *annotations = json_of(store, i->annotations);

	(void)sql_run(store,
	    "UPDATE incident SET seen_ms = ?, promised_ms = ?, expires_ms = ?, feeds = ?, repeats = ?,"
	    " missed = ?, annotations = ?, link = ? WHERE row = ?",
	    "iiinnnssi", i->seen_ms, i->promised_ms, i->expires_ms, (int)i->feeds, (int)i->repeats,
	    (int)i->missed, annotations, i->link, i->row);
	free(annotations);
}

/* Prometheus may report an earlier start than the webhook did. It is believed unless an earlier
 * incident of the fingerprint ended after that start: two of one alert must not overlap. */
void
incident_start_earlier(struct store *store, struct incident *i, int64_t starts_ms)
{
	if (sql_run(store,
		"UPDATE incident SET starts_ms = ?1 WHERE row = ?2 AND starts_ms > ?1 AND NOT EXISTS (SELECT 1"
		" FROM incident AS o WHERE o.fingerprint = ?3 AND o.status <> 0 AND o.ends_ms > ?1)",
		"iis", starts_ms, i->row, i->fingerprint) > 0)
		i->starts_ms = starts_ms;
}

static const char *
status_name(enum incident_status status)
{
	static const char *const names[] = { "open", "resolved", "expired" };

	return names[status];
}

static const char *
suppressed_name(enum incident_suppressed suppressed)
{
	static const char *const names[] = { "", "silenced", "inhibited", "muted" };

	return names[suppressed];
}

static json_t *
text_or_null(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

static json_t *
time_or_null(int64_t ms)
{
	return ms != 0 ? json_integer(ms) : json_null();
}

json_t *
incident_json(const struct incident *i)
{
	/* labels and annotations stay the caller's (O adds a reference);
	 * the other values are new and belong to the object (o). */
	return json_pack("{ss ss ss ss ss ss sO sO so sI so sI ss si so so so so so sb ss}", "id", i->id,
	    "fingerprint", i->fingerprint, "alertname", alert_text(i->labels, "alertname"), "severity",
	    alert_severity_name(i->severity), "env", alert_text(i->labels, "env"), "service",
	    alert_text(i->labels, "service"), "labels", i->labels, "annotations", i->annotations, "link",
	    text_or_null(i->link), "starts_ms", (json_int_t)i->starts_ms, "ends_ms", time_or_null(i->ends_ms),
	    "seen_ms", (json_int_t)i->seen_ms, "status", status_name(i->status), "repeats", (int)i->repeats,
	    "acknowledged_by", text_or_null(i->acknowledged_by), "acknowledged_ms",
	    time_or_null(i->acknowledged_ms), "acknowledged_via", text_or_null(i->acknowledged_via), "note",
	    text_or_null(i->note), "silence_id", text_or_null(i->silence_id), "delivered",
	    i->delivered_ms != 0, "suppressed", suppressed_name(i->suppressed));
}
