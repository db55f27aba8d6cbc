#ifndef DEMO_MARKET_H
#define DEMO_MARKET_H

#include <stddef.h>
#include <stdint.h>

/*
 * Books that move, made from a seed and the time alone: the same two give
 * the same book to every client, however often it asks, and nothing is stored.  A
 * book changes every TICK_MS; its sequence number counts the changes.
 */
enum { LISTINGS = 3, LEVELS = 100, TICK_MS = 250 };

/* A symbol as one venue trades it.  Prices and quantities are whole numbers of 10^-decimals. */
struct listing {
	const char *native; /* "BTCUSDT", "KRW-BTC" */
	const char *base, *quote;
	int64_t middle; /* the price the walk stays around */
	int64_t step;   /* smallest change of the price */
	int price_decimals;
	int64_t quantity; /* a level has up to twice that */
	int quantity_decimals;
};

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

void book_make(struct book *book, const struct listing *listing, uint64_t seed, int64_t at_ms);

/* "94123.50" */
enum { UNITS_TEXT = 32 };
void units_text(char text[UNITS_TEXT], int64_t units, int decimals);
double units_value(int64_t units, int decimals);

#endif /* DEMO_MARKET_H */
