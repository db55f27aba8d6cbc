#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "positions/exchange_view.h"
#include "tests/suite.h"

enum { EXCHANGES = 2, ROWS = 8 };

static const double noon = 1763726400;

/* Binance, which holds assets, and OKX, which has positions besides. */
static struct exchange_setting settings[EXCHANGES] = { { .name = (char[]){ "binance" } },
	{ .name = (char[]){ "okx" } } };
static struct account items[EXCHANGES];
static struct accounts accounts = { .items = items, .count = EXCHANGES };
static struct account_reading readings[EXCHANGES];
static struct account_balance balances[EXCHANGES][ROWS];
static struct account_position positions[EXCHANGES][ROWS];
static struct exchange_reading prices;
static struct book_reading books[1];
static const char *const symbols[] = { "BTC/USDT" };

static char usdt[] = "USDT";
static struct policy policy;
static struct exchange_view view;
static struct holdings engine;
static struct failure why;

static void
set_up(void)
{
	static const char *const profiles[EXCHANGES] = { "exchanges/binance.yaml", "exchanges/okx.yaml" };

	for (size_t i = 0; i < EXCHANGES; i++) {
		settings[i].profile = profile_load(profiles[i], &why);
		ck_assert_msg(settings[i].profile != NULL, "%s", why.text);
		readings[i] = (struct account_reading){ .parts = { [ACCOUNT_BALANCES] = { .read = true },
							    [ACCOUNT_POSITIONS] = { .read = true } },
			.lists = { .balances = balances[i], .positions = positions[i] } };
		items[i] = (struct account){
			.name = settings[i].name, .setting = &settings[i], .reading = &readings[i]
		};
	}
	policy = (struct policy){ .dust = 1, .currencies = { usdt }, .currency_count = 1 };
	prices = (struct exchange_reading){ .books = books };
	engine = (struct holdings){ 0 };
	view = (struct exchange_view){ 0 };
}

static void
tear_down(void)
{
	for (size_t i = 0; i < EXCHANGES; i++)
		profile_free(settings[i].profile);
	holdings_release(&engine);
	holdings_release(&policy.baseline);
	holdings_release(&policy.ignored);
	exchange_view_release(&view);
}

static struct decimal
number(const char *text)
{
	struct decimal result;

	ck_assert_msg(decimal_parse(SLICE(text), &result), "%s", text);
	return result;
}

static void
balance(size_t exchange, const char *asset, const char *free_part, const char *locked)
{
	struct account_lists *lists = &readings[exchange].lists;
	struct account_balance *row = &lists->balances[lists->balance_count++];

	*row = (struct account_balance){ .free = number(free_part), .locked = number(locked) };
	(void)snprintf(row->asset, sizeof(row->asset), "%s", asset);
}

static struct account_position *
position(const char *symbol, const char *quantity, double mark)
{
	struct account_lists *lists = &readings[1].lists;
	struct account_position *row = &lists->positions[lists->position_count++];

	*row = (struct account_position){ .quantity = number(quantity),
		.mark = mark,
		.notional = (double)NAN,
		.unrealized_pnl = (double)NAN };
	ck_assert(symbol_read(settings[1].profile, SLICE(symbol), &row->symbol));
	return row;
}

static void
list_add(struct holdings *list, size_t exchange, const char *symbol, const char *quantity)
{
	struct holding *row = holdings_add(list, &why);

	ck_assert_ptr_nonnull(row);
	row->exchange = exchange;
	row->is_short = decimal_sign(number(quantity)) < 0;
	row->quantity = decimal_absolute(number(quantity));
	(void)snprintf(row->symbol.text, sizeof(row->symbol.text), "%s", symbol);
	row->market = strchr(symbol, '/') != NULL ? HOLDING_DERIVATIVE : HOLDING_SPOT;
}

static void
price(const char *base, const char *quote, double value)
{
	struct constant_rate *constant = &policy.constants[policy.constant_count++];

	*constant = (struct constant_rate){ .price = value };
	(void)snprintf(constant->base, sizeof(constant->base), "%s", base);
	(void)snprintf(constant->quote, sizeof(constant->quote), "%s", quote);
}

/* "0:BTC=1.5 1:BTC/USDT=-2" */
static const char *
form(void)
{
	static char text[1024];
	char digits[DECIMAL_TEXT];
	size_t length = 0;

	ck_assert_int_eq(exchange_view_build(&view, &policy, &accounts, noon, &why), 0);
	exchange_view_remove_dust(&view, &policy, &engine);
	text[0] = '\0';
	for (size_t i = 0; i < view.holdings.count; i++) {
		const struct holding *row = &view.holdings.rows[i];

		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%zu:%s=%s%s",
		    i > 0 ? " " : "", row->exchange, row->symbol.text, row->is_short ? "-" : "",
		    decimal_text(row->quantity, digits));
	}
	return text;
}

START_TEST(what_is_held_counts_free_and_locked_together_and_cash_does_not)
{
	balance(0, "BTC", "0.1", "0.2");
	balance(0, "ETH", "0", "0.000000000000000001");
	balance(0, "USDT", "25000", "1");
	list_add(&policy.ignored, 0, "USDT", "0");
	balance(0, "XRP", "-5", "0"); /* borrowed */
	balance(0, "LTC", "-1", "1"); /* nothing is left */
	position("BTC-USDT-SWAP", "2", 100)->side = SIDE_SHORT;
	ck_assert_str_eq(form(), "0:BTC=0.3 0:ETH=0.000000000000000001 0:XRP=-5 1:BTC/USDT=-2");
	ck_assert(view.known[0] && view.known[1]);
}
END_TEST

START_TEST(what_was_not_read_whole_is_not_known)
{
	balance(0, "BTC", "1", "0");
	balance(1, "BTC", "1", "0");
	position("BTC-USDT-SWAP", "2", 100);
	readings[1].parts[ACCOUNT_BALANCES].read = false;
	ck_assert_str_eq(form(), "0:BTC=1");
	ck_assert(view.known[0] && !view.known[1]);
	readings[1].parts[ACCOUNT_BALANCES].read = true;
	readings[1].parts[ACCOUNT_POSITIONS].read = false;
	ck_assert_str_eq(form(), "0:BTC=1");
	ck_assert(!view.known[1]);
	readings[1].parts[ACCOUNT_POSITIONS].read = true;
	items[0].reading = NULL;
	ck_assert_str_eq(form(), "1:BTC=1 1:BTC/USDT=2");
	ck_assert(!view.known[0] && view.known[1]);
}
END_TEST

START_TEST(a_sum_of_too_many_digits_makes_its_exchange_unknown)
{
	balance(0, "BTC", "99999999999999999999999999999999999999", "0.1");
	balance(0, "ETH", "1", "0");
	balance(1, "ETH", "1", "0");
	ck_assert_str_eq(form(), "1:ETH=1");
	ck_assert(!view.known[0] && view.known[1]);
	ck_assert_ptr_nonnull(strstr(view.failures[0].text, "the sum of BTC has too many digits"));
	/* And is forgotten in the next run. */
	readings[0].lists.balance_count = 0;
	ck_assert_str_eq(form(), "1:ETH=1");
	ck_assert(view.known[0]);
}
END_TEST

START_TEST(what_is_ignored_is_not_there)
{
	balance(0, "BTC", "1", "0");
	balance(1, "BTC", "1", "0");
	list_add(&policy.ignored, 1, "BTC", "0");
	ck_assert_str_eq(form(), "0:BTC=1");
	ck_assert(view.known[1]);
}
END_TEST

static const struct {
	const char *quantity;
	double price; /* 0: none */
	const char *engine, *baseline;
	bool stays;
} worths[] = {
	{ "0.5", 1.99, NULL, NULL, false },
	{ "0.5", 2, NULL, NULL, true }, /* as much as dust is no dust */
	{ "0.5", 0, NULL, NULL, true }, /* nobody knows */
	{ "-0.5", 1.99, NULL, NULL, false },
	{ "-0.5", 2, NULL, NULL, true },
	/* What somebody counts with is no dust, however little it is. */
	{ "0.5", 1.99, "0.5", NULL, true },
	{ "0.5", 1.99, "-0.1", NULL, true },
	{ "0.5", 1.99, NULL, "0.5", true },
	{ "-0.5", 1.99, NULL, "-0.5", true },
	{ "-0.5", 1.99, NULL, "0.1", true },
};

START_TEST(an_asset_worth_less_than_dust_is_no_position_unless_somebody_counts_with_it)
{
	balance(0, "DOGE", worths[_i].quantity, "0");
	if (worths[_i].price > 0)
		price("DOGE", "USDT", worths[_i].price);
	if (worths[_i].engine != NULL)
		list_add(&engine, 0, "DOGE", worths[_i].engine);
	if (worths[_i].baseline != NULL)
		list_add(&policy.baseline, 0, "DOGE", worths[_i].baseline);
	/* Of another exchange. */
	list_add(&engine, 1, "DOGE", "1");
	ck_assert_int_eq(form()[0] != '\0', worths[_i].stays);
}
END_TEST

START_TEST(a_derivative_is_never_dust)
{
	position("BTC-USDT-SWAP", "0.000001", 1);
	ck_assert_str_eq(form(), "1:BTC/USDT=0.000001");
}
END_TEST

/* Worth of one BTC that is held; NaN: not known. */
static double
worth(void)
{
	const char *currency = "";
	double value;

	ck_assert_int_eq(exchange_view_build(&view, &policy, &accounts, noon, &why), 0);
	ck_assert_uint_ge(view.holdings.count, 1);
	value = exchange_view_worth(&view, &policy, &view.holdings.rows[0], &currency);
	ck_assert_str_eq(currency, "USDT");
	return value;
}

static void
book(double bid, double ask, double timestamp)
{
	books[0] = (struct book_reading){ .read = true, .bid = bid, .ask = ask, .timestamp = timestamp };
	items[0].prices = &prices;
	items[0].books = (struct exchange_target){ .symbols = symbols, .symbol_count = 1 };
}

START_TEST(prices_come_from_the_settings_then_from_books_then_from_marks)
{
	balance(0, "BTC", "1", "0");
	ck_assert_double_nan(worth());
	position("BTC-USDT-SWAP", "1", 300);
	ck_assert_double_eq(worth(), 300);
	book(190, 210, noon - (double)BOOK_AGE_MOST);
	ck_assert_double_eq(worth(), 200);
	book(190, 210, -1); /* tells no time */
	ck_assert_double_eq(worth(), 200);
	price("BTC", "USDT", 100);
	ck_assert_double_eq(worth(), 100);
}
END_TEST

START_TEST(an_old_book_and_a_contract_with_an_end_are_no_prices)
{
	balance(0, "BTC", "1", "0");
	book(190, 210, noon - (double)BOOK_AGE_MOST - 1);
	position("BTC-USDT-260327", "1", 300);
	ck_assert_double_nan(worth());
	books[0].read = false;
	ck_assert_double_nan(worth());
}
END_TEST

START_TEST(the_engine_s_positions_are_worth_what_the_exchange_says)
{
	struct account_position *inverse = position("BTC-USD-SWAP", "5000", 50000);
	const char *currency;

	inverse->inverse = true;
	position("ETH-USDT-SWAP", "2", 10);
	list_add(&engine, 1, "BTC/USD", "100");
	list_add(&engine, 1, "ETH/USDT", "3");
	list_add(&engine, 1, "XRP/USDT", "4");
	ck_assert_int_eq(exchange_view_build(&view, &policy, &accounts, noon, &why), 0);
	exchange_view_add_prices(&view, &engine);
	ck_assert(engine.rows[0].inverse);
	ck_assert_double_eq(exchange_view_worth(&view, &policy, &engine.rows[0], &currency), 100);
	ck_assert_str_eq(currency, "USD");
	ck_assert_double_eq(exchange_view_worth(&view, &policy, &engine.rows[1], &currency), 30);
	ck_assert_double_nan(exchange_view_worth(&view, &policy, &engine.rows[2], &currency));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("exchange_view");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, what_is_held_counts_free_and_locked_together_and_cash_does_not);
	tcase_add_test(all, what_was_not_read_whole_is_not_known);
	tcase_add_test(all, a_sum_of_too_many_digits_makes_its_exchange_unknown);
	tcase_add_test(all, what_is_ignored_is_not_there);
	tcase_add_loop_test(all, an_asset_worth_less_than_dust_is_no_position_unless_somebody_counts_with_it,
	    0, LENGTH(worths));
	tcase_add_test(all, a_derivative_is_never_dust);
	tcase_add_test(all, prices_come_from_the_settings_then_from_books_then_from_marks);
	tcase_add_test(all, an_old_book_and_a_contract_with_an_end_are_no_prices);
	tcase_add_test(all, the_engine_s_positions_are_worth_what_the_exchange_says);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
