/*
 * Writes one row at a time and waits for the server, which an example may do.  A bot with a fast loop gives
 * its trades to a thread.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <libpq-fe.h>

#include "examples/bot/records.h"

enum { VALUE = 40 };

/* Five trades in four hours of every day, some days better than others. */
static const char history[] =
    "WITH random AS (SELECT setseed(0.5)), "
    "days AS (SELECT at, asset, 0.25 * (0.4 + sin(1.7 * day) + sin(0.9 * day)) AS mood "
    "FROM generate_series(now() - interval '1 day' * $1::float8, now() - interval '1 minute', interval '5 minutes') AS at, "
    "LATERAL (SELECT extract(epoch FROM at)::bigint / 300, extract(epoch FROM at)::bigint / 86400) AS t (step, day), "
    "LATERAL (SELECT (ARRAY['BTC', 'ETH', 'XRP'])[1 + step * 7 % 11 % 3]) AS a (asset), random), "
    "made AS (INSERT INTO public.trades "
    "(symbol, route, currency, opened_at, closed_at, pnl, fees, funding, leg_gap, slippage) "
    "SELECT asset || '/USDT', 'upbit-binance:' || asset, 'USDT', at - interval '1 second' * (0.3 - 4 * ln(1 - random())), at, "
    "round((mood + random() + random() - 1)::numeric, 8), round((0.12 + 0.48 * random())::numeric, 8), "
    "round((0.01 * (random() - 0.5))::numeric, 8), -0.06 * ln(1 - random()), 0.0005 * (random() - 0.4) "
    "FROM days WHERE NOT EXISTS (SELECT FROM public.trades) ORDER BY at RETURNING closed_at, pnl) "
    "INSERT INTO public.equity (at, currency, equity) "
    "SELECT closed_at, 'USDT', 10000 + sum(pnl) OVER (ORDER BY closed_at) FROM made";

static bool
write_row(struct records *r, const char *statement, int count, const char *const values[])
{
	PGresult *result;
	bool written;

	/* Without the pause, each loop would wait for the timeout of a server that is away. */
	if (PQstatus(r->conn) != CONNECTION_OK) {
		if (time(NULL) < r->retry_at)
			return false;
		r->retry_at = time(NULL) + 5;
		PQreset(r->conn);
	}
	result = PQexecParams(r->conn, statement, count, NULL, values, NULL, NULL, 0);
	written = PQresultStatus(result) == PGRES_COMMAND_OK;
	(void)snprintf(r->error, sizeof(r->error), "%s", PQerrorMessage(r->conn));
	PQclear(result);
	return written;
}

int
records_open(struct records *r, const char *dsn, const char *password)
{
	/* With expand_dbname, 1 below, a whole connection string may stand for dbname. */
	const char *keywords[] = { "dbname", "connect_timeout", "application_name", "password", NULL };
	const char *values[] = { dsn, "5", "example_bot", password, NULL };

	r->conn = PQconnectdbParams(keywords, values, 1);
	(void)snprintf(r->error, sizeof(r->error), "%s", PQerrorMessage(r->conn));
	return PQstatus(r->conn) == CONNECTION_OK ? 0 : -1;
}

void
records_close(struct records *r)
{
	PQfinish(r->conn);
	r->conn = NULL;
}

bool
records_trade(struct records *r, const struct trade *trade)
{
	const double numbers[] = { trade->opened_at, trade->closed_at, trade->pnl, trade->fees,
		trade->funding, trade->leg_gap, trade->slippage };
	enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]), TEXTS = 3 };
	char route[ROUTE_NAME], symbol[ROUTE_NAME], texts[NUMBERS][VALUE];
	const char *values[TEXTS + NUMBERS] = { symbol, route_name(trade->route, route),
		route_currency(trade->route) };

	/* The names of the keys in Redis, so that trades and state meet on the dashboards. */
	(void)snprintf(symbol, sizeof(symbol), "%s/USDT", asset_names[trade->route / VENUES]);
	for (size_t i = 0; i < NUMBERS; i++) {
		(void)snprintf(texts[i], VALUE, "%.8f", numbers[i]);
		values[TEXTS + i] = texts[i];
	}
	return write_row(r,
	    "INSERT INTO public.trades "
	    "(symbol, route, currency, opened_at, closed_at, pnl, fees, funding, leg_gap, slippage) "
	    "VALUES ($1, $2, $3, to_timestamp($4::float8), to_timestamp($5::float8), $6, $7, $8, $9, $10)",
	    TEXTS + NUMBERS, values);
}

bool
records_equity(struct records *r, double equity)
{
	char text[VALUE];
	const char *values[] = { text };

	(void)snprintf(text, sizeof(text), "%.8f", equity);
	return write_row(
	    r, "INSERT INTO public.equity (at, currency, equity) VALUES (now(), 'USDT', $1)", 1, values);
}

bool
records_rate(struct records *r, double won)
{
	char text[VALUE];
	const char *values[] = { text };

	/* trading_kpis does not invert rates: it needs USDT for one KRW. */
	(void)snprintf(text, sizeof(text), "%.12f", 1 / won);
	return write_row(r,
	    "INSERT INTO public.rates (currency, to_currency, rate, updated_at) VALUES ('KRW', 'USDT', $1, now()) "
	    "ON CONFLICT (currency, to_currency) DO UPDATE SET rate = excluded.rate, updated_at = excluded.updated_at",
	    1, values);
}

double
records_last_equity(struct records *r, double otherwise)
{
	PGresult *last = PQexec(
	    r->conn, "SELECT equity FROM public.equity WHERE currency = 'USDT' ORDER BY at DESC LIMIT 1");

	if (PQresultStatus(last) == PGRES_TUPLES_OK && PQntuples(last) == 1)
		otherwise = strtod(PQgetvalue(last, 0, 0), NULL);
	PQclear(last);
	return otherwise;
}

bool
records_make_history(struct records *r, const char *days)
{
	return write_row(r, history, 1, &days);
}
