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

/* Fees are 0.15%, and the prices of bid and ask 0.1% apart: 25 bps are no profit, 30 are 0.0004 and more. */
START_TEST(it_trades_from_min_profit_on)
{
	fixed edge;

	market_spread(market, btc, 25);
	market_trade(market, btc);
	edge = market->engine.symbols[btc].routes[VENUE_BINANCE].edge;
	ck_assert_int_lt(edge, 40000);
	ck_assert_int_eq(market->trade_count, 0);
	ck_assert(!market->engine.symbols[btc].routes[VENUE_BINANCE].trades);
	market_spread(market, btc, 30);
	engine_step(&market->engine, btc, market->now_ms, &market->sink);
	edge = market->engine.symbols[btc].routes[VENUE_BINANCE].edge;
	ck_assert_int_ge(edge, 40000);
	ck_assert(market->engine.symbols[btc].routes[VENUE_BINANCE].trades);
	ck_assert(market->engine.symbols[btc].pending.open);
}
END_TEST

START_TEST(an_edge_of_exactly_min_profit_is_enough)
{
	fixed edge;

	market_spread(market, btc, 50);
	market->engine.settings.parameters.min_profit = FIXED_ONE;
	market_trade(market, btc);
	edge = market->engine.symbols[btc].routes[VENUE_BINANCE].edge;
	market->engine.settings.parameters.min_profit = edge + 1;
	market_trade(market, btc);
	ck_assert_int_eq(market->trade_count, 0);
	market->engine.settings.parameters.min_profit = edge;
	market_trade(market, btc);
	ck_assert_int_eq(market->trade_count, 1);
}
END_TEST

START_TEST(the_allowance_for_slippage_lowers_the_edge)
{
	fixed edge;

	market_spread(market, btc, 25);
	market_trade(market, btc);
	edge = market->engine.symbols[btc].routes[VENUE_BINANCE].edge;
	market->engine.settings.costs.slippage = 12345;
	market_trade(market, btc);
	ck_assert_int_eq(market->engine.symbols[btc].routes[VENUE_BINANCE].edge, edge - 12345);
}
END_TEST

START_TEST(a_trade_takes_no_more_coins_than_there_are)
{
	market->engine.symbols[btc].coins[VENUE_UPBIT] = 2 * USD + 1;
	market->engine.settings.limits.imbalance = 0;
	market_spread(market, btc, 100);
	market_trade(market, btc);
	ck_assert_int_eq(market->last_trade->fills[0].quantity, 2 * USD + 1);
	ck_assert_int_eq(market->engine.symbols[btc].coins[VENUE_UPBIT], 0);
}
END_TEST

/* 300 USDT, of which 98% may be spent: 294 / (100 * 1.001). */
START_TEST(a_trade_takes_no_more_cash_than_there_is)
{
	market->engine.exchanges[VENUE_BINANCE].cash = 300 * USD;
	market_spread(market, btc, 100);
	market_trade(market, btc);
	ck_assert_int_eq(market->last_trade->fills[0].quantity, 293706294);
}
END_TEST

START_TEST(a_trade_takes_no_more_than_the_depth_of_both_books)
{
	market_deepen(market, btc);
	market->books[btc][VENUE_UPBIT].bids[1].quantity = 123;
	market_trade(market, btc);
	ck_assert_int_eq(market->last_trade->fills[0].quantity, 650000123);
	ck_assert_int_eq(market->last_trade->fills[0].venue, VENUE_UPBIT);
}
END_TEST

START_TEST(under_ten_usdt_there_is_no_trade)
{
	market->engine.settings.limits.imbalance = 0;
	market->engine.symbols[btc].coins[VENUE_UPBIT] = 9999999;
	market_spread(market, btc, 100);
	market_trade(market, btc);
	ck_assert_int_eq(market->orders[VENUE_BINANCE][ORDER_FILLED], 0);
	market->engine.symbols[btc].coins[VENUE_UPBIT] = 10000000;
	market_trade(market, btc);
	ck_assert_int_eq(market->trade_count, 1);
}
END_TEST

START_TEST(the_weight_lowers_the_size_with_the_place)
{
	market->engine.settings.parameters.weight = FIXED_ONE / 2;
	ck_assert_int_eq(engine_add_symbol(&market->engine, "BTC/USDT", 3, 4), (int)btc);
	market_spread(market, btc, 100);
	market_trade(market, btc);
	/* 1000 * (1 - 0.5 * 3 / 4) = 625 USDT */
	ck_assert_int_eq(market->last_trade->fills[0].quantity, 625000000);
}
END_TEST

START_TEST(a_guard_that_degrades_halves_the_size)
{
	market->engine.exchanges[VENUE_UPBIT].figures.rate_limit_left = FIXED_ONE / 10;
	market_spread(market, btc, 300);
	engine_step(&market->engine, btc, market->now_ms, &market->sink);
	ck_assert_int_eq(market->engine.exchanges[VENUE_UPBIT].guard.state, GUARD_DEGRADE);
	ck_assert_int_eq(market->engine.symbols[btc].pending.left, 5 * USD);
}
END_TEST

START_TEST(a_guard_that_blocks_lets_nothing_through)
{
	market_spread(market, btc, 100);
	market->engine.distortions.extra_loss = 10000 * USD;
	market_trade(market, btc);
	ck_assert_int_eq(market->trade_count, 0);
	ck_assert_int_eq(market->engine.exchanges[VENUE_BINANCE].guard.reason, REASON_DAILY_LOSS);
	ck_assert_int_eq(market->engine.guard.state, GUARD_OK);
	market->engine.distortions.extra_loss = 10000 * USD - 1;
	market_trade(market, btc);
	ck_assert_int_eq(market->trade_count, 1);
}
END_TEST

START_TEST(a_route_without_a_score_does_not_trade)
{
	market_spread(market, btc, 100);
	market->engine.distortions.no_score = true;
	market_trade(market, btc);
	engine_tend(&market->engine, market->now_ms, &market->sink);
	ck_assert_int_eq(market->trade_count, 0);
	ck_assert_int_eq(market->engine.symbols[btc].routes[VENUE_BINANCE].score.total, 0);
	ck_assert_int_eq(market->engine.symbols[btc].routes[VENUE_BINANCE].guard.reason, REASON_SCORE);
}
END_TEST

START_TEST(a_route_rests_after_its_trade)
{
	int64_t closed_ms;

	market_spread(market, btc, 100);
	market_trade(market, btc);
	ck_assert_int_eq(market->trade_count, 1);
	closed_ms = market->last_trade->closed_ms;
	ck_assert_int_eq(market->engine.symbols[btc].routes[VENUE_BINANCE].rests_until_ms, closed_ms + 20000);
	market_pass(market, 19999);
	market_trade(market, btc);
	ck_assert_int_eq(market->trade_count, 1);
	ck_assert(market->engine.symbols[btc].routes[VENUE_BINANCE].trades);
	ck_assert(!market->engine.symbols[btc].routes[VENUE_UPBIT].trades);
	/* The other direction is another route. */
	market_spread(market, btc, -100);
	market_trade(market, btc);
	ck_assert_int_eq(market->trade_count, 2);
	market_spread(market, btc, 100);
	market_pass(market, 1);
	market_trade(market, btc);
	ck_assert_int_eq(market->trade_count, 3);
}
END_TEST

START_TEST(a_clock_that_is_set_back_stops_neither_a_route_nor_a_trade)
{
	enum { HOUR_MS = 3600000 };
	const struct pending *pending;

	market->engine.settings.leg_gap_ms = 200;
	pending = &market->engine.symbols[btc].pending;
	market_spread(market, btc, 100);
	engine_step(&market->engine, btc, market->now_ms, &market->sink);
	ck_assert(pending->open);
	market_pass(market, -HOUR_MS);
	engine_step(&market->engine, btc, market->now_ms, &market->sink);
	ck_assert_int_eq(market->trade_count, 1);
	ck_assert_int_eq(market->last_trade->leg_gap_ms, 0);
	ck_assert_int_eq(market->last_trade->closed_ms, market->last_trade->opened_ms);
	market_pass(market, -HOUR_MS);
	market_trade(market, btc);
	ck_assert_int_ge(market->trade_count, 2);
}
END_TEST

START_TEST(a_trade_without_profit_or_loss_ends_a_row_of_losses)
{
	struct route *route = &market->engine.symbols[btc].routes[VENUE_UPBIT];
	struct trade trade = {
		.id = 3, .symbol = "BTC/USDT", .buy = VENUE_UPBIT, .pnl = -1, .closed_ms = T0
	};

	engine_replay_trade(&market->engine, &trade);
	ck_assert_int_eq(route->losses_in_a_row, 1);
	trade.pnl = 0;
	engine_replay_trade(&market->engine, &trade);
	ck_assert_int_eq(route->losses_in_a_row, 0);
}
END_TEST

START_TEST(three_losses_in_a_row_cool_a_route_down)
{
	struct route *route = &market->engine.symbols[btc].routes[VENUE_BINANCE];

	for (int i = 0; i < 3; i++) {
		market_pass(market, 20000);
		market_spread(market, btc, 100);
		engine_step(&market->engine, btc, market->now_ms, &market->sink);
		market->books[btc][VENUE_UPBIT].bids[0].quantity = 0;
		market_trade(market, btc);
		ck_assert_int_eq(route->losses_in_a_row, i + 1);
	}
	market_spread(market, btc, 100);
	market_pass(market, 6 * 20000 - 1);
	market_trade(market, btc);
	ck_assert_int_eq(market->trade_count, 3);
	ck_assert_int_eq(route->guard.state, GUARD_COOLDOWN);
	market_pass(market, 1);
	market_trade(market, btc);
	ck_assert_int_eq(market->trade_count, 4);
	ck_assert_int_eq(route->losses_in_a_row, 0);
}
END_TEST

/* What is asked of the score, part by part. */
START_TEST(the_score_is_the_mean_of_its_parts)
{
	struct route *route = &market->engine.symbols[btc].routes[VENUE_BINANCE];
	struct score *score = &route->score;

	market->engine.settings.parameters.cooldown_ms = 0;
	market_spread(market, btc, 30);
	engine_step(&market->engine, btc, market->now_ms, &market->sink);
	market_pass(market, 3000);
	market->engine.exchanges[VENUE_UPBIT].figures.message_ms -= 3000;
	market->engine.exchanges[VENUE_BINANCE].figures.rate_limit_left = 3 * FIXED_ONE / 4;
	engine_tend(&market->engine, market->now_ms, &market->sink);
	/* Of 4 seconds between young and down, 2 are left. */
	ck_assert_int_eq(score->health, 50 * USD);
	/* 1.4028 / 1.4 - 1 = 0.001997: fees of 0.0015 take three quarters. */
	ck_assert_int_eq(route->spread, 199700);
	ck_assert_int_eq(score->fee, 100 * USD - 7511266900);
	/* 0.0019970 less fees is 0.00049598: more than min_profit by a quarter. */
	ck_assert_int_eq(score->spread, 50 * USD + (fixed_over(route->edge, 40000) - USD) * 50 / 3);
	ck_assert_int_eq(score->total, (score->spread + score->health + score->fee + score->inventory) / 4);
	market_pass(market, 0);
	market->engine.settings.parameters.min_profit = route->edge;
	engine_tend(&market->engine, market->now_ms, &market->sink);
	ck_assert_int_eq(score->health, 100 * USD);
	ck_assert_int_eq(score->spread, 50 * USD);
	market->engine.settings.parameters.min_profit = 0;
	engine_tend(&market->engine, market->now_ms, &market->sink);
	ck_assert_int_eq(score->spread, 100 * USD);
	market->engine.exchanges[VENUE_BINANCE].figures.rate_limit_left = FIXED_ONE / 4;
	engine_tend(&market->engine, market->now_ms, &market->sink);
	ck_assert_int_eq(score->health, 50 * USD);
	market->engine.exchanges[VENUE_BINANCE].figures.connected = false;
	engine_tend(&market->engine, market->now_ms, &market->sink);
	ck_assert_int_eq(score->health, 0);
}
END_TEST

START_TEST(a_tend_looks_at_every_symbol)
{
	size_t eth = market_add(market, "ETH/USDT");

	market->engine.symbols[eth].coins[VENUE_UPBIT] = 0;
	engine_tend(&market->engine, market->now_ms, &market->sink);
	ck_assert_int_eq(market->engine.symbols[btc].guard.state, GUARD_OK);
	ck_assert_int_eq(market->engine.symbols[eth].guard.reason, REASON_IMBALANCE);
	ck_assert_int_eq(market->engine.symbols[btc].routes[VENUE_UPBIT].score.health, 100 * USD);
	ck_assert_int_eq(market->engine.symbols[eth].routes[VENUE_BINANCE].score.inventory, 0);
	ck_assert_int_eq(market->engine.symbols[eth].routes[VENUE_BINANCE].score.health, 100 * USD);
}
END_TEST

START_TEST(a_route_keeps_its_score_while_it_has_nothing_to_earn)
{
	struct route *route = &market->engine.symbols[btc].routes[VENUE_BINANCE];
	fixed spread, fee;

	market_pass(market, 1000);
	engine_tend(&market->engine, market->now_ms, &market->sink);
	ck_assert_int_eq(route->score.spread, 50 * USD);
	ck_assert_int_eq(route->score.fee, 50 * USD);
	market_spread(market, btc, 30);
	market_trade(market, btc);
	engine_tend(&market->engine, market->now_ms, &market->sink);
	spread = route->score.spread, fee = route->score.fee;
	ck_assert_int_gt(spread, 50 * USD);
	ck_assert_int_lt(fee, 50 * USD);
	market_spread(market, btc, 0);
	engine_step(&market->engine, btc, market->now_ms, &market->sink);
	engine_tend(&market->engine, market->now_ms, &market->sink);
	ck_assert_int_lt(route->edge, 0);
	ck_assert_int_eq(route->score.spread, spread);
	ck_assert_int_eq(route->score.fee, fee);
}
END_TEST

START_TEST(without_any_costs_an_edge_of_zero_may_do)
{
	struct engine_settings *settings = &market->engine.settings;

	settings->costs = (struct costs){ 0 };
	settings->parameters.min_profit = 0;
	market_price(market, btc, VENUE_BINANCE, 9990000000, 10000000000);
	market_price(market, btc, VENUE_UPBIT, 140000 * USD, 140001 * USD);
	market_trade(market, btc);
	ck_assert_int_eq(market->engine.symbols[btc].routes[VENUE_BINANCE].spread, 0);
	ck_assert_int_eq(market->trade_count, 1);
	ck_assert_int_eq(market->last_trade->pnl, 0);
}
END_TEST

START_TEST(nothing_is_decided_without_complete_books)
{
	market_spread(market, btc, 100);
	market->won.sequence = 0;
	market_trade(market, btc);
	market->won.sequence = 1;
	market->books[btc][VENUE_BINANCE].asks[0].quantity = 0;
	market_trade(market, btc);
	market_spread(market, btc, 100);
	market->engine.symbols[btc].books[VENUE_UPBIT] = NULL;
	market_trade(market, btc);
	ck_assert_int_eq(market->orders[VENUE_BINANCE][ORDER_FILLED], 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("engine_decisions");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, begin, end);
	tcase_add_test(all, it_trades_from_min_profit_on);
	tcase_add_test(all, an_edge_of_exactly_min_profit_is_enough);
	tcase_add_test(all, the_allowance_for_slippage_lowers_the_edge);
	tcase_add_test(all, a_trade_takes_no_more_coins_than_there_are);
	tcase_add_test(all, a_trade_takes_no_more_cash_than_there_is);
	tcase_add_test(all, a_trade_takes_no_more_than_the_depth_of_both_books);
	tcase_add_test(all, under_ten_usdt_there_is_no_trade);
	tcase_add_test(all, the_weight_lowers_the_size_with_the_place);
	tcase_add_test(all, a_guard_that_degrades_halves_the_size);
	tcase_add_test(all, a_guard_that_blocks_lets_nothing_through);
	tcase_add_test(all, a_route_without_a_score_does_not_trade);
	tcase_add_test(all, a_route_rests_after_its_trade);
	tcase_add_test(all, a_clock_that_is_set_back_stops_neither_a_route_nor_a_trade);
	tcase_add_test(all, a_trade_without_profit_or_loss_ends_a_row_of_losses);
	tcase_add_test(all, three_losses_in_a_row_cool_a_route_down);
	tcase_add_test(all, the_score_is_the_mean_of_its_parts);
	tcase_add_test(all, a_tend_looks_at_every_symbol);
	tcase_add_test(all, a_route_keeps_its_score_while_it_has_nothing_to_earn);
	tcase_add_test(all, without_any_costs_an_edge_of_zero_may_do);
	tcase_add_test(all, nothing_is_decided_without_complete_books);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
