#include <string.h>

#include "demo/paper_engine/core/guards.h"
#include "tests/suite.h"

#define USD    FIXED_ONE
#define BPS    (FIXED_ONE / 10000)
#define LEAST  1 /* 10^-8 */
#define NOW    INT64_C(1767225600000)
#define MINUTE 60000

/* The limits of docs/paper_engine.md, written out: they must not change by themselves. */
static const struct engine_settings settings = {
	.parameters = { .min_profit = 4 * BPS, .cooldown_ms = 20000 },
	.limits = {
		.daily_loss_exchange = 10000 * USD,
		.daily_loss_total = 50000 * USD,
		.exposure_symbol = FIXED_ONE / 2,
		.exposure_total = 100000 * USD,
		.losses_in_a_row = 3,
		.score = 50 * USD,
		.spread = 500 * BPS,
		.drawdown = FIXED_ONE / 5,
		.volatility = FIXED_ONE / 10,
		.volatility_ms = 5 * MINUTE,
		.imbalance = FIXED_ONE / 2,
		.rate_limit = FIXED_ONE / 5,
		.down_ms = 5000,
		.frozen_ms = 10000,
	},
};

enum tier { EXCHANGE, ROUTE, SYMBOL, GLOBAL };

/* Times are ages here. */
struct figures {
	struct exchange_figures exchange;
	struct route_figures route;
	struct symbol_figures symbol;
	struct global_figures global;
};
#define WELL .connected = true, .rate_limit_left = FIXED_ONE
#define EDGE (4 * BPS)
#define RICH .equity = 1000 * USD, .highest_equity = 1000 * USD

/* In `quiet` the figure is the last one at which the guard is silent: one 10^-8, or one ms, before it fires.
 */
static const struct {
	enum tier tier;
	struct figures quiet, fires;
	enum guard_state state;
	enum guard_reason reason;
	const char *text;
} cases[] = {
	{ EXCHANGE, { .exchange = { WELL, .daily_loss = 10000 * USD - LEAST } },
	    { .exchange = { WELL, .daily_loss = 10000 * USD } }, GUARD_BLOCK, REASON_DAILY_LOSS,
	    "daily loss 10000 of 10000 USDT" },
	{ EXCHANGE, { .exchange = { WELL } },
	    { .exchange = { .message_ms = 70, .rate_limit_left = FIXED_ONE } }, GUARD_BLOCK, REASON_DOWN,
	    "not connected" },
	{ EXCHANGE, { .exchange = { WELL, .message_ms = 4999 } },
	    { .exchange = { WELL, .message_ms = 5000 } }, GUARD_BLOCK, REASON_DOWN,
	    "no message for 5 of 5 s" },
	{ EXCHANGE, { .exchange = { WELL, .change_ms = 9999 } }, { .exchange = { WELL, .change_ms = 10000 } },
	    GUARD_BLOCK, REASON_FROZEN, "no book has changed for 10 of 10 s" },
	{ EXCHANGE, { .exchange = { .connected = true, .rate_limit_left = FIXED_ONE / 5 } },
	    { .exchange = { .connected = true, .rate_limit_left = FIXED_ONE / 5 - LEAST } }, GUARD_DEGRADE,
	    REASON_RATE_LIMIT, "19.99% of the rate limit left, less than 20%" },
	{ ROUTE, { .route = { .edge = EDGE, .score = 50 * USD } },
	    { .route = { .edge = EDGE, .score = 50 * USD - LEAST } }, GUARD_BLOCK, REASON_SCORE,
	    "score 49.99, less than 50" },
	/* A low score does not matter where there is nothing to earn. */
	{ ROUTE, { .route = { .score = 0, .edge = EDGE - LEAST } }, { .route = { .score = 0, .edge = EDGE } },
	    GUARD_BLOCK, REASON_SCORE, "score 0, less than 50" },
	{ ROUTE, { .route = { .losses_in_a_row = 2, .last_loss_ms = 0 } },
	    { .route = { .losses_in_a_row = 3, .last_loss_ms = 0 } }, GUARD_COOLDOWN, REASON_STREAK,
	    "3 losses in a row, limit 3" },
	{ ROUTE, { .route = { .losses_in_a_row = 3, .last_loss_ms = 120000 } },
	    { .route = { .losses_in_a_row = 3, .last_loss_ms = 119999 } }, GUARD_COOLDOWN, REASON_STREAK,
	    "3 losses in a row, limit 3" },
	{ ROUTE, { .route = { .spread = 500 * BPS } }, { .route = { .spread = 500 * BPS + LEAST } },
	    GUARD_DEGRADE, REASON_SPREAD, "spread 500 of 500 bps" },
	/* As large as a damaged book can make them. */
	{ ROUTE, { .route = { .spread = 0 } }, { .route = { .spread = INT64_MAX } }, GUARD_DEGRADE,
	    REASON_SPREAD, "spread 92233720368.54 of 500 bps" },
	{ GLOBAL, { .global = { RICH } },
	    { .global = { .equity = -INT64_MAX, .highest_equity = 200000 * USD } }, GUARD_BLOCK,
	    REASON_DRAWDOWN, "drawdown 46116860.18% of 20%" },
	{ SYMBOL, { .symbol = { .equity = 1000 * USD, .exposure = 500 * USD } },
	    { .symbol = { .equity = 1000 * USD, .exposure = 500 * USD + LEAST } }, GUARD_BLOCK,
	    REASON_EXPOSURE, "exposure 500 of 500 USDT" },
	/* 0.5 * 3 of the smallest unit is 1.5: 1 is below, 2 above, and a rounded limit of 2 would be wrong.
	 */
	{ SYMBOL, { .symbol = { .equity = 3, .exposure = 1 } }, { .symbol = { .equity = 3, .exposure = 2 } },
	    GUARD_BLOCK, REASON_EXPOSURE, "exposure 0 of 0 USDT" },
	{ SYMBOL, { .symbol = { .imbalance = FIXED_ONE / 2 } },
	    { .symbol = { .imbalance = FIXED_ONE / 2 + LEAST } }, GUARD_BLOCK, REASON_IMBALANCE,
	    "imbalance 50% of 50%" },
	{ SYMBOL, { .symbol = { .imbalance = -FIXED_ONE / 2 } },
	    { .symbol = { .imbalance = -FIXED_ONE / 2 - LEAST } }, GUARD_BLOCK, REASON_IMBALANCE,
	    "imbalance 50% of 50%" },
	{ SYMBOL, { .symbol = { .volatility = FIXED_ONE / 10 } },
	    { .symbol = { .volatility = FIXED_ONE / 10 + LEAST } }, GUARD_DEGRADE, REASON_VOLATILITY,
	    "volatility 10% of 10%" },
	{ GLOBAL, { .global = { RICH, .daily_loss = 50000 * USD - LEAST } },
	    { .global = { RICH, .daily_loss = 50000 * USD } }, GUARD_BLOCK, REASON_DAILY_LOSS,
	    "daily loss 50000 of 50000 USDT" },
	/* Two decimals are enough for people, and they are cut and not rounded, so that 49.99 is not shown
	   as 50. */
	{ GLOBAL, { .global = { RICH, .daily_loss = 0 } },
	    { .global = { RICH, .daily_loss = INT64_C(5000199666667) } }, GUARD_BLOCK, REASON_DAILY_LOSS,
	    "daily loss 50001.99 of 50000 USDT" },
	{ GLOBAL, { .global = { RICH, .exposure = 100000 * USD } },
	    { .global = { RICH, .exposure = 100000 * USD + LEAST } }, GUARD_BLOCK, REASON_EXPOSURE,
	    "exposure 100000 of 100000 USDT" },
	{ GLOBAL, { .global = { .equity = 800 * USD, .highest_equity = 1000 * USD } },
	    { .global = { .equity = 800 * USD - LEAST, .highest_equity = 1000 * USD } }, GUARD_BLOCK,
	    REASON_DRAWDOWN, "drawdown 20% of 20%" },
};

static void
set(struct guard *guard, enum tier tier, const struct engine_settings *with, struct figures figures,
    int64_t now_ms)
{
	figures.exchange.message_ms = now_ms - figures.exchange.message_ms;
	figures.exchange.change_ms = now_ms - figures.exchange.change_ms;
	figures.route.last_loss_ms = now_ms - figures.route.last_loss_ms;
	if (tier == EXCHANGE)
		guard_exchange(guard, &with->limits, &figures.exchange, now_ms);
	else if (tier == ROUTE)
		guard_route(guard, with, &figures.route, now_ms);
	else if (tier == SYMBOL)
		guard_symbol(guard, &with->limits, &figures.symbol, now_ms);
	else
		guard_global(guard, &with->limits, &figures.global, now_ms);
}

static void
assert_guard(const struct guard *guard, enum guard_state state, int64_t triggers, int64_t since_ms)
{
	ck_assert_str_eq(guard_state_words[guard->state], guard_state_words[state]);
	ck_assert_int_eq(guard->triggers, triggers);
	ck_assert_int_eq(guard->since_ms, since_ms);
}

START_TEST(a_guard_fires_at_its_limit_and_lets_go_one_step_before_it)
{
	struct guard guard = { 0 };

	set(&guard, cases[_i].tier, &settings, cases[_i].quiet, NOW);
	assert_guard(&guard, GUARD_OK, 0, 0);
	set(&guard, cases[_i].tier, &settings, cases[_i].fires, NOW + 1);
	assert_guard(&guard, cases[_i].state, 1, NOW + 1);
	ck_assert_int_eq(guard.reason, cases[_i].reason);
	set(&guard, cases[_i].tier, &settings, cases[_i].fires, NOW + 2);
	assert_guard(&guard, cases[_i].state, 1, NOW + 1);
	set(&guard, cases[_i].tier, &settings, cases[_i].quiet, NOW + 3);
	assert_guard(&guard, GUARD_OK, 1, NOW + 3);
	ck_assert_int_eq(guard.reason, REASON_NONE);
	set(&guard, cases[_i].tier, &settings, cases[_i].fires, NOW + 4);
	assert_guard(&guard, cases[_i].state, 2, NOW + 4);
}
END_TEST

START_TEST(a_guard_says_why)
{
	struct guard guard = { 0 };
	char text[GUARD_TEXT] = "?";

	guard_text(&guard, text);
	ck_assert_str_eq(text, "");
	set(&guard, cases[_i].tier, &settings, cases[_i].fires, NOW);
	guard_text(&guard, text);
	ck_assert_str_eq(text, cases[_i].text);
}
END_TEST

START_TEST(a_limit_of_0_is_off)
{
	struct engine_settings off = { .parameters = settings.parameters };
	struct guard guard = { 0 };

	set(&guard, cases[_i].tier, &off, cases[_i].fires, NOW);
	/* A connection that is gone is not a matter of a limit. */
	if (cases[_i].tier == EXCHANGE && !cases[_i].fires.exchange.connected)
		assert_guard(&guard, GUARD_BLOCK, 1, NOW);
	else
		assert_guard(&guard, GUARD_OK, 0, 0);
}
END_TEST

START_TEST(the_worst_reason_counts_and_of_equal_ones_the_first)
{
	struct figures figures = {
		.exchange = { .connected = true,
		    .message_ms = 6000,
		    .change_ms = 12000,
		    .daily_loss = 10001 * USD },
		.route = { .edge = EDGE,
		    .score = 1,
		    .losses_in_a_row = 3,
		    .last_loss_ms = 5,
		    .spread = 600 * BPS },
		.symbol = { .equity = USD, .exposure = USD, .imbalance = USD, .volatility = USD },
		.global = { .daily_loss = 50001 * USD, .exposure = 100001 * USD, .highest_equity = USD },
	};
	struct guard guard = { 0 };
	char text[GUARD_TEXT];

	set(&guard, EXCHANGE, &settings, figures, NOW);
	ck_assert_int_eq(guard.reason, REASON_DAILY_LOSS);
	figures.exchange.daily_loss = 0;
	set(&guard, EXCHANGE, &settings, figures, NOW);
	ck_assert_int_eq(guard.reason, REASON_DOWN);
	figures.exchange.message_ms = 0;
	set(&guard, EXCHANGE, &settings, figures, NOW);
	ck_assert_int_eq(guard.reason, REASON_FROZEN);
	guard_text(&guard, text);
	ck_assert_str_eq(text, "no book has changed for 12 of 10 s");
	set(&guard, SYMBOL, &settings, figures, NOW);
	ck_assert_int_eq(guard.reason, REASON_EXPOSURE);
	figures.symbol.exposure = 0;
	set(&guard, SYMBOL, &settings, figures, NOW);
	ck_assert_int_eq(guard.reason, REASON_IMBALANCE);
	set(&guard, GLOBAL, &settings, figures, NOW);
	ck_assert_int_eq(guard.reason, REASON_DAILY_LOSS);
	figures.global.daily_loss = 0;
	set(&guard, GLOBAL, &settings, figures, NOW);
	ck_assert_int_eq(guard.reason, REASON_EXPOSURE);
	figures.global.exposure = 0;
	set(&guard, GLOBAL, &settings, figures, NOW);
	ck_assert_int_eq(guard.reason, REASON_DRAWDOWN);
	ck_assert_int_eq(guard.value, FIXED_ONE);
	/* All the time since the first it has not been ok. */
	assert_guard(&guard, GUARD_BLOCK, 1, NOW);
	/* A share of 0 cannot be computed. */
	figures.global = (struct global_figures){ .equity = -USD };
	set(&guard, GLOBAL, &settings, figures, NOW);
	assert_guard(&guard, GUARD_OK, 1, NOW);
}
END_TEST

START_TEST(a_worse_state_begins_anew_and_is_the_same_trigger)
{
	struct figures figures = {
		.route = { .edge = EDGE, .score = 60 * USD, .spread = 600 * BPS, .losses_in_a_row = 3 }
	};
	struct guard guard = { 0 };

	figures.route.last_loss_ms = 120000;
	set(&guard, ROUTE, &settings, figures, NOW);
	assert_guard(&guard, GUARD_DEGRADE, 1, NOW);
	figures.route.last_loss_ms = 1000;
	set(&guard, ROUTE, &settings, figures, NOW + 1);
	assert_guard(&guard, GUARD_COOLDOWN, 1, NOW + 1);
	ck_assert_int_eq(guard.until_ms, NOW + 1 - 1000 + 120000);
	figures.route.score = 0;
	set(&guard, ROUTE, &settings, figures, NOW + 2);
	assert_guard(&guard, GUARD_BLOCK, 1, NOW + 2);
	ck_assert_int_eq(guard.until_ms, 0);
	figures.route.edge = 0;
	set(&guard, ROUTE, &settings, figures, NOW + 3);
	assert_guard(&guard, GUARD_COOLDOWN, 1, NOW + 3);
}
END_TEST

START_TEST(after_a_cooldown_it_takes_a_whole_streak_again)
{
	for (int losses = 0; losses <= 9; losses++) {
		struct figures figures = { .route = { .losses_in_a_row = losses } };
		struct guard guard = { 0 };
		bool third = losses == 3 || losses == 6 || losses == 9;

		set(&guard, ROUTE, &settings, figures, NOW);
		assert_guard(&guard, third ? GUARD_COOLDOWN : GUARD_OK, third ? 1 : 0, third ? NOW : 0);
	}
}
END_TEST

/* One price a second; then its steps hold nine or ten of them, and the window is not cut at a price. */
START_TEST(the_range_of_prices_forgets_what_is_older_than_its_window)
{
	struct price_range range = { 0 };
	int64_t window_ms = settings.limits.volatility_ms;

	ck_assert_int_eq(price_range_ratio(&range, window_ms, NOW), 0);
	price_range_add(&range, window_ms, NOW, 0);
	ck_assert_int_eq(price_range_ratio(&range, window_ms, NOW), 0);
	price_range_add(&range, window_ms, NOW, 120 * USD);
	ck_assert_int_eq(price_range_ratio(&range, window_ms, NOW), 0);
	for (int64_t ms = 1000; ms <= 2 * window_ms; ms += 1000) {
		fixed ratio;

		price_range_add(&range, window_ms, NOW + ms, 100 * USD);
		ratio = price_range_ratio(&range, window_ms, NOW + ms);
		if (ms <= window_ms * 31 / 32)
			ck_assert_int_eq(ratio, FIXED_ONE / 5);
		if (ms > window_ms)
			ck_assert_int_eq(ratio, 0);
	}
}
END_TEST

START_TEST(the_range_takes_highest_and_lowest_wherever_they_are)
{
	struct price_range range = { 0 };
	int64_t window_ms = 32000;

	price_range_add(&range, window_ms, NOW, 100 * USD);
	price_range_add(&range, window_ms, NOW + 500, 90 * USD);
	price_range_add(&range, window_ms, NOW + 10000, 80 * USD);
	price_range_add(&range, window_ms, NOW + 31000, 99 * USD);
	ck_assert_int_eq(price_range_ratio(&range, window_ms, NOW + 31000), FIXED_ONE / 4);
	/* Time goes on without a price. */
	ck_assert_int_eq(price_range_ratio(&range, window_ms, NOW + 32000), INT64_C(23750000));
	ck_assert_int_eq(price_range_ratio(&range, window_ms, NOW + 42000), 0);
	ck_assert_int_eq(price_range_ratio(&range, window_ms, NOW + 1000000), 0);
}
END_TEST

START_TEST(what_is_no_price_is_no_part_of_the_range)
{
	struct price_range range = { 0 };

	price_range_add(&range, 32000, NOW, 100 * USD);
	price_range_add(&range, 32000, NOW, 0);
	price_range_add(&range, 32000, NOW, -USD);
	price_range_add(&range, 32000, NOW, 120 * USD);
	ck_assert_int_eq(price_range_ratio(&range, 32000, NOW), FIXED_ONE / 5);
}
END_TEST

START_TEST(a_clock_that_was_set_begins_a_range_anew)
{
	struct price_range range = { 0 };

	price_range_add(&range, 32000, NOW, 100 * USD);
	price_range_add(&range, 32000, NOW - 5000, 50 * USD);
	price_range_add(&range, 32000, NOW - 4000, 60 * USD);
	ck_assert_int_eq(price_range_ratio(&range, 32000, NOW - 4000), FIXED_ONE / 5);
	price_range_add(&range, 32000, NOW + 86400000, 10 * USD);
	ck_assert_int_eq(price_range_ratio(&range, 32000, NOW + 86400000), 0);
	/* A window too short to have steps. */
	price_range_add(&range, 1, NOW + 86400000, 10 * USD);
	ck_assert_int_eq(price_range_ratio(&range, 1, NOW + 86400000), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("guards");
	TCase *guards = tcase_create("guards"), *range = tcase_create("range of prices");

	tcase_add_loop_test(
	    guards, a_guard_fires_at_its_limit_and_lets_go_one_step_before_it, 0, LENGTH(cases));
	tcase_add_loop_test(guards, a_guard_says_why, 0, LENGTH(cases));
	tcase_add_loop_test(guards, a_limit_of_0_is_off, 0, LENGTH(cases));
	tcase_add_test(guards, the_worst_reason_counts_and_of_equal_ones_the_first);
	tcase_add_test(guards, a_worse_state_begins_anew_and_is_the_same_trigger);
	tcase_add_test(guards, after_a_cooldown_it_takes_a_whole_streak_again);
	tcase_add_test(range, the_range_of_prices_forgets_what_is_older_than_its_window);
	tcase_add_test(range, the_range_takes_highest_and_lowest_wherever_they_are);
	tcase_add_test(range, what_is_no_price_is_no_part_of_the_range);
	tcase_add_test(range, a_clock_that_was_set_begins_a_range_anew);
	suite_add_tcase(suite, guards);
	suite_add_tcase(suite, range);
	return run_suite(suite);
}
