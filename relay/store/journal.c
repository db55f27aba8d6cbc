/*
 * The journal bridges the time in which PostgreSQL is away: events are written in the same transaction as
 * the change that they report, so the history neither lacks an event nor has one that did not happen.
 * relay/history reads from the front, writes to PostgreSQL, and removes after that commit. A kill between
 * the two repeats entries, which (uuid, seq) makes harmless.
 */

#include <stdlib.h>

#include "relay/store/journal.h"
#include "relay/store/sql.h"

const char *
event_kind_name(enum event_kind kind)
{
	static const char *const names[EVENT_KINDS] = { "fired", "repeated", "resolved", "expired", "sent",
		"retried", "failed", "merged", "throttled", "acknowledged", "unacknowledged", "silenced",
		"inhibited", "muted", "released" };

	return names[kind];
}

void
journal_add(struct store *store, const struct incident *incident, const struct event *event, bool snapshot)
{
	json_t *columns;
	char *detail = NULL, *text = NULL;

	/* Without a PostgreSQL nothing would ever read the rows, and the disk would fill. */
	if (!store->journal)
		return;
	columns = snapshot ? incident_json(incident) : NULL;
	if (columns != NULL)
		text = json_dumps(columns, JSON_COMPACT);
	if (event->detail != NULL)
		detail = json_dumps(event->detail, JSON_COMPACT);
	if ((snapshot && text == NULL) || (event->detail != NULL && detail == NULL))
		sql_fail(store, SQLITE_NOMEM);
	(void)sql_run(store,
	    "INSERT INTO journal (at_ms, id, kind, channel, attempt, latency_ms, detail, incident)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	    "isnsniss", event->at_ms, incident->id, (int)event->kind, event->channel, (int)event->attempt,
	    event->latency_ms, detail, text);
	store->journaled = true;
	json_decref(columns);
	free(detail);
	free(text);
}

size_t
journal_read(struct store *store, struct journal_entry entries[], size_t room)
{
	sqlite3_stmt *rows = sql_query(store,
	    "SELECT seq, at_ms, id, kind, channel, attempt, latency_ms, detail, incident FROM journal"
	    " ORDER BY seq LIMIT ?",
	    "i", (int64_t)room);
	size_t count = 0, bytes = 0;

	/* The limit of bytes is for memory: a batch of incidents
	 * with a megabyte each must not be here at once. */
	for (; count < room && bytes < JOURNAL_BYTES && sql_row(store, rows); count++) {
		struct journal_entry *entry = &entries[count];

		entry->seq = sqlite3_column_int64(rows, 0);
		entry->at_ms = sqlite3_column_int64(rows, 1);
		sql_text(rows, 2, entry->id, sizeof(entry->id));
		entry->kind = (enum event_kind)sqlite3_column_int(rows, 3);
		entry->channel = sql_copy(store, rows, 4);
		entry->attempt = (unsigned)sqlite3_column_int(rows, 5);
		entry->latency_ms = sqlite3_column_int64(rows, 6);
		entry->detail = sql_copy(store, rows, 7);
		entry->incident = sql_copy(store, rows, 8);
		bytes += (size_t)sqlite3_column_bytes(rows, 8);
	}
	if (rows != NULL)
		sql_end(rows);
	if (!store_failed(store))
		return count;
	journal_release(entries, count);
	return 0;
}

void
journal_release(struct journal_entry entries[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(entries[i].channel);
		free(entries[i].detail);
		free(entries[i].incident);
	}
}

void
journal_remove(struct store *store, int64_t through_seq)
{
	(void)sql_run(store, "DELETE FROM journal WHERE seq <= ?", "i", through_seq);
}

void
journal_state(struct store *store, size_t *count, int64_t *oldest_ms)
{
	/* Rows leave from the front alone, so there are no gaps. */
	/* count(*) would read every row at each scrape, and after a long outage there are millions. */
	int64_t first = sql_number(store, 1, "SELECT min(seq) FROM journal", "");
	int64_t last = sql_number(store, 0, "SELECT max(seq) FROM journal", "");

	*count = (size_t)(last - first + 1);
	*oldest_ms = sql_number(store, 0, "SELECT at_ms FROM journal ORDER BY seq LIMIT 1", "");
	if (store_failed(store))
		*count = 0;
}
