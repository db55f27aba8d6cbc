#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/deadline.h"
#include "common/text/duration.h"
#include "demo/paper_engine/settings.h"

enum { MS_NS = 1000000 };
static const int64_t day_ms = 86400000;

const struct option settings_shared[] = {
	{ .name = "seed",
	    .argument = "NUMBER",
	    .fallback = "1",
	    .help = "seed of its random numbers: rejected orders, partial fills, times between legs" },
	{ .name = "min-profit",
	    .argument = "RATIO",
	    .fallback = "0.0004",
	    .help = "least profit that it expects of a trade after all costs, as a share of its size" },
	{ .name = "size", .argument = "USDT", .fallback = "1000", .help = "size of a trade" },
	{ .name = "cooldown",
	    .argument = "DURATION",
	    .fallback = "20s",
	    .help = "how long a route rests after a trade; after a streak of losses six times as long" },
	{ .name = "weight",
	    .argument = "RATIO",
	    .fallback = "0",
	    .help =
		"how much smaller the trades of the last symbol of the universe are than those of the first" },
	{ .name = "fee.binance",
	    .argument = "RATIO",
	    .fallback = "0.001",
	    .help = "fee of a fill at binance" },
	{ .name = "fee.upbit", .argument = "RATIO", .fallback = "0.0005", .help = "fee of a fill at upbit" },
	{ .name = "slippage",
	    .argument = "RATIO",
	    .fallback = "0.0002",
	    .help = "what a decision allows for prices that get worse until the second leg" },
	{ .name = "reject-share",
	    .argument = "RATIO",
	    .fallback = "0.02",
	    .help = "share of the orders that an exchange rejects" },
	{ .name = "leg-gap",
	    .argument = "DURATION",
	    .fallback = "200ms",
	    .help = "time between the two legs of a trade, on average" },
	{ .name = "cash",
	    .argument = "USDT",
	    .fallback = "100000",
	    .help = "cash with which each exchange begins (at upbit its worth in KRW)" },
	{ .name = "inventory",
	    .argument = "USDT",
	    .fallback = "4000",
	    .help = "worth of each coin with which each exchange begins" },
	{ .name = "rebalance.every",
	    .argument = "DURATION",
	    .fallback = "60s",
	    .help = "time between two looks at the balance of the exchanges" },
	{ .name = "rebalance.above",
	    .argument = "RATIO",
	    .fallback = "0.3",
	    .help = "imbalance from which on coins or cash are moved, as --limit.imbalance" },
	{ .name = "rebalance.fee", .argument = "USDT", .fallback = "1", .help = "what a rebalance costs" },
	{ .name = "limit.daily-loss-exchange",
	    .argument = "USDT",
	    .fallback = "10000",
	    .help = "loss of a day from which on an exchange is blocked; 0, as for all limits: none" },
	{ .name = "limit.daily-loss",
	    .argument = "USDT",
	    .fallback = "50000",
	    .help = "loss of a day from which on all trading is blocked" },
	{ .name = "limit.exposure-symbol",
	    .argument = "RATIO",
	    .fallback = "0.5",
	    .help = "exposure of a symbol, as a share of the equity, above which it is blocked" },
	{ .name = "limit.exposure",
	    .argument = "USDT",
	    .fallback = "100000",
	    .help = "exposure above which all trading is blocked" },
	{ .name = "limit.losses",
	    .argument = "N",
	    .fallback = "3",
	    .help = "losses in a row after which a route cools down" },
	{ .name = "limit.score",
	    .argument = "N",
	    .fallback = "50",
	    .help = "score below which a route is blocked" },
	{ .name = "limit.spread",
	    .argument = "RATIO",
	    .fallback = "0.05",
	    .help = "spread between the exchanges above which a route trades half the size" },
	{ .name = "limit.drawdown",
	    .argument = "RATIO",
	    .fallback = "0.2",
	    .help = "fall from the highest equity above which all trading is blocked" },
	{ .name = "limit.volatility",
	    .argument = "RATIO",
	    .fallback = "0.1",
	    .help = "range of a symbol's prices above which it trades half the size" },
	{ .name = "limit.volatility-window",
	    .argument = "DURATION",
	    .fallback = "5m",
	    .help = "time over which that range is taken" },
	{ .name = "limit.imbalance",
	    .argument = "RATIO",
	    .fallback = "0.5",
	    .help =
		"difference of a coin's amounts at the two exchanges, as a share of their sum, above which it is "
		"blocked" },
	{ .name = "limit.rate-limit",
	    .argument = "RATIO",
	    .fallback = "0.2",
	    .help = "share of an exchange's rate limit; with less left its routes trade half the size" },
	{ .name = "limit.down",
	    .argument = "DURATION",
	    .fallback = "5s",
	    .help = "time without a message after which an exchange is down, and blocked" },
	{ .name = "limit.frozen",
	    .argument = "DURATION",
	    .fallback = "10s",
	    .help = "time without a new book after which an exchange is frozen, and blocked" },
	{ .name = "postgres",
	    .argument = "DSN",
	    .variable = "POSTGRES_DSN",
	    .help = "database of its ledger (default: it keeps none)",
	    .secret = true },
	{ .name = "postgres.password",
	    .argument = "PASSWORD",
	    .variable = "POSTGRES_PASSWORD",
	    .help = "password, if the connection string has none",
	    .secret = true },
	{ .name = "redis",
	    .argument = "URL",
	    .variable = "REDIS_URL",
	    .help =
		"Redis to which it writes its state: redis://[user:password@]host[:port][/db] (default: none)",
	    .secret = true },
	{ .name = "redis.password",
	    .argument = "PASSWORD",
	    .variable = "REDIS_PASSWORD",
	    .help = "password, if the URL has none",
	    .secret = true },
	{ .name = "prefix",
	    .argument = "TEXT",
	    .fallback = "arbwatch:",
	    .help = "text with which its keys in Redis begin" },
	{ .name = "market.seed",
	    .argument = "NUMBER",
	    .fallback = "1",
	    .help = "seed of the market of the past, as the --seed of paper_exchange" },
	{ .name = "symbols",
	    .argument = "N",
	    .fallback = "20",
	    .help = "symbols of the market of the past, the largest first" },
	{ .name = "version", .flag_only = true, .help = "print the version, and exit" },
	{ .name = "help", .flag_only = true, .help = "print this help, and exit" },
	{ 0 },
};

const struct option settings_run[] = {
	{ .name = "exchange.binance",
	    .argument = "URL",
	    .fallback = "http://127.0.0.1:9180/binance",
	    .help = "where paper_exchange answers as Binance" },
	{ .name = "exchange.upbit",
	    .argument = "URL",
	    .fallback = "http://127.0.0.1:9180/upbit",
	    .help = "where paper_exchange answers as Upbit" },
	{ .name = "tls.ca-file",
	    .argument = "FILE",
	    .help = "certificates that it trusts for https (default: those of the system)" },
	{ .name = "loop",
	    .argument = "DURATION",
	    .fallback = "100ms",
	    .help = "time from one loop to the next" },
	{ .name = "loops", .argument = "N", .fallback = "0", .help = "end after so many loops; 0: never" },
	{ .name = "universe.mode",
	    .argument = "single|fixed_list|top_n|full_market",
	    .fallback = "top_n",
	    .help = "which symbols it trades" },
	{ .name = "universe.symbol",
	    .argument = "SYMBOL",
	    .fallback = "BTC/USDT",
	    .help = "symbol of single, or one of fixed_list; repeat for more",
	    .repeatable = true },
	{ .name = "universe.top",
	    .argument = "N",
	    .fallback = "20",
	    .help = "symbols of top_n, by their volume in 24 hours" },
	{ .name = "universe.min-volume",
	    .argument = "USDT",
	    .fallback = "0",
	    .help = "least volume in 24 hours at each exchange; 0, as for the next two: any" },
	{ .name = "universe.max-spread",
	    .argument = "RATIO",
	    .fallback = "0",
	    .help = "largest spread between the best prices of one exchange, as a share of them" },
	{ .name = "universe.min-depth",
	    .argument = "USDT",
	    .fallback = "0",
	    .help = "least worth of what is offered at the best prices of each exchange" },
	{ .name = "universe.every",
	    .argument = "DURATION",
	    .fallback = "10s",
	    .help = "time between two looks at all symbols" },
	{ .name = "snapshot.every",
	    .argument = "DURATION",
	    .fallback = "2s",
	    .help = "time between two snapshots" },
	{ .name = "equity.every",
	    .argument = "DURATION",
	    .fallback = "10s",
	    .help = "time between two rows of equity" },
	{ .name = "sync.every",
	    .argument = "DURATION",
	    .fallback = "30s",
	    .help = "time between two comparisons of the inventory with the ledger" },
	{ .name = "history.days",
	    .argument = "N",
	    .fallback = "0",
	    .help = "days of a backtest that it writes first, if the ledger is empty" },
	{ .name = "record", .argument = "FILE", .help = "write all books to this file, for a backtest" },
	{ .name = "journal.file",
	    .argument = "FILE",
	    .help = "keep what PostgreSQL has not taken yet in this file, so that a crash does not lose it" },
	{ .name = "control.listen-address",
	    .argument = "HOST:PORT",
	    .fallback = "127.0.0.1:9190",
	    .help = "address that takes faults, on this machine; empty: none" },
	{ 0 },
};

const struct option settings_past[] = {
	{ .name = "from",
	    .argument = "TIME",
	    .fallback = "-30d",
	    .help = "begin: 2026-01-31T00:00:00Z, or a time before the last midnight in UTC" },
	{ .name = "until", .argument = "TIME", .fallback = "-0d", .help = "end, in the same way" },
	{ .name = "step",
	    .argument = "DURATION",
	    .fallback = "1m",
	    .help = "time from one look at the books to the next" },
	{ 0 },
};

const struct option settings_backtest[] = {
	{ .name = "recording",
	    .argument = "FILE",
	    .help = "the books of run --record (default: those of the seeded market)" },
	{ .name = "snapshot", .argument = "FILE", .help = "write the state at the end to this file" },
	{ .name = "resume", .argument = "FILE", .help = "go on from such a file" },
	{ .name = "trades",
	    .argument = "FILE",
	    .help = "write all trades and movements to this file, in JSON lines" },
	{ 0 },
};

const struct option settings_tune[] = {
	{ .name = "sets", .argument = "N", .fallback = "100", .help = "sets of parameters to try" },
	{ .name = "train",
	    .argument = "DURATION",
	    .fallback = "7d",
	    .help = "time on which the best set is chosen" },
	{ .name = "validate",
	    .argument = "DURATION",
	    .fallback = "3d",
	    .help = "time behind it on which that set is judged" },
	{ .name = "refine",
	    .argument = "grid|none",
	    .fallback = "grid",
	    .help =
		"how the second half of the sets is chosen: around the best ones, or at random as the first half" },
	{ .name = "threads", .argument = "N", .fallback = "0", .help = "threads; 0: one for each processor" },
	{ 0 },
};

/* Numbers ---------------------------------------------------------------- */

enum kind { KIND_AMOUNT, KIND_SHARE, KIND_MS, KIND_COUNT };

/* Where the value of an option goes. */
struct place {
	const char *name;
	enum kind kind;
	size_t offset;
};

static int
read_fixed(const struct options *o, const struct place *place, fixed *value, struct failure *why)
{
	const char *text = options_text(o, place->name);
	bool share = place->kind == KIND_SHARE;
	fixed read;

	if (!fixed_parse(text, &read) || read < 0 || (share && read > FIXED_ONE))
		return options_failure(o, place->name, 0, why, "'%s' is not a number %s", text,
		    share ? "from 0 to 1" : "of 0 or more");
	*value = read;
	return 0;
}

static int
read_ms(const struct options *o, const char *name, int64_t *ms, struct failure *why)
{
	int64_t ns;

	if (options_duration(o, name, &ns, why) != 0)
		return -1;
	*ms = ns / MS_NS;
	return 0;
}

/* Read all options of the table, which ends with a row without a name, into the struct at `base`. */
static int
read_places(const struct options *o, const struct place *places, void *base, struct failure *why)
{
	for (; places->name != NULL; places++) {
		void *at = (char *)base + places->offset;
		int64_t count;

		switch (places->kind) {
		case KIND_AMOUNT:
		case KIND_SHARE:
			if (read_fixed(o, places, at, why) != 0)
				return -1;
			break;
		case KIND_MS:
			if (read_ms(o, places->name, at, why) != 0)
				return -1;
			break;
		case KIND_COUNT:
			if (options_integer(o, places->name, 0, 1000000, &count, why) != 0)
				return -1;
			*(int *)at = (int)count;
			break;
		}
	}
	return 0;
}

#define AT(member) offsetof(struct engine_settings, member)
static const struct place engine_places[] = {
	{ "min-profit", KIND_SHARE, AT(parameters.min_profit) },
	{ "size", KIND_AMOUNT, AT(parameters.size) },
	{ "cooldown", KIND_MS, AT(parameters.cooldown_ms) },
	{ "weight", KIND_SHARE, AT(parameters.weight) },
	{ "fee.binance", KIND_SHARE, AT(costs.fee[VENUE_BINANCE]) },
	{ "fee.upbit", KIND_SHARE, AT(costs.fee[VENUE_UPBIT]) },
	{ "slippage", KIND_SHARE, AT(costs.slippage) },
	{ "reject-share", KIND_SHARE, AT(reject_share) },
	{ "leg-gap", KIND_MS, AT(leg_gap_ms) },
	{ "cash", KIND_AMOUNT, AT(cash) },
	{ "inventory", KIND_AMOUNT, AT(inventory) },
	{ "rebalance.every", KIND_MS, AT(rebalance_every_ms) },
	{ "rebalance.above", KIND_SHARE, AT(rebalance_above) },
	{ "rebalance.fee", KIND_AMOUNT, AT(costs.rebalance) },
	{ "limit.daily-loss-exchange", KIND_AMOUNT, AT(limits.daily_loss_exchange) },
	{ "limit.daily-loss", KIND_AMOUNT, AT(limits.daily_loss_total) },
	{ "limit.exposure-symbol", KIND_SHARE, AT(limits.exposure_symbol) },
	{ "limit.exposure", KIND_AMOUNT, AT(limits.exposure_total) },
	{ "limit.losses", KIND_COUNT, AT(limits.losses_in_a_row) },
	{ "limit.score", KIND_AMOUNT, AT(limits.score) },
	{ "limit.spread", KIND_SHARE, AT(limits.spread) },
	{ "limit.drawdown", KIND_SHARE, AT(limits.drawdown) },
	{ "limit.volatility", KIND_AMOUNT, AT(limits.volatility) },
	{ "limit.volatility-window", KIND_MS, AT(limits.volatility_ms) },
	{ "limit.imbalance", KIND_SHARE, AT(limits.imbalance) },
	{ "limit.rate-limit", KIND_SHARE, AT(limits.rate_limit) },
	{ "limit.down", KIND_MS, AT(limits.down_ms) },
	{ "limit.frozen", KIND_MS, AT(limits.frozen_ms) },
	{ 0 },
};
#undef AT

static int
read_redis(struct shared_settings *settings, const struct options *o, struct failure *why)
{
	struct journal_settings *stores = &settings->stores;
	struct url *url = &settings->redis;

	if (url_parse(url, options_text(o, "redis"), why) != 0)
		return options_failure(o, "redis", 0, why, "%s", why->text);
	if (strcmp(url->scheme, "redis") != 0)
		return options_failure(o, "redis", 0, why, "paper_engine only speaks redis://");
	stores->redis_host = url->host;
	stores->redis_port = url->port != 0 ? url->port : 6379;
	stores->redis_user = url->user;
	stores->redis_password = url->password != NULL ? url->password : options_text(o, "redis.password");
	stores->redis_database = url->path[0] == '/' ? (int)strtol(url->path + 1, NULL, 10) : 0;
	return 0;
}

static int
read_shared(struct shared_settings *settings, const struct options *o, struct failure *why)
{
	const char *dsn = options_text(o, "postgres"), *redis = options_text(o, "redis");
	int64_t seed, market_seed, symbols;

	settings->engine = engine_settings_default();
	if (read_places(o, engine_places, &settings->engine, why) != 0 ||
	    options_integer(o, "seed", 0, INT64_MAX, &seed, why) != 0 ||
	    options_integer(o, "market.seed", 0, INT64_MAX, &market_seed, why) != 0 ||
	    options_integer(o, "symbols", 1, SYMBOLS_MOST, &symbols, why) != 0)
		return -1;
	settings->engine.seed = (uint64_t)seed;
	settings->market_seed = (uint64_t)market_seed;
	settings->symbols = (size_t)symbols;
	/* Empty, as for Redis: none, whatever a variable says. */
	settings->stores.dsn = dsn != NULL && dsn[0] != '\0' ? dsn : NULL;
	settings->stores.password = options_text(o, "postgres.password");
	settings->stores.prefix = options_text(o, "prefix");
	return redis != NULL && redis[0] != '\0' ? read_redis(settings, o, why) : 0;
}

void
settings_release_shared(struct shared_settings *settings)
{
	url_release(&settings->redis);
}

/* Run -------------------------------------------------------------------- */

static int
index_of(const char *const words[], int count, const char *text)
{
	for (int i = 0; i < count; i++)
		if (strcmp(words[i], text) == 0)
			return i;
	return -1;
}

/* "BTC/USDT". */
static bool
is_symbol(const char *text)
{
	size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

	return length > 0 && length + sizeof("/USDT") <= SYMBOL_NAME && strcmp(text + length, "/USDT") == 0;
}

static int
read_universe_symbols(struct universe_settings *settings, const struct options *o, struct failure *why)
{
	size_t count = options_count(o, "universe.symbol");

	if (count > (settings->mode == UNIVERSE_SINGLE ? 1 : SYMBOLS_MOST) &&
	    settings->mode <= UNIVERSE_FIXED_LIST)
		return options_failure(
		    o, "universe.symbol", 0, why, "%zu are too many for this --universe.mode", count);
	settings->names = calloc(SYMBOLS_MOST, sizeof(*settings->names));
	if (settings->names == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	for (size_t i = 0; i < count && i < SYMBOLS_MOST; i++) {
		const char *name = options_item(o, "universe.symbol", i);

		if (!is_symbol(name))
			return options_failure(
			    o, "universe.symbol", i, why, "'%s' is not like BTC/USDT", name);
		settings->names[settings->name_count++] = name;
	}
	return 0;
}

static int
read_universe(struct universe_settings *settings, const struct options *o, struct failure *why)
{
	static const char *const modes[] = { "single", "fixed_list", "top_n", "full_market" };
	static const struct place places[] = {
		{ "universe.min-volume", KIND_AMOUNT, offsetof(struct universe_settings, volume_least) },
		{ "universe.max-spread", KIND_SHARE, offsetof(struct universe_settings, spread_most) },
		{ "universe.min-depth", KIND_AMOUNT, offsetof(struct universe_settings, depth_least) },
		{ "universe.every", KIND_MS, offsetof(struct universe_settings, every_ms) },
		{ 0 },
	};
	int mode = index_of(modes, 4, options_text(o, "universe.mode"));
	int64_t top;

	if (mode < 0)
		return options_failure(o, "universe.mode", 0, why,
		    "'%s' is none of single, fixed_list, top_n and full_market",
		    options_text(o, "universe.mode"));
	settings->mode = (enum universe_mode)mode;
	if (options_integer(o, "universe.top", 1, SYMBOLS_MOST, &top, why) != 0 ||
	    read_places(o, places, settings, why) != 0)
		return -1;
	settings->top = (size_t)top;
	return read_universe_symbols(settings, o, why);
}

int
settings_read_run(struct run_settings *settings, const struct options *o, struct failure *why)
{
	static const struct place places[] = {
		{ "loop", KIND_MS, offsetof(struct run_settings, loop_ms) },
		{ "snapshot.every", KIND_MS, offsetof(struct run_settings, snapshot_every_ms) },
		{ "equity.every", KIND_MS, offsetof(struct run_settings, equity_every_ms) },
		{ "sync.every", KIND_MS, offsetof(struct run_settings, sync_every_ms) },
		{ 0 },
	};

	if (read_shared(&settings->shared, o, why) != 0 || read_universe(&settings->universe, o, why) != 0 ||
	    read_places(o, places, settings, why) != 0 ||
	    options_integer(o, "loops", 0, INT64_MAX, &settings->loops_most, why) != 0 ||
	    options_integer(o, "history.days", 0, 366, &settings->history_days, why) != 0)
		return -1;
	if (settings->loop_ms < 1)
		return options_failure(
		    o, "loop", 0, why, "'%s' is shorter than 1ms", options_text(o, "loop"));
	settings->exchanges[VENUE_BINANCE] = options_text(o, "exchange.binance");
	settings->exchanges[VENUE_UPBIT] = options_text(o, "exchange.upbit");
	settings->ca_file = options_text(o, "tls.ca-file");
	settings->record = options_text(o, "record");
	settings->shared.stores.file = options_text(o, "journal.file");
	settings->control_listen = options_text(o, "control.listen-address");
	return 0;
}

void
settings_release_run(struct run_settings *settings)
{
	free(settings->universe.names);
	settings_release_shared(&settings->shared);
}

/* The past --------------------------------------------------------------- */

/* "2026-01-31T00:00:00Z", or "-30d": before the last midnight, so that a day's runs see the same market. */
static int
read_time(const struct options *o, const char *name, int64_t *ms, struct failure *why)
{
	int64_t midnight = (int64_t)time(NULL) * 1000 / day_ms * day_ms, ns;
	const char *text = options_text(o, name), *end;
	struct tm tm = { 0 };

	if (text[0] == '-' && duration_parse(text + 1, &ns) == 0) {
		*ms = midnight - ns / MS_NS;
		return 0;
	}
	end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (end == NULL || *end != '\0' || tm.tm_year < 70)
		return options_failure(o, name, 0, why,
		    "'%s' is not a time like 2026-01-31T00:00:00Z or -30d (before the last midnight in UTC)",
		    text);
	*ms = (int64_t)timegm(&tm) * 1000;
	return 0;
}

static int
read_past(const struct options *o, int64_t *from_ms, int64_t *until_ms, int64_t *step_ms, struct failure *why)
{
	if (read_time(o, "from", from_ms, why) != 0 || read_time(o, "until", until_ms, why) != 0 ||
	    read_ms(o, "step", step_ms, why) != 0)
		return -1;
	if (*until_ms <= *from_ms)
		return options_failure(
		    o, "until", 0, why, "'%s' is not after --from", options_text(o, "until"));
	if (*step_ms < 1)
		return options_failure(
		    o, "step", 0, why, "'%s' is shorter than 1ms", options_text(o, "step"));
	return 0;
}

int
settings_read_backtest(struct backtest_settings *settings, const struct options *o, struct failure *why)
{
	if (read_shared(&settings->shared, o, why) != 0 ||
	    read_past(o, &settings->from_ms, &settings->until_ms, &settings->step_ms, why) != 0)
		return -1;
	settings->recording = options_text(o, "recording");
	settings->snapshot = options_text(o, "snapshot");
	settings->resume = options_text(o, "resume");
	settings->trades = options_text(o, "trades");
	return 0;
}

int
settings_read_tune(struct tune_settings *settings, const struct options *o, struct failure *why)
{
	static const char *const refinements[] = { "grid", "none" };
	int refine = index_of(refinements, 2, options_text(o, "refine"));

	if (refine < 0)
		return options_failure(
		    o, "refine", 0, why, "'%s' is neither grid nor none", options_text(o, "refine"));
	settings->refine = (enum refinement)refine;
	settings->options = o;
	if (read_shared(&settings->shared, o, why) != 0 ||
	    read_past(o, &settings->from_ms, &settings->until_ms, &settings->step_ms, why) != 0 ||
	    read_ms(o, "train", &settings->train_ms, why) != 0 ||
	    read_ms(o, "validate", &settings->validate_ms, why) != 0 ||
	    options_integer(o, "sets", 1, 10000, &settings->sets, why) != 0 ||
	    options_integer(o, "threads", 0, 256, &settings->threads, why) != 0)
		return -1;
	return 0;
}
