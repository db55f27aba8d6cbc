/*
 * Sums over all positions.  What each asset comes to is added in exact decimals, so that a full
 * hedge is exactly 0; what positions are worth is added in doubles, for prices are no more exact
 * than that.  A part that is not known makes its sum unknown: half of an exposure would look like a
 * small one.  A sum of doubles depends on the order, so the holdings of an asset are sorted first:
 * the same positions give the same delta in each run.
 */

#include "positions/exposure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What `amount` of `from` is in `to`; NaN: not known. */
static double
convert(struct rates *rates, double amount, const char *from, const char *to)
{
	double rate;

	return isfinite(amount) && rates_find(rates, from, to, &rate) ? amount * rate : NAN;
}

/* What the exchange says counts first.  If no rate leads from there, the price of the base asset does. */
static double
value_in(struct rates *rates, const struct holding *holding, const char *currency)
{
	const char *told = holding->currency[0] != '\0' ? holding->currency : holding->symbol.quote;
	double value = convert(rates, holding_notional(holding), told, currency);

	if (!isfinite(value))
		value = convert(rates, holding_base(holding), holding->symbol.base, currency);
	return isfinite(value) ? value : NAN;
}

static bool
is_readable(const struct exposure_input *input, size_t exchange)
{
	return exchange < input->exchange_count && input->readable[exchange];
}

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
	for (size_t i = 0; i < input->holding_count; i++) {
		const struct holding *holding = &input->holdings[i];
		double value = value_in(input->rates, holding, currency);

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
	struct decimal quantity = holding->quantity;
	double base;

	/* Its quantity is in quote currency: the mark leads to the base, by a division. */
	if (holding->inverse) {
		base = holding_base(holding);
		sum->divided_gross += base;
		sum->divided_net += holding->is_short ? -base : base;
		/* Without a mark the base is NaN. */
		sum->known = sum->known && isfinite(sum->divided_gross);
		return;
	}
	/* A sum with more digits than a decimal holds is unknown, and not rounded. */
	if (!decimal_add(sum->gross, quantity, &sum->gross) ||
	    !decimal_add(sum->net, holding->is_short ? decimal_negative(quantity) : quantity, &sum->net))
		sum->known = false;
}

static double
net_of(const struct sum *sum)
{
	return decimal_value(sum->net) + sum->divided_net;
}

static double
gross_of(const struct sum *sum)
{
	return decimal_value(sum->gross) + sum->divided_gross;
}

static int
compare_base(const void *left, const void *right)
{
	const struct holding *a = *(const struct holding *const *)left;
	const struct holding *b = *(const struct holding *const *)right;
	int result = strcmp(a->symbol.base, b->symbol.base);

	/* No two positions are equal here: else qsort() might leave them in any order. */
	return result != 0 ? result : holding_compare(a, b);
}

/*
 * Holdings in the order of their base asset, of the two exchanges or of every one (`wanted` is NULL); the
 * caller frees them.  NULL with `why`: no memory.
 */
static const struct holding **
sort_by_base(const struct exposure_input *input, const size_t wanted[2], size_t *count, struct failure *why)
{
	const struct holding **sorted = malloc((input->holding_count + 1) * sizeof(*sorted));

	*count = 0;
	if (sorted == NULL) {
		(void)failure_set(
		    why, FAILURE_LOCAL, "out of memory for %zu positions", input->holding_count);
		return NULL;
	}
	for (size_t i = 0; i < input->holding_count; i++) {
		const struct holding *holding = &input->holdings[i];

		if (wanted == NULL || holding->exchange == wanted[0] || holding->exchange == wanted[1])
			sorted[(*count)++] = holding;
	}
	qsort(sorted, *count, sizeof(*sorted), compare_base);
	return sorted;
}

/* How many from `at` on are of one asset. */
static size_t
count_same(const struct holding *const *at, size_t left)
{
	size_t count = 1;

	while (count < left && strcmp(at[count]->symbol.base, at[0]->symbol.base) == 0)
		count++;
	return count;
}

static struct asset_delta
delta_of(const struct holding *const *at, size_t count, bool whole)
{
	struct asset_delta delta = { .asset = at[0]->symbol.base };
	struct sum sum = { .known = whole };

	for (size_t i = 0; i < count; i++)
		add_to_sum(&sum, at[i]);
	if (!sum.known)
		return delta;
	delta.known = true;
	delta.net = net_of(&sum);
	delta.gross = gross_of(&sum);
	delta.ratio = delta.gross > 0 ? fabs(delta.net) / delta.gross : 0;
	return delta;
}

int
exposure_deltas(
    const struct exposure_input *input, struct asset_delta deltas[], size_t *count, struct failure *why)
{
	bool whole = is_whole(input);
	size_t total, same;
	const struct holding **sorted = sort_by_base(input, NULL, &total, why);

	if (sorted == NULL)
		return -1;
	*count = 0;
	for (size_t i = 0; i < total; i += same) {
		same = count_same(sorted + i, total - i);
		deltas[(*count)++] = delta_of(sorted + i, same, whole);
	}
	free(sorted);
	return 0;
}

/* False: neither of the two has anything of it. */
static bool
imbalance_of(
    const struct holding *const *at, size_t count, size_t a, bool whole, struct asset_imbalance *imbalance)
{
	struct sum of_a = { .known = whole }, of_b = { .known = whole };
	double on_a, on_b;

	*imbalance = (struct asset_imbalance){ .asset = at[0]->symbol.base };
	for (size_t i = 0; i < count; i++)
		add_to_sum(at[i]->exchange == a ? &of_a : &of_b, at[i]);
	if (!of_a.known || !of_b.known)
		return true;
	on_a = fabs(net_of(&of_a));
	on_b = fabs(net_of(&of_b));
	imbalance->known = true;
	/* Long and short at one exchange may cancel out; 0 of 0 has no ratio. */
	if (!(on_a + on_b > 0))
		return false;
	imbalance->ratio = (on_a - on_b) / (on_a + on_b);
	return true;
}

int
exposure_imbalances(const struct exposure_input *input, size_t a, size_t b,
    struct asset_imbalance imbalances[], size_t *count, struct failure *why)
{
	/* Other exchanges do not matter here, read or not. */
	bool whole = is_readable(input, a) && is_readable(input, b);
	const size_t wanted[2] = { a, b };
	size_t total, same;
	const struct holding **sorted = sort_by_base(input, wanted, &total, why);

	if (sorted == NULL)
		return -1;
	*count = 0;
	for (size_t i = 0; i < total; i += same) {
		same = count_same(sorted + i, total - i);
		if (imbalance_of(sorted + i, same, a, whole, &imbalances[*count]))
			(*count)++;
	}
	free(sorted);
	return 0;
}
