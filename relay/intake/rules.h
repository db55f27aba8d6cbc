#ifndef RELAY_INTAKE_RULES_H
#define RELAY_INTAKE_RULES_H

#include "relay/intake/intake.h"

/* What the files of relay/intake share. */

enum {
	EXPIRY_GRACE_MS = 30 * 1000,    /* after the end that was promised */
	PUSH_EXPIRY_MS = 5 * 60 * 1000, /* of a push that promised none */
	SILENCE_MS = 26 * 3600 * 1000,  /* the webhook repeats at least daily */
	UNTOLD_MS = 10 * 60 * 1000,     /* so long the end waits to be told by who decides it */
	ECHO_MS = 60 * 1000,   /* a scrape and an evaluation at 15 s each, and Prometheus's renewal */
	LATE_MS = 3600 * 1000, /* an end that is older, of what nobody knows, is no news */
	RESTART_GRACE_MS = 2 * 60 * 1000, /* Prometheus renews each minute */
};

/* Where an incident is to be said, found out before its row is written. */
struct delivery {
	const char *chains[INTAKE_CHAINS];
	size_t count;
	bool muted; /* now, and not before */
	bool released;
};

/* What a feed that delivers means for an incident that was not delivered yet: changes its columns alone. */
void delivery_plan(struct delivery *delivery, struct store *store, struct incident *incident,
    const struct intake_plan *plan, int64_t now_ms);

/* Its tasks and events, once its row is there. */
void delivery_add(
    const struct delivery *delivery, struct store *store, const struct incident *incident, int64_t now_ms);

/* Say that it is over wherever it was said and that was not: `incident` is changed, not saved. */
void tell_end(struct store *store, struct incident *incident, int64_t now_ms);

#endif /* RELAY_INTAKE_RULES_H */
