/*
 * Which views and columns there are, and whether they are what they must be.  A column that is missing or of
 * another type is named before a statement is made that would fail at it.
 */

#include <stdio.h>
#include <string.h>

#include "engine/trades/parts.h"

const char *const trades_relation_names[TRADES_RELATIONS] = {
	[VIEW_TRADES] = "trades",
	[VIEW_EQUITY] = "equity",
	[VIEW_CASH_FLOWS] = "cash_flows",
	[VIEW_RATES] = "rates",
	[VIEW_TUNING] = "tuning",
	[RELATION_TRADE_DAYS] = "trade_days",
	[RELATION_EQUITY_BINS] = "equity_bins",
};

const struct trades_column trades_columns[TRADES_COLUMNS] = {
	{ VIEW_TRADES, "id", TYPE_ID, true },
	{ VIEW_TRADES, "symbol", TYPE_TEXT, true },
	{ VIEW_TRADES, "route", TYPE_TEXT, false },
	{ VIEW_TRADES, "currency", TYPE_TEXT, true },
	{ VIEW_TRADES, "opened_at", TYPE_TIME, false },
	{ VIEW_TRADES, "closed_at", TYPE_TIME, true },
	{ VIEW_TRADES, "pnl", TYPE_MONEY, true },
	{ VIEW_TRADES, "fees", TYPE_MONEY, false },
	{ VIEW_TRADES, "funding", TYPE_MONEY, false },
	{ VIEW_TRADES, "leg_gap", TYPE_NUMBER, false },
	{ VIEW_TRADES, "slippage", TYPE_NUMBER, false },
	{ VIEW_EQUITY, "at", TYPE_TIME, true },
	{ VIEW_EQUITY, "currency", TYPE_TEXT, true },
	{ VIEW_EQUITY, "equity", TYPE_MONEY, true },
	{ VIEW_CASH_FLOWS, "at", TYPE_TIME, true },
	{ VIEW_CASH_FLOWS, "currency", TYPE_TEXT, true },
	{ VIEW_CASH_FLOWS, "amount", TYPE_MONEY, true },
	{ VIEW_RATES, "currency", TYPE_TEXT, true },
	{ VIEW_RATES, "to_currency", TYPE_TEXT, true },
	{ VIEW_RATES, "rate", TYPE_NUMBER, true },
	{ VIEW_RATES, "updated_at", TYPE_TIME, true },
	{ VIEW_TUNING, "run", TYPE_TEXT, true },
	{ VIEW_TUNING, "started_at", TYPE_TIME, true },
	{ VIEW_TUNING, "number", TYPE_COUNT, true },
	{ VIEW_TUNING, "min_profit", TYPE_NUMBER, false },
	{ VIEW_TUNING, "size", TYPE_NUMBER, false },
	{ VIEW_TUNING, "cooldown", TYPE_NUMBER, false },
	{ VIEW_TUNING, "weight", TYPE_NUMBER, false },
	{ VIEW_TUNING, "train_score", TYPE_NUMBER, false },
	{ VIEW_TUNING, "validate_score", TYPE_NUMBER, true },
	{ VIEW_TUNING, "train_pnl", TYPE_NUMBER, false },
	{ VIEW_TUNING, "validate_pnl", TYPE_NUMBER, false },
	{ VIEW_TUNING, "currency", TYPE_TEXT, false },
};

/* As format_type() spells them; the first is what an error asks for.  "text": any kind of text. */
static const char *const type_names[][5] = {
	[TYPE_TEXT] = { "text", NULL },
	[TYPE_ID] = { "text", "bigint", "integer", "uuid", NULL },
	[TYPE_COUNT] = { "integer", "bigint", NULL },
	[TYPE_MONEY] = { "numeric", "bigint", "integer", NULL },
	[TYPE_NUMBER] = { "numeric", "double precision", "bigint", "integer", NULL },
	[TYPE_TIME] = { "timestamp with time zone", NULL },
};

int
trades_catalogue_add(struct trades_memory *memory, const PGresult *row, struct failure *why)
{
	const char *relation, *name, *type, *category;

	if (PQnfields(row) != 4)
		return failure_set(
		    why, FAILURE_PROTOCOL, "the server answered with other columns than expected");
	relation = PQgetvalue(row, 0, 0);
	name = PQgetvalue(row, 0, 1);
	type = PQgetvalue(row, 0, 2);
	category = PQgetvalue(row, 0, 3);
	if (strcmp(category, "S") == 0 || strcmp(category, "E") == 0)
		type = "text";
	for (int i = 0; i < TRADES_RELATIONS; i++)
		if (strcmp(relation, trades_relation_names[i]) == 0)
			memory->exists[i] = true;
	/* Other columns are passed over, as docs/engine.md promises. */
	for (int i = 0; i < TRADES_COLUMNS; i++) {
		const struct trades_column *column = &trades_columns[i];

		if (strcmp(relation, trades_relation_names[column->relation]) == 0 &&
		    strcmp(name, column->name) == 0)
			(void)snprintf(memory->types[i], TRADES_TYPE, "%s", type);
	}
	return 0;
}

static bool
type_fits(enum trades_type wanted, const char *type)
{
	for (const char *const *each = type_names[wanted]; *each != NULL; each++)
		if (strcmp(*each, type) == 0)
			return true;
	return false;
}

int
trades_catalogue_check(
    const struct trades_memory *memory, enum kpi_view view, const char *shown, struct failure *why)
{
	for (int i = 0; i < TRADES_COLUMNS; i++) {
		const struct trades_column *column = &trades_columns[i];
		const char *type = memory->types[i], *wanted = type_names[column->type][0];

		if (column->relation != (int)view || (type[0] == '\0' && !column->required))
			continue;
		if (type[0] == '\0')
			return failure_set(why, FAILURE_REJECTED,
			    "%s.%s: there is no column %s, which must be %s", shown,
			    trades_relation_names[view], column->name, wanted);
		if (!type_fits(column->type, type))
			return failure_set(why, FAILURE_REJECTED, "%s.%s: column %s is %s, and must be %s",
			    shown, trades_relation_names[view], column->name, type, wanted);
	}
	return 0;
}
