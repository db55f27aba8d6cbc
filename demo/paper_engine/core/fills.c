#include <stddef.h>

#include "demo/paper_engine/core/fills.h"
#include "demo/paper_engine/core/random.h"
#include "demo/paper_engine/core/score.h"

/* What an exchange sends may be damaged: a level without a price ends its side, as one without a quantity. */
static bool
is_there(const struct depth_level *level)
{
	return level->quantity > 0 && level->price > 0;
}

fixed
depth_total(const struct depth_level levels[DEPTH])
{
	fixed total = 0;

	for (int i = 0; i < DEPTH && is_there(&levels[i]); i++)
		total = fixed_plus(total, levels[i].quantity);
	return total;
}

fixed
depth_worst(const struct depth_level levels[DEPTH])
{
	int last = 0;

	while (last + 1 < DEPTH && is_there(&levels[last + 1]))
		last++;
	return levels[last].price;
}

fixed
depth_take(const struct depth_level levels[DEPTH], fixed quantity, fixed *value)
{
	fixed left = quantity;

	*value = 0;
	for (int i = 0; i < DEPTH && is_there(&levels[i]) && left > 0; i++) {
		fixed part = levels[i].quantity < left ? levels[i].quantity : left;

		*value = fixed_plus(*value, fixed_times(part, levels[i].price));
		left -= part;
	}
	return quantity - left;
}

void
depth_take_all(const struct depth_level levels[DEPTH], fixed quantity, fixed *value)
{
	fixed rest = quantity - depth_take(levels, quantity, value);

	if (rest > 0)
		*value = fixed_plus(*value, fixed_times(rest, depth_worst(levels)));
}

static bool
happens(struct engine *engine, fixed share)
{
	return (fixed)(random_next(&engine->random) % (uint64_t)FIXED_ONE) < share;
}

int64_t
leg_due(struct engine *engine, int64_t now_ms)
{
	int64_t gap_ms = engine->settings.leg_gap_ms;

	return gap_ms <= 0
		   ? now_ms
		   : now_ms + gap_ms / 2 + (int64_t)(random_next(&engine->random) % (uint64_t)(gap_ms + 1));
}

/* What the exchange makes of an order.  Without rejects nothing is left to chance. */
static enum order_end
order_end(struct engine *engine, const struct order *order, const struct symbol *symbol)
{
	const fixed reject_share = engine->settings.reject_share, unknown_share = FIXED_ONE / 1000;

	if (!engine->exchanges[order->venue].figures.connected ||
	    !book_complete(symbol->books[order->venue]) || engine_rate(engine, order->venue) <= 0 ||
	    (engine->distortions.one_leg && order->leg != LEG_FIRST))
		return ORDER_REJECTED;
	if (reject_share <= 0)
		return ORDER_FILLED;
	if (happens(engine, reject_share))
		return ORDER_REJECTED;
	return happens(engine, unknown_share) ? ORDER_UNKNOWN : ORDER_FILLED;
}

/* As often as an order is rejected, another one is filled by 25 to 99 percent. */
static fixed
order_part(struct engine *engine, fixed quantity)
{
	fixed part;

	if (engine->settings.reject_share <= 0 || !happens(engine, engine->settings.reject_share))
		return quantity;
	part = fixed_times(quantity, FIXED_ONE / 100 * (int64_t)(25 + random_next(&engine->random) % 75));
	return part > 0 ? part : quantity;
}

fixed
order_send(struct engine *engine, struct symbol *symbol, const struct order *order, int64_t now_ms,
    const struct sink *sink)
{
	struct trade *trade = &symbol->pending.trade;
	enum order_end end = order_end(engine, order, symbol);
	struct fill fill = { .leg = order->leg, .venue = order->venue, .buy = order->buy, .at_ms = now_ms };
	const struct depth *book = symbol->books[order->venue];
	const struct depth_level *levels;

	if (sink->order != NULL)
		sink->order(sink->context, order->venue, end);
	if (end != ORDER_FILLED)
		return 0;
	/* In a trade no time goes backwards, also if the clock was set back. */
	if (trade->fill_count > 0 && trade->fills[trade->fill_count - 1].at_ms > now_ms)
		fill.at_ms = trade->fills[trade->fill_count - 1].at_ms;
	levels = order->buy ? book->asks : book->bids;
	if (order->leg == LEG_UNWIND) {
		fill.quantity = order->quantity;
		depth_take_all(levels, fill.quantity, &fill.value);
	} else {
		fill.quantity = depth_take(levels, order_part(engine, order->quantity), &fill.value);
	}
	fill.fee = fixed_times(fill.value, engine->settings.costs.fee[order->venue]);
	fill.rate = engine_rate(engine, order->venue);
	trade->fills[trade->fill_count++] = fill;
	return fill.quantity;
}
