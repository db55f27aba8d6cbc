/*
 * How each collector is doing, whatever it measures.  Alert rules find a
 * collector that has stopped by its last run and its interval
 * (docs/metrics.md), and so does the health report of the exporter
 * (exporter/health/facts.c).  The files of all collectors are served
 * together, and node_exporter wants one HELP and TYPE per name: so the table
 * is here, once.  A test compares names, types and labels with
 * docs/metrics.md.
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
	[RUN_BUILD_INFO] = { .name = "arbitrage_build_info",
	    .type = METRIC_GAUGE,
	    .labels = { "collector", "version", "revision" },
	    .help = "Always 1; the labels are the version and the revision of the collector." },
};
