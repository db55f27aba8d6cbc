/*
 * The loop of the example bot.  Each loop takes the answers of Redis to the one before, moves the market,
 * trades, and tells what has changed.  A real bot keeps its own loop, and takes from here what and when to
 * tell.
 */

#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/deadline.h"
#include "examples/bot/bot.h"

enum { KEY = 64 };

static const int64_t second_ns = 1000 * 1000 * 1000;

double
bot_wall_seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A bot that logs in its own way counts its lines as here. */
static void
log_error(struct bot *bot, const char *what, const char *text)
{
	(void)fprintf(stderr, "example_bot: error: %s: %s\n", what, text);
	tell_count(&bot->teller, "engine", "errors", 1);
	tell_count(&bot->teller, "engine", "log_error", 1);
}

/* Trading -------------------------------------------------------------- */

static void
open_trade(struct bot *bot, double now)
{
	struct trade *trade = market_open(&bot->market, now);
	char key[KEY];

	if (trade == NULL)
		return;
	for (size_t venue = 0; venue < VENUES; venue++) {
		(void)snprintf(key, sizeof(key), "orders:%s", venue_names[venue]);
		tell_count(&bot->teller, key, "sent", 1);
		tell_count(&bot->teller, key, market_uniform(&bot->market) < 0.99 ? "filled" : "rejected", 1);
	}
}

/* After a loss the route rests for ten seconds. */
static void
close_trade(struct bot *bot, const struct trade *trade, double now)
{
	char route[ROUTE_NAME], key[KEY];

	bot->equity += trade->profit;
	bot->loss -= trade->profit;
	bot->imbalance += (trade->route % VENUES == 0 ? 1 : -1) * trade->notional / 20000;
	if (trade->profit >= 0)
		return;
	bot->cooldown_until[trade->route] = now + 10;
	(void)snprintf(key, sizeof(key), "guard:route:%s", route_name(trade->route, route));
	tell_count(&bot->teller, key, "triggers", 1);
}

static void
write_equity(struct bot *bot, double now)
{
	bool saved = records_equity(&bot->records, bot->equity) && records_rate(&bot->records, market_won);

	tell_count(&bot->teller, "snapshots", saved ? "saved" : "failed", 1);
	if (saved)
		tell_state(&bot->teller, "snapshots", "saved_at %.3f", now);
	else
		log_error(bot, "PostgreSQL", bot->records.error);
}

/* A trade that cannot be written waits, and no other one is closed meanwhile. */
static void
trade_on(struct bot *bot, double now)
{
	if (market_uniform(&bot->market) < bot->trades_a_second * (double)bot->loop_ns / (double)second_ns)
		open_trade(bot, now);
	while (bot->unwritten.closed_at > 0 || market_close(&bot->market, now, &bot->unwritten)) {
		if (bot->records_trades && !records_trade(&bot->records, &bot->unwritten)) {
			log_error(bot, "PostgreSQL", bot->records.error);
			break;
		}
		close_trade(bot, &bot->unwritten, now);
		bot->unwritten.closed_at = 0;
	}
	if (bot->records_trades && clock_now_ns() >= bot->equity_due_ns) {
		bot->equity_due_ns = clock_now_ns() + bot->equity_every_ns;
		write_equity(bot, now);
	}
}

/* An asset that was sold at one venue and bought at the other has to go back. */
static void
balance(struct bot *bot)
{
	bool moved = market_uniform(&bot->market) < 0.9;

	if (fabs(bot->imbalance) < 0.5)
		return;
	tell_count(&bot->teller, "inventory", moved ? "rebalances" : "rebalance_failures", 1);
	bot->rebalance_failures = moved ? 0 : bot->rebalance_failures + 1;
	bot->imbalance *= moved ? 0.2 : 1;
}

/* Telling -------------------------------------------------------------- */

static void
tell_route(struct bot *bot, size_t route, double now)
{
	double spread = fmin(100, 55 + 20000 * fabs(bot->market.basis[route / VENUES])), health = 92,
	       fee = 80;
	double inventory = 100 - 60 * fmin(1, fabs(bot->imbalance));
	bool rests = now < bot->cooldown_until[route];
	char key[KEY], name[ROUTE_NAME];

	(void)snprintf(key, sizeof(key), "route:%s", route_name(route, name));
	tell_state(&bot->teller, key,
	    "updated_at %.3f score %.2f spread %.2f health %.2f fee %.2f inventory %.2f decision %s", now,
	    (spread + health + fee + inventory) / 4, spread, health, fee, inventory,
	    rests ? "skip" : "trade");
	(void)snprintf(key, sizeof(key), "guard:route:%s", name);
	tell_state(&bot->teller, key, "updated_at %.3f state %s reason %s", now, rests ? "cooldown" : "ok",
	    rests ? "the last trade lost money" : "");
}

static void
tell_venue(struct bot *bot, size_t venue, double exposure, double now)
{
	const char *name = venue_names[venue];
	char key[KEY];

	(void)snprintf(key, sizeof(key), "feed:%s", name);
	tell_state(&bot->teller, key, "updated_at %.3f connected 1 message_at %.3f", now, now);
	tell_count(&bot->teller, key, "messages", bot->messages);
	tell_times(&bot->teller, key, &bot->latency[venue]);
	(void)snprintf(key, sizeof(key), "guard:exchange:%s", name);
	tell_state(&bot->teller, key, "updated_at %.3f state ok", now);
	(void)snprintf(key, sizeof(key), "limit:exposure:exchange:%s", name);
	tell_state(&bot->teller, key, "updated_at %.3f value %.2f limit 10000 currency USDT", now, exposure);
}

static void
tell_assets(struct bot *bot, double now)
{
	char key[KEY];

	tell_state(&bot->teller, "universe", "updated_at %.3f mode fixed_list symbols %d", now, ASSETS);
	for (size_t i = 0; i < ASSETS; i++) {
		(void)snprintf(key, sizeof(key), "symbol:%s/USDT", asset_names[i]);
		tell_state(&bot->teller, key, "updated_at %.3f", now);
		(void)snprintf(key, sizeof(key), "guard:symbol:%s/USDT", asset_names[i]);
		tell_state(&bot->teller, key, "updated_at %.3f state ok", now);
	}
}

static double
memory_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long pages = 0;

	if (file != NULL && fscanf(file, "%*d %ld", &pages) != 1)
		pages = 0;
	if (file != NULL)
		(void)fclose(file);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/* Once a second: all states, and the counts of this second. */
static void
tell_seldom(struct bot *bot, double now)
{
	struct teller *t = &bot->teller;
	double exposure = 0;

	for (size_t i = 0; i < bot->market.open_count; i++)
		exposure += bot->market.open[i].notional;
	tell_state(t, "engine", "env paper started_at %.3f cpu_seconds %.3f memory_bytes %.0f",
	    bot->started_at, (double)clock() / CLOCKS_PER_SEC, memory_bytes());
	tell_state(t, "guard:global", "updated_at %.3f state ok", now);
	tell_state(t, "limit:daily_loss:global", "updated_at %.3f value %.4f limit 200 currency USDT", now,
	    fmax(0, bot->loss));
	tell_state(t, "limit:exposure:global", "updated_at %.3f value %.2f limit 20000 currency USDT", now,
	    2 * exposure);
	tell_state(t, "inventory",
	    "updated_at %.3f imbalance %.6f rebalance_failures_in_a_row %ld synced_at %.3f", now,
	    bot->imbalance, bot->rebalance_failures, now);
	tell_count(t, "inventory", "syncs", 1);
	tell_state(t, "tuning", "updated_at %.3f done %ld planned 200 best_score %.4f", now,
	    bot->loops / 40 % 201, 1.5 - 1 / (1 + (double)(bot->loops / 400)));
	for (size_t venue = 0; venue < VENUES; venue++)
		tell_venue(bot, venue, exposure, now);
	for (size_t route = 0; route < ROUTES; route++)
		tell_route(bot, route, now);
	tell_assets(bot, now);
	bot->messages = 0;
}

/* A counter that is there before its first event shows this event as an increase. */
static void
begin_counters(struct teller *t)
{
	static const char *const own[][2] = { { "engine", "errors" }, { "engine", "log_warning" },
		{ "engine", "log_error" }, { "engine", "log_critical" }, { "inventory", "rebalances" },
		{ "inventory", "rebalance_failures" }, { "inventory", "sync_failures" },
		{ "snapshots", "saved" }, { "snapshots", "failed" }, { "snapshots", "restored" },
		{ "guard:global", "triggers" } };
	static const char *const of_venue[][2] = { { "feed", "reconnects" }, { "orders", "sent" },
		{ "orders", "filled" }, { "orders", "rejected" }, { "orders", "unknown" },
		{ "guard:exchange", "triggers" } };
	char key[KEY], name[ROUTE_NAME];

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		tell_count(t, own[i][0], own[i][1], 0);
	for (size_t i = 0; i < VENUES * (sizeof(of_venue) / sizeof(of_venue[0])); i++) {
		(void)snprintf(key, sizeof(key), "%s:%s", of_venue[i / VENUES][0], venue_names[i % VENUES]);
		tell_count(t, key, of_venue[i / VENUES][1], 0);
	}
	for (size_t route = 0; route < ROUTES; route++) {
		(void)snprintf(key, sizeof(key), "guard:route:%s", route_name(route, name));
		tell_count(t, key, "triggers", 0);
	}
}

/* In every loop: that it lives, and how long the loop before took. */
static void
tell_loop(struct bot *bot, double now)
{
	if (bot->loops == 0) {
		tell_count(&bot->teller, "engine", "restarts", 1);
		tell_count(&bot->teller, "universe", "changes", 1);
	} else {
		tell_observe(&bot->loop_times, bot->loop_seconds);
		tell_times(&bot->teller, "loop", &bot->loop_times);
	}
	tell_state(&bot->teller, "engine", "heartbeat_at %.3f state running loop_lag %.6f", now, bot->lag);
	if (clock_now_ns() < bot->seldom_due_ns)
		return;
	bot->seldom_due_ns = clock_now_ns() + second_ns;
	balance(bot);
	tell_seldom(bot, now);
	if (bot->loops == 0)
		begin_counters(&bot->teller);
}

/* The loop ------------------------------------------------------------- */

static void
run_once(struct bot *bot)
{
	double now = bot_wall_seconds();

	if (bot->tells && tell_begin(&bot->teller) != 0)
		log_error(bot, "Redis", bot->teller.error);
	if ((long)(now / 86400) != bot->day) {
		bot->day = (long)(now / 86400);
		bot->loss = 0;
	}
	market_step(&bot->market);
	for (size_t i = 0; i < ASSETS; i++) {
		tell_observe(&bot->latency[0], 0.002 + market_exponential(&bot->market, 0.015));
		tell_observe(&bot->latency[1], 0.005 + market_exponential(&bot->market, 0.05));
	}
	bot->messages += ASSETS;
	trade_on(bot, now);
	if (bot->tells) {
		tell_loop(bot, now);
		if (tell_end(&bot->teller) != 0)
			log_error(bot, "Redis", bot->teller.error);
	}
	bot->loops++;
}

void
bot_run(struct bot *bot, const sigset_t *ends)
{
	int64_t due_ns = clock_now_ns(), left_ns;

	do {
		int64_t began_ns = clock_now_ns();

		bot->lag = (double)(began_ns - due_ns) / (double)second_ns;
		run_once(bot);
		bot->loop_seconds = clock_seconds_since(began_ns);
		bot->spent += bot->loop_seconds;
		due_ns += bot->loop_ns;
		left_ns = due_ns - clock_now_ns();
		if (left_ns < 0)
			due_ns -= left_ns;
		left_ns = left_ns < 0 ? 0 : left_ns;
	} while (bot->loops != bot->loops_most && sigtimedwait(ends, NULL,
						      &(struct timespec){ .tv_sec = left_ns / second_ns,
							  .tv_nsec = left_ns % second_ns }) < 0);
	tell_state(&bot->teller, "engine", "state stopped");
	tell_close(&bot->teller);
	printf("%ld loops, %.1f us each\n", bot->loops, bot->spent / (double)bot->loops * 1e6);
}
