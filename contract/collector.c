/*
 * How each collector is doing, whatever it measures, and what the collectors
 * for one kind of server tell of each.
 *
 * Alert rules find a collector that has stopped by its last run and its
 * interval (docs/metrics.md), and so does the health report of the exporter
 * (exporter/health/facts.c).  The files of all collectors are served
 * together, and node_exporter wants one HELP and TYPE per name: so the table
 * is here, once.  A test compares names, types and labels with
 * docs/metrics.md.
 *
 * The harness publishes the families of servers by their index
 * (collectors/harness/targets.c): only names and texts are those of Redis and
 * PostgreSQL.  Failures and phases need max_series, because a target has
 * several of each; the other families have one series per target, and room for
 * all of them.  PING and SELECT 1 do the least that a server can do, so the
 * time is that of the network and of the server's own queue.
 */

#include "contract/collector.h"

const struct family run_families[RUN_FAMILIES] = {
	[RUN_SUCCESS] = { .name = "arbitrage_collector_success",
	    .type = METRIC_GAUGE,
	    .labels = { "collector" },
	    .help = "1 if the last run measured everything that it should, else 0." },
	[RUN_DURATION] = { .name = "arbitrage_collector_duration_seconds",
	    .type = METRIC_GAUGE,
	    .labels = { "collector" },
	    .help = "Duration of the last run's measurements." },
	[RUN_INTERVAL] = { .name = "arbitrage_collector_interval_seconds",
	    .type = METRIC_GAUGE,
	    .labels = { "collector" },
	    .help = "Interval of a collector that repeats by itself; 0 if something else starts each run." },
	[RUN_LAST_RUN] = { .name = "arbitrage_collector_last_run_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .labels = { "collector" },
	    .help = "Unix time at which the last run ended." },
	/* Kept: a run that fails must not erase when the last good one was. */
	[RUN_LAST_SUCCESS] = { .name = "arbitrage_collector_last_success_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .labels = { "collector" },
	    .kept = true,
	    .help = "Unix time at which the last run that measured everything ended." },
	[RUN_RUNS] = { .name = "arbitrage_collector_runs_total",
	    .type = METRIC_COUNTER,
	    .labels = { "collector" },
	    .help = "Published runs, including those that a loop could publish only later." },
	[RUN_FAILURES] = { .name = "arbitrage_collector_failures_total",
	    .type = METRIC_COUNTER,
	    .labels = { "collector", "kind" },
	    .help = "Failed measurements by kind of failure." },
	[RUN_STATE_RESETS] = { .name = "arbitrage_collector_state_resets_total",
	    .type = METRIC_COUNTER,
	    .labels = { "collector" },
	    .help = "How often counters started at zero because the last file was missing, damaged or of "
		    "another version." },
	[RUN_DROPPED] = { .name = "arbitrage_collector_values_dropped_total",
	    .type = METRIC_COUNTER,
	    .labels = { "collector" },
	    .help = "Values left out because a family had too many series or the value was not a number." },
	[RUN_RELOAD_SUCCESSFUL] = { .name = "arbitrage_collector_config_last_reload_successful",
	    .type = METRIC_GAUGE,
	    .labels = { "collector" },
	    .help = "1 if the last attempt to read the configuration succeeded, else 0." },
	[RUN_RELOAD_SUCCESS] = { .name = "arbitrage_collector_config_last_reload_success_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .labels = { "collector" },
	    .help = "Unix time at which the configuration was last read successfully." },
	[RUN_BUILD_INFO] = { .name = "arbitrage_build_info",
	    .type = METRIC_GAUGE,
	    .labels = { "collector", "version", "revision" },
	    .help = "Always 1; the labels are the version and the revision of the collector." },
};

/* A change here makes the three programs that use them begin their histograms anew (textfile/state.h). */
const double latency_bounds[LATENCY_BOUNDS] = { 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
	0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5 };

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
