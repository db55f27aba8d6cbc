#include "demo/paper_engine/core/fills.h"
#include "tests/demo/paper_engine/fixture.h"
#include "tests/suite.h"

static struct market *market;
static size_t btc;

static void
begin_with(const struct engine_settings *settings)
{
	market = market_new(settings);
	btc = market_add(market, "BTC/USDT");
}

static void
begin(void)
{
	struct engine_settings settings = market_settings();

	begin_with(&settings);
}

static void
end(void)
{
	market_free(market);
}

/*
 * 10 coins: 4.00000001 * 100 + 3.33333333 * 100.1 + 2.66666666 * 100.30000001 = 1001.13333335 USDT, of which
 * the second is 333.666666333 and the third 267.4666660246..., each rounded; and 6.5 * 142000 + 3.5 *
 * 141900.5 KRW.
 */
START_TEST(a_trade_walks_the_levels_and_is_right_to_the_last_digit)
{
	const struct trade *trade;

	market_deepen(market, btc);
	market_trade(market, btc);
	ck_assert_int_eq(market->trade_count, 1);
	trade = market->last_trade;
	ck_assert_int_eq(trade->id, 3);
	ck_assert_str_eq(trade->symbol, "BTC/USDT");
	ck_assert_int_eq(trade->buy, VENUE_BINANCE);
	ck_assert_int_eq(trade->sell, VENUE_UPBIT);
	ck_assert_int_eq(trade->fill_count, 2);
	ck_assert_int_eq(trade->fills[0].leg, LEG_FIRST);
	ck_assert(trade->fills[0].buy);
	ck_assert_int_eq(trade->fills[0].quantity, 1000000000);
	ck_assert_int_eq(trade->fills[0].value, 100113333335);
	ck_assert_int_eq(trade->fills[0].fee, 100113333);
	ck_assert_int_eq(trade->fills[0].rate, USD);
	ck_assert_int_eq(trade->fills[1].leg, LEG_SECOND);
	ck_assert(!trade->fills[1].buy);
	ck_assert_int_eq(trade->fills[1].quantity, 1000000000);
	ck_assert_int_eq(trade->fills[1].value, 141965175000000);
	ck_assert_int_eq(trade->fills[1].fee, 70982587500);
	ck_assert_int_eq(trade->fills[1].rate, 1400 * USD);
	ck_assert_int_eq(trade->fees, 150815181);
	ck_assert_int_eq(trade->pnl, 1139547913);
	ck_assert_int_eq(trade->slippage, 0);
	ck_assert_int_eq(market->engine.symbols[btc].routes[VENUE_BINANCE].edge, 1276581);
}
END_TEST

START_TEST(a_trade_moves_cash_and_coins_and_nothing_else)
{
	struct engine *engine = &market->engine;
	struct symbol *symbol = &engine->symbols[btc];
	fixed coins[] = { symbol->coins[0], symbol->coins[1] };
	fixed cash[] = { engine->exchanges[0].cash, engine->exchanges[1].cash };

	market_deepen(market, btc);
	market_trade(market, btc);
	ck_assert_int_eq(symbol->coins[0], coins[0] + 10 * USD);
	ck_assert_int_eq(symbol->coins[1], coins[1] - 10 * USD);
	ck_assert_int_eq(engine->exchanges[0].cash, cash[0] - 100113333335 - 100113333);
	ck_assert_int_eq(engine->exchanges[1].cash, cash[1] + 141965175000000 - 70982587500);
	ck_assert_int_eq(engine->exchanges[0].reserved, 0);
	ck_assert_int_eq(engine->equity, 200000 * USD + 1139547913);
	ck_assert_int_eq(engine->highest_equity, engine->equity);
	ck_assert_int_eq(engine->daily_pnl, 1139547913);
	ck_assert_int_eq(engine->exchanges[VENUE_UPBIT].daily_pnl, 1139547913);
	ck_assert_int_eq(engine->exchanges[VENUE_BINANCE].daily_pnl, 0);
	/* 10 coins at 101.40369643 USDT: 1419651.75 / 1400 / 10, each rounded; the other side is 1001.13. */
	ck_assert_int_eq(symbol->price[VENUE_BINANCE], 10011333334);
	ck_assert_int_eq(symbol->price[VENUE_UPBIT], 10140369643);
	ck_assert_int_eq(engine->symbols[btc].exposure, 101403696430);
	ck_assert_int_eq(engine->exposure, 101403696430);
}
END_TEST

START_TEST(the_other_route_sells_at_binance)
{
	market_spread(market, btc, -200);
	market_trade(market, btc);
	ck_assert_int_eq(market->trade_count, 1);
	ck_assert_int_eq(market->last_trade->buy, VENUE_UPBIT);
	ck_assert_int_eq(market->last_trade->sell, VENUE_BINANCE);
	ck_assert_int_gt(market->last_trade->pnl, 0);
	ck_assert_int_eq(market->engine.exchanges[VENUE_BINANCE].daily_pnl, market->last_trade->pnl);
}
END_TEST

START_TEST(leg_gaps_are_as_long_as_they_should_be_on_average)
{
	enum { DRAWS = 10000 };
	int64_t sum = 0, shortest = INT64_MAX, longest = 0;

	market->engine.settings.leg_gap_ms = 200;
	for (int i = 0; i < DRAWS; i++) {
		int64_t gap_ms = leg_due(&market->engine, T0) - T0;

		sum += gap_ms;
		shortest = gap_ms < shortest ? gap_ms : shortest;
		longest = gap_ms > longest ? gap_ms : longest;
	}
	ck_assert_int_eq(shortest, 100);
	ck_assert_int_eq(longest, 300);
	ck_assert_int_ge(sum / DRAWS, 197);
	ck_assert_int_le(sum / DRAWS, 203);
}
END_TEST

START_TEST(the_second_leg_waits_for_the_leg_gap)
{
	struct engine_settings settings = market_settings();
	struct pending *pending;
	int64_t due_ms;

	settings.leg_gap_ms = 200;
	end();
	begin_with(&settings);
	market_spread(market, btc, 100);
	engine_step(&market->engine, btc, T0, &market->sink);
	pending = &market->engine.symbols[btc].pending;
	due_ms = pending->due_ms;
	ck_assert_int_ge(due_ms, T0 + 100);
	ck_assert_int_le(due_ms, T0 + 300);
	/* Cash and coins stay until it is closed, but what is not sold yet is an exposure: 10 coins that cost
	 * 100. */
	ck_assert_int_eq(market->engine.exposure, 1000 * USD);
	ck_assert_int_eq(market->engine.exchanges[VENUE_BINANCE].reserved, 1001 * USD);
	engine_step(&market->engine, btc, due_ms - 1, &market->sink);
	ck_assert(pending->open);
	/* The price fell by a hundredth meanwhile. */
	market_price(market, btc, VENUE_UPBIT, 13984601400000, 150000 * USD);
	engine_step(&market->engine, btc, due_ms, &market->sink);
	ck_assert_int_eq(market->trade_count, 1);
	ck_assert_int_eq(market->last_trade->opened_ms, T0);
	ck_assert_int_eq(market->last_trade->closed_ms, due_ms);
	ck_assert_int_eq(market->last_trade->leg_gap_ms, due_ms - T0);
	/* Expected 141258.6 KRW: 139846.014 is 1% less. */
	ck_assert_int_eq(market->last_trade->slippage, 1000000);
	ck_assert_int_eq(market->engine.exchanges[VENUE_BINANCE].reserved, 0);
}
END_TEST

START_TEST(the_thinner_side_goes_first)
{
	market_spread(market, btc, 100);
	market->books[btc][VENUE_UPBIT].bids[0].quantity = 999 * USD;
	market_trade(market, btc);
	ck_assert_int_eq(market->trade_count, 1);
	ck_assert(!market->last_trade->fills[0].buy);
	ck_assert_int_eq(market->last_trade->fills[0].venue, VENUE_UPBIT);
	ck_assert(market->last_trade->fills[1].buy);
	ck_assert_int_eq(market->last_trade->fills[1].venue, VENUE_BINANCE);
}
END_TEST

START_TEST(a_level_without_a_price_ends_its_side)
{
	market_deepen(market, btc);
	market->books[btc][VENUE_BINANCE].asks[1].price = 0;
	market->books[btc][VENUE_UPBIT].bids[1].price = -1;
	market_trade(market, btc);
	ck_assert_int_eq(market->last_trade->fills[0].quantity, 400000001);
	ck_assert_int_eq(market->last_trade->fills[0].value, 40000000100);
	market->books[btc][VENUE_BINANCE].asks[0].price = 0;
	market_pass(market, 20000);
	market_trade(market, btc);
	ck_assert_int_eq(market->trade_count, 1);
}
END_TEST

START_TEST(a_rejected_first_leg_is_no_trade)
{
	market_spread(market, btc, 100);
	market->engine.settings.reject_share = FIXED_ONE;
	market_trade(market, btc);
	ck_assert_int_eq(market->orders[VENUE_BINANCE][ORDER_REJECTED], 1);
	ck_assert_int_eq(market->trade_count, 0);
	ck_assert(!market->engine.symbols[btc].routes[VENUE_BINANCE].trades);
	ck_assert(!market->engine.symbols[btc].pending.open);
	ck_assert_int_eq(market->engine.exchanges[VENUE_BINANCE].reserved, 0);
	ck_assert_int_eq(market->engine.exposure, 0);
}
END_TEST

/* Bought at 100, sold again at 99.9: 1000 - 999 + 1 + 0.999. */
START_TEST(a_second_leg_that_is_rejected_twice_is_unwound)
{
	const struct trade *trade;

	market_spread(market, btc, 100);
	engine_step(&market->engine, btc, market->now_ms, &market->sink);
	market->books[btc][VENUE_UPBIT].bids[0].quantity = 0;
	market_trade(market, btc);
	trade = market->last_trade;
	ck_assert_int_eq(market->orders[VENUE_UPBIT][ORDER_REJECTED], 2);
	ck_assert_int_eq(market->orders[VENUE_BINANCE][ORDER_FILLED], 2);
	ck_assert_int_eq(trade->fill_count, 2);
	ck_assert_int_eq(trade->fills[1].leg, LEG_UNWIND);
	ck_assert_int_eq(trade->fills[1].venue, VENUE_BINANCE);
	ck_assert(!trade->fills[1].buy);
	ck_assert_int_eq(trade->fees, 199900000);
	ck_assert_int_eq(trade->pnl, -299900000);
	ck_assert_int_eq(market->engine.symbols[btc].routes[VENUE_BINANCE].losses_in_a_row, 1);
	ck_assert_int_eq(market->engine.symbols[btc].routes[VENUE_BINANCE].last_loss_ms, trade->closed_ms);
	ck_assert_int_eq(market->engine.equity, 200000 * USD - 299900000);
	ck_assert_int_eq(market->engine.highest_equity, 200000 * USD);
	ck_assert_int_eq(market->engine.exposure, 0);
}
END_TEST

/* Six coins of ten, then one more, are sold; three are unwound, of which the book has one, at 99.9, and no
 * other price. */
START_TEST(what_the_second_leg_cannot_fill_is_unwound)
{
	const struct trade *trade;

	market_spread(market, btc, 100);
	engine_step(&market->engine, btc, market->now_ms, &market->sink);
	market->books[btc][VENUE_UPBIT].bids[0].quantity = 6 * USD;
	engine_step(&market->engine, btc, market->now_ms, &market->sink);
	ck_assert_int_eq(market->engine.symbols[btc].pending.left, 4 * USD);
	ck_assert_int_eq(market->engine.exposure, 400 * USD);
	market->books[btc][VENUE_UPBIT].bids[0].quantity = USD;
	market->books[btc][VENUE_BINANCE].bids[0].quantity = USD;
	market_trade(market, btc);
	trade = market->last_trade;
	ck_assert_int_eq(trade->fill_count, 4);
	ck_assert_int_eq(trade->fills[1].quantity, 6 * USD);
	ck_assert_int_eq(trade->fills[2].leg, LEG_SECOND);
	ck_assert_int_eq(trade->fills[2].quantity, USD);
	ck_assert_int_eq(trade->fills[3].leg, LEG_UNWIND);
	ck_assert_int_eq(trade->fills[3].quantity, 3 * USD);
	ck_assert_int_eq(trade->fills[3].value, 29970000000);
	ck_assert_int_eq(market->engine.symbols[btc].moved[VENUE_BINANCE], 7 * USD);
	ck_assert_int_eq(market->engine.symbols[btc].moved[VENUE_UPBIT], -7 * USD);
}
END_TEST

START_TEST(an_exchange_that_is_not_connected_rejects)
{
	market_spread(market, btc, 100);
	engine_step(&market->engine, btc, market->now_ms, &market->sink);
	market->engine.exchanges[VENUE_UPBIT].figures.connected = false;
	engine_step(&market->engine, btc, market->now_ms, &market->sink);
	ck_assert_int_eq(market->orders[VENUE_UPBIT][ORDER_REJECTED], 1);
	ck_assert(market->engine.symbols[btc].pending.open);
}
END_TEST

/* With a share of a half, one of four orders is filled in part, by 25 to 99 percent. */
START_TEST(orders_are_rejected_and_filled_in_part_by_chance)
{
	int parts = 0, wholes = 0, rejected;

	market->engine.settings.reject_share = FIXED_ONE / 2;
	market->engine.settings.parameters.cooldown_ms = 0;
	market->engine.settings.limits.imbalance = 0;
	market_spread(market, btc, 100);
	for (int i = 0; i < 400; i++) {
		market->engine.symbols[btc].coins[VENUE_UPBIT] = 1000 * USD;
		market->engine.exchanges[VENUE_BINANCE].cash = 100000 * USD;
		market_trade(market, btc);
	}
	for (int i = 0; i < market->record_count; i++) {
		const struct fill *fill = &market->records[i].trade.fills[0];

		if (!market->records[i].is_trade)
			continue;
		ck_assert_int_ge(fill->quantity, 250000000);
		parts += fill->quantity < 10 * USD;
		wholes += fill->quantity == 10 * USD;
	}
	rejected = market->orders[VENUE_BINANCE][ORDER_REJECTED];
	ck_assert_int_gt(parts, 40);
	ck_assert_int_gt(wholes, 40);
	ck_assert_int_gt(rejected, 100);
}
END_TEST

START_TEST(one_leg_stays_open_until_the_other_one_may_be_filled)
{
	market->engine.distortions.one_leg = true;
	market_spread(market, btc, 100);
	market_trade(market, btc);
	ck_assert_int_eq(market->trade_count, 0);
	ck_assert(market->engine.symbols[btc].pending.open);
	ck_assert_int_eq(market->engine.exposure, 1000 * USD);
	market->engine.distortions.one_leg = false;
	market_trade(market, btc);
	ck_assert_int_eq(market->trade_count, 1);
	ck_assert_int_eq(market->last_trade->fills[1].leg, LEG_UNWIND);
	ck_assert_int_eq(market->engine.exposure, 0);
}
END_TEST

START_TEST(cash_that_another_trade_has_reserved_is_not_there)
{
	size_t eth = market_add(market, "ETH/USDT");

	market->engine.exchanges[VENUE_BINANCE].cash = 1300 * USD;
	market_spread(market, btc, 100);
	market_spread(market, eth, 100);
	engine_step(&market->engine, btc, market->now_ms, &market->sink);
	ck_assert_int_eq(market->engine.exchanges[VENUE_BINANCE].reserved, 1001 * USD);
	engine_step(&market->engine, eth, market->now_ms, &market->sink);
	/* 299 * 0.98 / 100.1 */
	ck_assert_int_eq(market->engine.symbols[eth].pending.left, 292727273);
	market_trade(market, btc);
	market_trade(market, eth);
	ck_assert_int_eq(market->engine.exchanges[VENUE_BINANCE].reserved, 0);
	ck_assert_int_gt(market->engine.exchanges[VENUE_BINANCE].cash, 0);
}
END_TEST

START_TEST(the_day_ends_at_midnight)
{
	struct engine *engine = &market->engine;

	market_spread(market, btc, 100);
	market_pass(market, 24 * 3600 * 1000 - 1);
	market_trade(market, btc);
	ck_assert_int_eq(engine->daily_pnl, market->last_trade->pnl);
	market_pass(market, 1);
	engine_tend(engine, market->now_ms, &market->sink);
	ck_assert_int_eq(engine->daily_pnl, 0);
	ck_assert_int_eq(engine->exchanges[VENUE_UPBIT].daily_pnl, 0);
	ck_assert_int_eq(engine->equity, 200000 * USD + market->last_trade->pnl);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("engine_trades");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, begin, end);
	tcase_add_test(all, a_trade_walks_the_levels_and_is_right_to_the_last_digit);
	tcase_add_test(all, a_trade_moves_cash_and_coins_and_nothing_else);
	tcase_add_test(all, the_other_route_sells_at_binance);
	tcase_add_test(all, leg_gaps_are_as_long_as_they_should_be_on_average);
	tcase_add_test(all, the_second_leg_waits_for_the_leg_gap);
	tcase_add_test(all, the_thinner_side_goes_first);
	tcase_add_test(all, a_level_without_a_price_ends_its_side);
	tcase_add_test(all, a_rejected_first_leg_is_no_trade);
	tcase_add_test(all, a_second_leg_that_is_rejected_twice_is_unwound);
	tcase_add_test(all, what_the_second_leg_cannot_fill_is_unwound);
	tcase_add_test(all, an_exchange_that_is_not_connected_rejects);
	tcase_add_test(all, orders_are_rejected_and_filled_in_part_by_chance);
	tcase_add_test(all, one_leg_stays_open_until_the_other_one_may_be_filled);
	tcase_add_test(all, cash_that_another_trade_has_reserved_is_not_there);
	tcase_add_test(all, the_day_ends_at_midnight);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
