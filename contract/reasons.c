/*
 * prometheus/rules/verdict.yml has the same names, ranks and texts, and docs/health.md says when each
 * applies; a test compares the three.  Texts name the dashboards that show more.
 *
 * A rank says what to look at first: what takes all other knowledge away, then money that is at risk now,
 * then what only makes trading worse.  No rank is there twice, so that every reader sorts alike; the gaps
 * are for rules to come.
 */

#include "contract/reasons.h"

#include <string.h>

const struct reason_text reason_texts[REASONS] = {
	[REASON_NODE_DOWN] = { "node_down", "node_exporter %", 99, SEVERITY_NO, "",
	    "does not answer, so nothing is known of what it serves",
	    "Stop entries. Start it, or find out why Prometheus cannot reach it." },
	[REASON_COLLECTORS_NONE] = { "collectors_none", "collectors", 98, SEVERITY_NO, "",
	    "none has run lately",
	    "Stop entries. Start the collectors, and let them write into the directory that is read." },
	[REASON_POSTGRES_DOWN] = { "postgres_down", "Postgres %", 96, SEVERITY_NO, "postgres_latency",
	    "does not answer",
	    "Stop the bot: its trades are not kept. System health shows which phase fails." },
	[REASON_POSITIONS_DIFFER] = { "positions_differ", "%", 95, SEVERITY_NO, "open_positions",
	    "the bot believes something else than the exchange",
	    "Stop the bot, then close or book the difference: Positions and risk." },
	[REASON_POSITIONS_UNCOMPARED] = { "positions_uncompared", "positions at %", 94, SEVERITY_NO,
	    "open_positions", "are not compared with what the bot believes",
	    "Stop entries. Look at the log of open_positions." },
	[REASON_ONE_LEG] = { "one_leg", "net exposure in %", 93, SEVERITY_NO, "open_positions",
	    "is over the limit: one leg of a trade is missing",
	    "Stop entries, then close or hedge the open leg: Positions and risk." },
	[REASON_ENGINE_DOWN] = { "engine_down", "bot %", 92, SEVERITY_NO_IN_LIVE, "engine_state",
	    "gives no heartbeat, so nobody looks after what is open",
	    "See what is open, then look at the bot's log and start it: Risk and guards." },
	[REASON_REDIS_DOWN] = { "redis_down", "Redis %", 90, SEVERITY_NO, "redis_latency", "does not answer",
	    "Stop the bot: its state is not shared. System health shows which phase fails." },
	[REASON_DAILY_LOSS] = { "daily_loss", "bot %", 89, SEVERITY_NO, "engine_state",
	    "has lost as much today as it may",
	    "Stop entries until tomorrow, and find out what it lost by: Risk and guards." },
	[REASON_ENGINE_BLOCKED] = { "engine_blocked", "bot %", 88, SEVERITY_NO, "engine_state",
	    "its global guard blocks all trading",
	    "Leave it blocked until its reason is gone: Risk and guards has it." },
	[REASON_POSITIONS_UNREADABLE] = { "positions_unreadable", "positions at %", 85, SEVERITY_NO_IN_LIVE,
	    "open_positions", "cannot be read, which does not mean flat",
	    "Trade elsewhere. Positions and risk shows why: a ban, a key, the clock." },
	[REASON_ENGINE_UNREADABLE] = { "engine_unreadable", "the bot's positions", 84, SEVERITY_NO_IN_LIVE,
	    "open_positions", "cannot be read, so nothing is compared with the exchanges",
	    "Stop entries. See whether the bot's Redis or Postgres answers open_positions." },
	[REASON_PREFLIGHT_NOT_READY] = { "preflight_not_ready", "preflight", 80, SEVERITY_NO_IN_LIVE,
	    "preflight", "does not say that the bot is ready",
	    "Do not start the bot, or stop it. Preflight shows which checks fail." },
	[REASON_EXCHANGES_FEW] = { "exchanges_few", "exchanges", 75, SEVERITY_NO, "exchange_health",
	    "too few can be used", "Stop entries. The other reasons say what is wrong with each." },
	[REASON_COLLECTOR_MISSING] = { "collector_missing", "collector %", 70, SEVERITY_NO, "",
	    "has not written its file", "Stop entries. Start it, and see what its log says." },
	[REASON_COLLECTOR_STALE] = { "collector_stale", "collector %", 69, SEVERITY_NO, "",
	    "has not run for three intervals",
	    "Trust none of its values: start it again. If it was removed, remove its .prom file." },
	[REASON_FILE_BROKEN] = { "file_broken", "file %", 65, SEVERITY_NO, "",
	    "cannot be read, and may hide anything",
	    "Repair or remove it. textfile_lint says what is wrong with it." },
	[REASON_TOO_MANY] = { "too_many", "checks or files", 60, SEVERITY_NO, "",
	    "are more than there is room for, and some are not looked at",
	    "Remove files that nobody needs." },
	[REASON_KEY_WITHDRAW] = { "key_withdraw", "key at %", 59, SEVERITY_CARE, "open_positions",
	    "may withdraw", "Replace it by a key that may not." },
	[REASON_ACCOUNT_LOCKED] = { "account_locked", "account at %", 58, SEVERITY_CARE, "open_positions",
	    "trading is locked by the exchange", "Trade elsewhere, and ask the exchange." },
	[REASON_POSITIONS_UNCHECKED] = { "positions_unchecked", "positions", 57, SEVERITY_CARE,
	    "open_positions", "are not compared with what the bot believes",
	    "Give open_positions the engine's store (--engine.postgres or --engine.redis)." },
	[REASON_ENGINE_ROWS] = { "engine_rows", "the bot's positions", 56, SEVERITY_CARE, "open_positions",
	    "some are at exchanges that nobody checks", "Add these exchanges to open_positions." },
	[REASON_EXCHANGE_BANNED] = { "exchange_banned", "%", 50, SEVERITY_CARE, "exchange_health",
	    "banned: it has banned this address", "Stop all requests to it until the ban ends: Exchanges." },
	[REASON_EXCHANGE_DOWN] = { "exchange_down", "%", 49, SEVERITY_CARE, "exchange_health",
	    "down: it does not answer",
	    "Leave it out. Its page tells since when; System health shows our own network." },
	[REASON_EXCHANGE_FROZEN] = { "exchange_frozen", "%", 48, SEVERITY_CARE, "exchange_health",
	    "frozen: its order books stand still", "Leave it out: the prices it shows are old." },
	[REASON_EXCHANGE_MAINTENANCE] = { "exchange_maintenance", "%", 47, SEVERITY_CARE, "exchange_health",
	    "maintenance: it says so itself", "Leave it out until it ends." },
	[REASON_EXCHANGE_UNKNOWN] = { "exchange_unknown", "%", 46, SEVERITY_CARE, "exchange_health",
	    "its state is not known", "Leave it out. Look at the log of exchange_health." },
	[REASON_POSTGRES_FULL] = { "postgres_full", "Postgres %", 40, SEVERITY_CARE, "postgres_latency",
	    "more than 80 % of its connections are taken", "Find who holds them, before nobody gets in." },
	[REASON_EXCHANGE_CLOCK] = { "exchange_clock", "clock of %", 39, SEVERITY_CARE, "exchange_health",
	    "differs from ours by more than 0.5 s", "Set our clock right: signed requests will be refused." },
	[REASON_KEY_EXPIRES] = { "key_expires", "key at %", 38, SEVERITY_CARE, "open_positions",
	    "expires within two weeks", "Make a new one now." },
	[REASON_EXCHANGE_CERTIFICATE] = { "exchange_certificate", "certificate of %", 37, SEVERITY_CARE,
	    "exchange_health", "expires within two weeks", "Expect refused connections when it does." },
	[REASON_EXPOSURE_UNKNOWN] = { "exposure_unknown", "exposure in %", 30, SEVERITY_CARE,
	    "open_positions", "is not known", "A price or a rate is missing: open_positions logs which." },
	[REASON_PREFLIGHT_STALE] = { "preflight_stale", "preflight", 25, SEVERITY_CARE, "preflight",
	    "has not run for three intervals, so its verdict is old",
	    "Start it again. If it was removed, remove its .prom file." },
	[REASON_EXCHANGE_DEGRADED] = { "exchange_degraded", "%", 20, SEVERITY_CARE, "exchange_health",
	    "degraded: slow, failing, near a rate limit, or a symbol is halted",
	    "Enter with smaller size or not at all: Exchanges shows which." },
	[REASON_UNMEASURED] = { "unmeasured", "%", 15, SEVERITY_CARE, "", "nobody measures this",
	    "Start its collector: redis_latency, postgres_latency or open_positions." },
	[REASON_COLLECTOR_FAILING] = { "collector_failing", "collector %", 10, SEVERITY_CARE, "",
	    "its last run could not measure everything", "Look at its log." },
};

int
reason_value(enum reason_rule rule, const char *env)
{
	const struct reason_text *text = &reason_texts[rule];
	int no = text->severity == SEVERITY_NO ||
		 (text->severity == SEVERITY_NO_IN_LIVE && strcmp(env, "paper") != 0);

	return (no ? 200 : 100) + text->rank;
}
