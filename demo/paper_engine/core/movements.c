#include <stdio.h>
#include <string.h>

#include "demo/paper_engine/core/ledger.h"
#include "demo/paper_engine/core/movements.h"
#include "demo/paper_engine/core/score.h"

/* In USDT. */
static const fixed smallest_stock = 10 * FIXED_ONE;

/* Each tend of the live loop tries one while rebalances fail on purpose, and one more when that is over. */
enum { FAILURE_EVERY_MS = 500 };

static void
move(struct engine *engine, struct symbol *symbol, struct movement *movement, int64_t now_ms,
    const struct sink *sink)
{
	const char *asset = symbol == NULL ? cash_asset : symbol->name;

	(void)snprintf(movement->asset, sizeof(movement->asset), "%s", asset);
	movement->id = engine->last_id + 1;
	movement->at_ms = now_ms;
	ledger_movement(engine, symbol, movement);
	if (sink->movement != NULL)
		sink->movement(sink->context, movement);
}

static void
stock_cash(struct engine *engine, int64_t now_ms, const struct sink *sink)
{
	fixed cash = engine->settings.cash;
	struct movement movement = { .kind = MOVEMENT_STOCK,
		.cash = { cash, fixed_times(cash, engine_rate(engine, VENUE_UPBIT)) } };

	move(engine, NULL, &movement, now_ms, sink);
}

static void
stock_buy(struct engine *engine, struct symbol *symbol, int64_t now_ms, const struct sink *sink)
{
	struct movement movement = { .kind = MOVEMENT_STOCK };
	fixed share = engine->settings.cash / 5 * 4 / (symbol->places > 0 ? symbol->places : 1);
	fixed target = engine->settings.inventory < share ? engine->settings.inventory : share;

	for (int v = 0; v < VENUES; v++) {
		const struct exchange *exchange = &engine->exchanges[v];
		fixed rate = engine_rate(engine, v), price = mid_price(symbol->books[v]);
		fixed there = exchange->cash - exchange->reserved, value = fixed_times(target, rate);

		value = value < there ? value : there;
		if (value < fixed_times(smallest_stock, rate))
			return;
		movement.coins[v] = fixed_over(value, price);
		movement.cash[v] = -fixed_times(movement.coins[v], price);
	}
	move(engine, symbol, &movement, now_ms, sink);
}

static void
stock_sell(struct engine *engine, struct symbol *symbol, int64_t now_ms, const struct sink *sink)
{
	struct movement movement = { .kind = MOVEMENT_STOCK };

	for (int v = 0; v < VENUES; v++) {
		movement.coins[v] = -symbol->coins[v];
		movement.cash[v] = fixed_times(symbol->coins[v], mid_price(symbol->books[v]));
	}
	move(engine, symbol, &movement, now_ms, sink);
}

static void
stock_tend(struct engine *engine, struct symbol *symbol, int64_t now_ms, const struct sink *sink)
{
	bool has_coins = symbol->coins[VENUE_BINANCE] > 0 || symbol->coins[VENUE_UPBIT] > 0;
	struct quotes quotes;

	if (symbol->pending.open || (has_coins && symbol->active))
		return;
	if (!has_coins && !symbol->active)
		*symbol = (struct symbol){ 0 };
	else if (quotes_read(engine, symbol, &quotes) && symbol->active)
		stock_buy(engine, symbol, now_ms, sink);
	else if (quotes_read(engine, symbol, &quotes))
		stock_sell(engine, symbol, now_ms, sink);
}

static bool
out_of_balance(const struct engine *engine, fixed imbalance)
{
	fixed above = engine->settings.rebalance_above;

	return imbalance > above || imbalance < -above;
}

/* Half of what one exchange has more goes to the other one; the fee is paid at binance. */
static void
rebalance_coins(struct engine *engine, size_t index, int64_t now_ms, const struct sink *sink)
{
	struct symbol *symbol = &engine->symbols[index];
	fixed fee = engine->settings.costs.rebalance;
	fixed half = (symbol->coins[VENUE_BINANCE] - symbol->coins[VENUE_UPBIT]) / 2;
	struct movement movement = {
		.kind = MOVEMENT_REBALANCE, .coins = { -half, half }, .cash = { -fee }, .fee = fee
	};

	if (symbol->pending.open || !symbol->active ||
	    !out_of_balance(engine, engine_imbalance(engine, index)) ||
	    engine->exchanges[VENUE_BINANCE].cash - engine->exchanges[VENUE_BINANCE].reserved < fee)
		return;
	move(engine, symbol, &movement, now_ms, sink);
}

static void
rebalance_cash(struct engine *engine, int64_t now_ms, const struct sink *sink)
{
	const struct exchange *dollar = &engine->exchanges[VENUE_BINANCE],
			      *won = &engine->exchanges[VENUE_UPBIT];
	fixed fee = engine->settings.costs.rebalance, rate = engine_rate(engine, VENUE_UPBIT);
	fixed a = dollar->cash - dollar->reserved, b = fixed_over(won->cash - won->reserved, rate);
	fixed half = (a - b) / 2, sum = fixed_plus(a, b);
	struct movement movement = {
		.kind = MOVEMENT_REBALANCE, .cash = { -half - fee, fixed_times(half, rate) }, .fee = fee
	};

	if (sum <= 0 || a - half < fee || !out_of_balance(engine, fixed_over(a - b, sum)))
		return;
	move(engine, NULL, &movement, now_ms, sink);
}

/* A look that fails is one failure, however much was to be moved; one that works ends the row of failures. */
static void
rebalance(struct engine *engine, int64_t now_ms, const struct sink *sink)
{
	if (engine->distortions.rebalance_fails) {
		engine->rebalances_failed++;
		engine->rebalances_failed_in_a_row++;
		if (sink->rebalance_failed != NULL)
			sink->rebalance_failed(sink->context, cash_asset);
		return;
	}
	engine->rebalances_failed_in_a_row = 0;
	for (size_t i = 0; i < engine->symbol_count; i++)
		rebalance_coins(engine, i, now_ms, sink);
	rebalance_cash(engine, now_ms, sink);
}

static void
rebalance_tend(struct engine *engine, int64_t now_ms, const struct sink *sink)
{
	int64_t every_ms = engine->settings.rebalance_every_ms;
	bool fails = engine->distortions.rebalance_fails;

	if (fails && (every_ms <= 0 || every_ms > FAILURE_EVERY_MS))
		every_ms = FAILURE_EVERY_MS;
	if (every_ms <= 0)
		return;
	if (engine->rebalance_due_ms == 0 || engine->rebalance_due_ms > now_ms + every_ms)
		engine->rebalance_due_ms = now_ms + every_ms;
	if (now_ms < engine->rebalance_due_ms)
		return;
	engine->rebalance_due_ms = now_ms + every_ms;
	rebalance(engine, now_ms, sink);
}

void
movements_tend(struct engine *engine, int64_t now_ms, const struct sink *sink)
{
	if (engine_rate(engine, VENUE_UPBIT) <= 0)
		return;
	if (engine->last_id == 0)
		stock_cash(engine, now_ms, sink);
	for (size_t i = 0; i < engine->symbol_count; i++)
		if (engine->symbols[i].name[0] != '\0')
			stock_tend(engine, &engine->symbols[i], now_ms, sink);
	rebalance_tend(engine, now_ms, sink);
}
