#include <math.h>
#include <stdlib.h>

#include "demo/paper_engine/backtest/replay.h"
#include "tests/suite.h"

enum { SYMBOLS = 4, DAYS = 8 };
static const int64_t day_ms = INT64_C(86400000), hour_ms = INT64_C(3600000);
static const int64_t midnight_ms = INT64_C(1780012800000); /* that of day 0 here */

/* What a replay reported, added up in another way than by its tally: day by day. */
struct seen {
	int trades, won, late;
	int64_t last_ms;
	fixed pnl[DAYS], fees, highest, total, deepest;
};

static void
see_pnl(struct seen *seen, int64_t at_ms, fixed pnl)
{
	ck_assert_int_ge(at_ms, midnight_ms);
	ck_assert_int_ge(at_ms, seen->last_ms); /* also of different symbols */
	seen->last_ms = at_ms;
	seen->pnl[(at_ms - midnight_ms) / day_ms] += pnl;
	seen->total += pnl;
	seen->highest = seen->total > seen->highest ? seen->total : seen->highest;
	seen->deepest =
	    seen->highest - seen->total > seen->deepest ? seen->highest - seen->total : seen->deepest;
}

static void
see_trade(void *context, const struct trade *trade)
{
	enum { SOON_MS = 1000 };
	struct seen *seen = context;

	seen->trades++;
	seen->won += trade->pnl > 0;
	seen->late += trade->closed_ms - trade->opened_ms > SOON_MS;
	seen->fees += trade->fees;
	see_pnl(seen, trade->closed_ms, trade->pnl);
}

static void
see_movement(void *context, const struct movement *movement)
{
	struct seen *seen = context;

	seen->fees += movement->fee;
	see_pnl(seen, movement->at_ms, -movement->fee);
}

static struct tally
replay(const struct engine_settings *settings, const struct span *span, bool unwatched, struct seen *seen)
{
	struct engine engine;
	struct replayed replayed = { .engine = &engine,
		.sink = { .context = seen, .trade = see_trade, .movement = see_movement },
		.unwatched = unwatched };
	struct source source;
	struct depth books[VENUES], won;
	int64_t last_ms;
	struct failure why = { 0 };

	*seen = (struct seen){ 0 };
	ck_assert_int_eq(engine_init(&engine, settings), 0);
	ck_assert_int_eq(source_seeded_open(&source, 1, SYMBOLS, &why), 0);
	ck_assert_msg(replay_run(&source, span, &replayed, 1, NULL, &why) == 0, "%s", why.text);
	/* The rate is that of the last step, not that of a leg behind it. */
	last_ms = span->from_ms + (span->until_ms - span->from_ms - 1) / span->step_ms * span->step_ms;
	source.read_symbol(source.context, 0, last_ms, books, &won);
	ck_assert_int_eq(replayed.rate, (won.bids[0].price + won.asks[0].price) / 2);
	source.close(source.context);
	ck_assert_int_eq(engine.equity, 2 * settings->cash + seen->total);
	engine_release(&engine);
	return replayed.tally;
}

/* From 18:00 of day 0 to 06:00 of day 4: three days are whole. */
START_TEST(the_tally_is_that_of_all_trades_and_its_days_are_the_whole_ones)
{
	const struct engine_settings settings = engine_settings_default();
	const struct span span = { midnight_ms + 18 * hour_ms, midnight_ms + 4 * day_ms + 6 * hour_ms,
		60000 };
	struct seen seen;
	struct tally tally = replay(&settings, &span, false, &seen);
	double mean = 0, squares = 0;

	ck_assert_int_gt(seen.trades, 100);
	ck_assert_int_eq(tally.trades, seen.trades);
	ck_assert_int_eq(tally.won, seen.won);
	ck_assert_int_eq(tally.pnl, seen.total);
	ck_assert_int_eq(tally.fees, seen.fees);
	ck_assert_int_gt(seen.deepest, 0);
	ck_assert_int_eq(tally.deepest, seen.deepest);
	for (int day = 1; day <= 3; day++)
		mean += fixed_value(seen.pnl[day]) / 3;
	for (int day = 1; day <= 3; day++)
		squares += (fixed_value(seen.pnl[day]) - mean) * (fixed_value(seen.pnl[day]) - mean);
	ck_assert_double_eq_tol(
	    tally_sharpe(&tally, span.until_ms), mean / sqrt(squares / 2) * sqrt(365), 1e-3);
	ck_assert(tally.days == 3);
}
END_TEST

START_TEST(one_whole_day_has_no_sharpe_ratio)
{
	const struct engine_settings settings = engine_settings_default();
	const struct span span = { midnight_ms, midnight_ms + 2 * day_ms - 60000, 60000 };
	struct seen seen;
	struct tally tally = replay(&settings, &span, false, &seen);

	ck_assert(tally_sharpe(&tally, span.until_ms) == 0);
	ck_assert(tally.days == 1);
}
END_TEST

START_TEST(unwatched_it_makes_the_same_trades)
{
	struct engine_settings settings = engine_settings_default();
	const struct span span = { midnight_ms + hour_ms, midnight_ms + 20 * hour_ms, 20000 };
	struct seen watched, unwatched;

	settings.reject_share = FIXED_ONE / 5;
	(void)replay(&settings, &span, false, &watched);
	(void)replay(&settings, &span, true, &unwatched);
	ck_assert_int_gt(watched.trades, 100);
	ck_assert_mem_eq(&watched, &unwatched, sizeof(watched));
}
END_TEST

/* A leg that is due at the end of the span or later would see books of the days on which it is judged. */
START_TEST(nothing_is_filled_at_the_end_of_the_span_or_later)
{
	enum { SPAN_MS = 2, SPANS = 3000 };
	struct engine_settings settings = engine_settings_default();
	int trades = 0;

	settings.leg_gap_ms = SPAN_MS; /* from 1 to 3 ms */
	for (int64_t i = 0; i < SPANS; i++) {
		const int64_t from_ms = midnight_ms + i * 60000;
		const struct span span = { from_ms, from_ms + SPAN_MS, 60000 };
		struct seen seen;

		settings.seed = (uint64_t)i;
		(void)replay(&settings, &span, true, &seen);
		trades += seen.trades;
		ck_assert_int_lt(seen.last_ms, span.until_ms);
	}
	ck_assert_int_gt(trades, 10);
}
END_TEST

/* Also when it is tried again: not with the books of a minute later. */
START_TEST(a_leg_without_a_gap_is_filled_at_once)
{
	struct engine_settings settings = engine_settings_default();
	const struct span span = { midnight_ms + hour_ms, midnight_ms + 7 * hour_ms, 60000 };
	struct seen seen;

	settings.reject_share = FIXED_ONE / 5;
	settings.leg_gap_ms = 0;
	(void)replay(&settings, &span, false, &seen);
	ck_assert_int_gt(seen.trades, 50);
	ck_assert_int_eq(seen.late, 0);
	/* What is never filled must not be tried for ever. */
	settings.reject_share = FIXED_ONE * 9 / 10;
	settings.parameters.cooldown_ms = 0;
	(void)replay(&settings, &span, false, &seen);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("replay");
	TCase *all = tcase_create("all");

	tcase_add_test(all, the_tally_is_that_of_all_trades_and_its_days_are_the_whole_ones);
	tcase_add_test(all, one_whole_day_has_no_sharpe_ratio);
	tcase_add_test(all, unwatched_it_makes_the_same_trades);
	tcase_add_test(all, nothing_is_filled_at_the_end_of_the_span_or_later);
	tcase_add_test(all, a_leg_without_a_gap_is_filled_at_once);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
