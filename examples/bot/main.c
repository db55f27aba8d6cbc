/*
 * example_bot: an example bot that trades on paper against prices it makes up, and the bot of `make run` and
 * of the stack on paper.  It shows how to keep the contract of docs/engine.md in C: tell.[ch] is the half in
 * Redis, records.[ch] that in PostgreSQL; market.[ch] is only there to have something to tell.  No exchange
 * is asked, and its profit means nothing.
 */

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/config/options.h"
#include "common/deadline.h"
#include "common/net/url.h"
#include "common/system/process.h"
#include "common/version.h"
#include "examples/bot/market.h"
#include "examples/bot/records.h"
#include "examples/bot/tell.h"

enum { EXIT_ENDED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };
enum { KEY = 64 };

static const int64_t second_ns = 1000 * 1000 * 1000;

static const struct option table[] = {
	{ .name = "redis",
	    .argument = "URL",
	    .fallback = "redis://127.0.0.1:6379",
	    .variable = "REDIS_URL",
	    .help = "where it tells how it is: redis://[user:password@]host[:port][/db]; empty: nowhere",
	    .secret = true },
	{ .name = "redis.password",
	    .argument = "PASSWORD",
	    .variable = "REDIS_PASSWORD",
	    .help = "password, if the URL has none",
	    .secret = true },
	{ .name = "postgres",
	    .argument = "DSN",
	    .variable = "POSTGRES_DSN",
	    .help = "where it writes its trades and its equity (default: nowhere)",
	    .secret = true },
	{ .name = "postgres.password",
	    .argument = "PASSWORD",
	    .variable = "POSTGRES_PASSWORD",
	    .help = "password, if the connection string has none",
	    .secret = true },
	{ .name = "prefix",
	    .argument = "TEXT",
	    .fallback = "arbwatch:",
	    .help = "what its keys in Redis begin with" },
	{ .name = "loop",
	    .argument = "DURATION",
	    .fallback = "250ms",
	    .help = "time from one loop to the next" },
	{ .name = "loops", .argument = "N", .fallback = "0", .help = "end after so many loops; 0: never" },
	{ .name = "trades-per-minute",
	    .argument = "N",
	    .fallback = "6",
	    .help = "trades on average, 0 to 6000" },
	{ .name = "equity.every",
	    .argument = "DURATION",
	    .fallback = "10s",
	    .help = "time between two rows of equity" },
	{ .name = "history.days",
	    .argument = "N",
	    .fallback = "0",
	    .help = "if there is no trade yet, make up those of so many days first" },
	{ .name = "seed", .argument = "NUMBER", .fallback = "1", .help = "seed of what it makes up" },
	{ .name = "version", .flag_only = true, .help = "print the version, and exit" },
	{ .name = "help", .flag_only = true, .help = "print this help, and exit" },
	{ 0 },
};

struct bot {
	int64_t loop_ns, equity_every_ns, loops_most;
	double trades_a_second;
	struct market market;
	struct teller teller;
	struct records records;
	bool tells, records_trades; /* otherwise it only trades */

	struct trade unwritten; /* PostgreSQL did not take it yet; empty while its closed_at is 0 */
	struct tell_times loop_times, latency[VENUES];
	long messages, loops, rebalance_failures;
	int64_t equity_due_ns, seldom_due_ns;
	double started_at, equity, loss, imbalance, loop_seconds, lag, spent, cooldown_until[ROUTES];
	long day;
};

static double
wall_seconds(void)
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

/* What is sold at the one venue and bought at the other has to go back. */
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

/* Once a second: the states that are told in full, and what was counted meanwhile. */
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
	double now = wall_seconds();

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

/* Until a signal ends it. */
static void
run(struct bot *bot, const sigset_t *ends)
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
	(void)tell_end(&bot->teller);
	(void)tell_begin(&bot->teller);
	printf("%ld loops, %.1f us each\n", bot->loops, bot->spent / (double)bot->loops * 1e6);
}

/* Settings ------------------------------------------------------------- */

/* `url` is what the teller points into. */
static int
read_redis(struct teller *t, const struct options *o, struct url *url, struct failure *why)
{
	if (url_parse(url, options_text(o, "redis"), why) != 0)
		return options_failure(o, "redis", 0, why, "%s", why->text);
	if (strcmp(url->scheme, "redis") != 0)
		return options_failure(o, "redis", 0, why, "this example only speaks redis://");
	t->host = url->host;
	t->port = url->port != 0 ? url->port : 6379;
	t->user = url->user;
	t->password = url->password != NULL ? url->password : options_text(o, "redis.password");
	t->database = url->path[0] == '/' ? atoi(url->path + 1) : 0;
	t->prefix = options_text(o, "prefix");
	return 0;
}

static int
read_settings(struct bot *bot, const struct options *o, struct url *url, struct failure *why)
{
	int64_t seed, trades, days;

	if (options_duration(o, "loop", &bot->loop_ns, why) != 0 ||
	    options_duration(o, "equity.every", &bot->equity_every_ns, why) != 0 ||
	    options_integer(o, "loops", 0, INT64_MAX, &bot->loops_most, why) != 0 ||
	    options_integer(o, "trades-per-minute", 0, 6000, &trades, why) != 0 ||
	    options_integer(o, "history.days", 0, 366, &days, why) != 0 ||
	    options_integer(o, "seed", 0, INT64_MAX, &seed, why) != 0)
		return -1;
	bot->tells = options_text(o, "redis")[0] != '\0';
	bot->records_trades = options_text(o, "postgres") != NULL;
	bot->trades_a_second = (double)trades / 60;
	bot->market.random = (uint64_t)seed;
	bot->equity = 10000;
	bot->started_at = wall_seconds();
	return bot->tells ? read_redis(&bot->teller, o, url, why) : 0;
}

/* A trade that is lost would be a wrong profit: without its database it does not begin. */
static int
open_records(struct bot *bot, const struct options *o, struct failure *why)
{
	struct records *r = &bot->records;
	const char *days = options_text(o, "history.days");

	if (records_open(r, options_text(o, "postgres"), options_text(o, "postgres.password")) != 0 ||
	    (atoi(days) > 0 && !records_make_history(r, days)))
		return failure_set(why, FAILURE_CONNECT, "PostgreSQL: %s", r->error);
	bot->equity = records_last_equity(r, bot->equity);
	return 0;
}

static int
trade_until_ended(const struct options *o, struct failure *why)
{
	struct bot bot = { 0 };
	struct url url = { 0 };
	int status = EXIT_USAGE;
	sigset_t ends;

	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &ends, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	if (read_settings(&bot, o, &url, why) == 0) {
		status = !bot.records_trades || open_records(&bot, o, why) == 0 ? EXIT_ENDED : EXIT_FAILED;
		if (status == EXIT_ENDED)
			run(&bot, &ends);
	}
	tell_close(&bot.teller);
	records_close(&bot.records);
	url_release(&url);
	return status;
}

static void
print_help(const struct options *o)
{
	printf(
	    "usage: example_bot [--FLAG VALUE]...\n\n"
	    "An example bot that trades on paper against prices it makes up. It tells how it is in Redis, and writes\n"
	    "its trades to PostgreSQL, as docs/engine.md describes.\n\n");
	options_print_help(o);
	printf(
	    "\nA flag may be a variable: --loop is ARBWATCH_LOOP. A secret may be in a file: REDIS_PASSWORD_FILE.\n"
	    "Exit status: 0 ended by a signal, 1 could not use PostgreSQL, 2 wrong settings.\n");
}

int
main(int argc, char *argv[])
{
	const struct option *const tables[] = { table };
	struct options *o = options_new("example_bot", tables, 1);
	struct failure why = { .text = "out of memory" };
	int status = EXIT_USAGE;

	process_forbid_dumps();
	if (o != NULL && options_read_flags(o, argc, argv, &why) == 0) {
		status = EXIT_ENDED;
		if (options_switch(o, "help"))
			print_help(o);
		else if (options_switch(o, "version"))
			printf("example_bot, version %s (revision %s)\n", version_number, version_revision);
		else if (options_read_rest(o, &why) != 0)
			status = EXIT_USAGE;
		else
			status = trade_until_ended(o, &why);
	}
	if (status != EXIT_ENDED)
		(void)fprintf(stderr, "example_bot: %s\n", why.text);
	options_free(o);
	return status;
}
