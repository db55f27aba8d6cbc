#include <stdio.h>
#include <string.h>

#include "exchange/health/venues.h"
#include "exchange/options.h"
#include "tests/suite.h"

static const struct option *const tables[] = { exchange_options, judge_options };

static struct options *options;
static struct venues venues;
static struct failure why;

static void
set_up(void)
{
	options = options_new("exchange_health", tables, LENGTH(tables));
	ck_assert_ptr_nonnull(options);
	venues = (struct venues){ 0 };
	why = (struct failure){ 0 };
}

static void
tear_down(void)
{
	venues_release(&venues);
	options_free(options);
}

/* With the profiles of the repository, and what `flags` say: separated by blanks. */
static int
open_with(const char *flags)
{
	char text[2048], *words[128], *rest = text;
	int count = 0;

	(void)snprintf(text, sizeof(text), "x --exchange.profiles exchanges %s", flags);
	for (char *word; (word = strsep(&rest, " ")) != NULL;)
		if (*word != '\0' && count < 127)
			words[count++] = word;
	words[count] = NULL;
	ck_assert_msg(options_read_flags(options, count, words, &why) == 0, "%s", why.text);
	return venues_open(&venues, options, &why);
}

/* "binance BTC/USDT ETH/USDT, upbit BTC/KRW", in the order they have. */
static const char *
books_text(void)
{
	static char text[1024];
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < venues.count; i++) {
		length += (size_t)snprintf(
		    text + length, sizeof(text) - length, "%s%s", i > 0 ? ", " : "", venues.items[i].name);
		for (size_t j = 0; j < venues.items[i].book_count; j++)
			length += (size_t)snprintf(
			    text + length, sizeof(text) - length, " %s", venues.items[i].books[j].symbol);
	}
	return text;
}

static const struct {
	const char *flags, *books;
} good[] = {
	{ "--exchange binance", "binance BTC/USDT" },
	{ "--exchange binance --exchange okx --symbol ETH/USDT --symbol BTC/USDT",
	    "binance ETH/USDT BTC/USDT, okx ETH/USDT BTC/USDT" },
	{ "--exchange binance --exchange upbit --symbol BTC/USDT --symbol upbit:BTC/KRW",
	    "binance BTC/USDT, upbit BTC/KRW" },
	/* A symbol may name an exchange that comes later; the others then have none. */
	{ "--symbol upbit:BTC/KRW --exchange binance --exchange upbit", "binance, upbit BTC/KRW" },
};

START_TEST(a_symbol_is_for_all_exchanges_or_for_the_one_that_it_names)
{
	ck_assert_msg(open_with(good[_i].flags) == 0, "%s", why.text);
	ck_assert_str_eq(books_text(), good[_i].books);
}
END_TEST

static const struct {
	const char *flags, *error;
} bad[] = {
	{ "", "--exchange: name at least one exchange by its profile" },
	{ "--exchange Binance", "name the exchange by its profile, in small letters" },
	{ "--exchange ../binance", "name the exchange by its profile, in small letters" },
	{ "--exchange =http://127.0.0.1", "name the exchange by its profile, in small letters" },
	{ "--exchange nowhere", "nowhere: " },
	{ "--exchange binance --exchange okx --exchange binance", "'binance' is there twice" },
	{ "--exchange binance=ftp://127.0.0.1", "binance: the URL does not begin" },
	{ "--exchange binance=http://api.example.com", "binance: the URL is not https://" },
	{ "--exchange binance --symbol BTCUSDT", "'BTCUSDT' is not a pair like BTC/USDT" },
	{ "--exchange binance --symbol okx:BTC/USDT", "is for an exchange that --exchange does not name" },
	{ "--exchange binance --symbol bin:BTC/USDT", "is for an exchange that --exchange does not name" },
	{ "--exchange okx --symbol BTC/USDT --symbol BTC/USDT", "'BTC/USDT' is there twice for okx" },
};

START_TEST(a_setting_that_makes_no_sense_is_refused)
{
	ck_assert_int_eq(open_with(bad[_i].flags), -1);
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	ck_assert_msg(strstr(why.text, bad[_i].error) != NULL, "%s", why.text);
}
END_TEST

START_TEST(an_url_of_its_own_replaces_that_of_the_profile)
{
	ck_assert_msg(
	    open_with("--exchange binance=http://127.0.0.1:8080/b --exchange upbit") == 0, "%s", why.text);
	ck_assert_str_eq(venue_url(&venues.items[0]), "http://127.0.0.1:8080/b");
	ck_assert_str_eq(venue_url(&venues.items[1]), "https://api.upbit.com");
}
END_TEST

static bool
asks_for_symbols(void)
{
	struct exchange_target target;

	venue_choose(&venues.items[0], &target);
	ck_assert(target.asked[ENDPOINT_BOOK]);
	ck_assert_uint_eq(target.symbol_count, 2);
	return target.asked[ENDPOINT_SYMBOLS];
}

/* Binance's list is due in every 40th run. */
START_TEST(the_list_of_symbols_is_asked_for_now_and_then_or_when_a_book_is_in_doubt)
{
	struct health_venue *v;

	ck_assert_msg(
	    open_with("--exchange binance --symbol BTC/USDT --symbol ETH/USDT") == 0, "%s", why.text);
	v = venues.items;
	v->history.runs = 41;
	ck_assert(asks_for_symbols()); /* nothing is known of either */
	v->books[0].history.tradable = v->books[1].history.tradable = 1;
	ck_assert(!asks_for_symbols());
	v->history.runs = 40;
	ck_assert(asks_for_symbols());
	v->history.runs = 41;
	v->history.symbols_failed = true;
	ck_assert(asks_for_symbols());
	v->history.symbols_failed = false;
	v->books[1].history.tradable = 0;
	ck_assert(asks_for_symbols());
	v->books[1].history.tradable = 1;
	v->books[0].history.unchanged_runs = 1;
	ck_assert(asks_for_symbols());
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("venues");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_loop_test(all, a_symbol_is_for_all_exchanges_or_for_the_one_that_it_names, 0, LENGTH(good));
	tcase_add_loop_test(all, a_setting_that_makes_no_sense_is_refused, 0, LENGTH(bad));
	tcase_add_test(all, an_url_of_its_own_replaces_that_of_the_profile);
	tcase_add_test(all, the_list_of_symbols_is_asked_for_now_and_then_or_when_a_book_is_in_doubt);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
