/* What a run says of its differences; the run itself is this test's. */

#include <string.h>

#include "collectors/open_positions/report.h"
#include "tests/suite.h"

static size_t failed, missed, warned;

void
run_failed(struct run *run, const char *target, const struct failure *why)
{
	(void)run;
	ck_assert_str_eq(target, "okx");
	ck_assert_ptr_nonnull(strstr(why->text, "too many digits"));
	failed++;
}

void
run_missed(struct run *run, enum failure_kind kind)
{
	(void)run;
	ck_assert_int_eq(kind, FAILURE_PROTOCOL);
	missed++;
}

void
run_log_warning(struct run *run, const char *target, const char *message)
{
	(void)run;
	(void)target;
	(void)message;
	warned++;
}

struct metrics *
run_metrics(const struct run *run)
{
	(void)run;
	return NULL;
}

/* Only runs that raise a ban need these two. */
const char *
run_directory(const struct run *run)
{
	(void)run;
	return NULL;
}

struct deadline
run_deadline(const struct run *run)
{
	(void)run;
	return deadline_in(0);
}

/* Lines have a limit; what could not be compared is a failure of the run all the same. */
START_TEST(every_market_that_cannot_be_compared_is_a_failure)
{
	struct account account = { .name = "okx" };
	struct accounts accounts = { .items = &account, .count = 1 };
	struct mismatch_report mismatches = { .accounts = &accounts };
	const struct reconcile_row row = { .symbol = "BTC/USDT", .known = false };

	/* The run itself is this file's: see above. */
	for (int i = 0; i < LOG_LINES_MOST + 5; i++)
		report_mismatch((struct run *)&failed, &mismatches, &row);
	ck_assert_uint_eq(failed, LOG_LINES_MOST);
	ck_assert_uint_eq(missed, 5);
	ck_assert_uint_eq(warned, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("report");
	TCase *all = tcase_create("all");

	tcase_add_test(all, every_market_that_cannot_be_compared_is_a_failure);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
