#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "positions/policy.h"
#include "tests/suite.h"

/* As the program has them. */
static const struct option table[] = {
	{ .name = "exchange", .argument = "NAME", .repeatable = true },
	{ .name = "exchange.profiles", .argument = "DIR", .fallback = "exchanges" },
	{ .name = "symbol", .argument = "S", .repeatable = true },
	{ .name = "engine.max-age", .argument = "D", .fallback = "0s" },
	{ .name = "tolerance.absolute", .argument = "Q", .fallback = "0" },
	{ .name = "tolerance.relative", .argument = "R", .fallback = "0.0001" },
	{ .name = "net" },
	{ .name = "grace", .argument = "D", .fallback = "30s" },
	{ .name = "baseline", .argument = "B", .repeatable = true },
	{ .name = "ignore", .argument = "S", .repeatable = true },
	{ .name = "cash", .argument = "C", .fallback = "KRW,USDT" },
	{ .name = "env", .argument = "E", .fallback = "paper" },
	{ .name = "dust", .argument = "A", .fallback = "1" },
	{ .name = "exposure.currency", .argument = "C", .fallback = "USDT", .repeatable = true },
	{ .name = "rate", .argument = "R", .repeatable = true },
	{ .name = "inventory", .argument = "N" },
	{ 0 },
};
static const struct option *const tables[] = { table };

static struct options *options;
static struct exchange_settings exchanges;
static struct policy policy;
static struct failure why;

static void
set_up(void)
{
	options = options_new("open_positions", tables, 1);
	ck_assert_ptr_nonnull(options);
	exchanges = (struct exchange_settings){ 0 };
	policy = (struct policy){ 0 };
	why = (struct failure){ 0 };
}

static void
tear_down(void)
{
	policy_release(&policy);
	exchange_settings_release(&exchanges);
	options_free(options);
}

/* Binance, its futures, Upbit and OKX, and besides what `flags` say: separated by blanks. */
static int
given(const char *flags)
{
	char text[2048], *words[128], *rest = text;
	int count = 0;

	(void)snprintf(text, sizeof(text),
	    "x --exchange binance --exchange binanceusdm --exchange upbit --exchange okx %s", flags);
	for (char *word; (word = strsep(&rest, " ")) != NULL;)
		if (*word != '\0' && count < 127)
			words[count++] = word;
	words[count] = NULL;
	ck_assert_msg(options_read_flags(options, count, words, &why) == 0, "%s", why.text);
	ck_assert_msg(exchange_settings_read(&exchanges, options, &why) == 0, "%s", why.text);
	if (policy_read(&policy, options, &exchanges, &why) != 0)
		return -1;
	return policy_read_while_trading(&policy, options, &exchanges, &why);
}

/* "binance:BTC=1.5", in the order they have. */
static const char *
list_text(const struct holdings *list)
{
	static char text[1024];
	char digits[DECIMAL_TEXT];
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < list->count; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s:%s=%s%s",
		    i > 0 ? " " : "", exchanges.items[list->rows[i].exchange].name, list->rows[i].symbol.text,
		    list->rows[i].is_short ? "-" : "", decimal_text(list->rows[i].quantity, digits));
	return text;
}

static bool
counts(size_t exchange, const char *symbol, enum holding_market market)
{
	struct holding holding;

	holding_init(&holding);
	holding.exchange = exchange;
	holding.market = market;
	(void)snprintf(holding.symbol.text, sizeof(holding.symbol.text), "%s", symbol);
	return policy_counts(&policy, &holding);
}

START_TEST(without_a_word_it_is_as_documented)
{
	ck_assert_msg(given("--env live --dust 100") == 0, "%s", why.text);
	tear_down();
	set_up();
	ck_assert_msg(given("--dust 150000") == 0, "%s", why.text);
	tear_down();
	set_up();
	ck_assert_msg(given("") == 0, "%s", why.text);
	ck_assert_double_eq(policy.limits.grace_seconds, 30);
	ck_assert_double_eq(policy.max_age, 0);
	ck_assert_double_eq(policy.dust, 1);
	ck_assert(!policy.limits.net);
	ck_assert_int_eq(decimal_sign(policy.limits.absolute), 0);
	ck_assert_uint_eq(policy.currency_count, 1);
	ck_assert_str_eq(policy.currencies[0], "USDT");
	ck_assert(policy.has_inventory);
	ck_assert_uint_eq(policy.inventory[0], 0); /* binance; its futures hold nothing */
	ck_assert_uint_eq(policy.inventory[1], 2); /* upbit */
}
END_TEST

START_TEST(what_is_kept_there_is_told_by_exchange_and_symbol_however_it_is_spelt)
{
	ck_assert_msg(
	    given("--baseline upbit:btc=1.5 --baseline binance:ETH/USDT=0.000000000000000001"
		  " --baseline okx:BTC/USDT=-2 --baseline upbit:BTC=0.1 --baseline okx:weth=3") == 0,
	    "%s", why.text);
	/* Of spot the asset counts, whatever it was bought with. */
	ck_assert_str_eq(list_text(&policy.baseline),
	    "binance:ETH=0.000000000000000001 upbit:BTC=1.6 okx:BTC/USDT=-2 okx:WETH=3");
}
END_TEST

START_TEST(what_is_ignored_is_no_position_and_cash_is_none_on_spot)
{
	ck_assert_msg(given("--ignore upbit:BTC --ignore BTC/USDT --ignore okx:ETH") == 0, "%s", why.text);
	ck_assert(!counts(2, "BTC", HOLDING_SPOT));
	ck_assert(!counts(0, "BTC", HOLDING_SPOT)); /* on spot a pair is its base */
	ck_assert(counts(3, "BTC", HOLDING_SPOT));
	ck_assert(!counts(3, "BTC/USDT", HOLDING_DERIVATIVE));
	ck_assert(!counts(1, "BTC/USDT", HOLDING_DERIVATIVE));
	ck_assert(!counts(3, "ETH", HOLDING_SPOT));
	ck_assert(counts(0, "ETH", HOLDING_SPOT));
	ck_assert(!counts(0, "USDT", HOLDING_SPOT));
	ck_assert(!counts(2, "KRW", HOLDING_SPOT));
	ck_assert(counts(0, "EUR", HOLDING_SPOT));
	ck_assert(counts(3, "USDT", HOLDING_DERIVATIVE));
}
END_TEST

/* Bybit's BTCPERP names no quote: whether it is a contract is not seen from its name. */
START_TEST(a_contract_without_a_quote_in_its_name_can_be_ignored)
{
	ck_assert_msg(given("--exchange bybit --ignore bybit:BTCPERP") == 0, "%s", why.text);
	ck_assert(!counts(4, "BTCPERP", HOLDING_DERIVATIVE));
	ck_assert(!counts(4, "BTCPERP", HOLDING_SPOT));
	ck_assert(counts(4, "ETHPERP", HOLDING_DERIVATIVE));
}
END_TEST

START_TEST(the_colon_of_a_symbol_names_no_exchange)
{
	ck_assert_msg(given("--ignore BTC/USDT:USDT --ignore okx:ETH/USDT:USDT") == 0, "%s", why.text);
	ck_assert(!counts(1, "BTC/USDT", HOLDING_DERIVATIVE));
	ck_assert(!counts(3, "BTC/USDT", HOLDING_DERIVATIVE));
	ck_assert(!counts(3, "ETH/USDT", HOLDING_DERIVATIVE));
	ck_assert(counts(1, "ETH/USDT", HOLDING_DERIVATIVE));
}
END_TEST

START_TEST(cash_may_be_nothing_at_all)
{
	ck_assert_msg(given("--cash=") == 0, "%s", why.text);
	ck_assert(counts(0, "USDT", HOLDING_SPOT));
}
END_TEST

static const struct {
	const char *flags, *error;
} faulty[] = {
	{ "--tolerance.absolute -0.1", "--tolerance.absolute: '-0.1' is not a number" },
	{ "--tolerance.absolute x", "is not a number" },
	{ "--tolerance.relative 1", "would hide everything" },
	{ "--tolerance.relative 2", "would hide everything" },
	{ "--dust -1", "--dust" },
	{ "--env live --dust 150000", "--dust" },
	{ "--env live --dust 101", "--dust" },
	{ "--env live --exposure.currency BTC", "--dust" },
	{ "--env live --exposure.currency KRW --dust 100001", "--dust" },
	{ "--grace 5", "is not a duration" },
	{ "--engine.max-age x", "is not a duration" },
	{ "--cash usdt", "'usdt' is not a currency" },
	{ "--cash USDT,,KRW", "'' is not a currency" },
	{ "--cash USDT,THIS-IS-NO-CURRENCY", "is not a currency" },
	{ "--exposure.currency usd", "'usd' is not a currency" },
	{ "--rate BTC=1", "is not a rate" },
	{ "--rate BTC/USDT", "is not a rate" },
	{ "--rate BTC/USDT=0", "is not a rate" },
	{ "--rate BTC/USDT=-1", "is not a rate" },
	{ "--rate /USDT=1", "is not a rate" },
	{ "--rate BTC/=1", "is not a rate" },
	{ "--rate ABCDEFGHIJKLMNOPQRSTUVWXYZ/USDT=1", "is not a rate" },
	{ "--baseline upbit:BTC", "is not EXCHANGE:SYMBOL=QUANTITY" },
	{ "--baseline BTC=1", "is not EXCHANGE:SYMBOL=QUANTITY" },
	{ "--baseline upbit:=1", "is not a symbol" },
	{ "--baseline upbit:B!=1", "is not a symbol" },
	{ "--baseline upbit:BTC=one", "is not EXCHANGE:SYMBOL=QUANTITY" },
	{ "--baseline kraken:BTC=1", "that --exchange does not name" },
	{ "--baseline upbit:BTC=99999999999999999999999999999999999999 --baseline upbit:BTC=0.1",
	    "too many digits" },
	/* What is no position would differ for ever. */
	{ "--baseline upbit:KRW=1000000", "'upbit:KRW=1000000' cannot be a baseline" },
	{ "--baseline upbit:BTC=1 --ignore BTC", "'upbit:BTC=1' cannot be a baseline" },
	{ "--ignore kraken:BTC", "that --exchange does not name" },
	{ "--ignore BTC//USDT", "is not a symbol" },
	{ "--inventory binance", "is not two exchanges" },
	{ "--inventory binance,binance", "is not two exchanges" },
	{ "--inventory binance,kraken", "is not two exchanges" },
	{ "--inventory binance,upbit,okx", "is not two exchanges" },
};

START_TEST(a_setting_that_makes_no_sense_is_refused_by_name)
{
	ck_assert_int_eq(given(faulty[_i].flags), -1);
	ck_assert_msg(strstr(why.text, faulty[_i].error) != NULL, "%s: %s", faulty[_i].flags, why.text);
}
END_TEST

static const char *
repeated(const char *more, int count)
{
	static char flags[2000];
	int length = 0;

	for (int i = 0; i < count; i++)
		length += snprintf(flags + length, sizeof(flags) - (size_t)length, "%s", more);
	ck_assert_int_lt(length, LENGTH(flags));
	return flags;
}

START_TEST(lists_have_an_end)
{
	ck_assert_int_eq(given(repeated(" --exposure.currency A", CURRENCIES_MOST + 1)), -1);
	ck_assert_msg(strstr(why.text, "currencies") != NULL, "%s", why.text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("policy");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, without_a_word_it_is_as_documented);
	tcase_add_test(all, what_is_kept_there_is_told_by_exchange_and_symbol_however_it_is_spelt);
	tcase_add_test(all, what_is_ignored_is_no_position_and_cash_is_none_on_spot);
	tcase_add_test(all, a_contract_without_a_quote_in_its_name_can_be_ignored);
	tcase_add_test(all, the_colon_of_a_symbol_names_no_exchange);
	tcase_add_test(all, cash_may_be_nothing_at_all);
	tcase_add_loop_test(all, a_setting_that_makes_no_sense_is_refused_by_name, 0, LENGTH(faulty));
	tcase_add_test(all, lists_have_an_end);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
