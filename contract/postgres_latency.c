/*
 * The first families are those of every kind of server, in the order of
 * targets.h: the harness publishes them by their index
 * (collectors/harness/targets.c).  Only the names and texts are PostgreSQL's.
 * Failures and phases need max_series, because a target has several of each;
 * the other families have one series per target, and room for all of them.
 */

#include "contract/postgres_latency.h"
#include "contract/latency_bounds.h"

const struct family postgres_families[POSTGRES_FAMILIES] = {
	[TARGET_UP] = { .name = "arbitrage_postgres_up",
	    .type = METRIC_GAUGE,
	    .help = "1 if PostgreSQL answered every SELECT 1 of the last run, else 0.",
	    .labels = { "target" } },
	[TARGET_LATENCY] = { .name = "arbitrage_postgres_latency_seconds",
	    .type = METRIC_HISTOGRAM,
	    .help = "Round trips of SELECT 1 on an open connection.",
	    .labels = { "target" },
	    .bounds = latency_bounds,
	    .bound_count = LATENCY_BOUNDS },
	[TARGET_CONNECT_DURATION] = { .name = "arbitrage_postgres_connect_duration_seconds",
	    .type = METRIC_GAUGE,
	    .help = "Duration of each phase of connecting in the last run; absent if the phase was not "
		    "needed or did not end.",
	    .labels = { "target", "phase" },
	    .max_series = TARGETS_MAX * PHASES_MAX },
	[TARGET_FAILURES] = { .name = "arbitrage_postgres_failures_total",
	    .type = METRIC_COUNTER,
	    .help = "Failed runs by kind of failure.",
	    .labels = { "target", "kind" },
	    .max_series = TARGETS_MAX * FAILURE_KINDS },
	[TARGET_LAST_SUCCESS] = { .name = "arbitrage_postgres_last_success_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .help = "Unix time at which PostgreSQL last answered every SELECT 1 of a run.",
	    .labels = { "target" },
	    .kept = true },
	[CONNECTIONS] = { .name = "arbitrage_postgres_connections",
	    .type = METRIC_GAUGE,
	    .help = "Connections to all databases of the server, including ours.",
	    .labels = { "target" } },
	[CONNECTIONS_MAX] = { .name = "arbitrage_postgres_connections_max",
	    .type = METRIC_GAUGE,
	    .help = "The server's max_connections.",
	    .labels = { "target" } },
};
