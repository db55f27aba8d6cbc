/*
 * Settings that open_positions and preflight have in common, in one table, so that they have the
 * same names and defaults in both.  Each has rows of its own for where the engine keeps its
 * positions: POSTGRES_DSN and REDIS_URL mean those for open_positions, and something else for
 * preflight.
 */

#include "positions/options.h"
#include "engine/engine.h"

const struct option position_options[] = {
	{ .name = "keys",
	    .argument = "DIR",
	    .help =
		"where the API keys are: NAME.key, NAME.secret and, where there is one, NAME.passphrase" },
	{ .name = "engine.postgres-password",
	    .argument = "PASSWORD",
	    .variable = "POSTGRES_PASSWORD",
	    .help = "where the connection string has none",
	    .secret = true },
	{ .name = "engine.view",
	    .argument = "NAME",
	    .fallback = ENGINE_VIEW,
	    .help = "the view or table there that is read" },
	{ .name = "engine.redis-password",
	    .argument = "PASSWORD",
	    .variable = "REDIS_PASSWORD",
	    .help = "where the URL has none",
	    .secret = true },
	{ .name = "engine.redis-ca-file",
	    .argument = "FILE",
	    .help = "who may sign that Redis server's certificate (default: the system's CAs)" },
	{ .name = "engine.hash",
	    .argument = "KEY",
	    .fallback = ENGINE_HASH,
	    .help = "the hash there that is read" },
	{ .name = "engine.max-age",
	    .argument = "DURATION",
	    .fallback = "0s",
	    .help =
		"what the bot wrote longer ago counts as not read, where it tells the time; 0s: any age" },
	{ .name = "tolerance.absolute",
	    .argument = "QUANTITY",
	    .fallback = "0",
	    .help = "a difference up to it is none" },
	{ .name = "tolerance.relative",
	    .argument = "RATIO",
	    .fallback = "0.0001",
	    .help = "so is one up to this share of the larger quantity" },
	{ .name = "net", .help = "compare long minus short alone, not each side for itself" },
	{ .name = "baseline",
	    .argument = "NAME:SYMBOL=QUANTITY",
	    .help = "what is kept at an exchange and is no position of the bot's; below 0: short",
	    .repeatable = true },
	{ .name = "ignore",
	    .argument = "[NAME:]SYMBOL",
	    .help = "no position, neither at an exchange nor of the bot's",
	    .repeatable = true },
	{ .name = "cash",
	    .argument = "CURRENCY,...",
	    .fallback = "KRW,USD,EUR,GBP,JPY,USDT,USDC,FDUSD,BUSD,TUSD,DAI",
	    .help = "assets that are held to pay with, and are no positions" },
	{ .name = "dust",
	    .argument = "AMOUNT",
	    .fallback = "1",
	    .help = "assets worth less, in the first exposure.currency, are no positions unless the bot or "
		    "the baseline has them; 0: all are" },
	{ .name = "rate",
	    .argument = "BASE/QUOTE=NUMBER",
	    .help = "a price that is known, and wins over those that are read: USDT/USD=1",
	    .repeatable = true },
	{ 0 },
};
