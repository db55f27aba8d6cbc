/*
 * What time does to the store: rows grow old, and clocks are set. The store keeps wall-clock times, so when
 * the clock goes back, all that was written before lies in the future and would wait until the clock gets
 * there again: a retry for hours, say. upkeep_clock() pulls such times to now.
 *
 * RENEWAL_MS is longer than the minute in which Prometheus renews what fires, so nothing expires that is
 * still renewed.
 */

#include "relay/store/upkeep.h"
#include "relay/store/sql.h"

enum { KEPT_MS = 3600 * 1000, RENEWAL_MS = 5 * 60 * 1000 };

void
upkeep_postpone_expiry(struct store *store, int64_t until_ms)
{
	(void)sql_run(
	    store, "UPDATE incident SET expires_ms = ?1 WHERE status = 0 AND expires_ms < ?1", "i", until_ms);
}

void
upkeep_clock(struct store *store, int64_t now_ms)
{
	bool set_back = now_ms < store->clock_ms;

	/* The first call after the start always counts as set
	 * back: the clock may have been set while no process ran. */
	store->clock_ms = now_ms;
	if (!set_back)
		return;
	(void)sql_run(store, "UPDATE outbox SET due_ms = ?1, added_ms = ?1 WHERE added_ms > ?1", "i", now_ms);
	(void)sql_run(store, "UPDATE said SET said_ms = ?1 WHERE said_ms > ?1", "i", now_ms);
	(void)sql_run(
	    store, "UPDATE incident SET closed_ms = ?1 WHERE status <> 0 AND closed_ms > ?1", "i", now_ms);
	/* relay/deliver looks at what it has to repeat, and decides anew. */
	(void)sql_run(store,
	    "UPDATE incident SET seen_ms = ?1, expires_ms = min(expires_ms, ?1 + ?2),"
	    " check_ms = CASE WHEN check_ms > 0 THEN ?1 ELSE 0 END WHERE status = 0 AND seen_ms > ?1",
	    "in", now_ms, RENEWAL_MS);
}

void
upkeep_prune(struct store *store, int64_t now_ms)
{
	int64_t old = now_ms - KEPT_MS;
	/* What is older than all that waits in the journal is in the history. */
	int64_t drained = store->journal
			      ? sql_number(store, old, "SELECT at_ms FROM journal ORDER BY seq LIMIT 1", "")
			      : old;
	/* 200 at a time: the sweep holds the store, and after a storm a
	 * single DELETE of 10,000 rows would keep new alerts waiting. */
	int removed = sql_run(store,
	    "DELETE FROM incident WHERE row IN (SELECT row FROM incident WHERE status <> 0 AND end_told = 1"
	    " AND closed_ms < ? AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.incident = incident.row)"
	    " ORDER BY closed_ms LIMIT 200)",
	    "i", drained < old ? drained : old);

	/* The sweep is the transaction for which nobody waits, so it does the checkpoint of the log. */
	store->idle = true;
	/* What was said outlives its incident for the throttle and for
	 * late ends, and goes when the fingerprint has no incident left. */
	if (removed > 0)
		(void)sql_run(store,
		    "DELETE FROM said WHERE said_ms < ?1 AND NOT EXISTS"
		    " (SELECT 1 FROM incident WHERE incident.fingerprint = said.fingerprint)",
		    "i", old);
}

bool
upkeep_mute_over(struct store *store, int64_t now_ms)
{
	return sql_number(store, 0, "SELECT 1 FROM mute WHERE until_ms <= ? LIMIT 1", "i", now_ms) != 0;
}

void
upkeep_remove_mutes(struct store *store, int64_t now_ms)
{
	(void)sql_run(store, "DELETE FROM mute WHERE until_ms <= ?", "i", now_ms);
}
