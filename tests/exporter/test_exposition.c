#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "exporter/metrics/exposition.h"
#include "tests/suite.h"
#include "textfile/merge.h"

enum { MOST_FILES = 4 };

static struct hash_key key;

static struct content *
content_of(const char *text)
{
	struct document document;
	struct content *content;

	ck_assert_int_eq(parse(&document, SLICE(text), NULL, NULL), 0);
	content = content_new(&document, key);
	ck_assert_ptr_nonnull(content);
	document_release(&document);
	return content;
}

static bool
reserve(struct slice name)
{
	return slice_is(name, "own");
}

static void
note(void *context, size_t file, const char *text)
{
	ck_assert_uint_gt(strlen(text), 0);
	buffer_format(context, "%zu ", file);
}

/* The text as one piece, a NUL behind it. */
static void
flatten(const struct joined *joined, struct buffer *out)
{
	size_t length = 0;

	for (size_t i = 0; i < joined->slice_count; i++) {
		buffer_append(out, joined->slices[i].at, joined->slices[i].length);
		length += joined->slices[i].length;
	}
	ck_assert_uint_eq(length, joined->length);
	buffer_append(out, "", 1);
	ck_assert(!out->failed);
}

#define H(labels, x)                                                                                         \
	"# TYPE h histogram\nh_bucket{" labels "le=\"+Inf\"} " x "\nh_sum{" labels "} 1\nh_count{" labels    \
	"} " x "\n"

static const struct {
	const char *texts[MOST_FILES];
	const char *joined;
	const char *left_out; /* the file of each */
} cases[] = {
	{ { NULL }, "", "" },
	{ { "", "# nothing\n" }, "", "" },
	{ { "a 1\n", "b 2\n" }, "# TYPE a untyped\na 1\n# TYPE b untyped\nb 2\n", "" },
	{ { "a{x=\"1\"} 1\n", "b 1\na{x=\"2\"} 2\n", "a{x=\"3\"} 3\n" },
	    "# TYPE b untyped\nb 1\n# TYPE a untyped\na{x=\"1\"} 1\na{x=\"2\"} 2\na{x=\"3\"} 3\n", "" },
	{ { "# HELP a A.\na{x=\"1\"} 1\n", "# HELP a A.\na{x=\"2\"} 2\n" },
	    "# HELP a A.\n# TYPE a untyped\na{x=\"1\"} 1\na{x=\"2\"} 2\n", "" },
	/* Contradictions: the first file wins. */
	{ { "a 1\n", "a 2\nb 1\n" }, "# TYPE b untyped\nb 1\n# TYPE a untyped\na 1\n", "1 " },
	{ { "a{x=\"1\",y=\"2\"} 1\n", "a{y=\"2\",x=\"1\"} 2\n" }, "# TYPE a untyped\na{x=\"1\",y=\"2\"} 1\n",
	    "1 " },
	{ { "a{x=\"\"} 1\n", "a 2\n" }, "# TYPE a untyped\na{x=\"\"} 1\n", "1 " },
	{ { "# TYPE a gauge\na 1\n", "# TYPE a counter\na{x=\"1\"} 2\n" }, "# TYPE a gauge\na 1\n", "1 " },
	{ { "# HELP a A.\na 1\n", "# HELP a B.\na{x=\"1\"} 2\n", "a{x=\"2\"} 2\n" },
	    "# HELP a A.\n# TYPE a untyped\na 1\n", "1 2 " },
	{ { H("", "1"), "h_sum 3\nb 1\n" }, "# TYPE b untyped\nb 1\n" H("", "1"), "1 " },
	{ { "h_sum 3\n", H("", "1") }, "# TYPE h_sum untyped\nh_sum 3\n", "1 " },
	{ { H("x=\"1\",", "1"), H("x=\"2\",", "2") },
	    H("x=\"1\",", "1") "h_bucket{x=\"2\",le=\"+Inf\"} 2\nh_sum{x=\"2\",} 1\nh_count{x=\"2\",} 2\n",
	    "" },
	{ { H("", "1"), H("", "2") }, H("", "1"), "1 " },
	/* Our own names. */
	{ { "own 1\nb 1\n", "own{x=\"1\"} 1\n" }, "# TYPE b untyped\nb 1\n", "0 1 " },
};

/* What merge() writes of labels has neither braces nor a comma that nothing needs. */
static const char *
tidied(const char *text)
{
	static char out[4096];
	size_t length = 0;

	for (const char *c = text; *c != '\0'; c++) {
		if (strncmp(c, "{}", 2) == 0)
			c++;
		else if (strncmp(c, ",}", 2) != 0)
			out[length++] = *c;
	}
	out[length] = '\0';
	return out;
}

START_TEST(files_are_joined_as_merge_does)
{
	struct content *contents[MOST_FILES];
	struct buffer text, left_out;
	struct joined *joined;
	size_t count = 0;

	buffer_init(&text, 65536);
	buffer_init(&left_out, 65536);
	for (; count < MOST_FILES && cases[_i].texts[count] != NULL; count++)
		contents[count] = content_of(cases[_i].texts[count]);
	joined = joined_new(contents, count, reserve, note, &left_out);
	ck_assert_ptr_nonnull(joined);
	while (count > 0)
		content_drop(contents[--count]); /* the joined text keeps what it needs */
	flatten(joined, &text);
	ck_assert_str_eq(text.text, tidied(cases[_i].joined));
	buffer_append(&left_out, "", 1);
	ck_assert_str_eq(left_out.text, cases[_i].left_out);
	ck_assert_uint_eq(joined->conflicts, strlen(cases[_i].left_out) / 2);
	joined_drop(joined);
	buffer_release(&text);
	buffer_release(&left_out);
}
END_TEST

/* --- Exposition --- */

static char directory[64];
static struct telemetry telemetry;
static int notices;

static void
count_notice(void *context, bool bad, const char *message, const char *file, const char *reason)
{
	(void)context;
	(void)bad;
	(void)message;
	(void)file;
	(void)reason;
	notices++;
}

static void
write_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

/* One answer, unpacked by zlib's own reader of the gzip format, NUL behind it. */
static char *
answer(struct exposition *e, bool gzip, double now)
{
	enum { MOST = 1 << 20 };
	static char packed[MOST], plain[MOST];
	struct body body;
	size_t length = 0;

	exposition_refresh(e, now);
	ck_assert_int_eq(exposition_write(e, gzip, &body), 0);
	ck_assert_int_eq(body_finish(&body, &telemetry, gzip), 0);
	ck_assert_uint_lt(body.length, MOST);
	for (size_t i = 0; i < body.count; i++) {
		memcpy(packed + length, body.slices[i].at, body.slices[i].length);
		length += body.slices[i].length;
	}
	ck_assert_uint_eq(length, body.length);
	body_release(&body);
	packed[length] = '\0';
	if (gzip) {
		z_stream z = { .next_in = (Bytef *)packed,
			.avail_in = (uInt)length,
			.next_out = (Bytef *)plain,
			.avail_out = MOST - 1 };

		ck_assert_int_eq(inflateInit2(&z, 16 + MAX_WBITS), Z_OK);
		ck_assert_int_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
		ck_assert_uint_eq(z.avail_in, 0);
		plain[z.total_out] = '\0';
		ck_assert_int_eq(inflateEnd(&z), Z_OK);
		return plain;
	}
	return packed;
}

static struct exposition *
make(bool serve, double max_age)
{
	const struct exposition_settings settings = { directory, serve, max_age };
	struct exposition *e;

	(void)snprintf(directory, sizeof(directory), "/tmp/arbwatch-exposition.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	telemetry_init(&telemetry);
	notices = 0;
	e = exposition_new(&settings, count_notice, NULL);
	ck_assert_ptr_nonnull(e);
	return e;
}

static void
unmake(struct exposition *e)
{
	char command[128];

	exposition_free(e);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(packed_or_not_the_files_are_there)
{
	struct exposition *e = make(true, 0);

	for (int i = 0; i < 3; i++) {
		write_file("a.prom", i == 1 ? "a 2\n" : "a 1\n");
		ck_assert_ptr_nonnull(strstr(answer(e, _i != 0, 1), i == 1 ? "\na 2\n" : "\na 1\n"));
		ck_assert_ptr_nonnull(
		    strstr(answer(e, _i != 0, 1), "\narbwatch_exporter_textfile_scrape_error 0\n"));
	}
	unmake(e);
}
END_TEST

/* A file of which 300 kB are left when it is packed. */
static void
write_large_file(const char *name)
{
	uint64_t random = 1;
	struct buffer text;

	buffer_init(&text, 1 << 20);
	for (int i = 0; i < 18000; i++) {
		buffer_string(&text, "large{n=\"");
		for (int k = 0; k < 4; k++) {
			random = random * 6364136223846793005 + 1442695040888963407;
			buffer_format(&text, "%08x", (unsigned)(random >> 32));
		}
		buffer_string(&text, "\"} 1\n");
	}
	buffer_string(&text, "last 1\n");
	buffer_append(&text, "", 1);
	ck_assert(!text.failed);
	write_file(name, text.text);
	buffer_release(&text);
}

START_TEST(beside_large_files_the_own_text_is_not_deflated)
{
	struct exposition *e = make(true, 0);
	static const char own[] = "\nprocess_cpu_seconds_total ";
	const char *text;
	struct body body;

	for (int i = 0; i < 2; i++) {
		write_file("a.prom", "a 1\n");
		if (i == 1)
			write_large_file("b.prom");
		text = answer(e, true, 1);
		ck_assert_ptr_nonnull(strstr(text, "\na 1\n"));
		ck_assert_ptr_nonnull(strstr(text, own));
		ck_assert_int_eq(exposition_write(e, true, &body), 0);
		ck_assert_int_eq(body_finish(&body, &telemetry, true), 0);
		ck_assert_int_eq(memmem(body.own.text, body.own.length, own, strlen(own)) != NULL, i == 1);
		body_release(&body);
	}
	ck_assert_ptr_nonnull(strstr(text, "\nlast 1\n"));
	unmake(e);
}
END_TEST

START_TEST(no_files_and_no_directory_are_answered_too)
{
	struct exposition *e = make(true, 0);
	char command[128];

	ck_assert_ptr_nonnull(strstr(answer(e, _i != 0, 1), "\nprocess_cpu_seconds_total "));
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	ck_assert_int_eq(system(command), 0);
	ck_assert_ptr_nonnull(strstr(answer(e, _i != 0, 1), "\narbwatch_exporter_textfile_scrape_error 1\n"));
	ck_assert_int_eq(notices, 1);
	unmake(e);
}
END_TEST

START_TEST(each_change_is_told_once)
{
	struct exposition *e = make(true, 0);

	write_file("a.prom", "a 1\n");
	write_file("b.prom", "a 2\n");
	write_file("c.prom", "a{\n");
	(void)answer(e, false, 1);
	ck_assert_int_eq(notices, 2);
	write_file("d.prom", "d 1\n");
	(void)answer(e, false, 1);
	(void)answer(e, true, 1);
	ck_assert_int_eq(notices, 2);
	write_file("c.prom", "c b 1\n");
	(void)answer(e, false, 1);
	ck_assert_int_eq(notices, 3);
	unmake(e);
}
END_TEST

/* A directory with more files than are looked at. */
START_TEST(too_many_files_are_told_once_and_joined_once)
{
	struct exposition *e = make(true, 0);
	struct body first, second;
	char name[32];

	for (int i = 0; i < 2002; i++) {
		(void)snprintf(name, sizeof(name), "%04d.prom", i);
		write_file(name, "");
	}
	write_file("0000.prom", "a 1\n");
	exposition_refresh(e, 1);
	ck_assert_int_eq(exposition_write(e, true, &first), 0);
	ck_assert_int_eq(notices, 1);
	exposition_refresh(e, 1);
	ck_assert_int_eq(exposition_write(e, true, &second), 0);
	ck_assert_int_eq(notices, 1);
	ck_assert_ptr_eq(first.joined, second.joined);
	body_release(&first);
	body_release(&second);
	ck_assert_ptr_nonnull(strstr(answer(e, false, 1), "_textfile_files{state=\"left_out\"} 2\n"));
	write_file("2002.prom", "");
	ck_assert_ptr_nonnull(strstr(answer(e, false, 1), "_textfile_files{state=\"left_out\"} 3\n"));
	ck_assert_int_eq(notices, 2);
	unmake(e);
}
END_TEST

START_TEST(old_files_go_and_come_back)
{
	struct exposition *e = make(true, 100);
	double now;

	write_file("a.prom", "a 1\n");
	exposition_refresh(e, 0);
	now = store_file(exposition_store(e), 0)->modified;
	ck_assert_ptr_nonnull(strstr(answer(e, false, now + 99), "\na 1\n"));
	ck_assert_ptr_null(strstr(answer(e, false, now + 101), "\na 1\n"));
	ck_assert_ptr_nonnull(strstr(answer(e, false, now + 101), "{state=\"stale\"} 1\n"));
	ck_assert_int_eq(notices, 1);
	ck_assert_ptr_nonnull(strstr(answer(e, false, now + 99), "\na 1\n"));
	exposition_set_max_age(e, 0);
	ck_assert_ptr_nonnull(strstr(answer(e, false, now + 101), "\na 1\n"));
	unmake(e);
}
END_TEST

START_TEST(the_same_age_again_changes_nothing)
{
	struct exposition *e = make(true, 100);
	struct body first, second;

	write_file("a.prom", "a 1\n");
	exposition_refresh(e, 1);
	ck_assert_int_eq(exposition_write(e, true, &first), 0);
	exposition_set_max_age(e, 100);
	exposition_refresh(e, 1);
	ck_assert_int_eq(exposition_write(e, true, &second), 0);
	ck_assert_ptr_eq(first.joined, second.joined);
	body_release(&first);
	body_release(&second);
	unmake(e);
}
END_TEST

/* In pieces that are no answer's, and from any place. */
START_TEST(a_body_is_read_in_pieces_of_any_size)
{
	static const size_t rooms[] = { 1, 2, 3, 7, 1000 };
	struct slice slices[] = { SLICE("a"), SLICE("bcd"), SLICE("ef"), SLICE("ghijklm") };
	const char *whole = "abcdefghijklm";
	struct body body = { .slices = slices, .count = LENGTH(slices), .length = strlen(whole) };
	char out[1000];

	for (size_t i = 0; i < LENGTH(rooms); i++) {
		size_t position = 0, length;

		while ((length = body_read(&body, position, out, rooms[i])) > 0) {
			ck_assert_uint_le(length, rooms[i]);
			ck_assert_mem_eq(out, whole + position, length);
			position += length;
		}
		ck_assert_uint_eq(position, body.length);
	}
	for (size_t position = body.length; position-- > 0;) {
		ck_assert_uint_eq(body_read(&body, position, out, sizeof(out)), body.length - position);
		ck_assert_mem_eq(out, whole + position, body.length - position);
	}
	ck_assert_uint_eq(body_read(&body, body.length + 1, out, sizeof(out)), 0);
}
END_TEST

START_TEST(what_was_given_out_outlives_the_file)
{
	struct exposition *e = make(true, 0);
	struct body body;

	write_file("a.prom", "a 1\n");
	exposition_refresh(e, 1);
	ck_assert_int_eq(exposition_write(e, false, &body), 0);
	ck_assert_int_eq(body_finish(&body, &telemetry, false), 0);
	write_file("a.prom", "b 12345\n");
	exposition_refresh(e, 1);
	ck_assert_ptr_nonnull(strstr(answer(e, false, 1), "b 12345\n"));
	unmake(e);
	ck_assert_int_eq(strncmp(body.slices[0].at, "# TYPE a untyped\na 1\n", 21), 0);
	body_release(&body);
}
END_TEST

START_TEST(paths_are_a_closed_set)
{
	ck_assert_int_eq(route_of("/metrics"), ROUTE_METRICS);
	ck_assert_int_eq(route_of("/-/ready"), ROUTE_READY);
	ck_assert_int_eq(route_of("/"), ROUTE_PAGE);
	ck_assert_int_eq(route_of("other"), ROUTE_OTHER);
	ck_assert_int_eq(route_of(""), ROUTE_OTHER);
	ck_assert_int_eq(route_of("/metrics/"), ROUTE_OTHER);
	ck_assert(telemetry_reserved(SLICE("process_open_fds")));
	ck_assert(telemetry_reserved(SLICE("arbwatch_exporter_anything")));
	ck_assert(!telemetry_reserved(SLICE("process_open")));
	ck_assert(!telemetry_reserved(SLICE("arbwatch_exporter")));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("exposition");
	TCase *tests = tcase_create("exposition");

	key = hash_key_new();
	suite_add_tcase(suite, tests);
	tcase_add_loop_test(tests, files_are_joined_as_merge_does, 0, LENGTH(cases));
	tcase_add_loop_test(tests, packed_or_not_the_files_are_there, 0, 2);
	tcase_add_test(tests, beside_large_files_the_own_text_is_not_deflated);
	tcase_add_loop_test(tests, no_files_and_no_directory_are_answered_too, 0, 2);
	tcase_add_test(tests, each_change_is_told_once);
	tcase_add_test(tests, too_many_files_are_told_once_and_joined_once);
	tcase_add_test(tests, old_files_go_and_come_back);
	tcase_add_test(tests, the_same_age_again_changes_nothing);
	tcase_add_test(tests, a_body_is_read_in_pieces_of_any_size);
	tcase_add_test(tests, what_was_given_out_outlives_the_file);
	tcase_add_test(tests, paths_are_a_closed_set);
	return run_suite(suite);
}
