#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/health/facts.h"
#include "exporter/health/health.h"
#include "exporter/health/text.h"
#include "tests/suite.h"

/* A store of made-up files instead of a directory. */
enum { FILES = 80 };
struct store {
	struct store_file files[FILES];
	size_t count, left_out;
};
static struct store made_up;
static const struct health_settings settings = { .max_age = 900, .expected = "none" };
static struct health_report report;

/* 2025-11-21T12:00:00Z; what the files below say is of this time. */
static const double noon = 1763726400;
#define AGO_4 "1763726396"

size_t
store_count(const struct store *store)
{
	return store->count;
}
const struct store_file *
store_file(const struct store *store, size_t index)
{
	return &store->files[index];
}
size_t
store_left_out(const struct store *store)
{
	return store->left_out;
}
const char *
store_state_name(enum store_state state)
{
	static const char *const names[] = { "good", "broken", "unreadable", "too_large" };

	return names[state];
}

static void
set_up(void)
{
	made_up.count = made_up.left_out = 0;
}

static void
tear_down(void)
{
	for (size_t i = 0; i < made_up.count; i++) {
		document_release(&made_up.files[i].document);
		free(made_up.files[i].name);
	}
	health_release(&report);
}

/* The text must outlive the test. */
static void
add_file(const char *name, const char *text)
{
	struct store_file *file = &made_up.files[made_up.count++];

	*file = (struct store_file){ .name = strdup(name), .state = STORE_GOOD, .modified = noon - 2 };
	ck_assert_int_eq(parse(&file->document, SLICE(text), NULL, NULL), 0);
}

static void
add_broken(const char *name, enum store_state state, const char *reason)
{
	struct store_file *file = &made_up.files[made_up.count++];

	*file = (struct store_file){ .name = strdup(name), .state = state, .modified = noon - 2 };
	snprintf(file->reason, sizeof(file->reason), "%s", reason);
}

static void
look_at(double now)
{
	health_release(&report);
	ck_assert_int_eq(health_read(&made_up, &settings, now, &report), 0);
}

static const struct health_check *
check_named(enum health_kind kind, const char *name)
{
	for (size_t i = 0; i < report.count; i++)
		if (report.checks[i].kind == kind && strcmp(report.checks[i].name, name) == 0)
			return &report.checks[i];
	ck_abort_msg("no check %s %s", health_kind_name(kind), name);
	return NULL;
}

/* A collector c that ran four seconds ago, as it should. */
#define LAST_RUN(env, at)                                                                                    \
	"arbitrage_collector_last_run_timestamp_seconds{collector=\"c\",env=\"" env "\"} " at "\n"
#define COLLECTOR(env, success, interval, at)                                                                \
	"arbitrage_collector_success{collector=\"c\",env=\"" env "\"} " success "\n"                         \
	"arbitrage_collector_interval_seconds{collector=\"c\",env=\"" env "\"} " interval                    \
	"\n" LAST_RUN(env, at)
#define FRESH(env) COLLECTOR(env, "1", "15", AGO_4)
/* Three intervals of 15 s and 30 s are 75 s. */
#define STALE(env) COLLECTOR(env, "1", "15", "1763726324")

#define ENGINE(env, name, labels, value)                                                                     \
	"arbitrage_engine_" name "{engine=\"main\",env=\"" env "\"" labels "} " value "\n"
#define ENGINE_IS(env, value)   ENGINE(env, "up", "", value)
#define GUARD(env, tier, value) ENGINE(env, "guard_state", ",tier=\"" tier "\",name=\"\"", value)
#define LOSS(env, what, tier, value)                                                                         \
	ENGINE(env, "daily_loss" what, ",tier=\"" tier "\",name=\"\",currency=\"USDT\"", value)

#define UP(kind, env, value)    "arbitrage_" kind "_up{target=\"main\",env=\"" env "\"} " value "\n"
#define EXCHANGE_UP(env, value) "arbitrage_exchange_up{exchange=\"upbit\",env=\"" env "\"} " value "\n"
#define OPEN(env, source, value)                                                                             \
	"arbitrage_open_positions{source=\"" source "\",exchange=\"upbit\",env=\"" env "\"} " value "\n"
#define SOURCE(env, source, value)                                                                           \
	"arbitrage_positions_readable{source=\"" source "\",exchange=\"upbit\",env=\"" env "\"} " value "\n"
#define LOCKED(env, value) "arbitrage_account_trading_locked{exchange=\"upbit\",env=\"" env "\"} " value "\n"
#define STATE(env, name, value)                                                                              \
	"arbitrage_exchange_health_state{exchange=\"upbit\",state=\"" name "\",env=\"" env "\"} " value "\n"
#define READABLE(env, exchange, engine)                                                                      \
	"arbitrage_positions_readable{source=\"exchange\",exchange=\"upbit\",env=\"" env "\"} " exchange     \
	"\n"                                                                                                 \
	"arbitrage_positions_readable{source=\"engine\",exchange=\"upbit\",env=\"" env "\"} " engine "\n"
#define MISMATCH(env, symbol, value)                                                                         \
	"arbitrage_position_mismatch{exchange=\"upbit\",symbol=\"" symbol "\",env=\"" env "\"} " value "\n"
#define ROWS(env, value) "arbitrage_engine_unknown_rows{env=\"" env "\"} " value "\n"
/* As the collector writes it where both sides were read. */
#define COUNTED(env, there, believed)                                                                        \
	READABLE(env, "1", "1") OPEN(env, "exchange", there) OPEN(env, "engine", believed) ROWS(env, "0")
#define READY(env, value)           "arbitrage_preflight_ready_for_live{env=\"" env "\"} " value "\n"
#define PASSED(env, value)          "arbitrage_preflight_last_success{env=\"" env "\"} " value "\n"
#define VERDICT_AT(env, at)         "arbitrage_preflight_last_verdict_timestamp_seconds{env=\"" env "\"} " at "\n"
#define CHECKED(env)                "arbitrage_preflight_checks_total{check=\"redis\",status=\"pass\",env=\"" env "\"} 1\n"
#define VERDICT(env, ready, passed) READY(env, ready) PASSED(env, passed) VERDICT_AT(env, AGO_4)

static const struct {
	const char *text;
	enum health_kind kind;
	const char *name;
	enum health_status status;
	const char *state;
	const char *reason; /* a part of it, or "" for none at all */
	enum health_verdict verdict;
} rules[] = {
	/* Collectors. */
	{ FRESH("live"), KIND_COLLECTOR, "c", HEALTH_OK, "ok", "", VERDICT_HEALTHY },
	{ COLLECTOR("live", "1", "15", "1763726325"), KIND_COLLECTOR, "c", HEALTH_OK, "ok", "",
	    VERDICT_HEALTHY },
	{ STALE("live"), KIND_COLLECTOR, "c", HEALTH_FAIL, "stale", "last run 76 s ago, expected every 15 s",
	    VERDICT_UNHEALTHY },
	{ COLLECTOR("live", "1", "0", "1763725500"), KIND_COLLECTOR, "c", HEALTH_OK, "ok", "",
	    VERDICT_HEALTHY },
	{ COLLECTOR("live", "1", "0", "1763725499"), KIND_COLLECTOR, "c", HEALTH_FAIL, "stale",
	    "within 15 min", VERDICT_UNHEALTHY },
	{ COLLECTOR("live", "1", "NaN", AGO_4), KIND_COLLECTOR, "c", HEALTH_OK, "ok", "", VERDICT_HEALTHY },
	{ COLLECTOR("live", "1", "+Inf", "1763725499"), KIND_COLLECTOR, "c", HEALTH_FAIL, "stale", "within",
	    VERDICT_UNHEALTHY },
	{ COLLECTOR("live", "1", "-5", "1763725499"), KIND_COLLECTOR, "c", HEALTH_FAIL, "stale", "within",
	    VERDICT_UNHEALTHY },
	{ COLLECTOR("live", "1", "1e300", "1763725499"), KIND_COLLECTOR, "c", HEALTH_FAIL, "stale",
	    "within 15 min", VERDICT_UNHEALTHY },
	{ COLLECTOR("live", "1", "86401", "1763725499"), KIND_COLLECTOR, "c", HEALTH_FAIL, "stale",
	    "within 15 min", VERDICT_UNHEALTHY },
	{ COLLECTOR("live", "1", "86400", "1763467170"), KIND_COLLECTOR, "c", HEALTH_OK, "ok", "",
	    VERDICT_HEALTHY },
	{ COLLECTOR("live", "1", "86400", "1763467169"), KIND_COLLECTOR, "c", HEALTH_FAIL, "stale",
	    "every 24 h", VERDICT_UNHEALTHY },
	{ COLLECTOR("live", "1", "15", "1763726460"), KIND_COLLECTOR, "c", HEALTH_OK, "ok", "",
	    VERDICT_HEALTHY },
	{ COLLECTOR("live", "1", "15", "1763726700"), KIND_COLLECTOR, "c", HEALTH_FAIL, "stale",
	    "5 min in the future", VERDICT_UNHEALTHY },
	{ COLLECTOR("live", "1", "15", "1e300"), KIND_COLLECTOR, "c", HEALTH_FAIL, "stale", "not known",
	    VERDICT_UNHEALTHY },
	{ COLLECTOR("live", "1", "15", "NaN"), KIND_COLLECTOR, "c", HEALTH_FAIL, "stale", "not known",
	    VERDICT_UNHEALTHY },
	{ COLLECTOR("live", "1", "15", "-1"), KIND_COLLECTOR, "c", HEALTH_FAIL, "stale", "not known",
	    VERDICT_UNHEALTHY },
	{ "arbitrage_collector_success{collector=\"c\",env=\"live\"} 1\n", KIND_COLLECTOR, "c", HEALTH_FAIL,
	    "stale", "not known", VERDICT_UNHEALTHY },
	{ LAST_RUN("live", AGO_4), KIND_COLLECTOR, "c", HEALTH_WARN, "unknown", "does not say",
	    VERDICT_DEGRADED },
	{ COLLECTOR("live", "2", "15", AGO_4), KIND_COLLECTOR, "c", HEALTH_WARN, "unknown", "does not say",
	    VERDICT_DEGRADED },
	{ FRESH("live") "arbitrage_collector_success{collector=\"c\",part=\"b\",env=\"live\"} NaN\n",
	    KIND_COLLECTOR, "c", HEALTH_WARN, "unknown", "does not say", VERDICT_DEGRADED },
	{ FRESH("live") "arbitrage_collector_last_run_timestamp_seconds{collector=\"c\",part=\"b\",env="
			"\"live\"} NaN\n",
	    KIND_COLLECTOR, "c", HEALTH_FAIL, "stale", "not known", VERDICT_UNHEALTHY },
	{ COLLECTOR("live", "0", "15", AGO_4), KIND_COLLECTOR, "c", HEALTH_WARN, "failing",
	    "it has never succeeded", VERDICT_DEGRADED },
	{ COLLECTOR(
	      "live", "0", "15", AGO_4) "arbitrage_collector_last_success_timestamp_seconds{collector=\"c\","
					"env=\"live\"} 1763722800\n",
	    KIND_COLLECTOR, "c", HEALTH_WARN, "failing", "last success 60 min ago", VERDICT_DEGRADED },
	{ COLLECTOR(
	      "live", "0", "15", AGO_4) "arbitrage_collector_failures_total{collector=\"c\",kind=\"connect\","
					"env=\"live\"} 3\narbitrage_collector_failures_total{collector=\"c\","
					"kind=\"local\",env=\"live\"} 0\narbitrage_collector_failures_total{"
					"collector=\"c\",kind=\"tls\",env=\"live\"} 2\n",
	    KIND_COLLECTOR, "c", HEALTH_WARN, "failing", "failures: connect 3, tls 2 so far",
	    VERDICT_DEGRADED },

	/* Redis and Postgres. */
	{ FRESH("live") "arbitrage_redis_up{target=\"main\",env=\"live\"} 1\n", KIND_REDIS, "main", HEALTH_OK,
	    "up", "", VERDICT_HEALTHY },
	{ FRESH("live") "arbitrage_redis_up{target=\"main\",env=\"live\"} 0\n", KIND_REDIS, "main",
	    HEALTH_FAIL, "down", "never succeeded", VERDICT_UNHEALTHY },
	{ FRESH("live") "arbitrage_redis_up{target=\"main\",env=\"live\"} NaN\n", KIND_REDIS, "main",
	    HEALTH_FAIL, "unknown", "does not say", VERDICT_UNHEALTHY },
	{ STALE("live") "arbitrage_redis_up{target=\"main\",env=\"live\"} 1\n", KIND_REDIS, "main",
	    HEALTH_WARN, "stale", "was up, but no longer measured", VERDICT_UNHEALTHY },
	/* A state that is worse than stale stays. */
	{ STALE("live") EXCHANGE_UP("live", "0") STATE("live", "banned", "1"), KIND_EXCHANGE, "upbit",
	    HEALTH_FAIL, "banned", "no longer measured", VERDICT_UNHEALTHY },
	{ FRESH("paper") "arbitrage_postgres_up{target=\"main\",env=\"paper\"} 0\n", KIND_POSTGRES, "main",
	    HEALTH_FAIL, "down", "never succeeded", VERDICT_UNHEALTHY },
	{ FRESH("paper") "arbitrage_postgres_up{target=\"main\",env=\"paper\"} 0.5\n", KIND_POSTGRES, "main",
	    HEALTH_FAIL, "unknown", "does not say", VERDICT_UNHEALTHY },
	{ FRESH("live") UP("postgres", "live", "NaN"), KIND_POSTGRES, "main", HEALTH_FAIL, "unknown",
	    "does not say", VERDICT_UNHEALTHY },
	{ FRESH("live") UP("postgres", "live", "+Inf"), KIND_POSTGRES, "main", HEALTH_FAIL, "unknown",
	    "does not say", VERDICT_UNHEALTHY },
	{ FRESH("live") UP("postgres", "live", "-1"), KIND_POSTGRES, "main", HEALTH_FAIL, "unknown",
	    "does not say", VERDICT_UNHEALTHY },
	{ FRESH("live") UP("postgres", "live", "1") "arbitrage_postgres_up{target=\"main\",part=\"b\",env="
						    "\"live\"} NaN\n",
	    KIND_POSTGRES, "main", HEALTH_FAIL, "unknown", "does not say", VERDICT_UNHEALTHY },
	{ FRESH("live") UP("postgres", "live", "NaN") "arbitrage_postgres_up{target=\"main\",part=\"b\",env="
						      "\"live\"} 0\n",
	    KIND_POSTGRES, "main", HEALTH_FAIL, "down", "never succeeded", VERDICT_UNHEALTHY },
	{ FRESH("live") UP("redis", "live", "2"), KIND_REDIS, "main", HEALTH_FAIL, "unknown", "does not say",
	    VERDICT_UNHEALTHY },
	{ FRESH("paper") "arbitrage_postgres_up{target=\"main\",env=\"paper\"} 1\n", KIND_POSTGRES, "main",
	    HEALTH_OK, "up", "", VERDICT_HEALTHY },
	{ STALE("live") "arbitrage_postgres_up{target=\"main\",env=\"live\"} 0\n", KIND_POSTGRES, "main",
	    HEALTH_FAIL, "down", "no longer measured", VERDICT_UNHEALTHY },
	/* Of another env than the collector: the file's own time, which is two seconds ago. */
	{ STALE("live") "arbitrage_redis_up{target=\"main\",env=\"paper\"} 1\n", KIND_REDIS, "main",
	    HEALTH_OK, "up", "", VERDICT_UNHEALTHY },

	/* Exchanges. */
	{ FRESH("live") EXCHANGE_UP("live", "1") STATE("live", "healthy", "1") STATE("live", "down", "0"),
	    KIND_EXCHANGE, "upbit", HEALTH_OK, "healthy", "", VERDICT_HEALTHY },
	{ FRESH("live") STATE("live", "healthy", "1"), KIND_EXCHANGE, "upbit", HEALTH_WARN, "unknown",
	    "does not say that it is up", VERDICT_UNHEALTHY },
	{ FRESH("live") EXCHANGE_UP("live", "NaN") STATE("live", "healthy", "1"), KIND_EXCHANGE, "upbit",
	    HEALTH_WARN, "unknown", "does not say that it is up", VERDICT_UNHEALTHY },
	{ FRESH("live") EXCHANGE_UP("live", "2") STATE("live", "healthy", "1"), KIND_EXCHANGE, "upbit",
	    HEALTH_WARN, "unknown", "does not say that it is up", VERDICT_UNHEALTHY },
	{ FRESH("live") EXCHANGE_UP("live", "1") STATE("live", "healthy", "1") STATE("live", "down", "2"),
	    KIND_EXCHANGE, "upbit", HEALTH_WARN, "unknown", "does not say what state", VERDICT_UNHEALTHY },
	{ FRESH("live") EXCHANGE_UP("live", "1") STATE("live", "healthy", "1") STATE("live", "down", "NaN"),
	    KIND_EXCHANGE, "upbit", HEALTH_WARN, "unknown", "does not say what state", VERDICT_UNHEALTHY },
	{ FRESH("live") EXCHANGE_UP("live", "1") STATE("live", "healthy", "1")
		STATE("live", "healthy\",part=\"b", "0"),
	    KIND_EXCHANGE, "upbit", HEALTH_WARN, "unknown", "does not say what state", VERDICT_UNHEALTHY },
	{ FRESH("live") STATE("live", "frozen", "1") STATE("live", "healthy", "-1"), KIND_EXCHANGE, "upbit",
	    HEALTH_WARN, "unknown", "does not say what state", VERDICT_UNHEALTHY },
	{ FRESH("live") STATE("live", "healthy", "0") STATE("live", "degraded", "1"), KIND_EXCHANGE, "upbit",
	    HEALTH_WARN, "degraded", "slow, short", VERDICT_DEGRADED },
	{ FRESH("live") STATE("live", "frozen", "1"), KIND_EXCHANGE, "upbit", HEALTH_FAIL, "frozen",
	    "stand still", VERDICT_UNHEALTHY },
	{ FRESH("live") STATE("live", "maintenance", "1"), KIND_EXCHANGE, "upbit", HEALTH_FAIL, "maintenance",
	    "maintenance", VERDICT_UNHEALTHY },
	{ FRESH("live") STATE("live", "down", "1") "arbitrage_exchange_failed_runs{exchange=\"upbit\",env="
						   "\"live\"} 7\n",
	    KIND_EXCHANGE, "upbit", HEALTH_FAIL, "down", "nothing of use in the last 7 runs",
	    VERDICT_UNHEALTHY },
	{ FRESH("live")
		STATE("live", "banned", "1") "arbitrage_exchange_banned_until_timestamp_seconds{exchange="
					     "\"upbit\",env=\"live\"} 1763726490\n",
	    KIND_EXCHANGE, "upbit", HEALTH_FAIL, "banned", "banned until 12:01:30 UTC", VERDICT_UNHEALTHY },
	{ FRESH("live")
		STATE("live", "degraded", "1") "arbitrage_exchange_symbol_tradable{exchange=\"upbit\","
					       "symbol=\"BTC/KRW\",env=\"live\"} 0\n"
					       "arbitrage_exchange_symbol_tradable{exchange=\"upbit\","
					       "symbol=\"ETH/KRW\",env=\"live\"} 1\n",
	    KIND_EXCHANGE, "upbit", HEALTH_WARN, "degraded", "1 symbol may not be traded", VERDICT_DEGRADED },
	{ FRESH("live") STATE("live", "healthy", "1") STATE("live", "banned", "1"), KIND_EXCHANGE, "upbit",
	    HEALTH_WARN, "unknown", "does not say what state", VERDICT_UNHEALTHY },
	{ FRESH("live") EXCHANGE_UP("live", "1") STATE("live", "healthy", "1")
		STATE("live", "wonderful", "1"),
	    KIND_EXCHANGE, "upbit", HEALTH_WARN, "unknown", "does not say what state", VERDICT_UNHEALTHY },
	{ FRESH("live") EXCHANGE_UP("live", "1") STATE("live", "healthy", "1")
		STATE("live", "wonderful", "NaN"),
	    KIND_EXCHANGE, "upbit", HEALTH_WARN, "unknown", "does not say what state", VERDICT_UNHEALTHY },
	{ FRESH("live") EXCHANGE_UP("live", "1") STATE("live", "healthy", "1") STATE("live", "wonderful", "0")
		STATE("live", "odd", "0"),
	    KIND_EXCHANGE, "upbit", HEALTH_OK, "healthy", "", VERDICT_HEALTHY },
	{ FRESH("live") EXCHANGE_UP("live", "1") STATE("live", "healthy", "1") STATE("live", "wonderful", "0")
		STATE("live", "odd", "1"),
	    KIND_EXCHANGE, "upbit", HEALTH_WARN, "unknown", "does not say what state", VERDICT_UNHEALTHY },
	{ FRESH("live") STATE("live", "wonderful", "1"), KIND_EXCHANGE, "upbit", HEALTH_WARN, "unknown",
	    "does not say what state", VERDICT_UNHEALTHY },
	{ FRESH("live") "arbitrage_exchange_up{exchange=\"upbit\",env=\"live\"} 1\n", KIND_EXCHANGE, "upbit",
	    HEALTH_WARN, "unknown", "does not say what state", VERDICT_UNHEALTHY },
	{ FRESH("live") "arbitrage_exchange_up{exchange=\"upbit\",env=\"live\"} 0\n" STATE(
	      "live", "healthy", "1"),
	    KIND_EXCHANGE, "upbit", HEALTH_WARN, "unknown", "does not say that it is up", VERDICT_UNHEALTHY },

	/* Positions. */
	{ FRESH("live") COUNTED("live", "0", "0"), KIND_POSITIONS, "upbit", HEALTH_OK, "flat", "",
	    VERDICT_HEALTHY },
	{ FRESH("live") COUNTED("live", "3", "3") MISMATCH("live", "BTC", "0"), KIND_POSITIONS, "upbit",
	    HEALTH_OK, "3 open", "", VERDICT_HEALTHY },
	{ FRESH("live") READABLE("live", "1", "1") ROWS("live", "0"), KIND_POSITIONS, "upbit", HEALTH_FAIL,
	    "unknown", "how many are open is not known; how many the engine has", VERDICT_UNHEALTHY },
	{ FRESH("paper") READABLE("paper", "1", "1") ROWS("paper", "0"), KIND_POSITIONS, "upbit", HEALTH_WARN,
	    "unknown", "how many are open is not known; how many the engine has", VERDICT_DEGRADED },
	{ FRESH("live") READABLE("live", "1", "1") OPEN("live", "engine", "0") ROWS("live", "0"),
	    KIND_POSITIONS, "upbit", HEALTH_FAIL, "unknown", "how many are open", VERDICT_UNHEALTHY },
	{ FRESH("live") READABLE("live", "1", "1") OPEN("live", "exchange", "0") ROWS("live", "0"),
	    KIND_POSITIONS, "upbit", HEALTH_FAIL, "unknown", "how many the engine has", VERDICT_UNHEALTHY },
	{ FRESH("live") COUNTED("live", "1", "NaN") MISMATCH("live", "BTC", "0"), KIND_POSITIONS, "upbit",
	    HEALTH_FAIL, "unknown", "how many the engine has", VERDICT_UNHEALTHY },
	{ FRESH("paper") COUNTED("paper", "1", "-1") MISMATCH("paper", "BTC", "0"), KIND_POSITIONS, "upbit",
	    HEALTH_WARN, "unknown", "how many the engine has", VERDICT_DEGRADED },
	{ FRESH("paper") SOURCE("paper", "exchange", "1"), KIND_POSITIONS, "upbit", HEALTH_WARN, "unknown",
	    "how many are open", VERDICT_DEGRADED },
	{ FRESH("live") READABLE("live", "0", "1"), KIND_POSITIONS, "upbit", HEALTH_FAIL, "unreadable",
	    "its positions cannot be read", VERDICT_UNHEALTHY },
	{ FRESH("live") READABLE("live", "1", "0"), KIND_POSITIONS, "upbit", HEALTH_FAIL, "unreadable",
	    "the engine's positions cannot be read", VERDICT_UNHEALTHY },
	{ FRESH("paper") READABLE("paper", "0", "1"), KIND_POSITIONS, "upbit", HEALTH_WARN, "unreadable",
	    "its positions cannot be read", VERDICT_DEGRADED },
	{ FRESH("papier") READABLE("papier", "0", "1"), KIND_POSITIONS, "upbit", HEALTH_FAIL, "unreadable",
	    "its positions cannot be read", VERDICT_UNHEALTHY },
	{ FRESH("live") READABLE("live", "NaN", "1"), KIND_POSITIONS, "upbit", HEALTH_FAIL, "unknown",
	    "the file does not say whether its positions", VERDICT_UNHEALTHY },
	{ FRESH("live") READABLE("live", "2", "1"), KIND_POSITIONS, "upbit", HEALTH_FAIL, "unknown",
	    "the file does not say whether its positions", VERDICT_UNHEALTHY },
	{ FRESH("live") SOURCE("live", "engine", "1"), KIND_POSITIONS, "upbit", HEALTH_FAIL, "unknown",
	    "the file does not say whether its positions", VERDICT_UNHEALTHY },
	{ FRESH("live") OPEN("live", "exchange", "3"), KIND_POSITIONS, "upbit", HEALTH_FAIL, "unknown",
	    "the file does not say whether its positions", VERDICT_UNHEALTHY },
	{ FRESH("paper") READABLE("paper", "NaN", "1"), KIND_POSITIONS, "upbit", HEALTH_WARN, "unknown",
	    "the file does not say whether its positions", VERDICT_DEGRADED },
	{ FRESH("live") READABLE("live", "1", "NaN"), KIND_POSITIONS, "upbit", HEALTH_FAIL, "unknown",
	    "the file does not say whether the engine's positions", VERDICT_UNHEALTHY },
	{ FRESH("live") READABLE("live", "0", "NaN"), KIND_POSITIONS, "upbit", HEALTH_FAIL, "unreadable",
	    "its positions cannot be read; the file does not say whether the engine's positions",
	    VERDICT_UNHEALTHY },
	{ FRESH("live") SOURCE("live", "exchange", "1") OPEN("live", "exchange", "2"), KIND_POSITIONS,
	    "upbit", HEALTH_WARN, "unchecked", "are not compared", VERDICT_DEGRADED },
	{ FRESH("paper") SOURCE("paper", "exchange", "1") OPEN("paper", "exchange", "2"), KIND_POSITIONS,
	    "upbit", HEALTH_OK, "2 open", "", VERDICT_HEALTHY },
	{ FRESH("live") READABLE("live", "1", "1") MISMATCH("live", "BTC", "NaN"), KIND_POSITIONS, "upbit",
	    HEALTH_FAIL, "unknown", "the file does not say whether BTC differs", VERDICT_UNHEALTHY },
	{ FRESH("live") READABLE("live", "1", "1") MISMATCH("live", "BTC", "NaN")
		MISMATCH("live", "ETH", "-1") MISMATCH("live", "XRP", "NaN"),
	    KIND_POSITIONS, "upbit", HEALTH_FAIL, "differ",
	    "ETH differs by -1 (engine minus exchange), and 2 more", VERDICT_UNHEALTHY },
	{ FRESH("live") READABLE("live", "1", "1") MISMATCH("live", "BTC", "-Inf"), KIND_POSITIONS, "upbit",
	    HEALTH_FAIL, "differ", "BTC differs", VERDICT_UNHEALTHY },
	{ FRESH("live") COUNTED("live", "1", "0"), KIND_POSITIONS, "upbit", HEALTH_FAIL, "unknown",
	    "the file does not say whether they differ", VERDICT_UNHEALTHY },
	{ FRESH("live") COUNTED("live", "0", "1"), KIND_POSITIONS, "upbit", HEALTH_FAIL, "unknown",
	    "the file does not say whether they differ", VERDICT_UNHEALTHY },
	{ FRESH("live") COUNTED("live", "NaN", "0") MISMATCH("live", "B", "0"), KIND_POSITIONS, "upbit",
	    HEALTH_FAIL, "unknown", "how many are open", VERDICT_UNHEALTHY },
	{ FRESH("paper") COUNTED("paper", "-1", "0") MISMATCH("paper", "B", "0"), KIND_POSITIONS, "upbit",
	    HEALTH_WARN, "unknown", "how many are open", VERDICT_DEGRADED },
	{ FRESH("live") COUNTED("live", "0", "0") LOCKED("live", "NaN"), KIND_POSITIONS, "upbit", HEALTH_WARN,
	    "unknown", "whether trading on the account is locked", VERDICT_DEGRADED },
	{ FRESH("live") COUNTED("live", "0", "0") LOCKED("live", "0"), KIND_POSITIONS, "upbit", HEALTH_OK,
	    "flat", "", VERDICT_HEALTHY },
	{ FRESH("paper") READABLE("paper", "1", "1") MISMATCH("paper", "BTC", "-0.5")
		MISMATCH("paper", "ETH", "2"),
	    KIND_POSITIONS, "upbit", HEALTH_FAIL, "differ",
	    "ETH differs by 2 (engine minus exchange), and 1 more", VERDICT_UNHEALTHY },
	{ FRESH("live") MISMATCH("live", "BTC", "1e-9"), KIND_POSITIONS, "upbit", HEALTH_FAIL, "differ",
	    "BTC differs by 1e-09", VERDICT_UNHEALTHY },
	{ STALE("live") COUNTED("live", "0", "0"), KIND_POSITIONS, "upbit", HEALTH_FAIL, "stale",
	    "was flat, but no longer measured", VERDICT_UNHEALTHY },
	{ STALE("paper") COUNTED("paper", "0", "0"), KIND_POSITIONS, "upbit", HEALTH_WARN, "stale",
	    "was flat, but no longer measured", VERDICT_UNHEALTHY },
	{ FRESH("live") COUNTED("live", "0", "0") LOCKED("live", "1"), KIND_POSITIONS, "upbit", HEALTH_WARN,
	    "locked", "locked trading", VERDICT_DEGRADED },
	{ FRESH("live") ROWS("live", "0"), KIND_POSITIONS, "engine", HEALTH_OK, "checked", "",
	    VERDICT_HEALTHY },
	{ FRESH("live") ROWS("live", "2"), KIND_POSITIONS, "engine", HEALTH_WARN, "unchecked",
	    "not configured: 2", VERDICT_DEGRADED },
	{ FRESH("live") ROWS("live", "NaN"), KIND_POSITIONS, "engine", HEALTH_WARN, "unchecked",
	    "does not say how many", VERDICT_DEGRADED },

	{ FRESH("live") READABLE("live", "1", "1") OPEN("live", "exchange", "0") OPEN("live", "engine", "0"),
	    KIND_POSITIONS, "engine", HEALTH_WARN, "unchecked", "does not say how many", VERDICT_DEGRADED },
	{ FRESH("paper") COUNTED("live", "0", "0") READABLE("paper", "0", "1"), KIND_POSITIONS, "engine",
	    HEALTH_WARN, "unchecked", "does not say how many", VERDICT_DEGRADED },

	/* The bot. */
	{ FRESH("live") ENGINE_IS("live", "1"), KIND_ENGINE, "main", HEALTH_OK, "up", "", VERDICT_HEALTHY },
	{ FRESH("live") ENGINE_IS("live", "1") ENGINE("live", "run_state", ",state=\"paused\"", "1")
		ENGINE("live", "run_state", ",state=\"running\"", "0"),
	    KIND_ENGINE, "main", HEALTH_OK, "paused", "", VERDICT_HEALTHY },
	{ FRESH("live") ENGINE_IS("live", "1") ENGINE("live", "run_state", ",state=\"running\"", "1")
		GUARD("live", "global", "1") GUARD("live", "route", "2") GUARD("live", "symbol", "0"),
	    KIND_ENGINE, "main", HEALTH_OK, "running, cooldown", "", VERDICT_HEALTHY },
	{ FRESH("live") ENGINE_IS("live", "1") GUARD("live", "exchange", "3"), KIND_ENGINE, "main", HEALTH_OK,
	    "up, block", "", VERDICT_HEALTHY },
	{ FRESH("paper") ENGINE_IS("paper", "1") GUARD("paper", "global", "3"), KIND_ENGINE, "main",
	    HEALTH_FAIL, "blocked", "global guard blocks", VERDICT_UNHEALTHY },
	{ FRESH("live") ENGINE_IS("live", "0")
		ENGINE("live", "heartbeat_timestamp_seconds", "", "1763726100"),
	    KIND_ENGINE, "main", HEALTH_FAIL, "down", "last heartbeat 5 min ago", VERDICT_UNHEALTHY },
	{ FRESH("paper") ENGINE_IS("paper", "0"), KIND_ENGINE, "main", HEALTH_WARN, "down", "is not known",
	    VERDICT_DEGRADED },
	{ FRESH("papre") ENGINE_IS("papre", "NaN"), KIND_ENGINE, "main", HEALTH_FAIL, "unknown",
	    "is not known", VERDICT_UNHEALTHY },
	{ FRESH("live") ENGINE_IS("live", "1") LOSS("live", "", "global", "100")
		LOSS("live", "_limit", "global", "100"),
	    KIND_ENGINE, "main", HEALTH_FAIL, "daily loss", "as it may", VERDICT_UNHEALTHY },
	{ FRESH("live") ENGINE_IS("live", "1") LOSS("live", "", "global", "99") LOSS("live", "_limit",
	      "global", "100") LOSS("live", "", "route", "500") LOSS("live", "_limit", "route", "50"),
	    KIND_ENGINE, "main", HEALTH_OK, "up", "", VERDICT_HEALTHY },
	{ FRESH("live") ENGINE_IS("live", "1") LOSS("live", "", "global", "0")
		LOSS("live", "_limit", "global", "0"),
	    KIND_ENGINE, "main", HEALTH_OK, "up", "", VERDICT_HEALTHY },
	{ STALE("live") ENGINE_IS("live", "1"), KIND_ENGINE, "main", HEALTH_WARN, "stale",
	    "was up, but no longer measured", VERDICT_UNHEALTHY },

	/* Preflight. */
	{ FRESH("live") VERDICT("live", "1", "1"), KIND_PREFLIGHT, "preflight", HEALTH_OK, "ready", "",
	    VERDICT_HEALTHY },
	{ FRESH("live") READY("live", "1") VERDICT_AT("live", AGO_4), KIND_PREFLIGHT, "preflight",
	    HEALTH_FAIL, "unknown", "does not say", VERDICT_UNHEALTHY },
	{ FRESH("live") VERDICT("live", "1", "NaN"), KIND_PREFLIGHT, "preflight", HEALTH_FAIL, "unknown",
	    "does not say", VERDICT_UNHEALTHY },
	{ FRESH("live") VERDICT("live", "1", "1763726396"), KIND_PREFLIGHT, "preflight", HEALTH_FAIL,
	    "unknown", "does not say", VERDICT_UNHEALTHY },
	{ FRESH("live") VERDICT("live", "NaN", "1"), KIND_PREFLIGHT, "preflight", HEALTH_FAIL, "unknown",
	    "does not say", VERDICT_UNHEALTHY },
	{ FRESH("live") CHECKED("live"), KIND_PREFLIGHT, "preflight", HEALTH_FAIL, "unknown",
	    "only single checks have run", VERDICT_UNHEALTHY },
	{ FRESH("paper") CHECKED("paper"), KIND_PREFLIGHT, "preflight", HEALTH_WARN, "unknown",
	    "only single checks have run", VERDICT_DEGRADED },
	{ FRESH("live") CHECKED("live") VERDICT("live", "1", "1"), KIND_PREFLIGHT, "preflight", HEALTH_OK,
	    "ready", "", VERDICT_HEALTHY },
	{ FRESH("live") VERDICT_AT("live", AGO_4), KIND_PREFLIGHT, "preflight", HEALTH_FAIL, "unknown",
	    "does not say", VERDICT_UNHEALTHY },
	{ FRESH("paper") VERDICT("paper", "NaN", "1"), KIND_PREFLIGHT, "preflight", HEALTH_WARN, "unknown",
	    "does not say", VERDICT_DEGRADED },
	{ FRESH("live") READY("live", "1") PASSED("live", "1"), KIND_PREFLIGHT, "preflight", HEALTH_WARN,
	    "stale", "was ready, but no longer measured: when it last ran is not known", VERDICT_DEGRADED },
	{ FRESH("live") READY("live", "1") PASSED("live", "1") VERDICT_AT("live", "NaN"), KIND_PREFLIGHT,
	    "preflight", HEALTH_WARN, "stale", "not known", VERDICT_DEGRADED },
	{ FRESH("live") READY("live", "1") PASSED("live", "1") VERDICT_AT("live", "1763726700"),
	    KIND_PREFLIGHT, "preflight", HEALTH_WARN, "stale", "in the future", VERDICT_DEGRADED },
	/* Some checks alone have run since. */
	{ COLLECTOR("live", "1", "0", AGO_4) READY("live", "1") PASSED("live", "1")
		VERDICT_AT("live", "1763722800"),
	    KIND_PREFLIGHT, "preflight", HEALTH_WARN, "stale", "last run 60 min ago", VERDICT_DEGRADED },
	/* The counters have failures of runs that are long over. */
	{ FRESH("live") VERDICT("live", "0",
	      "0") "arbitrage_preflight_checks_total{check=\"redis\",status=\"fail\",env=\"live\"} 4\n"
		   "arbitrage_preflight_check_state{check=\"redis\",env=\"live\"} 0\n"
		   "arbitrage_preflight_check_state{check=\"secrets\",env=\"live\"} 2\n"
		   "arbitrage_preflight_check_state{check=\"postgres\",env=\"live\"} 1\n",
	    KIND_PREFLIGHT, "preflight", HEALTH_FAIL, "not ready",
	    "the bot may not go live; failed checks: secrets", VERDICT_UNHEALTHY },
	{ FRESH("live") VERDICT("live", "1", "0"), KIND_PREFLIGHT, "preflight", HEALTH_FAIL, "not ready",
	    "its last run did not pass", VERDICT_UNHEALTHY },
	{ FRESH("paper") VERDICT("paper", "0", "1"), KIND_PREFLIGHT, "preflight", HEALTH_OK, "passed", "",
	    VERDICT_HEALTHY },
	{ FRESH("paper") VERDICT("paper", "0", "0"), KIND_PREFLIGHT, "preflight", HEALTH_WARN, "not ready",
	    "may not go live", VERDICT_DEGRADED },
	{ COLLECTOR("live", "1", "0", "1763722800") VERDICT("live", "1", "1"), KIND_PREFLIGHT, "preflight",
	    HEALTH_WARN, "stale", "was ready, but no longer measured: last run 60 min ago",
	    VERDICT_UNHEALTHY },
	{ COLLECTOR("live", "1", "0", "1763722800") VERDICT("live", "0", "0"), KIND_PREFLIGHT, "preflight",
	    HEALTH_FAIL, "not ready", "no longer measured", VERDICT_UNHEALTHY },
};

START_TEST(a_file_is_judged_by_the_rules)
{
	const struct health_check *check;

	add_file("c.prom", rules[_i].text);
	look_at(noon);
	check = check_named(rules[_i].kind, rules[_i].name);
	ck_assert_int_eq(check->status, rules[_i].status);
	ck_assert_str_eq(check->state, rules[_i].state);
	if (rules[_i].reason[0] == '\0')
		ck_assert_str_eq(check->reason, "");
	ck_assert_msg(strstr(check->reason, rules[_i].reason) != NULL, "reason is '%s'", check->reason);
	ck_assert_msg(check->status == HEALTH_OK || check->reason[0] != '\0', "bad, and no reason");
	ck_assert_int_eq(report.verdict, rules[_i].verdict);
}
END_TEST

START_TEST(without_files_it_is_unhealthy)
{
	look_at(noon);
	ck_assert_int_eq(report.verdict, VERDICT_UNHEALTHY);
	ck_assert_str_eq(report.summary, "No collector has written anything");
}
END_TEST

START_TEST(a_directory_that_cannot_be_listed_is_unhealthy)
{
	const struct health_settings unlisted = { .max_age = 900, .directory = "no such directory" };

	ck_assert_int_eq(health_read(&made_up, &unlisted, noon, &report), 0);
	ck_assert_int_eq(report.verdict, VERDICT_UNHEALTHY);
	ck_assert_str_eq(report.summary, "The textfile directory cannot be read: no such directory");
}
END_TEST

START_TEST(files_of_others_are_no_collectors)
{
	add_file("other.prom", "something_else 1\n");
	look_at(noon);
	ck_assert_uint_eq(report.count, 0);
	ck_assert_uint_eq(report.good_files, 1);
	ck_assert_int_eq(report.verdict, VERDICT_UNHEALTHY);
}
END_TEST

START_TEST(one_stale_collector_of_two_is_unhealthy)
{
	add_file("a.prom", FRESH("live"));
	add_file("b.prom", STALE("live"));
	look_at(noon);
	ck_assert_int_eq(report.verdict, VERDICT_UNHEALTHY);
	ck_assert_uint_eq(report.count, 2);
	/* Of the same name, and yet two: the worse is first. */
	ck_assert_str_eq(report.checks[0].file, "b.prom");
	ck_assert_str_eq(report.checks[1].file, "a.prom");
	ck_assert_str_eq(report.summary, "Collector c (live): stale, last run 76 s ago, expected every 15 s");
}
END_TEST

static const enum store_state bad_states[] = { STORE_BROKEN, STORE_UNREADABLE, STORE_TOO_LARGE };

static const char *const bad_state_names[] = { "broken", "unreadable", "too large" };

/* Whose it is and of which env is in its text, or in a name that --name gives: it may be any collector's. */
START_TEST(a_file_that_cannot_be_read_is_as_bad_as_can_be_and_hides_no_other)
{
	const struct health_check *check;

	add_broken("a\x01\xFF.prom", bad_states[_i], "line 3: \x02nonsense");
	add_file("c.prom", FRESH("paper"));
	look_at(noon);
	ck_assert_int_eq(report.verdict, VERDICT_UNHEALTHY);
	check = check_named(KIND_FILE, "a??.prom");
	ck_assert_str_eq(check->state, bad_state_names[_i]);
	ck_assert_str_eq(check->reason,
	    "line 3: ?nonsense; what is not read counts as bad: repair the file, or remove it");
	ck_assert_double_eq(check->age, 2);
	ck_assert_int_eq(check_named(KIND_COLLECTOR, "c")->status, HEALTH_OK);
	ck_assert_uint_eq(report.good_files, 1);
}
END_TEST

static const struct {
	const char *name;
	enum health_verdict verdict;
} programs[] = {
	{ "redis_latency.prom", VERDICT_UNHEALTHY },
	{ "exchange_health.prom", VERDICT_UNHEALTHY },
	{ "postgres_latency.prom", VERDICT_UNHEALTHY },
	{ "open_positions.prom", VERDICT_UNHEALTHY },
	{ "preflight.prom", VERDICT_UNHEALTHY },
	{ "redis_latency.prom.prom", VERDICT_UNHEALTHY },
};

START_TEST(a_file_that_cannot_be_read_is_no_worse_than_what_its_program_can_say)
{
	add_file("c.prom", FRESH("live"));
	add_broken(programs[_i].name, STORE_UNREADABLE, "Permission denied");
	look_at(noon);
	ck_assert_int_eq(report.verdict, programs[_i].verdict);
	ck_assert_int_eq(check_named(KIND_FILE, programs[_i].name)->status, HEALTH_FAIL);
}
END_TEST

START_TEST(a_broken_file_of_another_program_is_a_warning)
{
	add_file("c.prom", FRESH("live"));
	add_broken("apt.prom", STORE_BROKEN, "line 3: nonsense");
	made_up.files[1].foreign = true;
	look_at(noon);
	ck_assert_int_eq(report.verdict, VERDICT_DEGRADED);
	ck_assert_int_eq(check_named(KIND_FILE, "apt.prom")->status, HEALTH_WARN);
	ck_assert_str_eq(check_named(KIND_FILE, "apt.prom")->reason, "line 3: nonsense");
	/* One that has a name of ours was to be ours. */
	free(made_up.files[1].name);
	made_up.files[1].name = strdup("postgres_latency.prom");
	look_at(noon);
	ck_assert_int_eq(report.verdict, VERDICT_UNHEALTHY);
}
END_TEST

START_TEST(what_breaks_makes_nothing_better)
{
	static const char down[] = FRESH("paper") UP("postgres", "paper", "0");

	add_file("c.prom", FRESH("live"));
	add_file("instance.prom", down);
	look_at(noon);
	ck_assert_int_eq(report.verdict, VERDICT_UNHEALTHY);
	document_release(&made_up.files[1].document);
	made_up.files[1].state = STORE_BROKEN;
	look_at(noon);
	ck_assert_int_eq(report.verdict, VERDICT_UNHEALTHY);
}
END_TEST

static const struct {
	const char *name, *text;
	enum health_verdict verdict;
} programs_say[] = {
	{ "postgres_latency.prom", "", VERDICT_UNHEALTHY },
	{ "postgres_latency.prom", FRESH("live"), VERDICT_UNHEALTHY },
	{ "postgres_latency.prom", FRESH("live") UP("redis", "live", "1"), VERDICT_UNHEALTHY },
	{ "postgres_latency.prom", FRESH("live") UP("postgres", "live", "1"), VERDICT_HEALTHY },
	{ "open_positions.prom", FRESH("live"), VERDICT_UNHEALTHY },
	{ "preflight.prom", "", VERDICT_UNHEALTHY },
	{ "preflight.prom", FRESH("live"), VERDICT_UNHEALTHY },
	{ "preflight.prom", FRESH("live") VERDICT("live", "1", "1"), VERDICT_HEALTHY },
	{ "engine_state.prom", FRESH("live"), VERDICT_UNHEALTHY },
	{ "engine_state.prom", FRESH("live") ENGINE_IS("live", "1"), VERDICT_HEALTHY },
	{ "redis_latency.prom", FRESH("live"), VERDICT_UNHEALTHY },
	{ "exchange_health.prom", FRESH("live"), VERDICT_UNHEALTHY },
	{ "other.prom", "", VERDICT_HEALTHY },
};

START_TEST(a_file_that_does_not_say_what_its_program_always_says_is_not_good)
{
	add_file("c.prom", FRESH("live"));
	add_file(programs_say[_i].name, programs_say[_i].text);
	look_at(noon);
	ck_assert_int_eq(report.verdict, programs_say[_i].verdict);
	ck_assert_uint_eq(report.good_files, programs_say[_i].verdict == VERDICT_HEALTHY ? 2 : 1);
	if (programs_say[_i].verdict != VERDICT_HEALTHY)
		ck_assert_str_eq(check_named(KIND_FILE, programs_say[_i].name)->state, "says nothing");
}
END_TEST

START_TEST(a_file_of_others_served_in_part_is_degraded)
{
	add_file("c.prom", FRESH("live"));
	add_file("other.prom", "other 1\n");
	made_up.files[1].dropped = 3;
	made_up.files[1].foreign = true;
	look_at(noon);
	ck_assert_int_eq(report.verdict, VERDICT_DEGRADED);
	ck_assert_int_eq(check_named(KIND_FILE, "other.prom")->status, HEALTH_WARN);
	ck_assert_uint_eq(report.good_files, 1);
}
END_TEST

START_TEST(a_part_left_out_of_a_collectors_file_may_be_the_bad_one)
{
	add_file("c.prom", FRESH("live"));
	made_up.files[0].dropped = 3;
	look_at(noon);
	ck_assert_int_eq(report.verdict, VERDICT_UNHEALTHY);
	ck_assert_int_eq(check_named(KIND_FILE, "c.prom")->status, HEALTH_FAIL);
}
END_TEST

START_TEST(without_a_fresh_collector_the_newest_run_is_told)
{
	add_file("a.prom", STALE("live"));
	add_file("b.prom", COLLECTOR("live", "1", "15", "1763720000"));
	add_file("c.prom", COLLECTOR("live", "1", "15", "1763800000")); /* by a clock that is ahead */
	look_at(noon);
	ck_assert_int_eq(report.verdict, VERDICT_UNHEALTHY);
	ck_assert_str_eq(report.summary, "No collector is fresh: the last run of any was 76 s ago");
}
END_TEST

START_TEST(files_that_are_not_looked_at_may_be_bad)
{
	add_file("c.prom", FRESH("live"));
	made_up.left_out = 1;
	look_at(noon);
	ck_assert_int_eq(report.verdict, VERDICT_UNHEALTHY);
	ck_assert(report.more_checks);
	ck_assert_str_eq(report.summary,
	    "There are more checks or files than there is room for, and any of them may be bad");
}
END_TEST

START_TEST(each_env_is_judged_for_itself)
{
	add_file("c.prom",
	    FRESH("live") STALE("paper") "arbitrage_redis_up{target=\"main\",env=\"live\"} 1\n"
					 "arbitrage_redis_up{target=\"main\",env=\"paper\"} 1\n");
	look_at(noon);
	ck_assert_uint_eq(report.count, 4);
	ck_assert_str_eq(report.checks[2].env, "paper"); /* the worse first */
	ck_assert_str_eq(report.checks[2].state, "stale");
	ck_assert_str_eq(report.checks[3].env, "live");
	ck_assert_str_eq(report.checks[3].state, "up");
}
END_TEST

START_TEST(what_hurts_most_is_in_the_summary)
{
	add_file("c.prom",
	    FRESH("live") STATE("live", "frozen", "1") MISMATCH("live", "BTC", "1") "arbitrage_redis_up{"
										    "target=\"r\",env="
										    "\"live\"} 0\n"
										    "arbitrage_"
										    "postgres_up{"
										    "target=\"p\",env="
										    "\"live\"} 0\n");
	look_at(noon);
	ck_assert_str_eq(report.summary, "Postgres p (live): down, it has never succeeded; and 5 more");
}
END_TEST

START_TEST(two_reasons_of_one_check_are_not_one_more)
{
	add_file("c.prom", FRESH("paper") ENGINE_IS("paper", "1") GUARD("paper", "global", "3")
			       LOSS("paper", "", "global", "5") LOSS("paper", "_limit", "global", "5"));
	look_at(noon);
	ck_assert_uint_eq(report.reason_count, 2);
	ck_assert_str_eq(report.summary,
	    "Bot main (paper): daily loss, it has lost as much today as it may; its global guard blocks all trading");
}
END_TEST

START_TEST(reasons_say_what_why_and_since_when_the_worst_first)
{
	add_file("c.prom", FRESH("paper") UP("redis", "paper", "0") COUNTED("paper", "1", "1") MISMATCH(
			       "paper", "BTC", "2") MISMATCH("paper", "ETH",
			       "-5") "arbitrage_redis_last_success_timestamp_seconds{target=\"main\",env="
				     "\"paper\"} 1763722800\n"
				     "arbitrage_position_mismatch_since_timestamp_seconds{exchange=\"upbit\","
				     "symbol=\"ETH\",env=\"paper\"} 1763722700\n");
	look_at(noon);
	ck_assert_uint_eq(report.reason_count, 2);
	ck_assert_int_eq(report.reasons[0].rule, REASON_POSITIONS_DIFFER);
	ck_assert_str_eq(report.reasons[0].what, "upbit ETH");
	ck_assert_double_eq(report.reasons[0].since, 1763722700);
	ck_assert_int_eq(report.reasons[1].rule, REASON_REDIS_DOWN);
	ck_assert_str_eq(report.reasons[1].what, "Redis main");
	ck_assert_str_eq(report.reasons[1].env, "paper");
	ck_assert_double_eq(report.reasons[1].since, 1763722800);
}
END_TEST

static const struct {
	const char *env_text;
	const char *expected;
	size_t missing;
	enum health_verdict verdict;
} expectations[] = {
	{ FRESH("paper"), NULL, 0, VERDICT_HEALTHY },
	{ FRESH("paper"), "", 0, VERDICT_HEALTHY },
	{ FRESH("paper"), "c,", 0, VERDICT_HEALTHY },
	{ FRESH("paper"), "c,redis_latency,", 1, VERDICT_UNHEALTHY },
	{ FRESH("live"), NULL, 2, VERDICT_UNHEALTHY },
	{ FRESH("live"), "open_positions,preflight", 2, VERDICT_UNHEALTHY },
	{ FRESH("live"), "none,", 0, VERDICT_HEALTHY },
	{ FRESH("live"), "none,preflight,c", 1, VERDICT_UNHEALTHY },
	{ FRESH("live") VERDICT("live", "1", "1"), NULL, 1, VERDICT_UNHEALTHY },
	{ FRESH("live") VERDICT("live", "1", "1") COUNTED("live", "0", "0"), NULL, 0, VERDICT_HEALTHY },
	{ FRESH("live") VERDICT("paper", "1", "1") COUNTED("paper", "0", "0"), NULL, 2, VERDICT_UNHEALTHY },
};

START_TEST(a_collector_that_never_wrote_is_missing)
{
	const struct health_settings asked = { .max_age = 900, .expected = expectations[_i].expected };
	size_t missing = 0;

	add_file("c.prom", expectations[_i].env_text);
	ck_assert_int_eq(health_read(&made_up, &asked, noon, &report), 0);
	for (size_t i = 0; i < report.count; i++)
		missing += strcmp(report.checks[i].state, "missing") == 0 ? 1 : 0;
	ck_assert_uint_eq(missing, expectations[_i].missing);
	ck_assert_uint_eq(report.reason_count, missing);
	ck_assert_int_eq(report.verdict, expectations[_i].verdict);
}
END_TEST

START_TEST(what_outlives_its_exchange_makes_no_check)
{
	add_file("c.prom",
	    FRESH("live") "arbitrage_exchange_banned_until_timestamp_seconds{exchange=\"gone\",env="
			  "\"live\"} 5\narbitrage_redis_failures_total{target=\"gone\",kind=\"tls\",env="
			  "\"live\"} 5\n");
	look_at(noon);
	ck_assert_uint_eq(report.count, 1);
	ck_assert_int_eq(report.verdict, VERDICT_HEALTHY);
}
END_TEST

START_TEST(odd_label_values_are_read_as_they_are)
{
	add_file("c.prom",
	    FRESH("live") "arbitrage_redis_up{target=\"a\\\"b\\\\c\\nd<\xE2\x82\xAC\",env=\"live\"} 1\n"
			  "arbitrage_redis_up{target=\"end\\\\\",env=\"live\"} 1\n"
			  "arbitrage_redis_up{env=\"live\"} 1\n");
	look_at(noon);
	check_named(KIND_REDIS, "end\\");
	check_named(KIND_REDIS, "a\"b\\c?d<\xE2\x82\xAC");
	check_named(KIND_REDIS, "");
}
END_TEST

START_TEST(long_names_are_cut_between_characters_and_stay_apart)
{
	static char text[2000];
	char name[301] = "";

	for (int i = 0; i < 100; i++)
		memcpy(name + (ptrdiff_t)(3 * i), "\xE2\x82\xAC", 4);
	snprintf(text, sizeof(text),
	    "%sarbitrage_redis_up{target=\"%s1\",env=\"live\"} 1\n"
	    "arbitrage_redis_up{target=\"%s2\",env=\"live\"} 0\n",
	    FRESH("live"), name, name);
	add_file("c.prom", text);
	look_at(noon);
	ck_assert_uint_eq(report.count, 3);
	ck_assert_uint_eq(
	    strlen(report.checks[1].name), 126); /* 42 characters of three bytes: 43 would be 129 */
	ck_assert_int_eq(report.checks[1].status, HEALTH_FAIL);
	ck_assert_int_eq(report.checks[2].status, HEALTH_OK);
}
END_TEST

/* One of those that there is no room for may be down. */
START_TEST(more_checks_than_there_is_room_for_are_unhealthy)
{
	size_t size = 200000, length = 0;
	char *text = malloc(size);

	for (int i = 0; i < 2000; i++)
		length += (size_t)snprintf(
		    text + length, size - length, "arbitrage_redis_up{target=\"t%d\",env=\"live\"} 1\n", i);
	add_file("a.prom", FRESH("live") STATE("live", "degraded", "1"));
	add_file("b.prom", text);
	add_broken("c.prom", STORE_BROKEN, "line 1: nonsense");
	look_at(noon);
	ck_assert_uint_eq(report.count, HEALTH_CHECKS);
	ck_assert(report.more_checks);
	ck_assert_int_eq(check_named(KIND_EXCHANGE, "upbit")->status, HEALTH_WARN);
	ck_assert_int_eq(report.verdict, VERDICT_UNHEALTHY);
	ck_assert_str_eq(report.summary,
	    "There are more checks or files than there is room for, and any of them may be bad");
	tear_down();
	set_up();
	free(text);
}
END_TEST

#define BUCKET(labels, le, count)                                                                            \
	"arbitrage_redis_latency_seconds_bucket{" labels ",le=\"" le "\"} " count "\n"
#define HISTOGRAM        "# TYPE arbitrage_redis_latency_seconds histogram\n"
#define REDIS_UP(target) "arbitrage_redis_up{target=\"" target "\",env=\"live\"} 1\n"
#define A                "target=\"a\",env=\"live\""
#define B                "target=\"b\",env=\"live\""

START_TEST(histograms_become_counts_and_a_median)
{
	const struct health_check *check;

	add_file("c.prom", FRESH("live") REDIS_UP("a") REDIS_UP("b") HISTOGRAM BUCKET(A, "0.001", "10")
			       BUCKET(A, "0.002", "30") BUCKET(A, "+Inf", "40") BUCKET(B, "0.001", "0")
				   BUCKET(B, "0.002", "5") BUCKET(B, "+Inf", "5"));
	look_at(noon);
	check = check_named(KIND_REDIS, "a");
	ck_assert_uint_eq(check->buckets, 3);
	ck_assert_double_eq(check->counts[1], 20);
	ck_assert_double_eq_tol(
	    check->duration, 0.0015, 1e-9); /* the 20th of 40: half way through the second */
	ck_assert_double_eq_tol(health_quantile(check, 0.95), 0.002, 1e-9);
	check = check_named(KIND_REDIS, "b"); /* an empty bucket is nothing odd */
	ck_assert_uint_eq(check->buckets, 3);
	ck_assert_double_eq(check->counts[0], 0);
	ck_assert_double_eq(check->counts[1], 5);
	check = check_named(KIND_COLLECTOR, "c"); /* all it measured */
	ck_assert_uint_eq(check->buckets, 3);
	ck_assert_double_eq(check->counts[1], 25);
}
END_TEST

static const char *const odd_histograms[] = {
	BUCKET(A, "0.001", "10") BUCKET(A, "+Inf", "4"),
	BUCKET(A, "0.001", "10") BUCKET(A, "0.002", "20"),
	BUCKET(A, "0.001", "0") BUCKET(A, "+Inf", "0"),
	BUCKET(A, "0.001", "NaN") BUCKET(A, "+Inf", "4"),
	BUCKET(A, "0.001", "1") BUCKET(A, "+Inf", "+Inf"),
	BUCKET(A, "-1", "1") BUCKET(A, "+Inf", "4"),
	BUCKET(A, "0.001", "-1") BUCKET(A, "+Inf", "4"),
};

START_TEST(a_histogram_that_makes_no_sense_has_no_picture)
{
	static char text[3000];

	snprintf(text, sizeof(text), "%s%s", FRESH("live") REDIS_UP("a") HISTOGRAM, odd_histograms[_i]);
	add_file("c.prom", text);
	look_at(noon);
	ck_assert_uint_eq(check_named(KIND_REDIS, "a")->buckets, 0);
	ck_assert(isnan(check_named(KIND_REDIS, "a")->duration));
	ck_assert_int_eq(check_named(KIND_REDIS, "a")->status, HEALTH_OK);
}
END_TEST

START_TEST(more_bounds_than_there_is_room_for_are_no_picture)
{
	static char text[8000];
	size_t length;

	length = (size_t)snprintf(text, sizeof(text), "%s", FRESH("live") REDIS_UP("a") HISTOGRAM);
	for (int i = 1; i < 60; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length,
		    "arbitrage_redis_latency_seconds_bucket{" A ",le=\"%d\"} %d\n", i, i);
	snprintf(text + length, sizeof(text) - length, "%s", BUCKET(A, "+Inf", "60"));
	add_file("c.prom", text);
	look_at(noon);
	ck_assert_uint_eq(check_named(KIND_REDIS, "a")->buckets, 0);
}
END_TEST

#define QUANTITY(source, symbol, side, value)                                                                \
	"arbitrage_position_quantity{source=\"" source "\",exchange=\"upbit\",symbol=\"" symbol              \
	"\",side=\"" side "\",env=\"live\"} " value "\n"

START_TEST(positions_are_told_as_both_sides_see_them)
{
	add_file("c.prom", FRESH("live") READABLE("live", "1", "1") QUANTITY("exchange", "ETH", "long", "2")
			       QUANTITY("engine", "ETH", "long", "2") QUANTITY("engine", "BTC", "short",
				   "0.5") MISMATCH("live", "ETH", "0") MISMATCH("live", "BTC", "-0.5"));
	look_at(noon);
	ck_assert_uint_eq(report.position_count, 2);
	ck_assert_str_eq(report.positions[0].symbol, "BTC"); /* those that differ first */
	ck_assert_double_eq(report.positions[0].mismatch, -0.5);
	ck_assert_double_eq(report.positions[0].there[1], 0);
	ck_assert_double_eq(report.positions[0].believed[1], 0.5);
	ck_assert_double_eq(report.positions[1].there[0], 2);
	ck_assert_double_eq(report.positions[1].mismatch, 0);
}
END_TEST

START_TEST(what_cannot_be_read_is_not_flat)
{
	add_file("c.prom", FRESH("live") READABLE("live", "0", "1") QUANTITY("engine", "ETH", "long", "2"));
	look_at(noon);
	ck_assert_uint_eq(report.position_count, 1);
	ck_assert(isnan(report.positions[0].there[0]));
	ck_assert(isnan(report.positions[0].there[1]));
	ck_assert(isnan(report.positions[0].mismatch));
	ck_assert_double_eq(report.positions[0].believed[0], 2);
	ck_assert_double_eq(report.positions[0].believed[1], 0);
}
END_TEST

START_TEST(a_position_of_which_nobody_knows_whether_it_differs_is_shown)
{
	add_file("c.prom", FRESH("live") READABLE("live", "1", "1") MISMATCH("live", "ETH", "NaN"));
	look_at(noon);
	ck_assert_uint_eq(report.position_count, 1);
	ck_assert(isnan(report.positions[0].mismatch));
}
END_TEST

START_TEST(a_mismatch_is_shown_however_many_positions_there_are)
{
	size_t size = 400000, length;
	char *text = malloc(size);

	ck_assert_ptr_nonnull(text);
	length = (size_t)snprintf(text, size, "%s", FRESH("live") READABLE("live", "1", "1"));
	for (int i = 0; i < 2000; i++)
		length += (size_t)snprintf(text + length, size - length,
		    "arbitrage_position_quantity{source=\"exchange\",exchange=\"upbit\",symbol=\"S%d\",side=\"long\","
		    "env=\"live\"} 1\n",
		    i);
	snprintf(text + length, size - length, "%s", MISMATCH("live", "S1999", "7"));
	add_file("c.prom", text);
	look_at(noon);
	ck_assert_uint_eq(report.position_count, HEALTH_POSITIONS);
	ck_assert(report.more_positions);
	ck_assert_str_eq(report.positions[0].symbol, "S1999");
	ck_assert_double_eq(report.positions[0].there[0], 1);
	tear_down();
	set_up();
	free(text);
}
END_TEST

START_TEST(preflight_last_succeeded_when_it_came_to_a_good_verdict)
{
	add_file("c.prom", FRESH("live") VERDICT("live", "1", "1") VERDICT("paper", "0", "0"));
	look_at(noon);
	ck_assert_double_eq(report.checks[2].last_success, noon - 4);
	ck_assert_str_eq(report.checks[1].env, "paper");
	ck_assert(isnan(report.checks[1].last_success));
}
END_TEST

static const struct {
	double seconds;
	const char *text;
} durations[] = {
	{ 0, "0 \xC2\xB5s" },
	{ 0.00005, "50 \xC2\xB5s" },
	{ 0.0009994, "999 \xC2\xB5s" },
	{ 0.0009996, "1 ms" },
	{ 0.0421, "42.1 ms" },
	{ 0.9996, "1 s" },
	{ 9.94, "9.9 s" },
	{ 9.96, "10 s" },
	{ 119, "119 s" },
	{ 120, "2 min" },
	{ 7100, "118 min" },
	{ 7200, "2 h" },
	{ 172800, "2 days" },
	{ 1e12, "1.15741e+07 days" },
	{ -1, "" },
	{ NAN, "" },
	{ INFINITY, "" },
};

START_TEST(durations_are_short)
{
	char text[WORDS_TIME];

	words_duration(durations[_i].seconds, text);
	ck_assert_str_eq(text, durations[_i].text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("health");
	TCase *tests = tcase_create("all");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_file_is_judged_by_the_rules, 0, LENGTH(rules));
	tcase_add_test(tests, without_files_it_is_unhealthy);
	tcase_add_test(tests, a_directory_that_cannot_be_listed_is_unhealthy);
	tcase_add_test(tests, files_of_others_are_no_collectors);
	tcase_add_test(tests, one_stale_collector_of_two_is_unhealthy);
	tcase_add_loop_test(
	    tests, a_file_that_cannot_be_read_is_as_bad_as_can_be_and_hides_no_other, 0, LENGTH(bad_states));
	tcase_add_loop_test(
	    tests, a_file_that_cannot_be_read_is_no_worse_than_what_its_program_can_say, 0, LENGTH(programs));
	tcase_add_test(tests, a_broken_file_of_another_program_is_a_warning);
	tcase_add_test(tests, what_breaks_makes_nothing_better);
	tcase_add_loop_test(tests, a_file_that_does_not_say_what_its_program_always_says_is_not_good, 0,
	    LENGTH(programs_say));
	tcase_add_test(tests, a_file_of_others_served_in_part_is_degraded);
	tcase_add_test(tests, a_part_left_out_of_a_collectors_file_may_be_the_bad_one);
	tcase_add_test(tests, without_a_fresh_collector_the_newest_run_is_told);
	tcase_add_test(tests, files_that_are_not_looked_at_may_be_bad);
	tcase_add_test(tests, preflight_last_succeeded_when_it_came_to_a_good_verdict);
	tcase_add_test(tests, a_position_of_which_nobody_knows_whether_it_differs_is_shown);
	tcase_add_test(tests, each_env_is_judged_for_itself);
	tcase_add_test(tests, what_hurts_most_is_in_the_summary);
	tcase_add_test(tests, two_reasons_of_one_check_are_not_one_more);
	tcase_add_test(tests, what_outlives_its_exchange_makes_no_check);
	tcase_add_test(tests, reasons_say_what_why_and_since_when_the_worst_first);
	tcase_add_loop_test(tests, a_collector_that_never_wrote_is_missing, 0, LENGTH(expectations));
	tcase_add_test(tests, odd_label_values_are_read_as_they_are);
	tcase_add_test(tests, long_names_are_cut_between_characters_and_stay_apart);
	tcase_add_test(tests, more_checks_than_there_is_room_for_are_unhealthy);
	tcase_add_test(tests, histograms_become_counts_and_a_median);
	tcase_add_loop_test(tests, a_histogram_that_makes_no_sense_has_no_picture, 0, LENGTH(odd_histograms));
	tcase_add_test(tests, more_bounds_than_there_is_room_for_are_no_picture);
	tcase_add_test(tests, positions_are_told_as_both_sides_see_them);
	tcase_add_test(tests, what_cannot_be_read_is_not_flat);
	tcase_add_test(tests, a_mismatch_is_shown_however_many_positions_there_are);
	tcase_add_loop_test(tests, durations_are_short, 0, LENGTH(durations));
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
