#ifndef CONTRACT_TRADING_KPIS_H
#define CONTRACT_TRADING_KPIS_H

#include "textfile/family.h"

/*
 * The figures that trading_kpis computes from the bot's trades and equity in Postgres (docs/engine.md).  The
 * first label of all is `engine`, the bot's name in the settings.  `scope` is total (with an empty `name`),
 * symbol or route. A figure that is not known is left out: 0 trades have no win ratio.
 */
enum kpi_family {
	KPI_VIEW_READABLE,
	KPI_LAST_TRADE,
	KPI_PNL,
	KPI_FEES,
	KPI_FUNDING,
	KPI_CONVERTED_PNL,
	KPI_TRADES,
	KPI_TRADES_PER_HOUR,
	KPI_WIN_RATIO,
	KPI_PROFIT_FACTOR,
	KPI_EXPECTANCY,
	KPI_DURATION_AVERAGE,
	KPI_DURATION_P95,
	KPI_DURATION_OBSERVATIONS,
	KPI_LEG_GAP_AVERAGE,
	KPI_LEG_GAP_OBSERVATIONS,
	KPI_SLIPPAGE_AVERAGE,
	KPI_SLIPPAGE_OBSERVATIONS,
	KPI_DURATION,
	KPI_SLIPPAGE,
	KPI_EQUITY,
	KPI_EQUITY_TIME,
	KPI_DRAWDOWN,
	KPI_DRAWDOWN_MAX_RATIO,
	KPI_DRAWDOWN_MAX,
	KPI_RETURN,
	KPI_SHARPE,
	KPI_SORTINO,
	KPI_CALMAR,
	KPI_RETURN_OBSERVATIONS,
	KPI_EQUITY_OBSERVATIONS,
	KPI_RATE,
	KPI_RATE_TIME,
	KPI_RATE_MISSING,
	KPI_REJECTED,
	KPI_NAMES_DROPPED,
	KPI_TUNING_SCORE,
	KPI_TUNING_PNL,
	KPI_TUNING_SETS,
	KPI_TUNING_TIME,
};
enum { KPI_FAMILIES = KPI_TUNING_TIME + 1 };
extern const struct family kpi_families[KPI_FAMILIES];

/* Upper bounds of the two histograms. */
enum { KPI_DURATION_BOUNDS = 30, KPI_SLIPPAGE_BOUNDS = 14 };
extern const double kpi_duration_bounds[KPI_DURATION_BOUNDS]; /* seconds */
extern const double kpi_slippage_bounds[KPI_SLIPPAGE_BOUNDS]; /* ratio */

/* The label "window", each ending now.  `today` begins at midnight in the configured time zone. */
enum kpi_window { WINDOW_TODAY, WINDOW_24H, WINDOW_7D, WINDOW_30D, WINDOW_ALL };
enum { KPI_WINDOWS = WINDOW_ALL + 1 };
extern const char *const kpi_window_names[KPI_WINDOWS + 1];

/* The label "scope". */
enum kpi_scope { SCOPE_TOTAL, SCOPE_SYMBOL, SCOPE_ROUTE };
enum { KPI_SCOPES = SCOPE_ROUTE + 1 };
extern const char *const kpi_scope_names[KPI_SCOPES + 1];

/* The label "view". */
enum kpi_view { VIEW_TRADES, VIEW_EQUITY, VIEW_CASH_FLOWS, VIEW_RATES, VIEW_TUNING };
enum { KPI_VIEWS = VIEW_TUNING + 1 };
extern const char *const kpi_view_names[KPI_VIEWS + 1];

#endif /* CONTRACT_TRADING_KPIS_H */
