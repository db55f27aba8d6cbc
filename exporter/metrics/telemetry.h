#ifndef EXPORTER_METRICS_TELEMETRY_H
#define EXPORTER_METRICS_TELEMETRY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/text/buffer.h"

/*
 * What the exporter says of itself: its process and what it was asked.  All
 * counting may be done from several threads.
 */
enum route {
	ROUTE_METRICS,
	ROUTE_HEALTH,
	ROUTE_HEALTH_READY,
	ROUTE_HEALTH_LIVE,
	ROUTE_HEALTHY,
	ROUTE_READY,
	ROUTE_PAGE,
	ROUTE_OTHER, /* whatever was asked for that is not there */
	ROUTES
};

/* The route of a path without its query. */
enum route route_of(const char *path);

enum { TELEMETRY_BOUNDS = 14, TELEMETRY_CODES = 9 };

struct telemetry {
	double started; /* Unix time */
	atomic_ullong requests[ROUTES][TELEMETRY_CODES];
	atomic_ullong buckets[ROUTES][TELEMETRY_BOUNDS + 1]; /* not cumulative; +Inf last */
	atomic_ullong nanoseconds[ROUTES];
	atomic_int in_flight;
	atomic_int connections;
	atomic_ullong timeouts; /* connections ended because the client was too slow */
	atomic_bool reload_failed;
	atomic_llong reloaded_ms; /* Unix time of the last good (re)load */
};

void telemetry_init(struct telemetry *t);

/* A request that was answered, or given up (code 0), after so long. */
void telemetry_count(struct telemetry *t, enum route route, unsigned code, int64_t took_ns);

/* Append all of it in the text format. */
void telemetry_write(const struct telemetry *t, struct buffer *out);

/* Whether telemetry_write() or whoever else in this program writes a family of that name. */
bool telemetry_reserved(struct slice name);

#endif /* EXPORTER_METRICS_TELEMETRY_H */
