#include <stddef.h>
#include <string.h>

#include "demo/paper_engine/core/fills.h"
#include "demo/paper_engine/core/ledger.h"
#include "demo/paper_engine/core/trade.h"

/* In USDT. */
static const fixed smallest_trade = 10 * FIXED_ONE;

/* A fee that grows with a price which got worse between the legs must still be paid. */
enum { CASH_PERCENT = 98, SECOND_TRIES = 2 };

static fixed
lesser(fixed a, fixed b)
{
	return a < b ? a : b;
}

/* What a coin costs at most, with its fee. */
static fixed
worst_cost(const struct engine *engine, const struct symbol *symbol, enum venue buy)
{
	return fixed_times(
	    depth_worst(symbol->books[buy]->asks), FIXED_ONE + engine->settings.costs.fee[buy]);
}

/* As much of the coin as size, depth, coins and cash allow; 0: too little. */
static fixed
trade_quantity(const struct engine *engine, const struct symbol *symbol, enum venue buy, bool halved,
    const struct quotes *q)
{
	const struct exchange *payer = &engine->exchanges[buy];
	enum venue sell = other_venue(buy);
	fixed size = trade_size(engine, symbol) / (halved ? 2 : 1), quantity;

	quantity = fixed_over(fixed_times(size, q->rate), q->ask[buy]);
	quantity = lesser(quantity, symbol->coins[sell]);
	quantity = lesser(quantity, depth_total(symbol->books[buy]->asks));
	quantity = lesser(quantity, depth_total(symbol->books[sell]->bids));
	quantity = lesser(quantity, fixed_over((payer->cash - payer->reserved) / 100 * CASH_PERCENT,
					worst_cost(engine, symbol, buy)));
	return fixed_times(quantity, q->ask[buy]) < fixed_times(smallest_trade, q->rate) ? 0 : quantity;
}

bool
trade_open(struct engine *engine, struct symbol *symbol, enum venue buy, bool halved,
    const struct quotes *quotes, int64_t now_ms, const struct sink *sink)
{
	struct pending *pending = &symbol->pending;
	enum venue sell = other_venue(buy), second;
	fixed quantity = trade_quantity(engine, symbol, buy, halved, quotes), value;
	struct order order = { .leg = LEG_FIRST, .quantity = quantity };

	if (quantity <= 0)
		return false;
	/* The thinner side first: it is the one that may be gone. */
	order.buy = depth_total(symbol->books[buy]->asks) <= depth_total(symbol->books[sell]->bids);
	order.venue = order.buy ? buy : sell;
	*pending = (struct pending){ .trade = { .buy = buy, .sell = sell, .opened_ms = now_ms } };
	memcpy(pending->trade.symbol, symbol->name, sizeof(symbol->name));
	pending->left = order_send(engine, symbol, &order, now_ms, sink);
	if (pending->left == 0)
		return false;
	second = other_venue(order.venue);
	depth_take_all(
	    order.buy ? symbol->books[second]->bids : symbol->books[second]->asks, pending->left, &value);
	pending->open = true;
	pending->expected = fixed_over(value, engine_rate(engine, second));
	pending->reserved = fixed_times(quantity, worst_cost(engine, symbol, buy));
	pending->due_ms = leg_due(engine, now_ms);
	engine->exchanges[buy].reserved += pending->reserved;
	exposure_update(engine, symbol);
	return true;
}

/* The sums of a trade whose last leg is filled. */
static void
trade_sum(struct trade *trade, fixed expected)
{
	const struct fill *first = &trade->fills[0], *last = &trade->fills[trade->fill_count - 1];
	fixed closing = 0;

	for (int i = 0; i < trade->fill_count; i++) {
		const struct fill *fill = &trade->fills[i];
		fixed worth = fixed_over(fill->value, fill->rate), fee = fixed_over(fill->fee, fill->rate);

		trade->fees = fixed_plus(trade->fees, fee);
		trade->pnl = fixed_plus(trade->pnl, fixed_plus(fill->buy ? -worth : worth, -fee));
		if (i > 0)
			closing = fixed_plus(closing, worth);
	}
	trade->closed_ms = last->at_ms;
	trade->leg_gap_ms = last->at_ms - first->at_ms;
	if (expected > 0)
		trade->slippage = fixed_over(first->buy ? expected - closing : closing - expected, expected);
}

bool
trade_go_on(struct engine *engine, struct symbol *symbol, int64_t now_ms, const struct sink *sink)
{
	struct pending *pending = &symbol->pending;
	struct trade *trade = &pending->trade;
	const struct fill *first = &trade->fills[0];
	struct order order = { .leg = LEG_UNWIND, .venue = first->venue, .buy = !first->buy };

	if (pending->tries < SECOND_TRIES) {
		pending->tries++;
		order.leg = LEG_SECOND;
		order.venue = other_venue(first->venue);
	}
	order.quantity = pending->left;
	pending->left -= order_send(engine, symbol, &order, now_ms, sink);
	if (pending->left > 0) {
		pending->due_ms = leg_due(engine, now_ms);
		exposure_update(engine, symbol);
		return false;
	}
	trade_sum(trade, pending->expected);
	trade->id = engine->last_id + 1;
	ledger_trade(engine, symbol, trade);
	if (sink->trade != NULL)
		sink->trade(sink->context, trade);
	return true;
}
