/*
 * Turns the rows of the statements into the structs of engine/trades.h.  The server is not trusted: each text
 * has a limit, and each number is checked.
 */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/array.h"
#include "common/text/utf8.h"
#include "engine/trades/parts.h"

const char *const trades_reason_names[TRADES_REASONS + 1] = { "incomplete", "not_finite", "too_large",
	"future", "order", "negative", "duplicate", NULL };

/* One row that is taken, column by column.  The first mistake sticks. */
struct taking {
	const PGresult *row;
	struct failure *why;
	int column;
	bool failed;
};

static int
failed(struct taking *t, enum failure_kind kind, const char *text)
{
	if (!t->failed)
		(void)failure_set(t->why, kind, "%s (column %d of the answer)", text, t->column);
	t->failed = true;
	return -1;
}

/* NULL is "". */
static struct slice
next(struct taking *t)
{
	int column = t->column++;

	return (struct slice){ PQgetvalue(t->row, 0, column), (size_t)PQgetlength(t->row, 0, column) };
}

/* A label value later, so it must be whole: a text that is cut could look like another name. */
static void
take_text(struct taking *t, char *text, size_t size)
{
	struct slice value = next(t);

	if (value.length >= size || !utf8_valid(value) || memchr(value.at, '\0', value.length) != NULL) {
		(void)failed(t, FAILURE_PROTOCOL, "the server sent a text that is too long or not UTF-8");
		return;
	}
	memcpy(text, value.at, value.length);
	text[value.length] = '\0';
}

/* strtoull() takes a sign and blanks, so the first character is looked at too.  NULL is 0. */
static uint64_t
take_count(struct taking *t)
{
	struct slice value = next(t);
	unsigned long long count = 0;
	char *end;

	if (value.length == 0)
		return 0;
	errno = 0;
	count = strtoull(value.at, &end, 10);
	if (errno != 0 || *end != '\0' || value.at[0] < '0' || value.at[0] > '9')
		(void)failed(t, FAILURE_PROTOCOL, "the server sent something else than a count");
	return count;
}

/* A segment or a day becomes an index: whatever is out of range is refused here. */
static int
take_int(struct taking *t, int least, int most)
{
	struct slice value = next(t);
	char *end;
	long number;

	errno = 0;
	number = strtol(value.at, &end, 10);
	if (value.length == 0 || errno != 0 || *end != '\0' || number < least || number > most) {
		(void)failed(t, FAILURE_PROTOCOL, "the server sent a number that is out of range");
		return least;
	}
	return (int)number;
}

/* NULL is 0. */
static struct decimal
take_decimal(struct taking *t)
{
	struct decimal number = { 0 };
	struct slice value = next(t);

	if (value.length > 0 && !decimal_parse(value, &number))
		(void)failed(t, FAILURE_REJECTED,
		    "a sum has more than 38 digits: round the numbers in the view, as in round(pnl, 12)");
	return number;
}

/* NULL is -1. */
static double
take_double(struct taking *t)
{
	struct slice value = next(t);
	char *end;
	double number;

	if (value.length == 0)
		return -1;
	number = strtod(value.at, &end);
	if (*end != '\0' || !isfinite(number)) {
		(void)failed(t, FAILURE_PROTOCOL, "the server sent something else than a number");
		return -1;
	}
	return number;
}

/* Room for one element more, zeroed, or NULL. */
static void *
grow(struct taking *t, void **array, size_t *room, size_t *count, size_t size, size_t most)
{
	void *moved;
	char *element;

	if (*count >= most) {
		(void)failed(t, FAILURE_REJECTED,
		    "more symbols, routes, rates or days than can be read: leave some out of the view");
		return NULL;
	}
	moved = array_reserve(*array, room, *count + 1, size);
	if (moved == NULL) {
		(void)failed(t, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	*array = moved;
	element = (char *)moved + *count * size;
	memset(element, 0, size);
	++*count;
	return element;
}

/* The next column has one example of the rows, for the log. */
static void
take_rejected(struct taking *t, struct trades_view *view, const char *reason, uint64_t count)
{
	for (int i = 0; i < TRADES_REASONS; i++)
		if (strcmp(reason, trades_reason_names[i]) == 0) {
			view->rejected[i].count = count;
			take_text(t, view->rejected[i].example, sizeof(view->rejected[i].example));
			return;
		}
	(void)failed(t, FAILURE_PROTOCOL, "the server sent an unknown reason");
}

/* "3 0 12 ...", always as many as durations have: a histogram with fewer buckets ends in zeros. */
static void
take_buckets(struct taking *t, uint64_t *counts, size_t count)
{
	struct slice value = next(t);
	const char *at = value.at;

	for (size_t i = 0; i <= KPI_DURATION_BOUNDS; i++) {
		char *end;
		unsigned long long number;

		errno = 0;
		number = strtoull(at, &end, 10);
		if (end == at || errno != 0 || (i >= count && number != 0)) {
			(void)failed(t, FAILURE_PROTOCOL, "the server sent something else than counts");
			return;
		}
		if (i < count)
			counts[i] = number;
		at = end;
	}
}

/* The columns that stand in every row of the trades, whatever it is. */
struct sums {
	struct trades_cell cell;
	double first_at, last_at;
	char example[TRADES_EXAMPLE];
};

static void
take_sums(struct taking *t, struct sums *s)
{
	struct trades_cell *c = &s->cell;

	c->segment = take_int(t, 0, TRADES_SEGMENTS - 1);
	take_text(t, c->name, sizeof(c->name));
	take_text(t, c->currency, sizeof(c->currency));
	c->count = take_count(t);
	c->wins = take_count(t);
	c->losses = take_count(t);
	c->fees_count = take_count(t);
	c->funding_count = take_count(t);
	c->duration_count = take_count(t);
	c->leg_gap_count = take_count(t);
	c->slippage_count = take_count(t);
	c->gross_win = take_decimal(t);
	c->gross_loss = decimal_negative(take_decimal(t));
	c->fees = take_decimal(t);
	c->funding = take_decimal(t);
	c->duration = take_decimal(t);
	c->leg_gap = take_decimal(t);
	c->slippage = take_decimal(t);
	if (!decimal_subtract(c->gross_win, c->gross_loss, &c->pnl))
		(void)failed(
		    t, FAILURE_REJECTED, "the profit has more than 38 digits: round pnl in the view");
	s->first_at = take_double(t);
	s->last_at = take_double(t);
}

/* All cells together also tell when the first and the last trade was. */
static void
add_cell(struct trades_reading *reading, struct taking *t, const struct sums *s, enum kpi_scope scope)
{
	uint64_t durations[KPI_DURATION_BOUNDS + 1] = { 0 };
	struct trades_cell *cell = grow(t, (void **)&reading->cells, &reading->cell_room,
	    &reading->cell_count, sizeof(*cell), TRADES_CELLS_MAX);

	if (cell == NULL)
		return;
	*cell = s->cell;
	cell->scope = scope;
	take_buckets(t, durations, KPI_DURATION_BOUNDS + 1);
	for (int i = 0; i <= KPI_DURATION_BOUNDS; i++)
		cell->durations[i] = durations[i] > UINT32_MAX ? UINT32_MAX : (uint32_t)durations[i];
	if (s->first_at >= 0 && (reading->first_trade_at < 0 || s->first_at < reading->first_trade_at))
		reading->first_trade_at = s->first_at;
	if (s->last_at > reading->last_trade_at)
		reading->last_trade_at = s->last_at;
}

static void
add_slippage(struct trades_reading *reading, struct taking *t, const struct sums *s)
{
	struct trades_slippage *slippage = grow(t, (void **)&reading->slippages, &reading->slippage_room,
	    &reading->slippage_count, sizeof(*slippage), TRADES_CELLS_MAX);

	if (slippage == NULL)
		return;
	memcpy(slippage->currency, s->cell.currency, sizeof(slippage->currency));
	slippage->count = s->cell.slippage_count;
	slippage->sum = s->cell.slippage;
	take_buckets(t, slippage->counts, KPI_SLIPPAGE_BOUNDS + 1);
}

/* One statement answers with rows of several kinds, so that the trades are read once; `scope` says which. */
static void
add_trades(struct trades_reading *reading, struct taking *t)
{
	char scope[16] = "";
	struct sums s = { 0 };

	take_text(t, scope, sizeof(scope));
	take_sums(t, &s);
	if (strcmp(scope, "rejected") == 0) {
		take_rejected(t, &reading->views[VIEW_TRADES], s.cell.name, s.cell.count);
		return;
	}
	(void)next(t);
	if (strcmp(scope, "dropped") == 0) {
		reading->dropped[strcmp(s.cell.name, "symbol") == 0 ? SCOPE_SYMBOL : SCOPE_ROUTE] =
		    s.cell.count;
		return;
	}
	if (strcmp(scope, "slippage") == 0) {
		add_slippage(reading, t, &s);
		return;
	}
	for (int i = 0; i < KPI_SCOPES; i++)
		if (strcmp(scope, kpi_scope_names[i]) == 0) {
			add_cell(reading, t, &s, i);
			return;
		}
	(void)failed(t, FAILURE_PROTOCOL, "the server sent an unknown scope");
}

/* Of equity and rates: such a row has its reason first, a count where others have theirs, and the example
 * last. */
static void
add_rejected(
    struct trades_reading *reading, struct taking *t, enum kpi_view view, const char *reason, int column)
{
	uint64_t count;

	t->column = column;
	count = take_count(t);
	t->column = PQnfields(t->row) - 1;
	take_rejected(t, &reading->views[view], reason, count);
}

enum { PIECE_COUNT_COLUMN = 6, RATE_COUNT_COLUMN = 5, SET_COUNT_COLUMN = 3 };

static void
add_equity(struct trades_reading *reading, struct taking *t)
{
	char reason[16] = "";
	struct trades_piece *piece;

	take_text(t, reason, sizeof(reason));
	if (reason[0] != '\0') {
		add_rejected(reading, t, VIEW_EQUITY, reason, PIECE_COUNT_COLUMN);
		return;
	}
	piece = grow(t, (void **)&reading->pieces, &reading->piece_room, &reading->piece_count,
	    sizeof(*piece), TRADES_PIECES_MAX);
	if (piece == NULL)
		return;
	take_text(t, piece->currency, sizeof(piece->currency));
	piece->segment = take_int(t, 0, TRADES_SEGMENTS - 1);
	piece->day = take_int(t, -10000000, 10000000);
	piece->first_at = take_double(t);
	piece->last_at = take_double(t);
	piece->samples = take_count(t);
	piece->flows = take_decimal(t);
	piece->first = take_decimal(t);
	piece->last = take_decimal(t);
	piece->high = take_decimal(t);
	piece->low = take_decimal(t);
	piece->drawdown = take_decimal(t);
	piece->drawdown_ratio = take_double(t);
	/* A piece of one snapshot has no fall. */
	if (decimal_sign(piece->drawdown) < 0)
		piece->drawdown = (struct decimal){ 0 };
	if (piece->drawdown_ratio < 0)
		piece->drawdown_ratio = 0;
}

static void
add_rate(struct trades_reading *reading, struct taking *t)
{
	char reason[16] = "";
	struct trades_rate *rate;

	take_text(t, reason, sizeof(reason));
	if (reason[0] != '\0') {
		add_rejected(reading, t, VIEW_RATES, reason, RATE_COUNT_COLUMN);
		return;
	}
	rate = grow(t, (void **)&reading->rates, &reading->rate_room, &reading->rate_count, sizeof(*rate),
	    TRADES_RATES_MAX);
	if (rate == NULL)
		return;
	take_text(t, rate->currency, sizeof(rate->currency));
	take_text(t, rate->to, sizeof(rate->to));
	rate->rate = take_decimal(t);
	rate->updated_at = take_double(t);
}

/* NULL is NaN. */
static double
take_figure(struct taking *t)
{
	double number = PQgetisnull(t->row, 0, t->column) ? NAN : 0;
	double given = take_double(t);

	return isnan(number) ? number : given;
}

/* Each row tells run, time and count of all: they are the same in all of them. */
static void
add_set(struct trades_reading *reading, struct taking *t)
{
	char reason[16] = "";
	struct trades_set *set;

	take_text(t, reason, sizeof(reason));
	if (reason[0] != '\0') {
		add_rejected(reading, t, VIEW_TUNING, reason, SET_COUNT_COLUMN);
		return;
	}
	set = grow(t, (void **)&reading->sets, &reading->set_room, &reading->set_count, sizeof(*set),
	    TRADES_SETS_MAX);
	if (set == NULL)
		return;
	take_text(t, reading->tuning, sizeof(reading->tuning));
	reading->tuning_at = take_double(t);
	reading->sets_tried = take_count(t);
	take_text(t, set->number, sizeof(set->number));
	for (int i = 0; i < TRADES_PARAMETERS; i++)
		take_text(t, set->parameters[i], sizeof(set->parameters[i]));
	take_text(t, set->currency, sizeof(set->currency));
	set->train_score = take_figure(t);
	set->validate_score = take_figure(t);
	set->train_pnl = take_figure(t);
	set->validate_pnl = take_figure(t);
}

/* The flows themselves are summed up in the pieces of equity: here are only those that do not count. */
static void
add_cash_flows(struct trades_reading *reading, struct taking *t)
{
	char reason[16] = "";
	uint64_t count;

	take_text(t, reason, sizeof(reason));
	count = take_count(t);
	if (reason[0] != '\0')
		take_rejected(t, &reading->views[VIEW_CASH_FLOWS], reason, count);
}

/* The server knows when midnight was, with all of daylight saving; the other edges are plain seconds. */
static void
set_clock(struct trades_reading *reading, struct taking *t)
{
	double ago_24h = reading->now - 86400;

	reading->midnight = take_double(t);
	reading->today = take_int(t, 0, 10000000);
	reading->edges[0] = reading->now - 30 * 86400.0;
	reading->edges[1] = reading->now - 7 * 86400.0;
	reading->edges[2] = ago_24h < reading->midnight ? ago_24h : reading->midnight;
	reading->edges[3] = ago_24h < reading->midnight ? reading->midnight : ago_24h;
}

int
trades_row_add(
    struct trades_reading *reading, enum trades_statement statement, const PGresult *row, struct failure *why)
{
	static const int columns[TRADES_STATEMENTS] = { [STATEMENT_CLOCK] = 2,
		[STATEMENT_CASH_FLOWS] = 3,
		[STATEMENT_RATES] = 7,
		[STATEMENT_TUNING] = 15,
		[STATEMENT_EQUITY] = 15,
		[STATEMENT_TRADES] = 23 };
	struct taking t = { .row = row, .why = why };

	if (PQnfields(row) != columns[statement])
		return failure_set(
		    why, FAILURE_PROTOCOL, "the server answered with other columns than expected");
	switch (statement) {
	case STATEMENT_CLOCK: set_clock(reading, &t); break;
	case STATEMENT_CASH_FLOWS: add_cash_flows(reading, &t); break;
	case STATEMENT_RATES: add_rate(reading, &t); break;
	case STATEMENT_TUNING: add_set(reading, &t); break;
	case STATEMENT_EQUITY: add_equity(reading, &t); break;
	case STATEMENT_TRADES: add_trades(reading, &t); break;
	default: break;
	}
	return t.failed ? -1 : 0;
}
