/* What the bot's texts become.  Real servers: tests/engine/engine.sh. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rows.h"
#include "tests/suite.h"

#define LETTERS63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz12345678901"

/* -1 with `why` when one of them is refused. */
static int
take_pairs(struct engine_reading *reading, const char *const pairs[][2], size_t count, struct failure *why)
{
	for (size_t i = 0; i < count; i++)
		if (engine_hash_add(reading, SLICE(pairs[i][0]), SLICE(pairs[i][1]), why) != 0)
			return -1;
	return engine_hash_complete(reading, why);
}

static int
take(enum engine_column column, const char *text, struct engine_row *row, struct failure *why)
{
	struct engine_reading reading;
	struct slice value = { text, text != NULL ? strlen(text) : 0 };

	engine_reading_init(&reading);
	engine_row_init(row);
	return engine_row_set(&reading, row, column, value, "column ", why);
}

static const struct {
	const char *text, *exact;
} quantities[] = {
	{ "1", "1" },
	{ "0.300000000000000000", "0.3" },
	{ "123456.123456789012345678", "123456.123456789012345678" },
	{ "0.000000000000000001", "0.000000000000000001" },
	{ "99999999999999999999.999999999999999999", "99999999999999999999.999999999999999999" },
	{ "5.00000000000000000000000000000000000000000000000000", "5" },
	{ "0", "0" },
};

START_TEST(a_quantity_keeps_every_digit)
{
	struct failure why = { 0 };
	char text[DECIMAL_TEXT];
	struct engine_row row;

	ck_assert_msg(take(ENGINE_COLUMN_QUANTITY, quantities[_i].text, &row, &why) == 0, "%s", why.text);
	ck_assert_str_eq(decimal_text(row.quantity, text), quantities[_i].exact);
}
END_TEST

static const struct {
	enum engine_column column;
	const char *text;
	const char *says;
} refused[] = {
	{ ENGINE_COLUMN_QUANTITY, NULL, "column quantity is NULL, and must be a number of 0 or more" },
	{ ENGINE_COLUMN_QUANTITY, "-1", "column quantity is '-1', and must be" },
	{ ENGINE_COLUMN_QUANTITY, "-0.000000000000000001", "quantity" },
	{ ENGINE_COLUMN_QUANTITY, "NaN", "column quantity is 'NaN', and must be" },
	{ ENGINE_COLUMN_QUANTITY, "Infinity", "quantity" },
	{ ENGINE_COLUMN_QUANTITY, "", "column quantity is '', and must be" },
	{ ENGINE_COLUMN_QUANTITY, "1,5", "quantity" },
	{ ENGINE_COLUMN_QUANTITY, "1.5 ", "quantity" },
	{ ENGINE_COLUMN_QUANTITY, "0x10", "quantity" },
	{ ENGINE_COLUMN_QUANTITY, "123456789012345678901234567890123456789", "38 digits" },
	{ ENGINE_COLUMN_EXCHANGE, NULL, "column exchange is NULL, and must be a name" },
	{ ENGINE_COLUMN_EXCHANGE, "", "exchange is ''" },
	{ ENGINE_COLUMN_EXCHANGE, " okx", "exchange is ' okx'" },
	{ ENGINE_COLUMN_EXCHANGE, LETTERS63 "x", "1 to 63 bytes" },
	{ ENGINE_COLUMN_EXCHANGE, "o\nx", "exchange is 'o?x'" },
	{ ENGINE_COLUMN_EXCHANGE, "o\377x", "exchange" },
	{ ENGINE_COLUMN_SYMBOL, NULL, "column symbol is NULL, and must be a market" },
	{ ENGINE_COLUMN_SYMBOL, "BTC/USDT ", "without blanks" },
	{ ENGINE_COLUMN_SIDE, NULL, "column side is NULL, and must be 'long' or 'short'" },
	{ ENGINE_COLUMN_SIDE, "buy", "column side is 'buy', and must be 'long' or 'short'" },
	{ ENGINE_COLUMN_SIDE, "", "side" },
	{ ENGINE_COLUMN_SIDE, "longer", "side" },
	{ ENGINE_COLUMN_MARKET, "", "column market is '', and must be 'spot', 'derivative' or left out" },
	{ ENGINE_COLUMN_MARKET, "swap", "market is 'swap'" },
	{ ENGINE_COLUMN_ENTRY_PRICE, "NaN", "column entry_price is 'NaN', and must be a finite number" },
	{ ENGINE_COLUMN_ENTRY_PRICE, "1e999", "entry_price" },
	{ ENGINE_COLUMN_UNREALIZED_PNL, "-Infinity", "unrealized_pnl" },
	{ ENGINE_COLUMN_UPDATED_AT, "0", "updated_at is '0', and must be a time" },
	{ ENGINE_COLUMN_UPDATED_AT, "1767225600000", "not milliseconds" },
	{ ENGINE_COLUMN_UPDATED_AT, "Infinity", "updated_at" },
	{ ENGINE_COLUMN_UPDATED_AT, "today", "updated_at" },
};

START_TEST(what_makes_no_sense_is_refused_by_name)
{
	struct failure why = { 0 };
	struct engine_row row;

	ck_assert_int_eq(take(refused[_i].column, refused[_i].text, &row, &why), -1);
	ck_assert_int_eq(why.kind, FAILURE_REJECTED);
	ck_assert_msg(strstr(why.text, refused[_i].says) != NULL, "%s", why.text);
}
END_TEST

START_TEST(a_long_value_is_not_repeated_in_part)
{
	struct failure why = { 0 };
	struct engine_row row;
	char text[1000];

	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(take(ENGINE_COLUMN_QUANTITY, text, &row, &why), -1);
	ck_assert_ptr_null(strstr(why.text, "111"));
	/* A thousand zeros behind the point may be all that a server sent of something else. */
	memset(text, '0', sizeof(text) - 1);
	text[1] = '.';
	ck_assert_int_eq(take(ENGINE_COLUMN_QUANTITY, text, &row, &why), -1);
}
END_TEST

START_TEST(what_is_left_out_is_not_known)
{
	static const enum engine_column optional[] = { ENGINE_COLUMN_MARKET, ENGINE_COLUMN_ENTRY_PRICE,
		ENGINE_COLUMN_UNREALIZED_PNL, ENGINE_COLUMN_UPDATED_AT };
	struct failure why = { 0 };
	struct engine_row row;

	for (int i = 0; i < LENGTH(optional); i++) {
		ck_assert_int_eq(take(optional[i], NULL, &row, &why), 0);
		ck_assert_int_eq(row.market, ENGINE_MARKET_UNKNOWN);
		ck_assert(isnan(row.entry_price));
		ck_assert(isnan(row.unrealized_pnl));
	}
}
END_TEST

START_TEST(of_all_times_the_newest_counts)
{
	static const char *const times[] = { "1767225600", "1767225700.5", "1767225650" };
	struct engine_reading reading;
	struct failure why = { 0 };
	struct engine_row row;

	engine_reading_init(&reading);
	ck_assert(reading.updated_at < 0);
	for (int i = 0; i < LENGTH(times); i++)
		ck_assert_int_eq(
		    engine_row_set(&reading, &row, ENGINE_COLUMN_UPDATED_AT, SLICE(times[i]), "", &why), 0);
	ck_assert(reading.updated_at == 1767225700.5);
}
END_TEST

START_TEST(fields_of_a_hash_are_positions)
{
	static const char *const pairs[][2] = { { "binance|BTC/USDT|long", "0.500000000000000001" },
		{ "updated_at", "1767225600.25" }, { "okx|BTC-USDT-SWAP|SHORT|derivative", "3" },
		{ "okx|ETH|long|spot", "0" }, { "okx|BTC-USDT-SWAP|long|derivative", "1e-8" } };
	struct engine_reading reading;
	struct failure why = { 0 };
	char text[DECIMAL_TEXT];

	engine_reading_init(&reading);
	ck_assert_msg(take_pairs(&reading, pairs, LENGTH(pairs), &why) == 0, "%s", why.text);
	ck_assert(reading.updated_at == 1767225600.25);
	ck_assert_uint_eq(reading.row_count, 4);
	for (size_t i = 0; i < reading.row_count; i++) {
		const struct engine_row *row = &reading.rows[i];

		if (strcmp(row->exchange, "binance") == 0) {
			ck_assert_str_eq(row->symbol, "BTC/USDT");
			ck_assert(!row->is_short);
			ck_assert_int_eq(row->market, ENGINE_MARKET_UNKNOWN);
			ck_assert_str_eq(decimal_text(row->quantity, text), "0.500000000000000001");
		} else if (strcmp(row->symbol, "ETH") == 0) {
			ck_assert_str_eq(decimal_text(row->quantity, text), "0");
		} else {
			ck_assert_str_eq(row->symbol, "BTC-USDT-SWAP");
			ck_assert_int_eq(row->market, ENGINE_MARKET_DERIVATIVE);
			ck_assert_str_eq(
			    decimal_text(row->quantity, text), row->is_short ? "3" : "0.00000001");
		}
	}
	engine_reading_release(&reading);
}
END_TEST

#define TIME                                                                                                 \
	{                                                                                                    \
		"updated_at", "1767225600"                                                                   \
	}

static const struct {
	const char *pairs[3][2];
	const char *says;
} bad_hashes[] = {
	{ { TIME, { "binance|BTC/USDT", "1" } },
	    "field 'binance|BTC/USDT': it must be updated_at, or EXCHANGE|" },
	{ { TIME, { "binance", "1" } }, "field 'binance'" },
	{ { TIME, { "", "1" } }, "field ''" },
	{ { TIME, { "a|b|long|spot|x", "1" } }, "EXCHANGE|SYMBOL|SIDE|MARKET" },
	{ { TIME, { "a|b|buy", "1" } }, "field 'a|b|buy': side is 'buy', and must be 'long' or 'short'" },
	{ { TIME, { "|b|long", "1" } }, "field '|b|long': exchange is ''" },
	{ { TIME, { "a||long", "1" } }, "symbol is ''" },
	{ { TIME, { "a|b|", "1" } }, "side is ''" },
	{ { TIME, { "a|b|long|", "1" } }, "market is ''" },
	{ { TIME, { "a|b|long|swap", "1" } }, "market is 'swap'" },
	{ { TIME, { "a|b|long", "" } }, "field 'a|b|long': quantity is ''" },
	{ { TIME, { "a|b|long", "-1" } }, "quantity is '-1'" },
	{ { TIME, { "a|b|long", "much" } }, "quantity is 'much'" },
	{ { { "a|b|long", "1" }, { "c|d|long", "1" } }, "no field updated_at" },
	{ { { "updated_at", "now" }, { "c|d|long", "1" } }, "updated_at is 'now', and must be a time" },
	{ { { "updated_at", "1767225600000" } }, "not milliseconds" },
	{ { TIME, { LETTERS63 LETTERS63 LETTERS63 "|b|long", "1" } }, "a field of more than" },
};

START_TEST(a_hash_that_makes_no_sense_is_refused_by_field)
{
	struct engine_reading reading;
	struct failure why = { 0 };
	size_t count = 0;

	engine_reading_init(&reading);
	while (count < 3 && bad_hashes[_i].pairs[count][0] != NULL)
		count++;
	ck_assert_int_eq(take_pairs(&reading, bad_hashes[_i].pairs, count, &why), -1);
	ck_assert_int_eq(why.kind, FAILURE_REJECTED);
	ck_assert_msg(strstr(why.text, bad_hashes[_i].says) != NULL, "%s", why.text);
	engine_reading_release(&reading);
}
END_TEST

static const struct {
	const char *text, *relation, *schema;
} views[] = {
	{ "arbwatch.open_positions", "\"arbwatch\".\"open_positions\"", "\"arbwatch\"" },
	{ "Bot.V1$", "\"bot\".\"v1$\"", "\"bot\"" },
	{ "\"Bot\".\"a \"\"b\"\".c\"", "\"Bot\".\"a \"\"b\"\".c\"", "\"Bot\"" },
	{ LETTERS63 ".x", "\"" LETTERS63 "\".\"x\"", "\"" LETTERS63 "\"" },
	{ "\"; DROP TABLE x; --\".x", "\"; DROP TABLE x; --\".\"x\"", "\"; DROP TABLE x; --\"" },
};

START_TEST(a_views_name_is_quoted_as_sql_reads_it)
{
	struct failure why = { 0 };
	struct engine_view_name view;

	ck_assert_msg(engine_view_name_parse(&view, views[_i].text, &why) == 0, "%s", why.text);
	ck_assert_str_eq(view.relation, views[_i].relation);
	ck_assert_str_eq(view.schema, views[_i].schema);
	ck_assert_int_eq(engine_check_view(views[_i].text, &why), 0);
}
END_TEST

static const char *const bad_views[] = {
	"",
	"open_positions",
	".open_positions",
	"arbwatch.",
	"db.arbwatch.open_positions",
	"arbwatch.open positions",
	"arbwatch.open_positions ",
	"arbwatch.open_positions; DROP TABLE x",
	"arbwatch.\"open",
	"arbwatch.\"\"",
	"arbwatch.\"a'b\"",
	"arbwatch.\"a\\b\"",
	"arbwatch.\"a\nb\"",
	"arbwatch.\"a\"b",
	"1a.b",
	"a.$b",
	"a-b.c",
	"a.\"\377\"",
	"a.abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz1234567890ab",
};

START_TEST(what_is_no_views_name_is_refused)
{
	struct failure why = { 0 };

	ck_assert_int_eq(engine_check_view(bad_views[_i], &why), -1);
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	ck_assert_ptr_nonnull(strstr(why.text, "write SCHEMA.VIEW, as in arbwatch.open_positions"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("engine");
	TCase *rows = tcase_create("rows"), *hash = tcase_create("hash"), *names = tcase_create("views");

	tcase_add_loop_test(rows, a_quantity_keeps_every_digit, 0, LENGTH(quantities));
	tcase_add_loop_test(rows, what_makes_no_sense_is_refused_by_name, 0, LENGTH(refused));
	tcase_add_test(rows, a_long_value_is_not_repeated_in_part);
	tcase_add_test(rows, what_is_left_out_is_not_known);
	tcase_add_test(rows, of_all_times_the_newest_counts);
	tcase_add_test(hash, fields_of_a_hash_are_positions);
	tcase_add_loop_test(hash, a_hash_that_makes_no_sense_is_refused_by_field, 0, LENGTH(bad_hashes));
	tcase_add_loop_test(names, a_views_name_is_quoted_as_sql_reads_it, 0, LENGTH(views));
	tcase_add_loop_test(names, what_is_no_views_name_is_refused, 0, LENGTH(bad_views));
	suite_add_tcase(suite, rows);
	suite_add_tcase(suite, hash);
	suite_add_tcase(suite, names);
	return run_suite(suite);
}
