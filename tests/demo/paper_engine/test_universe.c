#include <string.h>

#include "demo/paper_engine/live/universe.h"
#include "tests/suite.h"

/*
 * Four coins; 1 USDT is 1000 KRW.  In USDT they have traded 100 and 300, 200 and 100, 50 and 500, 10 and 10;
 * their spreads are 1%, 2%, 0.5% and 10%, at binance; at the best prices there are 10 * 100, 20 * 50, 1 * 200
 * and 100 * 5.
 */
static struct ticker at_binance[] = {
	{ "AAA/USDT", 100, 100, 101, 10, 10, true },
	{ "BBB/USDT", 200, 50, 51, 20, 20, true },
	{ "CCC/USDT", 50, 200, 201, 1, 1, true },
	{ "DDD/USDT", 10, 5, 5.5, 100, 100, true },
	{ "ONLY/USDT", 9000, 5, 5.01, 100, 100, true },
};
static struct ticker at_upbit[] = {
	{ "AAA/USDT", 300000, 100000, 100100, 10, 10, true },
	{ "BBB/USDT", 100000, 50000, 50050, 20, 20, true },
	{ "CCC/USDT", 500000, 200000, 200200, 1, 1, true },
	{ "DDD/USDT", 10000, 5000, 5005, 100, 100, true },
	{ "HERE/USDT", 9000000, 5000, 5005, 100, 100, true },
};

/* The names that are chosen, in one text. */
static const char *
choose(const struct universe_settings *settings)
{
	static char text[256];
	struct tickers tickers[VENUES] = { { .list = at_binance, .count = 5 },
		{ .list = at_upbit, .count = 5 } };
	const char *chosen[SYMBOLS_MOST];
	size_t count = universe_choose(settings, tickers, 1000, chosen);

	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%.3s ", chosen[i]);
	return text;
}

START_TEST(the_largest_come_first)
{
	struct universe_settings settings = { .mode = UNIVERSE_FULL_MARKET };

	ck_assert_str_eq(choose(&settings), "CCC AAA BBB DDD ");
	settings.mode = UNIVERSE_TOP_N;
	settings.top = 2;
	ck_assert_str_eq(choose(&settings), "CCC AAA ");
}
END_TEST

START_TEST(named_symbols_must_be_at_both_exchanges)
{
	const char *names[] = { "BBB/USDT", "AAA/USDT", "ONLY/USDT", "HERE/USDT", "NONE/USDT" };
	struct universe_settings settings = { .mode = UNIVERSE_FIXED_LIST, .names = names, .name_count = 5 };

	ck_assert_str_eq(choose(&settings), "AAA BBB ");
	settings.mode = UNIVERSE_SINGLE;
	settings.name_count = 1;
	ck_assert_str_eq(choose(&settings), "BBB ");
}
END_TEST

START_TEST(each_filter_holds_at_both_exchanges)
{
	struct universe_settings settings = { .mode = UNIVERSE_FULL_MARKET };

	settings.volume_least = 50 * FIXED_ONE;
	ck_assert_str_eq(choose(&settings), "CCC AAA BBB ");
	settings.volume_least = 100 * FIXED_ONE;
	ck_assert_str_eq(choose(&settings), "AAA BBB ");
	settings.volume_least = 101 * FIXED_ONE;
	ck_assert_str_eq(choose(&settings), "");
	settings.volume_least = 0;
	settings.spread_most = 21 * FIXED_ONE / 1000;
	ck_assert_str_eq(choose(&settings), "CCC AAA BBB ");
	settings.spread_most = 9 * FIXED_ONE / 1000;
	ck_assert_str_eq(choose(&settings), "CCC ");
	settings.spread_most = 0;
	settings.depth_least = 500 * FIXED_ONE;
	ck_assert_str_eq(choose(&settings), "AAA BBB DDD ");
	settings.depth_least = 1000 * FIXED_ONE + 1;
	ck_assert_str_eq(choose(&settings), "");
}
END_TEST

START_TEST(a_symbol_that_is_halted_is_left_out)
{
	struct universe_settings settings = { .mode = UNIVERSE_TOP_N, .top = 2 };

	at_binance[0].trades = false;
	ck_assert_str_eq(choose(&settings), "CCC BBB ");
	at_binance[0].trades = true;
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("universe");
	TCase *chosen = tcase_create("choose");

	tcase_add_test(chosen, the_largest_come_first);
	tcase_add_test(chosen, named_symbols_must_be_at_both_exchanges);
	tcase_add_test(chosen, each_filter_holds_at_both_exchanges);
	tcase_add_test(chosen, a_symbol_that_is_halted_is_left_out);
	suite_add_tcase(suite, chosen);
	return run_suite(suite);
}
