#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "collectors/harness/run.h"
#include "tests/suite.h"
#include "textfile/state.h"
#include "textfile/validate.h"

enum { GAUGE, HISTOGRAM };
enum { MANY = 5000 };

static const double bounds[] = { 0.5, 1 };

static const struct family families[] = {
	[GAUGE] = { .name = "g", .type = METRIC_GAUGE, .help = "G.", .labels = { "k" }, .max_series = MANY },
	[HISTOGRAM] = { .name = "h_seconds",
	    .type = METRIC_HISTOGRAM,
	    .help = "H.",
	    .labels = { "k" },
	    .bounds = bounds,
	    .bound_count = 2,
	    .max_series = MANY },
};

/* The harness wants one in each program. */
const struct collector collector = { .name = "test_run" };

static struct metrics *m;
static struct buffer text;
static struct failure why;

static void
setup(void)
{
	const struct family *const tables[] = { families };
	const size_t counts[] = { LENGTH(families) };

	why = (struct failure){ 0 };
	m = metrics_new("paper", tables, counts, 1, &why);
	ck_assert_ptr_nonnull(m);
	for (int i = 0; i < MANY; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "s%d", i);
		metrics_set(m, &families[GAUGE], LABELS(name), i);
		metrics_observe(m, &families[HISTOGRAM], LABELS(name), 0.75);
	}
}

static void
teardown(void)
{
	metrics_free(m);
	buffer_release(&text);
}

START_TEST(the_text_has_its_checksum_and_no_fault)
{
	ck_assert_int_eq(run_text(m, NULL, &text, &why), 0);
	ck_assert(checksum_holds(buffer_slice(&text)));
	ck_assert_int_eq(validate(buffer_slice(&text), NULL, NULL), 0);
}
END_TEST

START_TEST(metrics_without_series_are_a_checksum_alone)
{
	metrics_clear(m);
	ck_assert_int_eq(run_text(m, NULL, &text, &why), 0);
	ck_assert(checksum_holds(buffer_slice(&text)));
	ck_assert_ptr_eq(memchr(text.text, '\n', text.length), text.text + text.length - 1);
}
END_TEST

/* A bucket that falls, which no run can count: in the first series, in one amid the others, and in the last.
 */
START_TEST(what_would_harm_is_named_by_its_line)
{
	static const size_t wrong[] = { 0, 2, 2500, MANY - 1 };
	struct series *s = metrics_series_at(m, HISTOGRAM, wrong[_i]);
	unsigned line = 0;

	s->counts[0] = UINT64_MAX;
	s->counts[1] = 2;
	ck_assert_int_eq(run_text(m, NULL, &text, &why), -1);
	ck_assert_msg(sscanf(why.text, "line %u would harm", &line) == 1, "%s", why.text);
	/* Two lines of HELP and TYPE each, the gauges, and five lines for each histogram. */
	ck_assert_uint_ge(line, 2 + MANY + 2 + 5 * wrong[_i] + 1);
	ck_assert_uint_le(line, 2 + MANY + 2 + 5 * wrong[_i] + 5);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("run");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, the_text_has_its_checksum_and_no_fault);
	tcase_add_test(all, metrics_without_series_are_a_checksum_alone);
	tcase_add_loop_test(all, what_would_harm_is_named_by_its_line, 0, 4);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
