#include <math.h>

#include "tests/suite.h"
#include "textfile/family.h"

static const double bounds[] = { 0.1, 1 };
static const double falling[] = { 1, 0.1 };
static const double endless[] = { 0.1, INFINITY };

#define GAUGE(metric, ...)                                                                                   \
	{                                                                                                    \
		.name = metric, .type = METRIC_GAUGE, .help = "Help.", .labels = { __VA_ARGS__ }             \
	}

/* What node_exporter would reject, drop or crash on, and what of the reason must be said. */
static const struct {
	struct family family;
	const char *reason;
} unfit[] = {
	{ GAUGE("1x", NULL), "not a metric name" },
	{ GAUGE("", NULL), "not a metric name" },
	{ GAUGE("a-b", NULL), "not a metric name" },
	{ GAUGE("a b", NULL), "not a metric name" },
	{ GAUGE("a\nb", NULL), "not a metric name" },
	{ GAUGE("pr\xC3\xA9", NULL), "not a metric name" },
	{ GAUGE("node_textfile_scrape_error", NULL), "node_exporter writes it itself" },
	{ GAUGE("node_scrape_collector_success", NULL), "node_exporter writes it itself" },
	{ GAUGE("process_cpu_seconds_total", NULL), "node_exporter writes it itself" },
	{ GAUGE("x_bucket", NULL), "reserved" },
	{ GAUGE("x_sum", NULL), "reserved" },
	{ GAUGE("x_count", NULL), "reserved" },
	{ GAUGE("x", "__foo"), "crash node_exporter" },
	{ GAUGE("x", "__name__"), "crash node_exporter" },
	{ GAUGE("x", "a-b"), "not a label name" },
	{ GAUGE("x", "1a"), "not a label name" },
	{ GAUGE("x", "a:b"), "not a label name" },
	{ GAUGE("x", ""), "not a label name" },
	{ GAUGE("x", "a", "b", "a"), "there twice" },
	{ GAUGE("x", "env"), "every sample has it already" },
	{ GAUGE("x", "le"), "reserved" },
	{ GAUGE("x", "quantile"), "reserved" },
	{ { .name = "x", .type = METRIC_GAUGE, .help = "" }, "must be a sentence" },
	{ { .name = "x", .type = METRIC_GAUGE, .help = NULL }, "must be a sentence" },
	{ { .name = "x", .type = METRIC_GAUGE, .help = "\xFF" }, "must be a sentence" },
	{ { .name = "x", .type = METRIC_GAUGE, .help = "h", .bounds = bounds, .bound_count = 2 },
	    "only histograms" },
	{ { .name = "x", .type = METRIC_HISTOGRAM, .help = "h" }, "1 to 32" },
	{ { .name = "x", .type = METRIC_HISTOGRAM, .help = "h", .bounds = falling, .bound_count = 2 },
	    "ascend" },
	{ { .name = "x", .type = METRIC_HISTOGRAM, .help = "h", .bounds = endless, .bound_count = 2 },
	    "finite" },
};

START_TEST(a_row_that_would_harm_node_exporter_is_refused)
{
	const struct family *const one[] = { &unfit[_i].family };
	struct failure why = { 0 };

	ck_assert_int_eq(family_check(one, 1, &why), -1);
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	ck_assert_msg(
	    strstr(why.text, unfit[_i].reason) != NULL, "'%s' does not say '%s'", why.text, unfit[_i].reason);
}
END_TEST

START_TEST(good_rows_pass)
{
	static const struct family gauge = GAUGE("a", "b", "c");
	static const struct family histogram = { .name = "h_seconds",
		.type = METRIC_HISTOGRAM,
		.help = "Help \\ \n.",
		.bounds = bounds,
		.bound_count = 2 };
	const struct family *const both[] = { &gauge, &histogram };
	struct failure why = { 0 };

	ck_assert_int_eq(family_check(both, 2, &why), 0);
}
END_TEST

START_TEST(the_same_name_twice_is_refused)
{
	static const struct family first = GAUGE("a", NULL),
				   second = { .name = "a", .type = METRIC_COUNTER, .help = "h" };
	const struct family *const both[] = { &first, &second };
	struct failure why = { 0 };

	ck_assert_int_eq(family_check(both, 2, &why), -1);
	ck_assert_ptr_nonnull(strstr(why.text, "there twice"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("family");
	TCase *rows = tcase_create("rows");

	tcase_add_loop_test(rows, a_row_that_would_harm_node_exporter_is_refused, 0, LENGTH(unfit));
	tcase_add_test(rows, good_rows_pass);
	tcase_add_test(rows, the_same_name_twice_is_refused);
	suite_add_tcase(suite, rows);
	return run_suite(suite);
}
