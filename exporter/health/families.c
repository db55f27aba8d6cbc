/*
 * Which families say something about health, and what.  The names come from
 * the tables that the collectors publish by (contract/), so a renamed family
 * cannot silently leave the report.  For targets and exchanges `makes` is set
 * where a run writes the family anew: that shows that they are still
 * configured.  How a value joins a fact that is there already (enum joining)
 * is chosen so that the fact becomes no better.
 */

#include "exporter/health/families.h"

#include "contract/collector.h"
#include "contract/exchange_health.h"
#include "contract/open_positions.h"
#include "contract/postgres_latency.h"
#include "contract/preflight.h"
#include "contract/redis_latency.h"

static const struct family_rule rules[] = {
	{ &run_families[RUN_SUCCESS], true, KIND_COLLECTOR, "collector", FACT_UP, FLAG_LEAST, NULL, NULL,
	    NULL },
	{ &run_families[RUN_DURATION], false, KIND_COLLECTOR, "collector", FACT_DURATION, MOST, NULL, NULL,
	    NULL },
	{ &run_families[RUN_INTERVAL], false, KIND_COLLECTOR, "collector", FACT_INTERVAL, LEAST, NULL, NULL,
	    NULL },
	{ &run_families[RUN_LAST_RUN], true, KIND_COLLECTOR, "collector", FACT_LAST_RUN, OLDEST, NULL, NULL,
	    NULL },
	{ &run_families[RUN_LAST_SUCCESS], false, KIND_COLLECTOR, "collector", FACT_LAST_SUCCESS, OLDEST,
	    NULL, NULL, NULL },
	/* Without "none", which no counter has. */
	{ &run_families[RUN_FAILURES], false, KIND_COLLECTOR, "collector", FACT_FAILURES, SUM, "kind",
	    failure_kind_names + 1, NULL },

	{ &redis_families[TARGET_UP], true, KIND_REDIS, "target", FACT_UP, FLAG_LEAST, NULL, NULL, NULL },
	{ &redis_families[TARGET_LAST_SUCCESS], false, KIND_REDIS, "target", FACT_LAST_SUCCESS, OLDEST, NULL,
	    NULL, NULL },
	{ &redis_families[TARGET_FAILURES], false, KIND_REDIS, "target", FACT_FAILURES, SUM, "kind",
	    failure_kind_names + 1, NULL },
	{ &redis_families[TARGET_LATENCY], false, KIND_REDIS, "target", 0, BUCKETS, NULL, NULL, NULL },

	{ &postgres_families[TARGET_UP], true, KIND_POSTGRES, "target", FACT_UP, FLAG_LEAST, NULL, NULL,
	    NULL },
	{ &postgres_families[TARGET_LAST_SUCCESS], false, KIND_POSTGRES, "target", FACT_LAST_SUCCESS, OLDEST,
	    NULL, NULL, NULL },
	{ &postgres_families[TARGET_FAILURES], false, KIND_POSTGRES, "target", FACT_FAILURES, SUM, "kind",
	    failure_kind_names + 1, NULL },
	{ &postgres_families[TARGET_LATENCY], false, KIND_POSTGRES, "target", 0, BUCKETS, NULL, NULL, NULL },

	{ &exchange_families[EXCHANGE_UP], true, KIND_EXCHANGE, "exchange", FACT_UP, FLAG_LEAST, NULL, NULL,
	    NULL },
	{ &exchange_families[EXCHANGE_STATE], true, KIND_EXCHANGE, "exchange", FACT_STATE, FLAG_SAME, "state",
	    health_names, NULL },
	{ &exchange_families[EXCHANGE_LAST_SUCCESS], false, KIND_EXCHANGE, "exchange", FACT_LAST_SUCCESS,
	    OLDEST, NULL, NULL, NULL },
	{ &exchange_families[EXCHANGE_BANNED_UNTIL], false, KIND_EXCHANGE, "exchange", FACT_BANNED_UNTIL,
	    MOST, NULL, NULL, NULL },
	{ &exchange_families[EXCHANGE_RETRY_AT], false, KIND_EXCHANGE, "exchange", FACT_RETRY_AT, MOST, NULL,
	    NULL, NULL },
	{ &exchange_families[EXCHANGE_FAILED_RUNS], false, KIND_EXCHANGE, "exchange", FACT_FAILED_RUNS, MOST,
	    NULL, NULL, NULL },
	{ &exchange_families[EXCHANGE_ERROR_RATIO], false, KIND_EXCHANGE, "exchange", FACT_ERROR_RATIO, MOST,
	    NULL, NULL, NULL },
	{ &exchange_families[EXCHANGE_TRADABLE], false, KIND_EXCHANGE, "exchange", FACT_HALTED, ZEROS, NULL,
	    NULL, NULL },
	{ &exchange_families[EXCHANGE_REQUEST_FAILURES], false, KIND_EXCHANGE, "exchange", FACT_FAILURES, SUM,
	    "kind", failure_kind_names + 1, NULL },
	{ &exchange_families[EXCHANGE_REQUEST_DURATION], false, KIND_EXCHANGE, "exchange", 0, BUCKETS, NULL,
	    NULL, NULL },

	{ &open_families[OPEN_READABLE], true, KIND_POSITIONS, "exchange", FACT_READABLE, FLAG_LEAST,
	    "source", source_names, NULL },
	{ &open_families[OPEN_COUNT], true, KIND_POSITIONS, "exchange", FACT_OPEN, COUNT_MOST, "source",
	    source_names, NULL },
	{ &open_families[OPEN_MISMATCH], true, KIND_POSITIONS, "exchange", FACT_MISMATCHES, DIFFERENCES, NULL,
	    NULL, NULL },
	{ &open_families[OPEN_LAST_SUCCESS], false, KIND_POSITIONS, "exchange", FACT_LAST_SUCCESS, OLDEST,
	    NULL, NULL, NULL },
	{ &open_families[OPEN_FAILURES], false, KIND_POSITIONS, "exchange", FACT_FAILURES, SUM, "kind",
	    failure_kind_names + 1, NULL },
	{ &open_families[OPEN_RETRY_AT], false, KIND_POSITIONS, "exchange", FACT_RETRY_AT, MOST, NULL, NULL,
	    NULL },
	{ &open_families[OPEN_TRADING_LOCKED], false, KIND_POSITIONS, "exchange", FACT_LOCKED, FLAG_MOST,
	    NULL, NULL, NULL },
	/* Not about an exchange: this makes a check of its own, called "engine". */
	{ &open_families[OPEN_UNKNOWN_ROWS], true, KIND_POSITIONS, "=engine", FACT_UNKNOWN_ROWS, COUNT_MOST,
	    NULL, NULL, NULL },

	{ &preflight_families[PREFLIGHT_READY_FOR_LIVE], true, KIND_PREFLIGHT, "=preflight", FACT_UP,
	    FLAG_LEAST, NULL, NULL, NULL },
	{ &preflight_families[PREFLIGHT_LAST_SUCCESS], true, KIND_PREFLIGHT, "=preflight", FACT_PASSED,
	    FLAG_LEAST, NULL, NULL, NULL },
	{ &preflight_families[PREFLIGHT_LAST_VERDICT], true, KIND_PREFLIGHT, "=preflight", FACT_VERDICT_AT,
	    OLDEST, NULL, NULL, NULL },
	/* A run of some checks alone counts here, too, and has no verdict. */
	{ &preflight_families[PREFLIGHT_CHECKS], true, KIND_PREFLIGHT, "=preflight", FACT_CHECKS, SUM,
	    "check", check_names, "fail" },
	{ &preflight_families[PREFLIGHT_DURATION], false, KIND_PREFLIGHT, "=preflight", 0, BUCKETS, NULL,
	    NULL, NULL },
};
enum { RULES = sizeof(rules) / sizeof(rules[0]) };

const struct family_rule *
family_rule_of(struct slice family)
{
	for (size_t i = 0; i < RULES; i++)
		if (slice_is(family, rules[i].family->name))
			return &rules[i];
	return NULL;
}
