/*
 * From sums to KPIs.  The header has each formula and where it is from.
 *
 * Money stays decimal until the last step: a double that is the nearest to the exact sum is the same number
 * in whatever order it was added up.  Everything that is a ratio is computed with doubles.
 */

#include "engine/kpis.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
compare_numbers(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

static int
compare_names(const struct trades_cell *a, const struct trades_cell *b)
{
	int order = compare_numbers(a->scope, b->scope);

	if (order == 0)
		order = strcmp(a->name, b->name);
	return order != 0 ? order : strcmp(a->currency, b->currency);
}

static int
compare_cells(const void *left, const void *right)
{
	return compare_names(left, right);
}

/* By scope and currency, the lowest pnl first; names decide where it is the same. */
static int
compare_pnl(const void *left, const void *right)
{
	const struct kpi_group *const *a = left, *const *b = right;
	const struct trades_cell *one = (*a)->cells, *other = (*b)->cells;
	int order = compare_numbers(one->scope, other->scope);

	if (order == 0)
		order = strcmp(one->currency, other->currency);
	if (order == 0)
		order = decimal_compare((*a)->pnl, (*b)->pnl);
	return order != 0 ? order : strcmp(one->name, other->name);
}

static int
compare_ranks(const void *left, const void *right)
{
	const struct kpi_group *const *a = left, *const *b = right;
	int order = compare_numbers((*a)->cells->scope, (*b)->cells->scope);

	if (order == 0)
		order = compare_numbers((*a)->rank, (*b)->rank);
	return order != 0 ? order : strcmp((*a)->cells->currency, (*b)->cells->currency);
}

static void
choose(struct kpi_group **order, size_t count, size_t names_max)
{
	size_t kept = 0;

	qsort(order, count, sizeof(struct kpi_group *), compare_pnl);
	for (size_t i = 1; i < count; i++)
		if (order[i]->cells->scope == order[i - 1]->cells->scope &&
		    strcmp(order[i]->cells->currency, order[i - 1]->cells->currency) == 0)
			order[i]->rank = order[i - 1]->rank + 1;
	qsort(order, count, sizeof(struct kpi_group *), compare_ranks);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && order[i]->cells->scope != order[i - 1]->cells->scope)
			kept = 0;
		order[i]->kept = order[i]->cells->scope == SCOPE_TOTAL || kept++ < names_max;
	}
}

/* Returns how many groups there are. */
static size_t
find_groups(const struct trades_cell *cells, size_t count, struct kpi_group *groups)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		struct kpi_group *group = found > 0 ? &groups[found - 1] : NULL;

		if (group == NULL || compare_names(group->cells, &cells[i]) != 0) {
			group = &groups[found++];
			*group = (struct kpi_group){ .cells = &cells[i] };
		}
		group->count++;
		/* One that does not fit is left out where it is published. */
		(void)decimal_add(group->pnl, cells[i].pnl, &group->pnl);
	}
	return found;
}

struct kpi_group *
kpi_groups_new(struct trades_cell *cells, size_t cell_count, size_t names_max, size_t *group_count)
{
	struct kpi_group *groups = calloc(cell_count + 1, sizeof(*groups));
	struct kpi_group **order = calloc(cell_count + 1, sizeof(struct kpi_group *));

	if (groups == NULL || order == NULL) {
		free(groups);
		free(order);
		return NULL;
	}
	if (cell_count > 0)
		qsort(cells, cell_count, sizeof(*cells), compare_cells);
	*group_count = find_groups(cells, cell_count, groups);
	for (size_t i = 0; i < *group_count; i++)
		order[i] = &groups[i];
	if (*group_count > 0)
		choose(order, *group_count, names_max);
	free(order);
	return groups;
}

static void
add_exact(struct kpi_sums *sums, struct decimal *sum, struct decimal more)
{
	if (!decimal_add(*sum, more, sum))
		sums->overflow = true;
}

static void
add_cell(struct kpi_sums *sums, const struct trades_cell *more)
{
	struct trades_cell *sum = &sums->cell;

	sum->count += more->count;
	sum->wins += more->wins;
	sum->losses += more->losses;
	sum->fees_count += more->fees_count;
	sum->funding_count += more->funding_count;
	sum->duration_count += more->duration_count;
	sum->leg_gap_count += more->leg_gap_count;
	sum->slippage_count += more->slippage_count;
	add_exact(sums, &sum->pnl, more->pnl);
	add_exact(sums, &sum->gross_win, more->gross_win);
	add_exact(sums, &sum->gross_loss, more->gross_loss);
	add_exact(sums, &sum->fees, more->fees);
	add_exact(sums, &sum->funding, more->funding);
	add_exact(sums, &sum->duration, more->duration);
	add_exact(sums, &sum->leg_gap, more->leg_gap);
	add_exact(sums, &sum->slippage, more->slippage);
	for (size_t i = 0; i <= KPI_DURATION_BOUNDS; i++)
		sum->durations[i] += more->durations[i];
}

void
kpi_sums_add(struct kpi_sums *sums, const struct kpi_group *group, int first_segment)
{
	for (size_t i = 0; i < group->count; i++)
		if (group->cells[i].segment >= first_segment)
			add_cell(sums, &group->cells[i]);
}

double
kpi_quotient(struct decimal dividend, uint64_t divisor)
{
	enum { DIGITS = 60 };
	const struct decimal size = decimal_absolute(dividend);
	const struct decimal whole = { size.mantissa / divisor, 0 };
	decimal_mantissa rest = size.mantissa % divisor;
	char text[DECIMAL_TEXT + DIGITS + 16];
	size_t length = strlen(decimal_text(whole, text));
	double value;

	/* Long division, far beyond the digits of a double; strtod() then rounds, once. */
	for (size_t i = 0; i < DIGITS; i++) {
		rest *= 10;
		text[length++] = (char)('0' + (int)(rest / divisor));
		rest %= divisor;
	}
	/* No point: the locale decides which character strtod() takes for one. */
	(void)snprintf(
	    text + length, sizeof(text) - length, "%se-%d", rest != 0 ? "1" : "0", size.scale + DIGITS + 1);
	value = strtod(text, NULL);
	return decimal_sign(dividend) < 0 ? -value : value;
}

/* The share `quantile` of the observations is at most that; NaN without observations. */
static double
interpolate(const uint32_t counts[], const double bounds[], size_t bound_count, double quantile)
{
	double total = 0, below = 0, rank;

	for (size_t i = 0; i <= bound_count; i++)
		total += (double)counts[i];
	rank = quantile * total;
	for (size_t i = 0; i < bound_count; i++) {
		double count = (double)counts[i], low = i > 0 ? bounds[i - 1] : 0;

		if (count > 0 && below + count >= rank)
			return low + (bounds[i] - low) * (rank - below) / count;
		below += count;
	}
	/* Above the last bound nothing more is known of it. */
	return total > 0 ? bounds[bound_count - 1] : NAN;
}

static double
average(struct decimal sum, uint64_t count)
{
	return count > 0 ? kpi_quotient(sum, count) : NAN;
}

static double
profit_factor(const struct trades_cell *cell)
{
	if (cell->losses > 0)
		return decimal_value(cell->gross_win) / decimal_value(cell->gross_loss);
	return cell->wins > 0 ? INFINITY : NAN;
}

/* Sums of some trades would look like those of all: then nothing is said. */
static double
sum_of_all(struct decimal sum, uint64_t count, uint64_t trades)
{
	return trades > 0 && count == trades ? decimal_value(sum) : NAN;
}

double
kpi_window_hours(const struct trades_reading *reading, enum kpi_window window)
{
	switch (window) {
	case WINDOW_TODAY: return (reading->now - reading->midnight) / 3600;
	case WINDOW_24H: return 24;
	case WINDOW_7D: return 7 * 24;
	case WINDOW_30D: return 30 * 24;
	case WINDOW_ALL: break;
	}
	return reading->first_trade_at >= 0 ? (reading->now - reading->first_trade_at) / 3600 : NAN;
}

void
kpi_trades_compute(const struct kpi_sums *sums, double hours, struct kpi_trades *kpis)
{
	const struct trades_cell *cell = &sums->cell;
	const uint64_t n = cell->count;

	*kpis = (struct kpi_trades){
		/* From a few minutes an hour cannot be told. */
		.trades_per_hour = hours >= 1 ? (double)n / hours : NAN,
		.win_ratio = n > 0 ? (double)cell->wins / (double)n : NAN,
		.pnl = NAN,
		.fees = NAN,
		.funding = NAN,
		.profit_factor = NAN,
		.expectancy = NAN,
		.duration_average = NAN,
		.duration_p95 = interpolate(cell->durations, kpi_duration_bounds, KPI_DURATION_BOUNDS, 0.95),
		.leg_gap_average = NAN,
		.slippage_average = NAN,
	};
	if (sums->overflow)
		return;
	kpis->pnl = decimal_value(cell->pnl);
	kpis->fees = sum_of_all(cell->fees, cell->fees_count, n);
	kpis->funding = sum_of_all(cell->funding, cell->funding_count, n);
	kpis->profit_factor = profit_factor(cell);
	kpis->expectancy = average(cell->pnl, n);
	kpis->duration_average = average(cell->duration, cell->duration_count);
	kpis->leg_gap_average = average(cell->leg_gap, cell->leg_gap_count);
	kpis->slippage_average = average(cell->slippage, cell->slippage_count);
}

/* Conversion --------------------------------------------------------- */

/* Of two numbers, whose product or sum does not fit, the longer one loses its last digit. */
static bool
shorten(struct decimal *a, struct decimal *b)
{
	struct decimal *longer = a->scale > b->scale ? a : b;

	if (longer->scale == 0)
		return false;
	longer->mantissa /= 10;
	longer->scale--;
	return true;
}

static bool
add_product(struct decimal *sum, struct decimal a, struct decimal b)
{
	struct decimal product;

	while (!decimal_multiply(a, b, &product))
		if (!shorten(&a, &b))
			return false;
	while (!decimal_add(*sum, product, sum))
		if (!shorten(sum, &product))
			return false;
	return true;
}

void
kpi_convert(struct kpi_converted *converted, const struct kpi_sums *sums, const struct decimal *rate)
{
	/* A currency without trades needs no rate. */
	if (sums->cell.count == 0)
		return;
	if (rate == NULL || sums->overflow || !add_product(&converted->sum, sums->cell.pnl, *rate))
		converted->unknown = true;
}

const struct trades_rate *
kpi_rate_find(const struct trades_reading *reading, const char *currency, const char *to)
{
	for (size_t i = 0; i < reading->rate_count; i++)
		if (strcmp(reading->rates[i].currency, currency) == 0 &&
		    strcmp(reading->rates[i].to, to) == 0)
			return &reading->rates[i];
	return NULL;
}
