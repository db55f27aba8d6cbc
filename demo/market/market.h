#ifndef DEMO_MARKET_H
#define DEMO_MARKET_H

#include <stddef.h>
#include <stdint.h>

/*
 * Books that move, made from a seed and the time alone: the same two give the same book to every client,
 * however often it asks, and nothing is stored.  A book changes every TICK_MS; its sequence number counts the
 * changes.
 *
 * The price of a coin is one walk that all exchanges share, and a small one of each exchange's own around it:
 * two exchanges are up to some 0.4% apart, now one way and now the other, for seconds to minutes.  Against
 * KRW it also follows the rate of USDT in KRW.
 */
enum { MARKET_ASSETS = 500, LISTINGS = 3, LEVELS = 100, TICK_MS = 250 };
enum { MARKET_WON = MARKET_ASSETS }; /* listing.asset of USDT in KRW */

enum market_venue {
	MARKET_BINANCE,
	MARKET_UPBIT,
	MARKET_BINANCEUSDM,
	MARKET_BYBIT,
	MARKET_OKX,
	MARKET_KRAKEN
};

/* A symbol as one venue trades it.  Prices and quantities are whole numbers of 10^-decimals. */
struct listing {
	char native[16]; /* "BTCUSDT", "KRW-BTC" */
	char base[8], quote[8];
	int64_t middle; /* the price the walk stays around */
	int64_t step;   /* smallest change of the price */
	int price_decimals;
	int64_t quantity; /* a level has up to twice that; below 2^39 */
	int quantity_decimals;
	int asset; /* its rank by volume, from 0 */
	enum market_venue venue;
};

/* The coin `asset` (below MARKET_ASSETS) at binance, in USDT, or at upbit, in KRW: BTC, ETH, XRP, ... C024,
 * C025, ... */
void market_listing(struct listing *listing, enum market_venue venue, int asset);

/* USDT at upbit, in KRW. */
void market_won(struct listing *listing);

/* What was traded in the 24 hours before `at_ms`, in whole units of the quote currency.  It drifts within
 * hours. */
int64_t market_volume(const struct listing *listing, uint64_t seed, int64_t at_ms);

struct level {
	int64_t price, quantity;
};

struct book {
	const struct listing *listing;
	int64_t sequence;
	int64_t time_ms; /* when it became what it is */
	int64_t middle;
	struct level bids[LEVELS], asks[LEVELS]; /* the best first */
};

/* The best `levels` (up to LEVELS) of each side; those behind them are left as they were. */
void book_make(struct book *book, const struct listing *listing, uint64_t seed, int64_t at_ms, size_t levels);

/* "94123.50" */
enum { UNITS_TEXT = 32 };
void units_text(char text[UNITS_TEXT], int64_t units, int decimals);
double units_value(int64_t units, int decimals);

#endif /* DEMO_MARKET_H */
