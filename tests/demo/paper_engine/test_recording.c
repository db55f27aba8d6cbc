#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demo/paper_engine/backtest/recording.h"
#include "demo/paper_engine/backtest/source.h"
#include "tests/suite.h"

#define HEAD  RECORDING_HEAD "\n"
#define WON   "1000 USDT/KRW upbit 7 990 1400 10 | 1401 10\n"
#define BTC_1 "1000 BTC/USDT binance 5 950 94999.5 0.5 94999 1 | 95000.00000001 0.25\n"
#define BTC_2 "2000 BTC/USDT binance 6 1950 95999.5 0.5 | 96000 0.25\n"
#define LOST  "3000 BTC/USDT binance 0 0 |\n"

static char path[64];

static void
make_path(void)
{
	int fd;

	(void)snprintf(path, sizeof(path), "/tmp/test_recording.XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	(void)close(fd);
}

static void
remove_path(void)
{
	(void)unlink(path);
}

static int
open_text(const char *text, struct source *source, struct failure *why)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	return source_recording_open(source, path, why);
}

START_TEST(test_what_is_written_is_read)
{
	const struct depth written = { .sequence = 7120000001,
		.time_ms = 1780000000250,
		.bids = { { 9500001000000, 50000000 }, { 9500000000000, 1 } },
		.asks = { { 9500002000000, 10000000 }, { 9500003000000, 20 }, { 9500004000000, 30 },
		    { 9500005000000, 40 }, { INT64_C(900000000000000000), 50 } } };
	const struct depth lost = { .sequence = 3, .time_ms = 17 };
	struct recorded read;
	char line[RECORDING_LINE];
	FILE *file = fmemopen(line, sizeof(line), "w");

	ck_assert_ptr_nonnull(file);
	recording_write(file, 1780000000310, "BTC/USDT", VENUE_UPBIT, &written);
	ck_assert_int_eq(fclose(file), 0);
	line[strcspn(line, "\n")] = '\0';
	ck_assert_str_eq(line,
	    "1780000000310 BTC/USDT upbit 7120000001 1780000000250 95000.01 0.5 95000 0.00000001 | 95000.02 0.1 "
	    "95000.03 0.0000002 95000.04 0.0000003 95000.05 0.0000004 9000000000 0.0000005");
	ck_assert_ptr_null(recording_parse(line, &read));
	ck_assert_int_eq(read.at_ms, 1780000000310);
	ck_assert_str_eq(read.symbol, "BTC/USDT");
	ck_assert_int_eq(read.venue, VENUE_UPBIT);
	ck_assert_mem_eq(&read.depth, &written, sizeof(written));

	file = fmemopen(line, sizeof(line), "w");
	ck_assert_ptr_nonnull(file);
	recording_write(file, 5, "BTC/USDT", VENUE_BINANCE, &lost);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_str_eq(line, "5 BTC/USDT binance 0 17 |\n");
}
END_TEST

START_TEST(test_books_are_those_of_the_time)
{
	struct depth books[1][VENUES], won;
	struct source source;
	struct failure why = { 0 };

	ck_assert_msg(open_text(HEAD WON BTC_1 BTC_2 LOST, &source, &why) == 0, "%s", why.text);
	ck_assert_uint_eq(source.symbols, 1);
	ck_assert_str_eq(source.names[0], "BTC/USDT");
	ck_assert_int_eq(source.from_ms, 1000);
	ck_assert_int_eq(source.until_ms, 3001);
	ck_assert_int_eq(source.read(source.context, 1000, books, &won, &why), 0);
	ck_assert_int_eq(books[0][VENUE_BINANCE].sequence, 5);
	ck_assert_int_eq(books[0][VENUE_BINANCE].asks[0].price, 9500000000001);
	ck_assert_int_eq(books[0][VENUE_UPBIT].sequence, 0);
	ck_assert_int_eq(won.bids[0].price, 140000000000);
	ck_assert_int_eq(source.read(source.context, 1999, books, &won, &why), 0);
	ck_assert_int_eq(books[0][VENUE_BINANCE].sequence, 5);
	ck_assert_int_eq(source.read(source.context, 2000, books, &won, &why), 0);
	ck_assert_int_eq(books[0][VENUE_BINANCE].sequence, 6);
	ck_assert_int_eq(books[0][VENUE_BINANCE].bids[1].quantity, 0);
	ck_assert_int_eq(source.read(source.context, 9000, books, &won, &why), 0);
	ck_assert_int_eq(books[0][VENUE_BINANCE].sequence, 0);
	source.close(source.context);
}
END_TEST

static const struct {
	const char *text, *error;
} damaged[] = {
	{ "", "it is no recording" },
	{ "paper_engine recording 2\n" BTC_1, "it is no recording" },
	{ RECORDING_HEAD " \n" BTC_1, "it is no recording" },
	{ HEAD, "it has no book of any symbol" },
	{ HEAD WON, "it has no book of any symbol" },
	{ HEAD BTC_1 "1001 BTC/USDT bin", "line 3 is too long, or cut off" },
	{ HEAD BTC_1 "999 BTC/USDT binance 6 1 1 1 | 2 1\n", "line 3 is damaged: it is older" },
	{ HEAD BTC_1 "\n", "line 3 is damaged: it does not begin with a time" },
	{ HEAD "-1 BTC/USDT binance 5 950 1 1 | 2 1\n", "it does not begin with a time" },
	{ HEAD "1000 BTC binance 5 950 1 1 | 2 1\n", "the symbol is not like BTC/USDT" },
	{ HEAD "1000 B\033[2JTC/USDT binance 5 950 1 1 | 2 1\n",
	    "line 2 is damaged: the symbol is not like" },
	{ HEAD "1000 A23456789012345678901234/USDT binance 5 950 1 1 | 2 1\n", "the symbol is not like" },
	{ HEAD "1000 BTC/USDT kraken 5 950 1 1 | 2 1\n", "neither binance nor upbit" },
	{ HEAD "1000 BTC/USDT binance five 950 1 1 | 2 1\n", "its sequence number or its time" },
	{ HEAD "1000 BTC/USDT binance 5 950 1 1 2 1\n", "its prices are not in order" },
	{ HEAD "1000 BTC/USDT binance 5 950 2 1 1\n", "is not a number" },
	{ HEAD "1000 BTC/USDT binance 5 950 2 1 |1 2\n", "there is no bar" },
	{ HEAD "1000 BTC/USDT binance 5 950 2 x | 3 1\n", "is not a number" },
	{ HEAD "1000 BTC/USDT binance 5 950 2 1.2.3 | 3 1\n", "is not a number" },
	{ HEAD "1000 BTC/USDT binance 5 950 2 0.123456789 | 3 1\n", "is not a number" },
	{ HEAD "1000 BTC/USDT binance 5 950 1000000000000 1 | 3 1\n", "is not a number" },
	{ HEAD "1000 BTC/USDT binance 5 950 2 0 | 3 1\n", "a price or a quantity is 0" },
	{ HEAD "1000 BTC/USDT binance 5 950 2 1 | 3 1 3 1\n", "its prices are not in order" },
	{ HEAD "1000 BTC/USDT binance 5 950 6 1 5 1 4 1 3 1 2 1 1 1 | 7 1\n", "too many levels" },
	{ HEAD "1000 BTC/USDT binance 0 950 2 1 | 3 1\n", "without a sequence number has levels" },
};

START_TEST(test_damage_is_found)
{
	struct source source;
	struct failure why = { 0 };

	ck_assert_int_eq(open_text(damaged[_i].text, &source, &why), -1);
	ck_assert_msg(strstr(why.text, damaged[_i].error) != NULL, "%s", why.text);
	ck_assert_ptr_nonnull(strstr(why.text, path));
}
END_TEST

START_TEST(test_what_is_no_file)
{
	struct source source;
	struct failure why = { 0 };

	ck_assert_int_eq(source_recording_open(&source, "/nowhere/at/all", &why), -1);
	ck_assert_str_eq(why.text, "recording /nowhere/at/all: No such file or directory");
	ck_assert_int_eq(source_recording_open(&source, "/dev/zero", &why), -1);
	ck_assert_str_eq(why.text, "recording /dev/zero: is no regular file");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("recording");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, make_path, remove_path);
	tcase_add_test(all, test_what_is_written_is_read);
	tcase_add_test(all, test_books_are_those_of_the_time);
	tcase_add_loop_test(all, test_damage_is_found, 0, LENGTH(damaged));
	tcase_add_test(all, test_what_is_no_file);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
