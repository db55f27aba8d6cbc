#include <stdio.h>
#include <string.h>

#include "demo/market/market.h"

/* How far a wave of a walk goes, in millionths of the price, and how many ticks (2^n) from one turn to the
 * next. */
struct wave {
	unsigned ticks_log;
	int64_t millionths;
};
static const struct wave coin_waves[] = { { 0, 20 }, { 4, 150 }, { 8, 800 }, { 12, 4000 } };
/* The fast one is why a second leg may find another price than the first one hoped for. */
static const struct wave venue_waves[] = { { 0, 500 }, { 5, 600 }, { 8, 1300 }, { 12, 600 } };
static const struct wave won_waves[] = { { 10, 500 }, { 14, 1500 }, { 16, 1000 } };
static const struct wave volume_waves[] = { { 14, 100000 }, { 17, 200000 } };
#define COUNT(waves) (sizeof(waves) / sizeof((waves)[0]))

/* Walks of their own, beside those of the assets. */
enum { KEY_VENUE = 1 << 16, KEY_QUANTITY = 2 << 16, KEY_VOLUME = 3 << 16 };

/* In 10^-8 USDT. */
static const struct coin {
	const char *base;
	int64_t price;
} coins[] = {
	{ "BTC", INT64_C(9500000000000) },
	{ "ETH", INT64_C(325000000000) },
	{ "XRP", INT64_C(250000000) },
	{ "SOL", INT64_C(15200000000) },
	{ "BNB", INT64_C(64100000000) },
	{ "DOGE", INT64_C(32150000) },
	{ "ADA", INT64_C(90400000) },
	{ "TRX", INT64_C(25120000) },
	{ "LINK", INT64_C(2214000000) },
	{ "AVAX", INT64_C(3562000000) },
	{ "SHIB", INT64_C(2214) },
	{ "XLM", INT64_C(40350000) },
	{ "SUI", INT64_C(389000000) },
	{ "DOT", INT64_C(704000000) },
	{ "HBAR", INT64_C(28130000) },
	{ "BCH", INT64_C(48120000000) },
	{ "LTC", INT64_C(11050000000) },
	{ "UNI", INT64_C(1318000000) },
	{ "PEPE", INT64_C(1827) },
	{ "NEAR", INT64_C(521000000) },
	{ "APT", INT64_C(913000000) },
	{ "ICP", INT64_C(1052000000) },
	{ "ETC", INT64_C(2716000000) },
	{ "AAVE", INT64_C(31040000000) },
};
enum { COINS = sizeof(coins) / sizeof(coins[0]), WON_PRICE = 1400 };

/* Those that tests and documents know by their prices and steps. */
static const struct listing known[2][LISTINGS] = {
	{ { "BTCUSDT", "BTC", "USDT", 9500000, 1, 2, 150000, 5, 0, MARKET_BINANCE },
	    { "ETHUSDT", "ETH", "USDT", 325000, 1, 2, 40000, 4, 1, MARKET_BINANCE },
	    { "XRPUSDT", "XRP", "USDT", 25000, 1, 4, 30000, 1, 2, MARKET_BINANCE } },
	{ { "KRW-BTC", "BTC", "KRW", 133000000, 1000, 0, 100000000, 8, 0, MARKET_UPBIT },
	    { "KRW-ETH", "ETH", "KRW", 4550000, 1000, 0, 300000000, 8, 1, MARKET_UPBIT },
	    { "KRW-XRP", "XRP", "KRW", 3500, 1, 0, INT64_C(400000000000), 8, 2, MARKET_UPBIT } },
};

/* splitmix64. */
static uint64_t
mixed(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* From 0 to below `limit`, which is below 2^40. */
static int64_t
below(uint64_t random, int64_t limit)
{
	return (int64_t)((random >> 40) * (uint64_t)limit >> 24);
}

static int64_t
power_of_ten(int exponent)
{
	int64_t power = 1;

	for (int i = 0; i < exponent; i++)
		power *= 10;
	return power;
}

static int64_t
made_up_price(int asset)
{
	uint64_t random = mixed((uint64_t)asset);

	return (1000 + (int64_t)(random % 9000)) * power_of_ten(3 + (int)(random >> 40 & 3));
}

/* As many decimals as give the price five digits, as far as there are eight. */
static void
set_price(struct listing *listing, int64_t price)
{
	int decimals = 0;

	while (decimals < 8 && price / power_of_ten(8 - decimals) < 20000)
		decimals++;
	listing->price_decimals = decimals;
	listing->middle = price / power_of_ten(8 - decimals);
	/* The books of small coins are wider: up to 0.1%. */
	listing->step = listing->asset < COINS ? 1 : 1 + (int64_t)(mixed((uint64_t)listing->asset) >> 8) % 10;
}

/* A level is worth 25,000 USDT on average, one of the smallest coins 500; the number has at least three
 * digits. */
static void
set_quantity(struct listing *listing, int64_t price)
{
	int64_t worth = 25000 / (1 + listing->asset / 10), decimals = 0;

	while (decimals < 8 && worth * power_of_ten((int)decimals) < 1000 * price / 100000000)
		decimals++;
	listing->quantity_decimals = (int)decimals;
	listing->quantity = worth * power_of_ten((int)decimals) * 10000 / (price / 10000 + 1);
}

void
market_listing(struct listing *listing, enum market_venue venue, int asset)
{
	int64_t price = asset < COINS ? coins[asset].price : made_up_price(asset);

	if (asset < LISTINGS) {
		*listing = known[venue][asset];
		return;
	}
	*listing = (struct listing){ .asset = asset, .venue = venue };
	if (asset < COINS)
		(void)snprintf(listing->base, sizeof(listing->base), "%s", coins[asset].base);
	else
		(void)snprintf(listing->base, sizeof(listing->base), "C%03u", (unsigned)asset % 1000);
	set_quantity(listing, price);
	if (venue == MARKET_UPBIT) {
		(void)snprintf(listing->native, sizeof(listing->native), "KRW-%s", listing->base);
		(void)snprintf(listing->quote, sizeof(listing->quote), "KRW");
		price *= WON_PRICE;
	} else {
		(void)snprintf(listing->native, sizeof(listing->native), "%sUSDT", listing->base);
		(void)snprintf(listing->quote, sizeof(listing->quote), "USDT");
	}
	set_price(listing, price);
}

void
market_won(struct listing *listing)
{
	*listing = (struct listing){ "KRW-USDT", "USDT", "KRW", WON_PRICE * 10, 1, 1, INT64_C(2000000000), 5,
		MARKET_WON, MARKET_UPBIT };
}

/* Where a walk is, in billionths away from its middle: between its waves' turns, in straight lines. */
static int64_t
walk(const struct wave *waves, size_t count, uint64_t key, int64_t tick)
{
	int64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		int64_t length = INT64_C(1) << waves[i].ticks_log;
		uint64_t index = (uint64_t)(tick >> waves[i].ticks_log) ^ (uint64_t)i << 56;
		int64_t from = below(mixed(key ^ index), 2001) - 1000;
		int64_t to = below(mixed(key ^ (index + 1)), 2001) - 1000;

		sum += (from * length + (to - from) * (tick & (length - 1))) * waves[i].millionths / length;
	}
	return sum;
}

static int64_t
moved(int64_t price, int64_t billionths)
{
	return price + price / 1000 * billionths / 1000000;
}

/* The middle of the book, not yet in steps. */
static int64_t
middle_at(const struct listing *listing, uint64_t seed, int64_t tick)
{
	uint64_t asset = (uint64_t)listing->asset, venue = (uint64_t)listing->venue << 10;
	int64_t middle = listing->middle * 1000; /* so that small prices move smoothly */
	int64_t coin;

	if (listing->quote[0] == 'K')
		middle = moved(middle, walk(won_waves, COUNT(won_waves), mixed(seed ^ MARKET_WON), tick));
	if (listing->asset == MARKET_WON)
		return middle / 1000;
	coin = walk(coin_waves, COUNT(coin_waves), mixed(seed ^ asset), tick);
	middle = moved(middle, listing->asset < LISTINGS ? coin : 2 * coin);
	coin = walk(venue_waves, COUNT(venue_waves), mixed(seed ^ (KEY_VENUE | venue | asset)), tick);
	return moved(middle, coin) / 1000;
}

void
book_make(struct book *book, const struct listing *listing, uint64_t seed, int64_t at_ms, size_t levels)
{
	int64_t tick = at_ms > 0 ? at_ms / TICK_MS : 0, middle, distance = 0;
	uint64_t asset = (uint64_t)listing->asset, venue = (uint64_t)listing->venue << 10, own;

	seed = mixed(seed);
	own = mixed(seed ^ (KEY_QUANTITY | venue | asset));
	middle = (middle_at(listing, seed, tick) + listing->step / 2) / listing->step * listing->step;
	book->listing = listing;
	book->sequence = tick;
	book->time_ms = tick * TICK_MS;
	book->middle = middle;
	for (uint64_t i = 0; i < levels && i < LEVELS; i++) {
		/* Only one quantity in four changes with a tick. */
		uint64_t bid = (((uint64_t)tick + 2 * i) >> 2) << 8 ^ 2 * i;
		uint64_t ask = (((uint64_t)tick + 2 * i + 1) >> 2) << 8 ^ (2 * i + 1);

		distance += listing->step;
		book->bids[i] =
		    (struct level){ middle - distance, 1 + below(mixed(own ^ bid), 2 * listing->quantity) };
		book->asks[i] =
		    (struct level){ middle + distance, 1 + below(mixed(own ^ ask), 2 * listing->quantity) };
	}
}

int64_t
market_volume(const struct listing *listing, uint64_t seed, int64_t at_ms)
{
	int64_t tick = at_ms > 0 ? at_ms / TICK_MS : 0;
	int64_t usdt =
	    (listing->venue == MARKET_UPBIT ? 700000000 : 2000000000) / (1 + listing->asset % MARKET_WON);
	uint64_t asset = (uint64_t)listing->asset, venue = (uint64_t)listing->venue << 10;
	int64_t away =
	    walk(volume_waves, COUNT(volume_waves), mixed(mixed(seed) ^ (KEY_VOLUME | asset)), tick) +
	    walk(volume_waves, 1, mixed(mixed(seed) ^ (KEY_VOLUME | venue | asset)), tick);

	return moved(usdt * (listing->quote[0] == 'K' ? WON_PRICE : 1), away);
}

void
units_text(char text[UNITS_TEXT], int64_t units, int decimals)
{
	uint64_t left = units < 0 ? -(uint64_t)units : (uint64_t)units;
	char digits[UNITS_TEXT], *at = digits + sizeof(digits);

	*--at = '\0';
	for (int written = 0; left > 0 || written <= decimals; written++) {
		if (written == decimals && decimals > 0)
			*--at = '.';
		*--at = (char)('0' + left % 10);
		left /= 10;
	}
	if (units < 0)
		*--at = '-';
	memcpy(text, at, (size_t)(digits + sizeof(digits) - at));
}

double
units_value(int64_t units, int decimals)
{
	double value = (double)units;

	for (int i = 0; i < decimals; i++)
		value /= 10;
	return value;
}
