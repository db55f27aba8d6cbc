/*
 * What the settings say of positions, in the form in which positions are compared: symbols as
 * exchanges' readers write them, quantities as exact decimals.  What makes no sense is refused by
 * the name of its setting and never passed over: positions would be judged otherwise than the
 * operator believes.  The order of reading matters: the baseline comes last, because what is cash
 * or ignored cannot be part of it.
 *
 * The options are in one table for open_positions and preflight, so that they have the same names and
 * defaults in both.  Each has rows of its own for where the engine keeps its positions: POSTGRES_DSN and
 * REDIS_URL mean those for open_positions, and something else for preflight.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config/secrets.h"
#include "engine/engine.h"
#include "positions/policy.h"

const struct option position_options[] = {
	{ .name = "keys",
	    .argument = "DIR",
	    .help = "directory of the API keys: NAME.key, NAME.secret and, if the exchange has one, "
		    "NAME.passphrase" },
	{ .name = "engine.postgres-password",
	    .argument = "PASSWORD",
	    .variable = "POSTGRES_PASSWORD",
	    .help = "password for a connection string without one",
	    .secret = true },
	{ .name = "engine.view",
	    .argument = "NAME",
	    .fallback = ENGINE_VIEW,
	    .help = "view or table to read from that database" },
	{ .name = "engine.redis-password",
	    .argument = "PASSWORD",
	    .variable = "REDIS_PASSWORD",
	    .help = "password for a URL without one",
	    .secret = true },
	{ .name = "engine.redis-ca-file",
	    .argument = "FILE",
	    .help = "CAs that may sign that Redis server's certificate, in PEM (default: the system's CAs)" },
	{ .name = "engine.hash",
	    .argument = "KEY",
	    .fallback = ENGINE_HASH,
	    .help = "hash to read from that Redis" },
	{ .name = "engine.max-age",
	    .argument = "DURATION",
	    .fallback = "0s",
	    .help = "positions that the bot wrote longer ago count as unreadable, if the store tells the "
		    "time; 0s: any age" },
	{ .name = "tolerance.absolute",
	    .argument = "QUANTITY",
	    .fallback = "0",
	    .help = "differences up to this quantity are ignored" },
	{ .name = "tolerance.relative",
	    .argument = "RATIO",
	    .fallback = "0.0001",
	    .help = "differences up to this share of the larger quantity are ignored" },
	{ .name = "net", .help = "compare only long minus short, not each side by itself" },
	{ .name = "baseline",
	    .argument = "NAME:SYMBOL=QUANTITY",
	    .help = "quantity that is kept at an exchange and is not the bot's position; negative: short",
	    .repeatable = true },
	{ .name = "ignore",
	    .argument = "[NAME:]SYMBOL",
	    .help = "symbol that is not a position, neither at an exchange nor of the bot",
	    .repeatable = true },
	{ .name = "cash",
	    .argument = "CURRENCY,...",
	    .fallback = "KRW,USD,EUR,GBP,JPY,USDT,USDC,FDUSD,BUSD,TUSD,DAI",
	    .help = "assets that are held as cash and are not positions" },
	{ .name = "dust",
	    .argument = "AMOUNT",
	    .fallback = "1",
	    .help = "an asset worth less, in the first exposure.currency, is a position only if the bot or "
		    "the baseline has it; 0: every asset is one" },
	{ .name = "rate",
	    .argument = "BASE/QUOTE=NUMBER",
	    .help = "known price, which is used before all prices that are read, as in USDT/USD=1",
	    .repeatable = true },
	{ 0 },
};

static int
out_of_memory(struct failure *why)
{
	return failure_set(why, FAILURE_LOCAL, "out of memory");
}

/* Numbers ------------------------------------------------------------ */

/* Numbers are decimals, because differences are compared with them digit by digit. */
static int
read_decimal(const struct options *given, const char *name, struct decimal *number, struct failure *why)
{
	const char *text = options_text(given, name);

	if (!decimal_parse(SLICE(text), number) || decimal_sign(*number) < 0)
		return options_failure(
		    given, name, 0, why, "'%s' is not a number like 0.001, 0 or above", secret_shown(text));
	return 0;
}

/* How much an asset may be worth and still be called dust: about a hundred dollars. */
static double
most_dust(const char *currency)
{
	static const char *const dollars[] = { "USD", "USDT", "USDC", "FDUSD", "BUSD", "TUSD", "DAI", "EUR",
		"GBP" };

	for (size_t i = 0; i < sizeof(dollars) / sizeof(*dollars); i++)
		if (strcmp(currency, dollars[i]) == 0)
			return 100;
	if (strcmp(currency, "KRW") == 0)
		return 100000;
	/* Nobody knows what one of another currency is worth: it may be BTC. */
	return 0.001;
}

/* In live, a greater one would hide what is open. */
static int
check_dust(const struct policy *policy, const struct options *given, struct failure *why)
{
	const char *currency = policy->currency_count > 0 ? policy->currencies[0] : "USDT";
	double most = most_dust(currency);

	if (policy->dust <= most || strcmp(options_text(given, "env"), "live") != 0)
		return 0;
	return options_failure(given, "dust", 0, why,
	    "'%s' %s would hide open positions: in live, the most is %g %s", options_text(given, "dust"),
	    currency, most, currency);
}

static int
read_limits(struct policy *policy, const struct options *given, struct failure *why)
{
	struct reconcile_limits *limits = &policy->limits;
	struct decimal dust;
	int64_t max_age;

	if (read_decimal(given, "tolerance.absolute", &limits->absolute, why) != 0 ||
	    read_decimal(given, "tolerance.relative", &limits->relative, why) != 0 ||
	    read_decimal(given, "dust", &dust, why) != 0 ||
	    options_duration(given, "engine.max-age", &max_age, why) != 0)
		return -1;
	if (decimal_value(limits->relative) >= 1)
		return options_failure(
		    given, "tolerance.relative", 0, why, "a share of 1 and above would hide everything");
	limits->net = options_switch(given, "net");
	/* Doubles will do for these: ages and worths are not compared digit by digit. */
	policy->max_age = (double)max_age / 1e9;
	policy->dust = decimal_value(dust);
	return 0;
}

/* Currencies --------------------------------------------------------- */

/* Names of currencies are in capitals, as those that are read from exchanges. */
static bool
is_currency(struct slice text)
{
	return text.length > 0 && text.length < SYMBOL_ASSET &&
	       strspn(text.at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.") >= text.length;
}

static int
read_currencies(struct policy *policy, const struct options *given, struct failure *why)
{
	/* The first one is also the currency of dust, and of what assets are worth. */
	size_t count = options_count(given, "exposure.currency");

	if (count > CURRENCIES_MOST)
		return options_failure(given, "exposure.currency", CURRENCIES_MOST, why,
		    "more than %d currencies", (int)CURRENCIES_MOST);
	for (size_t i = 0; i < count; i++) {
		const char *text = options_item(given, "exposure.currency", i);

		if (!is_currency(SLICE(text)))
			return options_failure(given, "exposure.currency", i, why,
			    "'%s' is not a currency like USDT", secret_shown(text));
		policy->currencies[i] = strdup(text);
		if (policy->currencies[i] == NULL)
			return out_of_memory(why);
		policy->currency_count++;
	}
	return 0;
}

/* Copy the text before `end`, and step behind it.  False: it is not a currency, or `end` is not there. */
static bool
read_currency(const char **text, char end, char currency[SYMBOL_ASSET])
{
	const char *at = strchr(*text, end);

	if (at == NULL || at - *text >= SYMBOL_ASSET)
		return false;
	(void)snprintf(currency, SYMBOL_ASSET, "%.*s", (int)(at - *text), *text);
	*text = at + 1;
	return is_currency(SLICE(currency));
}

/* "USDT/KRW=1400" */
static int
read_constants(struct policy *policy, const struct options *given, struct failure *why)
{
	size_t count = options_count(given, "rate");

	if (count > CONSTANTS_MOST)
		return options_failure(
		    given, "rate", CONSTANTS_MOST, why, "more than %d rates", (int)CONSTANTS_MOST);
	for (size_t i = 0; i < count; i++) {
		struct constant_rate *constant = &policy->constants[i];
		const char *text = options_item(given, "rate", i), *rest = text;
		struct decimal price;

		if (!read_currency(&rest, '/', constant->base) ||
		    !read_currency(&rest, '=', constant->quote) || !decimal_parse(SLICE(rest), &price) ||
		    decimal_sign(price) <= 0)
			return options_failure(given, "rate", i, why, "'%s' is not a rate like USDT/KRW=1400",
			    secret_shown(text));
		constant->price = decimal_value(price);
		policy->constant_count++;
	}
	return 0;
}

/* Markets ------------------------------------------------------------ */

/* The operator decides by a slash: without one it is an asset, so that "WETH" is not taken for the pair
 * W/ETH. */
static int
add_market(struct holdings *list, const struct exchange_settings *exchanges, size_t exchange,
    struct slice spelt, struct decimal quantity, struct failure *why)
{
	const struct profile *profile = exchanges->items[exchange].profile;
	bool pair = memchr(spelt.at, '/', spelt.length) != NULL;
	struct holding *holding;
	struct symbol symbol;

	if (!(pair ? symbol_read(profile, spelt, &symbol) : symbol_read_asset(profile, spelt, &symbol)))
		return failure_set(
		    why, FAILURE_LOCAL, "'%.*s' is not a symbol like BTC or BTC/USDT", SLICE_ARGS(spelt));
	holding = holdings_add(list, why);
	if (holding == NULL)
		return -1;
	holding->exchange = exchange;
	holding->is_short = decimal_sign(quantity) < 0;
	holding->quantity = decimal_absolute(quantity);
	holding_place(holding, profile, &symbol, HOLDING_UNKNOWN);
	return 0;
}

/* "upbit:BTC=1.5" */
static int
read_baseline(struct policy *policy, const struct options *given, const struct exchange_settings *exchanges,
    size_t index, struct failure *why)
{
	const char *text = options_item(given, "baseline", index), *colon = strchr(text, ':');
	const char *equals = strrchr(text, '=');
	struct exchange_setting *exchange;
	struct failure reason = { 0 };
	struct decimal quantity;

	/* The first colon ends the exchange: a symbol may have one too, as in BTC/USDT:USDT. */
	if (colon == NULL || equals == NULL || equals < colon || !decimal_parse(SLICE(equals + 1), &quantity))
		return options_failure(given, "baseline", index, why,
		    "'%s' is not EXCHANGE:SYMBOL=QUANTITY, as in upbit:BTC=1.5", secret_shown(text));
	exchange = exchange_settings_find(exchanges, (struct slice){ text, (size_t)(colon - text) });
	if (exchange == NULL)
		return options_failure(given, "baseline", index, why,
		    "'%s' is for an exchange that --exchange does not name", secret_shown(text));
	if (add_market(&policy->baseline, exchanges, (size_t)(exchange - exchanges->items),
		(struct slice){ colon + 1, (size_t)(equals - colon) - 1 }, quantity, &reason) != 0)
		return options_failure(given, "baseline", index, why, "%s", reason.text);
	/* Else it would differ for ever: the exchange's side of it does not count. */
	if (!policy_counts(policy, &policy->baseline.rows[policy->baseline.count - 1]))
		return options_failure(given, "baseline", index, why,
		    "'%s' cannot be a baseline: it is cash, or ignored", secret_shown(text));
	return 0;
}

/* "upbit:BTC"; without an exchange it is one for each.  The colon of BTC/USDT:USDT is the symbol's. */
static int
read_ignored(struct policy *policy, const struct options *given, const struct exchange_settings *exchanges,
    size_t index, struct failure *why)
{
	const char *text = options_item(given, "ignore", index);
	size_t before = strcspn(text, ":/");
	bool one = text[before] == ':';
	struct slice symbol = SLICE(one ? text + before + 1 : text);
	const struct exchange_setting *only = NULL;
	struct failure reason = { 0 };

	if (one) {
		only = exchange_settings_find(exchanges, (struct slice){ text, before });
		if (only == NULL)
			return options_failure(given, "ignore", index, why,
			    "'%s' is for an exchange that --exchange does not name", secret_shown(text));
	}
	for (size_t i = 0; i < exchanges->count; i++)
		if ((only == NULL || only == &exchanges->items[i]) &&
		    add_market(&policy->ignored, exchanges, i, symbol, (struct decimal){ 0 }, &reason) != 0)
			return options_failure(given, "ignore", index, why, "%s", reason.text);
	return 0;
}

/* Cash is ignored at every exchange.  An empty setting is an empty list: then everything counts. */
static int
read_cash(struct policy *policy, const struct options *given, const struct exchange_settings *exchanges,
    struct failure *why)
{
	struct failure reason = { 0 };
	const char *next = options_text(given, "cash");

	while (*next != '\0') {
		struct slice currency = { next, strcspn(next, ",") };

		if (!is_currency(currency)) {
			/* What may be a connection string is not shown in part either. */
			if (secret_shown(next) != next)
				currency = SLICE(secret_shown(next));
			return options_failure(given, "cash", 0, why,
			    "'%.*s' is not a currency, as in KRW,USDT", SLICE_ARGS(currency));
		}
		for (size_t i = 0; i < exchanges->count; i++)
			if (add_market(
				&policy->cash, exchanges, i, currency, (struct decimal){ 0 }, &reason) != 0)
				return options_failure(given, "cash", 0, why, "%s", reason.text);
		next += currency.length + (next[currency.length] == ',');
	}
	return 0;
}

static int
read_markets(struct policy *policy, const struct options *given, const struct exchange_settings *exchanges,
    struct failure *why)
{
	if (read_cash(policy, given, exchanges, why) != 0)
		return -1;
	for (size_t i = 0; i < options_count(given, "ignore"); i++)
		if (read_ignored(policy, given, exchanges, i, why) != 0)
			return -1;
	/* The lists must be sorted before a baseline is looked for in them. */
	(void)holdings_combine(&policy->ignored, NULL);
	(void)holdings_combine(&policy->cash, NULL);
	for (size_t i = 0; i < options_count(given, "baseline"); i++)
		if (read_baseline(policy, given, exchanges, i, why) != 0)
			return -1;
	if (!holdings_combine(&policy->baseline, NULL))
		return options_failure(given, "baseline", 0, why, "the sum has too many digits");
	return 0;
}

/* Inventory ---------------------------------------------------------- */

static int
read_inventory(struct policy *policy, const struct options *given, const struct exchange_settings *exchanges,
    struct failure *why)
{
	const char *text = options_text(given, "inventory"), *comma;
	const struct exchange_setting *a, *b;
	size_t found = 0;

	/* Without a setting these are the first two that hold assets. */
	if (text == NULL) {
		for (size_t i = 0; i < exchanges->count && found < 2; i++)
			if (exchanges->items[i].profile->account.holdings)
				policy->inventory[found++] = i;
		policy->has_inventory = found == 2;
		return 0;
	}
	comma = strchr(text, ',');
	a = exchange_settings_find(exchanges, (struct slice){ text, strcspn(text, ",") });
	b = comma != NULL ? exchange_settings_find(exchanges, SLICE(comma + 1)) : NULL;
	/* An exchange is always in balance with itself. */
	if (a == NULL || b == NULL || a == b)
		return options_failure(given, "inventory", 0, why,
		    "'%s' is not two exchanges that --exchange names, as in upbit,binance",
		    secret_shown(text));
	policy->inventory[0] = (size_t)(a - exchanges->items);
	policy->inventory[1] = (size_t)(b - exchanges->items);
	policy->has_inventory = true;
	return 0;
}

/* All ---------------------------------------------------------------- */

int
policy_read(struct policy *policy, const struct options *given, const struct exchange_settings *exchanges,
    struct failure *why)
{
	if (read_limits(policy, given, why) != 0 || read_currencies(policy, given, why) != 0 ||
	    check_dust(policy, given, why) != 0 || read_constants(policy, given, why) != 0)
		return -1;
	return read_markets(policy, given, exchanges, why);
}

int
policy_read_while_trading(struct policy *policy, const struct options *given,
    const struct exchange_settings *exchanges, struct failure *why)
{
	int64_t grace;

	if (options_duration(given, "grace", &grace, why) != 0)
		return -1;
	policy->limits.grace_seconds = (double)grace / 1e9;
	return read_inventory(policy, given, exchanges, why);
}

void
policy_release(struct policy *policy)
{
	holdings_release(&policy->baseline);
	holdings_release(&policy->ignored);
	holdings_release(&policy->cash);
	for (size_t i = 0; i < policy->currency_count; i++)
		free(policy->currencies[i]);
}

/* Listed symbols have quantity 0, which is long: they stand for both sides. */
static bool
is_listed(const struct holdings *list, const struct holding *holding)
{
	return holdings_find(list, holding->exchange, holding->symbol.text, false) != NULL;
}

bool
policy_counts(const struct policy *policy, const struct holding *holding)
{
	/* A contract on a currency is a position; only the currency itself is cash. */
	return !is_listed(&policy->ignored, holding) &&
	       (holding->market != HOLDING_SPOT || !is_listed(&policy->cash, holding));
}
