/*
 * Mutes are few, and are looked up for every new alert and every repeat: one row for each service, found by
 * its key. A mute that is over covers nothing (until_ms > now), but its row stays until the sweep has sent
 * what it held back, so a kill in between loses nothing.
 */

#include "relay/store/mutes.h"
#include "relay/alert/alert.h"
#include "relay/store/sql.h"

#define SELECT "SELECT service, who, reason, since_ms, until_ms FROM mute "

void
mute_put(struct store *store, const struct mute *mute)
{
	/* One that is over stays until the sweep removes it, and sees to what it covered. */
	(void)sql_run(store, "INSERT OR REPLACE INTO mute VALUES (?, ?, ?, ?, ?)", "sssii", mute->service,
	    mute->who, mute->reason, mute->since_ms, mute->until_ms);
}

static bool
read_mute(struct store *store, sqlite3_stmt *rows, struct mute *mute)
{
	if (!sql_row(store, rows))
		return false;
	sql_text(rows, 0, mute->service, sizeof(mute->service));
	sql_text(rows, 1, mute->who, sizeof(mute->who));
	sql_text(rows, 2, mute->reason, sizeof(mute->reason));
	mute->since_ms = sqlite3_column_int64(rows, 3);
	mute->until_ms = sqlite3_column_int64(rows, 4);
	sql_end(rows);
	return true;
}

bool
mute_next(struct store *store, const char *after, int64_t now_ms, struct mute *mute)
{
	static const char text[] = SELECT "WHERE service > ? AND until_ms > ? ORDER BY service LIMIT 1";

	return read_mute(store, sql_query(store, text, "si", after, now_ms), mute);
}

bool
mute_covers(struct store *store, const json_t *labels, int64_t now_ms, struct mute *mute)
{
	static const char text[] = SELECT "WHERE service = ? AND until_ms > ?";
	struct mute unwanted;

	return read_mute(store, sql_query(store, text, "si", alert_text(labels, "service"), now_ms),
	    mute != NULL ? mute : &unwanted);
}
