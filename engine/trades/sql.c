/*
 * Statements that are too long for a line of C, as they are in their files, each with a NUL behind it.
 * The makefile knows that this object needs them.  {names} are filled in by statement.c.
 */

#include "engine/trades/parts.h"

#define SQL_FILE(name, file)                                                                                 \
	__asm__(".pushsection .rodata\n.globl " name "\n" name ":\n.incbin \"engine/trades/" file            \
		"\"\n.byte 0\n.popsection\n")

SQL_FILE("trades_sql_catalogue", "catalogue.sql");
SQL_FILE("trades_sql_midnight", "midnight.sql");
SQL_FILE("trades_sql_trades", "trades.sql");
SQL_FILE("trades_sql_trade_days", "trade_days.sql");
SQL_FILE("trades_sql_equity", "equity.sql");
SQL_FILE("trades_sql_equity_cut", "equity_cut.sql");
SQL_FILE("trades_sql_equity_bins", "equity_bins.sql");
SQL_FILE("trades_sql_equity_bins_rejected", "equity_bins_rejected.sql");
SQL_FILE("trades_sql_flows", "flows.sql");
SQL_FILE("trades_sql_cash_flows", "cash_flows.sql");
SQL_FILE("trades_sql_rates", "rates.sql");
SQL_FILE("trades_sql_tuning", "tuning.sql");
