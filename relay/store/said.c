/*
 * What people were told, and where. The end of an alert goes to the channels that told of its begin, in
 * reply to that message where the channel can do so, and nowhere else. It is kept by fingerprint rather than
 * by incident: when an alert comes back within the hour, P1's limit of one message in five minutes must
 * still know the last one.
 */

#include <string.h>

#include "relay/store/said.h"
#include "relay/store/sql.h"

#define SELECT "SELECT channel, fingerprint, incident, message, said_ms, resolved FROM said "

enum { SENT_KEPT_MS = 10 * 60 * 1000 };

static bool
read_said(struct store *store, sqlite3_stmt *rows, struct said *said)
{
	if (!sql_row(store, rows))
		return false;
	sql_text(rows, 0, said->channel, sizeof(said->channel));
	sql_text(rows, 1, said->fingerprint, sizeof(said->fingerprint));
	sql_text(rows, 2, said->incident, sizeof(said->incident));
	sql_text(rows, 3, said->message, sizeof(said->message));
	said->said_ms = sqlite3_column_int64(rows, 4);
	said->resolved = sqlite3_column_int(rows, 5) != 0;
	sql_end(rows);
	return true;
}

void
said_put(struct store *store, const struct incident *incident, const char *channel, const char *message,
    int64_t now_ms)
{
	struct incident now;

	/* An end that comes late, since it was tried again, is not the last word on the one that is open now.
	 */
	(void)sql_run(store,
	    "INSERT INTO said VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET incident = excluded.incident,"
	    " message = excluded.message, said_ms = excluded.said_ms, resolved = excluded.resolved"
	    " WHERE excluded.resolved = 0 OR said.incident = excluded.incident OR NOT EXISTS"
	    " (SELECT 1 FROM incident WHERE incident.id = said.incident AND incident.status = 0)",
	    "ssssin", incident->fingerprint, channel, incident->id, message, now_ms,
	    (int)(incident->status != INCIDENT_OPEN));
	if (!incident_find(store, incident->id, &now))
		return;
	/* While the message was on its way it was not said here yet, so the change found nobody to tell. */
	/* This runs in the transaction that records the answer,
	 * so no end and no acknowledgement can slip in between. */
	if (now.end_told && incident->status == INCIDENT_OPEN && now.status != INCIDENT_OPEN)
		outbox_add(store, &now, TASK_RESOLVED, channel, now_ms);
	else if (now.acknowledged_ms != 0 && incident->acknowledged_ms == 0)
		outbox_add(store, &now, TASK_ACKNOWLEDGED, channel, now_ms);
	incident_release(&now);
}

bool
said_find(struct store *store, const char *fingerprint, const char *channel, struct said *said)
{
	static const char text[] = SELECT "WHERE fingerprint = ? AND channel = ?";

	return read_said(store, sql_query(store, text, "ss", fingerprint, channel), said);
}

bool
said_next(struct store *store, const char *fingerprint, const char *after, struct said *said)
{
	static const char text[] = SELECT "WHERE fingerprint = ? AND channel > ? ORDER BY channel LIMIT 1";

	return read_said(store, sql_query(store, text, "ss", fingerprint, after), said);
}

bool
said_in_message(
    struct store *store, const char *channel, const char *message, const char *after, struct said *said)
{
	static const char text[] =
	    SELECT "WHERE channel = ? AND message = ? AND fingerprint > ? ORDER BY fingerprint LIMIT 1";

	return read_said(store, sql_query(store, text, "sss", channel, message, after), said);
}

/* It is here and not in outbox.c because it reads the table said. Only where this
 * incident was said: an older one of the same fingerprint is not what was acknowledged. */
void
outbox_acknowledge(struct store *store, const struct incident *incident, int64_t now_ms)
{
	struct said said = { 0 };

	while (said_next(store, incident->fingerprint, said.channel, &said))
		if (strcmp(said.incident, incident->id) == 0)
			outbox_add(store, incident, TASK_ACKNOWLEDGED, said.channel, now_ms);
}

void
sent_add(struct store *store, const char *account, enum task_lane lane, int64_t now_ms)
{
	/* The limits look back one minute, so what is ten minutes old is of no use. Rows of
	 * the future were written before the clock was set back, and say nothing any more. */
	(void)sql_run(store, "DELETE FROM sent WHERE account = ? AND (at_ms < ? OR at_ms > ?)", "sii",
	    account, now_ms - SENT_KEPT_MS, now_ms);
	(void)sql_run(store, "INSERT INTO sent (account, at_ms, lane) VALUES (?, ?, ?)", "sin", account,
	    now_ms, (int)lane);
}

size_t
sent_since(struct store *store, const char *account, int64_t since_ms, int64_t now_ms, struct sent sent[],
    size_t room)
{
	sqlite3_stmt *rows = sql_query(store,
	    "SELECT at_ms, lane FROM sent WHERE account = ? AND at_ms >= ? AND at_ms <= ?"
	    " ORDER BY at_ms DESC LIMIT ?",
	    "siii", account, since_ms, now_ms, (int64_t)room);
	size_t count = 0;

	for (; count < room && sql_row(store, rows); count++) {
		sent[count].at_ms = sqlite3_column_int64(rows, 0);
		sent[count].lane = (enum task_lane)sqlite3_column_int(rows, 1);
	}
	if (rows != NULL)
		sql_end(rows);
	return store_failed(store) ? 0 : count;
}
