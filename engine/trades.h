#ifndef ENGINE_TRADES_H
#define ENGINE_TRADES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/deadline.h"
#include "common/failure.h"
#include "common/text/decimal.h"
#include "contract/trading_kpis.h"
#include "probes/postgres/postgres.h"

/*
 * Contents of the views of trades, equity, cash flows, rates and tuning in Postgres, added up by the server
 *so far that windows, totals and ratios are a matter of a few thousand additions here.  docs/engine.md is the
 *contract with the bot, docs/trading.md says how fast it is and why.
 *
 * Time is cut at the edges of the windows into segments, the oldest first; a window is all segments from its
 * first one on:
 *
 *	0 | now-30d | 1 | now-7d | 2 | the earlier of now-24h and midnight | 3 | the later | 4 | now
 *
 * On the day of 25 hours midnight can be the earlier one.
 */
enum { TRADES_SEGMENTS = 5, TRADES_EDGES = TRADES_SEGMENTS - 1 };
enum { TRADES_NAME = 65, TRADES_CURRENCY = 33, TRADES_EXAMPLE = 257 }; /* room for the texts, with the 0 */
enum {
	TRADES_CELLS_MAX = 30000, /* 500 symbols and 2,000 routes in two currencies are 25,010 */
	TRADES_PIECES_MAX = 20000,
	TRADES_RATES_MAX = 1000,
};

/* All counted trades of one scope, name, currency and segment.  Those of SCOPE_TOTAL hold those of all
 * symbols. */
struct trades_cell {
	enum kpi_scope scope;
	char name[TRADES_NAME]; /* "" for SCOPE_TOTAL */
	char currency[TRADES_CURRENCY];
	int segment;
	uint64_t count, wins, losses; /* pnl above 0, below 0 */
	uint64_t fees_count, funding_count, duration_count, leg_gap_count, slippage_count; /* that tell it */
	struct decimal pnl, gross_win,
	    gross_loss; /* gross_loss is 0 or above: pnl = gross_win - gross_loss */
	struct decimal fees, funding;
	struct decimal duration, leg_gap, slippage; /* sums: seconds, seconds, ratio */
	/* Of durations, not cumulative; [KPI_DURATION_BOUNDS] is above all bounds, [i] at most bound i. */
	uint32_t durations[KPI_DURATION_BOUNDS + 1];
};

/* Slippage of all counted trades in a currency, likewise not cumulative. */
struct trades_slippage {
	char currency[TRADES_CURRENCY];
	uint64_t counts[KPI_SLIPPAGE_BOUNDS + 1];
	uint64_t count;
	struct decimal sum;
};

/*
 * Consecutive snapshots of equity in one currency, between which no window edge, no local midnight and no
 * deposit or withdrawal lies.  The pieces of a currency stand together, in the order of time: what is between
 * two pieces is the step from `last` of one to `first` of the next, of which `flows` grew by the cash flow.
 */
struct trades_piece {
	char currency[TRADES_CURRENCY];
	int segment;
	int day;                  /* local calendar day, counted from 1970-01-01 */
	double first_at, last_at; /* Unix time */
	uint64_t samples;         /* 1 at least */
	struct decimal flows;     /* all deposits less all withdrawals until first_at, from the beginning */
	struct decimal first, last, high, low;
	struct decimal drawdown; /* the largest fall from an earlier snapshot of the piece, or 0 */
	double drawdown_ratio;   /* the largest fall as a share of that snapshot, where that is above 0 */
};

/* The newest rate of a pair.  Those that are not finite, or not above 0, are rejected. */
struct trades_rate {
	char currency[TRADES_CURRENCY], to[TRADES_CURRENCY];
	struct decimal rate;
	double updated_at; /* Unix time */
};

/*
 * One set of parameters of the newest tuning.  The texts are label values: "" is not known; of the doubles
 * NaN is.
 */
enum { TRADES_SETS_MAX = 100, TRADES_PARAMETERS = 4 };
struct trades_set {
	char number[TRADES_CURRENCY];
	char parameters[TRADES_PARAMETERS][TRADES_CURRENCY]; /* min_profit, size, cooldown, weight */
	char currency[TRADES_CURRENCY];                      /* of the profits */
	double train_score, validate_score, train_pnl, validate_pnl;
};

/* Why rows do not count.  One row counts under the first reason that fits. */
enum trades_reason {
	TRADES_INCOMPLETE, /* NULL or '' where a value is needed */
	TRADES_NOT_FINITE, /* NaN, infinite */
	TRADES_TOO_LARGE,  /* a number of 1e18 or more, a name of more than 64 bytes, a currency of more than
			      32 */
	TRADES_FUTURE,     /* more than a minute in the future */
	TRADES_ORDER,      /* closed before it was opened */
	TRADES_NEGATIVE,   /* a leg gap below 0, a rate of 0 or below */
	TRADES_DUPLICATE,  /* the id was there on the same UTC day; an equity of the same time and currency; a
			      set of the newest tuning */
};
enum { TRADES_REASONS = TRADES_DUPLICATE + 1 };
extern const char *const trades_reason_names[TRADES_REASONS + 1]; /* label values; ended by NULL */

struct trades_rejected {
	uint64_t count;
	char example[TRADES_EXAMPLE]; /* for the log: an id, or a time */
};

struct trades_view {
	bool exists;
	bool read;              /* whole, even if it is empty */
	struct failure failure; /* why not; or FAILURE_NONE */
	/* Its rollup is there but not of use: the view was read without it.  FAILURE_NONE: it is not so. */
	struct failure rollup;
	struct trades_rejected rejected[TRADES_REASONS];
};

struct trades_reading {
	double edges[TRADES_EDGES]; /* Unix time, rising */
	double midnight;            /* the last one in the time zone */
	double now;                 /* as it was given */
	int today;                  /* the local calendar day of `now`, as in struct trades_piece */

	struct trades_view views[KPI_VIEWS];
	struct trades_cell *cells; /* in no order */
	size_t cell_count, cell_room;
	uint64_t dropped[KPI_SCOPES];      /* names of each currency without cells, by names_max */
	struct trades_slippage *slippages; /* one per currency with cells */
	size_t slippage_count, slippage_room;
	double first_trade_at, last_trade_at; /* negative without a trade */
	struct trades_piece *pieces;
	size_t piece_count, piece_room;
	struct trades_rate *rates;
	size_t rate_count, rate_room;
	struct trades_set *sets; /* the best of the newest tuning, by validate_score: the best first */
	size_t set_count, set_room;
	uint64_t sets_tried;      /* all of them */
	char tuning[TRADES_NAME]; /* the newest run; "": the view has no rows */
	double tuning_at;         /* when it began, Unix time */

	struct failure failure; /* nothing could be read at all: no connection, no time, no such time zone */
};

/* The window is segments [this .. TRADES_SEGMENTS - 1]. */
int trades_first_segment(const struct trades_reading *reading, enum kpi_window window);

/* Facts about the database from earlier runs, for one round trip less in the next.  NULL: out of
 * memory. */
struct trades_memory *trades_memory_new(void);
void trades_memory_free(struct trades_memory *memory);

struct trades_query {
	const char *schema;    /* of the views, as SQL writes it: arbwatch, "My Schema" */
	const char *time_zone; /* an IANA name */
	double now;            /* Unix time: clock_unix_seconds() */
	/* Of symbols and of routes, those are read that kpi_groups_new() keeps, in all currencies. */
	size_t names_max;
};

/* Whether schema and time zone can be names; Postgres is asked later.  0, or -1 with `why`. */
int trades_check_schema(const char *schema, struct failure *why);
int trades_check_time_zone(const char *time_zone, struct failure *why);

/*
 * One connection, one read-only transaction and one snapshot, one round trip if `memory` knows the database
 * (and two if it does not), before the deadline and a tenth of a second.  What is wrong with a view is its
 * own failure, which names view and column, and the others are still read.
 */
void trades_read(struct postgres_target *target, const struct trades_query *query,
    struct trades_memory *memory, struct deadline deadline, struct trades_reading *reading);

void trades_reading_release(struct trades_reading *reading);

#endif /* ENGINE_TRADES_H */
