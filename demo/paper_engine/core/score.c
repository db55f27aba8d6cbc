#include <stddef.h>

#include "demo/paper_engine/core/score.h"

static const fixed full = 100 * FIXED_ONE;

bool
book_complete(const struct depth *book)
{
	return book != NULL && book->sequence > 0 && book->bids[0].quantity > 0 &&
	       book->asks[0].quantity > 0 && book->bids[0].price > 0 && book->asks[0].price > 0;
}

fixed
mid_price(const struct depth *book)
{
	fixed bid = book->bids[0].price, ask = book->asks[0].price;

	return bid < ask ? bid + (ask - bid + 1) / 2 : ask + (bid - ask + 1) / 2;
}

fixed
engine_rate(const struct engine *engine, enum venue venue)
{
	if (venue == VENUE_BINANCE)
		return FIXED_ONE;
	return book_complete(engine->won) ? mid_price(engine->won) : 0;
}

bool
quotes_read(const struct engine *engine, const struct symbol *symbol, struct quotes *quotes)
{
	const struct depth *dollar = symbol->books[VENUE_BINANCE], *won = symbol->books[VENUE_UPBIT];

	if (!book_complete(dollar) || !book_complete(won))
		return false;
	quotes->rate = engine_rate(engine, VENUE_UPBIT);
	if (quotes->rate <= 0)
		return false;
	quotes->bid[VENUE_BINANCE] = fixed_times(dollar->bids[0].price, quotes->rate);
	quotes->ask[VENUE_BINANCE] = fixed_times(dollar->asks[0].price, quotes->rate);
	quotes->bid[VENUE_UPBIT] = won->bids[0].price;
	quotes->ask[VENUE_UPBIT] = won->asks[0].price;
	return quotes->ask[VENUE_BINANCE] > 0;
}

fixed
route_edge(const struct costs *costs, const struct quotes *quotes, enum venue buy)
{
	enum venue sell = other_venue(buy);
	fixed spent = fixed_times(quotes->ask[buy], FIXED_ONE + costs->fee[buy]);
	fixed earned = fixed_times(quotes->bid[sell], FIXED_ONE - costs->fee[sell]);

	return fixed_over(earned, spent) - FIXED_ONE - costs->slippage;
}

fixed
trade_size(const struct engine *engine, const struct symbol *symbol)
{
	const struct parameters *p = &engine->settings.parameters;

	if (p->weight == 0 || symbol->places <= 0)
		return p->size;
	return p->size - fixed_times(p->size, p->weight) / symbol->places * symbol->place;
}

static fixed
within(fixed score)
{
	return score < 0 ? 0 : score > full ? full : score;
}

static fixed
score_health(const struct exchange *exchange, const struct limits *limits, int64_t now_ms)
{
	enum { YOUNG_MS = 1000 };
	const struct exchange_figures *figures = &exchange->figures;
	int64_t age_ms = now_ms - figures->message_ms;
	/* Half of a rate limit is plenty: what others ask for meanwhile shall not move the score. */
	fixed left = within(fixed_times(figures->rate_limit_left, 2 * full)), young = full;

	if (!figures->connected)
		return 0;
	if (age_ms > YOUNG_MS && limits->down_ms > YOUNG_MS)
		young = age_ms >= limits->down_ms
			    ? 0
			    : full / (limits->down_ms - YOUNG_MS) * (limits->down_ms - age_ms);
	return young < left ? young : left;
}

static fixed
score_spread(fixed edge, fixed least)
{
	fixed times = least > 0 ? fixed_over(edge, least) : 4 * FIXED_ONE;

	return times >= 4 * FIXED_ONE ? full : 50 * FIXED_ONE + (times - FIXED_ONE) * 50 / 3;
}

/* Of coins and cash the scarcer: how much of it stays. */
static fixed
score_inventory(
    const struct engine *engine, const struct symbol *symbol, enum venue buy, const struct quotes *quotes)
{
	const struct exchange *payer = &engine->exchanges[buy];
	enum venue sell = other_venue(buy);
	fixed cash = payer->cash - payer->reserved,
	      coins = fixed_times(symbol->coins[sell], quotes->bid[sell]);
	fixed there, size = fixed_times(trade_size(engine, symbol), quotes->rate);

	if (buy == VENUE_BINANCE)
		cash = fixed_times(cash, quotes->rate);
	there = cash < coins ? cash : coins;
	return there <= size ? 0 : full - fixed_over(fixed_times(size, full), there);
}

static void
score_route(
    struct engine *engine, struct symbol *symbol, enum venue buy, const struct quotes *quotes, int64_t now_ms)
{
	const struct engine_settings *settings = &engine->settings;
	struct route *route = &symbol->routes[buy];
	struct score *score = &route->score;
	fixed costs = settings->costs.fee[0] + settings->costs.fee[1] + settings->costs.slippage;
	fixed health[VENUES];

	if (engine->distortions.no_score) {
		*score = (struct score){ 0 };
		return;
	}
	if (score->total == 0)
		score->spread = score->fee = full / 2;
	/* Most routes have nothing to earn most of the time: what they have when they do is what tells them
	 * apart.  The edge may be that of an older book than the spread. */
	if (route->edge >= settings->parameters.min_profit) {
		score->spread = score_spread(route->edge, settings->parameters.min_profit);
		score->fee = route->spread > 0
				 ? within(full - fixed_over(fixed_times(costs, full), route->spread))
				 : 0;
	}
	for (int v = 0; v < VENUES; v++)
		health[v] = score_health(&engine->exchanges[v], &settings->limits, now_ms);
	score->health = health[0] < health[1] ? health[0] : health[1];
	score->inventory = score_inventory(engine, symbol, buy, quotes);
	score->total = (score->spread + score->health + score->fee + score->inventory) / 4;
}

void
route_look(
    struct engine *engine, struct symbol *symbol, enum venue buy, const struct quotes *quotes, int64_t now_ms)
{
	struct route *route = &symbol->routes[buy];
	struct route_figures figures = { .losses_in_a_row = route->losses_in_a_row,
		.last_loss_ms = route->last_loss_ms,
		.edge = route->edge };

	route->spread = fixed_over(quotes->bid[other_venue(buy)], quotes->ask[buy]) - FIXED_ONE;
	score_route(engine, symbol, buy, quotes, now_ms);
	figures.score = route->score.total;
	figures.spread = route->spread;
	guard_route(&route->guard, &engine->settings, &figures, now_ms);
}
