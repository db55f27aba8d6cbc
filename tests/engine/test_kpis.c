/* KPIs from sums of trades and from steps of equity: published vectors, and cases made by hand. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/kpis.h"
#include "tests/suite.h"

#define NEAR(a, b) ck_assert_msg(fabs((a) - (b)) <= 1e-12 * fmax(1, fabs(b)), "%.17g is not %.17g", a, b)
#define UNKNOWN(a) ck_assert_msg(isnan(a), "%.17g is known", a)

static struct decimal
money(const char *text)
{
	struct decimal number;

	ck_assert(decimal_parse(SLICE(text), &number));
	return number;
}

/* Equity -------------------------------------------------------------- */

/* One snapshot, as a piece; flows are those of all time. */
static struct trades_piece
piece(int day, const char *equity, const char *flows)
{
	struct decimal value = money(equity);

	return (struct trades_piece){ .currency = "USDT",
		.segment = TRADES_SEGMENTS - 1,
		.day = day,
		.samples = 1,
		.flows = money(flows),
		.first = value,
		.last = value,
		.low = value,
		.high = value };
}

static struct kpi_equity
equity_of(const struct trades_piece *pieces, size_t count, int today, enum kpi_window window)
{
	const struct trades_reading reading = { .now = 1e9, .midnight = 1e9 - 3600, .today = today };
	struct kpi_equity kpis[KPI_WINDOWS];

	ck_assert_uint_eq(kpi_equity_compute(&reading, pieces, count, kpis), count);
	return kpis[window];
}

/* The nearest text of 18 digits behind the point: as exact as needed. */
static struct trades_piece
piece_of(int day, double equity)
{
	char text[DECIMAL_TEXT];

	(void)snprintf(text, sizeof(text), "%.18f", equity);
	return piece(day, text, "0");
}

/* A snapshot on day 0, then one a day with these returns; days with 0 have none if `gaps`. */
static struct kpi_equity
equity_of_returns(const double *returns, int count, bool gaps)
{
	struct trades_piece pieces[64];
	double equity = 1000;
	size_t used = 0;

	pieces[used++] = piece_of(0, equity);
	for (int i = 0; i < count; i++) {
		equity *= 1 + returns[i];
		if (!gaps || returns[i] != 0)
			pieces[used++] = piece_of(i + 1, equity);
	}
	return equity_of(pieces, used, count + 1, WINDOW_ALL);
}

static const struct {
	double returns[8];
	int count;
	double days;                      /* of the year that the published ratios are for */
	double sharpe, sortino, drawdown; /* 0: not published */
} vectors[] = {
	/* empyrical's README. */
	{ { .01, .02, .03, -.4, -.06, -.02 }, 6, 252, -6.7377339531573535, 0, 0.44728 },
	{ { .01, .02, .03, -.4, -.06, -.02 }, 6, 365, -8.108864067832696, 0, 0.44728 },
	/* empyrical's tests, mixed_returns. */
	{ { .01, .1, -.04, .02, .03, .02, .01, -.1 }, 8, 252, 1.7238613961706866, 2.605531251673693, 0.1 },
	/* Days without a trade count: without them it would be 12.712649046643762. */
	{ { .001, 0, .002, -.001, 0, .0015, 0 }, 7, 365, 9.177732248805759, 0, 0.001 },
};

START_TEST(daily_returns_give_the_published_ratios)
{
	const double year = sqrt(365 / vectors[_i].days);
	struct kpi_equity kpis = equity_of_returns(vectors[_i].returns, vectors[_i].count, false);
	double sum = 0, down = 0, grown = 1;

	for (int i = 0; i < vectors[_i].count; i++) {
		sum += vectors[_i].returns[i];
		down += pow(fmin(vectors[_i].returns[i], 0), 2);
		grown *= 1 + vectors[_i].returns[i];
	}
	ck_assert_uint_eq(kpis.days, (uint64_t)vectors[_i].count);
	NEAR(kpis.sharpe / year, vectors[_i].sharpe);
	if (vectors[_i].sortino != 0)
		NEAR(kpis.sortino / year, vectors[_i].sortino);
	NEAR(kpis.sortino, sum / vectors[_i].count / sqrt(down / vectors[_i].count) * sqrt(365));
	NEAR(kpis.drawdown_max, vectors[_i].drawdown);
	NEAR(kpis.growth, grown - 1);
	NEAR(kpis.calmar, (pow(grown, 365.0 / vectors[_i].count) - 1) / vectors[_i].drawdown);
}
END_TEST

START_TEST(a_day_without_a_snapshot_has_a_return_of_0)
{
	struct kpi_equity kpis = equity_of_returns(vectors[3].returns, vectors[3].count, true);

	ck_assert_uint_eq(kpis.days, 7);
	NEAR(kpis.sharpe, 9.177732248805759);
}
END_TEST

/* Profits of -10, 5, 5, -3 and 8 on 100: a peak that begins after the first trade would see a fall of 3. */
START_TEST(the_first_loss_is_a_drawdown)
{
	struct trades_piece pieces[] = { piece(0, "100", "0"), piece(0, "90", "0"), piece(0, "95", "0"),
		piece(0, "100", "0"), piece(0, "97", "0"), piece(0, "105", "0") };
	struct kpi_equity kpis;

	/* The window begins after the first snapshot. */
	pieces[0].segment = 0;
	kpis = equity_of(pieces, LENGTH(pieces), 0, WINDOW_TODAY);
	ck_assert_uint_eq(kpis.snapshots, 5);
	ck_assert(kpis.loss_max == 10);
	NEAR(kpis.drawdown_max, 0.1);
	NEAR(kpis.growth, 0.05);
	NEAR(kpis.drawdown, 0.0);
	kpis = equity_of(pieces, 5, 0, WINDOW_TODAY);
	NEAR(kpis.drawdown, 0.03);
	NEAR(kpis.drawdown_max, 0.1);
	ck_assert(kpis.loss_max == 10);
}
END_TEST

START_TEST(deposits_and_withdrawals_are_no_profit)
{
	struct trades_piece pieces[] = { piece(0, "100", "0"), piece(0, "110", "0"), piece(0, "1099", "1000"),
		piece(0, "549.5", "450.5"), piece(0, "0", "-99"), piece(0, "500", "401"),
		piece(0, "495", "401") };
	struct kpi_equity kpis = equity_of(pieces, 4, 0, WINDOW_ALL);

	NEAR(kpis.growth, 1.1 * 0.9 - 1);
	NEAR(kpis.drawdown_max, 0.1);
	ck_assert(kpis.loss_max == 11);
	/* Everything is withdrawn, then there is money again, and it loses a hundredth. */
	kpis = equity_of(pieces, LENGTH(pieces), 0, WINDOW_ALL);
	NEAR(kpis.growth, 1.1 * 0.9 * 0.99 - 1);
	NEAR(kpis.drawdown_max, 1 - 0.9 * 0.99);
	ck_assert(kpis.loss_max == 16);
}
END_TEST

/* Several snapshots in one piece. */
static struct trades_piece
piece_with(const struct trades_piece *single, size_t count)
{
	struct trades_piece all = single[0];

	all.samples = count;
	for (size_t i = 0; i < count; i++) {
		all.last = single[i].last;
		if (decimal_compare(all.last, all.high) > 0)
			all.high = all.last;
		if (decimal_compare(all.last, all.low) < 0)
			all.low = all.last;
		for (size_t j = 0; j < i; j++) {
			struct decimal fall;

			ck_assert(decimal_subtract(single[j].last, all.last, &fall));
			if (decimal_compare(fall, all.drawdown) > 0)
				all.drawdown = fall;
			if (decimal_sign(single[j].last) > 0)
				all.drawdown_ratio = fmax(
				    all.drawdown_ratio, decimal_value(fall) / decimal_value(single[j].last));
		}
	}
	return all;
}

/* Before every 13th snapshot is a deposit, where a piece has to end. */
START_TEST(pieces_of_any_size_give_the_same)
{
	enum { SNAPSHOTS = 60 };
	struct trades_piece single[SNAPSHOTS], some[SNAPSHOTS];
	size_t pieces = 0;
	int flows = 0;
	struct kpi_equity one, other;

	srand((unsigned)_i);
	for (int i = 0; i < SNAPSHOTS; i++) {
		char text[DECIMAL_TEXT], deposits[DECIMAL_TEXT];

		flows += i % 13 == 12 ? rand() % 500 : 0;
		(void)snprintf(
		    text, sizeof(text), "%d.%09d", 1000 + flows + rand() % 200, rand() % 1000000000);
		(void)snprintf(deposits, sizeof(deposits), "%d", flows);
		single[i] = piece(0, text, deposits);
	}
	for (size_t at = 0, count; at < SNAPSHOTS; at += count) {
		size_t most = 1 + (size_t)rand() % 7;

		for (count = 1; count < most && at + count < SNAPSHOTS && (at + count) % 13 != 12; count++)
			;
		some[pieces++] = piece_with(single + at, count);
	}
	one = equity_of(single, SNAPSHOTS, 0, WINDOW_ALL);
	other = equity_of(some, pieces, 0, WINDOW_ALL);
	ck_assert_uint_eq(one.snapshots, other.snapshots);
	ck_assert(one.loss_max == other.loss_max && one.loss_max > 0);
	NEAR(other.drawdown_max, one.drawdown_max);
	NEAR(other.drawdown, one.drawdown);
	NEAR(other.growth, one.growth);
}
END_TEST

START_TEST(a_window_takes_the_days_that_are_complete)
{
	static const uint64_t expected[KPI_WINDOWS] = { 0, 1, 7, 30, 39 };
	struct trades_piece pieces[41];

	for (int day = 0; day < LENGTH(pieces); day++)
		pieces[day] = piece_of(day, day % 2 == 0 ? 101 : 99.5);
	for (int w = 0; w < KPI_WINDOWS; w++) {
		struct kpi_equity kpis = equity_of(pieces, LENGTH(pieces), 40, (enum kpi_window)w);

		ck_assert_uint_eq(kpis.days, expected[w]);
		ck_assert(isnan(kpis.sharpe) == (expected[w] < 2));
	}
}
END_TEST

START_TEST(a_window_begins_with_the_equity_before_it)
{
	struct trades_piece pieces[] = { piece(0, "200", "0"), piece(1, "100", "0"), piece(1, "90", "0"),
		piece(1, "95", "0") };
	struct kpi_equity kpis;

	pieces[0].segment = pieces[1].segment = 2;
	kpis = equity_of(pieces, LENGTH(pieces), 1, WINDOW_TODAY);
	NEAR(kpis.growth, -0.05);
	NEAR(kpis.drawdown_max, 0.1);
	ck_assert(kpis.loss_max == 10 && kpis.snapshots == 2);
	kpis = equity_of(pieces, LENGTH(pieces), 1, WINDOW_7D);
	NEAR(kpis.drawdown_max, 0.55);
	ck_assert(kpis.loss_max == 110 && kpis.snapshots == 4);
	/* Without a snapshot in the window nothing is known of it. */
	kpis = equity_of(pieces, 2, 1, WINDOW_TODAY);
	UNKNOWN(kpis.growth);
	UNKNOWN(kpis.loss_max);
	ck_assert_uint_eq(kpis.snapshots, 0);
}
END_TEST

START_TEST(what_cannot_be_told_is_unknown)
{
	static const double flat[] = { 0, 0, 0 }, constant[] = { 0.01, 0.01, 0.01 }, one[] = { 0.01 };
	struct kpi_equity kpis = equity_of_returns(flat, 3, false);
	struct trades_piece below[] = { piece(0, "100", "0"), piece(1, "-100", "0"), piece(2, "50", "0"),
		piece(2, "55", "0") };

	UNKNOWN(kpis.sharpe);
	UNKNOWN(kpis.sortino);
	UNKNOWN(kpis.calmar);
	ck_assert(kpis.growth == 0 && kpis.drawdown_max == 0 && kpis.loss_max == 0 && kpis.days == 3);
	kpis = equity_of_returns(constant, 3, false);
	UNKNOWN(kpis.sharpe);
	UNKNOWN(kpis.sortino);
	kpis = equity_of_returns(one, 1, false);
	UNKNOWN(kpis.sharpe);
	ck_assert_uint_eq(kpis.days, 1);

	kpis = equity_of(below, LENGTH(below), 3, WINDOW_ALL);
	UNKNOWN(kpis.growth);
	UNKNOWN(kpis.drawdown);
	UNKNOWN(kpis.drawdown_max);
	UNKNOWN(kpis.sharpe);
	ck_assert(kpis.loss_max == 200 && kpis.days == 0);
	/* A window that begins later knows its own. */
	below[0].segment = below[1].segment = below[2].segment = 0;
	kpis = equity_of(below, LENGTH(below), 3, WINDOW_TODAY);
	NEAR(kpis.growth, 0.1);
}
END_TEST

START_TEST(growth_from_nothing_is_passed_over)
{
	struct trades_piece pieces[] = { piece(0, "0", "0"), piece(0, "100", "0"), piece(0, "110", "0") };
	struct trades_piece together = piece_with(pieces, 2);
	struct kpi_equity kpis = equity_of(pieces, LENGTH(pieces), 0, WINDOW_ALL);

	NEAR(kpis.growth, 0.1);
	ck_assert(kpis.drawdown_max == 0 && kpis.loss_max == 0);
	kpis = equity_of(&together, 1, 0, WINDOW_ALL);
	ck_assert(kpis.growth == 0 && kpis.drawdown_max == 0 && kpis.loss_max == 0);
}
END_TEST

/* Equity reads as 0 for a moment: that is a fall, but whatever ends a piece then, the index is not lost. */
START_TEST(equity_that_was_0_goes_on_from_where_it_was)
{
	const struct trades_piece single[] = { piece(0, "100", "0"), piece(0, "120", "0"), piece(0, "0", "0"),
		piece(0, "90", "0") };
	const struct trades_piece dust[] = { piece(0, "100", "0"), piece(0, "0", "-100"),
		piece(0, "3", "-100") };

	/* Each bit of _i ends a piece. */
	struct trades_piece some[LENGTH(single)];
	size_t pieces = 0, from = 0;
	struct kpi_equity kpis;

	for (size_t i = 0; i < LENGTH(single); i++)
		if (i + 1 == LENGTH(single) || (_i >> i & 1) != 0) {
			some[pieces++] = piece_with(single + from, i + 1 - from);
			from = i + 1;
		}
	kpis = equity_of(some, pieces, 0, WINDOW_ALL);
	NEAR(kpis.growth, -0.1);
	NEAR(kpis.drawdown, 0.25);
	NEAR(kpis.drawdown_max, 1.0);
	/* What was withdrawn says nothing of what is there now. */
	kpis = equity_of(dust, LENGTH(dust), 0, WINDOW_ALL);
	NEAR(kpis.growth, 0.0);
}
END_TEST

START_TEST(after_0_a_fall_is_seen_at_once)
{
	const struct trades_piece single[] = { piece(0, "0", "0"), piece(0, "100", "0"),
		piece(0, "50", "0") };
	const struct trades_piece together = piece_with(single, LENGTH(single));
	const struct kpi_equity kpis = equity_of(&together, 1, 0, WINDOW_ALL);

	NEAR(kpis.drawdown, 0.5);
	NEAR(kpis.drawdown_max, 0.5);
}
END_TEST

START_TEST(each_currency_is_for_itself)
{
	const struct trades_reading reading = { .now = 1e9, .midnight = 1e9 - 3600 };
	struct trades_piece pieces[] = { piece(0, "1", "0"), piece(0, "1.5", "0"), piece(0, "1", "0") };
	struct kpi_equity kpis[KPI_WINDOWS];

	(void)snprintf(pieces[2].currency, sizeof(pieces[2].currency), "KRW");
	ck_assert_uint_eq(kpi_equity_compute(&reading, pieces, 3, kpis), 2);
	NEAR(kpis[WINDOW_ALL].growth, 0.5);
	ck_assert_uint_eq(kpi_equity_compute(&reading, pieces + 2, 1, kpis), 1);
	ck_assert_uint_eq(kpis[WINDOW_ALL].snapshots, 1);
}
END_TEST

/* Trades -------------------------------------------------------------- */

enum { OLD, MONTH, WEEK, DAY, NOW }; /* segments */

static struct trades_cell
trade(const char *currency, int segment, const char *pnl)
{
	struct trades_cell cell = { .segment = segment, .count = 1, .pnl = money(pnl) };

	(void)snprintf(cell.currency, sizeof(cell.currency), "%s", currency);
	cell.wins = decimal_sign(cell.pnl) > 0;
	cell.losses = decimal_sign(cell.pnl) < 0;
	if (decimal_sign(cell.pnl) > 0)
		cell.gross_win = cell.pnl;
	else
		cell.gross_loss = decimal_negative(cell.pnl);
	return cell;
}

static struct trades_cell
trade_of(enum kpi_scope scope, const char *name, const char *currency, const char *pnl)
{
	struct trades_cell cell = trade(currency, OLD, pnl);

	cell.scope = scope;
	(void)snprintf(cell.name, sizeof(cell.name), "%s", name);
	return cell;
}

/* The cells are all of one group. */
static struct kpi_trades
trades_of(struct trades_cell *cells, size_t count, int first_segment, double hours)
{
	struct kpi_sums sums = { 0 };
	struct kpi_trades kpis;
	size_t group_count;
	struct kpi_group *groups = kpi_groups_new(cells, count, 1, &group_count);

	ck_assert_uint_eq(group_count, 1);
	kpi_sums_add(&sums, &groups[0], first_segment);
	kpi_trades_compute(&sums, hours, &kpis);
	free(groups);
	return kpis;
}

START_TEST(trades_are_added_up_for_each_window)
{
	struct trades_cell cells[] = { trade("USDT", OLD, "0.1"), trade("USDT", DAY, "0.2"),
		trade("USDT", WEEK, "-0.1"), trade("USDT", OLD, "0") };
	struct kpi_trades kpis = trades_of(cells, 4, OLD, 8);

	ck_assert(kpis.pnl == 0.2 && kpis.expectancy == 0.05 && kpis.trades_per_hour == 0.5);
	ck_assert(kpis.win_ratio == 0.5);
	NEAR(kpis.profit_factor, 3.0);
	UNKNOWN(kpis.fees);
	UNKNOWN(kpis.duration_average);
	UNKNOWN(kpis.duration_p95);
	UNKNOWN(kpis.leg_gap_average);
	UNKNOWN(kpis.slippage_average);
	kpis = trades_of(cells, 4, WEEK, 168);
	ck_assert(kpis.pnl == 0.1 && kpis.win_ratio == 0.5);
	kpis = trades_of(cells, 4, NOW, 0.5);
	ck_assert(kpis.pnl == 0);
	UNKNOWN(kpis.win_ratio);
	UNKNOWN(kpis.profit_factor);
	UNKNOWN(kpis.expectancy);
	UNKNOWN(kpis.trades_per_hour);
}
END_TEST

START_TEST(without_a_loss_the_profit_factor_is_infinite)
{
	struct trades_cell win = trade("USDT", NOW, "3"), loss = trade("USDT", NOW, "-3"),
			   draw = trade("USDT", NOW, "0");
	struct kpi_trades kpis = trades_of(&win, 1, OLD, 2);

	ck_assert(isinf(kpis.profit_factor) && kpis.profit_factor > 0 && kpis.win_ratio == 1);
	kpis = trades_of(&loss, 1, OLD, 2);
	ck_assert(kpis.profit_factor == 0 && kpis.win_ratio == 0);
	kpis = trades_of(&draw, 1, OLD, 2);
	UNKNOWN(kpis.profit_factor);
	ck_assert(kpis.win_ratio == 0 && kpis.expectancy == 0);
}
END_TEST

START_TEST(fees_of_some_trades_are_not_fees_of_all)
{
	struct trades_cell cells[] = { trade("USDT", WEEK, "1"), trade("USDT", NOW, "1") };
	struct kpi_trades kpis;

	cells[1].fees_count = cells[1].funding_count = 1;
	cells[1].fees = money("0.25");
	cells[1].funding = money("-0.5");
	kpis = trades_of(cells, 2, OLD, 2);
	UNKNOWN(kpis.fees);
	UNKNOWN(kpis.funding);
	kpis = trades_of(cells, 2, NOW, 2);
	ck_assert(kpis.fees == 0.25 && kpis.funding == -0.5);
}
END_TEST

/* 100 durations: 90 in (1, 1.6], 10 in (10, 16].  The 95th is half way in the latter. */
START_TEST(a_quantile_is_interpolated)
{
	struct trades_cell cell = trade("USDT", NOW, "1");
	struct kpi_trades kpis;

	cell.durations[9] = 90;
	cell.durations[14] = 10;
	cell.duration = money("251");
	cell.duration_count = 100;
	kpis = trades_of(&cell, 1, OLD, 2);
	NEAR(kpis.duration_p95, 13.0);
	ck_assert(kpis.duration_average == 2.51);
	memset(cell.durations, 0, sizeof(cell.durations));
	cell.durations[0] = 1;
	kpis = trades_of(&cell, 1, OLD, 2);
	NEAR(kpis.duration_p95, 0.0095);
	cell.durations[KPI_DURATION_BOUNDS] = 99;
	kpis = trades_of(&cell, 1, OLD, 2);
	NEAR(kpis.duration_p95, 86400.0);
}
END_TEST

static const struct {
	const char *dividend;
	uint64_t divisor;
	double expected;
} quotients[] = {
	{ "1", 3, 1.0 / 3 },
	{ "-0.7", 7, -0.1 },
	{ "0", 5, 0 },
	{ "12345678901234567890.123456789", 1, 12345678901234567890.123456789 },
	/* Rounded first to a double, and then divided, each of these would be off by one in the last place.
	 */
	{ "0.3", 7, 0.042857142857142857142857142857142857 },
	{ "99999999999999999999999999999999999999", 18446744073709551615U, 5.4210108624275221706e18 },
	{ "0.000000000000000000000000000000000001", 1000000, 1e-42 },
};

START_TEST(a_quotient_is_rounded_once)
{
	double is = kpi_quotient(money(quotients[_i].dividend), quotients[_i].divisor);

	ck_assert_msg(is == quotients[_i].expected, "%.17g is not %.17g", is, quotients[_i].expected);
}
END_TEST

START_TEST(sums_that_do_not_fit_are_unknown)
{
	struct trades_cell cells[] = { trade("USDT", OLD, "99999999999999999999999999999999999999"),
		trade("USDT", NOW, "0.1") };
	struct kpi_trades kpis = trades_of(cells, 2, OLD, 2);

	UNKNOWN(kpis.pnl);
	UNKNOWN(kpis.expectancy);
	ck_assert(kpis.win_ratio == 1);
}
END_TEST

START_TEST(groups_are_told_apart)
{
	struct trades_cell cells[] = { trade_of(SCOPE_ROUTE, "a", "USDT", "1"),
		trade_of(SCOPE_TOTAL, "", "USDT", "4"), trade_of(SCOPE_SYMBOL, "a", "USDT", "5"),
		trade_of(SCOPE_TOTAL, "", "KRW", "2"), trade_of(SCOPE_TOTAL, "", "USDT", "8") };
	size_t count;
	struct kpi_group *groups = kpi_groups_new(cells, LENGTH(cells), 0, &count);

	ck_assert_uint_eq(count, 4);
	ck_assert_str_eq(groups[0].cells->currency, "KRW");
	ck_assert(groups[0].kept && groups[0].count == 1);
	ck_assert(groups[1].kept && groups[1].count == 2);
	ck_assert_int_eq(decimal_compare(groups[1].pnl, money("12")), 0);
	ck_assert(!groups[2].kept && groups[2].cells->scope == SCOPE_SYMBOL);
	ck_assert(!groups[3].kept && groups[3].cells->scope == SCOPE_ROUTE);
	free(groups);
	groups = kpi_groups_new(NULL, 0, 5, &count);
	ck_assert(groups != NULL && count == 0);
	free(groups);
}
END_TEST

START_TEST(the_names_with_the_lowest_pnl_are_kept)
{
	struct trades_cell cells[] = { trade_of(SCOPE_SYMBOL, "a", "USDT", "1"),
		trade_of(SCOPE_SYMBOL, "b", "USDT", "-7"), trade_of(SCOPE_SYMBOL, "c", "USDT", "0.5"),
		trade_of(SCOPE_SYMBOL, "a", "USDT", "-3"), trade_of(SCOPE_SYMBOL, "d", "KRW", "900"),
		trade_of(SCOPE_SYMBOL, "e", "KRW", "800"), trade_of(SCOPE_ROUTE, "z", "USDT", "77") };
	static const struct {
		const char *name;
		size_t at; /* it is kept if so many are */
	} expected[] = { { "a", 4 }, { "b", 2 }, { "c", 5 }, { "d", 3 }, { "e", 1 }, { "z", 1 } };
	size_t count;

	/* a has -2 in all.  First of each currency are e and b, second a and d: KRW comes before USDT. */
	for (size_t most = 0; most <= 5; most++) {
		struct kpi_group *groups = kpi_groups_new(cells, LENGTH(cells), most, &count);

		ck_assert_uint_eq(count, LENGTH(expected));
		for (size_t i = 0; i < count; i++) {
			ck_assert_str_eq(groups[i].cells->name, expected[i].name);
			ck_assert_msg(
			    groups[i].kept == (most >= expected[i].at), "%s, %zu", expected[i].name, most);
		}
		free(groups);
	}
}
END_TEST

START_TEST(a_window_has_its_hours)
{
	const struct trades_reading reading = {
		.now = 100 * 3600, .midnight = 99.5 * 3600, .first_trade_at = 10 * 3600
	};
	const struct trades_reading empty = { .first_trade_at = -1 };
	static const double hours[KPI_WINDOWS] = { 0.5, 24, 168, 720, 90 };

	for (int w = 0; w < KPI_WINDOWS; w++)
		NEAR(kpi_window_hours(&reading, (enum kpi_window)w), hours[w]);
	UNKNOWN(kpi_window_hours(&empty, WINDOW_ALL));
}
END_TEST

/* Conversion ---------------------------------------------------------- */

START_TEST(money_is_converted)
{
	struct trades_rate rates[] = { { "KRW", "EUR", money("7"), 400 },
		{ "KRW", "USDT", money("0.0007"), 300 } };
	const struct trades_reading reading = { .rates = rates, .rate_count = LENGTH(rates) };
	const struct trades_rate *rate = kpi_rate_find(&reading, "KRW", "USDT");
	struct kpi_converted converted = { 0 };
	struct kpi_sums sums = { .cell = trade("KRW", OLD, "1000000.5") };

	ck_assert(rate == &rates[1]);
	ck_assert(kpi_rate_find(&reading, "USDT", "KRW") == NULL);
	kpi_convert(&converted, &sums, &rate->rate);
	ck_assert_int_eq(decimal_compare(converted.sum, money("700.00035")), 0);
	ck_assert(!converted.unknown);
	/* 74 digits: as many as fit are kept. */
	sums.cell.pnl = money("1.234567890123456789012345678901234567");
	kpi_convert(&converted, &sums, &sums.cell.pnl);
	ck_assert(!converted.unknown);
	NEAR(decimal_value(converted.sum), 700.00035 + 1.524157875323883675);
	kpi_convert(&converted, &sums, NULL);
	ck_assert(converted.unknown);
	/* Without a trade no rate is needed. */
	converted.unknown = false;
	sums.cell.count = 0;
	kpi_convert(&converted, &sums, NULL);
	ck_assert(!converted.unknown);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("kpis");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, daily_returns_give_the_published_ratios, 0, LENGTH(vectors));
	tcase_add_test(all, a_day_without_a_snapshot_has_a_return_of_0);
	tcase_add_test(all, the_first_loss_is_a_drawdown);
	tcase_add_test(all, deposits_and_withdrawals_are_no_profit);
	tcase_add_loop_test(all, pieces_of_any_size_give_the_same, 0, 20);
	tcase_add_test(all, a_window_takes_the_days_that_are_complete);
	tcase_add_test(all, a_window_begins_with_the_equity_before_it);
	tcase_add_test(all, what_cannot_be_told_is_unknown);
	tcase_add_test(all, growth_from_nothing_is_passed_over);
	tcase_add_loop_test(all, equity_that_was_0_goes_on_from_where_it_was, 0, 8);
	tcase_add_test(all, after_0_a_fall_is_seen_at_once);
	tcase_add_test(all, each_currency_is_for_itself);
	tcase_add_test(all, trades_are_added_up_for_each_window);
	tcase_add_test(all, without_a_loss_the_profit_factor_is_infinite);
	tcase_add_test(all, fees_of_some_trades_are_not_fees_of_all);
	tcase_add_test(all, a_quantile_is_interpolated);
	tcase_add_loop_test(all, a_quotient_is_rounded_once, 0, LENGTH(quotients));
	tcase_add_test(all, sums_that_do_not_fit_are_unknown);
	tcase_add_test(all, groups_are_told_apart);
	tcase_add_test(all, the_names_with_the_lowest_pnl_are_kept);
	tcase_add_test(all, a_window_has_its_hours);
	tcase_add_test(all, money_is_converted);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
