/*
 * Rows of the ledger, from and to the engine's structs.  All numbers go as decimal text, so that not a digit
 * is lost; times as seconds with three decimals, which are exact.
 */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/failure.h"
#include "demo/paper_engine/live/journal_record.h"

/* An id that is there is the same row, sent before a connection broke. */
const char *const statement_texts[STATEMENTS] = {
	[STATEMENT_TRADE] =
	    "INSERT INTO public.trades "
	    "(id, symbol, route, currency, opened_at, closed_at, leg_gap, pnl, fees, funding, slippage) "
	    "OVERRIDING SYSTEM VALUE VALUES ($1::bigint, $2, $3, 'USDT', to_timestamp($4::float8), "
	    "to_timestamp($5::float8), $6::float8, $7::numeric, $8::numeric, 0, $9::numeric) ON CONFLICT (id) DO NOTHING",
	[STATEMENT_FILL] =
	    "INSERT INTO public.paper_fills (trade_id, number, leg, exchange, side, at, quantity, value, fee, rate) "
	    "VALUES ($1::bigint, $2::int, $3, $4, $5, to_timestamp($6::float8), $7::numeric, $8::numeric, "
	    "$9::numeric, $10::numeric) ON CONFLICT (trade_id, number) DO NOTHING",
	[STATEMENT_MOVEMENT] =
	    "INSERT INTO public.paper_movements "
	    "(id, kind, asset, at, coins_binance, coins_upbit, cash_binance, cash_upbit, fee) "
	    "VALUES ($1::bigint, $2, $3, to_timestamp($4::float8), $5::numeric, $6::numeric, $7::numeric, "
	    "$8::numeric, $9::numeric) ON CONFLICT (id) DO NOTHING",
	[STATEMENT_EQUITY] =
	    "INSERT INTO public.equity (at, currency, equity) "
	    "VALUES (to_timestamp($1::float8), 'USDT', $2::numeric) ON CONFLICT (at, currency) DO NOTHING",
	/* trading_kpis does not invert rates: it needs USDT for one KRW. */
	[STATEMENT_RATE] =
	    "INSERT INTO public.rates (currency, to_currency, rate, updated_at) "
	    "VALUES ('KRW', 'USDT', round(1 / $2::numeric, 12), to_timestamp($1::float8)) "
	    "ON CONFLICT (currency, to_currency) DO UPDATE SET rate = excluded.rate, updated_at = excluded.updated_at",
};

const char ledger_select[] =
    "SELECT t.id, 'trade', t.symbol, t.route, round(1000 * extract(epoch FROM t.opened_at))::bigint, "
    "round(1000 * extract(epoch FROM t.closed_at))::bigint, round((1000 * t.leg_gap)::numeric)::bigint, "
    "t.pnl, t.fees, t.slippage, f.leg, f.exchange, f.side, round(1000 * extract(epoch FROM f.at))::bigint, "
    "f.quantity, f.value, f.fee, f.rate, f.number "
    "FROM public.trades t LEFT JOIN public.paper_fills f ON f.trade_id = t.id "
    "WHERE t.id > $1::bigint AND t.id <= $2::bigint "
    "UNION ALL "
    "SELECT id, kind, asset, NULL, round(1000 * extract(epoch FROM at))::bigint, NULL, NULL, "
    "coins_binance, coins_upbit, cash_binance, NULL, NULL, NULL, NULL, cash_upbit, fee, NULL, NULL, 0 "
    "FROM public.paper_movements WHERE id > $1::bigint AND id <= $2::bigint "
    "ORDER BY 1, 19";

/* Writing ---------------------------------------------------------------- */

static void
add_text(struct row *row, const char *text)
{
	(void)snprintf(row->texts[row->count++], ROW_TEXT, "%s", text);
}

static void
add_whole(struct row *row, int64_t value)
{
	(void)snprintf(row->texts[row->count++], ROW_TEXT, "%" PRId64, value);
}

static void
add_seconds(struct row *row, int64_t ms)
{
	(void)snprintf(row->texts[row->count++], ROW_TEXT, "%" PRId64 ".%03" PRId64, ms / 1000, ms % 1000);
}

static void
add_fixed(struct row *row, fixed value)
{
	char text[FIXED_TEXT];

	add_text(row, fixed_text(value, text));
}

static void
trade_row(const struct trade *trade, struct row *row)
{
	char route[ROW_TEXT];

	*row = (struct row){ .statement = STATEMENT_TRADE };
	add_whole(row, trade->id);
	add_text(row, trade->symbol);
	(void)snprintf(route, sizeof(route), "%s-%s:%.*s", venue_names[trade->buy], venue_names[trade->sell],
	    (int)strcspn(trade->symbol, "/"), trade->symbol);
	add_text(row, route);
	add_seconds(row, trade->opened_ms);
	add_seconds(row, trade->closed_ms);
	add_seconds(row, trade->leg_gap_ms);
	add_fixed(row, trade->pnl);
	add_fixed(row, trade->fees);
	add_fixed(row, trade->slippage);
}

static void
fill_row(const struct trade *trade, int number, struct row *row)
{
	const struct fill *fill = &trade->fills[number];

	*row = (struct row){ .statement = STATEMENT_FILL };
	add_whole(row, trade->id);
	add_whole(row, number + 1);
	add_text(row, leg_names[fill->leg]);
	add_text(row, venue_names[fill->venue]);
	add_text(row, fill->buy ? "buy" : "sell");
	add_seconds(row, fill->at_ms);
	add_fixed(row, fill->quantity);
	add_fixed(row, fill->value);
	add_fixed(row, fill->fee);
	add_fixed(row, fill->rate);
}

static void
movement_row(const struct movement *movement, struct row *row)
{
	*row = (struct row){ .statement = STATEMENT_MOVEMENT };
	add_whole(row, movement->id);
	add_text(row, movement_names[movement->kind]);
	add_text(row, movement->asset);
	add_seconds(row, movement->at_ms);
	for (int venue = 0; venue < VENUES; venue++)
		add_fixed(row, movement->coins[venue]);
	for (int venue = 0; venue < VENUES; venue++)
		add_fixed(row, movement->cash[venue]);
	add_fixed(row, movement->fee);
}

size_t
record_rows(const struct record *record, struct row rows[ROWS])
{
	switch (record->kind) {
	case RECORD_TRADE:
		trade_row(&record->trade, &rows[0]);
		for (int i = 0; i < record->trade.fill_count; i++)
			fill_row(&record->trade, i, &rows[1 + i]);
		return 1 + (size_t)record->trade.fill_count;
	case RECORD_MOVEMENT: movement_row(&record->movement, &rows[0]); return 1;
	default:
		rows[0] = (struct row){ .statement =
					    record->kind == RECORD_RATE ? STATEMENT_RATE : STATEMENT_EQUITY };
		add_seconds(&rows[0], record->point.at_ms);
		add_fixed(&rows[0], record->point.value);
		return 1;
	}
}

/* Reading ---------------------------------------------------------------- */

static bool
read_whole(const char *text, int64_t *value)
{
	char *end;

	*value = strtoll(text, &end, 10);
	return end != text && *end == '\0';
}

/* The number of a word; -1: it is not among them. */
static int
read_word(const char *text, const char *const words[], int count)
{
	int i = count - 1;

	while (i >= 0 && strcmp(words[i], text) != 0)
		i--;
	return i;
}

static int
refuse(const char *const columns[LEDGER_COLUMNS], struct failure *why)
{
	return failure_set(why, FAILURE_LOCAL,
	    "record %s of the ledger (%s of %s) was not written by paper_engine; give paper_engine a database of its own",
	    columns[LEDGER_ID], columns[LEDGER_KIND], columns[LEDGER_NAME]);
}

int
record_read_fill(struct record *record, const char *const columns[LEDGER_COLUMNS], struct failure *why)
{
	struct trade *trade = &record->trade;
	int leg = read_word(columns[LEDGER_LEG], leg_names, 3);
	int venue = read_word(columns[LEDGER_EXCHANGE], venue_names, VENUES);
	struct fill fill = { .buy = strcmp(columns[LEDGER_SIDE], "buy") == 0 };

	if (record->kind != RECORD_TRADE || trade->fill_count == FILLS || leg < 0 || venue < 0 ||
	    !read_whole(columns[LEDGER_AT], &fill.at_ms) ||
	    !fixed_parse(columns[LEDGER_QUANTITY], &fill.quantity) ||
	    !fixed_parse(columns[LEDGER_VALUE], &fill.value) ||
	    !fixed_parse(columns[LEDGER_FEE], &fill.fee) || !fixed_parse(columns[LEDGER_RATE], &fill.rate))
		return refuse(columns, why);
	fill.leg = (enum leg)leg;
	fill.venue = (enum venue)venue;
	trade->fills[trade->fill_count++] = fill;
	return 0;
}

static int
read_trade(struct record *record, const char *const columns[LEDGER_COLUMNS], struct failure *why)
{
	struct trade *trade = &record->trade;
	const char *route = columns[LEDGER_ROUTE], *dash = strchr(route, '-');

	for (int buy = 0; buy < VENUES; buy++)
		if (dash != NULL && strncmp(route, venue_names[buy], (size_t)(dash - route)) == 0) {
			trade->buy = (enum venue)buy;
			trade->sell = (enum venue)(VENUES - 1 - buy);
		}
	if (dash == NULL || strlen(columns[LEDGER_NAME]) >= sizeof(trade->symbol) ||
	    !read_whole(columns[LEDGER_OPENED], &trade->opened_ms) ||
	    !read_whole(columns[LEDGER_CLOSED], &trade->closed_ms) ||
	    !read_whole(columns[LEDGER_LEG_GAP], &trade->leg_gap_ms) ||
	    !fixed_parse(columns[LEDGER_PNL], &trade->pnl) ||
	    !fixed_parse(columns[LEDGER_FEES], &trade->fees) ||
	    !fixed_parse(columns[LEDGER_SLIPPAGE], &trade->slippage))
		return refuse(columns, why);
	(void)snprintf(trade->symbol, sizeof(trade->symbol), "%s", columns[LEDGER_NAME]);
	return record_read_fill(record, columns, why);
}

static int
read_movement(struct record *record, const char *const columns[LEDGER_COLUMNS], struct failure *why)
{
	struct movement *movement = &record->movement;
	int kind = read_word(columns[LEDGER_KIND], movement_names, 2);

	if (kind < 0 || strlen(columns[LEDGER_NAME]) >= sizeof(movement->asset) ||
	    !read_whole(columns[LEDGER_OPENED], &movement->at_ms) ||
	    !fixed_parse(columns[LEDGER_PNL], &movement->coins[VENUE_BINANCE]) ||
	    !fixed_parse(columns[LEDGER_FEES], &movement->coins[VENUE_UPBIT]) ||
	    !fixed_parse(columns[LEDGER_SLIPPAGE], &movement->cash[VENUE_BINANCE]) ||
	    !fixed_parse(columns[LEDGER_QUANTITY], &movement->cash[VENUE_UPBIT]) ||
	    !fixed_parse(columns[LEDGER_VALUE], &movement->fee))
		return refuse(columns, why);
	movement->kind = (enum movement_kind)kind;
	(void)snprintf(movement->asset, sizeof(movement->asset), "%s", columns[LEDGER_NAME]);
	return 0;
}

int
record_read(struct record *record, const char *const columns[LEDGER_COLUMNS], struct failure *why)
{
	bool is_trade = strcmp(columns[LEDGER_KIND], "trade") == 0;
	int64_t id;

	*record = (struct record){ .kind = is_trade ? RECORD_TRADE : RECORD_MOVEMENT };
	if (!read_whole(columns[LEDGER_ID], &id))
		return refuse(columns, why);
	*(is_trade ? &record->trade.id : &record->movement.id) = id;
	return is_trade ? read_trade(record, columns, why) : read_movement(record, columns, why);
}

/* The rest --------------------------------------------------------------- */

struct held *
inventory_find(struct inventory *inventory, const char *name)
{
	struct held *held = inventory->held;
	size_t room = inventory->room == 0 ? 64 : 2 * inventory->room;

	for (size_t i = 0; i < inventory->count; i++)
		if (strcmp(held[i].name, name) == 0)
			return &held[i];
	if (inventory->count == inventory->room) {
		held = realloc(held, room * sizeof(*held));
		if (held == NULL)
			return NULL;
		inventory->held = held;
		inventory->room = room;
	}
	held = &held[inventory->count++];
	*held = (struct held){ 0 };
	(void)snprintf(held->name, sizeof(held->name), "%s", name);
	return held;
}

void
record_free(struct record *record)
{
	if (record != NULL && record->kind == RECORD_SYNC)
		free(record->inventory.held);
	if (record != NULL && record->kind == RECORD_SNAPSHOT)
		buffer_release(&record->text);
	free(record);
}
