/*
 * From pieces of equity to drawdown, return and the ratios of daily returns.  The header has each formula and
 * where it is from.
 *
 * Each window has an index of growth of its own, which begins with the last snapshot before it.  Daily
 * returns are products of the same growths, so no day is divided by what is left of the one before.
 */

#include "engine/kpis.h"

#include <limits.h>
#include <math.h>
#include <string.h>

static const double days_a_year = 365; /* these markets never close */

struct days {
	uint64_t count;
	double mean;
	double squares;      /* sum of the squared differences from the mean */
	double down_squares; /* sum of the squares of those below 0 */
	double grown;        /* product of 1 + r */
	bool undefined;
};

/* A window's, so far. */
struct track {
	int first_segment;
	uint64_t snapshots;
	double index, peak, drawdown;
	/* Between deposits the index goes with equity: it was base_index at this equity; 0: there was none.
	 */
	double base_index, base_equity;
	struct decimal gain, gain_peak, loss;
	bool undefined, overflow;
	struct days days;
};

/* A currency's, so far. */
struct course {
	int today;
	int day;         /* of the piece at hand */
	bool has_return; /* not of the first day */
	double day_grown;
	bool day_undefined;
	struct track windows[KPI_WINDOWS];
};

/* A piece, as multiples of the equity that it begins with; `step` is that as a multiple of what was before.
 */
struct growth {
	double step, low, last;
	bool flowed, from_nothing; /* there is a flow before it; it is the first above 0 */
	bool undefined;
	struct decimal gain; /* of the step */
	bool overflow;
};

/* `count` days, each with the return r.  Chan's formula for two groups: a difference of sums of squares would
 * lose digits. */
static void
add_days(struct days *days, uint64_t count, double r)
{
	double n = (double)days->count, more = (double)count, difference = r - days->mean;

	days->count += count;
	days->mean += difference * more / (n + more);
	days->squares += difference * difference * n * more / (n + more);
	if (r < 0)
		days->down_squares += more * r * r;
	/* More than one are those without a snapshot, with r = 0. */
	days->grown *= 1 + r;
}

/* The day of the window that is the first to count. */
static int
first_day(enum kpi_window window, int today)
{
	switch (window) {
	case WINDOW_TODAY: return today;
	case WINDOW_24H: return today - 1;
	case WINDOW_7D: return today - 7;
	case WINDOW_30D: return today - 30;
	case WINDOW_ALL: break;
	}
	return INT_MIN;
}

/* The days from `from` until before `until`, each with the return r, in each window that has them. */
static void
close_days(struct course *course, int from, int until, double r, bool undefined)
{
	if (until > course->today)
		until = course->today;
	for (int w = 0; w < KPI_WINDOWS; w++) {
		struct days *days = &course->windows[w].days;
		int first = first_day((enum kpi_window)w, course->today);

		if (first < from)
			first = from;
		if (first >= until)
			continue;
		days->undefined |= undefined;
		add_days(days, (uint64_t)(until - first), r);
	}
}

/* The day at hand is over; so are those without a snapshot that follow, until `until`. */
static void
end_day(struct course *course, int until)
{
	if (course->has_return)
		close_days(
		    course, course->day, course->day + 1, course->day_grown - 1, course->day_undefined);
	close_days(course, course->day + 1, until, 0, false);
	course->day = until;
	course->has_return = true;
	course->day_grown = 1;
	course->day_undefined = false;
}

/* From the last snapshot of `before` (which may be NULL) to the first one of `piece`. */
static void
add_step(struct growth *growth, const struct trades_piece *before, const struct trades_piece *piece)
{
	struct decimal flows, kept;
	double was, is;

	growth->step = 1;
	if (before == NULL)
		return;
	if (!decimal_subtract(piece->flows, before->flows, &flows) ||
	    !decimal_subtract(piece->first, flows, &kept) ||
	    !decimal_subtract(kept, before->last, &growth->gain)) {
		growth->undefined = growth->overflow = true;
		return;
	}
	was = decimal_value(before->last);
	is = decimal_value(kept);
	if (was < 0 || is < 0)
		growth->undefined = true;
	else if (was > 0)
		growth->step = is / was;
	growth->flowed = decimal_sign(flows) != 0;
	growth->from_nothing = was <= 0 && is > 0;
}

static struct growth
growth_of(const struct trades_piece *before, const struct trades_piece *piece)
{
	struct growth growth = { .low = 1, .last = 1 };
	double first = decimal_value(piece->first);

	add_step(&growth, before, piece);
	if (decimal_sign(piece->low) < 0)
		growth.undefined = true;
	/* An equity of 0 cannot grow. */
	if (first > 0) {
		growth.low = decimal_value(piece->low) / first;
		growth.last = decimal_value(piece->last) / first;
	}
	return growth;
}

static void
add_growth(struct track *track, const struct trades_piece *piece, const struct growth *growth)
{
	const double first = decimal_value(piece->first), last = decimal_value(piece->last);
	const double high = decimal_value(piece->high);

	track->undefined |= growth->undefined;
	if (growth->flowed)
		track->base_equity = 0;
	if (growth->from_nothing && track->base_equity > 0)
		track->index = track->base_index * (first / track->base_equity);
	else
		track->index *= growth->step;
	if (first > 0 || (high > 0 && track->base_equity <= 0)) {
		track->base_index = track->index;
		track->base_equity = first > 0 ? first : last > 0 ? last : high;
	}
	/* The highest was before the piece, or both are in it. */
	track->drawdown = fmax(track->drawdown, 1 - track->index * growth->low / track->peak);
	track->drawdown = fmax(track->drawdown, piece->drawdown_ratio);
	if (high > 0) {
		track->peak = fmax(track->peak, track->base_index * (high / track->base_equity));
		track->index = track->base_index * (last / track->base_equity);
	}
}

static struct decimal
larger(struct decimal a, struct decimal b)
{
	return decimal_compare(a, b) >= 0 ? a : b;
}

/* The same in currency, exactly. */
static void
add_gain(struct track *track, const struct trades_piece *piece, const struct growth *growth)
{
	struct decimal start, to, low, high, loss;

	/* Added to the equity in this piece, it gives the gain so far. */
	if (growth->overflow || !decimal_add(track->gain, growth->gain, &start) ||
	    !decimal_subtract(start, piece->first, &to) || !decimal_add(to, piece->low, &low) ||
	    !decimal_add(to, piece->high, &high) || !decimal_add(to, piece->last, &track->gain) ||
	    !decimal_subtract(track->gain_peak, low, &loss)) {
		track->overflow = true;
		return;
	}
	track->loss = larger(track->loss, larger(loss, piece->drawdown));
	track->gain_peak = larger(track->gain_peak, high);
}

static void
add_piece(struct course *course, const struct trades_piece *before, const struct trades_piece *piece)
{
	const struct growth growth = growth_of(before, piece);

	if (piece->day > course->day)
		end_day(course, piece->day);
	course->day_grown *= growth.step * growth.last;
	course->day_undefined |= growth.undefined;
	for (size_t w = 0; w < KPI_WINDOWS; w++) {
		struct track *track = &course->windows[w];

		if (piece->segment < track->first_segment)
			continue;
		track->snapshots += piece->samples;
		add_growth(track, piece, &growth);
		add_gain(track, piece, &growth);
	}
}

static void
compute_ratios(const struct days *days, struct kpi_equity *kpis)
{
	/* Below this a difference between returns is one of rounding. */
	const double rounding = 1e-12;
	double n = (double)days->count, deviation, downside;

	if (days->undefined || days->count < 2)
		return;
	deviation = sqrt(days->squares / (n - 1));
	downside = sqrt(days->down_squares / n);
	if (deviation > rounding)
		kpis->sharpe = days->mean / deviation * sqrt(days_a_year);
	if (downside > rounding)
		kpis->sortino = days->mean / downside * sqrt(days_a_year);
	if (kpis->drawdown_max > rounding)
		kpis->calmar = (pow(days->grown, days_a_year / n) - 1) / kpis->drawdown_max;
}

static void
compute_window(const struct track *track, struct kpi_equity *kpis)
{
	*kpis = (struct kpi_equity){ .snapshots = track->snapshots,
		.days = track->days.undefined ? 0 : track->days.count,
		.growth = NAN,
		.drawdown = NAN,
		.drawdown_max = NAN,
		.loss_max = NAN,
		.sharpe = NAN,
		.sortino = NAN,
		.calmar = NAN };
	if (track->snapshots == 0)
		return;
	if (!track->overflow)
		kpis->loss_max = decimal_value(track->loss);
	if (track->undefined)
		return;
	kpis->growth = track->index - 1;
	kpis->drawdown = 1 - track->index / track->peak;
	kpis->drawdown_max = track->drawdown;
	compute_ratios(&track->days, kpis);
}

size_t
kpi_equity_compute(const struct trades_reading *reading, const struct trades_piece *pieces, size_t count,
    struct kpi_equity kpis[KPI_WINDOWS])
{
	struct course course = { .today = reading->today, .day = pieces[0].day, .day_grown = 1 };
	size_t taken;

	for (int w = 0; w < KPI_WINDOWS; w++)
		course.windows[w] =
		    (struct track){ .first_segment = trades_first_segment(reading, (enum kpi_window)w),
			    .index = 1,
			    .peak = 1,
			    .days.grown = 1 };
	for (taken = 0; taken < count && strcmp(pieces[taken].currency, pieces[0].currency) == 0; taken++)
		add_piece(&course, taken > 0 ? &pieces[taken - 1] : NULL, &pieces[taken]);
	end_day(&course, reading->today);
	for (size_t w = 0; w < KPI_WINDOWS; w++)
		compute_window(&course.windows[w], &kpis[w]);
	return taken;
}
