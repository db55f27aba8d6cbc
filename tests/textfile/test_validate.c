#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/buffer.h"
#include "tests/suite.h"
#include "textfile/validate.h"

/*
 * One file for each rule is in tests/corpus, where the real node_exporter is
 * asked too.  Here is what a single small file does not show.
 */

static void
note(void *context, const struct fault *fault)
{
	static const char classes[] = "RDMC";

	buffer_format(context, "%u%c %s\n", fault->line, classes[fault->class], fault->rule);
}

#define HEAD "# TYPE h histogram\n"

static const struct {
	const char *text;
	const char *faults;
} cases[] = {
	{ "", "" },
	{ "a{x=\"y\",y=\"x\"} 1\na{x=\"x\",y=\"y\"} 1\na{y=\"y\",x=\"y\"} 1\n", "" },
	{ "a{x=\"y\"} 1\nb{x=\"y\"} 1\n", "" },
	{ "a{x=\"yz\"} 1\na{x=\"y\"} 1\na{x=\"zy\"} 1\na{x=\"zyz\"} 1\n", "" },
	{ "a 1\na 2\na 3\n", "2D duplicate\n3D duplicate\n" },
	{ "a 1 5\na 1 6\nb{} 1_0\n", "3R value\n1R timestamp\n2R timestamp\n2D duplicate\n" },
	{ "a{__x=\"1\"} 1\na{__x=\"2\"} 1\n", "1C reserved_label\n2C reserved_label\n" },
	{ "a{x=\"1\",__x=\"1\"} 1\nb{x=\"1\",__x=\"1\"} 1\n", "1C reserved_label\n2C reserved_label\n" },
	/* Told once, not for each sample. */
	{ "a{x=\"1\"} 1\na{x=\"2\",y=\"1\"} 1\na{z=\"1\"} 1\n", "2M labels_differ\n" },
	/* The order of the lines does not matter, nor what else stands between them. */
	{ HEAD "h_count 3\na 1\nh_bucket{le=\"+Inf\"} 3\nh_sum 1\nh_bucket{le=\"0.1\"} 1\n", "" },
	{ HEAD "h_bucket{le=\"+Inf\"} 3\nh_bucket{le=\"2\"} 1\nh_bucket{le=\"1\"} 2\nh_sum 1\nh_count 3\n",
	    "3M falling_bucket\n" },
	{ HEAD "h_bucket{x=\"1\",le=\"+Inf\"} 1\nh_bucket{x=\"2\",le=\"+Inf\"} 2\nh_sum{x=\"1\"} 1\n"
	       "h_sum{x=\"2\"} 1\nh_count{x=\"2\"} 2\n",
	    "2M no_count\n" },
	{ HEAD "h_bucket{le=\"-Inf\"} 0\nh_sum 1\nh_count 3\n", "2M no_infinite_bucket\n" },
	{ HEAD "h_bucket{le=\"inf\"} 3\nh_bucket{le=\"+Inf\"} 3\nh_sum 1\nh_count 3\n", "3M same_bound\n" },
	{ HEAD "h_bucket{le=\"1e400\"} 3\n", "2R bound\n" },
	{ HEAD "h_bucket{le=\"+Inf\"} 18446744073709551616\nh_sum 1\nh_count 18446744073709551616\n",
	    "2M fractional_count\n4M fractional_count\n" },
	{ HEAD "h_bucket{le=\"+Inf\"} 9007199254740993\nh_sum NaN\nh_count 9007199254740993\n", "" },
	{ HEAD "h_count -0\nh_sum 0\nh_bucket{le=\"+Inf\"} 0\n", "" },
	{ "# TYPE s summary\ns_sum 1\ns_count 1\n", "" },
	{ "# TYPE a_total counter\na_total 1\n# TYPE a counter\n", "" },
	{ "# TYPE process_max_fds gauge\n", "" },
	{ "# TYPE g gaugehistogram\ng_bucket{le=\"1\"} 1.5\n", "1C gauge_histogram\n" },
};

START_TEST(faults_are_told_once_and_at_their_line)
{
	struct buffer found;
	long count;

	buffer_init(&found, 1 << 20);
	count = validate(SLICE(cases[_i].text), note, &found);
	buffer_append(&found, "", 1);
	ck_assert_msg(
	    strcmp(found.text, cases[_i].faults) == 0, "\"%s\" gives:\n%s", cases[_i].text, found.text);
	for (const char *at = cases[_i].faults; *at != '\0'; at++)
		count -= *at == '\n';
	ck_assert_int_eq(count, 0);
	ck_assert_int_eq(validate(SLICE(cases[_i].text), NULL, NULL) > 0, *cases[_i].faults != '\0');
	buffer_release(&found);
}
END_TEST

/* Counts the duplicates, all of which must be in the lines from `first` on. */
struct repeats {
	uint32_t first;
	long count;
};

static void
count_repeats(void *context, const struct fault *fault)
{
	struct repeats *repeats = context;

	ck_assert_str_eq(fault->rule, "duplicate");
	ck_assert_uint_ge(fault->line, repeats->first);
	repeats->count++;
}

enum { SERIES = 60000, REPEATED = 777 };

static void
put_series(struct buffer *text, unsigned number, bool turned)
{
	if (turned)
		buffer_format(text, "a{empty=\"\",y=\"%u\",x=\"%u\",w=\"%u\"} 1\n", number / 256,
		    number % 256, number % 7);
	else
		buffer_format(text, "a{w=\"%u\",x=\"%u\",y=\"%u\",empty=\"\"} 1\n", number % 7, number % 256,
		    number / 256);
}

START_TEST(every_repeated_series_among_many_is_found_and_no_other)
{
	struct repeats repeats = { SERIES + 1, 0 };
	struct buffer text;

	buffer_init(&text, 64 << 20);
	for (unsigned i = 0; i < SERIES; i++)
		put_series(&text, i, i % 3 == 0);
	for (unsigned i = 0; i < REPEATED; i++)
		put_series(&text, i * 77, i % 2 == 0);
	ck_assert_int_eq(validate(buffer_slice(&text), count_repeats, &repeats), REPEATED);
	ck_assert_int_eq(repeats.count, REPEATED);
	buffer_release(&text);
}
END_TEST

static void
put_wide(struct buffer *text, unsigned labels, bool turned, unsigned last)
{
	buffer_string(text, "a{");
	for (unsigned i = 0; i < labels; i++) {
		unsigned number = turned ? labels - 1 - i : i;

		buffer_format(text, "l%u=\"%u\",", number, number + 1 == labels ? last : number);
	}
	buffer_string(text, "} 1\n");
}

START_TEST(series_of_many_labels_are_told_apart_and_recognized)
{
	static const unsigned widths[] = { 1, 15, 16, 17, 32, 33, 256 };

	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		struct repeats repeats = { 3, 0 };
		struct buffer text;

		buffer_init(&text, 64 << 20);
		put_wide(&text, widths[i], false, 1000000);
		put_wide(&text, widths[i], true, 1000001);
		put_wide(&text, widths[i], true, 1000000);
		ck_assert_int_eq(validate(buffer_slice(&text), count_repeats, &repeats), 1);
		buffer_release(&text);
	}
}
END_TEST

static void
check_printable(void *context, const struct fault *fault)
{
	(void)context;
	for (const char *at = fault->text; *at != '\0'; at++)
		ck_assert_msg((unsigned char)*at >= ' ' && (unsigned char)*at < 0x7f, "%s", fault->text);
}

START_TEST(what_is_told_of_hostile_text_stays_one_printable_line)
{
	struct buffer text;

	buffer_init(&text, 1 << 20);
	buffer_string(&text, "a \x1b[2J\x07\xff\xfe\r\t\n\x7f 1\nb{x=\"\x01\"y} 1\n");
	for (int i = 0; i < 5000; i++)
		buffer_string(&text, "long_");
	buffer_string(&text, "{__x=\"1\"} 1\n");
	ck_assert_int_eq(validate(buffer_slice(&text), check_printable, NULL), 4);
	buffer_release(&text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("validate");
	TCase *rules = tcase_create("rules");

	tcase_add_loop_test(rules, faults_are_told_once_and_at_their_line, 0, LENGTH(cases));
	tcase_add_test(rules, every_repeated_series_among_many_is_found_and_no_other);
	tcase_add_test(rules, series_of_many_labels_are_told_apart_and_recognized);
	tcase_add_test(rules, what_is_told_of_hostile_text_stays_one_printable_line);
	tcase_set_timeout(rules, 60);
	suite_add_tcase(suite, rules);
	return run_suite(suite);
}
