#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/deadline.h"
#include "common/text/duration.h"
#include "demo/paper_engine/live/universe.h"
#include "demo/paper_engine/settings.h"

enum { MS_NS = 1000000 };
/* In USDT: in KRW, a sixth of what `fixed` has room for; so profits have room, too. */
static const int64_t cash_most = 10000000;
static const int64_t day_ms = 86400000;

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
		return options_failure(o, place->name, 0, why, "'%s' is not a number from 0 to %s", text,
		    share ? "1" : "92 billion");
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
	char *end;
	long database;

	if (url_parse(url, options_text(o, "redis"), why) != 0)
		return options_failure(o, "redis", 0, why, "%s", why->text);
	if (strcmp(url->scheme, "redis") != 0)
		return options_failure(o, "redis", 0, why, "paper_engine only speaks redis://");
	database = strtol(url->path[0] == '/' ? url->path + 1 : "", &end, 10);
	if (*end != '\0' || database < 0 || database > INT32_MAX)
		return options_failure(
		    o, "redis", 0, why, "after the '/' comes the number of a database, like /1");
	stores->redis_host = url->host;
	stores->redis_port = url->port != 0 ? url->port : 6379;
	stores->redis_user = url->user;
	stores->redis_password = url->password != NULL ? url->password : options_text(o, "redis.password");
	stores->redis_database = (int)database;
	return 0;
}

/* The teller of examples/tell.h puts the prefix into formats of printf(), where blanks end a word. */
static int
read_prefix(struct shared_settings *settings, const struct options *o, struct failure *why)
{
	enum { LONGEST = 64 };
	const char *prefix = options_text(o, "prefix");
	size_t length =
	    strspn(prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:._-/{}");

	if (length == 0 || length > LONGEST || prefix[length] != '\0')
		return options_failure(o, "prefix", 0, why,
		    "'%s' is not 1 to %d letters, digits and \":._-/{}\"", prefix, (int)LONGEST);
	settings->stores.prefix = prefix;
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
	    options_integer(o, "symbols", 1, SYMBOLS_MOST, &symbols, why) != 0 ||
	    read_prefix(settings, o, why) != 0)
		return -1;
	if (settings->engine.cash > cash_most * FIXED_ONE)
		return options_failure(o, "cash", 0, why,
		    "'%s' is more than %" PRId64 " USDT, which is the most that it can trade with",
		    options_text(o, "cash"), cash_most);
	settings->engine.seed = (uint64_t)seed;
	settings->market_seed = (uint64_t)market_seed;
	settings->symbols = (size_t)symbols;
	/* Empty, as for Redis: none, whatever a variable says. */
	settings->stores.dsn = dsn != NULL && dsn[0] != '\0' ? dsn : NULL;
	settings->stores.password = options_text(o, "postgres.password");
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
	static const struct place places[] = {
		{ "universe.min-volume", KIND_AMOUNT, offsetof(struct universe_settings, volume_least) },
		{ "universe.max-spread", KIND_SHARE, offsetof(struct universe_settings, spread_most) },
		{ "universe.min-depth", KIND_AMOUNT, offsetof(struct universe_settings, depth_least) },
		{ "universe.every", KIND_MS, offsetof(struct universe_settings, every_ms) },
		{ 0 },
	};
	int mode = index_of(universe_modes, 4, options_text(o, "universe.mode"));
	int64_t top;

	if (mode < 0)
		return options_failure(o, "universe.mode", 0, why,
		    "'%s' is not one of single, fixed_list, top_n and full_market",
		    options_text(o, "universe.mode"));
	settings->mode = (enum universe_mode)mode;
	if (options_integer(o, "universe.top", 1, SYMBOLS_MOST, &top, why) != 0 ||
	    read_places(o, places, settings, why) != 0)
		return -1;
	settings->top = (size_t)top;
	return read_universe_symbols(settings, o, why);
}

static int
read_exchange(const char **address, const struct options *o, const char *name, struct failure *why)
{
	const char *text = options_text(o, name);
	struct url url = { 0 };
	bool good = url_parse(&url, text, why) == 0 &&
		    (strcmp(url.scheme, "http") == 0 || strcmp(url.scheme, "https") == 0);

	url_release(&url);
	if (!good)
		return options_failure(o, name, 0, why, "it is not like http://HOST:PORT/EXCHANGE");
	*address = text;
	return 0;
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
	if (read_exchange(&settings->exchanges[VENUE_BINANCE], o, "exchange.binance", why) != 0 ||
	    read_exchange(&settings->exchanges[VENUE_UPBIT], o, "exchange.upbit", why) != 0)
		return -1;
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
