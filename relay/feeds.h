#ifndef RELAY_FEEDS_H
#define RELAY_FEEDS_H

#include <stdatomic.h>

#include "relay/intake/intake.h"
#include "web/server.h"

/*
 * Where alerts come in:
 *
 *	POST /webhook/NAME            Alertmanager; NAME is its receiver's
 *	POST /webhook/heartbeat       only shows that Alertmanager lives
 *	POST /api/v2/alerts           programs and amtool
 *	POST /observe/api/v2/alerts   Prometheus, for the history
 *	GET  /api/v2/status           amtool asks for it
 *
 * The answer 200 means that the alerts are on the disk, 503 that none of them is and that the sender should
 * send them again, a 4xx that sending them again is of no use.
 */
enum { FEEDS = 3, FEED_BODY = 32 * 1024 * 1024 };

struct feeds {
	struct store *store;
	struct intake_plan plan;
	/* For the log: what was refused, or could not be kept; now and then. */
	void (*notice)(void *context, bool bad, const char *message, const char *reason);
	void *context;
	int64_t told_ns;     /* of the thread that answers */
	atomic_bool failing; /* the last alerts could not be kept */

	/* For /metrics, by feed: webhook, push, observe; and by status: firing, resolved. */
	atomic_ullong received[FEEDS][2], refused[FEEDS];
	atomic_llong heartbeat_ms; /* 0: none came */
};

/* "webhook", "push", "observe". */
extern const char *const feed_names[FEEDS];

/* All requests with a body that wait, in one transaction. */
void feeds_take(struct feeds *feeds, struct web_exchange *const exchanges[], size_t count);

/* What amtool wants to know of an Alertmanager. */
void feeds_status(double started, struct web_answer *answer);

#endif /* RELAY_FEEDS_H */
