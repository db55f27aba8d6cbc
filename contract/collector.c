/*
 * How each collector is doing, whatever it measures.  Alert rules find a
 * collector that has stopped by its last run and its interval
 * (docs/metrics.md), and so does the health report of the exporter
 * (exporter/health/families.c).  The files of all collectors are served
 * together, and node_exporter wants one HELP and TYPE per name: so the table
 * is here, once.  A test compares names, types and labels with
 * docs/metrics.md.
 */

#include "contract/collector.h"

const struct family run_families[RUN_FAMILIES] = {
	[RUN_SUCCESS] = { .name = "arbitrage_collector_success",
	    .type = METRIC_GAUGE,
	    .labels = { "collector" },
	    .help = "Whether the last run could measure everything it was asked to." },
	[RUN_DURATION] = { .name = "arbitrage_collector_duration_seconds",
	    .type = METRIC_GAUGE,
	    .labels = { "collector" },
	    .help = "How long the last run took to measure." },
	[RUN_INTERVAL] = { .name = "arbitrage_collector_interval_seconds",
	    .type = METRIC_GAUGE,
	    .labels = { "collector" },
	    .help = "How often the collector repeats by itself, 0 when something else starts each run." },
	[RUN_LAST_RUN] = { .name = "arbitrage_collector_last_run_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .labels = { "collector" },
	    .help = "When the last run ended, in Unix time." },
	/* Kept: a run that fails must not erase when the last good one was. */
	[RUN_LAST_SUCCESS] = { .name = "arbitrage_collector_last_success_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .labels = { "collector" },
	    .kept = true,
	    .help =
		"When the last run that measured everything ended, in Unix time; absent until there is one." },
	[RUN_RUNS] = { .name = "arbitrage_collector_runs_total",
	    .type = METRIC_COUNTER,
	    .labels = { "collector" },
	    .help = "Runs that were published, also those that a loop could publish only later." },
	[RUN_FAILURES] = { .name = "arbitrage_collector_failures_total",
	    .type = METRIC_COUNTER,
	    .labels = { "collector", "kind" },
	    .help = "What could not be measured, by the kind of failure." },
	[RUN_STATE_RESETS] = { .name = "arbitrage_collector_state_resets_total",
	    .type = METRIC_COUNTER,
	    .labels = { "collector" },
	    .help =
		"How often counters started afresh because the last file was missing, damaged or of another "
		"shape." },
	[RUN_DROPPED] = { .name = "arbitrage_collector_values_dropped_total",
	    .type = METRIC_COUNTER,
	    .labels = { "collector" },
	    .help = "Values left out because a family had too many series or the value was no number." },
	[RUN_BUILD_INFO] = { .name = "arbitrage_build_info",
	    .type = METRIC_GAUGE,
	    .labels = { "collector", "version", "revision" },
	    .help = "Always 1; what this collector was built from." },
};
