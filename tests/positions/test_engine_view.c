#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "positions/engine_view.h"
#include "tests/suite.h"

enum { EXCHANGES = 3, ROWS = 16 };

static const double noon = 1763726400;

/* Binance (assets), its futures (positions), and OKX (both). */
static struct exchange_setting settings[EXCHANGES] = { { .name = (char[]){ "binance" } },
	{ .name = (char[]){ "binanceusdm" } }, { .name = (char[]){ "okx" } } };
static const struct exchange_settings exchanges = { settings, EXCHANGES };

static struct engine_row rows[ENGINE_STORES][ROWS];
static struct sources sources;
static struct policy policy;
static struct holdings held;
static struct engine_view view;
static struct failure why;

static void
set_up(void)
{
	char path[64];

	for (size_t i = 0; i < EXCHANGES; i++) {
		(void)snprintf(path, sizeof(path), "exchanges/%s.yaml", settings[i].name);
		settings[i].profile = profile_load(path, &why);
		ck_assert_msg(settings[i].profile != NULL, "%s", why.text);
	}
	sources = (struct sources){ .has_store = { true, false }, .has_engine = true };
	for (int store = 0; store < ENGINE_STORES; store++)
		sources.engine[store] =
		    (struct engine_reading){ .read = true, .rows = rows[store], .updated_at = -1 };
	policy = (struct policy){ 0 };
	held = (struct holdings){ 0 };
	view = (struct engine_view){ 0 };
}

static void
tear_down(void)
{
	for (size_t i = 0; i < EXCHANGES; i++)
		profile_free(settings[i].profile);
	holdings_release(&held);
	holdings_release(&policy.ignored);
	engine_view_release(&view);
}

/* "-1" is short. */
static void
row(enum engine_store store, const char *exchange, const char *symbol, const char *quantity,
    enum engine_market market)
{
	struct engine_reading *reading = &sources.engine[store];
	struct engine_row *added = &reading->rows[reading->row_count++];

	*added = (struct engine_row){
		.market = market, .entry_price = (double)NAN, .unrealized_pnl = (double)NAN
	};
	(void)snprintf(added->exchange, sizeof(added->exchange), "%s", exchange);
	(void)snprintf(added->symbol, sizeof(added->symbol), "%s", symbol);
	added->is_short = *quantity == '-';
	ck_assert(decimal_parse(SLICE(quantity + (*quantity == '-')), &added->quantity));
}

static void
say(const char *exchange, const char *symbol, const char *quantity)
{
	row(STORE_POSTGRES, exchange, symbol, quantity, ENGINE_MARKET_UNKNOWN);
}

static void
list_add(struct holdings *list, size_t exchange, const char *symbol, enum holding_market market)
{
	struct holding *added = holdings_add(list, &why);

	ck_assert_ptr_nonnull(added);
	added->exchange = exchange;
	added->market = market;
	(void)snprintf(added->symbol.text, sizeof(added->symbol.text), "%s", symbol);
}

/* "0:BTC=1.5 1:BTC/USDT=-2", and which exchanges are known: "yyn". */
static const char *
form(void)
{
	static char text[1024];
	const struct engine_view_input input = { &policy, &exchanges, &sources, &held };
	char digits[DECIMAL_TEXT];
	size_t length;

	ck_assert_int_eq(engine_view_build(&view, &input, noon, &why), 0);
	for (length = 0; length < EXCHANGES; length++)
		text[length] = view.known[length] ? 'y' : 'n';
	text[length] = '\0';
	for (size_t i = 0; i < view.holdings.count; i++) {
		const struct holding *one = &view.holdings.rows[i];

		length +=
		    (size_t)snprintf(text + length, sizeof(text) - length, " %zu:%s=%s%s", one->exchange,
			one->symbol.text, one->is_short ? "-" : "", decimal_text(one->quantity, digits));
	}
	return text;
}

START_TEST(an_empty_list_is_flat)
{
	ck_assert_str_eq(form(), "yyy");
	ck_assert(view.told);
	ck_assert_uint_eq(view.unknown_rows, 0);
}
END_TEST

START_TEST(however_it_is_spelt_it_is_one_market)
{
	say("binance", "BTC", "0.1");
	say("Binance", "btcusdt", "0.2");
	say("BINANCE", "BTC/USDT", "0.000000000000000001");
	say("binanceusdm", "BTC-USDT-SWAP", "1");
	say("binanceusdm", "BTC/USDT:USDT", "2");
	say("binanceusdm", "btc_usdt", "-3");
	say("okx", "BTC-USDT", "4"); /* where both are, a pair is a derivative */
	row(STORE_POSTGRES, "okx", "BTC-USDT", "5", ENGINE_MARKET_SPOT);
	row(STORE_POSTGRES, "okx", "BTC", "6", ENGINE_MARKET_UNKNOWN);
	ck_assert_str_eq(
	    form(), "yyy 0:BTC=0.300000000000000001 1:BTC/USDT=3 1:BTC/USDT=-3 2:BTC=11 2:BTC/USDT=4");
}
END_TEST

START_TEST(cash_and_what_is_ignored_is_no_position)
{
	list_add(&policy.ignored, 0, "USDT", HOLDING_SPOT);
	list_add(&policy.ignored, 2, "ETH/USDT", HOLDING_DERIVATIVE);
	say("binance", "USDT", "1000");
	say("okx", "ETH-USDT-SWAP", "1");
	say("binanceusdm", "ETHUSDT", "1");
	ck_assert_str_eq(form(), "yyy 1:ETH/USDT=1");
}
END_TEST

START_TEST(an_asset_that_is_held_is_not_taken_apart)
{
	say("binance", "WETH", "2");
	ck_assert_str_eq(form(), "yyy 0:W=2");
	list_add(&held, 0, "WETH", HOLDING_SPOT);
	ck_assert_str_eq(form(), "yyy 0:WETH=2");
}
END_TEST

START_TEST(rows_at_exchanges_nobody_looks_at_are_counted)
{
	say("elsewhere", "BTC", "1");
	say("binance ", "BTC", "1");
	say("", "BTC", "1");
	say("binance", "BTC", "1");
	ck_assert_str_eq(form(), "yyy 0:BTC=1");
	ck_assert_uint_eq(view.unknown_rows, 3);
	/* They may be in both stores. */
	sources.has_store[STORE_REDIS] = true;
	row(STORE_REDIS, "elsewhere", "BTC", "1", ENGINE_MARKET_UNKNOWN);
	(void)form();
	ck_assert_uint_eq(view.unknown_rows, 3);
}
END_TEST

START_TEST(a_symbol_that_is_none_makes_its_exchange_unknown)
{
	say("binance", "BTC", "1");
	say("binance", "!!", "1");
	say("okx", "BTC", "1");
	ck_assert_str_eq(form(), "nyy 2:BTC=1");
	ck_assert_ptr_nonnull(strstr(view.failures[0].text, "'!!'"));
	sources.engine[STORE_POSTGRES].row_count = 1;
	ck_assert_str_eq(form(), "yyy 0:BTC=1");
}
END_TEST

START_TEST(a_sum_of_too_many_digits_makes_its_exchange_unknown)
{
	say("binance", "BTC", "99999999999999999999999999999999999999");
	say("binance", "BTC", "0.1");
	say("okx", "BTC", "1");
	ck_assert_str_eq(form(), "nyy 2:BTC=1");
	ck_assert_ptr_nonnull(strstr(view.failures[0].text, "too many digits"));
}
END_TEST

START_TEST(a_store_that_was_not_read_leaves_nothing_known)
{
	say("binance", "BTC", "1");
	sources.has_store[STORE_REDIS] = true;
	sources.engine[STORE_REDIS].read = false;
	(void)failure_set(&sources.engine[STORE_REDIS].failure, FAILURE_CONNECT, "nobody is there");
	ck_assert_str_eq(form(), "nnn");
	ck_assert_int_eq(view.store_failures[STORE_POSTGRES].kind, FAILURE_NONE);
	ck_assert_int_eq(view.store_failures[STORE_REDIS].kind, FAILURE_CONNECT);
	sources.engine[STORE_REDIS].read = true;
	ck_assert_str_eq(form(), "yyy 0:BTC=1");
	sources.engine[STORE_POSTGRES].read = false;
	ck_assert_str_eq(form(), "nnn");
	ck_assert_int_ne(view.store_failures[STORE_POSTGRES].kind, FAILURE_NONE);
	sources.engine[STORE_REDIS].read = false;
	ck_assert_str_eq(form(), "nnn");
	ck_assert(!view.told);
}
END_TEST

START_TEST(without_a_store_nothing_is_known)
{
	sources.has_store[STORE_POSTGRES] = sources.has_engine = false;
	ck_assert_str_eq(form(), "nnn");
	ck_assert(!view.told);
}
END_TEST

START_TEST(what_both_stores_have_must_be_the_same_in_both)
{
	sources.has_store[STORE_REDIS] = true;
	say("binance", "BTC", "0.1");
	say("binance", "BTC", "0.2");
	say("okx", "ETH", "1");
	row(STORE_REDIS, "binance", "BTC/USDT", "0.30", ENGINE_MARKET_UNKNOWN);
	row(STORE_REDIS, "binanceusdm", "BTCUSDT", "7", ENGINE_MARKET_UNKNOWN);
	ck_assert_str_eq(form(), "yyy 0:BTC=0.3 1:BTC/USDT=7 2:ETH=1");
	row(STORE_REDIS, "okx", "ETH", "1.000000000000000001", ENGINE_MARKET_UNKNOWN);
	ck_assert_str_eq(form(), "yyn 0:BTC=0.3 1:BTC/USDT=7");
	ck_assert_ptr_nonnull(
	    strstr(view.failures[2].text, "ETH long: 1 in Postgres, 1.000000000000000001 in Redis"));
	/* Long in one and short in the other are two positions. */
	sources.engine[STORE_REDIS].row_count = 0;
	row(STORE_REDIS, "okx", "ETH", "-1", ENGINE_MARKET_UNKNOWN);
	sources.engine[STORE_POSTGRES].row_count = 3;
	ck_assert_str_eq(form(), "yyy 0:BTC=0.3 2:ETH=1 2:ETH=-1");
}
END_TEST

/* The bot changed its spelling, and left the old field behind. */
START_TEST(two_spellings_of_one_market_in_a_hash_make_its_exchange_unknown)
{
	sources.has_store[STORE_POSTGRES] = false;
	sources.has_store[STORE_REDIS] = true;
	row(STORE_REDIS, "binanceusdm", "BTC/USDT:USDT", "1", ENGINE_MARKET_UNKNOWN);
	row(STORE_REDIS, "binanceusdm", "BTC/USDT", "-1", ENGINE_MARKET_UNKNOWN);
	/* Two pairs of one asset are no contradiction. */
	row(STORE_REDIS, "binance", "BTC/USDT", "1", ENGINE_MARKET_UNKNOWN);
	row(STORE_REDIS, "binance", "ETH/BTC", "3", ENGINE_MARKET_UNKNOWN);
	row(STORE_REDIS, "binance", "BTC/USDC", "2", ENGINE_MARKET_UNKNOWN);
	ck_assert_str_eq(form(), "yyy 0:BTC=3 0:ETH=3 1:BTC/USDT=1 1:BTC/USDT=-1");
	row(STORE_REDIS, "BinanceUSDM", "btcusdt", _i == 0 ? "1" : "0", ENGINE_MARKET_UNKNOWN);
	ck_assert_str_eq(form(), "yny 0:BTC=3 0:ETH=3");
	ck_assert_ptr_nonnull(strstr(view.failures[1].text, "'BTC/USDT'"));
	ck_assert_ptr_nonnull(strstr(view.failures[1].text, "two spellings"));
}
END_TEST

/* It is closed, so that nothing depends on what it means. */
START_TEST(a_field_of_0_is_no_position)
{
	sources.has_store[STORE_POSTGRES] = false;
	sources.has_store[STORE_REDIS] = true;
	row(STORE_REDIS, "binance", "BTC/USDT", "1", ENGINE_MARKET_UNKNOWN);
	row(STORE_REDIS, "binance", "ETH/USDT", "0", ENGINE_MARKET_UNKNOWN);
	row(STORE_REDIS, "binance", "???", "0", ENGINE_MARKET_UNKNOWN);
	row(STORE_REDIS, "nowhere", "BTC/USDT", "0", ENGINE_MARKET_UNKNOWN);
	ck_assert_str_eq(form(), "yyy 0:BTC=1");
	ck_assert_uint_eq(view.unknown_rows, 0);
}
END_TEST

static const struct {
	double max_age, age; /* NaN: the engine does not say when it wrote */
	bool read;
} ages[] = {
	{ 0, 1e6, true }, /* any age */
	{ 0, -1e6, true },
	{ 60, 0, true },
	{ 60, 60, true },
	{ 60, 60.5, false },
	{ 60, (double)NAN, true },
	/* Clocks differ a little; what is far in the future would be fresh for ever. */
	{ 60, -5, true },
	{ 60, -60, true },
	{ 60, -61, false },
	{ 1, -5, true },
	{ 3600, -7200, false },
};

START_TEST(what_is_too_old_or_not_yet_written_is_not_read)
{
	struct engine_reading *reading = &sources.engine[STORE_POSTGRES];

	say("binance", "BTC", "1");
	policy.max_age = ages[_i].max_age;
	reading->updated_at = isnan(ages[_i].age) ? -1 : noon - ages[_i].age;
	ck_assert_str_eq(form(), ages[_i].read ? "yyy 0:BTC=1" : "nnn");
	if (!ages[_i].read)
		ck_assert_ptr_nonnull(strstr(view.store_failures[STORE_POSTGRES].text, "engine.max-age"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("engine_view");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, an_empty_list_is_flat);
	tcase_add_test(all, however_it_is_spelt_it_is_one_market);
	tcase_add_test(all, cash_and_what_is_ignored_is_no_position);
	tcase_add_test(all, an_asset_that_is_held_is_not_taken_apart);
	tcase_add_test(all, rows_at_exchanges_nobody_looks_at_are_counted);
	tcase_add_test(all, a_symbol_that_is_none_makes_its_exchange_unknown);
	tcase_add_test(all, a_sum_of_too_many_digits_makes_its_exchange_unknown);
	tcase_add_test(all, a_store_that_was_not_read_leaves_nothing_known);
	tcase_add_test(all, without_a_store_nothing_is_known);
	tcase_add_test(all, what_both_stores_have_must_be_the_same_in_both);
	tcase_add_loop_test(all, two_spellings_of_one_market_in_a_hash_make_its_exchange_unknown, 0, 2);
	tcase_add_test(all, a_field_of_0_is_no_position);
	tcase_add_loop_test(all, what_is_too_old_or_not_yet_written_is_not_read, 0, LENGTH(ages));
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
