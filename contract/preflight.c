/*
 * What preflight publishes, so that dashboards can show the last verdict and
 * how long ago it was reached.  The verdict is that of the last whole run, and
 * is kept: a run of some checks alone counts, but changes no verdict.
 */

#include "contract/preflight.h"
#include "contract/latency_bounds.h"

/* Kept gauges have no labels here: one file holds one verdict. */
const struct family preflight_families[PREFLIGHT_FAMILIES] = {
	[PREFLIGHT_RUNS] = { .name = "arbitrage_preflight_runs_total",
	    .type = METRIC_COUNTER,
	    .help = "Runs, also those of some checks alone." },
	[PREFLIGHT_LAST_SUCCESS] = { .name = "arbitrage_preflight_last_success",
	    .type = METRIC_GAUGE,
	    .kept = true,
	    .help = "Whether the last whole run's verdict was: ready." },
	[PREFLIGHT_DURATION] = { .name = "arbitrage_preflight_duration_seconds",
	    .type = METRIC_HISTOGRAM,
	    .bounds = latency_bounds,
	    .bound_count = LATENCY_BOUNDS,
	    .help = "How long all checks of a run took together, until the verdict." },
	[PREFLIGHT_CHECKS] = { .name = "arbitrage_preflight_checks_total",
	    .type = METRIC_COUNTER,
	    .labels = { "check", "status" },
	    .help = "Checks by their outcome: pass, warn, fail or skip." },
	[PREFLIGHT_REDIS_LATENCY] = { .name = "arbitrage_preflight_realcheck_redis_latency_seconds",
	    .type = METRIC_HISTOGRAM,
	    .bounds = latency_bounds,
	    .bound_count = LATENCY_BOUNDS,
	    .help = "Round trips of PING in the check of Redis." },
	[PREFLIGHT_POSTGRES_LATENCY] = { .name = "arbitrage_preflight_realcheck_postgres_latency_seconds",
	    .type = METRIC_HISTOGRAM,
	    .bounds = latency_bounds,
	    .bound_count = LATENCY_BOUNDS,
	    .help = "Round trips of SELECT 1 in the check of PostgreSQL." },
	[PREFLIGHT_READY_FOR_LIVE] = { .name = "arbitrage_preflight_ready_for_live",
	    .type = METRIC_GAUGE,
	    .kept = true,
	    .help =
		"Whether the last whole run was of live, and ready: then no check that live needs was left "
		"out; always 0 in paper." },
	[PREFLIGHT_LAST_VERDICT] = { .name = "arbitrage_preflight_last_verdict_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .kept = true,
	    .help = "When the last whole run reached its verdict, in Unix time." },
	[PREFLIGHT_ALERT_FAILURES] = { .name = "arbitrage_preflight_alert_failures_total",
	    .type = METRIC_COUNTER,
	    .labels = { "alertmanager" },
	    .help = "Runs whose alerts an Alertmanager did not take, after all retries." },
	/* Recalled for the next run, in case the shared list of bans could not be written. */
	[PREFLIGHT_RETRY_AT] = { .name = "arbitrage_preflight_retry_at_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .labels = { "exchange" },
	    .recalled = true,
	    .help =
		"Until when an exchange that refused is not asked, in Unix time; absent when it may be." },
};
