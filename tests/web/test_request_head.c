#include "tests/suite.h"
#include "web/request_head.h"

static const struct {
	const char *target;
	const char *path;
} targets[] = {
	{ "/metrics", "/metrics" },
	{ "/metrics?a=/b", "/metrics" },
	{ "http://host/metrics", "/metrics" },
	{ "HTTP://host:9100/metrics?x", "/metrics" },
	{ "https://[::1]:9100/health/live", "/health/live" },
	{ "http://host", "/" },
	{ "http://host?x", "/" },
	{ "http://", "/" },
	{ "http:/metrics", "http:/metrics" },
	{ "//host/metrics", "//host/metrics" },
	{ "*", "*" },
	{ "", "" },
};

START_TEST(a_target_has_a_path)
{
	struct slice path = target_path(targets[_i].target);

	ck_assert_msg(slice_is(path, targets[_i].path), "%s: %.*s", targets[_i].target, SLICE_ARGS(path));
}
END_TEST

static const char *const gzip_taken[] = { "gzip", "GZIP", "br, gzip", " gzip ;q=1", "gzip;q=0.001", "*",
	"br;q=0, *", "*;q=0, gzip", "gzip;foo=0", "gzip;q=1;foo=0", "*;q=0.5", "identity, gzip; q=0.5" };
static const char *const gzip_refused[] = { NULL, "", "identity", "br", "x-gzipped", "gzip;q=0",
	"gzip; Q=0.000", "gzip;foo=1;q=0", "gzip;foo=1 ; q=0", "gzip;q=", "gzip;q=no", "gzip; q = 0",
	"gzip;q\t=0.0", "*;q=0", "gzip;q=0, *", "*, gzip;q=0", "**", "identity;q=0" };

START_TEST(gzip_is_taken_when_it_or_anything_is)
{
	ck_assert_msg(accepts_gzip(gzip_taken[_i]), "%s", gzip_taken[_i]);
}
END_TEST

START_TEST(gzip_is_not_taken_when_refused_or_not_named)
{
	ck_assert_msg(!accepts_gzip(gzip_refused[_i]), "%s", gzip_refused[_i]);
}
END_TEST

/* Encoded by coreutils' base64. */
static const struct {
	const char *header;
	const char *name;
	const char *password;
} good[] = {
	{ "Basic YWxpY2U6cmlnaHQ6cGFzcw==", "alice", "right:pass" },
	{ "basic YWxpY2U6cmlnaHQ6cGFzcw==", "alice", "right:pass" },
	{ "BASIC   YWxpY2U6", "alice", "" },
	{ "Basic Og==", "", "" },
	{ "Basic w7w6w7w=", "\xc3\xbc", "\xc3\xbc" },
};

START_TEST(credentials_are_read_whatever_the_case_of_the_scheme)
{
	struct basic_credentials c;

	ck_assert(basic_credentials_read(&c, good[_i].header));
	ck_assert_str_eq(c.name, good[_i].name);
	ck_assert_str_eq(c.password, good[_i].password);
	basic_credentials_release(&c);
	ck_assert_ptr_null(c.name);
}
END_TEST

/* The last three: "alice", "alice:right:pass\0more", "al\0ice:x". */
static const char *const bad[] = { NULL, "", "Basic", "Basic ", "Basic ====", "Basic Y",
	"BasicOg==", "Bearer Og==", "Basic \xff\xff\xff\xff",
	"Basic YWxpY2U=", "Basic YWxpY2U6cmlnaHQ6cGFzcwBtb3Jl", "Basic YWwAaWNlOng=" };

START_TEST(other_credentials_are_refused)
{
	struct basic_credentials c;

	ck_assert_msg(!basic_credentials_read(&c, bad[_i]), "%s", bad[_i]);
}
END_TEST

static const struct {
	const char *version;
	const char *lines[5]; /* name, value, ... */
	unsigned code;
	size_t limit, length;
} framed[] = {
	{ "HTTP/1.1", { "Host", "x" }, 0, 0, 0 },
	{ "HTTP/1.1", { "host", "" }, 0, 0, 0 },
	{ "HTTP/1.0", { NULL }, 0, 0, 0 },
	{ "HTTP/1.1", { NULL }, 400, 0, 0 },
	{ "HTTP/1.1", { "Host", "x", "Host", "x" }, 400, 0, 0 },
	{ "HTTP/1.0", { "Host", "x", "HOST", "y" }, 400, 0, 0 },
	{ "HTTP/1.0", { "Content-Length", "0" }, 0, 0, 0 },
	{ "HTTP/1.0", { "Content-Length", "00", "content-length", "00" }, 0, 0, 0 },
	{ "HTTP/1.0", { "Content-Length", "0", "Content-Length", "5" }, 400, 0, 0 },
	{ "HTTP/1.0", { "Content-Length", "5", "content-length", "0" }, 400, 0, 0 },
	{ "HTTP/1.0", { "Content-Length", "5", "Content-Length", "5" }, 413, 0, 0 },
	{ "HTTP/1.0", { "Content-Length", "0, 5" }, 413, 0, 0 },
	{ "HTTP/1.0", { "Transfer-Encoding", "chunked", "Content-Length", "0" }, 413, 0, 0 },
	{ "HTTP/1.0", { "Content-Length ", "44" }, 400, 0, 0 },
	{ "HTTP/1.0", { "Transfer-Encoding\t", "chunked" }, 400, 0, 0 },
	{ "HTTP/1.0", { "X Y", "z" }, 400, 0, 0 },
	/* Where a body is taken. */
	{ "HTTP/1.0", { "Content-Length", "5" }, 0, 5, 5 },
	{ "HTTP/1.0", { "Content-Length", "005", "Content-Length", "005" }, 0, 5, 5 },
	{ "HTTP/1.0", { "Content-Length", "6" }, 413, 5, 0 },
	{ "HTTP/1.0", { "Content-Length", "18446744073709551616" }, 413, 5, 0 },
	{ "HTTP/1.0", { "Content-Length", "-1" }, 413, 5, 0 },
	{ "HTTP/1.0", { "Content-Length", "5x" }, 413, 5, 0 },
	{ "HTTP/1.0", { "Content-Length", "5", "Content-Length", "4" }, 400, 5, 0 },
	{ "HTTP/1.0", { "Transfer-Encoding", "chunked" }, 411, 5, 0 },
	{ "HTTP/1.0", { "Transfer-Encoding", "chunked", "Content-Length", "5" }, 411, 5, 0 },
	{ "HTTP/1.0", { NULL }, 0, 5, 0 },
};

START_TEST(a_request_ends_where_it_seems_and_is_for_one_host)
{
	struct framing framing = { 0 };
	const char *text;
	size_t length;

	for (size_t i = 0; framed[_i].lines[i] != NULL; i += 2)
		framing_add(&framing, framed[_i].lines[i], framed[_i].lines[i + 1]);
	ck_assert_uint_eq(
	    framing_refusal(&framing, framed[_i].version, framed[_i].limit, &text, &length), framed[_i].code);
	if (framed[_i].code == 0)
		ck_assert_uint_eq(length, framed[_i].length);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("request_head");
	TCase *tests = tcase_create("request_head");

	suite_add_tcase(suite, tests);
	tcase_add_loop_test(tests, a_target_has_a_path, 0, LENGTH(targets));
	tcase_add_loop_test(tests, gzip_is_taken_when_it_or_anything_is, 0, LENGTH(gzip_taken));
	tcase_add_loop_test(tests, gzip_is_not_taken_when_refused_or_not_named, 0, LENGTH(gzip_refused));
	tcase_add_loop_test(tests, credentials_are_read_whatever_the_case_of_the_scheme, 0, LENGTH(good));
	tcase_add_loop_test(tests, other_credentials_are_refused, 0, LENGTH(bad));
	tcase_add_loop_test(tests, a_request_ends_where_it_seems_and_is_for_one_host, 0, LENGTH(framed));
	return run_suite(suite);
}
