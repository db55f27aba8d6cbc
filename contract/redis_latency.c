/*
 * The families of every kind of server, in the order of targets.h, with Redis'
 * names and texts: postgres_latency.c says why.  PING does the least that
 * Redis can do, so the time is that of the network and of Redis' own queue.
 */

#include "contract/redis_latency.h"
#include "contract/latency_bounds.h"

const struct family redis_families[REDIS_FAMILIES] = {
	[TARGET_UP] = { .name = "arbitrage_redis_up",
	    .type = METRIC_GAUGE,
	    .help = "1 if Redis answered every PING of the last run, else 0.",
	    .labels = { "target" } },
	[TARGET_LATENCY] = { .name = "arbitrage_redis_latency_seconds",
	    .type = METRIC_HISTOGRAM,
	    .help = "Round trips of PING on an open connection.",
	    .labels = { "target" },
	    .bounds = latency_bounds,
	    .bound_count = LATENCY_BOUNDS },
	[TARGET_CONNECT_DURATION] = { .name = "arbitrage_redis_connect_duration_seconds",
	    .type = METRIC_GAUGE,
	    .help = "Duration of each phase of connecting in the last run; absent if the phase was not "
		    "needed or did not end.",
	    .labels = { "target", "phase" },
	    .max_series = TARGETS_MAX * PHASES_MAX },
	[TARGET_FAILURES] = { .name = "arbitrage_redis_failures_total",
	    .type = METRIC_COUNTER,
	    .help = "Failed runs by kind of failure.",
	    .labels = { "target", "kind" },
	    .max_series = TARGETS_MAX * FAILURE_KINDS },
	[TARGET_LAST_SUCCESS] = { .name = "arbitrage_redis_last_success_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .help = "Unix time at which Redis last answered every PING of a run.",
	    .labels = { "target" },
	    .kept = true },
};
