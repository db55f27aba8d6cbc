/*
 * What preflight publishes, so that dashboards can show the last verdict and
 * how long ago it was reached.  The verdict is that of the last whole run, and
 * is kept: a run of some checks alone counts, but changes no verdict.
 */

#include "contract/preflight.h"
#include "contract/collector.h"

/* What is kept is of one run: one file holds one verdict, and the states of the checks that led to it. */
const struct family preflight_families[PREFLIGHT_FAMILIES] = {
	[PREFLIGHT_RUNS] = { .name = "arbitrage_preflight_runs_total",
	    .type = METRIC_COUNTER,
	    .help = "Runs, including those of selected checks." },
	[PREFLIGHT_LAST_SUCCESS] = { .name = "arbitrage_preflight_last_success",
	    .type = METRIC_GAUGE,
	    .kept = true,
	    .help = "1 if the verdict of the last complete run was ready, else 0." },
	[PREFLIGHT_DURATION] = { .name = "arbitrage_preflight_duration_seconds",
	    .type = METRIC_HISTOGRAM,
	    .bounds = latency_bounds,
	    .bound_count = LATENCY_BOUNDS,
	    .help = "Duration of all checks of a run together, until the verdict." },
	[PREFLIGHT_CHECKS] = { .name = "arbitrage_preflight_checks_total",
	    .type = METRIC_COUNTER,
	    .labels = { "check", "status" },
	    .help = "Checks by outcome: pass, warn, fail or skip." },
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
	    .help = "1 if the last complete run was in live, skipped no check that live needs, and its "
		    "verdict was ready; else 0." },
	[PREFLIGHT_LAST_VERDICT] = { .name = "arbitrage_preflight_last_verdict_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .kept = true,
	    .help = "Unix time at which the last complete run reached its verdict." },
	[PREFLIGHT_ALERT_FAILURES] = { .name = "arbitrage_preflight_alert_failures_total",
	    .type = METRIC_COUNTER,
	    .labels = { "alertmanager" },
	    .help = "Runs whose alerts an Alertmanager did not accept, after all retries." },
	[PREFLIGHT_RETRY_AT] = { .name = "arbitrage_preflight_retry_at_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .labels = { "exchange" },
	    .help = "Unix time until which preflight sends the exchange no requests; absent if it may send "
		    "them." },
	[PREFLIGHT_CHECK_STATE] = { .name = "arbitrage_preflight_check_state",
	    .type = METRIC_GAUGE,
	    .labels = { "check" },
	    .kept = true,
	    .help = "Outcome of each check in the last complete run: 0 pass, 1 warn, 2 fail, 3 skip." },
};
