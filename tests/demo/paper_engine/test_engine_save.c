#include <stdlib.h>
#include <string.h>

#include "tests/demo/paper_engine/fixture.h"
#include "tests/suite.h"
#include "json/scan.h"

static const char *const names[MARKET_SYMBOLS] = { "BTC/USDT", "ETH/USDT", "XRP/USDT", "SOL/USDT", "ADA/USDT",
	"C024/USDT" };

static struct market *market;
static uint64_t random_state;

/* With rejects, partial fills, losses and leg gaps of seconds, so that trades are pending at any time. */
static struct engine_settings
busy_settings(void)
{
	struct engine_settings settings = market_settings();

	settings.reject_share = FIXED_ONE / 5;
	settings.leg_gap_ms = 2500;
	settings.parameters.cooldown_ms = 3000;
	settings.limits.volatility = FIXED_ONE / 10;
	settings.rebalance_every_ms = 10000;
	settings.rebalance_above = FIXED_ONE / 10;
	return settings;
}

static void
begin(void)
{
	struct engine_settings settings = busy_settings();

	market = market_new(&settings);
	for (int i = 0; i < MARKET_SYMBOLS; i++)
		(void)market_add(market, names[i]);
	random_state = 42;
	market_run(market, &random_state, 100);
}

static void
end(void)
{
	market_free(market);
}

static bool
is_pending(const struct engine *engine)
{
	for (size_t i = 0; i < engine->symbol_count; i++)
		if (engine->symbols[i].pending.open)
			return true;
	return false;
}

static void
assert_same(const struct engine *a, const struct engine *b)
{
	char *text = market_save(a), *other = market_save(b);

	ck_assert_str_eq(text, other);
	free(text);
	free(other);
}

static void
assert_same_trade(const struct trade *a, const struct trade *b)
{
	ck_assert_int_eq(a->id, b->id);
	ck_assert_str_eq(a->symbol, b->symbol);
	ck_assert_int_eq(a->buy, b->buy);
	ck_assert_int_eq(a->sell, b->sell);
	ck_assert_int_eq(a->opened_ms, b->opened_ms);
	ck_assert_int_eq(a->closed_ms, b->closed_ms);
	ck_assert_int_eq(a->leg_gap_ms, b->leg_gap_ms);
	ck_assert_int_eq(a->pnl, b->pnl);
	ck_assert_int_eq(a->fees, b->fees);
	ck_assert_int_eq(a->slippage, b->slippage);
	ck_assert_int_eq(a->fill_count, b->fill_count);
	for (int i = 0; i < a->fill_count; i++) {
		const struct fill *f = &a->fills[i], *g = &b->fills[i];

		ck_assert(
		    f->leg == g->leg && f->venue == g->venue && f->buy == g->buy && f->at_ms == g->at_ms);
		ck_assert(f->quantity == g->quantity && f->value == g->value && f->fee == g->fee &&
			  f->rate == g->rate);
	}
}

static void
assert_same_records(const struct market *a, const struct market *b)
{
	ck_assert_int_eq(a->record_count, b->record_count);
	for (int i = 0; i < a->record_count; i++) {
		ck_assert_int_eq(a->records[i].is_trade, b->records[i].is_trade);
		assert_same_trade(&a->records[i].trade, &b->records[i].trade);
		ck_assert_mem_eq(
		    &a->records[i].movement.coins, &b->records[i].movement.coins, sizeof(fixed[VENUES]));
		ck_assert_mem_eq(
		    &a->records[i].movement.cash, &b->records[i].movement.cash, sizeof(fixed[VENUES]));
	}
}

START_TEST(the_same_market_gives_the_same_trades)
{
	struct market *first = market;

	ck_assert_int_gt(first->trade_count, 20);
	begin();
	assert_same_records(first, market);
	assert_same(&first->engine, &market->engine);
	market_free(first);
}
END_TEST

START_TEST(another_seed_gives_other_trades)
{
	struct market *first = market;
	struct engine_settings settings = busy_settings();

	settings.seed = 2;
	market = market_new(&settings);
	for (int i = 0; i < MARKET_SYMBOLS; i++)
		(void)market_add(market, names[i]);
	random_state = 42;
	market_run(market, &random_state, 100);
	ck_assert_int_ne(market->engine.equity, first->engine.equity);
	market_free(first);
}
END_TEST

/* Cash and coins from the records alone, each summed by itself. */
START_TEST(the_ledger_sums_up_to_what_the_engine_has)
{
	fixed coins[MARKET_SYMBOLS][VENUES] = { 0 }, cash[VENUES] = { 0 }, equity = 200000 * USD;

	for (int i = 0; i < market->record_count; i++) {
		const struct record *record = &market->records[i];
		const char *name = record->is_trade ? record->trade.symbol : record->movement.asset;
		fixed bought = 0;
		int s = 0;

		ck_assert_int_eq(record->is_trade ? record->trade.id : record->movement.id, i + 1);
		while (s < MARKET_SYMBOLS && strcmp(names[s], name) != 0)
			s++;
		for (int v = 0; !record->is_trade && v < VENUES; v++) {
			cash[v] += record->movement.cash[v];
			if (s < MARKET_SYMBOLS)
				coins[s][v] += record->movement.coins[v];
		}
		for (int f = 0; f < record->trade.fill_count; f++) {
			const struct fill *fill = &record->trade.fills[f];
			int sign = fill->buy ? 1 : -1;

			coins[s][fill->venue] += sign * fill->quantity;
			cash[fill->venue] -= sign * fill->value + fill->fee;
			bought += sign * fill->quantity;
		}
		ck_assert_int_eq(bought, 0);
		equity += record->trade.pnl - record->movement.fee;
	}
	ck_assert_int_eq(equity, market->engine.equity);
	for (int v = 0; v < VENUES; v++) {
		ck_assert_int_eq(cash[v], market->engine.exchanges[v].cash);
		for (int s = 0; s < MARKET_SYMBOLS; s++) {
			ck_assert_int_eq(coins[s][v], market->engine.symbols[s].coins[v]);
			ck_assert_int_ge(coins[s][v], 0);
		}
	}
}
END_TEST

START_TEST(a_restart_in_the_middle_gives_what_no_restart_gives)
{
	struct engine_settings settings = busy_settings();
	struct market *other = market_new(&settings);
	uint64_t other_random;
	struct failure why;
	char *text;

	for (int i = 0; i < 50 && !is_pending(&market->engine); i++)
		market_run(market, &random_state, 1);
	ck_assert(is_pending(&market->engine));
	other->now_ms = market->now_ms;
	market_pass(other, 0);
	memcpy(other->books, market->books, sizeof(market->books));
	text = market_save(&market->engine);
	ck_assert_msg(engine_restore(&other->engine, text, &why) == 0, "%s", why.text);
	free(text);
	market_connect(other, &other->engine);
	assert_same(&market->engine, &other->engine);
	ck_assert_int_eq(market->engine.exposure, other->engine.exposure);
	ck_assert_int_eq(market->engine.exchanges[0].reserved, other->engine.exchanges[0].reserved);
	market->record_count = other->record_count = 0;
	other_random = random_state;
	for (int i = 0; i < 20; i++) {
		market_run(market, &random_state, 20);
		market_run(other, &other_random, 20);
		assert_same(&market->engine, &other->engine);
	}
	ck_assert_int_gt(other->record_count, 20);
	assert_same_records(market, other);
	market_free(other);
}
END_TEST

static void
assert_same_ledger(const struct engine *a, const struct engine *b)
{
	ck_assert_int_eq(a->last_id, b->last_id);
	ck_assert_int_eq(a->equity, b->equity);
	ck_assert_int_eq(a->highest_equity, b->highest_equity);
	ck_assert_int_eq(a->daily_pnl, b->daily_pnl);
	ck_assert_int_eq(a->rebalances, b->rebalances);
	ck_assert_int_eq(a->symbol_count, b->symbol_count);
	for (int v = 0; v < VENUES; v++) {
		ck_assert_int_eq(a->exchanges[v].cash, b->exchanges[v].cash);
		ck_assert_int_eq(a->exchanges[v].daily_pnl, b->exchanges[v].daily_pnl);
	}
	for (size_t i = 0; i < a->symbol_count; i++) {
		const struct symbol *s = &a->symbols[i], *t = &b->symbols[i];

		ck_assert_str_eq(s->name, t->name);
		ck_assert_mem_eq(s->coins, t->coins, sizeof(s->coins));
		ck_assert_mem_eq(s->moved, t->moved, sizeof(s->moved));
		ck_assert_mem_eq(s->price, t->price, sizeof(s->price));
		for (int v = 0; v < VENUES; v++) {
			ck_assert_int_eq(s->routes[v].losses_in_a_row, t->routes[v].losses_in_a_row);
			ck_assert_int_eq(s->routes[v].last_loss_ms, t->routes[v].last_loss_ms);
			ck_assert_int_eq(s->routes[v].rests_until_ms, t->routes[v].rests_until_ms);
		}
	}
}

static void
replay(struct engine *engine, const struct record *records, int count)
{
	for (int i = 0; i < count; i++)
		if (records[i].is_trade)
			engine_replay_trade(engine, &records[i].trade);
		else
			engine_replay_movement(engine, &records[i].movement);
}

/* What is pending is lost with the process: only the live engine still has it. */
START_TEST(the_whole_ledger_replayed_gives_the_same_engine)
{
	struct engine_settings settings = busy_settings();
	struct engine engine;

	ck_assert_int_eq(engine_init(&engine, &settings), 0);
	replay(&engine, market->records, market->record_count);
	assert_same_ledger(&market->engine, &engine);
	engine_release(&engine);
}
END_TEST

START_TEST(the_ledger_says_with_how_much_cash_it_began)
{
	struct engine_settings settings = busy_settings();
	struct engine engine;

	settings.cash /= 10;
	ck_assert_int_eq(engine_init(&engine, &settings), 0);
	replay(&engine, market->records, market->record_count);
	assert_same_ledger(&market->engine, &engine);
	engine_release(&engine);
}
END_TEST

START_TEST(the_ledger_after_a_snapshot_replayed_gives_the_same_engine)
{
	struct engine_settings settings = busy_settings();
	struct engine engine;
	struct failure why;
	int begun;
	char *text;

	for (int i = 0; i < 50 && !is_pending(&market->engine); i++)
		market_run(market, &random_state, 1);
	text = market_save(&market->engine);
	begun = market->record_count;
	market_run(market, &random_state, 30);
	ck_assert_int_eq(engine_init(&engine, &settings), 0);
	ck_assert_int_eq(engine_restore(&engine, text, &why), 0);
	ck_assert(is_pending(&engine));
	replay(&engine, market->records + begun, market->record_count - begun);
	assert_same_ledger(&market->engine, &engine);
	/* All that was pending then is closed now, and counted once. */
	ck_assert(!is_pending(&engine));
	ck_assert_int_eq(engine.exchanges[0].reserved, 0);
	ck_assert_int_eq(engine.exchanges[1].reserved, 0);
	engine_release(&engine);
	free(text);
}
END_TEST

START_TEST(each_line_is_a_name_and_json)
{
	char *text = market_save(&market->engine), *rest = text, *line;
	struct json_scan scan;
	struct failure why;
	int lines = 0;

	for (; (line = strsep(&rest, "\n")) != NULL && rest != NULL; lines++) {
		char *object = strchr(line, ' ') + 1;

		ck_assert_msg(json_scan_open(&scan, (struct slice){ object, strlen(object) }, &why) == 0,
		    "%s: %s", line, why.text);
	}
	ck_assert_int_eq(lines, MARKET_SYMBOLS + 1);
	free(text);
}
END_TEST

START_TEST(lines_may_come_in_any_order)
{
	char *text = market_save(&market->engine), *line_end = strchr(text, '\n') + 1;
	size_t length = strlen(text), line = (size_t)(line_end - text);
	char *turned = malloc(length + 1);
	struct failure why;
	struct engine engine;

	ck_assert_ptr_nonnull(turned);
	memcpy(turned, line_end, length - line);
	memcpy(turned + length - line, text, line);
	turned[length] = '\0';
	ck_assert_int_eq(engine_init(&engine, &market->engine.settings), 0);
	engine.won = &market->won;
	engine.distortions.one_leg = true;
	engine.exchanges[VENUE_UPBIT].figures.message_ms = T0;
	ck_assert_int_eq(engine_restore(&engine, turned, &why), 0);
	/* What is not in a snapshot stays. */
	ck_assert_ptr_eq(engine.won, &market->won);
	ck_assert(engine.distortions.one_leg);
	ck_assert_int_eq(engine.exchanges[VENUE_UPBIT].figures.message_ms, T0);
	assert_same(&market->engine, &engine);
	engine_release(&engine);
	free(turned);
	free(text);
}
END_TEST

static void
assert_refused(const char *text, size_t at)
{
	struct engine *engine = &market->engine;
	const struct symbol *symbols = engine->symbols;
	fixed equity = engine->equity;
	struct failure why;

	ck_assert_msg(engine_restore(engine, text, &why) == -1, "the damage at byte %zu was not seen", at);
	ck_assert_int_eq(why.kind, FAILURE_PROTOCOL);
	ck_assert_ptr_eq(engine->symbols, symbols);
	ck_assert_int_eq(engine->equity, equity);
}

START_TEST(damaged_text_is_refused_and_the_engine_unchanged)
{
	char *before = market_save(&market->engine), *text = market_save(&market->engine), *line, *twice;
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++) {
		static const char other[] = "07-\n\"}";
		char was = text[i];

		text[i] = was == other[i % 6] ? '1' : other[i % 6];
		assert_refused(text, i);
		text[i] = was;
	}
	for (size_t i = 0; i < length; i += 7) {
		char was = text[i];

		text[i] = '\0';
		assert_refused(text, i);
		text[i] = was;
	}
	/* A line is missing, one is there twice. */
	line = strchr(text, '\n') + 1;
	assert_refused(line, 0);
	twice = realloc(text, 2 * length + 1);
	ck_assert_ptr_nonnull(twice);
	text = twice;
	memcpy(text + length, before, length + 1);
	assert_refused(text, length);
	line = strchr(text, '\n') + 1;
	memmove(text + length, line, length - (size_t)(line - text));
	text[2 * length - (size_t)(line - text)] = '\0';
	assert_refused(text, length);
	free(text);
	text = market_save(&market->engine);
	ck_assert_str_eq(text, before);
	free(text);
	free(before);
}
END_TEST

START_TEST(an_engine_that_has_done_nothing_is_saved_too)
{
	struct engine_settings settings = market_settings();
	struct engine engine, other;
	struct failure why;
	char *text;

	ck_assert_int_eq(engine_init(&engine, &settings), 0);
	ck_assert_int_eq(engine_init(&other, &settings), 0);
	text = market_save(&engine);
	ck_assert_int_eq(engine_restore(&other, text, &why), 0);
	assert_same(&engine, &other);
	ck_assert_int_eq(engine_restore(&other, "", &why), -1);
	free(text);
	engine_release(&engine);
	engine_release(&other);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("engine_save");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, begin, end);
	tcase_add_test(all, the_same_market_gives_the_same_trades);
	tcase_add_test(all, another_seed_gives_other_trades);
	tcase_add_test(all, the_ledger_sums_up_to_what_the_engine_has);
	tcase_add_test(all, a_restart_in_the_middle_gives_what_no_restart_gives);
	tcase_add_test(all, the_whole_ledger_replayed_gives_the_same_engine);
	tcase_add_test(all, the_ledger_says_with_how_much_cash_it_began);
	tcase_add_test(all, the_ledger_after_a_snapshot_replayed_gives_the_same_engine);
	tcase_add_test(all, each_line_is_a_name_and_json);
	tcase_add_test(all, lines_may_come_in_any_order);
	tcase_add_test(all, damaged_text_is_refused_and_the_engine_unchanged);
	tcase_add_test(all, an_engine_that_has_done_nothing_is_saved_too);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
