#ifndef ENGINE_KPIS_H
#define ENGINE_KPIS_H

#include "engine/trades.h"

/*
 * KPIs of trades and of equity, computed from what engine/trades.h adds up.  Pure: no I/O, no clock.
 *
 * Money is added up exactly and rounded once, when it becomes a double.  NaN: not known, and to be left out.
 * docs/trading.md has the formulas for the operator.
 */

/* Trades ------------------------------------------------------------- */

/* All cells of one scope, name and currency in a window. */
struct kpi_sums {
	struct trades_cell cell; /* its segment means nothing */
	bool overflow;           /* a sum does not fit: what is made of sums is unknown */
};

/* The cells of one scope, name and currency, which stand together. */
struct kpi_group {
	const struct trades_cell *cells;
	size_t count;
	struct decimal pnl; /* of all */
	bool kept;          /* it is among the names.max of its scope; the total always is */
	size_t rank;        /* how many of its scope and currency have less pnl */
};

/*
 * Sorts the cells by scope, name and currency, and finds the groups in them, which borrow them and are the
 * caller's to free.  Of symbols, and of routes, so many as `names_max` are kept: those with the lowest pnl.
 * Money of two currencies cannot be compared, so first come the lowest of each currency, and then the second
 * ones.  NULL: out of memory.
 */
struct kpi_group *kpi_groups_new(
    struct trades_cell *cells, size_t cell_count, size_t names_max, size_t *group_count);

/* Of those cells that are in the segment, or in a later one. */
void kpi_sums_add(struct kpi_sums *sums, const struct kpi_group *group, int first_segment);

/*
 * Of n > 0 closed trades; of none all but pnl and trades_per_hour is unknown.
 *
 * win_ratio           wins / n; trades without profit and loss count in n (freqtrade)
 * profit_factor       sum of profits / -sum of losses; +Inf without a loss; unknown if both are 0 (freqtrade)
 * expectancy          pnl / n, which is win ratio * average profit - loss ratio * average loss
 * duration_average    sum(closed - opened) / count, of the trades that tell it; leg gap and slippage likewise
 * duration_p95        as histogram_quantile() of Prometheus: linear between the bounds of its bucket
 * trades_per_hour     n / hours of the window; unknown while those are less than one
 * fees, funding       sums; unknown unless every trade tells them
 */
struct kpi_trades {
	double pnl, fees, funding, trades_per_hour, win_ratio, profit_factor, expectancy;
	double duration_average, duration_p95, leg_gap_average, slippage_average;
};
void kpi_trades_compute(const struct kpi_sums *sums, double hours, struct kpi_trades *kpis);

/* Of `all`: since the first trade, or NaN without a trade. */
double kpi_window_hours(const struct trades_reading *reading, enum kpi_window window);

/* dividend / divisor, rounded once. */
double kpi_quotient(struct decimal dividend, uint64_t divisor);

/* A sum of money in several currencies, at the last rates. */
struct kpi_converted {
	struct decimal sum;
	bool unknown; /* a rate is missing, or it does not fit */
};
/* `rate` NULL: it is missing, which does no harm without trades. */
void kpi_convert(struct kpi_converted *converted, const struct kpi_sums *sums, const struct decimal *rate);

/* NULL if it is missing. */
const struct trades_rate *kpi_rate_find(
    const struct trades_reading *reading, const char *currency, const char *to);

/* Equity ------------------------------------------------------------- */

/*
 * An index of growth begins with 1 at the starting equity of a window: the last snapshot before it, or else
 * the first one in it.  A step from a snapshot to the next one multiplies it by
 *
 *	(equity - flows) / equity before
 *
 * where the flows between the two are deposits less withdrawals.  Equity that was above 0, is 0 and rises
 * again without a flow goes on from where it was; any other step from 0 is passed over: nothing can grow
 * from nothing.  Where equity, or equity - flows, was below 0, all but loss_max is unknown.
 *
 * growth              time-weighted return: index - 1
 * drawdown            1 - index / highest index so far, the 1 at the beginning among them (empyrical)
 * drawdown_max        the largest of all these
 * loss_max            the same in currency: highest gain so far - gain, largest; gain adds up
 *                     equity - flows - equity before
 *
 * From the daily returns r of n complete days, in the time zone.  Days without a snapshot have r = 0.
 * `today` has no complete day, 24h the last one, 7d and 30d the last 7 and 30, and `all` has every day after
 * that of the first snapshot.
 *
 * sharpe              mean(r) / standard deviation(r), n - 1 * sqrt(365); unknown if n < 2 or r is constant
 * sortino             mean(r) / sqrt(mean(min(r, 0)^2)) * sqrt(365); unknown if n < 2 or no r is below 0
 * calmar              (product(1 + r)^(365 / n) - 1) / drawdown_max; unknown if n < 2 or that is 0
 *
 * All three are empyrical's, with 365 days a year.
 */
struct kpi_equity {
	uint64_t snapshots, days;
	double growth, drawdown, drawdown_max, loss_max, sharpe, sortino, calmar;
};

/* Of the pieces at the beginning that are of one currency.  Returns how many; `count` is 1 at least. */
size_t kpi_equity_compute(const struct trades_reading *reading, const struct trades_piece *pieces,
    size_t count, struct kpi_equity kpis[KPI_WINDOWS]);

#endif /* ENGINE_KPIS_H */
