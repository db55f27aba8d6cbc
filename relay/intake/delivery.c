/*
 * From an incident to its messages: which channels are told when it begins, and which when it ends. It is
 * split in plan and add because an outbox row needs the incident's row number, which a new incident has only
 * after its insert.
 *
 * An incident is delivered once: delivered_ms is written in the same transaction as its tasks, so an alert
 * that is sent again after a lost answer makes no second message.
 */

#include <string.h>

#include "relay/intake/rules.h"
#include "relay/store/journal.h"
#include "relay/store/mutes.h"
#include "relay/store/said.h"

void
delivery_plan(struct delivery *delivery, struct store *store, struct incident *incident,
    const struct intake_plan *plan, int64_t now_ms)
{
	bool was_muted = incident->suppressed == SUPPRESSED_MUTED;

	*delivery = (struct delivery){ 0 };
	if (incident->delivered_ms != 0)
		return;
	/* An incident that was muted stays undelivered on purpose: when
	 * the mute ends while it still fires, the sweep delivers it then. */
	if (mute_covers(store, incident->labels, now_ms, NULL)) {
		delivery->muted = !was_muted;
		incident->suppressed = SUPPRESSED_MUTED;
		return;
	}
	delivery->released = was_muted;
	if (was_muted)
		incident->suppressed = SUPPRESSED_NOT;
	delivery->count = plan->chains(plan->context, incident->labels, delivery->chains, INTAKE_CHAINS);
	/* No route is a decision, not an error: it stays undelivered and is in the history alone. */
	if (delivery->count == 0)
		return;
	incident->delivered_ms = now_ms;
	/* relay/deliver looks at it in its next tick, and
	 * from then on decides itself when to look again. */
	incident->check_ms = now_ms;
}

static void
add_event(struct store *store, const struct incident *incident, enum event_kind kind, int64_t now_ms)
{
	const struct event event = { .kind = kind, .at_ms = now_ms, .latency_ms = -1 };

	journal_add(store, incident, &event, true);
}

void
delivery_add(
    const struct delivery *delivery, struct store *store, const struct incident *incident, int64_t now_ms)
{
	if (delivery->muted)
		add_event(store, incident, EVENT_MUTED, now_ms);
	if (delivery->released)
		add_event(store, incident, EVENT_RELEASED, now_ms);
	for (size_t i = 0; i < delivery->count; i++)
		outbox_add(store, incident, TASK_FIRED, delivery->chains[i], now_ms);
}

void
tell_end(struct store *store, struct incident *incident, int64_t now_ms)
{
	struct said said = { 0 };

	while (said_next(store, incident->fingerprint, said.channel, &said))
		if (!said.resolved)
			outbox_add(store, incident, TASK_RESOLVED, said.channel, now_ms);
	/* Set even where no channel had been told: otherwise the sweep
	 * would look at it for ever, and it would never be removed. */
	incident->end_told = true;
}

void
intake_close(struct store *store, struct incident *incident, enum incident_status status, int64_t ends_ms,
    bool told, int64_t now_ms)
{
	incident->status = status;
	incident->ends_ms = ends_ms;
	incident->closed_ms = now_ms;
	incident->check_ms = 0;
	/* What was not said yet is still said, with its end; again it need not be. */
	outbox_drop(store, incident, 1U << TASK_REPEATED | 1U << TASK_ESCALATED);
	/* Otherwise Prometheus alone reported the end, or the sweep found that it expired.
	 * Alertmanager may still hold back the end for its group, and decides; the sweep
	 * speaks after ten minutes if it stays silent. For an acknowledged or silenced
	 * alert Alertmanager sends no end at all, so there is nothing to wait for. */
	if (told || incident->acknowledged_ms != 0 || incident->suppressed == SUPPRESSED_SILENCED)
		tell_end(store, incident, now_ms);
	incident_save(store, incident);
	add_event(store, incident, status == INCIDENT_EXPIRED ? EVENT_EXPIRED : EVENT_RESOLVED, now_ms);
}
