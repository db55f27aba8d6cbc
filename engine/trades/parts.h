#ifndef ENGINE_TRADES_PARTS_H
#define ENGINE_TRADES_PARTS_H

#include "common/text/buffer.h"
#include "engine/rows.h"
#include "engine/trades.h"
#include "probes/postgres/session.h"

/* The files of this folder share this, and no others use it. */

/* The statements of one message, in this order: the slowest is the last, so that the others are read before.
 */
enum trades_statement {
	STATEMENT_CATALOGUE,
	STATEMENT_CLOCK,
	STATEMENT_TRADE_DAYS, /* until when the rollups go */
	STATEMENT_EQUITY_BINS,
	STATEMENT_CASH_FLOWS,
	STATEMENT_RATES,
	STATEMENT_TUNING,
	STATEMENT_EQUITY,
	STATEMENT_TRADES,
};
enum { TRADES_STATEMENTS = STATEMENT_TRADES + 1 };

/* The relations that may be in the schema: the views in the order of enum kpi_view, and the rollups. */
enum { RELATION_TRADE_DAYS = KPI_VIEWS, RELATION_EQUITY_BINS };
enum { TRADES_RELATIONS = RELATION_EQUITY_BINS + 1, TRADES_COLUMNS = 33, TRADES_TYPE = 64 };
extern const char *const trades_relation_names[TRADES_RELATIONS];

/* Which of several types will do. */
enum trades_type { TYPE_TEXT, TYPE_ID, TYPE_COUNT, TYPE_MONEY, TYPE_NUMBER, TYPE_TIME };

struct trades_column {
	int relation;
	const char *name;
	enum trades_type type;
	bool required;
};
extern const struct trades_column trades_columns[TRADES_COLUMNS];

struct trades_memory {
	bool exists[TRADES_RELATIONS];
	char types[TRADES_COLUMNS][TRADES_TYPE]; /* "": no such column */
	bool known;
	/* Where the rollups end: Unix time, 0 if there is nothing in them.  Negative: not known. */
	int64_t trades_until, equity_until;
};

/* One row of the catalogue.  0, or -1 with `why`. */
int trades_catalogue_add(struct trades_memory *memory, const PGresult *row, struct failure *why);

/* Whether a view can be read as it is.  `shown` is the schema as the operator writes it. */
int trades_catalogue_check(
    const struct trades_memory *memory, enum kpi_view view, const char *shown, struct failure *why);

struct trades_plan {
	const struct trades_memory *memory;
	const char *schema; /* quoted */
	const char *time_zone;
	int64_t now_us; /* Unix time in microseconds */
	size_t names_max;
	bool with_flows; /* arbwatch.cash_flows can be read */
	bool with_trade_days, with_equity_bins;
};

/* Append one statement.  0, or -1: no memory. */
int trades_statement_write(
    struct buffer *text, const struct trades_plan *plan, enum trades_statement statement);

/* Take one row of a statement.  -1 with `why` (protocol, rejected, local). */
int trades_row_add(struct trades_reading *reading, enum trades_statement statement, const PGresult *row,
    struct failure *why);

/* One reading under way, in the thread that may outlive its caller. */
struct trades_work {
	struct postgres_target *target;
	struct deadline deadline;
	struct postgres_session session;
	char *shown; /* the schema as the operator writes it */
	char *time_zone;
	struct engine_view_name names[KPI_VIEWS];
	int64_t now_us;
	size_t names_max;
	struct trades_memory memory, learned;
	bool done[TRADES_STATEMENTS]; /* answered, or given up */
	bool in_message[TRADES_STATEMENTS];
	bool without_trade_days, without_equity_bins;
	struct failure failure;
	struct trades_reading reading;
};

/* Forget what was read of a view. */
void trades_clear_view(struct trades_reading *reading, enum kpi_view view);

/* The view that a statement reads, or -1. */
int trades_view_of(enum trades_statement statement);

/* Whether the statement takes a part of its rows from a rollup. */
bool trades_rollup_used(const struct trades_work *w, enum trades_statement statement);

/* Send one message, and take the answers.  -1: `*at` is the statement that failed, w->failure says why. */
int trades_ask(struct trades_work *w, bool in_transaction, enum trades_statement *at);

/* Its view cannot be read, and w->failure says why: it is asked no more. */
void trades_give_up_view(struct trades_work *w, enum trades_statement statement);

extern const char trades_sql_catalogue[], trades_sql_midnight[], trades_sql_trades[], trades_sql_trade_days[],
    trades_sql_equity[], trades_sql_equity_cut[], trades_sql_equity_bins[], trades_sql_equity_bins_rejected[],
    trades_sql_flows[], trades_sql_cash_flows[], trades_sql_rates[], trades_sql_tuning[];

#endif /* ENGINE_TRADES_PARTS_H */
