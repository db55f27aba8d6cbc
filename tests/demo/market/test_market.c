#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "demo/market/market.h"
#include "tests/suite.h"

enum { SEED = 1, COINS_LOOKED_AT = 20, LOOKS = 4000, LOOK_MS = 7500 };
static const int64_t start_ms = INT64_C(1790000000000);

static double
price(const struct book *book, int64_t units)
{
	return units_value(units, book->listing->price_decimals);
}

/* What one gets for buying at the first book's exchange and selling at the other's, in bps before costs. */
static double
spread_bps(const struct book *buy, const struct book *sell, double won)
{
	double ask = price(buy, buy->asks[0].price), bid = price(sell, sell->bids[0].price);

	ask /= strcmp(buy->listing->quote, "KRW") == 0 ? won : 1;
	bid /= strcmp(sell->listing->quote, "KRW") == 0 ? won : 1;
	return (bid / ask - 1) * 1e4;
}

static double
won_at(int64_t at_ms)
{
	struct listing listing;
	struct book book;

	market_won(&listing);
	book_make(&book, &listing, SEED, at_ms, 1);
	return price(&book, book.middle);
}

START_TEST(seed_and_time_alone_decide_a_book)
{
	struct book once, again, best;
	struct listing listing;

	for (int asset = 0; asset < MARKET_ASSETS; asset += 7) {
		market_listing(&listing, asset % 2 == 0 ? MARKET_BINANCE : MARKET_UPBIT, asset);
		memset(&once, 0, sizeof(once));
		memset(&again, 0, sizeof(again));
		book_make(&once, &listing, SEED, start_ms + asset * 1000, LEVELS);
		book_make(&best, &listing, SEED + 1, start_ms, LEVELS);
		book_make(&again, &listing, SEED, start_ms + asset * 1000 + TICK_MS - 1, LEVELS);
		ck_assert_mem_eq(&once, &again, sizeof(once));
		ck_assert_mem_ne(once.bids, best.bids, sizeof(once.bids));
		book_make(&best, &listing, SEED, start_ms + asset * 1000, 5);
		ck_assert_mem_eq(best.bids, once.bids, 5 * sizeof(once.bids[0]));
		ck_assert_mem_eq(best.asks, once.asks, 5 * sizeof(once.asks[0]));
		book_make(&again, &listing, SEED, start_ms + asset * 1000 + TICK_MS, LEVELS);
		ck_assert_int_eq(again.sequence, once.sequence + 1);
		ck_assert_int_eq(again.time_ms, once.time_ms + TICK_MS);
		/* A tick changes quantities of one side at least. */
		ck_assert(memcmp(once.bids, again.bids, sizeof(once.bids)) != 0 ||
			  memcmp(once.asks, again.asks, sizeof(once.asks)) != 0);
	}
}
END_TEST

/* A recorded backtest could not be run again if this changed. */
START_TEST(a_book_is_what_it_was)
{
	char text[4][UNITS_TEXT];
	struct listing listing;
	struct book book;

	market_listing(&listing, MARKET_BINANCE, 0);
	book_make(&book, &listing, SEED, INT64_C(1796040370449), 2);
	units_text(text[0], book.bids[0].price, listing.price_decimals);
	units_text(text[1], book.bids[0].quantity, listing.quantity_decimals);
	units_text(text[2], book.asks[1].price, listing.price_decimals);
	units_text(text[3], book.asks[1].quantity, listing.quantity_decimals);
	ck_assert_int_eq(book.sequence, INT64_C(7184161481));
	ck_assert_str_eq(text[0], "95192.15");
	ck_assert_str_eq(text[1], "0.65369");
	ck_assert_str_eq(text[2], "95192.18");
	ck_assert_str_eq(text[3], "1.27140");
}
END_TEST

static void
check_side(const struct book *book, const struct level *side, int direction)
{
	const struct listing *listing = book->listing;

	for (int i = 0; i < LEVELS; i++) {
		ck_assert_int_eq(side[i].price, book->middle + direction * (i + 1) * listing->step);
		ck_assert_int_gt(side[i].price, 0);
		ck_assert_int_gt(side[i].quantity, 0);
		ck_assert_int_le(side[i].quantity, 2 * listing->quantity);
	}
	ck_assert_int_eq(book->middle % listing->step, 0);
}

START_TEST(every_book_is_in_order)
{
	char names[2 * MARKET_ASSETS][sizeof(((struct listing *)NULL)->native)];
	struct listing listing;
	struct book book;
	size_t count = 0;

	for (int venue = MARKET_BINANCE; venue <= MARKET_UPBIT; venue++)
		for (int asset = 0; asset < MARKET_ASSETS; asset++) {
			market_listing(&listing, (enum market_venue)venue, asset);
			book_make(&book, &listing, SEED, start_ms + asset * INT64_C(1234567), LEVELS);
			check_side(&book, book.bids, -1);
			check_side(&book, book.asks, 1);
			ck_assert_int_le(listing.price_decimals, 8);
			/* The best prices are at most 0.2% apart. */
			ck_assert_int_le(2 * listing.step, listing.middle / 500);
			for (size_t i = 0; i < count; i++)
				ck_assert_str_ne(names[i], listing.native);
			(void)snprintf(names[count++], sizeof(names[0]), "%s", listing.native);
		}
}
END_TEST

START_TEST(a_coin_has_one_price_at_both_exchanges_more_or_less)
{
	struct listing here, there;
	struct book a, b;

	for (int asset = 0; asset < MARKET_ASSETS; asset += 11) {
		double lowest = INFINITY, highest = 0;

		market_listing(&here, MARKET_BINANCE, asset);
		market_listing(&there, MARKET_UPBIT, asset);
		ck_assert_str_eq(here.base, there.base);
		for (int i = 0; i < 500; i++) {
			int64_t at_ms = start_ms + i * INT64_C(60000);

			book_make(&a, &here, SEED, at_ms, 1);
			book_make(&b, &there, SEED, at_ms, 1);
			ck_assert_double_lt(
			    fabs(price(&b, b.middle) / won_at(at_ms) / price(&a, a.middle) - 1), 0.0070);
			lowest = fmin(lowest, price(&a, a.middle));
			highest = fmax(highest, price(&a, a.middle));
		}
		/* It goes further than the exchanges are ever apart, so that they do go together. */
		ck_assert_double_gt(highest / lowest, 1.0075);
	}
}
END_TEST

START_TEST(there_is_something_to_earn_now_and_then)
{
	int some[2] = { 0 }, looks = 0, silent = 0;
	struct listing here[COINS_LOOKED_AT], there[COINS_LOOKED_AT];
	struct book a, b;

	for (int asset = 0; asset < COINS_LOOKED_AT; asset++) {
		market_listing(&here[asset], MARKET_BINANCE, asset);
		market_listing(&there[asset], MARKET_UPBIT, asset);
	}
	for (int i = 0; i < LOOKS; i++) {
		int64_t at_ms = start_ms + (int64_t)i * LOOK_MS;
		double won = won_at(at_ms);
		int before = some[0] + some[1];

		for (int asset = 0; asset < COINS_LOOKED_AT; asset++, looks++) {
			book_make(&a, &here[asset], SEED, at_ms, 1);
			book_make(&b, &there[asset], SEED, at_ms, 1);
			some[0] += spread_bps(&a, &b, won) > 15 + 6;
			some[1] += spread_bps(&b, &a, won) > 15 + 6;
		}
		silent += some[0] + some[1] == before;
	}
	/* Either way, in one to ten of a hundred looks at a coin; and there are times without any. */
	ck_assert_int_gt(some[0], looks / 200);
	ck_assert_int_gt(some[1], looks / 200);
	ck_assert_int_lt(some[0] + some[1], looks / 10);
	ck_assert_int_gt(silent, LOOKS / 5);
	ck_assert_int_lt(silent, LOOKS * 4 / 5);
}
END_TEST

START_TEST(the_won_moves_slowly)
{
	double last = won_at(start_ms), lowest = last, highest = last;

	for (int i = 1; i < 5000; i++) {
		double now = won_at(start_ms + i * INT64_C(60000));

		ck_assert_double_lt(fabs(now / last - 1), 0.0006);
		lowest = fmin(lowest, now);
		highest = fmax(highest, now);
		last = now;
	}
	ck_assert_double_gt(lowest, 1400 * 0.9965);
	ck_assert_double_lt(highest, 1400 * 1.0035);
	ck_assert_double_gt(highest / lowest, 1.002);
}
END_TEST

/* How many of the 20 coins with the largest volumes at `at_ms` are among the first 20. */
static int
still_on_top(enum market_venue venue, int64_t at_ms)
{
	int64_t volumes[100];
	struct listing listing;
	int count = 0;

	for (int asset = 0; asset < 100; asset++) {
		market_listing(&listing, venue, asset);
		volumes[asset] = market_volume(&listing, SEED, at_ms);
		ck_assert_int_gt(volumes[asset], 0);
		ck_assert_double_lt(
		    fabs((double)market_volume(&listing, SEED, at_ms + 600000) / (double)volumes[asset] - 1),
		    0.12);
	}
	for (int asset = 0; asset < 20; asset++) {
		int larger = 0;

		for (int other = 0; other < 100; other++)
			larger += volumes[other] > volumes[asset];
		count += larger < 20;
	}
	return count;
}

START_TEST(volumes_fall_with_the_rank_and_drift)
{
	int least = 20, most = 0;

	for (int hour = 0; hour < 48; hour += 4) {
		int count = still_on_top(
		    hour % 8 == 0 ? MARKET_BINANCE : MARKET_UPBIT, start_ms + hour * INT64_C(3600000));

		least = count < least ? count : least;
		most = count > most ? count : most;
	}
	ck_assert_int_ge(least, 13);
	ck_assert_int_lt(least, 20);
	ck_assert_int_gt(most, least);
}
END_TEST

static const struct {
	int64_t units;
	int decimals;
	const char *text;
} units[] = {
	{ 9412350, 2, "94123.50" },
	{ 5, 2, "0.05" },
	{ -5, 2, "-0.05" },
	{ -126400, 3, "-126.400" },
	{ 0, 0, "0" },
	{ 0, 8, "0.00000000" },
	{ 133000000, 0, "133000000" },
	{ INT64_MAX, 8, "92233720368.54775807" },
	{ INT64_MIN, 18, "-9.223372036854775808" },
};

START_TEST(units_are_written_with_their_decimals)
{
	char text[UNITS_TEXT];

	units_text(text, units[_i].units, units[_i].decimals);
	ck_assert_str_eq(text, units[_i].text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("market");
	TCase *tests = tcase_create("market");

	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, seed_and_time_alone_decide_a_book);
	tcase_add_test(tests, a_book_is_what_it_was);
	tcase_add_test(tests, every_book_is_in_order);
	tcase_add_test(tests, a_coin_has_one_price_at_both_exchanges_more_or_less);
	tcase_add_test(tests, there_is_something_to_earn_now_and_then);
	tcase_add_test(tests, the_won_moves_slowly);
	tcase_add_test(tests, volumes_fall_with_the_rank_and_drift);
	tcase_add_loop_test(tests, units_are_written_with_their_decimals, 0, LENGTH(units));
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
