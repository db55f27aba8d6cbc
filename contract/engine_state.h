#ifndef CONTRACT_ENGINE_STATE_H
#define CONTRACT_ENGINE_STATE_H

#include "textfile/family.h"

/*
 * The state that the bot writes into Redis (docs/engine.md), as engine_state publishes it.  The first label
 * of all is `engine`, the bot's name in the settings.
 *
 * Counters and histograms are the bot's own totals: they are published as they are, and start again when
 * Redis lost them.  They stay when the bot is stale, because what happened has happened.  Gauges do not.
 */
enum engine_family {
	ENGINE_UP,
	ENGINE_HEARTBEAT,
	ENGINE_STARTED,
	ENGINE_RESTARTS,
	ENGINE_RUN_STATE,
	ENGINE_LOOP_DURATION,
	ENGINE_LOOP_LAG,
	ENGINE_ERRORS,
	ENGINE_LOG_LINES,
	ENGINE_CPU,
	ENGINE_MEMORY,
	ENGINE_FEED_CONNECTED,
	ENGINE_FEED_LATENCY,
	ENGINE_FEED_RECONNECTS,
	ENGINE_FEED_MESSAGES,
	ENGINE_FEED_GAPS,
	ENGINE_FEED_LAST_MESSAGE,
	ENGINE_GUARD_STATE,
	ENGINE_GUARD_REASON,
	ENGINE_GUARD_TRIGGERS,
	ENGINE_GUARDS,
	ENGINE_DAILY_LOSS,
	ENGINE_DAILY_LOSS_LIMIT,
	ENGINE_EXPOSURE,
	ENGINE_EXPOSURE_LIMIT,
	ENGINE_IMBALANCE,
	ENGINE_REBALANCES,
	ENGINE_REBALANCE_FAILURES,
	ENGINE_INVENTORY_SYNCS,
	ENGINE_INVENTORY_SYNCED,
	ENGINE_ROUTE_SCORE,
	ENGINE_ROUTE_SCORE_PART,
	ENGINE_ROUTE_TRADING,
	ENGINE_ROUTES,
	ENGINE_UNIVERSE_MODE,
	ENGINE_UNIVERSE_SYMBOLS,
	ENGINE_UNIVERSE_CHANGES,
	ENGINE_SYMBOL_UPDATED,
	ENGINE_ORDERS,
	ENGINE_SNAPSHOTS,
	ENGINE_SNAPSHOT_SAVED,
	ENGINE_TUNING_DONE,
	ENGINE_TUNING_PLANNED,
	ENGINE_TUNING_BEST,
	ENGINE_ENTRIES,
	ENGINE_ENTRIES_DROPPED,
	ENGINE_ENTRIES_STALE,
	ENGINE_ENTRIES_FAULTY,
};
enum { ENGINE_FAMILIES = ENGINE_ENTRIES_FAULTY + 1 };
extern const struct family engine_families[ENGINE_FAMILIES];

/* Upper bounds, in seconds, of the bot's two histograms: the loop's duration and the feeds' latency.  The bot
 * names its counters by them (docs/engine.md): changing one breaks every bot. */
enum { ENGINE_BOUNDS = 16 };
extern const double engine_bounds[ENGINE_BOUNDS];

/* The label "state" of the bot's run. */
enum run_state { RUN_STARTING, RUN_RUNNING, RUN_PAUSED, RUN_STOPPING, RUN_STOPPED, RUN_HALTED };
enum { RUN_STATES = RUN_HALTED + 1 };
extern const char *const run_state_names[RUN_STATES + 1];

/* The label "level" of log lines. */
enum { LOG_LINE_LEVELS = 5 };
extern const char *const log_line_levels[LOG_LINE_LEVELS + 1]; /* debug info warning error critical */

/* The label "tier" of guards and limits, the widest first. */
enum guard_tier { TIER_GLOBAL, TIER_EXCHANGE, TIER_ROUTE, TIER_SYMBOL };
enum { GUARD_TIERS = TIER_SYMBOL + 1 };
extern const char *const guard_tier_names[GUARD_TIERS + 1];

/* The label "state" of guards, and the value of arbitrage_engine_guard_state: the higher, the worse. */
enum guard_state { GUARD_OK, GUARD_DEGRADE, GUARD_COOLDOWN, GUARD_BLOCK };
enum { GUARD_STATES = GUARD_BLOCK + 1 };
extern const char *const guard_state_names[GUARD_STATES + 1];

/* The label "part" of a route's score. */
enum score_part { SCORE_SPREAD, SCORE_HEALTH, SCORE_FEE, SCORE_INVENTORY };
enum { SCORE_PARTS = SCORE_INVENTORY + 1 };
extern const char *const score_part_names[SCORE_PARTS + 1];

/* The label "decision" of routes. */
enum decision { DECISION_TRADE, DECISION_SKIP };
enum { DECISIONS = DECISION_SKIP + 1 };
extern const char *const decision_names[DECISIONS + 1];

/* The label "mode" of the symbol universe. */
enum universe_mode { UNIVERSE_SINGLE, UNIVERSE_FIXED_LIST, UNIVERSE_TOP_N, UNIVERSE_FULL_MARKET };
enum { UNIVERSE_MODES = UNIVERSE_FULL_MARKET + 1 };
extern const char *const universe_mode_names[UNIVERSE_MODES + 1];

/* The label "status" of orders. */
enum { ORDER_STATUSES = 4 };
extern const char *const order_status_names[ORDER_STATUSES + 1]; /* sent filled rejected unknown */

/* The label "kind" of entries: the keys of which there are several. */
enum entry_kind { ENTRY_FEED, ENTRY_GUARD, ENTRY_LIMIT, ENTRY_ROUTE, ENTRY_SYMBOL, ENTRY_ORDERS };
enum { ENTRY_KINDS = ENTRY_ORDERS + 1 };
extern const char *const entry_kind_names[ENTRY_KINDS + 1];

#endif /* CONTRACT_ENGINE_STATE_H */
