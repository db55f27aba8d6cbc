/* What goes into the ledger and comes out of it, to the last digit; and the file of what is in no ledger yet.
 * With real servers: paper_engine_kill.sh and paper_engine_restore.sh. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demo/paper_engine/live/journal.h"
#include "demo/paper_engine/live/journal_file.h"
#include "tests/suite.h"

static const struct record trade = { .kind = RECORD_TRADE,
	.trade = { .id = 7,
	    .symbol = "BTC/USDT",
	    .buy = VENUE_UPBIT,
	    .sell = VENUE_BINANCE,
	    .opened_ms = 1767225600001,
	    .closed_ms = 1767225600250,
	    .leg_gap_ms = 249,
	    .pnl = -1,
	    .fees = 9200000000000000001,
	    .slippage = -12345,
	    .fill_count = 2,
	    .fills = {
		{ LEG_FIRST, VENUE_UPBIT, true, 1767225600001, 1, 1400 * FIXED_ONE, 70000000, 140012345678 },
		{ LEG_UNWIND, VENUE_BINANCE, false, 1767225600250, 1, 99999999, 0, FIXED_ONE } } } };

static const struct record movement = { .kind = RECORD_MOVEMENT,
	.movement = { .id = 8,
	    .kind = MOVEMENT_REBALANCE,
	    .asset = "C024/USDT",
	    .at_ms = 1767225600999,
	    .coins = { -123456789, 123456789 },
	    .cash = { -FIXED_ONE, 5 },
	    .fee = FIXED_ONE } };

START_TEST(a_trade_is_a_row_and_one_for_each_fill)
{
	static const char *const texts[] = { "7", "BTC/USDT", "upbit-binance:BTC", "1767225600.001",
		"1767225600.250", "0.249", "-0.00000001", "92000000000.00000001", "-0.00012345" };
	static const char *const first[] = { "7", "1", "first", "upbit", "buy", "1767225600.001",
		"0.00000001", "1400.00000000", "0.70000000", "1400.12345678" };
	struct row rows[ROWS];

	ck_assert_uint_eq(record_rows(&trade, rows), 3);
	ck_assert_int_eq(rows[0].statement, STATEMENT_TRADE);
	ck_assert_int_eq(rows[0].count, LENGTH(texts));
	for (int i = 0; i < LENGTH(texts); i++)
		ck_assert_str_eq(rows[0].texts[i], texts[i]);
	ck_assert_int_eq(rows[1].statement, STATEMENT_FILL);
	ck_assert_int_eq(rows[1].count, LENGTH(first));
	for (int i = 0; i < LENGTH(first); i++)
		ck_assert_str_eq(rows[1].texts[i], first[i]);
	ck_assert_str_eq(rows[2].texts[2], "unwind");
	ck_assert_str_eq(rows[2].texts[4], "sell");
}
END_TEST

START_TEST(a_movement_an_equity_and_a_rate_are_a_row_each)
{
	static const char *const texts[] = { "8", "rebalance", "C024/USDT", "1767225600.999", "-1.23456789",
		"1.23456789", "-1.00000000", "0.00000005", "1.00000000" };
	struct record point = { .kind = RECORD_EQUITY, .point = { 1767225600000, 20000012345678 } };
	struct row rows[ROWS];

	ck_assert_uint_eq(record_rows(&movement, rows), 1);
	ck_assert_int_eq(rows[0].count, LENGTH(texts));
	for (int i = 0; i < LENGTH(texts); i++)
		ck_assert_str_eq(rows[0].texts[i], texts[i]);
	ck_assert_uint_eq(record_rows(&point, rows), 1);
	ck_assert_int_eq(rows[0].statement, STATEMENT_EQUITY);
	ck_assert_str_eq(rows[0].texts[0], "1767225600.000");
	ck_assert_str_eq(rows[0].texts[1], "200000.12345678");
	point.kind = RECORD_RATE;
	ck_assert_uint_eq(record_rows(&point, rows), 1);
	ck_assert_int_eq(rows[0].statement, STATEMENT_RATE);
}
END_TEST

/* As PostgreSQL would give them back. */
static const char *const trade_columns[LEDGER_COLUMNS] = { "7", "trade", "BTC/USDT", "upbit-binance:BTC",
	"1767225600001", "1767225600250", "249", "-0.00000001", "92000000000.00000001", "-0.00012345",
	"first", "upbit", "buy", "1767225600001", "0.00000001", "1400.00000000", "0.70000000",
	"1400.12345678" };
static const char *const fill_columns[LEDGER_COLUMNS] = { "7", "trade", "BTC/USDT", "upbit-binance:BTC",
	"1767225600001", "1767225600250", "249", "-0.00000001", "92000000000.00000001", "-0.00012345",
	"unwind", "binance", "sell", "1767225600250", "0.00000001", "0.99999999", "0", "1.00000000" };
static const char *const movement_columns[LEDGER_COLUMNS] = { "8", "rebalance", "C024/USDT", "",
	"1767225600999", "", "", "-1.23456789", "1.23456789", "-1.00000000", "", "", "", "", "0.00000005",
	"1.00000000", "", "" };

static void
same_fill(const struct fill *one, const struct fill *other)
{
	ck_assert(one->leg == other->leg && one->venue == other->venue && one->buy == other->buy);
	ck_assert(one->at_ms == other->at_ms && one->quantity == other->quantity);
	ck_assert(one->value == other->value && one->fee == other->fee && one->rate == other->rate);
}

START_TEST(what_comes_out_of_the_ledger_is_what_went_in)
{
	struct failure why = { 0 };
	struct record read;

	ck_assert_msg(record_read(&read, trade_columns, &why) == 0, "%s", why.text);
	ck_assert_msg(record_read_fill(&read, fill_columns, &why) == 0, "%s", why.text);
	ck_assert_int_eq(read.kind, RECORD_TRADE);
	ck_assert_int_eq(read.trade.id, 7);
	ck_assert_str_eq(read.trade.symbol, "BTC/USDT");
	ck_assert(read.trade.buy == VENUE_UPBIT && read.trade.sell == VENUE_BINANCE);
	ck_assert(read.trade.opened_ms == 1767225600001 && read.trade.closed_ms == 1767225600250);
	ck_assert(read.trade.leg_gap_ms == 249 && read.trade.pnl == -1 && read.trade.slippage == -12345);
	ck_assert(read.trade.fees == 9200000000000000001 && read.trade.fill_count == 2);
	for (int i = 0; i < 2; i++)
		same_fill(&read.trade.fills[i], &trade.trade.fills[i]);

	ck_assert_msg(record_read(&read, movement_columns, &why) == 0, "%s", why.text);
	ck_assert_int_eq(read.kind, RECORD_MOVEMENT);
	ck_assert_int_eq(
	    memcmp(&read.movement.coins, &movement.movement.coins, sizeof(read.movement.coins)), 0);
	ck_assert_int_eq(memcmp(&read.movement.cash, &movement.movement.cash, sizeof(read.movement.cash)), 0);
	ck_assert(read.movement.id == 8 && read.movement.fee == FIXED_ONE);
	ck_assert(read.movement.kind == MOVEMENT_REBALANCE && read.movement.at_ms == 1767225600999);
	ck_assert_str_eq(read.movement.asset, "C024/USDT");
}
END_TEST

static const struct {
	bool trade;
	int column;
	const char *value;
} foreign[] = {
	{ true, LEDGER_LEG, "" }, /* a trade without fills, as another bot has them */
	{ true, LEDGER_LEG, "third" },
	{ true, LEDGER_EXCHANGE, "kraken" },
	{ true, LEDGER_ROUTE, "" },
	{ true, LEDGER_OPENED, "" },
	{ true, LEDGER_PNL, "" },
	{ true, LEDGER_QUANTITY, "NaN" },
	{ true, LEDGER_RATE, "1e5" },
	{ true, LEDGER_NAME, "A/SYMBOL/THAT/IS/TOO/LONG" },
	{ false, LEDGER_KIND, "deposit" },
	{ false, LEDGER_FEES, "" },
	{ false, LEDGER_QUANTITY, "many" },
	{ false, LEDGER_VALUE, "99999999999999999999" },
};

START_TEST(what_another_program_wrote_is_refused)
{
	const char *columns[LEDGER_COLUMNS];
	struct failure why = { 0 };
	struct record read;

	memcpy(columns, foreign[_i].trade ? trade_columns : movement_columns, sizeof(columns));
	columns[foreign[_i].column] = foreign[_i].value;
	ck_assert_int_eq(record_read(&read, columns, &why), -1);
	ck_assert_ptr_nonnull(strstr(why.text, "was not written by paper_engine"));
}
END_TEST

/* The file ---------------------------------------------------------------- */

static char path[] = "/tmp/test_journal.XXXXXX";

static int
open_file(void)
{
	struct failure why = { 0 };
	int fd = unwritten_open(path, &why);

	ck_assert_msg(fd >= 0, "%s", why.text);
	return fd;
}

START_TEST(a_file_keeps_what_is_not_written_until_it_is)
{
	struct failure why = { 0 };
	struct record *records[4];
	int fd = open_file();

	ck_assert_int_eq(unwritten_read(fd, records, 4, &why), 0);
	ck_assert_int_eq(unwritten_add(fd, &trade), 0);
	ck_assert_int_eq(unwritten_add(fd, &movement), 0);
	(void)close(fd);
	fd = open_file();
	ck_assert_int_eq(unwritten_read(fd, records, 4, &why), 2);
	ck_assert_int_eq(records[0]->kind, RECORD_TRADE);
	ck_assert(records[0]->trade.id == 7 && records[0]->trade.fill_count == 2);
	for (int i = 0; i < 2; i++)
		same_fill(&records[0]->trade.fills[i], &trade.trade.fills[i]);
	ck_assert_int_eq(records[1]->kind, RECORD_MOVEMENT);
	ck_assert(records[1]->movement.id == 8 && records[1]->movement.fee == FIXED_ONE);
	ck_assert_str_eq(records[1]->movement.asset, "C024/USDT");
	record_free(records[0]);
	record_free(records[1]);
	ck_assert_int_eq(unwritten_clear(fd), 0);
	ck_assert_int_eq(unwritten_read(fd, records, 4, &why), 0);
	(void)close(fd);
}
END_TEST

START_TEST(a_record_that_is_cut_off_was_never_closed)
{
	struct failure why = { 0 };
	struct record *records[4];
	int fd = open_file();
	off_t size;

	ck_assert_int_eq(unwritten_add(fd, &trade), 0);
	ck_assert_int_eq(unwritten_add(fd, &movement), 0);
	size = lseek(fd, 0, SEEK_END);
	ck_assert_int_eq(ftruncate(fd, size - 1), 0);
	ck_assert_int_eq(unwritten_read(fd, records, 4, &why), 1);
	record_free(records[0]);
	(void)close(fd);
}
END_TEST

START_TEST(another_file_is_refused)
{
	struct failure why = { 0 };
	struct record *records[4];
	char text[4096];
	int fd = open_file();

	memset(text, 'x', sizeof(text));
	ck_assert_int_eq(write(fd, text, 10), 10);
	ck_assert_int_eq(unwritten_read(fd, records, 4, &why), -1);
	ck_assert_int_eq(unwritten_clear(fd), 0);
	ck_assert_int_eq(unwritten_add(fd, &trade), 0);
	ck_assert_int_eq(write(fd, text, sizeof(text)), sizeof(text));
	ck_assert_int_eq(unwritten_read(fd, records, 4, &why), -1);
	ck_assert_ptr_nonnull(strstr(why.text, "damaged"));
	(void)close(fd);
}
END_TEST

/* The queue --------------------------------------------------------------- */

START_TEST(without_servers_nothing_is_kept_and_nothing_waits)
{
	struct journal_settings settings = { .prefix = "test:", .faults = faults_new() };
	struct engine_settings engine_settings = engine_settings_default();
	struct failure why = { 0 };
	struct journal *journal = journal_open(&settings, &why);
	struct journal_state state;
	struct engine engine;

	ck_assert_msg(journal != NULL, "%s", why.text);
	ck_assert_int_eq(engine_init(&engine, &engine_settings), 0);
	ck_assert_int_eq(journal_restore(journal, &engine, &why), 0);
	ck_assert(journal_trade(journal, &trade.trade) && journal_movement(journal, &movement.movement));
	ck_assert(journal_equity(journal, 1, FIXED_ONE) && journal_rate(journal, 1, FIXED_ONE));
	ck_assert(journal_snapshot(journal, &engine) && journal_sync(journal, &engine));
	ck_assert(journal_await(journal, 0, 5000));
	journal_take_state(journal, &state);
	ck_assert(state.queued == 0 && state.written == 0 && state.snapshots_saved == 0);
	ck_assert(state.syncs == 1 && state.syncs_failed == 0 && state.synced_at > 0);
	ck_assert_str_eq(state.error, "");
	journal_close(journal, 1000);
	engine_release(&engine);
	faults_free(settings.faults);
}
END_TEST

static void
make_file(void)
{
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	(void)close(fd);
}

static void
remove_file(void)
{
	(void)unlink(path);
	memcpy(path + sizeof(path) - sizeof("XXXXXX"), "XXXXXX", sizeof("XXXXXX"));
}

int
main(void)
{
	Suite *suite = suite_create("journal");
	TCase *rows = tcase_create("rows"), *file = tcase_create("file"), *queue = tcase_create("queue");

	tcase_add_test(rows, a_trade_is_a_row_and_one_for_each_fill);
	tcase_add_test(rows, a_movement_an_equity_and_a_rate_are_a_row_each);
	tcase_add_test(rows, what_comes_out_of_the_ledger_is_what_went_in);
	tcase_add_loop_test(rows, what_another_program_wrote_is_refused, 0, LENGTH(foreign));
	suite_add_tcase(suite, rows);
	tcase_add_checked_fixture(file, make_file, remove_file);
	tcase_add_test(file, a_file_keeps_what_is_not_written_until_it_is);
	tcase_add_test(file, a_record_that_is_cut_off_was_never_closed);
	tcase_add_test(file, another_file_is_refused);
	suite_add_tcase(suite, file);
	tcase_add_test(queue, without_servers_nothing_is_kept_and_nothing_waits);
	suite_add_tcase(suite, queue);
	return run_suite(suite);
}
