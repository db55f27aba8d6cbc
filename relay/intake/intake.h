#ifndef RELAY_INTAKE_INTAKE_H
#define RELAY_INTAKE_INTAKE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay/alert/alert.h"
#include "relay/store/incidents.h"

/*
 * What alerts do: they open, renew and close incidents, and put into the
 * outbox what has to be said.
 *
 * All functions within a transaction of the store; several requests may share one.
 */
struct store;

/* Where alerts with these labels go: up to `room` chains, as texts that last as long as the plan.  None: they
 * are not delivered. */
enum { INTAKE_CHAINS = 16 };
struct intake_plan {
	size_t (*chains)(void *context, const json_t *labels, const char *chains[], size_t room);
	void *context;
};

struct intake_counts {
	size_t firing, resolved; /* alerts that were taken */
	bool heartbeat;          /* there was one of severity "none" that fires */
};

/* Take the alerts that a feed sent.  `counts` is added to. */
void intake_take(struct store *store, const struct alert_list *list, enum incident_feed feed,
    const struct intake_plan *plan, int64_t now_ms, struct intake_counts *counts);

/*
 * An open incident ends: its event is written, what waits for it is brought up to date.  `told`: the feed
 * that decides about messages reported the end, so messages go out now; else after ten minutes.  `incident`
 * is changed and saved.
 */
void intake_close(struct store *store, struct incident *incident, enum incident_status status,
    int64_t ends_ms, bool told, int64_t now_ms);

/* At the start, before the first sweep: no feed could renew incidents while the relay was down, so those that
 * would expire now get more time. */
void intake_start(struct store *store, int64_t now_ms);

/*
 * To be called about once a second: it closes what expired, has ends told that no message has told yet, has
 * incidents sent whose mute is over, mends times that a clock which was set back would delay, and removes
 * what is old.  Each call has a limited amount of work.
 */
void intake_sweep(struct store *store, const struct intake_plan *plan, int64_t now_ms);

#endif /* RELAY_INTAKE_INTAKE_H */
