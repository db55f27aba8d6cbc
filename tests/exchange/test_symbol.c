#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/symbol.h"
#include "tests/suite.h"

/* A profile of the repository; begun from its root, as tests/run_all.sh does. */
static struct profile *
load(const char *path)
{
	/* Kraken's names of old, for accounts. */
	static const struct profile_list renames = { .items = { "XXBT=BTC", "XETH=ETH", "XXRP=XRP",
							 "XXDG=XDG", "ZUSD=USD", "ZEUR=EUR", "XETC=ETC" },
		.count = 7 };
	struct failure why;
	struct profile *profile = profile_load(path, &why);

	ck_assert_msg(profile != NULL, "%s", why.text);
	if (strcmp(profile->name, "kraken") == 0)
		profile->account.asset_rename = renames;
	return profile;
}

static struct profile *
load_named(const char *name)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "exchanges/%s.yaml", name);
	return load(path);
}

/* On every exchange alike. */
static const struct {
	const char *spelt, *text;
} everywhere[] = {
	{ "BTC/USDT", "BTC/USDT" },
	{ "btc/usdt", "BTC/USDT" },
	{ "BTC/USDT:USDT", "BTC/USDT" },
	{ "BTC/USD:BTC", "BTC/USD" },
	{ "BTC/KRW", "BTC/KRW" },
	{ "BTCUSDT", "BTC/USDT" },
	{ "btcusdt", "BTC/USDT" },
	{ "BtcUsdt", "BTC/USDT" },
	{ "USDTKRW", "USDT/KRW" },
	{ "USDT/KRW", "USDT/KRW" },
	{ "1000SHIBUSDT", "1000SHIB/USDT" },
	{ "1INCHUSDT", "1INCH/USDT" },
	{ "BTCFDUSD", "BTC/FDUSD" },
	{ "ETHBTC", "ETH/BTC" },
	{ "BTCUSD_PERP", "BTC/USD" },
	{ "BTCUSDT_UMCBL", "BTC/USDT" },
	{ "BTCUSD_DMCBL", "BTC/USD" },
	{ "BTCUSDT-PERP", "BTC/USDT" },
	{ "BTCUSDT_260327", "BTC/USDT-260327" },
	{ "BTCUSD_260327", "BTC/USD-260327" },
	{ "BTCUSDT-27MAR26", "BTC/USDT-260327" },
	{ "BTCUSDT-7MAR26", "BTC/USDT-260307" },
	{ "BTC/USDT:USDT-260327", "BTC/USDT-260327" },
	{ "BTC/USD:BTC-260327-50000-C", "BTC/USD-260327-50000-C" },
	{ "BTC/USDT-260327", "BTC/USDT-260327" },
	{ "BTC/USDT-20260327", "BTC/USDT-260327" },
	{ "DOTUSD", "DOT/USD" },
	{ "BNBUSD", "BNB/USD" },
	{ "ADAEUR", "ADA/EUR" },
	{ "XTZUSD", "XTZ/USD" },
	{ "PERPUSDT", "PERP/USDT" },
	{ "PERP/USDT", "PERP/USDT" },
	{ "SWAP/USDT:USDT", "SWAP/USDT" },
	{ "BRK.B/USDT", "BRK.B/USDT" },
	{ "币安人生USDT", "币安人生/USDT" },
	{ "币安人生/USDT", "币安人生/USDT" },
	{ "１２３４５６USDT", "１２３４５６/USDT" },
	{ "WUSDT", "W/USDT" },
	{ "BTC/XYZ", "BTC/XYZ" }, /* a slash needs no list of quotes */
	{ "BTCXYZ", "BTCXYZ" },   /* a quote nobody knows: an asset alone */
	{ "BTC", "BTC" },
	{ "USDT", "USDT" },
	{ "FDUSD", "FDUSD" },
	{ "EUR", "EUR" },
};

/* In the exchange's own order, and by its own names. */
static const struct {
	const char *profile, *spelt, *text;
} spellings[] = {
	{ "bybit", "BTCPERP", "BTC/USDC" }, { "bybit", "BTCUSDZ25", "BTC/USD-251226" },
	{ "bybit", "BTC-26SEP25", "BTC/USDC-250926" }, { "bybit", "ETHUSDH26", "ETH/USD-260327" },
	{ "bybit", "BTC-26SEP25-USDT", "BTC/USDT-250926" },
	{ "bybit", "BTC-5JUN26-90000-C-USDT", "BTC/USDT-260605-90000-C" },
	{ "bybit", "BTC-5JUN26-90000-C", "BTC/USDC-260605-90000-C" }, { "bybit", "PERPUSDT", "PERP/USDT" },
	{ "okx", "BTC-27MAR26", "BTC-260327" }, { "okx", "BTC-USDT", "BTC/USDT" },
	{ "okx", "BTC-USDT-SWAP", "BTC/USDT" }, { "okx", "BTC-USD-SWAP", "BTC/USD" },
	{ "okx", "BTC-USDT-260327", "BTC/USDT-260327" },
	{ "okx", "BTC-USD-260327-50000-C", "BTC/USD-260327-50000-C" },
	{ "okx", "PERP-USDT-SWAP", "PERP/USDT" }, { "okx", "SWAP-USDT-SWAP", "SWAP/USDT" },
	{ "okx", "BTC-XYZ", "BTC/XYZ" }, { "binance", "BTC-USDT", "BTC/USDT" },
	{ "binance", "BTC_USDT", "BTC/USDT" }, { "binance", "BTC:USDT", "BTC/USDT" },
	{ "binance", "BTC USDT", "BTC/USDT" }, { "binance", "BTC.USDT", "BTC/USDT" },
	{ "binance", "BRK.B-USDT", "BRK.B/USDT" }, { "binanceusdm", "BTCUSDT", "BTC/USDT" },
	{ "binanceusdm", "btc_usdt", "BTC/USDT" }, { "binanceusdm", "BTCUSDT_260327", "BTC/USDT-260327" },
	{ "gate", "BTC_USDT", "BTC/USDT" }, { "gate", "btc_usdt", "BTC/USDT" },
	{ "gate", "BTC_USDT_20260327", "BTC/USDT-260327" }, { "gate", "PI_USDT", "PI/USDT" },
	{ "bitget", "BTCUSDT_UMCBL", "BTC/USDT" }, { "bybit", "BTCUSDT", "BTC/USDT" },
	{ "bybit", "BTCUSD", "BTC/USD" }, { "coinbase", "BTC-USD", "BTC/USD" },
	{ "coinbase", "BTC-USDC", "BTC/USDC" }, { "upbit", "KRW-BTC", "BTC/KRW" },
	{ "upbit", "krw-btc", "BTC/KRW" }, { "upbit", "KRW_BTC", "BTC/KRW" },
	{ "upbit", "BTC-ETH", "ETH/BTC" }, { "upbit", "USDT-BTC", "BTC/USDT" },
	{ "upbit", "KRW-USDT", "USDT/KRW" }, { "upbit", "BTCKRW", "BTC/KRW" },
	{ "upbit", "BTC/KRW", "BTC/KRW" }, { "upbit", "USDT-PERP", "PERP/USDT" },
	{ "upbit", "KRW.BTC", "BTC/KRW" }, { "bithumb", "KRW-BTC", "BTC/KRW" },
	{ "bithumb", "BTC/KRW", "BTC/KRW" }, { "kraken", "XBTUSD", "BTC/USD" },
	{ "kraken", "XXBTZUSD", "BTC/USD" }, { "kraken", "XBT/USD", "BTC/USD" },
	{ "kraken", "BTC/USD", "BTC/USD" }, { "kraken", "BTCUSD", "BTC/USD" },
	{ "kraken", "XBTUSDT", "BTC/USDT" }, { "kraken", "XETHXXBT", "ETH/BTC" },
	{ "kraken", "ETHXBT", "ETH/BTC" }, { "kraken", "XXDGZUSD", "DOGE/USD" },
	{ "kraken", "XDGUSD", "DOGE/USD" }, { "kraken", "XDGXBT", "DOGE/BTC" },
	{ "kraken", "XTZUSD", "XTZ/USD" }, { "kraken", "USDTZUSD", "USDT/USD" },
	{ "kraken", "USDTUSD", "USDT/USD" }, { "kraken", "XETCZEUR", "ETC/EUR" },
	{ "kraken", "XXBT/ZUSD", "BTC/USD" }, { "kraken", "XBT.F/USD", "BTC.F/USD" },
	{ "kraken", "XXBT", "BTC" },
	{ "kraken", "BTCXUSD", "BTCX/USD" },  /* only begins like one that is renamed */
	{ "binance", "XBTUSDT", "XBT/USDT" }, /* another one's name */
};

static void
expect(const struct profile *profile, const char *spelt, const char *text)
{
	struct symbol symbol;

	ck_assert_msg(symbol_read(profile, SLICE(spelt), &symbol), "%s: %s", profile->name, spelt);
	ck_assert_msg(strcmp(symbol.text, text) == 0, "%s: %s is %s", profile->name, spelt, symbol.text);
}

/* Calls `use` with every profile of the repository. */
static void
with_every_profile(void (*use)(const struct profile *profile))
{
	glob_t found;

	ck_assert_int_eq(glob("exchanges/*.yaml", 0, NULL, &found), 0);
	ck_assert_uint_ge(found.gl_pathc, 10);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct profile *profile = load(found.gl_pathv[i]);

		use(profile);
		profile_free(profile);
	}
	globfree(&found);
}

static void
read_everywhere(const struct profile *profile)
{
	for (int i = 0; i < LENGTH(everywhere); i++)
		expect(profile, everywhere[i].spelt, everywhere[i].text);
}

START_TEST(common_spellings_are_the_same_market_on_every_exchange)
{
	with_every_profile(read_everywhere);
}
END_TEST

START_TEST(an_exchange_s_own_spelling_is_the_same_market)
{
	struct profile *profile = load_named(spellings[_i].profile);

	expect(profile, spellings[_i].spelt, spellings[_i].text);
	profile_free(profile);
}
END_TEST

START_TEST(a_market_has_its_base_and_quote)
{
	struct profile *profile = load_named("okx");
	struct symbol symbol;

	ck_assert(symbol_read(profile, SLICE("BTC-USDT-260327"), &symbol));
	ck_assert_str_eq(symbol.base, "BTC");
	ck_assert_str_eq(symbol.quote, "USDT");
	ck_assert(symbol_read(profile, SLICE("BTC"), &symbol));
	ck_assert_str_eq(symbol.base, "BTC");
	ck_assert_str_eq(symbol.quote, "");
	profile_free(profile);
}
END_TEST

/* How many of which asset one base is. */
static const struct {
	const char *profile, *base, *asset;
	int count;
} units[] = {
	{ "bybit", "10000LADYS", "LADYS", 10000 },
	{ "bybit", "SHIB1000", "SHIB", 1000 },
	{ "bybit", "10000000AIDOGE", "AIDOGE", 10000000 },
	{ "bybit", "1INCH", "1INCH", 1 },
	{ "binanceusdm", "1000X", "X", 1000 },
	{ "binanceusdm", "1MBABYDOGE", "BABYDOGE", 1000000 },
	{ "binanceusdm", "1000", "1000", 1 },
	{ "bitget", "1000BONK", "BONK", 1000 },
	{ "bitget_unified", "10000ELON", "ELON", 10000 },
	{ "gate", "1000SATS", "SATS", 1000 },
	{ "okx", "1000SATS", "1000SATS", 1 },
};

START_TEST(a_base_may_stand_for_many_of_its_asset)
{
	struct profile *profile = load_named(units[_i].profile);
	struct symbol_unit unit;

	symbol_unit(profile, units[_i].base, &unit);
	ck_assert_msg(strcmp(unit.asset, units[_i].asset) == 0 && unit.count == units[_i].count, "%s: %d %s",
	    units[_i].base, unit.count, unit.asset);
	profile_free(profile);
}
END_TEST

START_TEST(only_the_bytes_of_the_slice_are_read)
{
	struct profile *profile = load_named("binance");
	struct symbol symbol;

	ck_assert(symbol_read(profile, (struct slice){ "BTCUSDTUSDC", 7 }, &symbol));
	ck_assert_str_eq(symbol.text, "BTC/USDT");
	profile_free(profile);
}
END_TEST

static const char *const bases[] = { "BTC", "ETH", "XRP", "SOL", "DOGE", "ADA", "DOT", "APT", "GRT", "MNT",
	"BNB", "XTZ", "USDT", "USDC", "1INCH", "1000SHIB", "1000000MOG", "PERP", "SWAP", "W", "S", "STETH",
	"WBTC", "FD", "ETHW", "KRWQ", "AUD", "币安人生", "ETC", "ZRX", "XLM", "USD", "EUR", "JASMY",
	"LONGNAMEDTOKEN1" };
static const char *const their_quotes[] = { "USDT", "USDC", "USD", "KRW", "EUR", "BTC", "ETH", "FDUSD", "JPY",
	"TRY", "GBP", "BNB" };

static void
write_and_read(const struct profile *profile)
{
	char pair[SYMBOL_TEXT], native[SYMBOL_TEXT];

	for (int i = 0; i < LENGTH(bases); i++)
		for (int j = 0; j < LENGTH(their_quotes); j++) {
			(void)snprintf(pair, sizeof(pair), "%s/%s", bases[i], their_quotes[j]);
			/* No exchange has a pair that is spelt like another one (FDUSD). */
			if (strcmp(bases[i], their_quotes[j]) == 0 || strcmp(pair, "FD/USD") == 0)
				continue;
			ck_assert_int_eq(profile_symbol(profile, pair, native, sizeof(native)), 0);
			expect(profile, native, pair);
		}
}

START_TEST(what_an_exchange_s_spelling_was_made_of_is_read_from_it)
{
	with_every_profile(write_and_read);
}
END_TEST

static void
read_again(const struct profile *profile)
{
	struct symbol first, second;

	for (int i = 0; i < LENGTH(spellings); i++) {
		if (strcmp(spellings[i].profile, profile->name) != 0)
			continue;
		ck_assert(symbol_read(profile, SLICE(spellings[i].spelt), &first));
		ck_assert(symbol_read(profile, SLICE(first.text), &second));
		ck_assert_str_eq(first.text, second.text);
		ck_assert_str_eq(first.base, second.base);
		ck_assert_str_eq(first.quote, second.quote);
	}
}

START_TEST(a_canonical_symbol_is_its_own_spelling)
{
	with_every_profile(read_again);
}
END_TEST

/* Of accounts; NULL: refused. */
static const struct {
	const char *profile, *spelt, *asset;
} assets[] = {
	{ "kraken", "XXBT", "BTC" },
	{ "kraken", "xbt", "BTC" },
	{ "kraken", "XBT", "BTC" },
	{ "kraken", "BTC", "BTC" },
	{ "kraken", "ZUSD", "USD" },
	{ "kraken", "USD", "USD" },
	{ "kraken", "XXDG", "DOGE" },
	{ "kraken", "XDG", "DOGE" },
	{ "kraken", "XTZ", "XTZ" },
	{ "kraken", "XBT.M", "BTC.M" },
	{ "kraken", "XBT.F", "BTC.F" },
	{ "kraken", "XXBT.F", "BTC.F" },
	{ "kraken", "ETH2.S", "ETH2.S" },
	{ "kraken", "DOT28.S", "DOT28.S" },
	{ "kraken", "USD.HOLD", "USD.HOLD" },
	{ "kraken", "ZUSD.HOLD", "USD.HOLD" },
	{ "binance", "XBT", "XBT" },
	{ "binance", "WETH", "WETH" },
	{ "binance", "BTCUSDT", "BTCUSDT" },
	{ "binance", "usdt", "USDT" },
	{ "binance", "1000SHIB", "1000SHIB" },
	{ "binance", "币安人生", "币安人生" },
	{ "upbit", "KRW", "KRW" },
	{ "gate", "BEL_3L", "BEL_3L" },
	{ "binance", "ABCDEFGHIJKLMNOPQRSTUVW", "ABCDEFGHIJKLMNOPQRSTUVW" },
	{ "binance", "ABCDEFGHIJKLMNOPQRSTUVWX", NULL },
	{ "binance", "BTC/USDT", NULL },
	{ "binance", "BTC:USDT", NULL },
	{ "binance", "BTC USDT", NULL },
	{ "binance", "", NULL },
	{ "binance", ".F", NULL },
	{ "binance", "BTC.", NULL },
	{ "binance", "BTC..F", NULL },
	{ "kraken", "XBT\n", NULL },
};

START_TEST(an_asset_has_one_name)
{
	struct profile *profile = load_named(assets[_i].profile);
	struct symbol symbol;

	if (assets[_i].asset == NULL) {
		ck_assert(!symbol_read_asset(profile, SLICE(assets[_i].spelt), &symbol));
	} else {
		ck_assert_msg(
		    symbol_read_asset(profile, SLICE(assets[_i].spelt), &symbol), "%s", assets[_i].spelt);
		ck_assert_str_eq(symbol.base, assets[_i].asset);
		ck_assert_str_eq(symbol.text, assets[_i].asset);
		ck_assert_str_eq(symbol.quote, "");
	}
	profile_free(profile);
}
END_TEST

START_TEST(what_is_staked_counts_as_the_asset_when_the_profile_says_so)
{
	struct profile *profile = load_named("kraken");
	struct symbol symbol;

	profile->account.asset_rename =
	    (struct profile_list){ .items = { "XBT.F=XBT", "XXBT=BTC" }, .count = 2 };
	ck_assert(symbol_read_asset(profile, SLICE("XBT.F"), &symbol));
	ck_assert_str_eq(symbol.text, "BTC");
	ck_assert(symbol_read_asset(profile, SLICE("XBT.M"), &symbol));
	ck_assert_str_eq(symbol.text, "BTC.M");
	profile_free(profile);
}
END_TEST

static const char *const refused[] = { "", "/", "-", ".", " ", "BTC/", "/USDT", "BTC//USDT", "BTC-", "-BTC",
	"_BTC_USDT", "BTC--USDT", "BTC/USDT/KRW", "BTC/USDT:", "BTC/:USDT", " BTCUSDT", "BTCUSDT ",
	"BTC  USDT", "BTCUSDT\n", "BTC\tUSDT", "BTC\"USDT", "BTC\\USDT", "BTC{USDT}", "BTC,USDT", "BTC&USDT",
	"BTC%2FUSDT", "BTC=USDT", "BTC+USDT", "BTC*USDT", "BTC\x7fUSDT", "BTC\x01USDT", "BTC\xffUSDT",
	"BTC\xc3USDT", "\xc0\xafUSDT", "BTC\xed\xa0\x80USDT", "BTC\xc2\x85USDT", "BTC\xc2\xa0USDT",
	"BTC\xe2\x80\xaeUSDT", "BTC\xe2\x80\x8bUSDT", "BTC\xef\xbb\xbfUSDT", "BTC\xef\xbf\xbdUSDT",
	"BTC\xf3\xa0\x80\x81USDT", "BTC\xe3\x80\x80USDT", "A-B/USDT", "A B/USDT",
	"BTCUSDTBTCUSDTBTCUSDTBTCUSDTBTCUSDTBTCUSDTBTCUSDTBTCUSDTBTCUSDTX", /* 64 bytes */
	"ABCDEFGHIJKLMNOPQRSTUVWX/USDT", "BTC/ABCDEFGHIJKLMNOPQRSTUVWX", "ABCDEFGHIJKLMNOPQRSTUVWXUSDT" };

static void
refuse(const struct profile *profile)
{
	struct symbol symbol = { .text = "untouched" };

	for (int i = 0; i < LENGTH(refused); i++)
		ck_assert_msg(!symbol_read(profile, SLICE(refused[i]), &symbol), "%s: '%s' is %s",
		    profile->name, refused[i], symbol.text);
	ck_assert(!symbol_read(profile, (struct slice){ "BTC\0USDT", 8 }, &symbol));
	ck_assert(!symbol_read(profile, (struct slice){ "BTCUSDT\0", 8 }, &symbol));
	ck_assert(!symbol_read(profile, (struct slice){ NULL, 0 }, &symbol));
	ck_assert_str_eq(symbol.text, "untouched");
}

START_TEST(what_is_no_symbol_is_refused)
{
	with_every_profile(refuse);
}
END_TEST

/* Any byte anywhere: refused, or a clean text. */
static void
replace_bytes(const struct profile *profile)
{
	struct symbol symbol;

	for (size_t at = 0; at < 15; at++)
		for (int byte = 0; byte < 256; byte++) {
			char spelt[] = "BTC-USDT-260327";

			spelt[at] = (char)byte;
			if (!symbol_read(profile, (struct slice){ spelt, 15 }, &symbol))
				continue;
			for (const char *c = symbol.text; *c != '\0'; c++)
				ck_assert_msg(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./-", *c) != NULL,
				    "%s", symbol.text);
			ck_assert_str_ne(symbol.base, "");
		}
}

START_TEST(no_byte_gets_into_a_symbol_that_does_not_belong_there)
{
	with_every_profile(replace_bytes);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("symbol");
	TCase *markets = tcase_create("markets");
	TCase *names = tcase_create("assets");
	TCase *hostile = tcase_create("hostile");

	tcase_add_test(markets, common_spellings_are_the_same_market_on_every_exchange);
	tcase_add_loop_test(markets, an_exchange_s_own_spelling_is_the_same_market, 0, LENGTH(spellings));
	tcase_add_test(markets, a_market_has_its_base_and_quote);
	tcase_add_test(markets, only_the_bytes_of_the_slice_are_read);
	tcase_add_test(markets, what_an_exchange_s_spelling_was_made_of_is_read_from_it);
	tcase_add_test(markets, a_canonical_symbol_is_its_own_spelling);
	tcase_add_loop_test(names, a_base_may_stand_for_many_of_its_asset, 0, LENGTH(units));
	tcase_add_loop_test(names, an_asset_has_one_name, 0, LENGTH(assets));
	tcase_add_test(names, what_is_staked_counts_as_the_asset_when_the_profile_says_so);
	tcase_add_test(hostile, what_is_no_symbol_is_refused);
	tcase_add_test(hostile, no_byte_gets_into_a_symbol_that_does_not_belong_there);
	suite_add_tcase(suite, markets);
	suite_add_tcase(suite, names);
	suite_add_tcase(suite, hostile);
	return run_suite(suite);
}
