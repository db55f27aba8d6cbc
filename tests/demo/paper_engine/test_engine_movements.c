#include <stdio.h>
#include <string.h>

#include "tests/demo/paper_engine/fixture.h"
#include "tests/suite.h"

enum { MINUTE_MS = 60000 };

static struct market *market;

static void
begin(void)
{
	struct engine_settings settings = market_settings();

	market = market_new(&settings);
}

static void
end(void)
{
	market_free(market);
}

static void
tend(int64_t later_ms)
{
	market_pass(market, later_ms);
	engine_tend(&market->engine, market->now_ms, &market->sink);
}

START_TEST(the_ledger_begins_with_the_cash)
{
	market->won.sequence = 0;
	tend(0);
	ck_assert_int_eq(market->movement_count, 0);
	ck_assert_int_eq(market->engine.equity, 200000 * USD);
	market->won.sequence = 1;
	tend(0);
	ck_assert_int_eq(market->movement_count, 1);
	ck_assert_str_eq(market->last_movement->asset, "USDT");
	ck_assert_int_eq(market->last_movement->kind, MOVEMENT_STOCK);
	ck_assert_int_eq(market->last_movement->id, 1);
	ck_assert_int_eq(market->engine.exchanges[VENUE_BINANCE].cash, 100000 * USD);
	ck_assert_int_eq(market->engine.exchanges[VENUE_UPBIT].cash, 140000000 * USD);
	tend(1000);
	ck_assert_int_eq(market->movement_count, 1);
}
END_TEST

/* 4000 USDT at 99.95, and 5,600,000 KRW at 142050.25, each rounded. */
START_TEST(coins_of_a_symbol_that_comes_are_bought_at_the_mid_price)
{
	int index = engine_add_symbol(&market->engine, "BTC/USDT", 0, 1);
	struct symbol *symbol = &market->engine.symbols[index];

	market_price(market, 0, VENUE_BINANCE, 9990000000, 10000000000);
	market_price(market, 0, VENUE_UPBIT, 142000 * USD, 14210050000000);
	tend(0);
	ck_assert_int_eq(market->movement_count, 1);
	market_connect(market, &market->engine);
	tend(0);
	ck_assert_int_eq(market->movement_count, 2);
	ck_assert_str_eq(market->last_movement->asset, "BTC/USDT");
	ck_assert_int_eq(symbol->coins[VENUE_BINANCE], 4002001001);
	ck_assert_int_eq(market->last_movement->cash[VENUE_BINANCE], -400000000050);
	ck_assert_int_eq(symbol->coins[VENUE_UPBIT], 3942266909);
	ck_assert_int_eq(market->last_movement->cash[VENUE_UPBIT], -559999999990177);
	ck_assert_int_eq(market->engine.exchanges[VENUE_BINANCE].cash, 100000 * USD - 400000000050);
	ck_assert_int_eq(market->engine.equity, 200000 * USD);
	ck_assert_int_eq(market->last_movement->fee, 0);
	tend(1000);
	ck_assert_int_eq(market->movement_count, 2);
}
END_TEST

START_TEST(many_symbols_share_four_fifths_of_the_cash)
{
	tend(0);
	ck_assert_int_eq(engine_add_symbol(&market->engine, "BTC/USDT", 7, 100), 0);
	market_spread(market, 0, 0);
	market_connect(market, &market->engine);
	tend(0);
	/* 100,000 * 0.8 / 100 = 800 USDT at 99.95 */
	ck_assert_int_eq(market->engine.symbols[0].coins[VENUE_BINANCE], 800400200);
}
END_TEST

START_TEST(without_cash_no_coins_are_bought_until_there_is_some)
{
	tend(0);
	market->engine.exchanges[VENUE_UPBIT].cash = 10 * 1400 * USD - 1;
	(void)market_add(market, "BTC/USDT");
	ck_assert_int_eq(market->movement_count, 1);
	market->engine.exchanges[VENUE_UPBIT].cash = 10 * 1400 * USD;
	tend(1000);
	ck_assert_int_eq(market->movement_count, 2);
	ck_assert_int_eq(market->engine.symbols[0].coins[VENUE_UPBIT], 10005003);
}
END_TEST

START_TEST(a_symbol_that_goes_is_sold_and_leaves_its_place)
{
	size_t btc = market_add(market, "BTC/USDT"), eth = market_add(market, "ETH/USDT");

	engine_drop_symbol(&market->engine, btc);
	tend(1000);
	ck_assert_int_eq(market->movement_count, 4);
	ck_assert_str_eq(market->last_movement->asset, "BTC/USDT");
	ck_assert_int_eq(market->last_movement->kind, MOVEMENT_STOCK);
	ck_assert_int_eq(market->last_movement->coins[VENUE_BINANCE], -4002001001);
	ck_assert_int_eq(market->last_movement->cash[VENUE_BINANCE], 400000000050);
	ck_assert_int_eq(market->engine.equity, 200000 * USD);
	ck_assert_str_eq(market->engine.symbols[btc].name, "");
	ck_assert_str_eq(market->engine.symbols[eth].name, "ETH/USDT");
	ck_assert_int_eq(engine_add_symbol(&market->engine, "ETH/USDT", 0, 1), (int)eth);
	ck_assert_int_eq(engine_add_symbol(&market->engine, "XRP/USDT", 0, 1), (int)btc);
	/* One that never had coins goes at once. */
	engine_drop_symbol(&market->engine, btc);
	tend(0);
	ck_assert_str_eq(market->engine.symbols[btc].name, "");
	ck_assert_int_eq(market->movement_count, 4);
}
END_TEST

START_TEST(a_symbol_that_goes_closes_its_trade_first_and_begins_no_other)
{
	size_t btc = market_add(market, "BTC/USDT");

	market_spread(market, btc, 100);
	engine_step(&market->engine, btc, market->now_ms, &market->sink);
	engine_drop_symbol(&market->engine, btc);
	tend(1000);
	ck_assert_int_eq(market->movement_count, 2);
	engine_step(&market->engine, btc, market->now_ms, &market->sink);
	ck_assert_int_eq(market->trade_count, 1);
	market_pass(market, MINUTE_MS);
	engine_step(&market->engine, btc, market->now_ms, &market->sink);
	ck_assert(!market->engine.symbols[btc].pending.open);
	tend(0);
	ck_assert_int_eq(market->movement_count, 3);
	ck_assert_int_eq(market->engine.exposure, 0);
	ck_assert_str_eq(market->engine.symbols[btc].name, "");
}
END_TEST

START_TEST(names_that_could_break_a_line_have_no_place)
{
	static const char *const names[] = { "", "BTC", "USDT", "engine", "BTC USDT", "BTC/USDT\n",
		"B\"TC/USDT", "BTC/USDT:{}", "ABCDEFGHIJKLMNOPQR/STUVW" };
	char name[SYMBOL_NAME];

	for (int i = 0; i < LENGTH(names); i++)
		ck_assert_msg(
		    engine_add_symbol(&market->engine, names[i], 0, 1) == -1, "'%s' has one", names[i]);
	for (int i = 0; i < SYMBOLS_MOST; i++) {
		(void)snprintf(name, sizeof(name), "C%03d/USDT", i);
		ck_assert_int_eq(engine_add_symbol(&market->engine, name, i, SYMBOLS_MOST), i);
	}
	ck_assert_int_eq(engine_add_symbol(&market->engine, "C500/USDT", 0, 1), -1);
	ck_assert_int_eq(engine_add_symbol(&market->engine, "C007/USDT", 0, 1), 7);
}
END_TEST

/* Coins of 31 and 69: an imbalance of 0.38. */
static void
unbalance(size_t index)
{
	market->engine.symbols[index].coins[VENUE_BINANCE] = 31 * USD;
	market->engine.symbols[index].coins[VENUE_UPBIT] = 69 * USD + 1;
	market->engine.symbols[index].moved[VENUE_UPBIT] = 5 * USD;
}

START_TEST(a_rebalance_evens_the_coins_out_for_a_fee)
{
	size_t btc = market_add(market, "BTC/USDT");
	struct symbol *symbol = &market->engine.symbols[btc];
	fixed cash = market->engine.exchanges[VENUE_BINANCE].cash;

	unbalance(btc);
	ck_assert_int_eq(engine_imbalance(&market->engine, btc), -38000000);
	tend(MINUTE_MS - 1);
	ck_assert_int_eq(market->movement_count, 2);
	tend(1);
	ck_assert_int_eq(market->movement_count, 3);
	ck_assert_int_eq(market->last_movement->kind, MOVEMENT_REBALANCE);
	ck_assert_int_eq(symbol->coins[VENUE_BINANCE], 50 * USD);
	ck_assert_int_eq(symbol->coins[VENUE_UPBIT], 50 * USD + 1);
	ck_assert_int_eq(symbol->moved[VENUE_UPBIT], 0);
	ck_assert_int_eq(market->engine.exchanges[VENUE_BINANCE].cash, cash - USD);
	ck_assert_int_eq(market->engine.equity, 199999 * USD);
	ck_assert_int_eq(market->engine.highest_equity, 200000 * USD);
	ck_assert_int_eq(market->engine.daily_pnl, 0);
	ck_assert_int_eq(market->engine.rebalances, 1);
	ck_assert_int_eq(market->last_movement->at_ms, T0 + MINUTE_MS);
	/* The next look is a minute later. */
	unbalance(btc);
	tend(MINUTE_MS - 1);
	ck_assert_int_eq(market->movement_count, 3);
	tend(1);
	ck_assert_int_eq(market->movement_count, 4);
}
END_TEST

START_TEST(at_the_limit_nothing_is_moved)
{
	size_t btc = market_add(market, "BTC/USDT");

	market->engine.symbols[btc].coins[VENUE_BINANCE] = 35 * USD;
	market->engine.symbols[btc].coins[VENUE_UPBIT] = 65 * USD;
	tend(MINUTE_MS);
	ck_assert_int_eq(market->movement_count, 2);
	market->engine.symbols[btc].coins[VENUE_UPBIT] += 100;
	tend(MINUTE_MS);
	ck_assert_int_eq(market->movement_count, 3);
	market->engine.symbols[btc].coins[VENUE_BINANCE] = 65 * USD;
	market->engine.symbols[btc].coins[VENUE_UPBIT] = 35 * USD;
	tend(MINUTE_MS);
	ck_assert_int_eq(market->movement_count, 3);
	market->engine.symbols[btc].coins[VENUE_BINANCE] += 100;
	tend(MINUTE_MS);
	ck_assert_int_eq(market->movement_count, 4);
}
END_TEST

/* 20,000 USDT and the worth of 60,000 in KRW: 20,000 come back. */
START_TEST(cash_is_evened_out_too)
{
	tend(0);
	market->engine.exchanges[VENUE_BINANCE].cash = 20000 * USD;
	market->engine.exchanges[VENUE_UPBIT].cash = 60000 * 1400 * USD;
	ck_assert_int_eq(engine_imbalance_total(&market->engine), -50000000);
	tend(MINUTE_MS);
	ck_assert_int_eq(market->movement_count, 2);
	ck_assert_str_eq(market->last_movement->asset, "USDT");
	ck_assert_int_eq(market->engine.exchanges[VENUE_BINANCE].cash, 39999 * USD);
	ck_assert_int_eq(market->engine.exchanges[VENUE_UPBIT].cash, 40000 * 1400 * USD);
	ck_assert_int_eq(market->engine.equity, 199999 * USD);
}
END_TEST

START_TEST(cash_that_a_trade_has_reserved_is_neither_moved_nor_spent)
{
	size_t btc = market_add(market, "BTC/USDT");

	market_spread(market, btc, -100);
	engine_step(&market->engine, btc, market->now_ms, &market->sink);
	market->engine.exchanges[VENUE_UPBIT].reserved = 50000 * 1400 * USD;
	market->engine.exchanges[VENUE_UPBIT].cash = 90000 * 1400 * USD;
	market->engine.exchanges[VENUE_BINANCE].cash = 20000 * USD;
	tend(MINUTE_MS);
	/* 40,000 are free there: half of the difference of 20,000. */
	ck_assert_int_eq(market->last_movement->cash[VENUE_BINANCE], 10000 * USD - USD);
	market->engine.exchanges[VENUE_UPBIT].cash = (50000 + 20) * 1400 * USD;
	(void)market_add(market, "ETH/USDT");
	ck_assert_str_eq(market->last_movement->asset, "ETH/USDT");
	ck_assert_int_ge(market->engine.exchanges[VENUE_UPBIT].cash, 50000 * 1400 * USD);
	ck_assert_int_lt(market->engine.exchanges[VENUE_UPBIT].cash, 50001 * 1400 * USD);
}
END_TEST

/* Of 70,000 at binance 10,000 are free, and 30,000 are at upbit: 10,000 come from there. */
START_TEST(nor_is_cash_that_is_reserved_where_the_fee_is_paid)
{
	tend(0);
	market->engine.exchanges[VENUE_BINANCE].cash = 70000 * USD;
	market->engine.exchanges[VENUE_BINANCE].reserved = 60000 * USD;
	market->engine.exchanges[VENUE_UPBIT].cash = 30000 * 1400 * USD;
	tend(MINUTE_MS);
	ck_assert_int_eq(market->last_movement->cash[VENUE_BINANCE], 10000 * USD - USD);
	ck_assert_int_eq(market->last_movement->cash[VENUE_UPBIT], -10000 * 1400 * USD);
}
END_TEST

START_TEST(coins_of_a_trade_under_way_stay)
{
	size_t btc = market_add(market, "BTC/USDT");

	market->engine.settings.limits.imbalance = 0;
	market_spread(market, btc, 100);
	engine_step(&market->engine, btc, market->now_ms, &market->sink);
	unbalance(btc);
	tend(MINUTE_MS);
	ck_assert_int_eq(market->movement_count, 2);
	engine_step(&market->engine, btc, market->now_ms, &market->sink);
	unbalance(btc);
	tend(MINUTE_MS);
	ck_assert_int_eq(market->movement_count, 3);
}
END_TEST

START_TEST(rebalances_that_fail_are_tried_every_second_until_they_work)
{
	size_t btc = market_add(market, "BTC/USDT");

	unbalance(btc);
	market->engine.distortions.rebalance_fails = true;
	for (int i = 0; i < 4; i++)
		tend(1000);
	ck_assert_int_eq(market->rebalances_failed, 3);
	ck_assert_int_eq(market->engine.rebalances_failed_in_a_row, 3);
	ck_assert_int_eq(market->movement_count, 2);
	market->engine.distortions.rebalance_fails = false;
	tend(1000);
	ck_assert_int_eq(market->movement_count, 3);
	ck_assert_int_eq(market->engine.rebalances_failed_in_a_row, 0);
	ck_assert_int_eq(market->engine.rebalances_failed, 3);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("engine_movements");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, begin, end);
	tcase_add_test(all, the_ledger_begins_with_the_cash);
	tcase_add_test(all, coins_of_a_symbol_that_comes_are_bought_at_the_mid_price);
	tcase_add_test(all, many_symbols_share_four_fifths_of_the_cash);
	tcase_add_test(all, without_cash_no_coins_are_bought_until_there_is_some);
	tcase_add_test(all, a_symbol_that_goes_is_sold_and_leaves_its_place);
	tcase_add_test(all, a_symbol_that_goes_closes_its_trade_first_and_begins_no_other);
	tcase_add_test(all, names_that_could_break_a_line_have_no_place);
	tcase_add_test(all, a_rebalance_evens_the_coins_out_for_a_fee);
	tcase_add_test(all, at_the_limit_nothing_is_moved);
	tcase_add_test(all, cash_is_evened_out_too);
	tcase_add_test(all, cash_that_a_trade_has_reserved_is_neither_moved_nor_spent);
	tcase_add_test(all, nor_is_cash_that_is_reserved_where_the_fee_is_paid);
	tcase_add_test(all, coins_of_a_trade_under_way_stay);
	tcase_add_test(all, rebalances_that_fail_are_tried_every_second_until_they_work);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
