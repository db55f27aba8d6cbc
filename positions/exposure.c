/*
 * What positions are worth, one by one and together.
 *
 * Prices are a sorted array of pairs, searched by halves.  Each price is in it twice, as given and
 * turned round, so that a pair is found from either end.  Prices come all at once and questions after
 * that, so the array is sorted with the first question and not with each price.  `given`, the place in
 * the order of giving, makes the answer depend on that order alone and not on sorting.
 *
 * What each asset comes to is added in exact decimals, so that a full hedge is exactly 0; what positions
 * are worth is added in doubles, for prices are no more exact than that.  A part that is not known makes
 * its sum unknown: half of an exposure would look like a small one.  A sum of doubles depends on the
 * order, so the holdings of an asset are sorted first: the same positions give the same delta in each
 * run.
 */

#include "positions/exposure.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/array.h"

/* Prices ------------------------------------------------------------- */

/* What was given is here twice: as it was, and turned round. */
struct rate {
	char from[SYMBOL_ASSET], to[SYMBOL_ASSET];
	double price;
	size_t given; /* its place in the order of giving */
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
	struct rate *entries;

	/* A price of almost 0 has no finite 1 / price, which would be the other direction. */
	if (!(price > 0) || !isfinite(price) || !isfinite(1 / price) || !is_name(base) || !is_name(quote) ||
	    strcmp(base, quote) == 0)
		return 0;
	/* There must be room for both directions. */
	if (given + 2 > (size_t)2 * RATES_MAX)
		return failure_set(why, FAILURE_LOCAL, "more than %d conversion rates", RATES_MAX);
	entries = array_reserve(rates->entries, &rates->room, given + 2, sizeof(*entries));
	if (entries == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory for conversion rates");
	rates->entries = entries;
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

/* The first entry of the pair, which is the one that counts, or NULL. */
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

/* Values ------------------------------------------------------------- */

/* What `amount` of `from` is in `to`; NaN: not known. */
static double
convert(struct rates *rates, double amount, const char *from, const char *to)
{
	double rate;

	return isfinite(amount) && rates_find(rates, from, to, &rate) ? amount * rate : NAN;
}

/*
 * What it is worth in its own currency.  An inverse contract is counted in its quote currency (5000 USD of
 * BTC): there the worth needs no price, and the amount of base does.
 */
static double
notional_of(const struct holding *holding)
{
	double quantity = decimal_value(holding->quantity);

	/* What the exchange says counts before a product of ours. */
	if (isfinite(holding->notional))
		return fabs(holding->notional);
	if (holding->inverse)
		return quantity;
	return holding->mark > 0 && isfinite(holding->mark) ? quantity * holding->mark : NAN;
}

/* How many of its asset, not negative. */
static double
base_of(const struct holding *holding)
{
	double quantity = decimal_value(holding->quantity) * holding_units(holding);

	if (!holding->inverse)
		return quantity;
	return holding->mark > 0 && isfinite(holding->mark) ? quantity / holding->mark : NAN;
}

/* If no rate leads from the currency that the exchange tells it in, the price of the base asset does. */
double
holding_value(const struct holding *holding, struct rates *rates, const char *currency)
{
	const char *told = holding->currency[0] != '\0' ? holding->currency : holding->symbol.quote;
	double value = convert(rates, notional_of(holding), told, currency);

	if (!isfinite(value))
		value = convert(rates, base_of(holding), holding_asset(holding), currency);
	return isfinite(value) ? value : NAN;
}

/* Sums --------------------------------------------------------------- */

/* An exchange that was not read may hold anything. */
static bool
is_whole(const struct exposure_input *input)
{
	for (size_t i = 0; i < input->exchange_count; i++)
		if (!input->readable[i])
			return false;
	return true;
}

static void
set_missing(struct exposure *exposure, const char *what)
{
	*exposure = (struct exposure){ .known = false };
	(void)snprintf(exposure->missing, sizeof(exposure->missing), "%s", what);
}

void
exposure_in(const struct exposure_input *input, const char *currency, struct exposure *exposure)
{
	*exposure = (struct exposure){ .known = true };
	if (!is_whole(input)) {
		set_missing(exposure, EXPOSURE_UNREADABLE);
		return;
	}
	for (size_t i = 0; i < input->holdings->count; i++) {
		const struct holding *holding = &input->holdings->rows[i];
		double value = holding_value(holding, input->rates, currency);

		exposure->gross += value;
		exposure->net += holding->is_short ? -value : value;
		/* One value that is not known is NaN, and so is the sum. */
		if (!isfinite(exposure->gross)) {
			set_missing(exposure, holding->symbol.text);
			return;
		}
	}
}

/* Quantities of one asset.  What comes of a division has no exact decimals, and is added up apart. */
struct sum {
	struct decimal net, gross;
	double divided_net, divided_gross;
	bool known;
};

static void
add_to_sum(struct sum *sum, const struct holding *holding)
{
	struct decimal quantity = holding->quantity, units = { holding_units(holding), 0 };
	double base;

	/* Its quantity is in quote currency: the mark leads to the base, by a division. */
	if (holding->inverse) {
		base = base_of(holding);
		sum->divided_gross += base;
		sum->divided_net += holding->is_short ? -base : base;
		/* Without a mark the base is NaN. */
		sum->known = sum->known && isfinite(sum->divided_gross);
		return;
	}
	/* A sum with more digits than a decimal holds is unknown, and not rounded. */
	if ((units.mantissa > 1 && !decimal_multiply(quantity, units, &quantity)) ||
	    !decimal_add(sum->gross, quantity, &sum->gross) ||
	    !decimal_add(sum->net, holding->is_short ? decimal_negative(quantity) : quantity, &sum->net))
		sum->known = false;
}

static double
net_of(const struct sum *sum)
{
	return decimal_value(sum->net) + sum->divided_net;
}

static int
compare_base(const void *left, const void *right)
{
	const struct holding *a = *(const struct holding *const *)left;
	const struct holding *b = *(const struct holding *const *)right;
	int result = strcmp(holding_asset(a), holding_asset(b));

	/* No two positions are equal here: else qsort() might leave them in any order. */
	return result != 0 ? result : holding_compare(a, b);
}

/* Holdings in the order of their base asset; the caller frees them.  NULL: no memory. */
static const struct holding **
sort_by_base(const struct holdings *holdings)
{
	const struct holding **sorted = malloc((holdings->count + 1) * sizeof(*sorted));

	if (sorted == NULL)
		return NULL;
	for (size_t i = 0; i < holdings->count; i++)
		sorted[i] = &holdings->rows[i];
	qsort(sorted, holdings->count, sizeof(*sorted), compare_base);
	return sorted;
}

static double
imbalance_of(const struct sum *a, const struct sum *b)
{
	double on_a = fabs(net_of(a)), on_b = fabs(net_of(b));

	/* Long and short at one exchange may cancel out; 0 of 0 has no ratio. */
	if (!a->known || !b->known || !(on_a + on_b > 0))
		return (double)NAN;
	return (on_a - on_b) / (on_a + on_b);
}

/* `count` holdings are of one asset. */
static struct asset_exposure
asset_of(const struct exposure_input *input, const struct holding *const holdings[], size_t count)
{
	struct asset_exposure asset = { holding_asset(holdings[0]), (double)NAN, (double)NAN, (double)NAN };
	const size_t *two = input->inventory;
	/* For the imbalance other exchanges do not matter, read or not. */
	bool both = two != NULL && input->readable[two[0]] && input->readable[two[1]];
	struct sum all = { .known = is_whole(input) }, a = { .known = both }, b = { .known = both };
	double gross;

	for (size_t i = 0; i < count; i++) {
		add_to_sum(&all, holdings[i]);
		if (both && holdings[i]->exchange == two[0])
			add_to_sum(&a, holdings[i]);
		if (both && holdings[i]->exchange == two[1])
			add_to_sum(&b, holdings[i]);
	}
	asset.imbalance = imbalance_of(&a, &b);
	if (!all.known)
		return asset;
	gross = decimal_value(all.gross) + all.divided_gross;
	asset.net = net_of(&all);
	asset.ratio = gross > 0 ? fabs(asset.net) / gross : 0;
	return asset;
}

struct asset_exposure *
exposure_assets(const struct exposure_input *input, size_t *count, struct failure *why)
{
	size_t total = input->holdings->count, same;
	struct asset_exposure *assets = calloc(total + 1, sizeof(*assets));
	const struct holding **sorted = sort_by_base(input->holdings);

	*count = 0;
	if (assets == NULL || sorted == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory for %zu positions", total);
		free(assets);
		assets = NULL;
		total = 0;
	}
	for (size_t i = 0; i < total; i += same) {
		same = 1;
		while (i + same < total &&
		       strcmp(holding_asset(sorted[i + same]), holding_asset(sorted[i])) == 0)
			same++;
		assets[(*count)++] = asset_of(input, sorted + i, same);
	}
	free(sorted);
	return assets;
}
