/*
 * What goes wrong on purpose: what one may know of each fault, and which are on.  What a fault does is where
 * it does it (live/run.c, live/journal.c, core/); of the loop itself it is here.
 */

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "common/text/decimal.h"
#include "demo/paper_engine/core/engine.h"
#include "demo/paper_engine/live/faults.h"

const struct fault_kind fault_kinds[FAULTS] = {
	[FAULT_CRASH] = { "crash", NULL, 0, 0, 0, "The engine aborts. It has to be started again.",
	    "The heartbeat gets old, and the engine counts as down.", "arbitrage_engine_up == 0",
	    "EngineDown, when the heartbeat is older than engine.max-age (30 s)" },
	[FAULT_HANG] = { "hang", NULL, 0, 0, 0, "The loop stands still.",
	    "The heartbeat gets old, and the engine counts as down.", "arbitrage_engine_up == 0",
	    "EngineDown, when the heartbeat is older than engine.max-age (30 s)" },
	[FAULT_LOOP_LATENCY] = { "loop-latency", "ms", 200, 1, 60000, "Each loop takes so much longer.",
	    "The 99th percentile of the loop is above its limit.",
	    "histogram_quantile(0.99, sum by (env, engine, le) "
	    "(rate(arbitrage_engine_loop_duration_seconds_bucket[1m]))) > 0.05",
	    "LoopLatencyHigh after 5 minutes" },
	[FAULT_RECONNECTS] = { "reconnects", "ms", 1000, 100, 60000,
	    "The feeds of both exchanges are cut so often, and connect again.",
	    "The feeds connect again more than once a minute.",
	    "60 * rate(arbitrage_engine_feed_reconnects_total[1m]) > 1",
	    "FeedReconnectStorm, when it is more than one a minute on the average of 5 minutes" },
	[FAULT_DAILY_LOSS] = { "daily-loss", "percent", 100, 1, 1000,
	    "The loss of the day, in total and of each exchange, seems to be so much of the limit in total. At 100 the "
	    "engine blocks itself, and each exchange from its own limit on.",
	    "The loss of the day reaches its limit.",
	    "arbitrage_engine_daily_loss / (arbitrage_engine_daily_loss_limit > 0) >= 1",
	    "DailyLossLimit, GlobalGuardBlock and ExchangeGuardBlock at once; DailyLossHigh from 80 percent" },
	[FAULT_EXPOSURE] = { "exposure", "percent", 85, 1, 1000,
	    "The exposure seems to be so much of its limit in total. Above 100 the engine blocks itself.",
	    "The exposure is above 80 percent of its limit.",
	    "arbitrage_engine_exposure{tier=\"global\"} / (arbitrage_engine_exposure_limit > 0) > 0.8",
	    "EngineExposureHigh after 1 minute" },
	[FAULT_SKIP_ROUTES] = { "skip-routes", NULL, 0, 0, 0, "Every route has a score of 0, and is skipped.",
	    "The highest score of all routes is 0.",
	    "max by (env, engine) (arbitrage_engine_route_score) == 0",
	    "RouteScoreFalling at once, RouteScoreLow after 1 minute, AllRoutesSkipped after 5 minutes" },
	[FAULT_SNAPSHOT] = { "snapshot", NULL, 0, 0, 0, "No snapshot of the engine's state can be saved.",
	    "Failed snapshots are counted.",
	    "increase(arbitrage_engine_snapshots_total{result=\"failed\"}[1m]) > 0",
	    "SnapshotFailed at once" },
	[FAULT_REBALANCE] = { "rebalance", NULL, 0, 0, 0, "A rebalance is tried every second, and fails.",
	    "Three or more in a row have failed.", "arbitrage_engine_rebalance_failures_in_a_row >= 3",
	    "RebalanceFailed at once" },
	[FAULT_INVENTORY_SYNC] = { "inventory-sync", NULL, 0, 0, 0,
	    "The inventory is compared with the ledger every second, and that fails.",
	    "Failed syncs are counted.",
	    "increase(arbitrage_engine_inventory_syncs_total{result=\"failed\"}[1m]) > 0",
	    "InventorySyncFailed at once" },
	[FAULT_POSITION_DRIFT] = { "position-drift", "BTC", 0.25, 0.00000001, 1000,
	    "The list of positions has so much too much at binance.",
	    "open_positions finds the difference, once its grace is over.",
	    "arbitrage_position_mismatch{exchange=\"binance\",symbol=\"BTC\"} != 0",
	    "PositionMismatch at once" },
	[FAULT_ERROR_LOG] = { "error-log", NULL, 0, 0, 0, "The engine logs an error every second.",
	    "Lines of the level are counted.",
	    "increase(arbitrage_engine_log_lines_total{level=\"error\"}[1m]) > 0",
	    "EngineErrorLog at once, EngineErrorRateHigh above 10 a minute on the average of 5 minutes" },
	[FAULT_CRITICAL_LOG] = { "critical-log", NULL, 0, 0, 0,
	    "The engine logs a critical line every second.", "Lines of the level are counted.",
	    "increase(arbitrage_engine_log_lines_total{level=\"critical\"}[1m]) > 0",
	    "EngineCriticalLog at once" },
	[FAULT_ONE_LEG] = { "one-leg", NULL, 0, 0, 0,
	    "Of each trade only the first leg is filled; the second one and the unwinding are rejected again and again.",
	    "More than half of the orders are rejected, and no trade closes any more.",
	    "sum by (env, engine) (increase(arbitrage_engine_orders_total{status=\"rejected\"}[1m])) > 0.5 * "
	    "sum by (env, engine) (increase(arbitrage_engine_orders_total{status=\"sent\"}[1m]))",
	    "OrdersRejected, when more than half of the orders of 5 minutes are rejected, and 10 or more were sent" },
	[FAULT_SLOW_DATABASE] = { "slow-database", "ms", 5000, 1, 60000,
	    "Each transaction of the journal takes so much longer.",
	    "The last snapshot is some seconds older than the heartbeat, and the equity comes late.",
	    "max_over_time((arbitrage_engine_heartbeat_timestamp_seconds - on (env, engine) "
	    "arbitrage_engine_snapshot_saved_timestamp_seconds)[1m:5s]) > 4",
	    NULL },
};

struct faults {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool ended;
	bool on[FAULTS];
	double values[FAULTS];
};

struct faults *
faults_new(void)
{
	struct faults *faults = calloc(1, sizeof(*faults));
	pthread_condattr_t monotonic;

	if (faults == NULL)
		return NULL;
	(void)pthread_mutex_init(&faults->lock, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&faults->changed, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	return faults;
}

void
faults_free(struct faults *faults)
{
	if (faults == NULL)
		return;
	(void)pthread_cond_destroy(&faults->changed);
	(void)pthread_mutex_destroy(&faults->lock);
	free(faults);
}

int
fault_find(const char *name, enum fault *fault)
{
	for (int i = 0; i < FAULTS; i++)
		if (strcmp(fault_kinds[i].name, name) == 0) {
			*fault = (enum fault)i;
			return 0;
		}
	return -1;
}

static int
read_value(const struct fault_kind *kind, const char *text, double *value, struct failure *why)
{
	struct slice all = { text, strlen(text) };
	struct decimal number;

	if (kind->unit == NULL)
		return failure_set(why, FAILURE_LOCAL, "%s takes no value", kind->name);
	if (!decimal_parse(all, &number) || decimal_value(number) < kind->least ||
	    decimal_value(number) > kind->most)
		return failure_set(why, FAILURE_LOCAL,
		    "the value of %s is a number of %s from %.8g to %.8g, like %.8g", kind->name, kind->unit,
		    kind->least, kind->most, kind->fallback);
	*value = decimal_value(number);
	return 0;
}

int
fault_turn_on(struct faults *faults, enum fault fault, const char *text, struct failure *why)
{
	double value = fault_kinds[fault].fallback;

	if (text != NULL && read_value(&fault_kinds[fault], text, &value, why) != 0)
		return -1;
	(void)pthread_mutex_lock(&faults->lock);
	faults->on[fault] = !faults->ended;
	faults->values[fault] = value;
	(void)pthread_cond_broadcast(&faults->changed);
	(void)pthread_mutex_unlock(&faults->lock);
	return 0;
}

void
fault_turn_off(struct faults *faults, enum fault fault)
{
	(void)pthread_mutex_lock(&faults->lock);
	faults->on[fault] = false;
	(void)pthread_cond_broadcast(&faults->changed);
	(void)pthread_mutex_unlock(&faults->lock);
}

void
faults_turn_off(struct faults *faults)
{
	for (int i = 0; i < FAULTS; i++)
		fault_turn_off(faults, (enum fault)i);
}

void
faults_end(struct faults *faults)
{
	(void)pthread_mutex_lock(&faults->lock);
	faults->ended = true;
	(void)pthread_mutex_unlock(&faults->lock);
	faults_turn_off(faults);
}

bool
fault_is_on(struct faults *faults, enum fault fault)
{
	bool on;

	(void)pthread_mutex_lock(&faults->lock);
	on = faults->on[fault];
	(void)pthread_mutex_unlock(&faults->lock);
	return on;
}

double
fault_value(struct faults *faults, enum fault fault)
{
	double value;

	(void)pthread_mutex_lock(&faults->lock);
	value = faults->on[fault] ? faults->values[fault] : 0;
	(void)pthread_mutex_unlock(&faults->lock);
	return value;
}

void
fault_pause(struct faults *faults, enum fault fault, int64_t ms)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	(void)pthread_mutex_lock(&faults->lock);
	while (
	    faults->on[fault] && pthread_cond_timedwait(&faults->changed, &faults->lock, &until) != ETIMEDOUT)
		;
	(void)pthread_mutex_unlock(&faults->lock);
}

/* A dump would hold the passwords, also where somebody allows dumps; and a crash on purpose needs none. */
static void
crash(void)
{
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
	(void)signal(SIGABRT, SIG_DFL);
	abort();
}

void
faults_strike_loop(struct faults *faults)
{
	enum { HANG_MS = 60000 };
	int64_t late_ms = (int64_t)fault_value(faults, FAULT_LOOP_LATENCY);

	if (fault_is_on(faults, FAULT_CRASH))
		crash();
	if (late_ms > 0)
		fault_pause(faults, FAULT_LOOP_LATENCY, late_ms);
	while (fault_is_on(faults, FAULT_HANG))
		fault_pause(faults, FAULT_HANG, HANG_MS);
}

/* What is missing to so many percent of the limit. */
static fixed
missing(fixed limit, double percent, fixed already)
{
	fixed wanted = fixed_times(limit, (fixed)(percent * (double)(FIXED_ONE / 100)));

	return wanted > already ? wanted - already : 0;
}

void
faults_distort(struct faults *faults, struct engine *engine)
{
	const struct limits *limits = &engine->settings.limits;
	fixed lost = engine->daily_pnl < 0 ? -engine->daily_pnl : 0;

	engine->distortions = (struct distortions){
		.extra_loss = missing(limits->daily_loss_total, fault_value(faults, FAULT_DAILY_LOSS), lost),
		.extra_exposure =
		    missing(limits->exposure_total, fault_value(faults, FAULT_EXPOSURE), engine->exposure),
		.no_score = fault_is_on(faults, FAULT_SKIP_ROUTES),
		.one_leg = fault_is_on(faults, FAULT_ONE_LEG),
		.rebalance_fails = fault_is_on(faults, FAULT_REBALANCE),
	};
}
