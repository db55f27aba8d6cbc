#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/harness/write.h"
#include "tests/suite.h"
#include "textfile/checksum.h"
#include "textfile/encode.h"
#include "textfile/validate.h"

enum { GAUGE, HISTOGRAM };

/* The file has several pieces then. */
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

static struct metrics *m;

/* What was handed on; the piece with number `refused`, from 1, is not taken. */
struct taken {
	struct buffer text;
	size_t pieces, refused;
};
static struct taken taken;

static int
take(void *context, struct slice piece, struct failure *why)
{
	struct taken *t = context;

	t->pieces++;
	if (t->pieces == t->refused)
		return failure_set(why, FAILURE_LOCAL, "no room");
	buffer_append(&t->text, piece.at, piece.length);
	return 0;
}

static const struct write_outlet outlet = { &taken, take };
static struct failure why;

static void
setup(void)
{
	const struct family *const tables[] = { families };
	const size_t counts[] = { LENGTH(families) };

	why = (struct failure){ 0 };
	taken = (struct taken){ 0 };
	buffer_init(&taken.text, 16 << 20);
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
	buffer_release(&taken.text);
}

START_TEST(the_pieces_are_the_text_with_its_checksum)
{
	struct buffer text;

	buffer_init(&text, 16 << 20);
	encode(m, &text);
	checksum_append(&text);
	ck_assert_int_eq(write_checked(m, &outlet, &why), 0);
	ck_assert_uint_gt(taken.pieces, 10);
	ck_assert(slice_equal(buffer_slice(&taken.text), buffer_slice(&text)));
	ck_assert_int_eq(validate(buffer_slice(&text), NULL, NULL), 0);
	buffer_release(&text);
}
END_TEST

START_TEST(metrics_without_series_are_a_checksum_alone)
{
	metrics_clear(m);
	ck_assert_int_eq(write_checked(m, &outlet, &why), 0);
	ck_assert_uint_eq(taken.text.length, CHECKSUM_LINE);
	ck_assert(checksum_holds(buffer_slice(&taken.text)));
}
END_TEST

START_TEST(an_outlet_that_takes_no_more_is_asked_no_more)
{
	taken.refused = (size_t)_i;
	ck_assert_int_eq(write_checked(m, &outlet, &why), -1);
	ck_assert_uint_eq(taken.pieces, taken.refused);
	ck_assert_str_eq(why.text, "no room");
}
END_TEST

static void
keep_first_line(void *context, const struct fault *fault)
{
	uint32_t *line = context;

	if (*line == 0)
		*line = fault->line;
}

/* A bucket that falls, which no run can count, in one of the series: the first, one amid, the last. */
START_TEST(what_would_harm_is_found_in_its_line_and_not_handed_on)
{
	static const size_t wrong[] = { 0, 2, 2500, MANY - 1 };
	struct series *s = metrics_series_at(m, HISTOGRAM, wrong[_i]);
	uint32_t line = 0, told = 0;
	struct buffer text;

	s->counts[0] = UINT64_MAX;
	s->counts[1] = 2;
	buffer_init(&text, 16 << 20);
	encode(m, &text);
	(void)validate(buffer_slice(&text), keep_first_line, &line);
	buffer_release(&text);
	ck_assert_uint_gt(line, MANY);
	ck_assert_int_eq(write_checked(m, &outlet, &why), -1);
	ck_assert_msg(sscanf(why.text, "line %u would harm", &told) == 1, "%s", why.text);
	ck_assert_uint_eq(told, line);
	ck_assert_int_eq(validate(buffer_slice(&taken.text), NULL, NULL), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("write");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, the_pieces_are_the_text_with_its_checksum);
	tcase_add_test(all, metrics_without_series_are_a_checksum_alone);
	tcase_add_loop_test(all, an_outlet_that_takes_no_more_is_asked_no_more, 1, 5);
	tcase_add_loop_test(all, what_would_harm_is_found_in_its_line_and_not_handed_on, 0, 4);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
