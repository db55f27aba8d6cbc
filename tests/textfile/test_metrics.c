#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/suite.h"
#include "textfile/encode.h"
#include "textfile/metrics.h"
#include "textfile/validate.h"

enum { GAUGE, COUNTER, HISTOGRAM, FEW, KEPT, RECALLED, TOTAL, WHOLE_HISTOGRAM };

static const double bounds[] = { 0.5, 1 };

static const struct family families[] = {
	[GAUGE] = { .name = "g", .type = METRIC_GAUGE, .help = "A \\ and\na line.", .labels = { "k" } },
	[COUNTER] = { .name = "c_total", .type = METRIC_COUNTER, .help = "C.", .labels = { "a", "b" } },
	[HISTOGRAM] = { .name = "h_seconds",
	    .type = METRIC_HISTOGRAM,
	    .help = "H.",
	    .bounds = bounds,
	    .bound_count = 2 },
	[FEW] = { .name = "few", .type = METRIC_GAUGE, .help = "F.", .labels = { "k" }, .max_series = 2 },
	[KEPT] = { .name = "kept", .type = METRIC_GAUGE, .help = "K.", .kept = true },
	[RECALLED] = { .name = "recalled",
	    .type = METRIC_GAUGE,
	    .help = "R.",
	    .labels = { "k" },
	    .max_series = 3000,
	    .recalled = true },
	[TOTAL] = { .name = "t_total", .type = METRIC_COUNTER, .help = "T.", .whole = true },
	[WHOLE_HISTOGRAM] = { .name = "w_seconds",
	    .type = METRIC_HISTOGRAM,
	    .help = "W.",
	    .bounds = bounds,
	    .bound_count = 2,
	    .whole = true },
};

static struct metrics *m;
static struct buffer text;

static void
setup(void)
{
	/* The second table is not to be taken: the number of tables says so. */
	const struct family *const tables[] = { families, families };
	const size_t counts[] = { LENGTH(families), LENGTH(families) };
	struct failure why = { 0 };

	m = metrics_new("paper", tables, counts, 1, &why);
	ck_assert_ptr_nonnull(m);
	buffer_init(&text, 1 << 20);
}

static void
teardown(void)
{
	metrics_free(m);
	buffer_release(&text);
}

static void
assert_text(const char *expected)
{
	encode(m, &text);
	ck_assert(!text.failed);
	ck_assert_msg(slice_is(buffer_slice(&text), expected), "%.*s", (int)text.length, text.text);
}

#define G_HEAD "# HELP g A \\\\ and\\na line.\n# TYPE g gauge\n"

/* A label value, and how it must look in the file. */
static const struct {
	const char *value, *written;
} escapes[] = {
	{ "plain", "plain" },
	{ "", "" },
	{ "a\"b", "a\\\"b" },
	{ "a\\b", "a\\\\b" },
	{ "a\nb", "a\\nb" },
	{ "a\rb\tc", "a\rb\tc" },
	{ "\"} 1\ny{k=\"", "\\\"} 1\\ny{k=\\\"" },
	{ "\xED\x95\x9C", "\xED\x95\x9C" },
	{ "a\xFF"
	  "b",
	    "a\xEF\xBF\xBD"
	    "b" },
	{ "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
};

START_TEST(label_values_are_escaped_and_made_utf8)
{
	char expected[256];

	metrics_set(m, &families[GAUGE], LABELS(escapes[_i].value), 1);
	snprintf(expected, sizeof(expected), G_HEAD "g{k=\"%s\",env=\"paper\"} 1\n", escapes[_i].written);
	assert_text(expected);
}
END_TEST

START_TEST(long_label_values_are_cut_between_characters)
{
	char value[400], expected[400];

	memset(value, 'x', sizeof(value));
	memcpy(value + FAMILY_LABEL_VALUE - 1, "\xED\x95\x9C", 3);
	value[399] = '\0';
	metrics_set(m, &families[GAUGE], LABELS(value), 1);
	snprintf(expected, sizeof(expected), G_HEAD "g{k=\"%.*s\",env=\"paper\"} 1\n", FAMILY_LABEL_VALUE - 1,
	    value);
	assert_text(expected);
}
END_TEST

START_TEST(the_same_labels_are_the_same_series)
{
	metrics_set(m, &families[GAUGE], LABELS("x"), 1);
	metrics_set(m, &families[GAUGE], LABELS("x"), 2);
	metrics_add(m, &families[COUNTER], LABELS("a", "bc"), 1);
	metrics_add(m, &families[COUNTER], LABELS("ab", "c"), 1);
	metrics_add(m, &families[COUNTER], LABELS("a", "bc"), 2);
	assert_text(G_HEAD "g{k=\"x\",env=\"paper\"} 2\n"
			   "# HELP c_total C.\n# TYPE c_total counter\n"
			   "c_total{a=\"a\",b=\"bc\",env=\"paper\"} 3\n"
			   "c_total{a=\"ab\",b=\"c\",env=\"paper\"} 1\n");
}
END_TEST

START_TEST(histogram_buckets_are_cumulative_and_end_with_inf)
{
	metrics_observe(m, &families[HISTOGRAM], NO_LABELS, 0.5);
	metrics_observe(m, &families[HISTOGRAM], NO_LABELS, 0.75);
	metrics_observe(m, &families[HISTOGRAM], NO_LABELS, 2);
	assert_text("# HELP h_seconds H.\n# TYPE h_seconds histogram\n"
		    "h_seconds_bucket{env=\"paper\",le=\"0.5\"} 1\n"
		    "h_seconds_bucket{env=\"paper\",le=\"1\"} 2\n"
		    "h_seconds_bucket{env=\"paper\",le=\"+Inf\"} 3\n"
		    "h_seconds_sum{env=\"paper\"} 3.25\n"
		    "h_seconds_count{env=\"paper\"} 3\n");
}
END_TEST

START_TEST(a_touched_histogram_is_there_and_empty)
{
	metrics_touch(m, &families[HISTOGRAM], NO_LABELS);
	encode(m, &text);
	ck_assert(slice_ends_with(buffer_slice(&text), "h_seconds_count{env=\"paper\"} 0\n"));
}
END_TEST

START_TEST(families_without_series_are_not_written)
{
	assert_text("");
}
END_TEST

START_TEST(series_past_the_cap_are_dropped_and_counted)
{
	for (int i = 0; i < 5; i++) {
		char name[8];

		snprintf(name, sizeof(name), "s%d", i);
		metrics_set(m, &families[FEW], LABELS(name), i);
	}
	ck_assert_uint_eq(metrics_dropped(m), 3);
	assert_text(
	    "# HELP few F.\n# TYPE few gauge\nfew{k=\"s0\",env=\"paper\"} 0\nfew{k=\"s1\",env=\"paper\"} 1\n");
}
END_TEST

START_TEST(what_is_no_count_cannot_spoil_one)
{
	static const double no_counts[] = { NAN, INFINITY, -INFINITY, -1 };

	metrics_add(m, &families[COUNTER], LABELS("a", "b"), 1);
	metrics_observe(m, &families[HISTOGRAM], NO_LABELS, 1);
	for (int i = 0; i < LENGTH(no_counts); i++) {
		metrics_add(m, &families[COUNTER], LABELS("a", "b"), no_counts[i]);
		metrics_observe(m, &families[HISTOGRAM], NO_LABELS, no_counts[i]);
	}
	ck_assert_uint_eq(metrics_dropped(m), 8);
	ck_assert(metrics_series(m, COUNTER, 0)->value == 1);
	ck_assert(metrics_series(m, HISTOGRAM, 0)->value == 1);
	ck_assert_uint_eq(metrics_series(m, HISTOGRAM, 0)->counts[1], 1);
}
END_TEST

START_TEST(clearing_forgets_all_and_the_metrics_can_be_used_again)
{
	for (int round = 0; round < 3; round++) {
		metrics_clear(m);
		for (int i = 0; i < 900; i++) {
			char name[16];

			snprintf(name, sizeof(name), "%d-%d", round, i);
			metrics_set(m, &families[GAUGE], LABELS(name), i);
		}
		ck_assert_uint_eq(metrics_series_count(m, GAUGE), 900);
		ck_assert_uint_eq(metrics_dropped(m), 0);
	}
}
END_TEST

START_TEST(merging_adds_counts_and_sets_gauges)
{
	struct metrics *other = metrics_like(m);

	metrics_set(m, &families[GAUGE], LABELS("x"), 1);
	metrics_add(m, &families[COUNTER], LABELS("a", "b"), 1);
	metrics_observe(m, &families[HISTOGRAM], NO_LABELS, 0.25);
	metrics_set(other, &families[GAUGE], LABELS("x"), 5);
	metrics_add(other, &families[COUNTER], LABELS("a", "b"), 2);
	metrics_observe(other, &families[HISTOGRAM], NO_LABELS, 4);
	metrics_merge(m, other);
	metrics_free(other);
	ck_assert(metrics_series(m, GAUGE, 0)->value == 5);
	ck_assert(metrics_series(m, COUNTER, 0)->value == 3);
	ck_assert(metrics_series(m, HISTOGRAM, 0)->value == 4.25);
	ck_assert_uint_eq(metrics_series(m, HISTOGRAM, 0)->counts[0], 1);
	ck_assert_uint_eq(metrics_series(m, HISTOGRAM, 0)->counts[2], 1);
}
END_TEST

START_TEST(keeping_counts_alone_again_and_again_takes_no_more_memory)
{
	metrics_add(m, &families[COUNTER], LABELS("a", "b"), 1);
	metrics_set(m, &families[KEPT], NO_LABELS, 5);
	for (int round = 0; round < 50; round++) {
		struct metrics *counts;
		struct mallinfo2 now;

		for (int i = 0; i < 2000; i++) {
			char name[100];

			snprintf(name, sizeof(name), "%090d", i);
			metrics_set(m, &families[RECALLED], LABELS(name), i);
		}
		counts = metrics_copy(m, family_continues);
		metrics_clear(m);
		metrics_merge(m, counts);
		metrics_free(counts);
		now = mallinfo2();
		/* 50 rounds would leave 10 MB. */
		ck_assert_uint_lt(now.uordblks + now.hblkhd, 4 << 20);
	}
	assert_text("# HELP c_total C.\n# TYPE c_total counter\nc_total{a=\"a\",b=\"b\",env=\"paper\"} 1\n"
		    "# HELP kept K.\n# TYPE kept gauge\nkept{env=\"paper\"} 5\n");
}
END_TEST

START_TEST(totals_of_other_programs_are_set_and_do_not_go_on)
{
	static const uint64_t counts[] = { 3, 0, 2 };

	metrics_set_total(m, &families[TOTAL], NO_LABELS, 7);
	metrics_set_total(m, &families[TOTAL], NO_LABELS, 5);
	metrics_set_histogram(m, &families[WHOLE_HISTOGRAM], NO_LABELS, counts, -1.5);
	assert_text("# HELP t_total T.\n# TYPE t_total counter\nt_total{env=\"paper\"} 5\n"
		    "# HELP w_seconds W.\n# TYPE w_seconds histogram\n"
		    "w_seconds_bucket{env=\"paper\",le=\"0.5\"} 3\n"
		    "w_seconds_bucket{env=\"paper\",le=\"1\"} 3\n"
		    "w_seconds_bucket{env=\"paper\",le=\"+Inf\"} 5\n"
		    "w_seconds_sum{env=\"paper\"} -1.5\nw_seconds_count{env=\"paper\"} 5\n");
	ck_assert(!family_continues(&families[TOTAL]));
	ck_assert(!family_remembered(&families[WHOLE_HISTOGRAM]));
	metrics_set_total(m, &families[TOTAL], NO_LABELS, -1);
	ck_assert_uint_eq(metrics_dropped(m), 1);
}
END_TEST

static void
set_all(void)
{
	metrics_set(m, &families[GAUGE], LABELS("x"), 1);
	metrics_set(m, &families[RECALLED], LABELS("r"), 3);
	metrics_set(m, &families[KEPT], NO_LABELS, 5);
	metrics_add(m, &families[COUNTER], LABELS("a", "b"), 1);
	metrics_observe(m, &families[HISTOGRAM], NO_LABELS, 0.25);
}

START_TEST(a_copy_has_the_families_that_were_asked_for_and_changes_alone)
{
	struct metrics *copy;
	double value = 0;

	set_all();
	copy = metrics_copy(m, family_remembered);
	metrics_add(m, &families[COUNTER], LABELS("a", "b"), 1);
	metrics_set(m, &families[KEPT], NO_LABELS, 6);
	ck_assert_uint_eq(metrics_series_count(copy, GAUGE), 0);
	ck_assert(metrics_value(copy, &families[RECALLED], LABELS("r"), &value) && value == 3);
	ck_assert(metrics_value(copy, &families[KEPT], NO_LABELS, &value) && value == 5);
	ck_assert(metrics_value(copy, &families[COUNTER], LABELS("a", "b"), &value) && value == 1);
	ck_assert_uint_eq(metrics_series(copy, HISTOGRAM, 0)->counts[0], 1);
	metrics_free(copy);
	copy = metrics_copy(m, family_continues);
	ck_assert_uint_eq(metrics_series_count(copy, RECALLED), 0);
	ck_assert(metrics_value(copy, &families[COUNTER], LABELS("a", "b"), &value) && value == 2);
	metrics_free(copy);
}
END_TEST

START_TEST(a_text_that_does_not_fit_is_told)
{
	struct buffer small;

	buffer_init(&small, 40);
	metrics_set(m, &families[GAUGE], LABELS("x"), 1);
	encode(m, &small);
	ck_assert(small.failed);
	buffer_release(&small);
}
END_TEST

START_TEST(a_value_is_found_by_its_labels_and_nothing_is_made)
{
	double value = -1;

	ck_assert(!metrics_value(m, &families[GAUGE], LABELS("x"), &value));
	metrics_set(m, &families[GAUGE], LABELS("x"), 2.5);
	metrics_add(m, &families[COUNTER], LABELS("x", "y"), 7);
	ck_assert(metrics_value(m, &families[GAUGE], LABELS("x"), &value));
	ck_assert_double_eq(value, 2.5);
	ck_assert(metrics_value(m, &families[COUNTER], LABELS("x", "y"), &value));
	ck_assert_double_eq(value, 7);
	ck_assert(!metrics_value(m, &families[COUNTER], LABELS("y", "x"), &value));
	ck_assert(!metrics_value(m, &families[KEPT], NO_LABELS, &value));
	ck_assert_double_eq(value, 7);
	ck_assert_uint_eq(metrics_series_count(m, COUNTER), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("metrics");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_loop_test(all, label_values_are_escaped_and_made_utf8, 0, LENGTH(escapes));
	tcase_add_test(all, long_label_values_are_cut_between_characters);
	tcase_add_test(all, the_same_labels_are_the_same_series);
	tcase_add_test(all, histogram_buckets_are_cumulative_and_end_with_inf);
	tcase_add_test(all, a_touched_histogram_is_there_and_empty);
	tcase_add_test(all, families_without_series_are_not_written);
	tcase_add_test(all, series_past_the_cap_are_dropped_and_counted);
	tcase_add_test(all, what_is_no_count_cannot_spoil_one);
	tcase_add_test(all, clearing_forgets_all_and_the_metrics_can_be_used_again);
	tcase_add_test(all, merging_adds_counts_and_sets_gauges);
	tcase_add_test(all, totals_of_other_programs_are_set_and_do_not_go_on);
	tcase_add_test(all, keeping_counts_alone_again_and_again_takes_no_more_memory);
	tcase_add_test(all, a_copy_has_the_families_that_were_asked_for_and_changes_alone);
	tcase_add_test(all, a_text_that_does_not_fit_is_told);
	tcase_add_test(all, a_value_is_found_by_its_labels_and_nothing_is_made);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
