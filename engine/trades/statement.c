/*
 * Makes the statements of a run for the views and columns that there are.  Times are literals rather than
 * parameters, since only then the planner sees how few of the rows are asked for.
 */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine/trades/parts.h"

enum { VALUES_MAX = 40, TIME_TEXT = 64, BIN_SECONDS = 900, DAY_SECONDS = 86400, LIST_BYTES = 4096 };

/* The text for {name}.  Only our own files are looked through for names again. */
struct value {
	const char *name, *text;
	bool is_file;
};

struct values {
	struct value list[VALUES_MAX];
	size_t count;
};

static void
set(struct values *values, const char *name, const char *text)
{
	values->list[values->count++] = (struct value){ name, text, false };
}

static void
set_file(struct values *values, const char *name, const char *text)
{
	values->list[values->count++] = (struct value){ name, text, true };
}

static void
fill(struct buffer *out, const struct values *values, const char *text)
{
	while (*text != '\0') {
		size_t plain = strcspn(text, "{"), length;
		const struct value *value = NULL;

		buffer_append(out, text, plain);
		text += plain;
		if (*text == '\0')
			return;
		length = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz_0123456789");
		for (size_t i = 0; i < values->count; i++)
			if (strlen(values->list[i].name) == length &&
			    strncmp(values->list[i].name, text + 1, length) == 0)
				value = &values->list[i];
		/* A name without a value is a mistake in our files: the server would not read the statement.
		 */
		if (value == NULL || text[length + 1] != '}') {
			out->failed = true;
			return;
		}
		if (value->is_file)
			fill(out, values, value->text);
		else
			buffer_string(out, value->text);
		text += length + 2;
	}
}

/* Texts that live as long as the statement is written. */
struct texts {
	char now[TIME_TEXT], edge_30d[TIME_TEXT], edge_7d[TIME_TEXT], edge_24h[TIME_TEXT];
	char day_30d[TIME_TEXT], day_7d[TIME_TEXT], trades_until[TIME_TEXT], equity_until[TIME_TEXT];
	char zone[TIME_TEXT * 2], limit[16], durations[16], slippages[16], bins[TIME_TEXT * 4];
	char names_max[24];
	char range[1024];
	char columns[TRADES_COLUMNS][80];
	struct buffer counts, names, sums, duration_bounds, slippage_bounds;
};

static const char *
time_text(char text[TIME_TEXT], int64_t seconds, int64_t us, const char *type)
{
	struct tm parts;
	time_t at = (time_t)seconds;
	char day[32];

	(void)gmtime_r(&at, &parts);
	(void)strftime(
	    day, sizeof(day), strcmp(type, "date") == 0 ? "%Y-%m-%d" : "%Y-%m-%d %H:%M:%S", &parts);
	if (strcmp(type, "date") == 0)
		(void)snprintf(text, TIME_TEXT, "date '%s'", day);
	else
		(void)snprintf(text, TIME_TEXT, "timestamptz '%s.%06d+00'", day, (int)us);
	return text;
}

static int64_t
floor_to(int64_t seconds, int64_t step)
{
	return seconds - seconds % step;
}

/* The edges of the windows, as texts. */
static void
set_times(struct texts *t, const struct trades_plan *plan)
{
	int64_t now = plan->now_us / 1000000, us = plan->now_us % 1000000;
	int64_t ago_30d = now - INT64_C(30) * DAY_SECONDS, ago_7d = now - INT64_C(7) * DAY_SECONDS;
	int64_t ago_24h = now - DAY_SECONDS;
	char text[3][TIME_TEXT];

	(void)time_text(t->now, now, us, "");
	(void)time_text(t->edge_30d, ago_30d, us, "");
	(void)time_text(t->edge_7d, ago_7d, us, "");
	(void)time_text(t->edge_24h, ago_24h, us, "");
	(void)time_text(t->day_30d, ago_30d, 0, "date");
	(void)time_text(t->day_7d, ago_7d, 0, "date");
	(void)snprintf(t->bins, sizeof(t->bins), "%s, %s, %s",
	    time_text(text[0], floor_to(ago_30d, BIN_SECONDS), 0, ""),
	    time_text(text[1], floor_to(ago_7d, BIN_SECONDS), 0, ""),
	    time_text(text[2], floor_to(ago_24h, BIN_SECONDS), 0, ""));
}

/*
 * The trades to read one by one: of the days that an edge cuts, and all from the end of the rollup on.
 * Midnight is at most 25 hours ago.  Single bins of equity likewise.
 */
static void
set_trades_range(struct texts *t, const struct trades_plan *plan)
{
	int64_t now = plan->now_us / 1000000, from = floor_to(now - 25 * 3600, DAY_SECONDS);
	int64_t cut[] = { floor_to(now - INT64_C(30) * DAY_SECONDS, DAY_SECONDS),
		floor_to(now - INT64_C(7) * DAY_SECONDS, DAY_SECONDS) };
	char first[TIME_TEXT], last[TIME_TEXT];
	int length;

	if (plan->memory->trades_until < from)
		from = plan->memory->trades_until;
	(void)time_text(t->trades_until, from, 0, "date");
	length = snprintf(t->range, sizeof(t->range), "AND (closed_at >= %s OR closed_at = '-infinity'",
	    time_text(first, from, 0, ""));
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++)
		length += snprintf(t->range + length, sizeof(t->range) - (size_t)length,
		    " OR closed_at >= %s AND closed_at < %s", time_text(first, cut[i], 0, ""),
		    time_text(last, cut[i] + DAY_SECONDS, 0, ""));
	(void)snprintf(t->range + length, sizeof(t->range) - (size_t)length, ")");
}

/* The quarters of an hour that an edge cuts, and all from the end of the rollup on.  Rows without a time are
 * read too, to be counted as rejected. */
static void
set_equity_range(struct texts *t, const struct trades_plan *plan)
{
	int64_t now = plan->now_us / 1000000, until = floor_to(now, BIN_SECONDS);
	const int64_t days[] = { 30, 7, 1 };
	char first[TIME_TEXT], last[TIME_TEXT];
	int length;

	if (plan->memory->equity_until < until)
		until = plan->memory->equity_until;
	length = snprintf(t->range, sizeof(t->range), "WHERE at >= %s OR at IS NULL OR at = '-infinity'",
	    time_text(t->equity_until, until, 0, ""));
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		int64_t bin = floor_to(now - days[i] * DAY_SECONDS, BIN_SECONDS);

		length +=
		    snprintf(t->range + length, sizeof(t->range) - (size_t)length, " OR at >= %s AND at < %s",
			time_text(first, bin, 0, ""), time_text(last, bin + BIN_SECONDS, 0, ""));
	}
}

/* width_bucket() counts a value at a bound into the bucket above, and a bound of ours is the last value
 * below: so both are negative there. */
static void
write_bounds(struct buffer *out, const double *bounds, int count)
{
	buffer_init(out, LIST_BYTES);
	buffer_string(out, "'{");
	for (int i = count; i-- > 0;)
		buffer_format(
		    out, "%.17g%s", bounds[i] > 0 || bounds[i] < 0 ? -bounds[i] : 0, i > 0 ? "," : "");
	buffer_string(out, "}'::float8[]");
	buffer_append(out, "", 1);
}

/* The format once for each bucket of durations, with its number for '#'. */
static void
write_list(struct buffer *out, const char *format)
{
	buffer_init(out, LIST_BYTES);
	for (int i = 0; i <= KPI_DURATION_BOUNDS; i++) {
		buffer_string(out, i > 0 ? ", " : "");
		for (const char *at = format; *at != '\0'; at++)
			if (*at == '#')
				buffer_format(out, "%d", i);
			else
				buffer_append(out, at, 1);
	}
	buffer_append(out, "", 1);
}

/* NULL of the type, where the view has no such column. */
static void
set_columns(struct values *values, struct texts *t, const struct trades_memory *memory, enum kpi_view view)
{
	static const char *const null_types[] = { [TYPE_TEXT] = "text",
		[TYPE_ID] = "text",
		[TYPE_COUNT] = "bigint",
		[TYPE_MONEY] = "numeric",
		[TYPE_NUMBER] = "numeric",
		[TYPE_TIME] = "timestamptz" };

	for (int i = 0; i < TRADES_COLUMNS; i++) {
		const struct trades_column *column = &trades_columns[i];

		if (column->relation != (int)view)
			continue;
		(void)snprintf(t->columns[i], sizeof(t->columns[i]),
		    memory->types[i][0] != '\0' ? "%s" : "NULL::%s",
		    memory->types[i][0] != '\0' ? column->name : null_types[column->type]);
		set(values, column->name, t->columns[i]);
	}
}

static void
set_lists(struct values *values, struct texts *t)
{
	write_list(&t->counts, "coalesce(sum(n) FILTER (WHERE d = #), 0)::int AS d#");
	write_list(&t->names, "d#");
	write_list(&t->sums, "sum(d#)");
	write_bounds(&t->duration_bounds, kpi_duration_bounds, KPI_DURATION_BOUNDS);
	write_bounds(&t->slippage_bounds, kpi_slippage_bounds, KPI_SLIPPAGE_BOUNDS);
	(void)snprintf(t->durations, sizeof(t->durations), "%d", KPI_DURATION_BOUNDS);
	(void)snprintf(t->slippages, sizeof(t->slippages), "%d", KPI_SLIPPAGE_BOUNDS);
	set(values, "durations", t->durations);
	set(values, "slippages", t->slippages);
	set(values, "d_counts", t->counts.text);
	set(values, "d_columns", t->names.text);
	set(values, "d_sums", t->sums.text);
	set(values, "duration_bounds", t->duration_bounds.text);
	set(values, "slippage_bounds", t->slippage_bounds.text);
}

static bool
lists_failed(const struct texts *t)
{
	return t->counts.failed || t->names.failed || t->sums.failed || t->duration_bounds.failed ||
	       t->slippage_bounds.failed;
}

static void
release_lists(struct texts *t)
{
	buffer_release(&t->counts);
	buffer_release(&t->names);
	buffer_release(&t->sums);
	buffer_release(&t->duration_bounds);
	buffer_release(&t->slippage_bounds);
}

/* The segment of engine/trades.h; on a day of 25 hours midnight is the earlier edge. */
#define SEGMENT(at)                                                                                          \
	"CASE WHEN " at " < {edge_30d} THEN 0 WHEN " at " < {edge_7d} THEN 1 "                               \
	"WHEN " at " < least({edge_24h}, {midnight}) THEN 2 WHEN " at                                        \
	" < greatest({edge_24h}, {midnight}) THEN 3 ELSE 4 END"

static void
set_common(struct values *values, struct texts *t, const struct trades_plan *plan)
{
	set_times(t, plan);
	/* The name was checked: it has no '. */
	(void)snprintf(t->zone, sizeof(t->zone), "'%s'", plan->time_zone);
	set(values, "schema", plan->schema);
	set(values, "zone", t->zone);
	set(values, "now", t->now);
	set(values, "edge_30d", t->edge_30d);
	set(values, "edge_7d", t->edge_7d);
	set(values, "edge_24h", t->edge_24h);
	set(values, "day_30d", t->day_30d);
	set(values, "day_7d", t->day_7d);
	set(values, "bins", t->bins);
	set(values, "limit", t->limit);
	set(values, "range", t->range);
	set_file(values, "midnight", trades_sql_midnight);
}

/* One row more than there is room for shows that there are more. */
static const char *
trades_text(struct values *values, struct texts *t, const struct trades_plan *plan)
{
	(void)snprintf(t->limit, sizeof(t->limit), "%d", TRADES_CELLS_MAX + 1);
	if (plan->with_trade_days)
		set_trades_range(t, plan);
	(void)snprintf(t->names_max, sizeof(t->names_max), "%zu", plan->names_max);
	set(values, "names_max", t->names_max);
	set(values, "trades_until", t->trades_until);
	set_columns(values, t, plan->memory, VIEW_TRADES);
	set_file(values, "segment", SEGMENT("closed_at"));
	set_file(values, "rollup", plan->with_trade_days ? trades_sql_trade_days : "");
	return trades_sql_trades;
}

static const char *
equity_text(struct values *values, struct texts *t, const struct trades_plan *plan)
{
	bool rollup = plan->with_equity_bins;

	(void)snprintf(t->limit, sizeof(t->limit), "%d", TRADES_PIECES_MAX + 1);
	/* Until the beginning of time: nothing is cut then. */
	(void)snprintf(t->equity_until, sizeof(t->equity_until), "timestamptz '-infinity'");
	if (rollup)
		set_equity_range(t, plan);
	set(values, "equity_until", t->equity_until);
	set_file(values, "segment", SEGMENT("at"));
	set_file(values, "flows",
	    plan->with_flows
		? trades_sql_flows
		: "SELECT NULL::timestamptz AS at, NULL AS currency, NULL::numeric AS amount WHERE false");
	set_file(values, "cut", rollup ? trades_sql_equity_cut : "");
	set_file(values, "rollup", rollup ? trades_sql_equity_bins : "");
	set_file(values, "rollup_rejected", rollup ? trades_sql_equity_bins_rejected : "");
	return trades_sql_equity;
}

static const char *
text_of(
    struct values *values, struct texts *t, const struct trades_plan *plan, enum trades_statement statement)
{
	switch (statement) {
	case STATEMENT_CATALOGUE: return trades_sql_catalogue;
	case STATEMENT_CLOCK:
		return "SELECT extract(epoch FROM {midnight}), ({now} AT TIME ZONE {zone})::date - date '1970-01-01'";
	case STATEMENT_TRADE_DAYS:
		return "SELECT (max(day) + 1 - date '1970-01-01') * 86400::bigint FROM {schema}.trade_days "
		       "WHERE day > '-infinity'";
	case STATEMENT_EQUITY_BINS:
		return "SELECT extract(epoch FROM max(begin_at) + interval '15 min')::bigint FROM {schema}.equity_bins";
	case STATEMENT_CASH_FLOWS: return trades_sql_cash_flows;
	case STATEMENT_RATES:
		(void)snprintf(t->limit, sizeof(t->limit), "%d", TRADES_RATES_MAX + 1);
		return trades_sql_rates;
	case STATEMENT_TUNING:
		(void)snprintf(t->limit, sizeof(t->limit), "%d", TRADES_SETS_MAX);
		set_columns(values, t, plan->memory, VIEW_TUNING);
		return trades_sql_tuning;
	case STATEMENT_EQUITY: return equity_text(values, t, plan);
	case STATEMENT_TRADES: return trades_text(values, t, plan);
	}
	return "";
}

int
trades_statement_write(struct buffer *text, const struct trades_plan *plan, enum trades_statement statement)
{
	struct texts t = { 0 };
	struct values values = { 0 };

	set_common(&values, &t, plan);
	set_lists(&values, &t);
	if (lists_failed(&t))
		text->failed = true;
	else
		fill(text, &values, text_of(&values, &t, plan, statement));
	buffer_string(text, ";\n");
	release_lists(&t);
	return text->failed ? -1 : 0;
}
