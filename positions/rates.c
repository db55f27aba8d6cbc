/*
 * Prices as a sorted array of pairs, searched by halves: thousands of positions are priced in each
 * run.  Each price is in it twice, as given and turned round, so that a pair is found from either
 * end.  Prices come all at once and questions after that, so the array is sorted with the first
 * question and not with each price.  `given`, the place in the order of giving, makes the answer
 * depend on that order alone and not on sorting.
 */

#include "positions/rates.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What was given is here twice: as it was, and turned round. */
struct rate {
	char from[SYMBOL_ASSET], to[SYMBOL_ASSET];
	double price;
	size_t given; /* as the how-manieth */
	bool turned;
};

static int
compare_pair(const struct rate *a, const char *from, const char *to)
{
	int result = strcmp(a->from, from);

	return result != 0 ? result : strcmp(a->to, to);
}

/* The one that counts is the first of its pair: a price as given before one that was turned round. */
static int
compare(const void *left, const void *right)
{
	const struct rate *a = left, *b = right;
	int result = compare_pair(a, b->from, b->to);

	if (result != 0)
		return result;
	if (a->turned != b->turned)
		return a->turned ? 1 : -1;
	return a->given < b->given ? -1 : a->given > b->given;
}

static bool
is_name(const char *name)
{
	return name[0] != '\0' && strlen(name) < SYMBOL_ASSET;
}

static int
make_room(struct rates *rates, struct failure *why)
{
	size_t room = rates->room == 0 ? 64 : rates->room * 2;
	struct rate *entries;

	/* There must be room for both directions. */
	if (rates->count + 2 > (size_t)2 * RATES_MAX)
		return failure_set(why, FAILURE_LOCAL, "more than %d conversion rates", RATES_MAX);
	if (rates->count + 2 <= rates->room)
		return 0;
	entries = realloc(rates->entries, room * sizeof(*entries));
	if (entries == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory for conversion rates");
	rates->entries = entries;
	rates->room = room;
	return 0;
}

static void
append(struct rates *rates, const char *from, const char *to, double price, size_t given, bool turned)
{
	struct rate *entry = &rates->entries[rates->count++];

	*entry = (struct rate){ .price = price, .given = given, .turned = turned };
	memcpy(entry->from, from, strlen(from) + 1);
	memcpy(entry->to, to, strlen(to) + 1);
}

int
rates_add(struct rates *rates, const char *base, const char *quote, double price, struct failure *why)
{
	size_t given = rates->count;

	/* A price of almost 0 has no finite 1 / price, which would be the other direction. */
	if (!(price > 0) || !isfinite(price) || !isfinite(1 / price) || !is_name(base) || !is_name(quote) ||
	    strcmp(base, quote) == 0)
		return 0;
	if (make_room(rates, why) != 0)
		return -1;
	append(rates, base, quote, price, given, false);
	append(rates, quote, base, 1 / price, given, true);
	rates->sorted = false;
	return 0;
}

/* The first entry that is not before this pair. */
static size_t
lower_bound(const struct rates *rates, const char *from, const char *to)
{
	size_t low = 0, high = rates->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_pair(&rates->entries[middle], from, to) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The first entry of the pair, which is the one that counts.  NULL: there is none. */
static const struct rate *
find_pair(const struct rates *rates, const char *from, const char *to)
{
	size_t at = lower_bound(rates, from, to);

	if (at < rates->count && compare_pair(&rates->entries[at], from, to) == 0)
		return &rates->entries[at];
	return NULL;
}

/* The entries that begin with this currency: no name has a byte of 0xff. */
static void
find_range(const struct rates *rates, const char *from, size_t *first, size_t *end)
{
	*first = lower_bound(rates, from, "");
	*end = lower_bound(rates, from, "\xff");
}

/*
 * Of all ways through a third currency the one whose later price was given
 * first.  That does not depend on where one begins to look, so it is looked for from the
 * end that has fewer prices, which costs little where everything is priced in
 * one currency.
 */
static bool
find_through_third(const struct rates *rates, const char *from, const char *to, double *rate)
{
	size_t first, end, other_first, other_end, best = SIZE_MAX;

	find_range(rates, from, &first, &end);
	find_range(rates, to, &other_first, &other_end);
	if (other_end - other_first < end - first) {
		first = other_first;
		end = other_end;
	}
	for (size_t i = first; i < end; i++) {
		const char *third = rates->entries[i].to;
		const struct rate *one = find_pair(rates, from, third), *two = find_pair(rates, third, to);
		size_t given;

		if (one == NULL || two == NULL)
			continue;
		given = one->given > two->given ? one->given : two->given;
		if (given < best) {
			best = given;
			*rate = one->price * two->price;
		}
	}
	return best != SIZE_MAX;
}

bool
rates_find(struct rates *rates, const char *from, const char *to, double *rate)
{
	const struct rate *pair;
	double found;

	if (!is_name(from) || !is_name(to))
		return false;
	if (strcmp(from, to) == 0) {
		*rate = 1;
		return true;
	}
	if (!rates->sorted && rates->count > 0)
		qsort(rates->entries, rates->count, sizeof(*rates->entries), compare);
	rates->sorted = true;
	pair = find_pair(rates, from, to);
	if (pair != NULL)
		found = pair->price;
	else if (!find_through_third(rates, from, to, &found))
		return false;
	/* The product of two prices may be more, or less, than a double holds. */
	if (!(found > 0) || !isfinite(found))
		return false;
	*rate = found;
	return true;
}

void
rates_release(struct rates *rates)
{
	free(rates->entries);
	*rates = (struct rates){ 0 };
}
