/*
 * Reading incidents. A query returns copies, and its statement is at its end before the caller does anything
 * else, so callers may change the table while they walk over it. The walks go by row number, or by a time
 * that has come, never by an open cursor.
 */

#include <stdlib.h>
#include <string.h>

#include "relay/store/columns.h"
#include "relay/store/sql.h"

#define SELECT "SELECT " INCIDENT_COLUMNS " FROM incident "

void
incident_release(struct incident *incident)
{
	json_decref(incident->labels);
	json_decref(incident->annotations);
	free(incident->link);
	free(incident->acknowledged_by);
	free(incident->acknowledged_via);
	free(incident->note);
	free(incident->silence_id);
	*incident = (struct incident){ 0 };
}

void
incident_text(char **field, const char *text)
{
	char *copy = text != NULL ? strdup(text) : NULL;

	free(*field);
	*field = copy;
}

/* An object of strings that we wrote ourselves; `text` may be NULL without memory. */
static json_t *
read_object(struct store *store, const char *text)
{
	json_t *object = text != NULL ? json_loads(text, 0, NULL) : NULL;

	if (object != NULL)
		return object;
	sql_fail(store, SQLITE_NOMEM);
	return NULL;
}

void
incident_read(struct store *store, sqlite3_stmt *rows, struct incident *i)
{
	*i = (struct incident){ .row = sqlite3_column_int64(rows, 0) };
	sql_text(rows, 1, i->id, sizeof(i->id));
	sql_text(rows, 2, i->fingerprint, sizeof(i->fingerprint));
	i->severity = (enum alert_severity)sqlite3_column_int(rows, 3);
	i->starts_ms = sqlite3_column_int64(rows, 4);
	i->status = (enum incident_status)sqlite3_column_int(rows, 5);
	i->ends_ms = sqlite3_column_int64(rows, 6);
	i->closed_ms = sqlite3_column_int64(rows, 7);
	i->seen_ms = sqlite3_column_int64(rows, 8);
	i->promised_ms = sqlite3_column_int64(rows, 9);
	i->expires_ms = sqlite3_column_int64(rows, 10);
	i->feeds = (unsigned)sqlite3_column_int(rows, 11);
	i->repeats = (unsigned)sqlite3_column_int(rows, 12);
	i->missed = (unsigned)sqlite3_column_int(rows, 13);
	i->delivered_ms = sqlite3_column_int64(rows, 14);
	i->end_told = sqlite3_column_int(rows, 15) != 0;
	i->check_ms = sqlite3_column_int64(rows, 16);
	i->escalated_ms = sqlite3_column_int64(rows, 17);
	i->suppressed = (enum incident_suppressed)sqlite3_column_int(rows, 18);
	i->acknowledged_ms = sqlite3_column_int64(rows, 19);
	i->acknowledged_by = sql_copy(store, rows, 20);
	i->acknowledged_via = sql_copy(store, rows, 21);
	i->note = sql_copy(store, rows, 22);
	i->silence_id = sql_copy(store, rows, 23);
	i->link = sql_copy(store, rows, 24);
	i->labels = read_object(store, (const char *)sqlite3_column_text(rows, 25));
	i->annotations = read_object(store, (const char *)sqlite3_column_text(rows, 26));
}

/* The first row of a query. */
static bool
read_one(struct store *store, sqlite3_stmt *rows, struct incident *incident)
{
	if (!sql_row(store, rows))
		return false;
	incident_read(store, rows, incident);
	sql_end(rows);
	/* A copy that ran out of memory halfway is no incident;
	 * the sticky error makes the transaction fail. */
	if (!store_failed(store))
		return true;
	incident_release(incident);
	return false;
}

bool
incident_find(struct store *store, const char *id, struct incident *incident)
{
	static const char text[] = SELECT "WHERE id = ?";

	return read_one(store, sql_query(store, text, "s", id), incident);
}

bool
incident_find_open(struct store *store, const char *fingerprint, struct incident *incident)
{
	static const char text[] = SELECT "WHERE fingerprint = ? AND status = 0";

	return read_one(store, sql_query(store, text, "s", fingerprint), incident);
}

bool
incident_find_closed(
    struct store *store, const char *fingerprint, int64_t starts_ms, struct incident *incident)
{
	/* starts_ms may have moved to an earlier time, while the id has the start
	 * that this feed sends; either one names the incident. The latest row wins. */
	static const char text[] =
	    SELECT "WHERE fingerprint = ? AND status <> 0 AND (starts_ms = ? OR id = ?)"
		   " ORDER BY row DESC LIMIT 1";
	char id[INCIDENT_ID];

	incident_make_id(fingerprint, starts_ms, id);
	return read_one(store, sql_query(store, text, "sis", fingerprint, starts_ms, id), incident);
}

bool
incident_find_over(struct store *store, const char *fingerprint, int64_t starts_ms, int64_t ends_ms,
    struct incident *incident)
{
	static const char text[] =
	    SELECT "WHERE fingerprint = ? AND status <> 0 AND starts_ms < ? AND ends_ms > ?"
		   " ORDER BY row DESC LIMIT 1";

	return read_one(store, sql_query(store, text, "sii", fingerprint, ends_ms, starts_ms), incident);
}

bool
incident_next(struct store *store, int64_t after, struct incident *incident)
{
	static const char text[] = SELECT "WHERE status = 0 AND row > ? ORDER BY row LIMIT 1";

	return read_one(store, sql_query(store, text, "i", after), incident);
}

bool
incident_next_check(struct store *store, int64_t now_ms, struct incident *incident)
{
	static const char text[] =
	    SELECT "WHERE status = 0 AND check_ms > 0 AND check_ms <= ? ORDER BY check_ms LIMIT 1";

	return read_one(store, sql_query(store, text, "i", now_ms), incident);
}

bool
incident_next_expired(struct store *store, int64_t now_ms, struct incident *incident)
{
	static const char text[] = SELECT "WHERE status = 0 AND expires_ms <= ? ORDER BY expires_ms LIMIT 1";

	return read_one(store, sql_query(store, text, "i", now_ms), incident);
}

bool
incident_next_untold(struct store *store, int64_t closed_ms, struct incident *incident)
{
	static const char text[] =
	    SELECT "WHERE status <> 0 AND end_told = 0 AND closed_ms <= ? ORDER BY closed_ms LIMIT 1";

	return read_one(store, sql_query(store, text, "i", closed_ms), incident);
}

/* The literals 0 and 3 (INCIDENT_OPEN, SUPPRESSED_MUTED) repeat the condition of the index
 * incident_muted: SQLite uses a partial index only for a statement that implies its condition. */
bool
incident_next_muted(struct store *store, int64_t after, struct incident *incident)
{
	static const char text[] =
	    SELECT "WHERE status = 0 AND delivered_ms = 0 AND suppressed = 3 AND row > ?"
		   " ORDER BY row LIMIT 1";

	return read_one(store, sql_query(store, text, "i", after), incident);
}

/* All rows of a query, which has no more than `room`. */
static size_t
read_list(struct store *store, sqlite3_stmt *rows, struct incident incidents[], size_t room)
{
	size_t count = 0;

	for (; count < room && sql_row(store, rows); count++)
		incident_read(store, rows, &incidents[count]);
	if (rows != NULL)
		sql_end(rows);
	if (!store_failed(store))
		return count;
	while (count > 0)
		incident_release(&incidents[--count]);
	return 0;
}

/* The rows are found in an index alone: a sort of whole rows would take long with 10,000. */
#define SHOWN                                                                                                \
	"FROM incident JOIN (SELECT row AS found FROM incident WHERE status = 0"                             \
	" ORDER BY severity, starts_ms DESC LIMIT ? OFFSET ?) ON row = found ORDER BY severity, starts_ms DESC"

size_t
incident_list(struct store *store, bool open, size_t offset, struct incident incidents[], size_t room)
{
	static const char opened[] = "SELECT " INCIDENT_COLUMNS " " SHOWN;
	static const char closed[] =
	    SELECT "JOIN (SELECT row AS found FROM incident WHERE status <> 0"
		   " ORDER BY closed_ms DESC LIMIT ? OFFSET ?) ON row = found ORDER BY closed_ms DESC";

	return read_list(store,
	    sql_query(store, open ? opened : closed, "ii", (int64_t)room, (int64_t)offset), incidents, room);
}

size_t
incident_list_brief(struct store *store, struct incident incidents[], size_t room)
{
	static const char text[] = "SELECT " INCIDENT_COLUMNS_MOST ", '{}' " SHOWN;

	return read_list(store, sql_query(store, text, "ii", (int64_t)room, (int64_t)0), incidents, room);
}

void
incident_count(struct store *store, size_t counts[SEVERITIES])
{
	sqlite3_stmt *rows = sql_query(
	    store, "SELECT severity, count(*) FROM incident WHERE status = 0 GROUP BY severity", "");

	memset(counts, 0, SEVERITIES * sizeof(*counts));
	while (sql_row(store, rows)) {
		int severity = sqlite3_column_int(rows, 0);

		if (severity >= 0 && severity < SEVERITIES)
			counts[severity] = (size_t)sqlite3_column_int64(rows, 1);
	}
}
