/*
 * Publishes the results of a run as metrics, and writes them to the log.
 *
 * A view that could not be read has KPI_VIEW_READABLE of 0 and nothing else: what was in it in the last run
 * is not what is in it now.  Each view fails for itself, with one line in the log.
 */

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/trading_kpis/report.h"
#include "engine/kpis.h"

/* A run's. */
struct output {
	struct metrics *metrics;
	const struct kpi_report *settings;
	const struct trades_reading *reading;
};

/* NaN means not known. */
static void
set(const struct output *out, enum kpi_family family, const char *const labels[], double value)
{
	if (!isnan(value))
		metrics_set(out->metrics, &kpi_families[family], labels, value);
}

/* Views --------------------------------------------------------------- */

static void
report_rejected(const struct kpi_report *report, enum kpi_view view, const struct trades_view *found,
    struct metrics *metrics, struct run *run)
{
	for (size_t reason = 0; reason < TRADES_REASONS; reason++) {
		const struct trades_rejected *rejected = &found->rejected[reason];
		const char *name = trades_reason_names[reason];
		struct failure text = { 0 };

		metrics_set(metrics, &kpi_families[KPI_REJECTED],
		    LABELS(report->engine, kpi_view_names[view], name), (double)rejected->count);
		if (rejected->count > 0) {
			(void)failure_set(&text, FAILURE_REJECTED,
			    "rows that do not count (%s): %" PRIu64
			    ", such as %s: correct them, or leave them out of the view",
			    name, rejected->count, rejected->example);
			run_log_warning(run, kpi_view_names[view], text.text);
		}
	}
}

static void
report_views(const struct kpi_report *report, const struct trades_reading *reading, struct run *run)
{
	struct metrics *metrics = run_metrics(run);

	for (int view = 0; view < KPI_VIEWS; view++) {
		const struct trades_view *found = &reading->views[view];

		if (found->failure.kind != FAILURE_NONE)
			run_failed(run, kpi_view_names[view], &found->failure);
		if (found->rollup.kind != FAILURE_NONE)
			run_log_warning(run, kpi_view_names[view], found->rollup.text);
		/* The bot may have no optional view. */
		if (view == VIEW_TRADES || found->exists)
			metrics_set(metrics, &kpi_families[KPI_VIEW_READABLE],
			    LABELS(report->engine, kpi_view_names[view]), found->read);
		if (found->read)
			report_rejected(report, (enum kpi_view)view, found, metrics, run);
	}
}

/* Trades -------------------------------------------------------------- */

static void
report_sums(const struct output *out, const struct kpi_sums *sums, const struct kpi_trades *kpis,
    const char *const labels[])
{
	const struct trades_cell *cell = &sums->cell;

	set(out, KPI_TRADES, labels, (double)cell->count);
	set(out, KPI_PNL, labels, kpis->pnl);
	set(out, KPI_TRADES_PER_HOUR, labels, kpis->trades_per_hour);
	if (cell->count == 0)
		return;
	set(out, KPI_FEES, labels, kpis->fees);
	set(out, KPI_FUNDING, labels, kpis->funding);
	set(out, KPI_WIN_RATIO, labels, kpis->win_ratio);
	set(out, KPI_PROFIT_FACTOR, labels, kpis->profit_factor);
	set(out, KPI_EXPECTANCY, labels, kpis->expectancy);
	set(out, KPI_DURATION_AVERAGE, labels, kpis->duration_average);
	set(out, KPI_DURATION_P95, labels, kpis->duration_p95);
	set(out, KPI_LEG_GAP_AVERAGE, labels, kpis->leg_gap_average);
	set(out, KPI_SLIPPAGE_AVERAGE, labels, kpis->slippage_average);
	set(out, KPI_DURATION_OBSERVATIONS, labels, (double)cell->duration_count);
	set(out, KPI_LEG_GAP_OBSERVATIONS, labels, (double)cell->leg_gap_count);
	set(out, KPI_SLIPPAGE_OBSERVATIONS, labels, (double)cell->slippage_count);
}

static void
report_durations(const struct output *out, const struct trades_cell *cell)
{
	uint64_t counts[KPI_DURATION_BOUNDS + 1];

	for (size_t i = 0; i <= KPI_DURATION_BOUNDS; i++)
		counts[i] = cell->durations[i];
	if (cell->duration_count > 0)
		metrics_set_histogram(out->metrics, &kpi_families[KPI_DURATION],
		    LABELS(out->settings->engine, cell->currency), counts, decimal_value(cell->duration));
}

static bool
is_fresh(const struct output *out, const struct trades_rate *rate)
{
	return rate != NULL && out->reading->now - rate->updated_at <= out->settings->rate_max_age;
}

/* Of the total: whether trades in this currency can be converted. */
static void
report_rate(const struct output *out, const char *currency)
{
	const char *to = out->settings->currency;
	const char *const *labels = LABELS(out->settings->engine, currency, to);
	const struct trades_rate *rate;

	if (to == NULL || strcmp(currency, to) == 0)
		return;
	rate = kpi_rate_find(out->reading, currency, to);
	set(out, KPI_RATE_MISSING, labels, !is_fresh(out, rate));
	if (rate != NULL)
		set(out, KPI_RATE_TIME, labels, rate->updated_at);
	if (is_fresh(out, rate))
		set(out, KPI_RATE, labels, decimal_value(rate->rate));
}

static void
convert(const struct output *out, const struct kpi_sums *sums, struct kpi_converted *converted)
{
	static const struct decimal one = { 1, 0 };
	const char *to = out->settings->currency;
	const struct trades_rate *rate;

	if (strcmp(sums->cell.currency, to) == 0) {
		kpi_convert(converted, sums, &one);
		return;
	}
	rate = kpi_rate_find(out->reading, sums->cell.currency, to);
	kpi_convert(converted, sums, is_fresh(out, rate) ? &rate->rate : NULL);
}

/* The groups are all of one scope and name, in a window. */
static void
report_window(const struct output *out, const struct kpi_group *groups, size_t count, enum kpi_window window)
{
	const struct trades_cell *first = groups[0].cells;
	const char *engine = out->settings->engine, *scope = kpi_scope_names[first->scope];
	struct kpi_converted converted = { 0 };
	uint64_t trades = 0;
	bool kept = false;

	for (size_t i = 0; i < count; i++) {
		struct kpi_sums sums = { 0 };
		struct kpi_trades kpis;

		memcpy(sums.cell.currency, groups[i].cells->currency, sizeof(sums.cell.currency));
		kpi_sums_add(&sums, &groups[i], trades_first_segment(out->reading, window));
		kpi_trades_compute(&sums, kpi_window_hours(out->reading, window), &kpis);
		/* Of a name without a trade in the window nothing is said; the total is 0. */
		if (groups[i].kept && (sums.cell.count > 0 || first->scope == SCOPE_TOTAL))
			report_sums(out, &sums, &kpis,
			    LABELS(engine, scope, first->name, kpi_window_names[window], sums.cell.currency));
		if (first->scope == SCOPE_TOTAL && window == WINDOW_ALL)
			report_durations(out, &sums.cell);
		if (out->settings->currency != NULL)
			convert(out, &sums, &converted);
		kept |= groups[i].kept;
		trades += sums.cell.count;
	}
	if (out->settings->currency != NULL && kept && !converted.unknown &&
	    (trades > 0 || first->scope == SCOPE_TOTAL))
		set(out, KPI_CONVERTED_PNL,
		    LABELS(engine, scope, first->name, kpi_window_names[window], out->settings->currency),
		    decimal_value(converted.sum));
}

/* There never was a trade: that is known, too. */
static void
report_no_trades(const struct output *out)
{
	const char *currency = out->settings->currency != NULL ? out->settings->currency : "";

	for (size_t w = 0; w < KPI_WINDOWS; w++)
		set(out, KPI_TRADES,
		    LABELS(out->settings->engine, kpi_scope_names[SCOPE_TOTAL], "", kpi_window_names[w],
			currency),
		    0);
}

static void
report_slippages(const struct output *out)
{
	for (size_t i = 0; i < out->reading->slippage_count; i++) {
		const struct trades_slippage *slippage = &out->reading->slippages[i];

		if (slippage->count > 0)
			metrics_set_histogram(out->metrics, &kpi_families[KPI_SLIPPAGE],
			    LABELS(out->settings->engine, slippage->currency), slippage->counts,
			    decimal_value(slippage->sum));
	}
}

static bool
same_name(const struct kpi_group *a, const struct kpi_group *b)
{
	return a->cells->scope == b->cells->scope && strcmp(a->cells->name, b->cells->name) == 0;
}

static void
report_groups(const struct output *out, const struct kpi_group *groups, size_t group_count)
{
	uint64_t dropped[KPI_SCOPES];

	for (size_t at = 0, count; at < group_count; at += count) {
		for (count = 1; at + count < group_count && same_name(&groups[at], &groups[at + count]);)
			count++;
		for (int w = 0; w < KPI_WINDOWS; w++)
			report_window(out, groups + at, count, (enum kpi_window)w);
	}
	/* Of most nothing was read; some share a name with one that is kept. */
	memcpy(dropped, out->reading->dropped, sizeof(dropped));
	for (size_t i = 0; i < group_count; i++) {
		dropped[groups[i].cells->scope] += !groups[i].kept;
		if (groups[i].cells->scope == SCOPE_TOTAL)
			report_rate(out, groups[i].cells->currency);
	}
	for (int scope = SCOPE_SYMBOL; scope < KPI_SCOPES; scope++)
		set(out, KPI_NAMES_DROPPED, LABELS(out->settings->engine, kpi_scope_names[scope]),
		    (double)dropped[scope]);
}

static void
report_trades(const struct output *out, struct trades_reading *reading, struct run *run)
{
	struct failure why = { 0 };
	size_t group_count;
	struct kpi_group *groups =
	    kpi_groups_new(reading->cells, reading->cell_count, out->settings->names_max, &group_count);

	if (groups == NULL) {
		(void)failure_set(&why, FAILURE_LOCAL, "out of memory");
		run_failed(run, "trades", &why);
		return;
	}
	report_groups(out, groups, group_count);
	if (group_count == 0)
		report_no_trades(out);
	report_slippages(out);
	if (reading->last_trade_at >= 0)
		set(out, KPI_LAST_TRADE, LABELS(out->settings->engine), reading->last_trade_at);
	free(groups);
}

/* Equity -------------------------------------------------------------- */

static void
report_equity_window(const struct output *out, const struct kpi_equity *kpis, const char *const labels[])
{
	set(out, KPI_DRAWDOWN, labels, kpis->drawdown);
	set(out, KPI_DRAWDOWN_MAX_RATIO, labels, kpis->drawdown_max);
	set(out, KPI_DRAWDOWN_MAX, labels, kpis->loss_max);
	set(out, KPI_RETURN, labels, kpis->growth);
	set(out, KPI_SHARPE, labels, kpis->sharpe);
	set(out, KPI_SORTINO, labels, kpis->sortino);
	set(out, KPI_CALMAR, labels, kpis->calmar);
	set(out, KPI_RETURN_OBSERVATIONS, labels, (double)kpis->days);
	set(out, KPI_EQUITY_OBSERVATIONS, labels, (double)kpis->snapshots);
}

static void
report_equity(const struct output *out)
{
	const struct trades_reading *reading = out->reading;
	const struct trades_view *flows = &reading->views[VIEW_CASH_FLOWS];
	const char *engine = out->settings->engine;

	for (size_t at = 0; at < reading->piece_count;) {
		const char *currency = reading->pieces[at].currency;
		struct kpi_equity kpis[KPI_WINDOWS];
		const struct trades_piece *last;

		at += kpi_equity_compute(reading, reading->pieces + at, reading->piece_count - at, kpis);
		last = &reading->pieces[at - 1];
		set(out, KPI_EQUITY, LABELS(engine, currency), decimal_value(last->last));
		set(out, KPI_EQUITY_TIME, LABELS(engine, currency), last->last_at);
		/* Without the cash flows a deposit would look like a profit. */
		if (flows->exists && !flows->read)
			continue;
		for (size_t w = 0; w < KPI_WINDOWS; w++)
			report_equity_window(out, &kpis[w], LABELS(engine, kpi_window_names[w], currency));
	}
}

/* Tuning -------------------------------------------------------------- */

static void
report_set(const struct output *out, const struct trades_set *s)
{
	const struct {
		const char *name;
		double score, pnl;
	} periods[] = { { "train", s->train_score, s->train_pnl },
		{ "validate", s->validate_score, s->validate_pnl } };

	for (size_t i = 0; i < sizeof(periods) / sizeof(periods[0]); i++) {
		const char *labels[] = { out->settings->engine, s->number, s->parameters[0], s->parameters[1],
			s->parameters[2], s->parameters[3], periods[i].name, NULL, NULL };

		set(out, KPI_TUNING_SCORE, labels, periods[i].score);
		/* Money in no currency is no figure. */
		labels[sizeof(labels) / sizeof(labels[0]) - 2] = s->currency;
		if (s->currency[0] != '\0')
			set(out, KPI_TUNING_PNL, labels, periods[i].pnl);
	}
}

static void
report_tuning(const struct output *out)
{
	const struct trades_reading *reading = out->reading;

	set(out, KPI_TUNING_SETS, LABELS(out->settings->engine), (double)reading->sets_tried);
	if (reading->tuning[0] != '\0')
		set(out, KPI_TUNING_TIME, LABELS(out->settings->engine, reading->tuning), reading->tuning_at);
	for (size_t i = 0; i < reading->set_count; i++)
		report_set(out, &reading->sets[i]);
}

void
kpi_report_write(const struct kpi_report *report, struct trades_reading *reading, struct run *run)
{
	const struct output out = { run_metrics(run), report, reading };

	if (reading->failure.kind != FAILURE_NONE)
		run_failed(run, "postgres", &reading->failure);
	report_views(report, reading, run);
	if (reading->views[VIEW_TRADES].read)
		report_trades(&out, reading, run);
	if (reading->views[VIEW_EQUITY].read)
		report_equity(&out);
	if (reading->views[VIEW_TUNING].read)
		report_tuning(&out);
}
