/*
 * Work that time brings and no request: expired incidents, ends that nobody told, mutes that are over, old
 * rows. All of it is found by indexes and limited to SWEEP_LIMIT a call, since the sweep holds the store and
 * alerts wait meanwhile; what is left comes a second later. A kill in the middle undoes the whole call, and
 * the next start does it again.
 */

#include "relay/intake/rules.h"
#include "relay/store/store.h"
#include "relay/store/upkeep.h"

enum { SWEEP_LIMIT = 500 };

void
intake_start(struct store *store, int64_t now_ms)
{
	upkeep_clock(store, now_ms);
	/* Otherwise a relay that was down for ten minutes
	 * would begin by declaring every open alert expired. */
	upkeep_postpone_expiry(store, now_ms + RESTART_GRACE_MS);
}

/* A mute is over: the incidents that it held back are sent, if nothing else holds them back.  False: there
 * are more. */
static bool
release_muted(struct store *store, const struct intake_plan *plan, int64_t now_ms)
{
	struct incident incident;
	struct delivery delivery;
	int released = 0;

	for (int64_t row = 0; released < SWEEP_LIMIT && incident_next_muted(store, row, &incident);) {
		row = incident.row;
		delivery_plan(&delivery, store, &incident, plan, now_ms);
		/* If another mute covers it by now, it stays muted and
		 * is not counted; `row` moves on, so the loop ends. */
		if (delivery.released)
			incident_save(store, &incident);
		released += delivery.released;
		delivery_add(&delivery, store, &incident, now_ms);
		incident_release(&incident);
	}
	return released < SWEEP_LIMIT;
}

void
intake_sweep(struct store *store, const struct intake_plan *plan, int64_t now_ms)
{
	struct incident incident;

	upkeep_clock(store, now_ms);
	for (int i = 0; i < SWEEP_LIMIT && incident_next_expired(store, now_ms, &incident); i++) {
		/* The end that the sender promised is nearer to the truth
		 * than the time of our sweep, which includes the grace. */
		int64_t promised = incident.promised_ms;

		intake_close(store, &incident, INCIDENT_EXPIRED,
		    promised != 0 && promised < now_ms ? promised : now_ms, false, now_ms);
		incident_release(&incident);
	}
	for (int i = 0; i < SWEEP_LIMIT && incident_next_untold(store, now_ms - UNTOLD_MS, &incident); i++) {
		tell_end(store, &incident, now_ms);
		incident_save(store, &incident);
		incident_release(&incident);
	}
	/* The mute's row goes only after all that it held back
	 * is in the outbox: it is what brings us here again. */
	if (upkeep_mute_over(store, now_ms) && release_muted(store, plan, now_ms))
		upkeep_remove_mutes(store, now_ms);
	upkeep_prune(store, now_ms);
}
