/*
 * Latency histograms for the small pictures, the median, and the 95th
 * percentile.  An exchange has a series per endpoint, and a collector's
 * picture is the sum of all that it measured: so cumulative counts are added
 * by bound.  That is right only where the bounds agree.  Whether they did
 * cannot be seen while adding, but the result gives it away: then counts fall
 * from one bucket to the next, or +Inf is missing, and no picture is better
 * than a wrong one.
 */

#include <math.h>

#include "exporter/health/facts.h"

void
histogram_add(struct histogram *histogram, double bound, double cumulative)
{
	size_t at = 0;

	if (!(bound >= 0) || !(cumulative >= 0) || isinf(cumulative)) {
		histogram->odd = true;
		return;
	}
	while (at < histogram->buckets && histogram->bounds[at] < bound)
		at++;
	if (at == histogram->buckets || histogram->bounds[at] != bound) {
		if (histogram->buckets == HEALTH_BUCKETS) {
			histogram->odd = true;
			return;
		}
		/* Files may have their buckets in any order: keep them sorted. */
		for (size_t i = histogram->buckets++; i > at; i--) {
			histogram->bounds[i] = histogram->bounds[i - 1];
			histogram->counts[i] = histogram->counts[i - 1];
		}
		histogram->bounds[at] = bound;
		histogram->counts[at] = 0;
	}
	histogram->counts[at] += cumulative;
}

void
histogram_join(struct histogram *histogram, const struct histogram *more)
{
	histogram->odd = histogram->odd || more->odd;
	for (size_t i = 0; i < more->buckets; i++)
		histogram_add(histogram, more->bounds[i], more->counts[i]);
}

/* Sums of histograms with different bounds make no sense,
 * nor do files whose counts go down; both show here. */
static bool
makes_sense(const struct histogram *histogram)
{
	size_t buckets = histogram->buckets;

	if (histogram->odd || buckets == 0 || !isinf(histogram->bounds[buckets - 1]) ||
	    isinf(histogram->counts[buckets - 1]) || histogram->counts[buckets - 1] <= 0)
		return false;
	for (size_t i = 1; i < buckets; i++)
		if (histogram->counts[i] < histogram->counts[i - 1])
			return false;
	return true;
}

void
histogram_show(const struct histogram *histogram, struct health_check *check)
{
	double before = 0;

	check->buckets = 0;
	if (!makes_sense(histogram))
		return;
	for (size_t i = 0; i < histogram->buckets; i++) {
		check->bounds[i] = histogram->bounds[i];
		check->counts[i] = histogram->counts[i] - before;
		before = histogram->counts[i];
	}
	check->buckets = histogram->buckets;
}

double
health_quantile(const struct health_check *check, double q)
{
	double total = 0, below = 0, low = 0;

	for (size_t i = 0; i < check->buckets; i++)
		total += check->counts[i];
	if (!(total > 0))
		return NAN;
	for (size_t i = 0; i < check->buckets; i++) {
		if (check->counts[i] > 0 && below + check->counts[i] >= q * total) {
			/* As in Prometheus: beyond the last bound nothing
			 * is known, so that bound is the answer. */
			if (isinf(check->bounds[i]))
				return low;
			return low + (check->bounds[i] - low) * (q * total - below) / check->counts[i];
		}
		below += check->counts[i];
		low = check->bounds[i];
	}
	return low;
}
