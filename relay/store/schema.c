/*
 * The tables, and that they are ours. There is one version so far; a database of a newer one is refused
 * rather than guessed at, because an older program cannot know what it would break.
 */

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "relay/store/sql.h"

enum { SCHEMA_VERSION = 1 };

/*
 * Partial indexes keep what is renewed every minute cheap: an index that
 * names neither the column nor its condition is not touched.
 *
 * AUTOINCREMENT: a row number is never used again. Without it a number of a removed
 * incident could come back, and a journal's seq could name two events.
 */
static const char tables[] =
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE incident ("
    " row INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, fingerprint TEXT NOT NULL,"
    " severity INTEGER NOT NULL, starts_ms INTEGER NOT NULL, status INTEGER NOT NULL, ends_ms INTEGER NOT NULL,"
    " closed_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, promised_ms INTEGER NOT NULL,"
    " expires_ms INTEGER NOT NULL, feeds INTEGER NOT NULL, repeats INTEGER NOT NULL, missed INTEGER NOT NULL,"
    " delivered_ms INTEGER NOT NULL, end_told INTEGER NOT NULL, check_ms INTEGER NOT NULL,"
    " escalated_ms INTEGER NOT NULL, suppressed INTEGER NOT NULL, acknowledged_ms INTEGER NOT NULL,"
    " acknowledged_by TEXT, acknowledged_via TEXT, note TEXT, silence_id TEXT, link TEXT,"
    " labels TEXT NOT NULL, annotations TEXT NOT NULL);"
    "CREATE INDEX incident_fingerprint ON incident (fingerprint);"
    "CREATE UNIQUE INDEX incident_open ON incident (fingerprint) WHERE status = 0;"
    "CREATE INDEX incident_shown ON incident (severity, starts_ms) WHERE status = 0;"
    "CREATE INDEX incident_expiry ON incident (expires_ms) WHERE status = 0;"
    "CREATE INDEX incident_check ON incident (check_ms) WHERE status = 0 AND check_ms > 0;"
    "CREATE INDEX incident_closed ON incident (closed_ms) WHERE status <> 0;"
    "CREATE INDEX incident_untold ON incident (closed_ms) WHERE status <> 0 AND end_told = 0;"
    "CREATE INDEX incident_muted ON incident (row) WHERE status = 0 AND delivered_ms = 0 AND suppressed = 3;"
    "CREATE TABLE outbox ("
    " row INTEGER PRIMARY KEY AUTOINCREMENT, incident INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " lane INTEGER NOT NULL, rank INTEGER NOT NULL, channel TEXT NOT NULL, next TEXT NOT NULL,"
    " attempt INTEGER NOT NULL, added_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, UNIQUE (incident, channel, kind));"
    "CREATE INDEX outbox_due ON outbox (channel, lane, due_ms);"
    "CREATE INDEX outbox_order ON outbox (channel, lane, rank, due_ms);"
    "CREATE TABLE said ("
    " fingerprint TEXT NOT NULL, channel TEXT NOT NULL, incident TEXT NOT NULL, message TEXT NOT NULL,"
    " said_ms INTEGER NOT NULL, resolved INTEGER NOT NULL, PRIMARY KEY (fingerprint, channel)) WITHOUT ROWID;"
    "CREATE INDEX said_message ON said (channel, message, fingerprint);"
    "CREATE TABLE sent (account TEXT NOT NULL, at_ms INTEGER NOT NULL, lane INTEGER NOT NULL);"
    "CREATE INDEX sent_at ON sent (account, at_ms);"
    "CREATE TABLE journal ("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, id TEXT NOT NULL, kind INTEGER NOT NULL,"
    " channel TEXT, attempt INTEGER NOT NULL, latency_ms INTEGER NOT NULL, detail TEXT, incident TEXT);"
    "CREATE TABLE mute ("
    " service TEXT PRIMARY KEY, who TEXT NOT NULL, reason TEXT NOT NULL, since_ms INTEGER NOT NULL,"
    " until_ms INTEGER NOT NULL) WITHOUT ROWID;"
    "PRAGMA user_version = 1;";

/* Version 4 of RFC 9562: random. */
static int
make_uuid(char uuid[STORE_UUID])
{
	unsigned char b[16];

	/* This can wait only early in a boot, while the kernel has no entropy yet. */
	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		return -1;
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	(void)snprintf(uuid, STORE_UUID,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3],
	    b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
	return 0;
}

int
schema_open(struct store *store, struct failure *why)
{
	int64_t version = sql_number(store, 0, "PRAGMA user_version", "");
	sqlite3_stmt *rows;
	int error;

	if (version > SCHEMA_VERSION)
		return failure_set(why, FAILURE_LOCAL,
		    "%s was made by a newer version of this program: use that one, or another directory",
		    store->path);
	/* Tables, uuid and user_version in one transaction: after a
	 * kill there is either a whole database or version 0 again. */
	(void)sql_run(store, "BEGIN", "");
	if (version == 0 && store->error == SQLITE_OK) {
		error = sqlite3_exec(store->db, tables, NULL, NULL, NULL);
		if (error != SQLITE_OK)
			sql_fail(store, error);
		else if (make_uuid(store->uuid) != 0)
			sql_fail(store, SQLITE_IOERR);
		(void)sql_run(store, "INSERT INTO meta VALUES ('uuid', ?)", "s", store->uuid);
	}
	rows = sql_query(store, "SELECT value FROM meta WHERE name = 'uuid'", "");
	if (sql_row(store, rows)) {
		sql_text(rows, 0, store->uuid, sizeof(store->uuid));
		sql_end(rows);
	}
	(void)sql_run(store, "COMMIT", "");
	if (store->error == SQLITE_OK)
		return 0;
	*why = store->why;
	return -1;
}
