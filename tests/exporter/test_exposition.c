#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "exporter/routes.h"
#include "tests/suite.h"

enum { MOST_FILES = 4 };

#define H(labels, x)                                                                                         \
	"# TYPE h histogram\nh_bucket{" labels "le=\"+Inf\"} " x "\nh_sum{" labels "} 1\nh_count{" labels    \
	"} " x "\n"

static const struct {
	const char *texts[MOST_FILES];
	const char *joined;
	int left_out;
} cases[] = {
	{ { NULL }, "", 0 },
	{ { "", "# nothing\n" }, "", 0 },
	{ { "a 1\n", "b 2\n" }, "# TYPE a untyped\na 1\n# TYPE b untyped\nb 2\n", 0 },
	{ { "a{x=\"1\"} 1\n", "b 1\na{x=\"2\"} 2\n", "a{x=\"3\"} 3\n" },
	    "# TYPE a untyped\na{x=\"1\"} 1\na{x=\"2\"} 2\na{x=\"3\"} 3\n# TYPE b untyped\nb 1\n", 0 },
	{ { "# HELP a A.\na{x=\"1\"} 1\n", "# HELP a A.\na{x=\"2\"} 2\n" },
	    "# HELP a A.\n# TYPE a untyped\na{x=\"1\"} 1\na{x=\"2\"} 2\n", 0 },
	/* Contradictions: the first file wins. */
	{ { "a 1\n", "a 2\nb 1\n" }, "# TYPE a untyped\na 1\n# TYPE b untyped\nb 1\n", 1 },
	{ { "a{x=\"1\",y=\"2\"} 1\n", "a{y=\"2\",x=\"1\"} 2\n" }, "# TYPE a untyped\na{x=\"1\",y=\"2\"} 1\n",
	    1 },
	{ { "a{x=\"\"} 1\n", "a 2\n" }, "# TYPE a untyped\na{x=\"\"} 1\n", 1 },
	{ { "# TYPE a gauge\na 1\n", "# TYPE a counter\na{x=\"1\"} 2\n" }, "# TYPE a gauge\na 1\n", 1 },
	{ { "# HELP a A.\na 1\n", "# HELP a B.\na{x=\"1\"} 2\n", "a{x=\"2\"} 2\n" },
	    "# HELP a A.\n# TYPE a untyped\na 1\n", 2 },
	{ { H("", "1"), "h_sum 3\nb 1\n" }, H("", "1") "# TYPE b untyped\nb 1\n", 1 },
	{ { "h_sum 3\n", H("", "1") }, "# TYPE h_sum untyped\nh_sum 3\n", 1 },
	{ { H("x=\"1\",", "1"), H("x=\"2\",", "2") },
	    H("x=\"1\",", "1") "h_bucket{x=\"2\",le=\"+Inf\"} 2\nh_sum{x=\"2\",} 1\nh_count{x=\"2\",} 2\n",
	    0 },
	{ { H("", "1"), H("", "2") }, H("", "1"), 1 },
	/* Our own names. */
	{ { "process_open_fds 1\nb 1\n", "arbwatch_exporter_x{x=\"1\"} 1\n" }, "# TYPE b untyped\nb 1\n", 2 },
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
answer_of(struct exposition *e, const struct telemetry *about, bool gzip, double now)
{
	enum { MOST = 1 << 21 };
	static char plain[MOST];
	struct buffer out;
	size_t length;

	exposition_refresh(e, now);
	buffer_init(&out, MOST);
	ck_assert_int_eq(exposition_write(e, about, gzip, &out), 0);
	ck_assert_uint_lt(out.length, MOST);
	length = out.length;
	if (gzip) {
		z_stream z = { .next_in = (Bytef *)out.text,
			.avail_in = (uInt)out.length,
			.next_out = (Bytef *)plain,
			.avail_out = MOST - 1 };

		ck_assert_int_eq(inflateInit2(&z, 16 + MAX_WBITS), Z_OK);
		ck_assert_int_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
		ck_assert_uint_eq(z.avail_in, 0);
		length = z.total_out;
		ck_assert_int_eq(inflateEnd(&z), Z_OK);
	} else {
		memcpy(plain, out.text, out.length);
	}
	plain[length] = '\0';
	buffer_release(&out);
	return plain;
}

static char *
answer(struct exposition *e, bool gzip, double now)
{
	return answer_of(e, &telemetry, gzip, now);
}

static struct exposition *
make(bool serve, double max_age)
{
	struct exposition *e;

	(void)snprintf(directory, sizeof(directory), "/tmp/arbwatch-exposition.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	telemetry_init(&telemetry);
	web_metrics_init(&telemetry.web, routes_table);
	notices = 0;
	e = exposition_new(directory, serve, count_notice, NULL);
	ck_assert_ptr_nonnull(e);
	exposition_set_max_age(e, max_age);
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

START_TEST(the_files_alone_are_there_too)
{
	struct exposition *e = make(_i / 2 != 0, 0);
	bool gzip = _i % 2 != 0;

	write_file("a.prom", "a 1\n");
	ck_assert_int_eq(strstr(answer(e, gzip, 1), "a 1\n") != NULL, _i / 2);
	for (int i = 0; i < 3; i++) {
		write_file("a.prom", i == 1 ? "a 2\n" : "a 1\n");
		exposition_join_files(e);
		ck_assert_str_eq(answer_of(e, NULL, gzip, 1),
		    i == 1 ? "# TYPE a untyped\na 2\n" : "# TYPE a untyped\na 1\n");
		/* And the whole is what it was. */
		ck_assert_ptr_nonnull(strstr(answer(e, gzip, 1), "process_cpu_seconds_total "));
		ck_assert_int_eq(strstr(answer(e, gzip, 1), i == 1 ? "a 2\n" : "a 1\n") != NULL, _i / 2);
	}
	unmake(e);
}
END_TEST

START_TEST(files_are_joined_and_the_first_one_wins)
{
	struct exposition *e = make(true, 0);
	char name[32], conflicts[64];
	const char *joined, *text;

	for (int i = 0; i < MOST_FILES && cases[_i].texts[i] != NULL; i++) {
		(void)snprintf(name, sizeof(name), "%d.prom", i);
		write_file(name, cases[_i].texts[i]);
	}
	joined = tidied(cases[_i].joined);
	text = answer(e, false, 1);
	ck_assert_mem_eq(text, joined, strlen(joined));
	ck_assert_mem_eq(text + strlen(joined), "# HELP arbwatch_exporter_textfile_", 34);
	(void)snprintf(
	    conflicts, sizeof(conflicts), "\narbwatch_exporter_textfile_conflicts %d\n", cases[_i].left_out);
	ck_assert_ptr_nonnull(strstr(text, conflicts));
	ck_assert_int_eq(notices, cases[_i].left_out);
	unmake(e);
}
END_TEST

/* What does not fit into one step of packing. */
START_TEST(large_files_are_packed_whole)
{
	enum { SERIES = 18000 };
	struct exposition *e = make(true, 0);
	uint64_t random = 1;
	struct buffer text;

	buffer_init(&text, 1 << 20);
	buffer_string(&text, "# TYPE large untyped\n");
	for (int i = 0; i < SERIES; i++) {
		buffer_string(&text, "large{n=\"");
		for (int k = 0; k < 4; k++) {
			random = random * 6364136223846793005 + 1442695040888963407;
			buffer_format(&text, "%08x", (unsigned)(random >> 32));
		}
		buffer_string(&text, "\"} 1\n");
	}
	buffer_append(&text, "", 1);
	ck_assert(!text.failed);
	write_file("a.prom", text.text);
	for (int i = 0; i < 2; i++) {
		const char *found = answer(e, true, 1);

		ck_assert_mem_eq(found, text.text, text.length - 1);
		ck_assert_ptr_nonnull(strstr(found, "\nprocess_cpu_seconds_total "));
	}
	buffer_release(&text);
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
START_TEST(too_many_files_are_told_once)
{
	struct exposition *e = make(true, 0);
	char name[32];

	for (int i = 0; i < 2002; i++) {
		(void)snprintf(name, sizeof(name), "%04d.prom", i);
		write_file(name, "");
	}
	write_file("0000.prom", "a 1\n");
	for (int i = 0; i < 2; i++) {
		(void)answer(e, true, 1);
		ck_assert_int_eq(notices, 1);
	}
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

START_TEST(own_names_are_reserved)
{
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

	suite_add_tcase(suite, tests);
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, files_are_joined_and_the_first_one_wins, 0, LENGTH(cases));
	tcase_add_loop_test(tests, the_files_alone_are_there_too, 0, 4);
	tcase_add_loop_test(tests, packed_or_not_the_files_are_there, 0, 2);
	tcase_add_test(tests, large_files_are_packed_whole);
	tcase_add_loop_test(tests, no_files_and_no_directory_are_answered_too, 0, 2);
	tcase_add_test(tests, each_change_is_told_once);
	tcase_add_test(tests, too_many_files_are_told_once);
	tcase_add_test(tests, old_files_go_and_come_back);
	tcase_add_test(tests, own_names_are_reserved);
	return run_suite(suite);
}
