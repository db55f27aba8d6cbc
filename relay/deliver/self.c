/*
 * A channel that does not work is an alert like others, and goes the same way: but not to the channel that it
 * is about.
 *
 * It goes through the intake as if a program had pushed it: so it has an incident, a place in the history, a
 * button and repeats, without any code of its own here. It fires and ends in the transaction that records
 * the answer which is its reason.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/system/time.h"
#include "relay/deliver/state.h"
#include "relay/intake/intake.h"

static const char alert_name[] = "AlertRelayDeliveryFailed";

/* It is over by a message that arrives; if none is sent at all, a day after the last failure. */
enum { LASTS_MS = 26 * 3600 * 1000 };

static int
read_alert(const char *channel, const char *reason, int64_t now_ms, struct alert_list *list)
{
	char ends[TIME_TEXT], summary[256];
	struct failure why;
	char *text = NULL;
	json_t *alerts;
	int status = -1;

	(void)snprintf(summary, sizeof(summary), "Messages do not arrive in %s", channel);
	alerts = json_pack("[{s:{s:s, s:s, s:s, s:s, s:s}, s:{s:s, s:s}, s:s}]", "labels", "alertname",
	    alert_name, "severity", "P1", "service", "monitor", "env", "all", "channel", channel,
	    "annotations", "summary", summary, "description", reason, "endsAt",
	    time_text((double)(now_ms + LASTS_MS) / 1e3, ends));
	if (alerts != NULL)
		text = json_dumps(alerts, JSON_COMPACT);
	if (text != NULL)
		status = alert_read_push(SLICE(text), now_ms, list, &why);
	free(text);
	json_decref(alerts);
	return status;
}

int
self_init(struct outlet *outlet)
{
	struct alert_list list = { 0 };

	/* By the same reader as the alert itself, so that the two fingerprints cannot differ. */
	if (read_alert(outlet->channel->name, "", store_now_ms(), &list) != 0)
		return -1;
	memcpy(outlet->fingerprint, list.alerts[0].fingerprint, sizeof(outlet->fingerprint));
	alert_list_release(&list);
	return 0;
}

/* The routes without one channel. */
struct detour {
	const struct deliver *deliver;
	const char *without;
	char texts[INTAKE_CHAINS][ROUTE_CHAIN_TEXT];
};

static size_t
detour_chains(void *context, const json_t *labels, const char *chains[], size_t room)
{
	struct detour *detour = context;
	const struct route *route = routes_find(detour->deliver->settings.routes, labels);
	size_t count = 0;

	for (size_t i = 0; route != NULL && i < route->chain_count && count < room; i++) {
		const struct chain *chain = &route->chains[i];
		char *text = detour->texts[count];
		size_t length = 0;

		for (size_t c = 0; c < chain->count; c++) {
			/* If no channel is left in any chain, the alert
			 * is in the history and on the page alone. */
			if (strcmp(chain->channels[c], detour->without) != 0)
				length += (size_t)snprintf(text + length, ROUTE_CHAIN_TEXT - length, "%s%s",
				    length > 0 ? "|" : "", chain->channels[c]);
		}
		if (length > 0)
			chains[count++] = text;
	}
	return count;
}

void
self_fire(struct deliver *deliver, const struct outlet *outlet, const char *reason, int64_t now_ms)
{
	struct detour detour = { .deliver = deliver, .without = outlet->channel->name };
	const struct intake_plan plan = { .chains = detour_chains, .context = &detour };
	struct intake_counts counts = { 0 };
	struct alert_list list = { 0 };

	/* Without memory the alert about the channel is
	 * lost, not the message: that one is in the outbox. */
	if (read_alert(outlet->channel->name, reason, now_ms, &list) != 0)
		return;
	intake_take(deliver->store, &list, FEED_PUSH, &plan, now_ms, &counts);
	alert_list_release(&list);
}

void
self_resolve(struct deliver *deliver, const struct outlet *outlet, int64_t now_ms)
{
	struct incident incident;

	if (!incident_find_open(deliver->store, outlet->fingerprint, &incident))
		return;
	intake_close(deliver->store, &incident, INCIDENT_RESOLVED, now_ms, true, now_ms);
	incident_release(&incident);
}

void
self_forget(struct deliver *deliver, int64_t now_ms)
{
	struct incident incident = { .row = 0 };
	int64_t row = 0;

	while (incident_next(deliver->store, row, &incident)) {
		row = incident.row;
		/* Nothing is ever sent there again, so no message could end this alert. */
		if (strcmp(alert_text(incident.labels, "alertname"), alert_name) == 0 &&
		    !deliver_has(deliver, alert_text(incident.labels, "channel")))
			intake_close(deliver->store, &incident, INCIDENT_RESOLVED, now_ms, true, now_ms);
		incident_release(&incident);
	}
}
