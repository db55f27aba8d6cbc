#include <stdlib.h>
#include <string.h>

#include "tests/demo/paper_engine/fixture.h"
#include "tests/suite.h"

struct engine_settings
market_settings(void)
{
	struct engine_settings settings = engine_settings_default();

	settings.cash = 100000 * USD;
	settings.inventory = 4000 * USD;
	settings.rebalance_above = 3 * FIXED_ONE / 10;
	settings.reject_share = 0;
	settings.leg_gap_ms = 0;
	settings.costs.slippage = 0;
	settings.limits.volatility = 0;
	return settings;
}

static void
see_order(void *context, enum venue venue, enum order_end end)
{
	struct market *market = context;

	market->orders[venue][end]++;
}

static void
see_trade(void *context, const struct trade *trade)
{
	struct market *market = context;
	struct record *record = &market->records[market->record_count++];

	ck_assert_int_lt(market->record_count, MARKET_RECORDS);
	*record = (struct record){ .is_trade = true, .trade = *trade };
	market->last_trade = &record->trade;
	market->trade_count++;
}

static void
see_movement(void *context, const struct movement *movement)
{
	struct market *market = context;
	struct record *record = &market->records[market->record_count++];

	ck_assert_int_lt(market->record_count, MARKET_RECORDS);
	*record = (struct record){ .movement = *movement };
	market->last_movement = &record->movement;
	market->movement_count++;
}

static void
see_failure(void *context, const char *asset)
{
	struct market *market = context;

	ck_assert_str_eq(asset, "USDT");
	market->rebalances_failed++;
}

static struct depth
one_level(fixed bid, fixed ask, fixed quantity)
{
	return (struct depth){ .sequence = 1, .bids = { { bid, quantity } }, .asks = { { ask, quantity } } };
}

struct market *
market_new(const struct engine_settings *settings)
{
	struct market *market = calloc(1, sizeof(*market));

	ck_assert_ptr_nonnull(market);
	ck_assert_int_eq(engine_init(&market->engine, settings), 0);
	market->sink = (struct sink){ market, see_order, see_trade, see_movement, see_failure };
	market->won = one_level(1399 * USD, 1401 * USD, 1000000 * USD);
	market->now_ms = T0;
	market_connect(market, &market->engine);
	market_pass(market, 0);
	return market;
}

void
market_free(struct market *market)
{
	engine_release(&market->engine);
	free(market);
}

void
market_connect(struct market *market, struct engine *engine)
{
	engine->won = &market->won;
	for (size_t i = 0; i < engine->symbol_count; i++)
		for (int v = 0; v < VENUES; v++)
			engine->symbols[i].books[v] = &market->books[i][v];
	for (int v = 0; v < VENUES; v++)
		engine->exchanges[v].figures = market->engine.exchanges[v].figures;
}

void
market_price(struct market *market, size_t index, enum venue venue, fixed bid, fixed ask)
{
	market->books[index][venue] = one_level(bid, ask, 1000 * USD);
}

void
market_spread(struct market *market, size_t index, int64_t bps)
{
	fixed share = FIXED_ONE + FIXED_ONE / 10000 * bps;

	market_price(market, index, VENUE_BINANCE, 999 * USD / 10, 100 * USD);
	market_price(
	    market, index, VENUE_UPBIT, fixed_times(139860 * USD, share), fixed_times(140000 * USD, share));
}

void
market_deepen(struct market *market, size_t index)
{
	market->books[index][VENUE_BINANCE] = (struct depth){ .sequence = 1,
		.bids = { { 9990000000, 1000 * USD } },
		.asks = {
		    { 10000000000, 400000001 }, { 10010000000, 333333333 }, { 10030000001, 50 * USD } } };
	market->books[index][VENUE_UPBIT] = (struct depth){ .sequence = 1,
		.bids = { { 142000 * USD, 650000000 }, { 14190050000000, 100 * USD } },
		.asks = { { 14210050000000, 1000 * USD } } };
}

void
market_pass(struct market *market, int64_t ms)
{
	market->now_ms += ms;
	for (int v = 0; v < VENUES; v++) {
		struct exchange_figures *figures = &market->engine.exchanges[v].figures;

		figures->connected = true;
		figures->message_ms = figures->change_ms = market->now_ms;
		figures->rate_limit_left = FIXED_ONE;
	}
}

size_t
market_add(struct market *market, const char *name)
{
	int index = engine_add_symbol(&market->engine, name, 0, 1);

	ck_assert_int_ge(index, 0);
	ck_assert_int_lt(index, MARKET_SYMBOLS);
	market_spread(market, (size_t)index, 0);
	market_connect(market, &market->engine);
	engine_tend(&market->engine, market->now_ms, &market->sink);
	return (size_t)index;
}

void
market_trade(struct market *market, size_t index)
{
	const struct pending *pending = &market->engine.symbols[index].pending;

	engine_step(&market->engine, index, market->now_ms, &market->sink);
	for (int i = 0; i < 10 && pending->open; i++) {
		market_pass(market, pending->due_ms - market->now_ms);
		engine_step(&market->engine, index, market->now_ms, &market->sink);
	}
}

static uint64_t
draw(uint64_t *random, uint64_t below)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random % below;
}

static void
shake(struct depth *book, uint64_t *random, fixed middle)
{
	fixed tick = middle / 20000;

	book->sequence++;
	for (int i = 0; i < DEPTH; i++) {
		book->bids[i].price = middle - tick * (i + 1);
		book->asks[i].price = middle + tick * (i + 1);
		book->bids[i].quantity = (fixed)(1 + draw(random, 800000000));
		book->asks[i].quantity = (fixed)(1 + draw(random, 800000000));
	}
}

void
market_run(struct market *market, uint64_t *random, int rounds)
{
	for (int round = 0; round < rounds; round++) {
		fixed rate = 1400 * USD + (fixed)draw(random, 700000000) - 350000000;

		market_pass(market, 1000 + (int64_t)draw(random, 200));
		shake(&market->won, random, rate);
		for (size_t i = 0; i < MARKET_SYMBOLS; i++) {
			fixed price = (fixed)(9000000000 / (i + 1) + draw(random, 200000000));
			fixed basis = FIXED_ONE + (fixed)draw(random, 1000000) - 500000;

			shake(&market->books[i][VENUE_BINANCE], random, price);
			shake(&market->books[i][VENUE_UPBIT], random,
			    fixed_times(fixed_times(price, rate), basis));
		}
		engine_tend(&market->engine, market->now_ms, &market->sink);
		for (size_t i = 0; i < market->engine.symbol_count; i++)
			engine_step(&market->engine, i, market->now_ms, &market->sink);
	}
}

char *
market_save(const struct engine *engine)
{
	struct buffer text;

	buffer_init(&text, 4 << 20);
	engine_save(engine, &text);
	buffer_append(&text, "", 1);
	ck_assert(!text.failed);
	return text.text;
}
