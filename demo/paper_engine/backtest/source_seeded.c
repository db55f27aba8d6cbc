#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "demo/market/market.h"
#include "demo/paper_engine/backtest/source.h"
#include "demo/paper_engine/core/events.h"

/* A listing, and by what its whole numbers are multiplied to be of 10^-8. */
struct quoted {
	struct listing listing;
	int64_t price, quantity;
};

struct seeded {
	uint64_t seed;
	size_t symbols;
	struct quoted quoted[MARKET_ASSETS][VENUES], won;
	char texts[MARKET_ASSETS][SYMBOL_NAME];
	const char *names[MARKET_ASSETS];
	struct book book; /* large, and of use during a call alone */
};

static void
make_depth(struct seeded *market, const struct quoted *quoted, int64_t at_ms, struct depth *depth)
{
	struct book *book = &market->book;

	book_make(book, &quoted->listing, market->seed, at_ms, DEPTH);
	depth->sequence = book->sequence;
	depth->time_ms = book->time_ms;
	for (size_t i = 0; i < DEPTH; i++) {
		depth->bids[i] = (struct depth_level){ book->bids[i].price * quoted->price,
			book->bids[i].quantity * quoted->quantity };
		depth->asks[i] = (struct depth_level){ book->asks[i].price * quoted->price,
			book->asks[i].quantity * quoted->quantity };
	}
}

static void
seeded_read_symbol(void *context, size_t symbol, int64_t at_ms, struct depth books[VENUES], struct depth *won)
{
	struct seeded *market = context;

	for (size_t venue = 0; venue < VENUES; venue++)
		make_depth(market, &market->quoted[symbol][venue], at_ms, &books[venue]);
	make_depth(market, &market->won, at_ms, won);
}

static int
seeded_read(
    void *context, int64_t at_ms, struct depth (*books)[VENUES], struct depth *won, struct failure *why)
{
	struct seeded *market = context;

	(void)why;
	for (size_t symbol = 0; symbol < market->symbols; symbol++)
		for (size_t venue = 0; venue < VENUES; venue++)
			make_depth(market, &market->quoted[symbol][venue], at_ms, &books[symbol][venue]);
	make_depth(market, &market->won, at_ms, won);
	return 0;
}

/* Both numbers have eight decimals at most. */
static void
set_scales(struct quoted *quoted)
{
	quoted->price = quoted->quantity = 1;
	for (int i = quoted->listing.price_decimals; i < 8; i++)
		quoted->price *= 10;
	for (int i = quoted->listing.quantity_decimals; i < 8; i++)
		quoted->quantity *= 10;
}

int
source_seeded_open(struct source *source, uint64_t seed, size_t symbols, struct failure *why)
{
	static const enum market_venue venues[VENUES] = { MARKET_BINANCE, MARKET_UPBIT };
	struct seeded *market;

	if (symbols > MARKET_ASSETS)
		return failure_set(
		    why, FAILURE_LOCAL, "the market has no more than %d symbols", MARKET_ASSETS);
	market = calloc(1, sizeof(*market));
	if (market == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	market->seed = seed;
	market->symbols = symbols;
	for (size_t symbol = 0; symbol < symbols; symbol++) {
		for (size_t venue = 0; venue < VENUES; venue++) {
			market_listing(&market->quoted[symbol][venue].listing, venues[venue], (int)symbol);
			set_scales(&market->quoted[symbol][venue]);
		}
		(void)snprintf(
		    market->texts[symbol], SYMBOL_NAME, "%s/USDT", market->quoted[symbol][0].listing.base);
		market->names[symbol] = market->texts[symbol];
	}
	market_won(&market->won.listing);
	set_scales(&market->won);
	*source = (struct source){ .context = market,
		.symbols = symbols,
		.names = market->names,
		.from_ms = 0,
		.until_ms = INT64_MAX,
		.read = seeded_read,
		.read_symbol = seeded_read_symbol,
		.close = free };
	return 0;
}
