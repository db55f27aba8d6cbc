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
	if (mute_covers(store, incident->labels, now_ms, NULL)) {
		delivery->muted = !was_muted;
		incident->suppressed = SUPPRESSED_MUTED;
		return;
	}
	delivery->released = was_muted;
	if (was_muted)
		incident->suppressed = SUPPRESSED_NOT;
	delivery->count = plan->chains(plan->context, incident->labels, delivery->chains, INTAKE_CHAINS);
	if (delivery->count == 0)
		return;
	incident->delivered_ms = now_ms;
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
	if (told || incident->acknowledged_ms != 0 || incident->suppressed == SUPPRESSED_SILENCED)
		tell_end(store, incident, now_ms);
	incident_save(store, incident);
	add_event(store, incident, status == INCIDENT_EXPIRED ? EVENT_EXPIRED : EVENT_RESOLVED, now_ms);
}
