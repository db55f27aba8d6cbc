/*
 * The prices that the example bot makes up, and what it would earn by them.  The figures are of the size that
 * a real bot sees, so that all panels show something; nothing here follows from a market.
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "examples/bot/market.h"

const char *const venue_names[VENUES] = { "binance", "upbit" };
const char *const asset_names[ASSETS] = { "BTC", "ETH", "XRP" };
const double market_won = 1380;

/* splitmix64: the same seed gives the same trades on every machine.  Above 0, so that it has a logarithm. */
double
market_uniform(struct market *m)
{
	uint64_t z = m->random += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (double)(((z ^ (z >> 31)) >> 11) + 1) / 9007199254740992.0;
}

double
market_exponential(struct market *m, double mean)
{
	return -mean * log(market_uniform(m));
}

/* By Box and Muller. */
static double
normal(struct market *m)
{
	double radius = sqrt(-2 * log(market_uniform(m)));

	return radius * cos(2 * M_PI * market_uniform(m));
}

/* The basis returns to 0; otherwise no trade would ever earn anything. */
void
market_step(struct market *m)
{
	for (size_t i = 0; i < ASSETS; i++)
		m->basis[i] += -0.05 * m->basis[i] + 0.0006 * normal(m);
}

/* A route buys where it is cheaper: the sign of the basis chooses the direction. */
struct trade *
market_open(struct market *m, double now)
{
	size_t asset = (size_t)(market_uniform(m) * ASSETS) % ASSETS;
	struct trade *trade = &m->open[m->open_count];

	if (m->open_count == OPEN_TRADES)
		return NULL;
	m->open_count++;
	*trade = (struct trade){ .route = asset * VENUES + (m->basis[asset] > 0 ? 0 : 1),
		.opened_at = now,
		.closed_at = now + 0.3 + market_exponential(m, 4),
		.notional = 200 + 800 * market_uniform(m),
		.leg_gap = market_exponential(m, 0.06),
		.slippage = 0.00005 + 0.00015 * normal(m),
		.basis = fabs(m->basis[asset]) };
	return trade;
}

int
market_close(struct market *m, double now, struct trade *closed)
{
	double basis, price;
	size_t i = 0;

	while (i < m->open_count && m->open[i].closed_at > now)
		i++;
	if (i == m->open_count)
		return 0;
	*closed = m->open[i];
	m->open[i] = m->open[--m->open_count];
	/* What it earns is how far the basis has come back meanwhile, less slippage and six basis points of
	 * fees. */
	basis = m->basis[closed->route / VENUES];
	if (closed->route % VENUES == 1)
		basis = -basis;
	price = closed->route % VENUES == 0 ? market_won : 1;
	closed->closed_at = now;
	closed->profit = closed->notional * (closed->basis - basis - closed->slippage - 0.0006);
	closed->pnl = price * closed->profit;
	closed->fees = price * closed->notional * 0.0006;
	closed->funding = price * closed->notional * 0.00001 * normal(m);
	return 1;
}

const char *
route_name(size_t route, char name[ROUTE_NAME])
{
	size_t buy = route % VENUES;

	(void)snprintf(name, ROUTE_NAME, "%s-%s:%s", venue_names[buy], venue_names[1 - buy],
	    asset_names[route / VENUES]);
	return name;
}

const char *
route_currency(size_t route)
{
	return route % VENUES == 0 ? "KRW" : "USDT";
}
