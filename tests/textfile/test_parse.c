#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/buffer.h"
#include "tests/suite.h"
#include "textfile/names.h"
#include "textfile/parse.h"

/* The faults of a text as "line class rule" lines. */
static void
note(void *context, const struct fault *fault)
{
	static const char classes[] = "RDMC";

	buffer_format(context, "%u%c %s\n", fault->line, classes[fault->class], fault->rule);
}

static void
check_faults(const char *text, const char *expected)
{
	struct document document;
	struct buffer found;
	long count;

	buffer_init(&found, 1 << 20);
	count = parse(&document, SLICE(text), note, &found);
	buffer_append(&found, "", 1);
	ck_assert_msg(strcmp(found.text, expected) == 0, "\"%s\" gives:\n%s", text, found.text);
	for (const char *at = expected; *at != '\0'; at++)
		count -= *at == '\n';
	ck_assert_int_eq(count, 0);
	buffer_release(&found);
	document_release(&document);
}

static struct document
parsed(const char *text)
{
	struct document document;

	ck_assert_int_eq(parse(&document, SLICE(text), NULL, NULL), 0);
	return document;
}

static void
check_text(struct slice slice, const char *text)
{
	ck_assert_msg(slice_is(slice, text), "'%.*s', not '%s'", SLICE_ARGS(slice), text);
}

START_TEST(a_file_becomes_families_samples_and_labels)
{
	struct document d =
	    parsed("# HELP a An \\n a.\n# TYPE a counter\n\na{x=\"1\",y=\"\\\"\"} 5\na 6\nb -Inf\n");

	ck_assert_uint_eq(d.family_count, 2);
	check_text(d.families[0].name, "a");
	check_text(d.families[0].help, "An \\n a.");
	ck_assert_int_eq(d.families[0].type, SAMPLE_COUNTER);
	ck_assert(d.families[0].has_type);
	ck_assert_uint_eq(d.families[0].help_line, 1);
	ck_assert_uint_eq(d.families[0].type_line, 2);
	ck_assert_uint_eq(d.families[0].sample_count, 2);
	ck_assert(!d.families[1].has_type && d.families[1].type == SAMPLE_UNTYPED);
	ck_assert_uint_eq(d.families[1].help.length, 0);
	ck_assert_uint_eq(d.sample_count, 3);
	ck_assert_uint_eq(d.samples[0].line, 4);
	ck_assert_uint_eq(d.samples[0].label_count, 2);
	ck_assert_uint_eq(d.samples[1].label_count, 0);
	check_text(d.samples[0].value, "5");
	check_text(d.samples[2].value, "-Inf");
	check_text(d.labels[d.samples[0].labels + 1].name, "y");
	check_text(d.labels[d.samples[0].labels + 1].value, "\\\"");
	ck_assert_ptr_null(document_label(&d, &d.samples[0], "z"));
	check_text(document_label(&d, &d.samples[0], "x")->value, "1");
	document_release(&d);
	ck_assert_ptr_null(d.samples);
}
END_TEST

static const struct {
	const char *text;
	const char *families;  /* "name:samples" */
	enum sample_part part; /* of the last sample */
} parts[] = {
	{ "# TYPE h histogram\nh_bucket{le=\"1\"} 1\n", "h:1 ", PART_BUCKET },
	{ "# TYPE h histogram\nh_sum 1\n", "h:1 ", PART_SUM },
	{ "# TYPE h histogram\nh_count 1\n", "h:1 ", PART_COUNT },
	{ "# TYPE h histogram\nh_count 1\nh_count{x=\"1\"} 1\nh_sum 1\nh_count{x=\"2\"} 1\n", "h:4 ",
	    PART_COUNT },
	{ "# TYPE h histogram\nh{le=\"1\"} 1\n", "h:1 ", PART_VALUE },
	{ "# TYPE h histogram\nh_total 1\n", "h:0 h_total:1 ", PART_VALUE },
	{ "# TYPE h gauge_histogram\nh_bucket{le=\"1\"} 1\n", "h:1 ", PART_BUCKET },
	{ "# TYPE s summary\ns{quantile=\"0.5\"} 1\n", "s:1 ", PART_VALUE },
	{ "# TYPE s summary\ns_sum 1\n", "s:1 ", PART_SUM },
	{ "# TYPE s summary\ns_bucket 1\n", "s:0 s_bucket:1 ", PART_VALUE },
	{ "# TYPE g gauge\ng_sum 1\n", "g:0 g_sum:1 ", PART_VALUE },
	{ "h_sum 1\n# TYPE h histogram\nh_sum{x=\"1\"} 2\n", "h_sum:2 h:0 ", PART_VALUE },
	{ "# HELP h_sum x\n# TYPE h histogram\nh_sum 2\n", "h_sum:1 h:0 ", PART_VALUE },
	{ "# TYPE a histogram\na_sum 1\na_sum_count 1\n", "a:1 a_sum_count:1 ", PART_VALUE },
	{ "_count 1\n_sum 1\n", "_count:1 _sum:1 ", PART_VALUE },
};

START_TEST(the_parts_of_histograms_and_summaries_belong_to_them)
{
	struct document d = parsed(parts[_i].text);
	char families[128] = "";

	for (size_t i = 0; i < d.family_count; i++)
		snprintf(families + strlen(families), sizeof(families) - strlen(families), "%.*s:%u ",
		    SLICE_ARGS(d.families[i].name), d.families[i].sample_count);
	ck_assert_str_eq(families, parts[_i].families);
	ck_assert_int_eq(d.samples[d.sample_count - 1].part, parts[_i].part);
	document_release(&d);
}
END_TEST

static const struct {
	const char *text;
	const char *faults;
} faulty[] = {
	{ "", "" },
	{ "a 1\n  \t", "" },
	{ "a 1\n  \t#", "2R no_newline\n" },
	{ "a", "1R no_newline\n" },
	{ "a 1 \n", "1R trailing_blank\n" },
	{ "a 1 5\n", "" },
	{ "a 1 -5\n", "" },
	{ "a 1 - \n", "1R trailing_text\n" },
	{ "a 1 5.0\n", "1R trailing_text\n" },
	{ "a-1\n", "" },
	{ "a\n", "1R value\n" },
	{ "a{}1\n", "" },
	{ "a{x=\"1\"}\n", "1R value\n" },
	{ "a{,}1\n", "1R label_syntax\n" },
	{ "a{1x=\"\"} 1\n", "1R label_syntax\n" },
	{ "a{le=\"x\"} 1\n", "" },
	{ "# TYPE a histogram\na_sum{le=\"x\"} 1\n", "2R bound\n" },
	{ "# TYPE a histogram\na_bucket{le=\"1\",le=\"2\"} 1\n", "" },
	{ "# TYPE a GauGe\n", "" },
	{ "# TYPE a ga\\uge\n", "" },
	{ "# TYPE a gauges\n# TYPE a gaug\n", "1R type_unknown\n2R type_unknown\n" },
	{ "# HELP a \n# HELP a x\n# HELP a \n", "" },
	{ "# TYPE h histogram\n# HELP h_sum x\n# HELP h y\n", "3R help_twice\n" },
	{ "# HELP a{} x\n#HELP 1 x\n#TYPE\n# TYPE \n", "1R comment_name\n2R comment_name\n" },
	{ "{a=\"1\"} 1\n{\"a\"} 1\n", "1C missing_name\n2R quoted_name\n" },
	{ "\xef\xbb\xbf# HELP a x\n\xef\xbb\xbf\n", "1R bom\n2R metric_name\n" },
	{ "a 1\r\n# HELP a x\r\n\r\na 2\n", "1R crlf\n3R crlf\n" },
	{ "a{x=\"\\\n\"} 1\n", "1R label_escape\n2R metric_name\n" },
	{ "a 1\na 1_0\nb{x=\"\\q\"} 1\nb 2\nc 0x1\n", "2R value\n3R label_escape\n5R value\n" },
};

START_TEST(each_bad_line_is_found_and_reading_goes_on)
{
	check_faults(faulty[_i].text, faulty[_i].faults);
}
END_TEST

START_TEST(a_nul_ends_no_word)
{
	static const char text[] = "# TYPE a gauge\0histogram\na 1\0\nb{x=\"\0\"} 1\n";
	struct document d;

	ck_assert_int_eq(parse(&d, (struct slice){ text, sizeof(text) - 1 }, NULL, NULL), 2);
	ck_assert_uint_eq(d.sample_count, 1);
	ck_assert_uint_eq(d.labels[0].value.length, 1);
	document_release(&d);
}
END_TEST

START_TEST(bad_lines_are_left_out_of_the_document)
{
	struct document d;

	ck_assert_int_eq(parse(&d, SLICE("a{x=\"1\"} 1\na{x=\"2\",y=} 2\na{x=\"3\"} 3\n"), NULL, NULL), 1);
	ck_assert_uint_eq(d.sample_count, 2);
	ck_assert_uint_eq(d.label_count, 2);
	check_text(document_label(&d, &d.samples[1], "x")->value, "3");
	document_release(&d);
}
END_TEST

/* One sample with so many labels, all different or with the first one again at the end. */
static long
parse_labels(size_t count, bool twice, uint16_t *counted)
{
	struct buffer text;
	struct document d;
	long faults;

	buffer_init(&text, 8 << 20);
	buffer_string(&text, "a{");
	for (size_t i = 0; i < count; i++)
		buffer_format(&text, "l%zu=\"\",", twice && i + 1 == count ? 0 : i);
	buffer_string(&text, "} 1\n");
	ck_assert(!text.failed);
	faults = parse(&d, buffer_slice(&text), NULL, NULL);
	*counted = faults == 0 ? d.samples[0].label_count : 0;
	document_release(&d);
	buffer_release(&text);
	return faults;
}

START_TEST(as_many_labels_as_can_be_counted_are_taken_and_no_more)
{
	static const size_t counts[] = { 2, 16, 17, 255, 256 };
	uint16_t counted;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		ck_assert_int_eq(parse_labels(counts[i], false, &counted), 0);
		ck_assert_uint_eq(counted, counts[i]);
		ck_assert_int_eq(parse_labels(counts[i], true, &counted), 1);
	}
	ck_assert_int_eq(parse_labels(257, false, &counted), 1);
}
END_TEST

START_TEST(many_families_and_samples_are_kept_apart)
{
	struct buffer text;
	struct document d;

	buffer_init(&text, 64 << 20);
	for (unsigned i = 0; i < 100000; i++)
		buffer_format(&text, "family_%u{number=\"%u\"} %u\n", i % 50000, i, i);
	ck_assert_int_eq(parse(&d, buffer_slice(&text), NULL, NULL), 0);
	ck_assert_uint_eq(d.family_count, 50000);
	ck_assert_uint_eq(d.sample_count, 100000);
	for (unsigned i = 0; i < 100000; i++) {
		char number[16];

		snprintf(number, sizeof(number), "%u", i);
		ck_assert_uint_eq(d.samples[i].family, i % 50000);
		ck_assert(slice_is(d.samples[i].value, number));
		ck_assert(slice_is(document_label(&d, &d.samples[i], "number")->value, number));
	}
	document_release(&d);
	buffer_release(&text);
}
END_TEST

static const struct {
	const char *raw;
	size_t size;
	long length;
	const char *value;
} escapes[] = {
	{ "", 1, 0, "" },
	{ "abc", 4, 3, "abc" },
	{ "abc", 3, -1, NULL },
	{ "", 0, -1, NULL },
	{ "a\\\\b\\\"c\\nd", 8, 7, "a\\b\"c\nd" },
};

START_TEST(label_values_lose_their_escapes)
{
	char value[16];

	ck_assert_int_eq(label_unescape(SLICE(escapes[_i].raw), value, escapes[_i].size), escapes[_i].length);
	if (escapes[_i].value != NULL)
		ck_assert_str_eq(value, escapes[_i].value);
}
END_TEST

START_TEST(names_are_judged_as_node_exporter_does)
{
	ck_assert(name_valid_metric(SLICE("a:b_9")) && name_valid_metric(SLICE(":")));
	ck_assert(!name_valid_metric(SLICE("")) && !name_valid_metric(SLICE("9a")) &&
		  !name_valid_metric(SLICE("a-b")));
	ck_assert(name_valid_label(SLICE("__a9")) && !name_valid_label(SLICE("a:b")) &&
		  !name_valid_label(SLICE("")));
	ck_assert(name_reserved_label(SLICE("__a")) && name_reserved_label(SLICE("__")));
	ck_assert(!name_reserved_label(SLICE("_a")) && !name_reserved_label(SLICE("a__")));
	ck_assert(name_taken_by_node_exporter(SLICE("go_info")));
	ck_assert(name_taken_by_node_exporter(SLICE("go_gc_duration_seconds")));
	ck_assert(name_taken_by_node_exporter(SLICE("promhttp_metric_handler_requests_total")));
	ck_assert(
	    !name_taken_by_node_exporter(SLICE("go_inf")) && !name_taken_by_node_exporter(SLICE("go_infos")));
	ck_assert(!name_taken_by_node_exporter(SLICE("")) && !name_taken_by_node_exporter(SLICE("zzz")));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("parse");
	TCase *cases = tcase_create("parse");

	tcase_add_test(cases, a_file_becomes_families_samples_and_labels);
	tcase_add_loop_test(cases, the_parts_of_histograms_and_summaries_belong_to_them, 0, LENGTH(parts));
	tcase_add_loop_test(cases, each_bad_line_is_found_and_reading_goes_on, 0, LENGTH(faulty));
	tcase_add_test(cases, a_nul_ends_no_word);
	tcase_add_test(cases, bad_lines_are_left_out_of_the_document);
	tcase_add_test(cases, as_many_labels_as_can_be_counted_are_taken_and_no_more);
	tcase_add_test(cases, many_families_and_samples_are_kept_apart);
	tcase_add_loop_test(cases, label_values_lose_their_escapes, 0, LENGTH(escapes));
	tcase_add_test(cases, names_are_judged_as_node_exporter_does);
	tcase_set_timeout(cases, 60);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
