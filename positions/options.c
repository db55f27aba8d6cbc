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
