#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "positions/exposure.h"
#include "tests/suite.h"

enum { ROWS = 16 };

static struct rates rates;
static struct holding rows[ROWS];
static struct holdings held = { .rows = rows };
static struct asset_exposure *assets;
static size_t found;
static bool readable[3];
static struct failure why;

static void
set_up(void)
{
	rates = (struct rates){ 0 };
	held.count = 0;
	assets = NULL;
	readable[0] = readable[1] = readable[2] = true;
}

static void
tear_down(void)
{
	rates_release(&rates);
	free(assets);
}

static void
give(const char *base, const char *quote, double price)
{
	ck_assert_int_eq(rates_add(&rates, base, quote, price, &why), 0);
}

/* NaN: not known. */
static double
rate(const char *from, const char *to)
{
	double result = NAN;

	return rates_find(&rates, from, to, &result) ? result : NAN;
}

START_TEST(a_currency_is_worth_one_of_itself)
{
	ck_assert_double_eq(rate("USD", "USD"), 1);
	give("USD", "USD", 7);
	ck_assert_double_eq(rate("USD", "USD"), 1);
	ck_assert_msg(isnan(rate("", "")), "but nothing is not worth anything");
}
END_TEST

START_TEST(a_rate_is_a_price_or_one_over_it)
{
	give("BTC", "USDT", 40000);
	ck_assert_double_eq(rate("BTC", "USDT"), 40000);
	ck_assert_double_eq(rate("USDT", "BTC"), 1.0 / 40000);
	ck_assert_double_nan(rate("BTC", "KRW"));
	ck_assert_double_nan(rate("XRP", "USDT"));
	ck_assert_double_nan(rate("BT", "USDT"));
	ck_assert_double_nan(rate("BTC", "USD"));
}
END_TEST

START_TEST(the_price_of_the_pair_itself_counts_before_one_over_that_of_its_reverse)
{
	give("USDT", "USD", 0.5);
	give("USD", "USDT", 3);
	ck_assert_double_eq(rate("USDT", "USD"), 0.5);
	ck_assert_double_eq(rate("USD", "USDT"), 3);
}
END_TEST

START_TEST(of_several_prices_of_a_pair_the_first_counts)
{
	give("BTC", "USDT", 40000);
	give("BTC", "USDT", 41000);
	ck_assert_double_eq(rate("BTC", "USDT"), 40000);
	give("BTC", "USDT", 42000);
	ck_assert_double_eq(rate("BTC", "USDT"), 40000);
	ck_assert_double_eq(rate("USDT", "BTC"), 1.0 / 40000);
}
END_TEST

START_TEST(a_rate_goes_through_one_third_currency_whichever_way_it_is_priced)
{
	give("BTC", "USDT", 40000);
	give("USDT", "KRW", 1500);
	give("BTC", "EUR", 32000);
	give("USD", "KRW", 1250);
	ck_assert_double_eq(rate("BTC", "KRW"), 40000.0 * 1500);
	ck_assert_double_eq_tol(rate("KRW", "BTC"), 1 / (40000.0 * 1500), 1e-20);
	ck_assert_double_eq_tol(rate("EUR", "USDT"), 1.25, 1e-12);
	ck_assert_double_eq_tol(rate("USDT", "USD"), 1.2, 1e-12);
	ck_assert_msg(isnan(rate("BTC", "USD")), "not through two: USDT and KRW");
}
END_TEST

START_TEST(of_several_third_currencies_the_one_whose_prices_were_there_first_counts)
{
	give("BTC", "EUR", 32000);
	give("BTC", "USDT", 40000);
	give("USDT", "KRW", 1500);
	give("EUR", "KRW", 2000);
	ck_assert_double_eq(rate("BTC", "KRW"), 40000.0 * 1500);
	ck_assert_double_eq_tol(rate("KRW", "BTC") * 40000 * 1500, 1, 1e-12);
}
END_TEST

/* Many prices on either end: the way through the third is the same. */
START_TEST(it_does_not_matter_how_many_prices_a_currency_has)
{
	char name[SYMBOL_ASSET];

	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "C%d", i);
		give(name, "KRW", 1 + i);
	}
	give("BTC", "C7", 5);
	give("BTC", "C3", 5);
	ck_assert_double_eq(rate("BTC", "KRW"), 5.0 * 8);
	ck_assert_double_eq_tol(rate("KRW", "BTC"), 1 / (5.0 * 8), 1e-12);
	ck_assert_double_eq_tol(rate("C9", "C19"), 0.5, 1e-12);
	give("C20", "C19", 3);
	ck_assert_msg(rate("C20", "C19") == 3, "what is given later is found too");
}
END_TEST

START_TEST(prices_that_are_none_are_not_taken)
{
	static const double none[] = { 0, -1, NAN, INFINITY, -INFINITY, 5e-324 };

	for (int i = 0; i < LENGTH(none); i++)
		give("BTC", "USDT", none[i]);
	give("", "USDT", 1);
	give("BTC", "", 1);
	give("BTC", "ABCDEFGHIJKLMNOPQRSTUVWX", 1);
	ck_assert_uint_eq(rates.count, 0);
	ck_assert_double_nan(rate("BTC", "USDT"));
	ck_assert_double_nan(rate("ABCDEFGHIJKLMNOPQRSTUVWX", "BTC"));
	give("BTC", "USDT", 1e300);
	give("USDT", "KRW", 1e300);
	ck_assert_msg(isnan(rate("BTC", "KRW")), "more than a double holds");
	ck_assert_msg(isnan(rate("KRW", "BTC")), "and less");
}
END_TEST

START_TEST(there_is_an_end_to_how_many_prices_are_taken)
{
	for (int i = 0; i < RATES_MAX; i++)
		give("BTC", "USDT", 1 + i);
	ck_assert_int_eq(rates_add(&rates, "BTC", "KRW", 1, &why), -1);
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	ck_assert_double_eq(rate("BTC", "USDT"), 1);
}
END_TEST

/* "-1.5" is short. */
static struct holding *
hold(size_t exchange, const char *base, const char *quote, const char *quantity)
{
	struct holding *holding = &held.rows[held.count++];
	struct symbol *symbol = &holding->symbol;

	holding_init(holding);
	holding->exchange = exchange;
	(void)snprintf(symbol->base, sizeof(symbol->base), "%s", base);
	(void)snprintf(symbol->quote, sizeof(symbol->quote), "%s", quote);
	(void)snprintf(
	    symbol->text, sizeof(symbol->text), "%s%s%s", base, quote[0] != '\0' ? "/" : "", quote);
	holding->is_short = quantity[0] == '-';
	ck_assert(decimal_parse(SLICE(quantity), &holding->quantity));
	holding->quantity = decimal_absolute(holding->quantity);
	holding->market = quote[0] != '\0' ? HOLDING_DERIVATIVE : HOLDING_SPOT;
	return holding;
}

static struct exposure_input
input(void)
{
	static const size_t inventory[2] = { 0, 2 };

	return (struct exposure_input){ &held, readable, 3, inventory, &rates };
}

static struct exposure
exposure(const char *currency)
{
	struct exposure_input in = input();
	struct exposure result;

	exposure_in(&in, currency, &result);
	return result;
}

static void
expect(const char *currency, double gross, double net)
{
	struct exposure result = exposure(currency);

	ck_assert_msg(result.known, "%s is missing", result.missing);
	ck_assert_double_eq_tol(result.gross, gross, 1e-9 * gross);
	ck_assert_double_eq_tol(result.net, net, 1e-9 * gross);
}

static void
expect_missing(const char *currency, const char *missing)
{
	struct exposure result = exposure(currency);

	ck_assert(!result.known);
	ck_assert_str_eq(result.missing, missing);
}

START_TEST(exposure_adds_what_is_long_and_takes_off_what_is_short)
{
	hold(0, "BTC", "", "2");
	hold(1, "BTC", "USDT", "-2")->mark = 41000;
	hold(1, "ETH", "USDT", "10")->notional = 30000;
	give("BTC", "KRW", 60000000);
	give("USDT", "KRW", 1500);
	give("USDT", "USD", 1);
	expect(
	    "KRW", 120000000 + 82000 * 1500.0 + 30000 * 1500.0, 120000000 - 82000 * 1500.0 + 30000 * 1500.0);
	/* BTC to USDT goes through KRW, but BTC to USD would need two steps. */
	expect("USDT", 80000 + 82000 + 30000, 80000 - 82000 + 30000);
	expect_missing("USD", "BTC");
}
END_TEST

START_TEST(what_a_position_is_said_to_be_worth_counts_before_its_price)
{
	struct holding *holding = hold(0, "BTC", "USDT", "-2");

	holding->notional = 70000;
	holding->mark = 40000;
	expect("USDT", 70000, -70000);
	holding->notional = -70000; /* some tell it with the side's sign */
	expect("USDT", 70000, -70000);
	holding->notional = NAN;
	expect("USDT", 80000, -80000);
	holding->mark = NAN;
	expect_missing("USDT", "BTC/USDT");
	give("BTC", "USDT", 50000);
	expect("USDT", 100000, -100000);
}
END_TEST

START_TEST(a_notional_may_be_in_another_currency_than_the_quote)
{
	struct holding *holding = hold(0, "BTC", "USD", "1");

	holding->notional = 7;
	(void)snprintf(holding->currency, sizeof(holding->currency), "ETH");
	give("ETH", "USD", 3000);
	expect("USD", 21000, 21000);
}
END_TEST

START_TEST(an_inverse_contract_is_worth_its_quantity)
{
	struct holding *holding = hold(0, "BTC", "USD", "-3000");

	holding->inverse = true;
	expect("USD", 3000, -3000);
	holding->mark = 60000;
	expect("USD", 3000, -3000);
	give("BTC", "EUR", 50000);
	expect("EUR", 2500, -2500);
}
END_TEST

START_TEST(one_asset_without_a_price_makes_the_sum_unknown)
{
	hold(0, "BTC", "", "1");
	hold(0, "JUNK", "", "0.000000000000000001");
	hold(0, "RARE", "", "1");
	give("BTC", "USD", 40000);
	expect_missing("USD", "JUNK");
	give("JUNK", "USD", 1e-9);
	expect_missing("USD", "RARE");
	give("RARE", "BTC", 1);
	expect("USD", 80000, 80000);
	expect_missing("KRW", "BTC");
}
END_TEST

START_TEST(marks_that_make_no_sense_are_no_prices)
{
	static const double none[] = { 0, -1, NAN, INFINITY, -INFINITY };

	hold(0, "BTC", "USDT", "1")->mark = none[_i];
	expect_missing("USDT", "BTC/USDT");
	rows[0].mark = NAN;
	rows[0].notional = INFINITY;
	expect_missing("USDT", "BTC/USDT");
	rows[0].notional = 1e308;
	expect("USDT", 1e308, 1e308);
	hold(0, "ETH", "USDT", "1")->notional = 1e308;
	expect_missing("USDT", "ETH/USDT");
}
END_TEST

START_TEST(nothing_held_is_no_exposure)
{
	struct exposure result = exposure("USD");

	ck_assert(result.known);
	ck_assert(result.gross == 0 && result.net == 0);
}
END_TEST

/* `assets` and `found`. */
static void
find_assets(void)
{
	struct exposure_input in = input();

	free(assets);
	assets = exposure_assets(&in, &found, &why);
	ck_assert_ptr_nonnull(assets);
}

START_TEST(an_exchange_that_cannot_be_read_makes_all_sums_unknown)
{
	readable[2] = false;
	expect_missing("USD", EXPOSURE_UNREADABLE);
	hold(0, "BTC", "", "1");
	give("BTC", "USD", 40000);
	expect_missing("USD", EXPOSURE_UNREADABLE);
	find_assets();
	ck_assert_uint_eq(found, 1);
	ck_assert_double_nan(assets[0].net);
	ck_assert_double_nan(assets[0].ratio);
}
END_TEST

START_TEST(a_hedge_s_delta_is_what_is_left_of_its_legs)
{
	find_assets();
	ck_assert_uint_eq(found, 0);
	hold(0, "BTC", "", "0.1");
	hold(1, "XRP", "USDT", "-100");
	hold(1, "BTC", "USDT", "0.2");
	hold(2, "BTC", "USDT", "-0.3");
	hold(2, "ETH", "USDT", "-1");
	hold(0, "ETH", "", "3");
	find_assets();
	ck_assert_uint_eq(found, 3);
	ck_assert_str_eq(assets[0].asset, "BTC");
	ck_assert_msg(assets[0].net == 0 && assets[0].ratio == 0, "exactly");
	ck_assert_str_eq(assets[1].asset, "ETH");
	ck_assert_double_eq(assets[1].net, 2);
	ck_assert_double_eq(assets[1].ratio, 0.5);
	ck_assert_str_eq(assets[2].asset, "XRP");
	ck_assert_double_eq(assets[2].net, -100);
	ck_assert_double_eq(assets[2].ratio, 1);
}
END_TEST

START_TEST(an_inverse_leg_counts_by_its_mark)
{
	struct holding *inverse;

	hold(0, "BTC", "", "2");
	hold(0, "ETH", "", "1");
	inverse = hold(1, "BTC", "USD", "-60000");
	inverse->inverse = true;
	find_assets();
	ck_assert_uint_eq(found, 2);
	ck_assert_msg(isnan(assets[0].net), "without a mark nobody knows how many");
	ck_assert_msg(!isnan(assets[1].net), "which is no matter to other assets");
	inverse->mark = 40000;
	find_assets();
	ck_assert_double_eq(assets[0].net, 0.5);
	ck_assert_double_eq(assets[0].ratio, 0.5 / 3.5);
	inverse->mark = 0;
	find_assets();
	ck_assert_double_nan(assets[0].net);
}
END_TEST

START_TEST(a_sum_of_too_many_digits_is_not_known)
{
	hold(0, "BTC", "", "1e37");
	hold(1, "BTC", "", "1e-36");
	find_assets();
	ck_assert_uint_eq(found, 1);
	ck_assert_double_nan(assets[0].net);
}
END_TEST

/* What two exchanges hold of one asset, up to two rows each; NAN: it is left out. */
static const struct {
	const char *a[2], *b[2];
	double ratio;
} stocks[] = {
	{ { "3" }, { "1" }, 0.5 },
	{ { "1" }, { "3" }, -0.5 },
	{ { "1" }, { "1" }, 0 },
	{ { "0.1", "0.2" }, { "0.3" }, 0 },
	{ { "5" }, { NULL }, 1 },
	{ { NULL }, { "5" }, -1 },
	{ { "1" }, { "-1" }, 0 }, /* both legs of a hedge */
	{ { "3" }, { "-1" }, 0.5 },
	{ { "3", "-1" }, { "2" }, 0 },
	{ { "3", "-3" }, { "2" }, -1 },
	{ { "3", "-3" }, { NULL }, NAN },
	{ { "0.1", "-0.1" }, { "7", "-7" }, NAN },
	{ { NULL }, { NULL }, NAN },
};

START_TEST(an_imbalance_is_how_an_asset_is_spread_over_two_exchanges)
{
	for (int row = 0; row < 2; row++) {
		if (stocks[_i].a[row] != NULL)
			hold(0, "BTC", row == 0 ? "" : "USDT", stocks[_i].a[row]);
		if (stocks[_i].b[row] != NULL)
			hold(2, "BTC", "KRW", stocks[_i].b[row]);
	}
	hold(1, "BTC", "", "100"); /* is none of the two */
	hold(1, "ADA", "", "100");
	hold(0, "ZRX", "", "1");
	readable[1] = false;
	find_assets();
	ck_assert_str_eq(assets[0].asset, "ADA");
	ck_assert_double_nan(assets[0].imbalance);
	ck_assert_str_eq(assets[1].asset, "BTC");
	if (isnan(stocks[_i].ratio))
		ck_assert_double_nan(assets[1].imbalance);
	else
		ck_assert_double_eq(assets[1].imbalance, stocks[_i].ratio);
	ck_assert_str_eq(assets[2].asset, "ZRX");
	ck_assert_double_eq(assets[2].imbalance, 1);
}
END_TEST

START_TEST(an_imbalance_is_not_known_when_one_of_the_two_cannot_be_read)
{
	hold(0, "BTC", "", "1");
	hold(2, "BTC", "", "1");
	readable[2 * _i] = false;
	find_assets();
	ck_assert_double_nan(assets[0].imbalance);
	readable[2 * _i] = true;
	find_assets();
	ck_assert_double_eq(assets[0].imbalance, 0);
}
END_TEST

static TCase *
add_case(Suite *suite, const char *name)
{
	TCase *added = tcase_create(name);

	tcase_add_checked_fixture(added, set_up, tear_down);
	suite_add_tcase(suite, added);
	return added;
}

int
main(void)
{
	Suite *suite = suite_create("exposure");
	TCase *prices = add_case(suite, "rates"), *sums = add_case(suite, "exposure");
	TCase *deltas = add_case(suite, "delta"), *spread = add_case(suite, "imbalance");

	tcase_set_timeout(prices, 60);
	tcase_add_test(prices, a_currency_is_worth_one_of_itself);
	tcase_add_test(prices, a_rate_is_a_price_or_one_over_it);
	tcase_add_test(prices, the_price_of_the_pair_itself_counts_before_one_over_that_of_its_reverse);
	tcase_add_test(prices, of_several_prices_of_a_pair_the_first_counts);
	tcase_add_test(prices, a_rate_goes_through_one_third_currency_whichever_way_it_is_priced);
	tcase_add_test(prices, of_several_third_currencies_the_one_whose_prices_were_there_first_counts);
	tcase_add_test(prices, it_does_not_matter_how_many_prices_a_currency_has);
	tcase_add_test(prices, prices_that_are_none_are_not_taken);
	tcase_add_test(prices, there_is_an_end_to_how_many_prices_are_taken);
	tcase_add_test(sums, exposure_adds_what_is_long_and_takes_off_what_is_short);
	tcase_add_test(sums, what_a_position_is_said_to_be_worth_counts_before_its_price);
	tcase_add_test(sums, a_notional_may_be_in_another_currency_than_the_quote);
	tcase_add_test(sums, an_inverse_contract_is_worth_its_quantity);
	tcase_add_test(sums, one_asset_without_a_price_makes_the_sum_unknown);
	tcase_add_loop_test(sums, marks_that_make_no_sense_are_no_prices, 0, 5);
	tcase_add_test(sums, nothing_held_is_no_exposure);
	tcase_add_test(sums, an_exchange_that_cannot_be_read_makes_all_sums_unknown);
	tcase_add_test(deltas, a_hedge_s_delta_is_what_is_left_of_its_legs);
	tcase_add_test(deltas, an_inverse_leg_counts_by_its_mark);
	tcase_add_test(deltas, a_sum_of_too_many_digits_is_not_known);
	tcase_add_loop_test(
	    spread, an_imbalance_is_how_an_asset_is_spread_over_two_exchanges, 0, LENGTH(stocks));
	tcase_add_loop_test(spread, an_imbalance_is_not_known_when_one_of_the_two_cannot_be_read, 0, 2);
	return run_suite(suite);
}
