#include "tests/suite.h"
#include "web/request.h"

#include <stdio.h>

static const char *const gzip_taken[] = { "gzip", "GZIP", "br, gzip", " gzip ;q=1", "gzip;q=0.001",
	"br;q=0, gzip", "*;q=0, gzip", "gzip;foo=0", "gzip;q=1;foo=0", "identity, gzip; q=0.5, br" };
static const char *const gzip_refused[] = { NULL, "", "identity", "br", "x-gzipped", "gzip;q=0",
	"gzip; q=0.000", "gzip;foo=1;q=0", "gzip;foo=1 ; q=0", "gzip;q=", "gzip;q=no", "gzip;q=0, *;q=1", "*",
	"**", "identity;q=0" };

START_TEST(gzip_is_taken_when_it_is_named)
{
	ck_assert_msg(head_takes_gzip(gzip_taken[_i]), "%s", gzip_taken[_i]);
}
END_TEST

START_TEST(gzip_is_not_taken_when_refused_or_not_named)
{
	ck_assert_msg(!head_takes_gzip(gzip_refused[_i]), "%s", gzip_refused[_i]);
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
	const char *host;
	bool local;
} hosts[] = { { NULL, true }, { "", true }, { "localhost", true }, { "LocalHost:9109", true },
	{ "localhost.", true }, { "app.localhost:1", true }, { "127.0.0.1:9109", true }, { "10.0.0.1", true },
	{ "[::1]:9109", true }, { "[fe80::1%eth0]", true }, { "mon.example", true },
	{ "MON.example.:443", true }, { "host", true }, { "evil.example", false },
	{ "localhost.evil.example", false }, { "127.0.0.1.evil.example", false }, { "evillocalhost", false },
	{ ".localhost", false }, { "mon.example.evil", false }, { "on.example", false }, { "mon", false },
	{ "evil.example:127.0.0.1", false }, { "evil@127.0.0.1", false }, { "0x7f.1", false },
	{ "mon.example\nhost", false } };

START_TEST(a_host_is_local_when_no_stranger_can_have_its_name)
{
	ck_assert_msg(
	    head_is_local(hosts[_i].host, "mon.example\nhost:9109\n[::1]:9109\n:9109\n") == hosts[_i].local,
	    "%s", hosts[_i].host != NULL ? hosts[_i].host : "none");
}
END_TEST

#define SIXTY_THREE    "012345678901234567890123456789012345678901234567890123456789012"
#define SIXTY_FOUR     SIXTY_THREE "3"
#define SEVEN_TIMES(t) t t t t t t t
#define EIGHT_TIMES(t) SEVEN_TIMES(t) t

/* A query, and its parameters as they are understood: a name and a value that are too long are cut. */
static const char *const queries[][2] = { { "", "" }, { "&&", "" }, { "a", "a=|" }, { "a=1", "a=1|" },
	{ "a=1&b=2", "a=1|b=2|" }, { "&a=1&&b=2=3&", "a=1|b=2=3|" }, { "=x", "=x|" },
	{ "collect[]=textfile", "collect[]=textfile|" },
	{ "collect%5B%5d=text+file", "collect[]=text file|" }, { "%=%4&a%zz=%00%26", "%=%4|a%zz=%00&|" },
	{ SIXTY_FOUR "x=1&b", SIXTY_THREE "=1|b=|" },
	{ "a=" EIGHT_TIMES(SIXTY_FOUR) "x&b", "a=" SEVEN_TIMES(SIXTY_FOUR) SIXTY_THREE "|b=|" } };

START_TEST(parameters_are_decoded)
{
	const char *query = queries[_i][0];
	struct web_parameter parameter;
	char all[1024] = "";

	while (web_query_next(&query, &parameter))
		(void)snprintf(
		    all + strlen(all), sizeof(all) - strlen(all), "%s=%s|", parameter.name, parameter.value);
	ck_assert_str_eq(all, queries[_i][1]);
}
END_TEST

static const struct {
	const char *site, *origin;
	bool is_cross;
} senders[] = { { NULL, NULL, false }, { "same-origin", "http://evil", false }, { "none", NULL, false },
	{ "same-site", "http://h:1", true }, { "cross-site", NULL, true }, { "", NULL, true },
	{ NULL, "http://h:1", false }, { NULL, "HTTPS://H:1", false }, { NULL, "http://h", true },
	{ NULL, "http://h:1.evil", true }, { NULL, "null", true }, { NULL, "", true },
	{ NULL, "h:1", true } };

START_TEST(a_browser_says_whose_page_sends_a_request)
{
	ck_assert(head_is_cross_site(senders[_i].site, senders[_i].origin, "h:1") == senders[_i].is_cross);
	ck_assert(head_is_cross_site(NULL, "http://h", NULL));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("head");
	TCase *tests = tcase_create("head");

	suite_add_tcase(suite, tests);
	tcase_add_loop_test(tests, a_browser_says_whose_page_sends_a_request, 0, LENGTH(senders));
	tcase_add_loop_test(tests, gzip_is_taken_when_it_is_named, 0, LENGTH(gzip_taken));
	tcase_add_loop_test(tests, gzip_is_not_taken_when_refused_or_not_named, 0, LENGTH(gzip_refused));
	tcase_add_loop_test(tests, credentials_are_read_whatever_the_case_of_the_scheme, 0, LENGTH(good));
	tcase_add_loop_test(tests, other_credentials_are_refused, 0, LENGTH(bad));
	tcase_add_loop_test(tests, parameters_are_decoded, 0, LENGTH(queries));
	tcase_add_loop_test(tests, a_host_is_local_when_no_stranger_can_have_its_name, 0, LENGTH(hosts));
	return run_suite(suite);
}
