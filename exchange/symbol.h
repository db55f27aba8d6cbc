#ifndef EXCHANGE_SYMBOL_H
#define EXCHANGE_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/text/slice.h"
#include "exchange/profile/profile.h"

/*
 * One name for one market, however it is spelt: "BTCUSDT", "BTC-USDT-SWAP",
 * "btc_usdt", "KRW-BTC" (Upbit), "XXBTZUSD" (Kraken), "BTC/USDT:USDT" (ccxt)
 * and "BTC/USDT" are the same.
 *
 * A market is base, quote and, for contracts with an end, what comes after:
 * "BTC/USDT-260327".  Words for "perpetual" ("SWAP", "PERP", "UMCBL") and ccxt's
 * settlement currency are left out, and the day it ends is always "260327".  An
 * asset alone ("BTC") has an empty quote.  A contract without a quote ("BTCPERP",
 * "BTC-26SEP25") has the profile's contract_quote.  "1000SHIB" is a name of its own
 * (but see symbol_unit()), and so is "BTC.F" (staked or lent: it cannot be sold at once), unless the profile
 * renames it.
 */
enum { SYMBOL_ASSET = 24, SYMBOL_TEXT = 64 };

struct symbol {
	char base[SYMBOL_ASSET];
	char quote[SYMBOL_ASSET]; /* "": an asset alone */
	char text[SYMBOL_TEXT];   /* "BTC/USDT", "BTC/USDT-260327", "BTC" */
};

/*
 * Read a market as the exchange or the operator spells it.  Without a
 * separator the quote is the longest of the currencies known to be quotes that
 * it ends with (symbol.c has the list), and what ends with none of them is an
 * asset alone.  The profile says in which order base and quote stand, but before
 * a slash it is always the base; renames are undone ("XBT" is "BTC").  False:
 * empty, too long, or holding anything but letters, digits and one of "-_/:. "
 * between them (UTF-8 letters are taken as they are).
 *
 * What is known to be an asset is for symbol_read_asset(): "WETH" ends like a market
 * against ETH.
 */
bool symbol_read(const struct profile *profile, struct slice spelt, struct symbol *symbol);

/*
 * What one of a base is, by the profile's symbol.units: "1000PEPE" is 1000 of "PEPE", and any other base one
 * of itself.  Symbols keep the exchange's name; sums over exchanges need this.
 */
struct symbol_unit {
	char asset[SYMBOL_ASSET];
	int count;
};
void symbol_unit(const struct profile *profile, const char *base, struct symbol_unit *unit);

/* A currency or asset alone: "XXBT", "xbt" and "BTC" are the same on Kraken. */
bool symbol_read_asset(const struct profile *profile, struct slice spelt, struct symbol *symbol);

#endif /* EXCHANGE_SYMBOL_H */
