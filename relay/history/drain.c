/*
 * From the journal to the history: one transaction for each batch, and after it the batch leaves the journal.
 * Whoever is killed in between writes the batch again, and then journal_position says that it is there
 * already.
 */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/history/parts.h"
#include "relay/store/journal.h"
#include "relay/store/store.h"

enum { BATCH = 500, RETENTION_BATCH = 5000, NUMBER = 24 };

/*
 * $1 the store, $2 the entries as JSON.  `r`: those that are new; `s`: the last snapshot of each incident;
 * `k`: each incident with what came after its snapshot.  An incident without one that the history does not
 * know is one whose begin was deleted: what its id says is all that is known.
 */
static const char write_batch[] =
    "WITH r AS MATERIALIZED (SELECT r.* FROM jsonb_to_recordset($2::jsonb) AS r(seq bigint, at bigint, key text, "
    "kind text, channel text, attempt integer, latency_ms bigint, detail jsonb, incident jsonb) "
    "WHERE NOT EXISTS (SELECT FROM arbwatch_history.journal_position p WHERE p.store = $1 AND p.seq >= r.seq)), "
    "s AS (SELECT DISTINCT ON (key) key, seq, incident FROM r WHERE incident IS NOT NULL ORDER BY key, seq DESC), "
    "k AS (SELECT r.key, s.seq, count(*) FILTER (WHERE r.kind = 'repeated' AND r.seq > coalesce(s.seq, 0)) "
    "AS repeats, max(r.at) FILTER (WHERE r.kind = 'repeated') AS seen, max(r.at) AS at, "
    "('x' || lpad(split_part(r.key, '-', 2), 16, '0'))::bit(64)::bigint AS starts "
    "FROM r LEFT JOIN s USING (key) GROUP BY r.key, s.seq), "
    "known AS (INSERT INTO arbwatch_history.alert_incident AS t (key, fingerprint, alertname, severity, env, "
    "service, labels, annotations, link, starts_at, ends_at, last_seen, status, repeats, acknowledged_by, "
    "acknowledged_at, acknowledged_via, note, silence_id, delivered, suppressed) "
    "SELECT k.key, j.fingerprint, j.alertname, j.severity, coalesce(j.env, ''), coalesce(j.service, ''), "
    "coalesce(j.labels, '{}'), coalesce(j.annotations, '{}'), j.link, to_timestamp(j.starts_ms / 1000.0), "
    "to_timestamp(j.ends_ms / 1000.0), to_timestamp(greatest(j.seen_ms, k.seen) / 1000.0), j.status, "
    "j.repeats + k.repeats, j.acknowledged_by, to_timestamp(j.acknowledged_ms / 1000.0), j.acknowledged_via, "
    "j.note, j.silence_id, j.delivered, nullif(j.suppressed, '') "
    "FROM k JOIN s USING (key, seq) CROSS JOIN LATERAL jsonb_to_record(s.incident) AS j(fingerprint text, "
    "alertname text, severity text, env text, service text, labels jsonb, annotations jsonb, link text, "
    "starts_ms bigint, ends_ms bigint, seen_ms bigint, status text, repeats integer, acknowledged_by text, "
    "acknowledged_ms bigint, acknowledged_via text, note text, silence_id text, delivered boolean, "
    "suppressed text) ORDER BY k.at "
    "ON CONFLICT (key) DO UPDATE SET severity = EXCLUDED.severity, labels = EXCLUDED.labels, "
    "alertname = EXCLUDED.alertname, env = EXCLUDED.env, service = EXCLUDED.service, "
    "annotations = EXCLUDED.annotations, link = EXCLUDED.link, starts_at = EXCLUDED.starts_at, "
    "ends_at = EXCLUDED.ends_at, last_seen = greatest(t.last_seen, EXCLUDED.last_seen), "
    "status = EXCLUDED.status, repeats = EXCLUDED.repeats, acknowledged_by = EXCLUDED.acknowledged_by, "
    "acknowledged_at = EXCLUDED.acknowledged_at, acknowledged_via = EXCLUDED.acknowledged_via, "
    "note = EXCLUDED.note, silence_id = EXCLUDED.silence_id, delivered = EXCLUDED.delivered, "
    "suppressed = EXCLUDED.suppressed RETURNING id, key), "
    "other AS (INSERT INTO arbwatch_history.alert_incident AS t (key, fingerprint, alertname, severity, labels, "
    "annotations, starts_at, ends_at, last_seen, status, repeats) "
    "SELECT k.key, split_part(k.key, '-', 1), 'unknown', 'P2', '{}', '{}', to_timestamp(k.starts / 1000.0), "
    "to_timestamp(k.at / 1000.0), to_timestamp(coalesce(k.seen, k.starts) / 1000.0), 'expired', k.repeats "
    "FROM k WHERE k.seq IS NULL ORDER BY k.at "
    "ON CONFLICT (key) DO UPDATE SET last_seen = greatest(t.last_seen, EXCLUDED.last_seen), "
    "repeats = t.repeats + EXCLUDED.repeats RETURNING id, key), "
    "added AS (INSERT INTO arbwatch_history.alert_event (incident_id, at, kind, channel, attempt, latency_ms, "
    "detail) SELECT i.id, to_timestamp(r.at / 1000.0), r.kind, r.channel, r.attempt, r.latency_ms, r.detail "
    "FROM r JOIN (SELECT * FROM known UNION ALL SELECT * FROM other) i USING (key) ORDER BY r.seq) "
    "INSERT INTO arbwatch_history.journal_position AS p (store, seq) SELECT $1, max(seq) FROM r HAVING count(*) > 0 "
    "ON CONFLICT (store) DO UPDATE SET seq = EXCLUDED.seq RETURNING seq";

/* A text that is no JSON any more is left out, rather than all that is behind it. */
static json_t *
entry_json(const struct journal_entry *entry)
{
	json_t *row = json_pack("{s:I, s:I, s:s, s:s, s:s*}", "seq", (json_int_t)entry->seq, "at",
	    (json_int_t)entry->at_ms, "key", entry->id, "kind", event_kind_name(entry->kind), "channel",
	    entry->channel);

	if (row != NULL && entry->attempt > 0)
		(void)json_object_set_new(row, "attempt", json_integer(entry->attempt));
	if (row != NULL && entry->latency_ms >= 0)
		(void)json_object_set_new(row, "latency_ms", json_integer(entry->latency_ms));
	if (row != NULL && entry->detail != NULL)
		(void)json_object_set_new(row, "detail", json_loads(entry->detail, 0, NULL));
	if (row != NULL && entry->incident != NULL)
		(void)json_object_set_new(row, "incident", json_loads(entry->incident, 0, NULL));
	return row;
}

/* NULL: out of memory. */
static char *
entries_text(const struct journal_entry entries[], size_t count)
{
	json_t *rows = json_array();
	int failed = rows == NULL;
	char *text;

	for (size_t i = 0; i < count && failed == 0; i++)
		failed = json_array_append_new(rows, entry_json(&entries[i]));
	text = failed == 0 ? json_dumps(rows, JSON_COMPACT) : NULL;
	json_decref(rows);
	return text;
}

static int
write_text(struct history *history, const char *uuid, const char *text, struct deadline deadline,
    struct failure *why)
{
	struct history_connection *c = &history->writing;
	const char *values[] = { uuid, text };

	if (text == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	if (connection_begin(c, history->settings.target, deadline, why) == 0 && schema_lock(c) == 0 &&
	    connection_ask(c, write_batch, values, 2, NULL) >= 0 && connection_commit(c) == 0)
		return 0;
	connection_close(c);
	return -1;
}

/* Data exceptions, broken constraints, limits: what is written is refused, and would be for ever. */
static bool
is_refused(const struct history *history)
{
	const char *sqlstate = history->writing.session.sqlstate;

	return strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "23", 2) == 0 ||
	       strncmp(sqlstate, "54", 2) == 0;
}

static void
set_aside(struct history *history, const struct journal_entry *entry, const char *reason)
{
	char message[160];

	(void)snprintf(message, sizeof(message),
	    "an event is lost to the history: PostgreSQL refuses %s of incident %s",
	    event_kind_name(entry->kind), entry->id);
	history->settings.notice(history->settings.context, true, message, reason);
}

/*
 * 0: they can leave the journal, -1 with `why`: they wait.  Of a batch that was refused each entry is written
 * alone; the one that is refused alone is given up.
 */
static int
write_entries(struct history *history, const char *uuid, const struct journal_entry entries[], size_t count,
    struct deadline deadline, struct failure *why)
{
	char *text = entries_text(entries, count);
	int result = write_text(history, uuid, text, deadline, why);

	free(text);
	if (result == 0 || !is_refused(history)) {
		if (result == 0 && history->careful > 0)
			history->careful--;
		return result;
	}
	if (count > 1) {
		history->careful = count;
		return -1;
	}
	set_aside(history, &entries[0], why->text);
	history->careful -= history->careful > 0;
	return 0;
}

int
drain_batch(struct history *history, struct deadline deadline, struct failure *why)
{
	struct journal_entry entries[BATCH];
	char uuid[STORE_UUID];
	size_t count;
	int result;

	store_begin(history->store);
	count = journal_read(history->store, entries, history->careful > 0 ? 1 : BATCH);
	(void)snprintf(uuid, sizeof(uuid), "%s", store_uuid(history->store));
	if (store_end(history->store, why) != 0) {
		journal_release(entries, count);
		return -1;
	}
	result = count == 0 ? 0 : write_entries(history, uuid, entries, count, deadline, why);
	if (result == 0 && count > 0) {
		store_begin(history->store);
		journal_remove(history->store, entries[count - 1].seq);
		result = store_end(history->store, why);
	}
	journal_release(entries, count);
	return result == 0 ? (int)count : -1;
}

/* The events first: an incident may have a million, and each statement has its time. */
int
drain_retention(struct history *history, struct deadline deadline, struct failure *why)
{
#define OLD "i.status <> 'open' AND i.ends_at < now() - $1::bigint * interval '1 millisecond'"
	static const char *const statements[] = {
		"WITH old AS (DELETE FROM arbwatch_history.alert_event WHERE (incident_id, id) IN ("
		"SELECT e.incident_id, e.id FROM arbwatch_history.alert_incident i "
		"JOIN arbwatch_history.alert_event e ON e.incident_id = i.id WHERE " OLD
		" LIMIT $2::bigint) RETURNING 1) SELECT count(*) FROM old",
		"WITH old AS (DELETE FROM arbwatch_history.alert_incident WHERE id IN ("
		"SELECT i.id FROM arbwatch_history.alert_incident i WHERE " OLD
		" AND NOT EXISTS (SELECT FROM arbwatch_history.alert_event e WHERE e.incident_id = i.id) "
		"LIMIT $2::bigint) RETURNING 1) SELECT count(*) FROM old",
	};
	struct history_connection *c = &history->writing;
	char age[NUMBER], limit[NUMBER];
	const char *values[] = { age, limit };
	struct buffer deleted;
	int result;

	(void)snprintf(age, sizeof(age), "%lld", (long long)(history->settings.retention_ns / 1000000));
	(void)snprintf(limit, sizeof(limit), "%d", (int)RETENTION_BATCH);
	buffer_init(&deleted, NUMBER);
	result = connection_begin(c, history->settings.target, deadline, why);
	for (int i = 0; i < 2 && result == 0; i++)
		result = connection_ask(c, statements[i], values, 2, &deleted);
	if (result == 0)
		result = connection_commit(c);
	if (result != 0)
		connection_close(c);
	/* Both counts, one behind the other: "00". */
	if (result == 0)
		result = deleted.failed || !slice_is(buffer_slice(&deleted), "00");
	buffer_release(&deleted);
	return result;
}
