/*
 * example_bot: an example of a bot that keeps the contract of docs/engine.md, and the bot of `make run` and
 * of the stack on paper.  It trades on paper against prices that it makes up, a random walk of two venues: no
 * exchange is asked, and its profit means nothing.
 *
 * Redis: what happens in a loop is appended as it happens, all of it is sent at the loop's end, and the
 * answers are taken at the start of the next loop.  So the loop never waits for Redis, and the contract costs
 * it one write(). PostgreSQL: one row for each closed trade, one of equity every few seconds
 * (sql/example_trading.sql).
 */

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <hiredis/hiredis.h>
#include <libpq-fe.h>

#include "common/config/options.h"
#include "common/deadline.h"
#include "common/net/url.h"
#include "common/system/process.h"
#include "common/version.h"

enum { EXIT_ENDED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };
enum { VENUES = 2, SYMBOLS = 3, ROUTES = 2 * SYMBOLS, TRADES_MOST = 16, BOUNDS = 16, NAME = 64 };

static const struct option table[] = {
	{ .name = "redis",
	    .argument = "URL",
	    .fallback = "redis://127.0.0.1:6379",
	    .variable = "REDIS_URL",
	    .help = "where the bot says how it is: redis://[user:password@]host[:port][/db]",
	    .secret = true },
	{ .name = "redis.password",
	    .argument = "PASSWORD",
	    .variable = "REDIS_PASSWORD",
	    .help = "password, if the URL has none",
	    .secret = true },
	{ .name = "postgres",
	    .argument = "DSN",
	    .variable = "POSTGRES_DSN",
	    .help = "where its trades and its equity are written (default: nowhere)",
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
	{ .name = "loops", .argument = "N", .fallback = "0", .help = "end after so many loops; 0 is never" },
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
	    .help = "if there is no trade yet, first make up those of so many days" },
	{ .name = "seed", .argument = "NUMBER", .fallback = "1", .help = "seed of all that is made up" },
	{ .name = "version", .flag_only = true, .help = "print the version, and exit" },
	{ .name = "help", .flag_only = true, .help = "print this help, and exit" },
	{ 0 },
};

static const char *const venue_names[VENUES] = { "binance", "upbit" };
static const char *const assets[SYMBOLS] = { "BTC", "ETH", "XRP" };
static const double first_prices[SYMBOLS] = { 94000, 3300, 2.1 };
static const double won = 1380; /* KRW for one USDT */

/* The buckets of docs/engine.md. */
static const double bounds[BOUNDS] = { 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
	0.25, 0.5, 1, 2.5, 5, 10 };

struct histogram {
	long counts[BOUNDS + 1];
	double sum;
};

struct trade {
	size_t route;
	double opened_at, closes_at, closed_at; /* Unix time; closed_at is 0 while it is open */
	double notional, basis, leg_gap, slippage, fees, pnl, funding;
};

struct bot {
	const char *prefix;
	int64_t loop_ns, equity_every_ns, loops_most;
	double trades_a_second;
	uint64_t random;

	redisContext *redis; /* NULL: there is no connection */
	int64_t redis_retry_ns;
	int unanswered;   /* commands */
	PGconn *postgres; /* NULL: none is wanted */
	int64_t postgres_retry_ns, equity_due_ns;

	double prices[SYMBOLS], basis[SYMBOLS]; /* of the first venue; how much dearer the second one is */
	struct trade trades[TRADES_MOST];
	size_t trade_count;
	double equity, lost_today, imbalance, loop_seconds, loop_lag, cooldown_until[ROUTES],
	    cooldown_loss[ROUTES];
	long day, loops, rebalance_failures_in_a_row;
	double started_at;
};

/* What is made up ------------------------------------------------------ */

/* Above 0, up to 1. */
static double
uniform(struct bot *bot)
{
	uint64_t z = bot->random += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (double)(((z ^ (z >> 31)) >> 11) + 1) / 9007199254740992.0;
}

static double
normal(struct bot *bot)
{
	double radius = sqrt(-2 * log(uniform(bot)));

	return radius * cos(2 * M_PI * uniform(bot));
}

static double
exponential(struct bot *bot, double mean)
{
	return -mean * log(uniform(bot));
}

static double
wall_seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Two routes for each asset: buy at the one venue and sell at the other. */
static const char *
route_name(size_t route, char name[NAME])
{
	size_t buy = route % VENUES;

	(void)snprintf(
	    name, NAME, "%s-%s:%s", venue_names[buy], venue_names[1 - buy], assets[route / VENUES]);
	return name;
}

/* Redis ---------------------------------------------------------------- */

/* Appended to what the end of the loop sends; what happens while Redis is away is lost. */
static void __attribute__((format(printf, 2, 3))) tell(struct bot *bot, const char *format, ...)
{
	va_list arguments;

	if (bot->redis == NULL)
		return;
	va_start(arguments, format);
	if (redisvAppendCommand(bot->redis, format, arguments) == REDIS_OK)
		bot->unanswered++;
	va_end(arguments);
}

static void
count(struct bot *bot, const char *key, const char *field, long more)
{
	if (more > 0)
		tell(bot, "HINCRBY %s%s %s %ld", bot->prefix, key, field, more);
}

/* A line of the log, which arbwatch counts by its level: debug, info, warning, error or critical. */
static void __attribute__((format(printf, 3, 4)))
say(struct bot *bot, const char *level, const char *format, ...)
{
	char field[NAME];
	va_list arguments;

	va_start(arguments, format);
	(void)fprintf(stderr, "example_bot: %s: ", level);
	(void)vfprintf(stderr, format, arguments);
	(void)fputc('\n', stderr);
	va_end(arguments);
	(void)snprintf(field, sizeof(field), "log_%s", level);
	count(bot, "engine", field, 1);
}

static void
drop_redis(struct bot *bot, const char *what)
{
	redisFree(bot->redis);
	bot->redis = NULL;
	bot->unanswered = 0;
	bot->redis_retry_ns = clock_now_ns() + 1000000000;
	say(bot, "error", "Redis: %s", what);
}

/* The answers to what the last loop sent: by now they are there. */
static void
take_answers(struct bot *bot)
{
	redisReply *reply;

	for (; bot->redis != NULL && bot->unanswered > 0; bot->unanswered--) {
		if (redisGetReply(bot->redis, (void **)&reply) != REDIS_OK) {
			drop_redis(bot, bot->redis->errstr);
			return;
		}
		if (reply->type == REDIS_REPLY_ERROR)
			(void)fprintf(
			    stderr, "example_bot: error: Redis refused a command: %s\n", reply->str);
		freeReplyObject(reply);
	}
}

static void
send_all(struct bot *bot)
{
	int sent = 0;

	while (bot->redis != NULL && !sent)
		if (redisBufferWrite(bot->redis, &sent) != REDIS_OK)
			drop_redis(bot, bot->redis->errstr);
}

static void
open_redis(struct bot *bot, const struct options *o)
{
	const struct timeval patience = { .tv_sec = 1 };
	const char *password;
	struct failure why;
	struct url url;

	if (bot->redis != NULL || clock_now_ns() < bot->redis_retry_ns ||
	    url_parse(&url, options_text(o, "redis"), &why) != 0)
		return;
	password = url.password != NULL ? url.password : options_text(o, "redis.password");
	bot->redis = redisConnectWithTimeout(url.host, url.port != 0 ? url.port : 6379, patience);
	if (bot->redis != NULL && bot->redis->err != 0)
		drop_redis(bot, bot->redis->errstr);
	else if (bot->redis != NULL)
		(void)redisSetTimeout(bot->redis, patience);
	if (password != NULL && url.user != NULL)
		tell(bot, "AUTH %s %s", url.user, password);
	else if (password != NULL)
		tell(bot, "AUTH %s", password);
	if (url.path[0] == '/' && url.path[1] != '\0')
		tell(bot, "SELECT %s", url.path + 1);
	url_release(&url);
}

/* PostgreSQL ----------------------------------------------------------- */

/* Numbers as texts, so that no digit is lost on the way. */
enum { VALUES = 10, VALUE = 40 };

static bool
write_row(struct bot *bot, const char *statement, int value_count, const char *const values[])
{
	PGresult *result;
	bool written;

	if (PQstatus(bot->postgres) != CONNECTION_OK) {
		if (clock_now_ns() < bot->postgres_retry_ns)
			return false;
		bot->postgres_retry_ns = clock_now_ns() + INT64_C(5000000000);
		PQreset(bot->postgres);
	}
	result = PQexecParams(bot->postgres, statement, value_count, NULL, values, NULL, NULL, 0);
	written = PQresultStatus(result) == PGRES_COMMAND_OK;
	PQclear(result);
	if (!written) {
		count(bot, "engine", "errors", 1);
		say(bot, "error", "PostgreSQL: %s", PQerrorMessage(bot->postgres));
	}
	return written;
}

static bool
write_trade(struct bot *bot, const struct trade *trade)
{
	const double numbers[] = { trade->opened_at, trade->closed_at, trade->pnl, trade->fees,
		trade->funding, trade->leg_gap, trade->slippage };
	char route[NAME], symbol[NAME], texts[VALUES][VALUE];
	const char *values[VALUES] = { symbol, route, trade->route % VENUES == 0 ? "KRW" : "USDT" };

	(void)route_name(trade->route, route);
	(void)snprintf(symbol, sizeof(symbol), "%s/USDT", assets[trade->route / VENUES]);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		(void)snprintf(texts[i], VALUE, "%.8f", numbers[i]);
		values[3 + i] = texts[i];
	}
	return write_row(bot,
	    "INSERT INTO public.trades (symbol, route, currency, opened_at, closed_at, pnl, fees, funding, leg_gap, slippage) "
	    "VALUES ($1, $2, $3, to_timestamp($4::float8), to_timestamp($5::float8), $6, $7, $8, $9, $10)",
	    VALUES, values);
}

/* A snapshot: the equity, and the rate that turns the profits in KRW into USDT. */
static void
write_equity(struct bot *bot)
{
	char equity[VALUE], rate[VALUE];
	const char *values[] = { equity }, *rates[] = { rate };
	bool saved;

	(void)snprintf(equity, sizeof(equity), "%.8f", bot->equity);
	(void)snprintf(rate, sizeof(rate), "%.12f", 1 / won);
	saved =
	    write_row(bot, "INSERT INTO public.equity (at, currency, equity) VALUES (now(), 'USDT', $1)", 1,
		values) &&
	    write_row(bot,
		"INSERT INTO public.rates (currency, to_currency, rate, updated_at) VALUES ('KRW', 'USDT', $1, now()) "
		"ON CONFLICT (currency, to_currency) DO UPDATE SET rate = excluded.rate, updated_at = excluded.updated_at",
		1, rates);
	count(bot, "snapshots", saved ? "saved" : "failed", 1);
	if (saved)
		tell(bot, "HSET %ssnapshots saved_at %.3f", bot->prefix, wall_seconds());
}

/* The loop ------------------------------------------------------------- */

static void
observe(struct histogram *h, double seconds)
{
	size_t i = 0;

	while (i < BOUNDS && seconds > bounds[i])
		i++;
	h->counts[i]++;
	h->sum += seconds;
}

static void
tell_histogram(struct bot *bot, const char *key, const struct histogram *h)
{
	char field[NAME];

	for (size_t i = 0; i <= BOUNDS; i++) {
		if (i < BOUNDS)
			(void)snprintf(field, sizeof(field), "le_%.10g", bounds[i]);
		count(bot, key, i < BOUNDS ? field : "le_inf", h->counts[i]);
	}
	count(bot, key, "sum_us", lround(h->sum * 1e6));
}

static void
open_trade(struct bot *bot, double now)
{
	size_t asset = (size_t)(uniform(bot) * SYMBOLS) % SYMBOLS;
	size_t route = asset * VENUES + (bot->basis[asset] > 0 ? 0 : 1); /* buy where it is cheaper */
	double duration = 0.3 + exponential(bot, 4);

	if (bot->trade_count == TRADES_MOST || now < bot->cooldown_until[route])
		return;
	bot->trades[bot->trade_count++] = (struct trade){ .route = route,
		.opened_at = now,
		.closes_at = now + duration,
		.notional = 200 + 800 * uniform(bot),
		.basis = fabs(bot->basis[asset]),
		.leg_gap = exponential(bot, 0.06),
		.slippage = 0.00005 + 0.00015 * normal(bot) };
	count(bot, "orders:binance", "sent", 1);
	count(bot, "orders:upbit", "sent", 1);
	count(bot, "orders:binance", "filled", 1);
	count(bot, "orders:upbit", uniform(bot) < 0.99 ? "filled" : "rejected", 1);
}

/* What the trade brought, and what follows: a route rests after a loss. */
static void
close_trade(struct bot *bot, struct trade *trade, double now)
{
	size_t asset = trade->route / VENUES;
	double basis = trade->route % VENUES == 0 ? bot->basis[asset] : -bot->basis[asset];
	char guard[NAME + 16], route[NAME];
	double profit;

	trade->closed_at = now;
	trade->fees = 0.0006 * trade->notional;
	profit = trade->notional * (trade->basis - basis - trade->slippage) - trade->fees;
	bot->equity += profit;
	bot->lost_today -= profit;
	bot->imbalance += (trade->route % VENUES == 0 ? 1 : -1) * trade->notional / 20000;
	trade->funding = 0.00001 * trade->notional * normal(bot);
	trade->pnl = trade->route % VENUES == 0 ? profit * won : profit;
	if (trade->route % VENUES == 0) {
		trade->fees *= won;
		trade->funding *= won;
	}
	if (profit >= 0)
		return;
	bot->cooldown_until[trade->route] = now + 10;
	bot->cooldown_loss[trade->route] = -profit;
	(void)snprintf(guard, sizeof(guard), "guard:route:%s", route_name(trade->route, route));
	count(bot, guard, "triggers", 1);
}

static void
trade_on(struct bot *bot, double now)
{
	size_t kept = 0;

	for (size_t i = 0; i < SYMBOLS; i++) {
		bot->prices[i] *= 1 + 0.0002 * normal(bot);
		bot->basis[i] += -0.05 * bot->basis[i] + 0.0006 * normal(bot);
	}
	if (uniform(bot) < bot->trades_a_second * (double)bot->loop_ns / 1e9)
		open_trade(bot, now);
	for (size_t i = 0; i < bot->trade_count; i++) {
		struct trade *trade = &bot->trades[i];

		if (trade->closed_at <= 0 && trade->closes_at <= now)
			close_trade(bot, trade, now);
		/* One that could not be written is tried again. */
		if (trade->closed_at <= 0 || (bot->postgres != NULL && !write_trade(bot, trade)))
			bot->trades[kept++] = *trade;
	}
	bot->trade_count = kept;
}

/* Between the venues: what is sold at the one and bought at the other has to go back. */
static void
balance(struct bot *bot, double now)
{
	if (fabs(bot->imbalance) > 0.5) {
		bool moved = uniform(bot) < 0.9;

		count(bot, "inventory", moved ? "rebalances" : "rebalance_failures", 1);
		bot->rebalance_failures_in_a_row = moved ? 0 : bot->rebalance_failures_in_a_row + 1;
		bot->imbalance *= moved ? 0.2 : 1;
	}
	count(bot, "inventory", "syncs", 1);
	tell(bot,
	    "HSET %sinventory updated_at %.3f imbalance %.6f rebalance_failures_in_a_row %ld synced_at %.3f",
	    bot->prefix, now, bot->imbalance, bot->rebalance_failures_in_a_row, now);
}

static void
tell_route(struct bot *bot, size_t route, double now)
{
	double spread = fmin(100, 55 + 20000 * fabs(bot->basis[route / VENUES])), health = 92, fee = 80;
	double inventory = 100 - 60 * fabs(bot->imbalance), left = bot->cooldown_until[route] - now;
	char name[NAME];

	(void)route_name(route, name);
	tell(bot,
	    "HSET %sroute:%s updated_at %.3f score %.2f spread %.2f health %.2f fee %.2f inventory %.2f decision %s",
	    bot->prefix, name, now, (spread + health + fee + inventory) / 4, spread, health, fee, inventory,
	    left > 0 ? "skip" : "trade");
	if (left > 0)
		tell(bot, "HSET %sguard:route:%s updated_at %.3f state cooldown reason %s", bot->prefix, name,
		    now, "the last trade lost money");
	else
		tell(bot, "HSET %sguard:route:%s updated_at %.3f state ok", bot->prefix, name, now);
}

static void
tell_venue(struct bot *bot, size_t venue, double now)
{
	const char *name = venue_names[venue];
	struct histogram latency = { 0 };
	char key[NAME];
	double exposure = 0;

	for (size_t i = 0; i < bot->trade_count; i++)
		exposure += bot->trades[i].notional;
	for (size_t i = 0; i < SYMBOLS; i++)
		observe(&latency, 0.002 + exponential(bot, venue == 0 ? 0.015 : 0.06));
	(void)snprintf(key, sizeof(key), "feed:%s", name);
	count(bot, key, "messages", SYMBOLS);
	tell_histogram(bot, key, &latency);
	tell(bot, "HSET %s%s updated_at %.3f connected 1 message_at %.3f", bot->prefix, key, now, now);
	tell(bot, "HSET %sguard:exchange:%s updated_at %.3f state ok", bot->prefix, name, now);
	tell(bot, "HSET %slimit:exposure:exchange:%s updated_at %.3f value %.2f limit 10000 currency USDT",
	    bot->prefix, name, now, exposure);
	if (venue == 0)
		tell(bot, "HSET %slimit:exposure:global updated_at %.3f value %.2f limit 20000 currency USDT",
		    bot->prefix, now, 2 * exposure);
}

static double
memory_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long pages = 0;

	if (file != NULL) {
		if (fscanf(file, "%*d %ld", &pages) != 1)
			pages = 0;
		(void)fclose(file);
	}
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/* What does not change from loop to loop need not be told so often; it is stale after 30 s. */
static void
tell_seldom(struct bot *bot, double now)
{
	tell(bot, "HSET %sengine env paper started_at %.3f memory_bytes %.0f", bot->prefix, bot->started_at,
	    memory_bytes());
	tell(bot, "HSET %suniverse updated_at %.3f mode fixed_list symbols %d", bot->prefix, now, SYMBOLS);
	tell(bot, "HSET %stuning updated_at %.3f done %ld planned 200 best_score %.4f", bot->prefix, now,
	    bot->loops / 40 % 201, 1.5 - 1.0 / (1.0 + (double)(bot->loops / 400)));
	tell(bot, "HSET %sguard:global updated_at %.3f state ok", bot->prefix, now);
	for (size_t i = 0; i < SYMBOLS; i++)
		tell(
		    bot, "HSET %sguard:symbol:%s/USDT updated_at %.3f state ok", bot->prefix, assets[i], now);
	balance(bot, now);
}

/* The loop before this one is measured to its end. */
static void
tell_loop(struct bot *bot, double now)
{
	struct histogram loop = { 0 };

	if (bot->loops > 0) {
		observe(&loop, bot->loop_seconds);
		tell_histogram(bot, "loop", &loop);
	}
	tell(bot, "HSET %sengine heartbeat_at %.3f state running loop_lag %.6f cpu_seconds %.3f", bot->prefix,
	    now, bot->loop_lag, (double)clock() / CLOCKS_PER_SEC);
	tell(bot, "HSET %slimit:daily_loss:global updated_at %.3f value %.4f limit 200 currency USDT",
	    bot->prefix, now, fmax(0, bot->lost_today));
	for (size_t venue = 0; venue < VENUES; venue++)
		tell_venue(bot, venue, now);
	for (size_t route = 0; route < ROUTES; route++)
		tell_route(bot, route, now);
	for (size_t i = 0; i < SYMBOLS; i++)
		tell(bot, "HSET %ssymbol:%s/USDT updated_at %.3f", bot->prefix, assets[i], now);
	if (bot->loops % 20 == 0)
		tell_seldom(bot, now);
}

static void
run_once(struct bot *bot, const struct options *o)
{
	double now = wall_seconds();

	take_answers(bot);
	open_redis(bot, o);
	if (bot->loops == 0)
		count(bot, "engine", "restarts", 1);
	if ((long)(now / 86400) != bot->day) {
		bot->day = (long)(now / 86400);
		bot->lost_today = 0;
	}
	trade_on(bot, now);
	if (bot->postgres != NULL && clock_now_ns() >= bot->equity_due_ns) {
		bot->equity_due_ns = clock_now_ns() + bot->equity_every_ns;
		write_equity(bot);
	}
	tell_loop(bot, now);
	send_all(bot);
	bot->loops++;
}

/* Until a signal says so. */
static void
run(struct bot *bot, const struct options *o, const sigset_t *ends)
{
	int64_t due_ns = clock_now_ns(), left_ns;

	do {
		int64_t began_ns = clock_now_ns();

		bot->loop_lag = began_ns > due_ns ? (double)(began_ns - due_ns) / 1e9 : 0;
		run_once(bot, o);
		bot->loop_seconds = clock_seconds_since(began_ns);
		due_ns += bot->loop_ns;
		if (due_ns < clock_now_ns())
			due_ns = clock_now_ns();
		left_ns = due_ns - clock_now_ns();
		if (left_ns < 0)
			left_ns = 0;
		if (bot->loops == bot->loops_most)
			break;
	} while (
	    sigtimedwait(ends, NULL,
		&(struct timespec){ .tv_sec = left_ns / 1000000000, .tv_nsec = left_ns % 1000000000 }) < 0);
	tell(bot, "HSET %sengine state stopped", bot->prefix);
	send_all(bot);
	take_answers(bot);
}

/* Settings ------------------------------------------------------------- */

/* Days of trades, and the equity that they made: without them most figures would need weeks. */
static const char make_history[] =
    "WITH made AS (INSERT INTO public.trades (symbol, route, currency, opened_at, closed_at, pnl, fees, funding, leg_gap, slippage) "
    "SELECT asset || '/USDT', 'upbit-binance:' || asset, 'USDT', at - interval '1 second' * (0.3 - 4 * ln(1 - random())), at, "
    "round((0.9 * (random() + random() + random() - 1.35))::numeric, 8), round((0.12 + 0.48 * random())::numeric, 8), "
    "round((0.01 * (random() - 0.5))::numeric, 8), -0.06 * ln(1 - random()), 0.0005 * (random() - 0.4) "
    "FROM generate_series(now() - interval '1 day' * $1::float8, now(), interval '5 minutes') AS at, "
    "LATERAL (SELECT (ARRAY['BTC', 'ETH', 'XRP'])[1 + floor(3 * random())::int + 0 * extract(second FROM at)::int]) AS a (asset) "
    "WHERE NOT EXISTS (SELECT FROM public.trades) RETURNING closed_at, pnl) "
    "INSERT INTO public.equity (at, currency, equity) "
    "SELECT closed_at, 'USDT', 10000 + sum(pnl) OVER (ORDER BY closed_at) FROM made";

static int
open_postgres(struct bot *bot, const struct options *o, struct failure *why)
{
	const char *keywords[] = { "dbname", "connect_timeout", "password", NULL };
	const char *values[] = { options_text(o, "postgres"), "5", options_text(o, "postgres.password"),
		NULL };
	const char *days = options_text(o, "history.days");
	PGresult *last;

	if (values[0] == NULL)
		return 0;
	bot->postgres = PQconnectdbParams(keywords, values, 1);
	if (PQstatus(bot->postgres) != CONNECTION_OK)
		return failure_set(why, FAILURE_CONNECT, "PostgreSQL: %s", PQerrorMessage(bot->postgres));
	if (days[0] != '0' && !write_row(bot, make_history, 1, &days))
		return failure_set(why, FAILURE_REJECTED, "cannot make up a history");
	last = PQexec(bot->postgres,
	    "SELECT equity FROM public.equity WHERE currency = 'USDT' ORDER BY at DESC LIMIT 1");
	if (PQresultStatus(last) == PGRES_TUPLES_OK && PQntuples(last) == 1)
		bot->equity = strtod(PQgetvalue(last, 0, 0), NULL);
	PQclear(last);
	return 0;
}

static int
read_settings(struct bot *bot, const struct options *o, struct failure *why)
{
	int64_t seed, trades, days;
	struct url url;

	if (options_duration(o, "loop", &bot->loop_ns, why) != 0 ||
	    options_duration(o, "equity.every", &bot->equity_every_ns, why) != 0 ||
	    options_integer(o, "loops", 0, INT64_MAX, &bot->loops_most, why) != 0 ||
	    options_integer(o, "trades-per-minute", 0, 6000, &trades, why) != 0 ||
	    options_integer(o, "history.days", 0, 366, &days, why) != 0 ||
	    options_integer(o, "seed", 0, INT64_MAX, &seed, why) != 0 ||
	    url_parse(&url, options_text(o, "redis"), why) != 0)
		return -1;
	url_release(&url);
	bot->prefix = options_text(o, "prefix");
	bot->random = (uint64_t)seed;
	bot->trades_a_second = (double)trades / 60;
	bot->equity = 10000;
	bot->started_at = wall_seconds();
	for (size_t i = 0; i < SYMBOLS; i++)
		bot->prices[i] = first_prices[i];
	return 0;
}

static int
trade_until_ended(const struct options *o, struct failure *why)
{
	struct bot bot = { 0 };
	int status = EXIT_USAGE;
	sigset_t ends;

	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &ends, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	if (read_settings(&bot, o, why) == 0) {
		status = EXIT_FAILED;
		if (open_postgres(&bot, o, why) == 0) {
			run(&bot, o, &ends);
			status = EXIT_ENDED;
		}
	}
	if (bot.redis != NULL)
		redisFree(bot.redis);
	if (bot.postgres != NULL)
		PQfinish(bot.postgres);
	return status;
}

static void
print_help(const struct options *o)
{
	printf(
	    "usage: example_bot [--FLAG VALUE]...\n\n"
	    "An example of a bot that says how it is in Redis and PostgreSQL (docs/engine.md). It trades on paper\n"
	    "against prices that it makes up.\n\n");
	options_print_help(o);
	printf(
	    "\nEach flag may be a variable: --loop is ARBWATCH_LOOP. Secrets also come from files: REDIS_PASSWORD_FILE.\n"
	    "Exit status: 0 ended by a signal, 1 cannot write to PostgreSQL, 2 wrong settings.\n");
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
