#include "exporter/health/families.h"

const char *const health_failures[] = { "resolve", "connect", "tls", "auth", "timeout", "rejected",
	"protocol", "local", NULL };
const char *const health_states[] = { "healthy", "degraded", "down", "frozen", "banned", "maintenance",
	NULL };
const char *const health_preflight_checks[] = { "environment", "secrets", "live_guard", "redis", "postgres",
	"exchange_health", "open_positions", "git_safety", NULL };
static const char *const sources[] = { "exchange", "engine", NULL };

static const struct family_rule rules[] = {
	{ "arbitrage_collector_success", true, CHECK_COLLECTOR, "collector", FACT_UP, FLAG_LEAST, NULL, NULL,
	    NULL },
	{ "arbitrage_collector_duration_seconds", false, CHECK_COLLECTOR, "collector", FACT_DURATION, MOST,
	    NULL, NULL, NULL },
	{ "arbitrage_collector_interval_seconds", false, CHECK_COLLECTOR, "collector", FACT_INTERVAL, LEAST,
	    NULL, NULL, NULL },
	{ "arbitrage_collector_last_run_timestamp_seconds", true, CHECK_COLLECTOR, "collector", FACT_LAST_RUN,
	    OLDEST, NULL, NULL, NULL },
	{ "arbitrage_collector_last_success_timestamp_seconds", false, CHECK_COLLECTOR, "collector",
	    FACT_LAST_SUCCESS, OLDEST, NULL, NULL, NULL },
	{ "arbitrage_collector_failures_total", false, CHECK_COLLECTOR, "collector", FACT_FAILURES, SUM,
	    "kind", health_failures, NULL },

	{ "arbitrage_redis_up", true, CHECK_REDIS, "target", FACT_UP, FLAG_LEAST, NULL, NULL, NULL },
	{ "arbitrage_redis_last_success_timestamp_seconds", false, CHECK_REDIS, "target", FACT_LAST_SUCCESS,
	    OLDEST, NULL, NULL, NULL },
	{ "arbitrage_redis_failures_total", false, CHECK_REDIS, "target", FACT_FAILURES, SUM, "kind",
	    health_failures, NULL },
	{ "arbitrage_redis_latency_seconds", false, CHECK_REDIS, "target", 0, BUCKETS, NULL, NULL, NULL },

	{ "arbitrage_postgres_up", true, CHECK_POSTGRES, "target", FACT_UP, FLAG_LEAST, NULL, NULL, NULL },
	{ "arbitrage_postgres_last_success_timestamp_seconds", false, CHECK_POSTGRES, "target",
	    FACT_LAST_SUCCESS, OLDEST, NULL, NULL, NULL },
	{ "arbitrage_postgres_failures_total", false, CHECK_POSTGRES, "target", FACT_FAILURES, SUM, "kind",
	    health_failures, NULL },
	{ "arbitrage_postgres_latency_seconds", false, CHECK_POSTGRES, "target", 0, BUCKETS, NULL, NULL,
	    NULL },

	{ "arbitrage_exchange_up", true, CHECK_EXCHANGE, "exchange", FACT_UP, FLAG_LEAST, NULL, NULL, NULL },
	{ "arbitrage_exchange_health_state", true, CHECK_EXCHANGE, "exchange", FACT_STATE, FLAG_SAME, "state",
	    health_states, NULL },
	{ "arbitrage_exchange_last_success_timestamp_seconds", false, CHECK_EXCHANGE, "exchange",
	    FACT_LAST_SUCCESS, OLDEST, NULL, NULL, NULL },
	{ "arbitrage_exchange_banned_until_timestamp_seconds", false, CHECK_EXCHANGE, "exchange",
	    FACT_BANNED_UNTIL, MOST, NULL, NULL, NULL },
	{ "arbitrage_exchange_retry_at_timestamp_seconds", false, CHECK_EXCHANGE, "exchange", FACT_RETRY_AT,
	    MOST, NULL, NULL, NULL },
	{ "arbitrage_exchange_failed_runs", false, CHECK_EXCHANGE, "exchange", FACT_FAILED_RUNS, MOST, NULL,
	    NULL, NULL },
	{ "arbitrage_exchange_error_ratio", false, CHECK_EXCHANGE, "exchange", FACT_ERROR_RATIO, MOST, NULL,
	    NULL, NULL },
	{ "arbitrage_exchange_symbol_tradable", false, CHECK_EXCHANGE, "exchange", FACT_HALTED, ZEROS, NULL,
	    NULL, NULL },
	{ "arbitrage_exchange_request_failures_total", false, CHECK_EXCHANGE, "exchange", FACT_FAILURES, SUM,
	    "kind", health_failures, NULL },
	{ "arbitrage_exchange_request_duration_seconds", false, CHECK_EXCHANGE, "exchange", 0, BUCKETS, NULL,
	    NULL, NULL },

	{ "arbitrage_positions_readable", true, CHECK_POSITIONS, "exchange", FACT_READABLE, FLAG_LEAST,
	    "source", sources, NULL },
	{ "arbitrage_open_positions", true, CHECK_POSITIONS, "exchange", FACT_OPEN, COUNT_MOST, "source",
	    sources, NULL },
	{ "arbitrage_position_mismatch", true, CHECK_POSITIONS, "exchange", FACT_MISMATCHES, DIFFERENCES,
	    NULL, NULL, NULL },
	{ "arbitrage_account_last_success_timestamp_seconds", false, CHECK_POSITIONS, "exchange",
	    FACT_LAST_SUCCESS, OLDEST, NULL, NULL, NULL },
	{ "arbitrage_account_failures_total", false, CHECK_POSITIONS, "exchange", FACT_FAILURES, SUM, "kind",
	    health_failures, NULL },
	{ "arbitrage_account_retry_at_timestamp_seconds", false, CHECK_POSITIONS, "exchange", FACT_RETRY_AT,
	    MOST, NULL, NULL, NULL },
	{ "arbitrage_account_trading_locked", false, CHECK_POSITIONS, "exchange", FACT_LOCKED, FLAG_MOST,
	    NULL, NULL, NULL },
	{ "arbitrage_engine_unknown_rows", true, CHECK_POSITIONS, "=engine", FACT_UNKNOWN_ROWS, COUNT_MOST,
	    NULL, NULL, NULL },

	{ "arbitrage_preflight_ready_for_live", true, CHECK_PREFLIGHT, "=preflight", FACT_UP, FLAG_LEAST,
	    NULL, NULL, NULL },
	{ "arbitrage_preflight_last_success", true, CHECK_PREFLIGHT, "=preflight", FACT_PASSED, FLAG_LEAST,
	    NULL, NULL, NULL },
	{ "arbitrage_preflight_last_verdict_timestamp_seconds", true, CHECK_PREFLIGHT, "=preflight",
	    FACT_VERDICT_AT, OLDEST, NULL, NULL, NULL },
	/* Of a run of some checks alone, too, which has no verdict. */
	{ "arbitrage_preflight_checks_total", true, CHECK_PREFLIGHT, "=preflight", FACT_CHECKS, SUM, "check",
	    health_preflight_checks, "fail" },
	{ "arbitrage_preflight_duration_seconds", false, CHECK_PREFLIGHT, "=preflight", 0, BUCKETS, NULL,
	    NULL, NULL },
};
enum { RULES = sizeof(rules) / sizeof(rules[0]) };

const struct family_rule *
family_rule_of(struct slice family)
{
	for (size_t i = 0; i < RULES; i++)
		if (slice_is(family, rules[i].family))
			return &rules[i];
	return NULL;
}
