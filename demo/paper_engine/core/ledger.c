#include <string.h>

#include "demo/paper_engine/core/ledger.h"
#include "demo/paper_engine/core/score.h"

const char *const cash_asset = "USDT";

enum { DAY_MS = 24 * 60 * 60 * 1000 };

void
day_begin(struct engine *engine, int64_t now_ms)
{
	int64_t day = now_ms / DAY_MS;

	if (day <= engine->day)
		return;
	engine->day = day;
	engine->daily_pnl = 0;
	for (int v = 0; v < VENUES; v++)
		engine->exchanges[v].daily_pnl = 0;
}

fixed
fill_price(const struct fill *fill)
{
	return fixed_over(fixed_over(fill->value, fill->rate), fill->quantity);
}

static fixed
size_of(fixed amount)
{
	return amount < 0 ? -amount : amount;
}

void
exposure_update(struct engine *engine, struct symbol *symbol)
{
	const struct pending *pending = &symbol->pending;
	fixed most = 0;

	for (int v = 0; v < VENUES; v++) {
		fixed moved = fixed_times(size_of(symbol->moved[v]), symbol->price[v]);

		most = moved > most ? moved : most;
	}
	if (pending->open)
		most = fixed_plus(most, fixed_times(pending->left, fill_price(&pending->trade.fills[0])));
	engine->exposure = fixed_plus(engine->exposure, most - symbol->exposure);
	symbol->exposure = most;
}

static void
ledger_fill(struct engine *engine, struct symbol *symbol, const struct fill *fill)
{
	fixed coins = fill->buy ? fill->quantity : -fill->quantity;
	fixed cash = fill->buy ? -fill->value : fill->value;
	struct exchange *exchange = &engine->exchanges[fill->venue];

	exchange->cash = fixed_plus(exchange->cash, fixed_plus(cash, -fill->fee));
	symbol->coins[fill->venue] = fixed_plus(symbol->coins[fill->venue], coins);
	symbol->moved[fill->venue] = fixed_plus(symbol->moved[fill->venue], coins);
	symbol->price[fill->venue] = fill_price(fill);
}

void
ledger_trade(struct engine *engine, struct symbol *symbol, const struct trade *trade)
{
	struct route *route = &symbol->routes[trade->buy];
	struct exchange *seller = &engine->exchanges[trade->sell];

	day_begin(engine, trade->closed_ms);
	/* One that is replayed is the pending one of the snapshot, closed. */
	if (symbol->pending.open)
		engine->exchanges[symbol->pending.trade.buy].reserved -= symbol->pending.reserved;
	symbol->pending.open = false;
	for (int i = 0; i < trade->fill_count; i++)
		ledger_fill(engine, symbol, &trade->fills[i]);
	exposure_update(engine, symbol);
	engine->last_id = trade->id;
	engine->equity = fixed_plus(engine->equity, trade->pnl);
	if (engine->equity > engine->highest_equity)
		engine->highest_equity = engine->equity;
	engine->daily_pnl = fixed_plus(engine->daily_pnl, trade->pnl);
	seller->daily_pnl = fixed_plus(seller->daily_pnl, trade->pnl);
	route->losses_in_a_row = trade->pnl < 0 ? route->losses_in_a_row + 1 : 0;
	if (trade->pnl < 0)
		route->last_loss_ms = trade->closed_ms;
	route->rests_until_ms = trade->closed_ms + engine->settings.parameters.cooldown_ms;
}

/* Coins are sold off only when their symbol is out of the universe: then its place is free again. */
void
ledger_movement(struct engine *engine, struct symbol *symbol, const struct movement *movement)
{
	bool sold_off = false;

	day_begin(engine, movement->at_ms);
	for (int v = 0; v < VENUES; v++)
		engine->exchanges[v].cash = fixed_plus(engine->exchanges[v].cash, movement->cash[v]);
	/* The first record says with how much the ledger began, whatever the settings say now. */
	if (movement->id == 1)
		engine->equity = engine->highest_equity =
		    fixed_times(movement->cash[VENUE_BINANCE], VENUES * FIXED_ONE);
	engine->last_id = movement->id;
	engine->equity = fixed_plus(engine->equity, -movement->fee);
	if (movement->kind == MOVEMENT_REBALANCE) {
		engine->rebalances++;
		engine->rebalances_failed_in_a_row = 0;
	}
	if (symbol == NULL)
		return;
	for (int v = 0; v < VENUES; v++) {
		symbol->coins[v] = fixed_plus(symbol->coins[v], movement->coins[v]);
		symbol->moved[v] = 0;
		sold_off |= movement->kind == MOVEMENT_STOCK && movement->coins[v] < 0;
	}
	exposure_update(engine, symbol);
	if (sold_off)
		*symbol = (struct symbol){ 0 };
}

fixed
ledger_worth(const struct engine *engine, const struct symbol *symbol, enum venue venue)
{
	fixed rate = engine_rate(engine, venue);

	if (rate > 0 && book_complete(symbol->books[venue]))
		return fixed_over(fixed_times(symbol->coins[venue], mid_price(symbol->books[venue])), rate);
	return fixed_times(symbol->coins[venue], symbol->price[venue]);
}

static fixed
imbalance(fixed a, fixed b)
{
	fixed sum = fixed_plus(a, b);

	return sum <= 0 ? 0 : fixed_over(fixed_plus(a, -b), sum);
}

fixed
engine_imbalance(const struct engine *engine, size_t index)
{
	const fixed *coins = engine->symbols[index].coins;

	return imbalance(coins[VENUE_BINANCE], coins[VENUE_UPBIT]);
}

fixed
engine_imbalance_total(const struct engine *engine)
{
	fixed rate = engine_rate(engine, VENUE_UPBIT), worth[VENUES] = { engine->exchanges[0].cash, 0 };

	if (rate > 0)
		worth[VENUE_UPBIT] = fixed_over(engine->exchanges[VENUE_UPBIT].cash, rate);
	for (size_t i = 0; i < engine->symbol_count; i++)
		for (int v = 0; v < VENUES; v++)
			if (engine->symbols[i].coins[v] != 0)
				worth[v] = fixed_plus(worth[v], ledger_worth(engine, &engine->symbols[i], v));
	return imbalance(worth[VENUE_BINANCE], worth[VENUE_UPBIT]);
}

void
engine_replay_trade(struct engine *engine, const struct trade *trade)
{
	int index = symbol_place(engine, trade->symbol);

	if (index >= 0)
		ledger_trade(engine, &engine->symbols[index], trade);
}

void
engine_replay_movement(struct engine *engine, const struct movement *movement)
{
	int index = strcmp(movement->asset, cash_asset) == 0 ? -1 : symbol_place(engine, movement->asset);

	ledger_movement(engine, index < 0 ? NULL : &engine->symbols[index], movement);
}
