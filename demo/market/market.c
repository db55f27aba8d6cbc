#include <inttypes.h>
#include <stdio.h>

#include "demo/market/market.h"

/* How far a wave of the walk goes, in millionths of the price, and how many ticks from one turn to the next.
 */
struct wave {
	int64_t ticks;
	int64_t millionths;
};
static const struct wave waves[] = { { 1, 20 }, { 16, 150 }, { 256, 800 }, { 4096, 4000 } };

/* splitmix64. */
static uint64_t
mixed(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static uint64_t
text_seed(uint64_t seed, const char *text)
{
	for (; *text != '\0'; text++)
		seed = mixed(seed ^ (unsigned char)*text);
	return seed;
}

/* From -1000 to 1000. */
static int64_t
turn(uint64_t seed, uint64_t wave, int64_t index)
{
	return (int64_t)(mixed(seed ^ mixed(wave << 56 ^ (uint64_t)index)) % 2001) - 1000;
}

/* Where the price is, in millionths away from its middle. */
static int64_t
walk(uint64_t seed, int64_t tick)
{
	int64_t sum = 0;

	for (size_t i = 0; i < sizeof(waves) / sizeof(waves[0]); i++) {
		int64_t index = tick / waves[i].ticks, inside = tick % waves[i].ticks;
		int64_t from = turn(seed, i, index), to = turn(seed, i, index + 1);

		sum += (from + (to - from) * inside / waves[i].ticks) * waves[i].millionths / 1000;
	}
	return sum;
}

static int64_t
quantity_at(const struct listing *listing, uint64_t seed, int64_t tick, uint64_t level)
{
	/* Only one level in four changes with a tick. */
	uint64_t changes = (uint64_t)(tick + (int64_t)(level % 4)) / 4;

	return 1 + (int64_t)(mixed(seed ^ mixed(changes << 8 ^ level)) % (uint64_t)(2 * listing->quantity));
}

void
book_make(struct book *book, const struct listing *listing, uint64_t seed, int64_t at_ms)
{
	int64_t tick = at_ms > 0 ? at_ms / TICK_MS : 0;
	uint64_t own = text_seed(mixed(seed), listing->native);
	int64_t away = listing->middle / 1000 * walk(own, tick) / 1000;
	int64_t middle = (listing->middle + away) / listing->step * listing->step;

	book->listing = listing;
	book->sequence = tick;
	book->time_ms = tick * TICK_MS;
	book->middle = middle;
	for (uint64_t i = 0; i < LEVELS; i++) {
		int64_t distance = (int64_t)(i + 1) * listing->step;

		book->bids[i] = (struct level){ middle - distance, quantity_at(listing, own, tick, 2 * i) };
		book->asks[i] =
		    (struct level){ middle + distance, quantity_at(listing, own, tick, 2 * i + 1) };
	}
}

void
units_text(char text[UNITS_TEXT], int64_t units, int decimals)
{
	int64_t whole = 1;

	for (int i = 0; i < decimals; i++)
		whole *= 10;
	if (decimals == 0)
		(void)snprintf(text, UNITS_TEXT, "%" PRId64, units);
	else
		(void)snprintf(
		    text, UNITS_TEXT, "%" PRId64 ".%0*" PRId64, units / whole, decimals, units % whole);
}

double
units_value(int64_t units, int decimals)
{
	double value = (double)units;

	for (int i = 0; i < decimals; i++)
		value /= 10;
	return value;
}
