#include <string.h>

#include "exchange/health/assess.h"
#include "tests/suite.h"

/* Venues as the probe leaves them: one book each, of one base, asked at noon. */
static const double noon = 1763726400;

enum { VENUES = 4, REQUESTS = 9 };

static struct profile profiles[VENUES];
static struct exchange_reading readings[VENUES];
static struct request_reading requests[VENUES][REQUESTS];
static struct book_reading book_readings[VENUES];
static struct health_book books[VENUES];
static struct health_venue items[VENUES];
static struct venues venues;
static struct exchange_target target;
static double seconds[REQUESTS];

static void
set_up(void)
{
	memset(profiles, 0, sizeof(profiles));
	memset(requests, 0, sizeof(requests));
	for (int i = 0; i < VENUES; i++) {
		requests[i][0] = (struct request_reading){
			.endpoint = ENDPOINT_BOOK, .status = 200, .seconds = 0.1, .arrived = noon
		};
		book_readings[i] = (struct book_reading){
			.read = true, .timestamp = noon - 1, .sequence = 7, .tradable = -1
		};
		readings[i] = (struct exchange_reading){ .requests = requests[i],
			.request_count = 1,
			.books = &book_readings[i],
			.clock_read = true,
			.clock_error = 0.1 };
		books[i] = (struct health_book){ .symbol = "BTC/USDT" };
		profiles[i].book_timestamp.count = 1;
		items[i] = (struct health_venue){
			.profile = &profiles[i], .books = &books[i], .book_count = 1, .reading = &readings[i]
		};
	}
	venues = (struct venues){ .items = items, .count = VENUES };
	target = (struct exchange_target){ .asked = { [ENDPOINT_BOOK] = true } };
}

static void
add_request(int venue, enum endpoint endpoint, double took)
{
	requests[venue][readings[venue].request_count++] =
	    (struct request_reading){ .endpoint = endpoint, .status = 200, .seconds = took, .arrived = noon };
}

static struct assessment
news_of(int venue)
{
	struct assessment assessment;

	assess_venue(&items[venue], &target, seconds, &assessment);
	return assessment;
}

START_TEST(latency_is_the_median_of_the_slowest_endpoint)
{
	add_request(0, ENDPOINT_TIME, 0.01);
	add_request(0, ENDPOINT_STATUS, 0.02);
	add_request(0, ENDPOINT_TRADE, 0.03);
	ck_assert_double_eq(news_of(0).latency_seconds, 0.1);
	add_request(0, ENDPOINT_BOOK, 3);
	add_request(0, ENDPOINT_BOOK, 0.2);
	ck_assert_msg(news_of(0).latency_seconds == 0.2, "one slow answer of three is not the endpoint");
	add_request(0, ENDPOINT_BOOK, 3);
	ck_assert_double_eq_tol(news_of(0).latency_seconds, 1.6, 1e-12);
	memset(requests, 0, sizeof(requests));
	ck_assert_msg(news_of(0).latency_seconds < 0, "none came");
}
END_TEST

START_TEST(refusals_are_counted_among_the_failures_and_what_was_not_sent_is_neither)
{
	struct assessment assessment;

	add_request(0, ENDPOINT_TIME, 0.1);
	add_request(0, ENDPOINT_STATUS, 0.1);
	add_request(0, ENDPOINT_TRADE, 0.1);
	requests[0][1].failure.kind = requests[0][2].failure.kind = requests[0][3].failure.kind =
	    FAILURE_REJECTED;
	requests[0][1].refused = true;
	requests[0][3].dropped = true;
	assessment = news_of(0);
	ck_assert_uint_eq(assessment.requests, 3);
	ck_assert_uint_eq(assessment.failures, 2);
	ck_assert_uint_eq(assessment.refusals, 1);
	ck_assert(!assessment.symbols_asked && !assessment.symbols_failed);
	requests[0][1].endpoint = ENDPOINT_SYMBOLS;
	assessment = news_of(0);
	ck_assert(assessment.symbols_asked && assessment.symbols_failed);
}
END_TEST

static double
age_of(int venue)
{
	assess_compare_clocks(&venues);
	assess_read_books(&items[venue]);
	return books[venue].assessment.age;
}

START_TEST(an_age_is_by_the_exchange_s_clock_unless_that_is_far_behind)
{
	readings[0].clock_skew = 0.4;
	ck_assert_double_eq_tol(age_of(0), 1.4, 1e-6);
	readings[0].clock_skew = -4;
	ck_assert_msg(age_of(0) == 0, "never negative");
	book_readings[0].timestamp = noon - 60;
	readings[0].clock_skew = -60;
	ck_assert_double_eq_tol(age_of(0), 60, 1e-6);
	readings[0].clock_read = false;
	ck_assert_double_eq_tol(age_of(0), 60, 1e-6);
}
END_TEST

START_TEST(when_most_clocks_agree_it_is_ours_that_is_wrong)
{
	for (int i = 0; i < VENUES; i++) {
		readings[i].clock_skew = -60 - i * 0.3;
		book_readings[i].timestamp = noon - 61;
	}
	ck_assert_double_eq_tol(age_of(0), 1, 1e-6);
	/* Two of four are no majority: a company whose clocks stand still. */
	readings[2].clock_skew = readings[3].clock_skew = 0;
	ck_assert_double_eq_tol(age_of(0), 61, 1e-6);
	/* Two of two are. */
	items[2].reading = NULL;
	readings[3].clock_read = false;
	ck_assert_double_eq_tol(age_of(0), 1, 1e-6);
	readings[1].clock_skew = -61.1;
	ck_assert_msg(age_of(0) == 61, "more than a second apart is not agreed");
	items[1].reading = NULL;
	ck_assert_msg(age_of(0) == 61, "alone it agrees with nobody");
}
END_TEST

START_TEST(where_a_book_has_no_time_of_its_own_its_age_is_borrowed)
{
	profiles[1].book_timestamp.count = 0;  /* of the last trade */
	profiles[2].book_timestamp.count = 10; /* of each level */
	for (int i = 0; i < 3; i++)
		assess_read_books(&items[i]);
	ck_assert(!books[0].assessment.borrowed_age);
	ck_assert(books[1].assessment.borrowed_age && books[2].assessment.borrowed_age);
}
END_TEST

/* What the book is like in the run, and what is counted of it. */
static const struct {
	double age;
	bool read;
	int tradable;
	size_t halted, books_read, standing;
} counted[] = {
	{ 1, true, -1, 0, 1, 0 },
	{ 31, true, 1, 0, 1, 1 },
	{ 1, true, 0, 1, 1, 0 },
	{ 31, false, 0, 1, 0, 0 },
};

START_TEST(books_that_were_read_stand_still_or_are_halted_are_counted)
{
	static const struct judge_limits limits = { .frozen_age = 30, .frozen_runs = 3 };
	struct assessment assessment = { 0 };

	books[0].history.tradable = -1;
	book_readings[0].read = counted[_i].read;
	book_readings[0].tradable = counted[_i].tradable;
	assess_read_books(&items[0]);
	books[0].assessment.age = counted[_i].age;
	assess_judge_books(&venues, &items[0], &limits, &assessment);
	ck_assert_uint_eq(assessment.books_halted, counted[_i].halted);
	ck_assert_uint_eq(assessment.books_read, counted[_i].books_read);
	ck_assert_uint_eq(assessment.books_standing, counted[_i].standing);
}
END_TEST

/* A book stands still in a run if the same asset moved at another venue, in any quote currency. */
static const struct {
	const char *other;
	bool moved;
	double unchanged;
} elsewhere[] = {
	{ "BTC/USDT", true, 1 },
	{ "BTC/KRW", true, 1 },
	{ "BTC/USDT", false, 0 },
	{ "BT/USDT", true, 0 },
	{ "BTCB/USDT", true, 0 },
};

START_TEST(a_book_stands_still_beside_one_of_the_same_asset_that_moved)
{
	static const struct judge_limits limits = { .frozen_age = 30, .frozen_runs = 3 };
	struct assessment assessment = { 0 };

	books[0].assessment = (struct book_assessment){ .compared = true, .tradable = -1 };
	books[1].symbol = elsewhere[_i].other;
	books[1].assessment.moved = elsewhere[_i].moved;
	assess_judge_books(&venues, &items[0], &limits, &assessment);
	ck_assert_double_eq(books[0].history.unchanged_runs, elsewhere[_i].unchanged);
}
END_TEST

START_TEST(a_venue_that_was_not_asked_moved_nothing)
{
	static const struct judge_limits limits = { .frozen_age = 30, .frozen_runs = 3 };
	struct assessment assessment = { 0 };

	books[0].assessment = (struct book_assessment){ .compared = true, .tradable = -1 };
	books[1].assessment.moved = true;
	items[1].reading = NULL;
	assess_judge_books(&venues, &items[0], &limits, &assessment);
	ck_assert_double_eq(books[0].history.unchanged_runs, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("assess");
	TCase *all = tcase_create("news");

	tcase_add_checked_fixture(all, set_up, NULL);
	tcase_add_test(all, latency_is_the_median_of_the_slowest_endpoint);
	tcase_add_test(all, refusals_are_counted_among_the_failures_and_what_was_not_sent_is_neither);
	tcase_add_test(all, an_age_is_by_the_exchange_s_clock_unless_that_is_far_behind);
	tcase_add_test(all, when_most_clocks_agree_it_is_ours_that_is_wrong);
	tcase_add_test(all, where_a_book_has_no_time_of_its_own_its_age_is_borrowed);
	tcase_add_loop_test(
	    all, books_that_were_read_stand_still_or_are_halted_are_counted, 0, LENGTH(counted));
	tcase_add_loop_test(
	    all, a_book_stands_still_beside_one_of_the_same_asset_that_moved, 0, LENGTH(elsewhere));
	tcase_add_test(all, a_venue_that_was_not_asked_moved_nothing);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
