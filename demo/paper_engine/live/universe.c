#include <stdlib.h>
#include <string.h>

#include "demo/paper_engine/live/universe.h"

const char *const universe_modes[4] = { "single", "fixed_list", "top_n", "full_market" };

struct candidate {
	const char *name;
	double volume; /* USDT, at both exchanges */
};

static bool
passes(const struct universe_settings *settings, const struct ticker *ticker, double rate)
{
	double spread = ticker->bid > 0 ? ticker->ask / ticker->bid - 1 : 0;
	double bid_worth = ticker->bid * ticker->bid_quantity / rate,
	       ask_worth = ticker->ask * ticker->ask_quantity / rate;
	bool has_book = ticker->bid > 0 && ticker->ask > 0;

	return ticker->trades && ticker->volume / rate >= fixed_value(settings->volume_least) &&
	       (settings->spread_most == 0 || (has_book && spread <= fixed_value(settings->spread_most))) &&
	       bid_worth >= fixed_value(settings->depth_least) &&
	       ask_worth >= fixed_value(settings->depth_least);
}

static bool
is_named(const struct universe_settings *settings, const char *name)
{
	if (settings->mode != UNIVERSE_SINGLE && settings->mode != UNIVERSE_FIXED_LIST)
		return true;
	for (size_t i = 0; i < settings->name_count; i++)
		if (strcmp(settings->names[i], name) == 0)
			return true;
	return false;
}

static int
compare_volumes(const void *a, const void *b)
{
	const struct candidate *one = a, *other = b;

	if (one->volume != other->volume)
		return one->volume > other->volume ? -1 : 1;
	return strcmp(one->name, other->name);
}

/* Both lists are sorted by name. */
static size_t
find_candidates(const struct universe_settings *settings, const struct tickers tickers[VENUES], double won,
    struct candidate candidates[TICKERS_MOST])
{
	const struct tickers *binance = &tickers[VENUE_BINANCE], *upbit = &tickers[VENUE_UPBIT];
	size_t count = 0;

	for (size_t i = 0, k = 0; i < binance->count && k < upbit->count;) {
		const struct ticker *one = &binance->list[i], *other = &upbit->list[k];
		int order = strcmp(one->name, other->name);

		if (order == 0 && is_named(settings, one->name) && passes(settings, one, 1) &&
		    passes(settings, other, won))
			candidates[count++] =
			    (struct candidate){ one->name, one->volume + other->volume / won };
		i += order <= 0;
		k += order >= 0;
	}
	return count;
}

size_t
universe_choose(const struct universe_settings *settings, const struct tickers tickers[VENUES], double won,
    const char *chosen[SYMBOLS_MOST])
{
	struct candidate candidates[TICKERS_MOST];
	size_t count = find_candidates(settings, tickers, won, candidates);
	size_t most = settings->mode == UNIVERSE_TOP_N ? settings->top : SYMBOLS_MOST;

	qsort(candidates, count, sizeof(*candidates), compare_volumes);
	count = count < most ? count : most;
	for (size_t i = 0; i < count; i++)
		chosen[i] = candidates[i].name;
	return count;
}
