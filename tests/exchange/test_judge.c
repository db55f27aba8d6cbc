#include <math.h>
#include <string.h>

#include "contract/exchange_health.h"
#include "exchange/health/history.h"
#include "exchange/health/judge.h"
#include "tests/suite.h"

static const struct judge_limits limits = { .latency_seconds = 0.5,
	.error_ratio = 0.05,
	.headroom = 0.2,
	.down_after = 3,
	.frozen_age = 5,
	.frozen_runs = 2 };

static const double noon = 1763726400;

/* A run in which everything was as it should be. */
static const struct assessment fine = { .requests = 4,
	.books = 2,
	.books_read = 2,
	.latency_seconds = 0.1,
	.used_ratio = 0.1,
	.status_told = true };

static struct history history;
static double now;

static void
set_up(void)
{
	history = (struct history){ 0 };
	now = noon;
}

/* One run, a minute after the last one, as the collector has it. */
static enum health
run(struct assessment assessment)
{
	now += 60;
	if (!judge_may_ask(&history, now))
		return judge(&limits, &history, NULL, now);
	judge_remember(&history, &assessment, now);
	return judge(&limits, &history, &assessment, now);
}

#define WITH(...) ((struct assessment){ __VA_ARGS__ })

static struct assessment
broken(void)
{
	struct assessment assessment = fine;

	assessment.failures = assessment.requests;
	assessment.books_read = 0;
	assessment.latency_seconds = assessment.used_ratio = -1;
	return assessment;
}

/* Every answer was a ban, or asked for fewer requests. */
static struct assessment
refused(void)
{
	struct assessment assessment = broken();

	assessment.refusals = assessment.failures;
	return assessment;
}

/* What one run must find to be degraded, and by how little it is not. */
static void
make_slow(struct assessment *assessment)
{
	assessment->latency_seconds = 0.501;
}
static void
make_nearly_slow(struct assessment *assessment)
{
	assessment->latency_seconds = 0.5;
}
static void
make_failing(struct assessment *assessment)
{
	assessment->requests = 100, assessment->failures = 6;
}
static void
make_nearly_failing(struct assessment *assessment)
{
	assessment->requests = 100, assessment->failures = 5;
}
static void
make_short_of_limit(struct assessment *assessment)
{
	assessment->used_ratio = 0.81;
}
static void
make_nearly_short_of_limit(struct assessment *assessment)
{
	assessment->used_ratio = 0.79;
}
static void
make_limit_unknown(struct assessment *assessment)
{
	assessment->used_ratio = -1;
}
static void
make_border_of_limit(struct assessment *assessment)
{
	assessment->used_ratio = 4800.0 / 6000; /* 1 - 0.8 is less than 0.2 */
}
static void
make_beyond_border_of_limit(struct assessment *assessment)
{
	assessment->used_ratio = 4801.0 / 6000;
}
static void
make_one_book_stand(struct assessment *assessment)
{
	assessment->books_standing = 1;
}
static void
make_halted(struct assessment *assessment)
{
	assessment->books_halted = 1;
}
static void
make_restricted(struct assessment *assessment)
{
	assessment->restricted = true;
}
static void
make_certificate_end(struct assessment *assessment)
{
	assessment->certificate_expiry = noon + 60 + 24 * 3600;
}
static void
make_certificate_end_later(struct assessment *assessment)
{
	assessment->certificate_expiry = noon + 3 * 60 + 24 * 3600;
}
static void
make_bookless(struct assessment *assessment)
{
	assessment->books = assessment->books_read = 0;
}

static const struct {
	void (*make)(struct assessment *assessment);
	enum health health;
} single_runs[] = {
	{ make_slow, HEALTH_DEGRADED },
	{ make_nearly_slow, HEALTH_HEALTHY },
	{ make_failing, HEALTH_DEGRADED },
	{ make_nearly_failing, HEALTH_HEALTHY },
	{ make_short_of_limit, HEALTH_DEGRADED },
	{ make_nearly_short_of_limit, HEALTH_HEALTHY },
	{ make_limit_unknown, HEALTH_HEALTHY },
	{ make_border_of_limit, HEALTH_HEALTHY },
	{ make_beyond_border_of_limit, HEALTH_DEGRADED },
	{ make_one_book_stand, HEALTH_DEGRADED },
	{ make_halted, HEALTH_DEGRADED },
	{ make_restricted, HEALTH_DEGRADED },
	{ make_certificate_end, HEALTH_DEGRADED },
	{ make_certificate_end_later, HEALTH_HEALTHY },
	{ make_bookless, HEALTH_HEALTHY },
};

START_TEST(one_run_degrades_and_ten_fine_ones_later_all_is_well)
{
	struct assessment assessment = fine;

	ck_assert_int_eq(run(fine), HEALTH_HEALTHY);
	/* The sample the ratio stands on begins with this run. */
	history = (struct history){ 0 };
	single_runs[_i].make(&assessment);
	ck_assert_int_eq(run(assessment), single_runs[_i].health);
	for (int i = 0; i < 10; i++)
		(void)run(fine);
	now += 3600;
	ck_assert_int_eq(run(fine), HEALTH_HEALTHY);
}
END_TEST

START_TEST(failing_is_degraded_until_it_failed_so_often_in_a_row_that_it_is_down)
{
	ck_assert_int_eq(run(fine), HEALTH_HEALTHY);
	ck_assert_int_eq(run(broken()), HEALTH_DEGRADED);
	ck_assert_int_eq(run(broken()), HEALTH_DEGRADED);
	ck_assert_int_eq(run(broken()), HEALTH_DOWN);
	ck_assert_int_eq(run(broken()), HEALTH_DOWN);
	ck_assert_msg(run(fine) == HEALTH_DEGRADED, "up again, but many of the last requests failed");
	ck_assert_msg(history.failed_runs == 0, "and the row begins anew");
	now += 3600;
	ck_assert_int_eq(run(fine), HEALTH_HEALTHY);
}
END_TEST

START_TEST(a_run_that_works_ends_the_row_of_failed_ones)
{
	for (int i = 0; i < 4; i++) {
		(void)run(broken());
		ck_assert_int_eq(run(broken()), HEALTH_DEGRADED);
		(void)run(fine);
	}
}
END_TEST

START_TEST(a_run_that_reads_no_book_at_all_failed)
{
	struct assessment assessment = fine;

	ck_assert(!judge_is_failed(&assessment));
	assessment.books_read = 1;
	ck_assert(!judge_is_failed(&assessment));
	assessment.books_read = 0;
	ck_assert(judge_is_failed(&assessment));
	assessment.books = 0;
	ck_assert_msg(!judge_is_failed(&assessment), "none was asked for");
	assessment.failures = assessment.requests;
	ck_assert(judge_is_failed(&assessment));
	ck_assert_msg(!judge_is_failed(&WITH(.requests = 0)), "nothing was due");
}
END_TEST

START_TEST(frozen_is_when_every_book_stands_still)
{
	struct assessment assessment = fine;

	assessment.books_standing = 2;
	ck_assert_int_eq(run(assessment), HEALTH_FROZEN);
	ck_assert_int_eq(run(fine), HEALTH_HEALTHY);
	assessment.books_read = 1;
	assessment.books_standing = 1;
	ck_assert_msg(run(assessment) == HEALTH_FROZEN, "every one that could be read");
	assessment.books_standing = 0;
	ck_assert_int_eq(run(assessment), HEALTH_HEALTHY);
}
END_TEST

START_TEST(a_book_stands_still_when_it_is_too_old)
{
	struct book_history book = { 0 };
	struct book_assessment assessment = { .mark = 7, .age = 5, .tradable = -1 };

	judge_compare_book(&book, &assessment);
	ck_assert(!judge_book(&limits, &book, &assessment, false));
	assessment = (struct book_assessment){ .mark = 8, .age = 5.001 };
	judge_compare_book(&book, &assessment);
	ck_assert_msg(judge_book(&limits, &book, &assessment, false), "though it moved");
	assessment = (struct book_assessment){ .mark = 9, .age = -1 };
	judge_compare_book(&book, &assessment);
	ck_assert_msg(!judge_book(&limits, &book, &assessment, true), "not told is not old");
}
END_TEST

START_TEST(a_book_without_a_time_of_its_own_is_not_old_when_it_moved)
{
	struct book_history book = { 0 };
	struct book_assessment assessment = { .mark = 7, .age = 60, .borrowed_age = true };

	judge_compare_book(&book, &assessment);
	ck_assert_msg(
	    judge_book(&limits, &book, &assessment, false), "nothing to compare with: its age counts");
	assessment.mark = 8;
	judge_compare_book(&book, &assessment);
	ck_assert_msg(!judge_book(&limits, &book, &assessment, false), "it moved since");
	judge_compare_book(&book, &assessment);
	ck_assert_msg(judge_book(&limits, &book, &assessment, false), "and no more");
	assessment = (struct book_assessment){ .mark = 9, .age = 60 };
	judge_compare_book(&book, &assessment);
	ck_assert_msg(judge_book(&limits, &book, &assessment, false), "one with a time of its own is old");
}
END_TEST

/* One run that finds a book with this mark. */
static bool
stands(struct book_history *book, double mark, bool others_moved)
{
	struct book_assessment assessment = { .mark = mark, .age = -1 };

	judge_compare_book(book, &assessment);
	return judge_book(&limits, book, &assessment, others_moved);
}

START_TEST(a_book_stands_still_when_it_is_the_same_in_two_runs_while_another_moves)
{
	struct book_history book = { 0 };

	ck_assert_msg(!stands(&book, 7, true), "the first run knows nothing to compare with");
	ck_assert(!stands(&book, 7, true));
	ck_assert(stands(&book, 7, true));
	ck_assert(stands(&book, 7, true));
	ck_assert_msg(!stands(&book, 8, true), "it moves again");
	ck_assert(!stands(&book, 8, true));
	ck_assert(stands(&book, 8, true));
}
END_TEST

START_TEST(a_market_that_is_quiet_everywhere_is_not_frozen)
{
	struct book_history book = { 0 };

	for (int i = 0; i < 10; i++)
		ck_assert(!stands(&book, 7, false));
	ck_assert(!stands(&book, 7, true));
	ck_assert_msg(!stands(&book, 7, false), "neither does such a run count");
	ck_assert_msg(stands(&book, 7, true), "nor does it end the row");
	ck_assert_msg(stands(&book, 7, false), "once it stands it stands until it moves");
	ck_assert(!stands(&book, 8, false));
}
END_TEST

START_TEST(a_ban_holds_until_it_ends_and_nothing_is_asked)
{
	struct assessment assessment = refused();

	assessment.banned = true;
	assessment.banned_until = now + 60 + 150;
	ck_assert_int_eq(run(fine), HEALTH_HEALTHY);
	now = noon;
	ck_assert_int_eq(run(assessment), HEALTH_BANNED);
	ck_assert(!judge_may_ask(&history, now));
	ck_assert(!judge_may_ask(&history, assessment.banned_until - 0.001));
	ck_assert(judge_may_ask(&history, assessment.banned_until));
	ck_assert_int_eq(run(fine), HEALTH_BANNED);
	ck_assert_int_eq(run(fine), HEALTH_BANNED);
	ck_assert_msg(history.runs == 2, "the two runs in between did not ask");
	ck_assert_msg(run(fine) == HEALTH_DEGRADED, "over, but a run of errors ago");
	now += 3600;
	ck_assert_int_eq(run(fine), HEALTH_HEALTHY);
	ck_assert_msg(history.failed_runs == 0, "a ban is an answer");
}
END_TEST

/* What a venue says, and how long it is left alone; seconds from now. */
static const struct {
	double says, holds;
} bans[] = {
	{ 1, 1 },
	{ 3 * 86400.0, 3 * 86400.0 },
	{ 0, BAN_LEAST },
	{ -1000, BAN_LEAST },
	{ NAN, BAN_LEAST },
	{ 1e300, BAN_MOST },
	{ INFINITY, BAN_MOST },
};

START_TEST(what_a_venue_demands_is_taken_within_bounds)
{
	struct assessment assessment = broken();

	assessment.banned = true;
	assessment.banned_until = now + bans[_i].says;
	judge_remember(&history, &assessment, now);
	ck_assert_double_eq_tol(history.banned_until, now + bans[_i].holds, 1e-3);
}
END_TEST

START_TEST(a_ban_is_never_shortened)
{
	struct assessment assessment = broken();

	assessment.banned = true;
	assessment.banned_until = now + 5000;
	judge_remember(&history, &assessment, now);
	assessment.banned_until = now + 50;
	judge_remember(&history, &assessment, now);
	ck_assert_double_eq(history.banned_until, now + 5000);
}
END_TEST

START_TEST(too_many_requests_is_degraded_and_backs_off)
{
	struct assessment assessment = broken();

	ck_assert_int_eq(run(fine), HEALTH_HEALTHY);
	assessment.throttled = true;
	assessment.retry_at = now + 60 + 90;
	ck_assert_int_eq(run(assessment), HEALTH_DEGRADED);
	ck_assert(!judge_may_ask(&history, now));
	ck_assert_int_eq(run(fine), HEALTH_DEGRADED);
	ck_assert_msg(history.runs == 2, "it was not asked");
	now += 3600;
	ck_assert_int_eq(run(fine), HEALTH_HEALTHY);
}
END_TEST

START_TEST(too_many_requests_without_a_time_backs_off_for_a_minute_and_at_most_an_hour)
{
	struct assessment assessment = broken();

	assessment.throttled = true;
	assessment.retry_at = -1;
	judge_remember(&history, &assessment, now);
	ck_assert_double_eq(history.retry_at, now + (double)RETRY_UNTOLD);
	assessment.retry_at = now + 1e9;
	judge_remember(&history, &assessment, now);
	ck_assert_double_eq(history.retry_at, now + (double)RETRY_MOST);
}
END_TEST

START_TEST(refusals_beside_other_failures_add_up_to_down)
{
	struct assessment assessment = broken();

	assessment.throttled = true;
	assessment.refusals = 1;
	now += 3600;
	ck_assert_int_eq(run(assessment), HEALTH_DEGRADED);
	now += 3600;
	ck_assert_int_eq(run(assessment), HEALTH_DEGRADED);
	now += 3600;
	ck_assert_int_eq(run(assessment), HEALTH_DOWN);
}
END_TEST

START_TEST(a_run_without_a_request_is_no_news)
{
	struct assessment nothing = { .latency_seconds = -1, .used_ratio = -1, .status_told = true };
	struct assessment halted = fine;
	double asked_at;

	halted.books_halted = 1;
	ck_assert_int_eq(run(fine), HEALTH_HEALTHY);
	history.judged = true;
	history.health = HEALTH_HEALTHY;
	asked_at = history.asked_at;
	ck_assert_int_eq(run(nothing), HEALTH_HEALTHY);
	ck_assert_double_eq(history.runs, 1);
	ck_assert_double_eq(history.asked_at, asked_at);
	history.health = run(halted);
	ck_assert_int_eq(history.health, HEALTH_DEGRADED);
	ck_assert_int_eq(run(nothing), HEALTH_DEGRADED);
	for (int i = 0; i < 3; i++)
		history.health = run(broken());
	ck_assert_int_eq(history.health, HEALTH_DOWN);
	ck_assert_int_eq(run(nothing), HEALTH_DOWN);
	history.health = HEALTH_BANNED;
	history.failed_runs = 0;
	ck_assert_msg(run(nothing) == HEALTH_DEGRADED, "a ban that is over is not the state any more");
}
END_TEST

START_TEST(whether_symbols_could_be_read_is_remembered_until_they_are_asked_for_again)
{
	struct assessment assessment = fine;

	assessment.symbols_asked = assessment.symbols_failed = true;
	(void)run(assessment);
	ck_assert(history.symbols_failed);
	(void)run(fine);
	ck_assert(history.symbols_failed);
	assessment.symbols_failed = false;
	(void)run(assessment);
	ck_assert(!history.symbols_failed);
}
END_TEST

START_TEST(refusals_do_not_add_up_to_down)
{
	struct assessment assessment = refused();

	assessment.throttled = true;
	for (int i = 0; i < 10; i++) {
		now += 3600;
		ck_assert_int_eq(run(assessment), HEALTH_DEGRADED);
	}
}
END_TEST

START_TEST(maintenance_is_what_the_venue_says_until_it_says_otherwise)
{
	struct assessment assessment = fine;

	assessment.maintenance = true;
	ck_assert_int_eq(run(assessment), HEALTH_MAINTENANCE);
	assessment = fine;
	assessment.status_told = false;
	ck_assert_msg(run(assessment) == HEALTH_MAINTENANCE, "it did not tell its status");
	ck_assert_int_eq(run(fine), HEALTH_HEALTHY);
	assessment.maintenance = true;
	ck_assert_msg(run(assessment) == HEALTH_MAINTENANCE, "another answer may say it as well");
	ck_assert_int_eq(run(fine), HEALTH_HEALTHY);
}
END_TEST

/* Everything at once, and less and less of it. */
START_TEST(of_several_states_the_one_that_explains_most_counts)
{
	struct assessment assessment = fine;

	history.failed_runs = 5;
	history.banned_until = now + 100;
	history.maintenance = true;
	assessment.books_standing = assessment.books_read;
	assessment.latency_seconds = 2;
	ck_assert_int_eq(judge(&limits, &history, &assessment, now), HEALTH_BANNED);
	history.banned_until = now;
	ck_assert_int_eq(judge(&limits, &history, &assessment, now), HEALTH_MAINTENANCE);
	history.maintenance = false;
	ck_assert_int_eq(judge(&limits, &history, &assessment, now), HEALTH_DOWN);
	history.failed_runs = 2;
	ck_assert_int_eq(judge(&limits, &history, &assessment, now), HEALTH_FROZEN);
	assessment.books_standing = 0;
	ck_assert_int_eq(judge(&limits, &history, &assessment, now), HEALTH_DEGRADED);
	assessment.latency_seconds = 0.1;
	ck_assert_int_eq(judge(&limits, &history, &assessment, now), HEALTH_HEALTHY);
}
END_TEST

START_TEST(the_error_ratio_forgets_by_half_every_half_life_whatever_the_pace)
{
	struct assessment assessment = { .requests = 10, .failures = 10 };
	const double ages[] = { 0, 1, 60, 120, 180, 1200, 7199 };

	for (int i = 0; i < LENGTH(ages); i++) {
		double old = 10 * pow(2, -ages[i] / 120);

		history = (struct history){ 0 };
		judge_remember(&history, &assessment, noon);
		judge_remember(&history, &WITH(.requests = 30, .failures = 3), noon + ages[i]);
		ck_assert_double_eq_tol(history.error_samples, old + 30, 1e-9);
		ck_assert_double_eq_tol(history.error_ratio, (old + 3) / (old + 30), 1e-9);
	}
	history = (struct history){ .asked_at = noon + 1000, .error_ratio = 0.5, .error_samples = 10 };
	judge_remember(&history, &WITH(.requests = 10), noon);
	ck_assert_double_eq_tol(history.error_ratio, 0.25, 1e-9);
}
END_TEST

/* Memory ------------------------------------------------------------- */

static struct metrics *
make_metrics(void)
{
	const struct family *const tables[] = { exchange_families };
	const size_t counts[] = { EXCHANGE_FAMILIES };
	struct failure why = { 0 };
	struct metrics *m = metrics_new("paper", tables, counts, 1, &why);

	ck_assert_msg(m != NULL, "%s", why.text);
	return m;
}

START_TEST(maintenance_is_remembered_through_a_ban_and_in_the_file)
{
	struct metrics *m = make_metrics();
	struct assessment assessment = fine;

	assessment.maintenance = assessment.banned = true;
	assessment.banned_until = now + 3600;
	ck_assert_int_eq(run(assessment), HEALTH_BANNED);
	history_write(m, "kraken", &history, now);
	history_write_health(m, "kraken", HEALTH_BANNED);
	now += 7200;
	history_read(m, "kraken", now, &history);
	ck_assert(history.maintenance);
	assessment = fine;
	assessment.status_told = false;
	ck_assert_int_eq(run(assessment), HEALTH_MAINTENANCE);
	ck_assert_int_eq(run(fine), HEALTH_HEALTHY);
	metrics_free(m);
}
END_TEST

START_TEST(what_is_remembered_is_what_was_written)
{
	const struct history told = { .runs = 1,
		.failed_runs = 2,
		.error_ratio = 0.25,
		.error_samples = 17.5,
		.asked_at = noon,
		.banned_until = noon + 100,
		.retry_at = noon + 50,
		.maintenance = true,
		.symbols_failed = true,
		.health = HEALTH_MAINTENANCE,
		.judged = true };
	const struct book_history book = {
		.known = true, .mark = 12345678901, .unchanged_runs = 1, .tradable = 0
	};
	struct metrics *m = make_metrics();
	struct history read;
	struct book_history read_book;
	double shown;

	history_write(m, "upbit", &told, noon);
	history_write_book(m, "upbit", "BTC/KRW", &book, true);
	history_write_book(m, "upbit", "XRP/KRW", &book, false);
	history_write_health(m, "upbit", HEALTH_MAINTENANCE);
	history_read(m, "upbit", noon, &read);
	history_read_book(m, "upbit", "BTC/KRW", &read_book);
	ck_assert_double_eq(read.runs, told.runs);
	ck_assert_double_eq(read.failed_runs, told.failed_runs);
	ck_assert_double_eq(read.error_ratio, told.error_ratio);
	ck_assert_double_eq(read.error_samples, told.error_samples);
	ck_assert_double_eq(read.asked_at, told.asked_at);
	ck_assert_msg(read.banned_until == 0 && read.retry_at == 0, "the ban list says that");
	ck_assert(metrics_value(m, &exchange_families[EXCHANGE_BANNED_UNTIL], LABELS("upbit"), &shown));
	ck_assert_double_eq(shown, told.banned_until);
	ck_assert(metrics_value(m, &exchange_families[EXCHANGE_RETRY_AT], LABELS("upbit"), &shown));
	ck_assert_double_eq(shown, told.retry_at);
	ck_assert(read.symbols_failed);
	ck_assert(read.maintenance && read.judged && read.health == HEALTH_MAINTENANCE);
	ck_assert(read_book.known && read_book.mark == book.mark && read_book.unchanged_runs == 1 &&
		  read_book.tradable == 0);
	history_read_book(m, "upbit", "XRP/KRW", &read_book);
	ck_assert_msg(read_book.known && read_book.tradable < 0, "not told while the exchange fails");
	history_read(m, "binance", noon, &read);
	history_read_book(m, "upbit", "ETH/KRW", &read_book);
	ck_assert_msg(read.runs == 0 && read.banned_until == 0 && !read.judged, "of another one nothing");
	ck_assert(!read_book.known && read_book.tradable < 0);
	metrics_free(m);
}
END_TEST

START_TEST(a_run_that_met_no_ban_says_nothing_of_one)
{
	struct metrics *m = make_metrics();
	double value;

	history_write(m, "upbit", &(struct history){ .banned_until = noon - 1, .retry_at = noon }, noon);
	ck_assert(!metrics_value(m, &exchange_families[EXCHANGE_BANNED_UNTIL], LABELS("upbit"), &value));
	ck_assert(!metrics_value(m, &exchange_families[EXCHANGE_RETRY_AT], LABELS("upbit"), &value));
	ck_assert(metrics_value(m, &exchange_families[EXCHANGE_RUNS], LABELS("upbit"), &value) && value == 1);
	metrics_free(m);
}
END_TEST

/* A number in the file that cannot be, and what is made of it. */
static const struct {
	enum exchange_family family;
	double value;
} absurd[] = {
	{ EXCHANGE_FAILED_RUNS, -1 },
	{ EXCHANGE_FAILED_RUNS, NAN },
	{ EXCHANGE_ERROR_RATIO, 1.5 },
	{ EXCHANGE_ERROR_RATIO, NAN },
	{ EXCHANGE_ERROR_SAMPLES, -5 },
	{ EXCHANGE_ERROR_SAMPLES, INFINITY },
	{ EXCHANGE_LAST_ASKED, 1e300 },
};

START_TEST(numbers_that_cannot_be_are_not_remembered)
{
	struct metrics *m = make_metrics();
	struct history read;

	metrics_set(m, &exchange_families[absurd[_i].family], LABELS("upbit"), absurd[_i].value);
	history_read(m, "upbit", noon, &read);
	ck_assert(judge_may_ask(&read, noon));
	ck_assert_double_eq(read.failed_runs + read.error_ratio + read.error_samples + read.asked_at, 0);
	judge_remember(&read, &fine, noon);
	ck_assert_int_eq(judge(&limits, &read, &fine, noon), HEALTH_HEALTHY);
	metrics_free(m);
}
END_TEST

START_TEST(exactly_one_state_is_1)
{
	struct metrics *m = make_metrics();
	double value, sum = 0;

	history_write_health(m, "upbit", (enum health)_i);
	for (int i = 0; i < HEALTHS; i++) {
		ck_assert(metrics_value(m, &exchange_families[EXCHANGE_STATE],
		    LABELS("upbit", health_name((enum health)i)), &value));
		ck_assert_double_eq(value, i == _i);
		sum += value;
	}
	ck_assert_double_eq(sum, 1);
	metrics_free(m);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("judge");
	TCase *all = tcase_create("judge");

	tcase_add_checked_fixture(all, set_up, NULL);
	tcase_add_loop_test(
	    all, one_run_degrades_and_ten_fine_ones_later_all_is_well, 0, LENGTH(single_runs));
	tcase_add_test(all, failing_is_degraded_until_it_failed_so_often_in_a_row_that_it_is_down);
	tcase_add_test(all, a_run_that_works_ends_the_row_of_failed_ones);
	tcase_add_test(all, a_run_that_reads_no_book_at_all_failed);
	tcase_add_test(all, frozen_is_when_every_book_stands_still);
	tcase_add_test(all, a_book_stands_still_when_it_is_too_old);
	tcase_add_test(all, a_book_stands_still_when_it_is_the_same_in_two_runs_while_another_moves);
	tcase_add_test(all, a_market_that_is_quiet_everywhere_is_not_frozen);
	tcase_add_test(all, a_ban_holds_until_it_ends_and_nothing_is_asked);
	tcase_add_loop_test(all, what_a_venue_demands_is_taken_within_bounds, 0, LENGTH(bans));
	tcase_add_test(all, a_ban_is_never_shortened);
	tcase_add_test(all, too_many_requests_is_degraded_and_backs_off);
	tcase_add_test(all, too_many_requests_without_a_time_backs_off_for_a_minute_and_at_most_an_hour);
	tcase_add_test(all, refusals_do_not_add_up_to_down);
	tcase_add_test(all, refusals_beside_other_failures_add_up_to_down);
	tcase_add_test(all, a_run_without_a_request_is_no_news);
	tcase_add_test(all, whether_symbols_could_be_read_is_remembered_until_they_are_asked_for_again);
	tcase_add_test(all, a_book_without_a_time_of_its_own_is_not_old_when_it_moved);
	tcase_add_test(all, maintenance_is_what_the_venue_says_until_it_says_otherwise);
	tcase_add_test(all, maintenance_is_remembered_through_a_ban_and_in_the_file);
	tcase_add_test(all, of_several_states_the_one_that_explains_most_counts);
	tcase_add_test(all, the_error_ratio_forgets_by_half_every_half_life_whatever_the_pace);
	tcase_add_test(all, what_is_remembered_is_what_was_written);
	tcase_add_test(all, a_run_that_met_no_ban_says_nothing_of_one);
	tcase_add_loop_test(all, numbers_that_cannot_be_are_not_remembered, 0, LENGTH(absurd));
	tcase_add_loop_test(all, exactly_one_state_is_1, 0, HEALTHS);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
