#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "demo/paper_engine/backtest/search.h"
#include "demo/paper_engine/core/random.h"

enum { MIN_PROFIT, SIZE, COOLDOWN, WEIGHT };

const struct dimension search_dimensions[DIMENSIONS] = {
	[MIN_PROFIT] = { "min profit", 16 }, /* 0.0001 to 0.003 */
	[SIZE] = { "size", 18 },             /* 100 to 5000 USDT */
	[COOLDOWN] = { "cooldown", 21 },     /* 10 s to 1000 s */
	[WEIGHT] = { "weight", 11 },         /* 0 to 1 */
};

/* From one decade to the next in ten steps that look the same on a logarithmic scale. */
static int64_t
round_value(int at, int64_t unit)
{
	static const int64_t digits[] = { 10, 12, 15, 20, 25, 30, 40, 50, 60, 80 };

	for (; at >= 10; at -= 10)
		unit *= 10;
	return digits[at] * unit;
}

struct parameters
search_parameters(const struct point *point)
{
	return (struct parameters){ .min_profit = round_value(point->at[MIN_PROFIT], FIXED_ONE / 100000),
		.size = round_value(point->at[SIZE], 10 * FIXED_ONE),
		.cooldown_ms = round_value(point->at[COOLDOWN], 1000),
		.weight = point->at[WEIGHT] * (FIXED_ONE / 10) };
}

const char *
search_value_text(const struct point *point, size_t dimension, char text[VALUE_TEXT])
{
	struct parameters parameters = search_parameters(point);

	if (dimension == MIN_PROFIT)
		(void)snprintf(text, VALUE_TEXT, "%g", fixed_value(parameters.min_profit));
	else if (dimension == SIZE)
		(void)snprintf(text, VALUE_TEXT, "%" PRId64 " USDT", parameters.size / FIXED_ONE);
	else if (dimension == COOLDOWN)
		(void)snprintf(text, VALUE_TEXT, "%" PRId64 "s", parameters.cooldown_ms / 1000);
	else
		(void)snprintf(text, VALUE_TEXT, "%g", fixed_value(parameters.weight));
	return text;
}

struct point
search_random(uint64_t *random)
{
	struct point point;

	for (size_t i = 0; i < DIMENSIONS; i++)
		point.at[i] = (int)((random_next(random) >> 32) * (uint64_t)search_dimensions[i].count >> 32);
	return point;
}

bool
search_step(const struct point *from, size_t dimension, int step, struct point *to)
{
	int at = from->at[dimension] + step;

	*to = *from;
	to->at[dimension] = at;
	return at >= 0 && at < search_dimensions[dimension].count;
}

bool
search_equal(const struct point *a, const struct point *b)
{
	return memcmp(a->at, b->at, sizeof(a->at)) == 0;
}
