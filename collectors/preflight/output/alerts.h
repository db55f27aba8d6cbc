#ifndef COLLECTORS_PREFLIGHT_OUTPUT_ALERTS_H
#define COLLECTORS_PREFLIGHT_OUTPUT_ALERTS_H

#include "collectors/preflight/verdict.h"
#include "common/config/options.h"
#include "common/deadline.h"

enum { ALERTMANAGERS_MAX = 8 };

extern const struct option alert_options[];

struct alertmanager {
	char *url;         /* of the API's alerts */
	const char *token; /* its path, where that is more than the API's; NULL: it is not */
	char *place;       /* "host:port", for texts and the label; a second one there is "host:port#2" */
	struct http_client *client;
	bool accepted;   /* the last run's alerts */
	char fault[512]; /* why not; "" */
};

struct alerts {
	struct alertmanager items[ALERTMANAGERS_MAX];
	size_t count;
	int64_t hold_ns; /* 0: by the interval */
};

/* The Alertmanagers of the settings; all zero before.  -1 with `why` that names the setting; in both cases
 * for alerts_release(). */
int alerts_open(struct alerts *alerts, const struct options *given, struct failure *why);
void alerts_release(struct alerts *alerts);

/*
 * Send PreflightFailed (P0) and PreflightWarning (P1) to all Alertmanagers at
 * once: each alert is either firing, until the next run is long overdue, or
 * resolved.  One that does not accept them is tried again until the deadline,
 * whatever the others do; then its `accepted` and `fault` say so.
 */
void alerts_send(
    struct alerts *alerts, const struct report *report, int64_t interval_ns, struct deadline deadline);

#endif /* COLLECTORS_PREFLIGHT_OUTPUT_ALERTS_H */
