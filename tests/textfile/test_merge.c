#include <stdlib.h>
#include <string.h>

#include "tests/suite.h"
#include "textfile/merge.h"
#include "textfile/validate.h"

enum { MOST_FILES = 4 };

static void
note(void *context, size_t file, const struct fault *fault)
{
	static const char classes[] = "RDMC";

	buffer_format(context, "%zu:%u%c %s\n", file, fault->line, classes[fault->class], fault->rule);
}

static long
merge_texts(const char *const texts[MOST_FILES], struct buffer *out, struct buffer *faults)
{
	struct document documents[MOST_FILES];
	const struct document *pointers[MOST_FILES];
	size_t count = 0;
	long found;

	for (; count < MOST_FILES && texts[count] != NULL; count++) {
		ck_assert_int_eq(parse(&documents[count], SLICE(texts[count]), NULL, NULL), 0);
		pointers[count] = &documents[count];
	}
	found = merge(pointers, count, out, NULL, note, faults);
	ck_assert_int_eq(merge(pointers, count, NULL, NULL, NULL, NULL), found);
	for (size_t i = 0; i < count; i++)
		document_release(&documents[i]);
	return found;
}

#define HISTOGRAM(labels, more)                                                                              \
	"# TYPE h histogram\nh_bucket{" labels more "le=\"+Inf\"} 1\nh_sum{" labels "} 1\nh_count{" labels   \
	"} 1\n"

static const struct {
	const char *texts[MOST_FILES];
	const char *joined;
	const char *faults;
} cases[] = {
	{ { NULL }, "", "" },
	{ { "", "" }, "", "" },
	{ { "# HELP a A.\n# TYPE a gauge\n" }, "", "" },
	{ { "a 1\n" }, "# TYPE a untyped\na 1\n", "" },
	{ { "# TYPE a gauge\na{x=\"1\"} 1\nb 1\na{ x = \"2\" , } 0.50\n" },
	    "# TYPE a gauge\na{x=\"1\"} 1\na{x=\"2\"} 0.50\n# TYPE b untyped\nb 1\n", "" },
	{ { "# HELP a A.\n# TYPE a gauge\na{x=\"1\"} 1\n", "b 2\n",
	      "# TYPE a gauge\na{x=\"3\"} 3\n# HELP a A.\n" },
	    "# HELP a A.\n# TYPE a gauge\na{x=\"1\"} 1\na{x=\"3\"} 3\n# TYPE b untyped\nb 2\n", "" },
	{ { "a{x=\"1\",y=\"2\"} 1\n", "a{y=\"2\",x=\"1\"} 2\na{y=\"1\",x=\"2\"} 3\n" },
	    "# TYPE a untyped\na{x=\"1\",y=\"2\"} 1\na{y=\"1\",x=\"2\"} 3\n", "1:1D duplicate\n" },
	{ { "a 1\n", "a 2\na 3\n", "a 4\n" }, "# TYPE a untyped\na 1\n", "1:1D duplicate\n2:1D duplicate\n" },
	/* What is wrong within a file is left out too, but for validate() to tell. */
	{ { "a 1\na 2\n" }, "# TYPE a untyped\na 1\n", "" },
	{ { "# HELP a A.\na 1\n", "# HELP a B.\na{x=\"1\"} 2\n" }, "# HELP a A.\n# TYPE a untyped\na 1\n",
	    "1:2D help_differs\n" },
	{ { "# HELP a A.\na 1\n", "\na{x=\"1\"} 2\n" }, "# HELP a A.\n# TYPE a untyped\na 1\n",
	    "1:2D help_missing\n" },
	{ { "a 1\n", "# HELP a A.\na{x=\"1\"} 2\n", "# HELP a A.\na{x=\"2\"} 3\n", "a{x=\"3\"} 4\n" },
	    "# TYPE a untyped\na 1\na{x=\"3\"} 4\n", "1:2D help_missing\n2:2D help_missing\n" },
	{ { "# HELP a A.\na 1\n", "# HELP a B.\na{x=\"1\"} 2\n", "a{x=\"2\"} 3\n" },
	    "# HELP a A.\n# TYPE a untyped\na 1\n", "1:2D help_differs\n2:1C help_differs\n" },
	/* A HELP without samples is nothing. */
	{ { "# HELP a A.\n", "# HELP a B.\na 2\n" }, "# HELP a B.\n# TYPE a untyped\na 2\n", "" },
	{ { "# TYPE a gauge\na 1\n", "# TYPE a counter\na{x=\"1\"} 2\n", "a{x=\"1\"} 2\n" },
	    "# TYPE a gauge\na 1\n", "1:2D type_differs\n2:1D type_differs\n" },
	{ { HISTOGRAM("x=\"1\"", ","), HISTOGRAM("x=\"2\"", ",") },
	    "# TYPE h histogram\nh_bucket{x=\"1\",le=\"+Inf\"} 1\nh_sum{x=\"1\"} 1\nh_count{x=\"1\"} 1\n"
	    "h_bucket{x=\"2\",le=\"+Inf\"} 1\nh_sum{x=\"2\"} 1\nh_count{x=\"2\"} 1\n",
	    "" },
	{ { "# TYPE h histogram\nh_sum 1\nh_count 1\n",
	      "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 2\n" },
	    "# TYPE h histogram\nh_sum 1\nh_count 1\n", "1:2D duplicate\n" },
	{ { "# TYPE h histogram\nh_count 1\n", "h_sum{x=\"1\"} 1\n", "h_total 1\n" },
	    "# TYPE h histogram\nh_count 1\n# TYPE h_total untyped\nh_total 1\n", "1:1D suffix_collision\n" },
	{ { "h_bucket 1\n", "# TYPE h histogram\nh_count 1\n" }, "# TYPE h_bucket untyped\nh_bucket 1\n",
	    "1:2D suffix_collision\n" },
	{ { "s_bucket 1\n", "# TYPE s summary\ns_count 1\n", "s_sum 1\n" },
	    "# TYPE s_bucket untyped\ns_bucket 1\n# TYPE s summary\ns_count 1\n", "2:1D suffix_collision\n" },
	{ { "s_count 1\ns_sum 2\n", "# TYPE s summary\ns{quantile=\"0.5\"} 1\n" },
	    "# TYPE s_count untyped\ns_count 1\n# TYPE s_sum untyped\ns_sum 2\n", "1:2D suffix_collision\n" },
};

START_TEST(files_are_joined_and_the_first_wins)
{
	struct buffer out, faults;
	long found;

	buffer_init(&out, 1 << 20);
	buffer_init(&faults, 1 << 20);
	found = merge_texts(cases[_i].texts, &out, &faults);
	buffer_append(&faults, "", 1);
	ck_assert_msg(slice_is(buffer_slice(&out), cases[_i].joined), "case %d gives:\n%.*s", _i,
	    (int)out.length, out.text);
	ck_assert_msg(strcmp(faults.text, cases[_i].faults) == 0, "case %d gives:\n%s", _i, faults.text);
	for (const char *at = cases[_i].faults; *at != '\0'; at++)
		found -= *at == '\n';
	ck_assert_int_eq(found, 0);
	buffer_release(&out);
	buffer_release(&faults);
}
END_TEST

START_TEST(a_joined_text_joins_to_itself)
{
	struct buffer once, twice, faults;
	const char *texts[MOST_FILES] = { NULL };

	buffer_init(&once, 1 << 20);
	buffer_init(&twice, 1 << 20);
	buffer_init(&faults, 1 << 20);
	(void)merge_texts(cases[_i].texts, &once, &faults);
	buffer_append(&once, "", 1);
	texts[0] = once.text;
	ck_assert_int_eq(merge_texts(texts, &twice, &faults), 0);
	ck_assert(slice_is(buffer_slice(&twice), once.text));
	buffer_release(&once);
	buffer_release(&twice);
	buffer_release(&faults);
}
END_TEST

START_TEST(a_text_that_does_not_fit_is_told_by_the_buffer)
{
	const char *texts[MOST_FILES] = { "a 1\n" };
	struct buffer out, faults;

	buffer_init(&out, 10);
	buffer_init(&faults, 10);
	ck_assert_int_eq(merge_texts(texts, &out, &faults), 0);
	ck_assert(out.failed);
	buffer_release(&out);
	buffer_release(&faults);
}
END_TEST

/*
 * Memory that runs out at the n-th request.  These take the places of the C
 * library's; what they give is for free() all the same.
 */
static long requests_left = -1;

static bool
refused(void)
{
	if (requests_left < 0)
		return false;
	return requests_left-- == 0;
}

void *
reallocarray(void *ptr, size_t nmemb, size_t size)
{
	return refused() ? NULL : realloc(ptr, nmemb * size);
}

void *
calloc(size_t nmemb, size_t size)
{
	/* Not malloc(): the compiler would make a call of calloc() of it and the memset(). */
	void *memory = refused() ? NULL : realloc(NULL, nmemb * size + 1);

	if (memory != NULL)
		memset(memory, 0, nmemb * size);
	return memory;
}

/* Everything on two documents, or as far as memory lasts. */
static bool
do_everything(struct slice text, struct slice other)
{
	struct document a, b;
	const struct document *both[] = { &a, &b };
	bool done = parse(&a, text, NULL, NULL) == 0;

	if (parse(&b, other, NULL, NULL) != 0)
		done = false;
	/* What could be read is consistent, so it can be used. */
	if (validate_document(&a, NULL, NULL) < 0 || merge(both, 2, NULL, NULL, NULL, NULL) < 0)
		done = false;
	document_release(&a);
	document_release(&b);
	return done;
}

START_TEST(memory_that_runs_out_anywhere_is_an_error_and_nothing_worse)
{
	struct buffer text, other;
	long needed = 0;

	buffer_init(&text, 1 << 20);
	buffer_init(&other, 1 << 20);
	buffer_string(&text, "# TYPE h histogram\n");
	for (unsigned i = 0; i < 300; i++)
		buffer_format(&text, "h_bucket{le=\"%u\"} %u\nf%u_sum{x=\"%u\"} 1\n", i, i, i, i);
	buffer_string(&text, "wide{");
	for (unsigned i = 0; i < 256; i++)
		buffer_format(&text, "l%u=\"1\",", i);
	buffer_string(&text, "} 1\n");
	for (unsigned i = 0; i < 300; i++)
		buffer_format(&other, "f%u_sum{x=\"1\"} 1\ng%u_bucket 1\n", i, i);
	for (; needed < 10000; needed++) {
		bool done;

		requests_left = needed;
		done = do_everything(buffer_slice(&text), buffer_slice(&other));
		if (requests_left >= 0) {
			ck_assert_msg(done, "with all the memory it needs it fails");
			break;
		}
		ck_assert_msg(!done, "request %ld was refused and nobody said so", needed);
	}
	requests_left = -1;
	ck_assert_int_gt(needed, 20);
	ck_assert_int_lt(needed, 10000);
	buffer_release(&text);
	buffer_release(&other);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("merge");
	TCase *joining = tcase_create("joining");

	tcase_add_loop_test(joining, files_are_joined_and_the_first_wins, 0, LENGTH(cases));
	tcase_add_loop_test(joining, a_joined_text_joins_to_itself, 0, LENGTH(cases));
	tcase_add_test(joining, a_text_that_does_not_fit_is_told_by_the_buffer);
	tcase_add_test(joining, memory_that_runs_out_anywhere_is_an_error_and_nothing_worse);
	tcase_set_timeout(joining, 60);
	suite_add_tcase(suite, joining);
	return run_suite(suite);
}
