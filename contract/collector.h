#ifndef CONTRACT_COLLECTOR_H
#define CONTRACT_COLLECTOR_H

#include "contract/limits.h"
#include "textfile/family.h"

/* The families that every collector's file holds.  They are here alone: different HELP across files is an
 * error. */
enum run_family {
	RUN_SUCCESS,
	RUN_DURATION,
	RUN_INTERVAL,
	RUN_LAST_RUN,
	RUN_LAST_SUCCESS,
	RUN_RUNS,
	RUN_FAILURES,
	RUN_STATE_RESETS, /* what run_publish() alone knows */
	RUN_DROPPED,      /* likewise */
	RUN_RELOAD_SUCCESSFUL,
	RUN_RELOAD_SUCCESS, /* when that was */
	RUN_BUILD_INFO,
};
enum { RUN_FAMILIES = RUN_BUILD_INFO + 1 };
extern const struct family run_families[RUN_FAMILIES];

/*
 * Histogram bounds, in seconds, for one round trip to a server: from a
 * loopback's 50 microseconds to what no trading loop can wait for.  One table
 * for all, so that dashboards can lay one server's latency over another's.
 */
enum { LATENCY_BOUNDS = 15 };
extern const double latency_bounds[LATENCY_BOUNDS];

/* The families that each collector for one kind of server begins with, in this order. */
enum target_family {
	TARGET_UP,               /* gauge {target} */
	TARGET_LATENCY,          /* histogram {target} */
	TARGET_CONNECT_DURATION, /* gauge {target,phase} */
	TARGET_FAILURES,         /* counter {target,kind} */
	TARGET_LAST_SUCCESS,     /* gauge {target}, kept */
};
enum { TARGET_FAMILIES = TARGET_LAST_SUCCESS + 1 };

/* All that redis_latency can write. */
enum { REDIS_FAMILIES = TARGET_FAMILIES };
extern const struct family redis_families[REDIS_FAMILIES];

/* All that postgres_latency can write. */
enum { CONNECTIONS = TARGET_FAMILIES, CONNECTIONS_MAX, POSTGRES_FAMILIES };
extern const struct family postgres_families[POSTGRES_FAMILIES];

#endif /* CONTRACT_COLLECTOR_H */
