#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/suite.h"
#include "textfile/encode.h"
#include "textfile/state.h"

enum { UP, RUNS, LATENCY, SEEN, CODES, LAST };

static const double bounds[] = { 0.5, 1 };
static const double other_bounds[] = { 0.5, 2 };

static const struct family families[] = {
	[UP] = { .name = "up", .type = METRIC_GAUGE, .help = "U.", .labels = { "target" }, .recalled = true },
	[RUNS] = { .name = "runs_total", .type = METRIC_COUNTER, .help = "R." },
	[LATENCY] = { .name = "latency_seconds",
	    .type = METRIC_HISTOGRAM,
	    .help = "L.",
	    .labels = { "target" },
	    .bounds = bounds,
	    .bound_count = 2 },
	[SEEN] = { .name = "seen_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .help = "S.",
	    .labels = { "target" },
	    .kept = true },
	[CODES] = { .name = "codes_total",
	    .type = METRIC_COUNTER,
	    .help = "C.",
	    .labels = { "target", "code" } },
	[LAST] = { .name = "up_last", .type = METRIC_GAUGE, .help = "L.", .labels = { "target" } },
};

static struct metrics *last, *run;
static struct buffer text;

static struct metrics *
make(const char *env, const struct family *table)
{
	const struct family *const tables[] = { table };
	const size_t counts[] = { LENGTH(families) };
	struct failure why = { 0 };
	struct metrics *made = metrics_new(env, tables, counts, 1, &why);

	ck_assert_ptr_nonnull(made);
	return made;
}

/* The last run: two targets, everything set. */
static void
setup(void)
{
	last = make("paper", families);
	run = make("paper", families);
	buffer_init(&text, 1 << 20);
	metrics_set(last, &families[UP], LABELS("main"), 1);
	metrics_add(last, &families[RUNS], NO_LABELS, 7);
	metrics_observe(last, &families[LATENCY], LABELS("main"), 0.25);
	metrics_observe(last, &families[LATENCY], LABELS("main"), 3);
	metrics_observe(last, &families[LATENCY], LABELS("old \"one\"\n"), 1);
	metrics_set(last, &families[SEEN], LABELS("main"), 100);
	metrics_set(last, &families[SEEN], LABELS("old \"one\"\n"), 90);
	metrics_add(last, &families[CODES], LABELS("main", "429"), 2);
	for (int i = 0; i < 100; i++) {
		char target[16];

		snprintf(target, sizeof(target), "main%d", i);
		metrics_set(last, &families[LAST], LABELS(target), i);
	}
}

static void
teardown(void)
{
	metrics_free(last);
	metrics_free(run);
	buffer_release(&text);
}

static void
write_last(void)
{
	encode(last, &text);
	checksum_append(&text);
	ck_assert(!text.failed);
}

static enum state_result
state_continue(struct metrics *into, struct slice from)
{
	struct metrics *old = metrics_like(into);
	enum state_result result = state_read(old, from);

	if (result == STATE_CONTINUED || result == STATE_PARTLY)
		state_continue_from(into, old);
	metrics_free(old);
	return result;
}

static void
measure_main(void)
{
	metrics_set(run, &families[UP], LABELS("main"), 0);
	metrics_add(run, &families[RUNS], NO_LABELS, 1);
	metrics_observe(run, &families[LATENCY], LABELS("main"), 0.75);
}

START_TEST(counters_and_histograms_go_on)
{
	const struct series *s;

	write_last();
	measure_main();
	ck_assert_int_eq(state_continue(run, buffer_slice(&text)), STATE_CONTINUED);
	ck_assert(metrics_series(run, RUNS, 0)->value == 8);
	s = metrics_series(run, LATENCY, 0);
	ck_assert(s->value == 4);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(s->counts[i], 1);
}
END_TEST

START_TEST(plain_gauges_do_not_come_back_and_kept_ones_do)
{
	write_last();
	metrics_set(run, &families[UP], LABELS("main"), 0);
	ck_assert_int_eq(state_continue(run, buffer_slice(&text)), STATE_CONTINUED);
	ck_assert_uint_eq(metrics_series_count(run, UP), 1);
	ck_assert(metrics_series(run, UP, 0)->value == 0);
	ck_assert_uint_eq(metrics_series_count(run, SEEN), 1);
	ck_assert(metrics_series(run, SEEN, 0)->value == 100);
}
END_TEST

START_TEST(a_kept_gauge_that_is_set_anew_has_the_new_value)
{
	write_last();
	measure_main();
	metrics_set(run, &families[SEEN], LABELS("main"), 160);
	ck_assert_int_eq(state_continue(run, buffer_slice(&text)), STATE_CONTINUED);
	ck_assert(metrics_series(run, SEEN, 0)->value == 160);
}
END_TEST

START_TEST(what_a_file_says_that_goes_on_or_is_recalled_can_be_read)
{
	double value = 0;

	write_last();
	ck_assert_int_eq(state_read(run, buffer_slice(&text)), STATE_CONTINUED);
	ck_assert(metrics_value(run, &families[UP], LABELS("main"), &value) && value == 1);
	ck_assert(metrics_value(run, &families[SEEN], LABELS("old \"one\"\n"), &value) && value == 90);
	ck_assert(metrics_value(run, &families[CODES], LABELS("main", "429"), &value) && value == 2);
	ck_assert_uint_eq(metrics_series_count(run, LAST), 0);
	text.text[text.length / 2] ^= 1;
	metrics_clear(run);
	ck_assert_int_eq(state_read(run, buffer_slice(&text)), STATE_UNUSABLE);
	ck_assert(!metrics_value(run, &families[UP], LABELS("main"), &value));
}
END_TEST

START_TEST(what_no_run_remembers_is_not_read)
{
	double value = 0;

	buffer_string(&text, "# TYPE up_last gauge\nup_last{target=\"a\",env=\"paper\"} 1\nup_last_seen 1\n"
			     "# TYPE up gauge\nup{target=\"main\",env=\"paper\"} 1\n"
			     "# TYPE runs_total counter\nruns_total{env=\"paper\"} 5\n");
	checksum_append(&text);
	ck_assert_int_eq(state_read(run, buffer_slice(&text)), STATE_CONTINUED);
	ck_assert(metrics_value(run, &families[UP], LABELS("main"), &value) && value == 1);
	ck_assert(metrics_value(run, &families[RUNS], NO_LABELS, &value) && value == 5);
	ck_assert_uint_eq(metrics_series_count(run, LAST), 0);
}
END_TEST

/* The last bytes are filled up with zeros to be summed: the length counts too. */
START_TEST(zero_bytes_at_the_end_change_the_checksum)
{
	struct buffer longer;

	buffer_init(&longer, 1000);
	buffer_string(&text, "abc");
	checksum_append(&text);
	buffer_append(&longer, "abc\0", 4);
	checksum_append(&longer);
	ck_assert_mem_ne(text.text + 3, longer.text + 4, text.length - 3);
	buffer_release(&longer);
}
END_TEST

/* What earlier versions wrote: a run must go on from it.  Lengths around a block of 32 bytes. */
static const struct {
	const char *text, *line;
} written[] = {
	{ "", "# sum ec9e668355700b5c\n" },
	{ "a 1\n", "# sum 33c6274fb00dec79\n" },
	{ "# HELP redis_up Up.\nredis_up 1\n", "# sum 018c7ffcf7d86ee8\n" },
	{ "# HELP redis_up Up.\nredis_up 12\n", "# sum 27131569eff2d064\n" },
	{ "# HELP redis_up Up.\nredis_up 123\n", "# sum 77ef091f79cf9025\n" },
	{ "# HELP redis_up Whether the server answered.\n# TYPE redis_up gauge\nredis_up 1\n",
	    "# sum 5de8ef8ad9824d8a\n" },
};

START_TEST(the_checksum_is_the_one_that_earlier_versions_wrote)
{
	buffer_string(&text, written[_i].text);
	checksum_append(&text);
	ck_assert(slice_ends_with(buffer_slice(&text), written[_i].line));
	ck_assert(checksum_holds(buffer_slice(&text)));
}
END_TEST

START_TEST(a_rare_series_stays_while_its_target_is_measured)
{
	write_last();
	measure_main();
	ck_assert_int_eq(state_continue(run, buffer_slice(&text)), STATE_CONTINUED);
	ck_assert_uint_eq(metrics_series_count(run, CODES), 1);
	ck_assert(metrics_series(run, CODES, 0)->value == 2);
}
END_TEST

START_TEST(a_target_that_is_no_longer_measured_disappears)
{
	write_last();
	measure_main();
	ck_assert_int_eq(state_continue(run, buffer_slice(&text)), STATE_CONTINUED);
	ck_assert_uint_eq(metrics_series_count(run, LATENCY), 1);
	ck_assert_uint_eq(metrics_series_count(run, SEEN), 1);
}
END_TEST

START_TEST(label_values_that_need_escapes_go_on_too)
{
	write_last();
	metrics_touch(run, &families[LATENCY], LABELS("old \"one\"\n"));
	ck_assert_int_eq(state_continue(run, buffer_slice(&text)), STATE_CONTINUED);
	ck_assert_uint_eq(metrics_series_count(run, LATENCY), 1);
	ck_assert_uint_eq(metrics_series(run, LATENCY, 0)->counts[1], 1);
}
END_TEST

START_TEST(counts_of_another_env_are_not_ours_and_no_reset)
{
	struct metrics *live = make("live", families);

	write_last();
	metrics_add(live, &families[RUNS], NO_LABELS, 1);
	ck_assert_int_eq(state_continue(live, buffer_slice(&text)), STATE_CONTINUED);
	ck_assert(metrics_series(live, RUNS, 0)->value == 1);
	metrics_free(live);
}
END_TEST

/* The row that differs from the last version, and how. */
static const struct {
	int row;
	struct family now;
} reshaped[] = {
	{ LATENCY, { .name = "latency_seconds",
		       .type = METRIC_HISTOGRAM,
		       .help = "L.",
		       .labels = { "target" },
		       .bounds = other_bounds,
		       .bound_count = 2 } },
	{ LATENCY, { .name = "latency_seconds",
		       .type = METRIC_HISTOGRAM,
		       .help = "L.",
		       .labels = { "target" },
		       .bounds = bounds,
		       .bound_count = 1 } },
	{ LATENCY, { .name = "latency_seconds",
		       .type = METRIC_HISTOGRAM,
		       .help = "L.",
		       .labels = { "target", "db" },
		       .bounds = bounds,
		       .bound_count = 2 } },
	{ CODES, { .name = "codes_total",
		     .type = METRIC_COUNTER,
		     .help = "C.",
		     .labels = { "target", "status" } } },
	{ CODES, { .name = "codes_total", .type = METRIC_COUNTER, .help = "C.", .labels = { "target" } } },
	{ SEEN, { .name = "seen_timestamp_seconds",
		    .type = METRIC_COUNTER,
		    .help = "S.",
		    .labels = { "target" } } },
};

START_TEST(a_family_of_another_shape_starts_afresh_and_the_others_go_on)
{
	struct family table[LENGTH(families)];
	struct metrics *newer;

	memcpy(table, families, sizeof(table));
	table[reshaped[_i].row] = reshaped[_i].now;
	newer = make("paper", table);
	write_last();
	metrics_set(newer, &table[UP], LABELS("main"), 1);
	metrics_add(newer, &table[RUNS], NO_LABELS, 1);
	ck_assert_int_eq(state_continue(newer, buffer_slice(&text)), STATE_PARTLY);
	ck_assert(metrics_series(newer, RUNS, 0)->value == 8);
	ck_assert_uint_eq(metrics_series_count(newer, (size_t)reshaped[_i].row), 0);
	metrics_free(newer);
}
END_TEST

START_TEST(a_file_that_is_cut_anywhere_starts_afresh)
{
	write_last();
	for (size_t length = 0; length < text.length; length++) {
		metrics_clear(run);
		measure_main();
		ck_assert_int_eq(state_continue(run, (struct slice){ text.text, length }), STATE_UNUSABLE);
		ck_assert(metrics_series(run, RUNS, 0)->value == 1);
	}
}
END_TEST

START_TEST(a_file_with_any_byte_changed_starts_afresh)
{
	write_last();
	srand48(11);
	for (size_t i = 0; i < text.length; i++) {
		char before = text.text[i];

		text.text[i] = (char)(before ^ (1 << (lrand48() % 8)));
		metrics_clear(run);
		measure_main();
		ck_assert_int_eq(state_continue(run, buffer_slice(&text)), STATE_UNUSABLE);
		ck_assert(metrics_series(run, RUNS, 0)->value == 1);
		text.text[i] = before;
	}
}
END_TEST

/* Whole by their checksum, and still no state: written by somebody else. */
static const char *const strange[] = {
	"# TYPE runs_total counter\nruns_total{env=\"paper\"} -1\n",
	"# TYPE runs_total counter\nruns_total{env=\"paper\"} NaN\n",
	"# TYPE runs_total counter\nruns_total{env=\"paper\"} +Inf\n",
	"# TYPE runs_total counter\nruns_total 5\n",
	"# TYPE runs_total gauge\nruns_total{env=\"paper\"} 5\n",
	"runs_total{env=\"paper\"} 5\n",
	"# TYPE latency_seconds histogram\nlatency_seconds_bucket{target=\"main\",env=\"paper\",le=\"0.5\"} 1\n",
	"# TYPE latency_seconds histogram\nlatency_seconds_bucket{target=\"main\",env=\"paper\",le=\"0.5\"} 2\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"1\"} 1\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"+Inf\"} 3\n"
	"latency_seconds_sum{target=\"main\",env=\"paper\"} 3\n"
	"latency_seconds_count{target=\"main\",env=\"paper\"} 3\n",
	"# TYPE latency_seconds histogram\nlatency_seconds_bucket{target=\"main\",env=\"paper\",le=\"0.5\"} 1.5\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"1\"} 2\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"+Inf\"} 3\n"
	"latency_seconds_sum{target=\"main\",env=\"paper\"} 3\n"
	"latency_seconds_count{target=\"main\",env=\"paper\"} 3\n",
	"# TYPE latency_seconds histogram\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"0.5\"} 1\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"1\"} 2\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"+Inf\"} 3\n"
	"latency_seconds_sum{target=\"main\",env=\"paper\"} 3\n"
	"latency_seconds_count{target=\"main\",env=\"paper\"} 3\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",bound=\"0.5\"} 1\n",
	"# TYPE latency_seconds histogram\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"0.5\"} 1\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"1\"} 2\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"2\"} 2\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"+Inf\"} 3\n"
	"latency_seconds_sum{target=\"main\",env=\"paper\"} 3\n"
	"latency_seconds_count{target=\"main\",env=\"paper\"} 3\n",
	"# TYPE latency_seconds histogram\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"-Inf\"} 1\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"0.5\"} 1\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"1\"} 2\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"+Inf\"} 3\n"
	"latency_seconds_sum{target=\"main\",env=\"paper\"} 3\n"
	"latency_seconds_count{target=\"main\",env=\"paper\"} 3\n",
	"# TYPE latency_seconds histogram\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"0.5\"} 1\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"1\"} 2\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"+Inf\"} 3\n"
	"latency_seconds_sum{target=\"main\",env=\"paper\"} 3\n"
	"latency_seconds_count{target=\"main\",env=\"paper\"} 4\n",
	"# TYPE latency_seconds histogram\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"0.5\"} 1\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"1\"} 2\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"+Inf\"} 3\n"
	"latency_seconds_sum{target=\"main\",env=\"paper\"} -3\n"
	"latency_seconds_count{target=\"main\",env=\"paper\"} 3\n",
	"# TYPE latency_seconds histogram\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"0.5\"} 1\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"1\"} 2\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"+Inf\"} 3\n"
	"latency_seconds_sum{target=\"main\",env=\"paper\"} NaN\n"
	"latency_seconds_count{target=\"main\",env=\"paper\"} 3\n",
	"# TYPE latency_seconds histogram\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"0.5\"} 1\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"1\"} 2\n"
	"latency_seconds_bucket{target=\"main\",env=\"paper\",le=\"+Inf\"} 3\n"
	"latency_seconds_count{target=\"main\",env=\"paper\"} 3\n",
};

START_TEST(a_count_that_is_no_count_starts_afresh)
{
	buffer_string(&text, strange[_i]);
	checksum_append(&text);
	measure_main();
	ck_assert_int_eq(state_continue(run, buffer_slice(&text)), STATE_PARTLY);
	ck_assert(metrics_series(run, RUNS, 0)->value == 1);
	ck_assert(metrics_series(run, LATENCY, 0)->value == 0.75);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("state");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, counters_and_histograms_go_on);
	tcase_add_test(all, plain_gauges_do_not_come_back_and_kept_ones_do);
	tcase_add_test(all, a_kept_gauge_that_is_set_anew_has_the_new_value);
	tcase_add_test(all, what_a_file_says_that_goes_on_or_is_recalled_can_be_read);
	tcase_add_test(all, what_no_run_remembers_is_not_read);
	tcase_add_test(all, zero_bytes_at_the_end_change_the_checksum);
	tcase_add_loop_test(all, the_checksum_is_the_one_that_earlier_versions_wrote, 0, LENGTH(written));
	tcase_add_test(all, a_rare_series_stays_while_its_target_is_measured);
	tcase_add_test(all, a_target_that_is_no_longer_measured_disappears);
	tcase_add_test(all, label_values_that_need_escapes_go_on_too);
	tcase_add_test(all, counts_of_another_env_are_not_ours_and_no_reset);
	tcase_add_loop_test(
	    all, a_family_of_another_shape_starts_afresh_and_the_others_go_on, 0, LENGTH(reshaped));
	tcase_add_test(all, a_file_that_is_cut_anywhere_starts_afresh);
	tcase_add_test(all, a_file_with_any_byte_changed_starts_afresh);
	tcase_add_loop_test(all, a_count_that_is_no_count_starts_afresh, 0, LENGTH(strange));
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
