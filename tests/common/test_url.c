#include <stdlib.h>
#include <string.h>

#include "common/net/url.h"
#include "tests/suite.h"

static const struct {
	const char *text;
	struct {
		const char *scheme, *user, *password, *host, *path, *query;
		int port;
	} parts;
} good[] = {
	{ "redis://h", { "redis", NULL, NULL, "h", "", NULL, 0 } },
	{ "REDIS://h:6379", { "redis", NULL, NULL, "h", "", NULL, 6379 } },
	{ "redis://h:", { "redis", NULL, NULL, "h", "", NULL, 0 } },
	{ "redis://h:65535/15", { "redis", NULL, NULL, "h", "/15", NULL, 65535 } },
	{ "redis://u:p@h:1/2?x=y", { "redis", "u", "p", "h", "/2", "x=y", 1 } },
	{ "redis://:p@h", { "redis", NULL, "p", "h", "", NULL, 0 } },
	{ "redis://u@h", { "redis", "u", NULL, "h", "", NULL, 0 } },
	{ "redis://u:@h", { "redis", "u", NULL, "h", "", NULL, 0 } },
	{ "redis://:@h", { "redis", NULL, NULL, "h", "", NULL, 0 } },
	{ "redis://u:a:b@h", { "redis", "u", "a:b", "h", "", NULL, 0 } },
	{ "redis://u%40x:%25%2f%3A%c3%a9@h", { "redis", "u@x", "%/:\xc3\xa9", "h", "", NULL, 0 } },
	{ "redis://[::1]:6380/1", { "redis", NULL, NULL, "::1", "/1", NULL, 6380 } },
	{ "redis://[fe80::1%25eth0]", { "redis", NULL, NULL, "fe80::1%eth0", "", NULL, 0 } },
	{ "redis://u:p@[::ffff:1.2.3.4]:9", { "redis", "u", "p", "::ffff:1.2.3.4", "", NULL, 9 } },
	{ "redis://my_host-1.example:9", { "redis", NULL, NULL, "my_host-1.example", "", NULL, 9 } },
	{ "unix:///run/redis/a.sock?db=3", { "unix", NULL, NULL, "", "/run/redis/a.sock", "db=3", 0 } },
	{ "unix://u:p@/run/a%20b.sock", { "unix", "u", "p", "", "/run/a b.sock", NULL, 0 } },
	{ "postgresql://?host=/run", { "postgresql", NULL, NULL, "", "", "host=/run", 0 } },
	{ "x://h?", { "x", NULL, NULL, "h", "", "", 0 } },
	{ "x://h/?a?b/c", { "x", NULL, NULL, "h", "/", "a?b/c", 0 } },
	{ "a+b.c-1://h", { "a+b.c-1", NULL, NULL, "h", "", NULL, 0 } },
};

START_TEST(a_url_falls_into_its_parts)
{
	struct failure why = { 0 };
	struct url url;

	ck_assert_msg(url_parse(&url, good[_i].text, &why) == 0, "%s: %s", good[_i].text, why.text);
	ck_assert_str_eq(url.scheme, good[_i].parts.scheme);
	ck_assert_pstr_eq(url.user, good[_i].parts.user);
	ck_assert_pstr_eq(url.password, good[_i].parts.password);
	ck_assert_str_eq(url.host, good[_i].parts.host);
	ck_assert_str_eq(url.path, good[_i].parts.path);
	ck_assert_pstr_eq(url.query, good[_i].parts.query);
	ck_assert_int_eq(url.port, good[_i].parts.port);
	url_release(&url);
}
END_TEST

/* Each holds "s3cret", which no failure may repeat. */
static const struct {
	const char *text;
	const char *says;
} bad[] = {
	{ "s3cret", "scheme" },
	{ "://s3cret", "scheme" },
	{ "1redis://s3cret", "scheme" },
	{ "re dis://s3cret", "space" },
	{ "redis:/s3cret", "scheme" },
	{ "redis://:s3cret %@h", "space" },
	{ "redis://:s3cret\n@h", "control character" },
	{ "redis://:s3cret#@h", "%23" },
	{ "redis://:s3cret%@h", "%25" },
	{ "redis://:s3cret%4@h", "%25" },
	{ "redis://:s3cret%4g@h", "%25" },
	{ "redis://:s3cret%00@h", "%25" },
	{ "redis://s3cret%zz:p@h", "user" },
	{ "redis://h/s3cret%zz", "path" },
	{ "redis://:s3cret/x@h", "port" },
	{ "redis://h:s3cret", "port" },
	{ "redis://s3cret:0", "port" },
	{ "redis://s3cret:65536", "port" },
	{ "redis://s3cret:99999999999999999999", "port" },
	{ "redis://s3cret:-1", "port" },
	{ "redis://s3cret:+1", "port" },
	{ "redis://::1/s3cret", "brackets" },
	{ "redis://s3cret::6379", "brackets" },
	{ "redis://[::1/s3cret", "[address]" },
	{ "redis://[::1]s3cret", "[address]" },
	{ "redis://[s3cret]", "IPv6" },
	{ "redis://[]/s3cret", "IPv6" },
	{ "redis://s3cret!h", "host" },
	{ "redis://u:a@s3cret@h", "write '@' as %40" },
	{ "redis://:s3cret@@h", "write '@' as %40" },
	{ "redis://s3cret:1,h:2/0", "one URL for each" },
	{ "redis://:s3cret@a,b", "one URL for each" },
	{ "redis://s3cret%20h", "host" },
};

START_TEST(what_is_no_url_is_refused_without_repeating_it)
{
	struct failure why = { 0 };
	struct url url;

	ck_assert_int_eq(url_parse(&url, bad[_i].text, &why), -1);
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	ck_assert_msg(strstr(why.text, bad[_i].says) != NULL, "%s: %s", bad[_i].text, why.text);
	ck_assert_msg(strstr(why.text, "s3cret") == NULL, "%s", why.text);
	ck_assert_ptr_null(url.password);
	url_release(&url);
}
END_TEST

/* redis://<length times 'h'>, for free(). */
static char *
long_url(size_t length)
{
	char *text = malloc(8 + length + 1);

	ck_assert_ptr_nonnull(text);
	memcpy(text, "redis://", 8);
	memset(text + 8, 'h', length);
	text[8 + length] = '\0';
	return text;
}

START_TEST(hosts_and_urls_have_a_longest_length)
{
	static const struct {
		size_t length;
		int result;
	} lengths[] = { { 255, 0 }, { 256, -1 }, { 1000000, -1 } };
	struct failure why;
	struct url url;

	for (int i = 0; i < LENGTH(lengths); i++) {
		char *text = long_url(lengths[i].length);

		ck_assert_int_eq(url_parse(&url, text, &why), lengths[i].result);
		url_release(&url);
		free(text);
	}
}
END_TEST

static const struct {
	const char *text, *key, *value;
} queries[] = {
	{ "x://h?db=3", "db", "3" },
	{ "x://h?a=1&db=%33%20x&b=2", "db", "3 x" },
	{ "x://h?db=1&db=2", "db", "1" },
	{ "x://h?db=", "db", "" },
	{ "x://h?adb=1", "db", NULL },
	{ "x://h?db", "db", NULL },
	{ "x://h?db=%zz", "db", NULL },
	{ "x://h?&&=&", "db", NULL },
	{ "x://h?", "db", NULL },
	{ "x://h", "db", NULL },
};

START_TEST(a_query_value_is_found_by_its_key)
{
	struct failure why;
	struct url url;
	char *value;

	ck_assert_int_eq(url_parse(&url, queries[_i].text, &why), 0);
	value = url_query_value(&url, queries[_i].key);
	ck_assert_pstr_eq(value, queries[_i].value);
	free(value);
	url_release(&url);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("url");
	TCase *parse = tcase_create("parse");

	tcase_add_loop_test(parse, a_url_falls_into_its_parts, 0, LENGTH(good));
	tcase_add_loop_test(parse, what_is_no_url_is_refused_without_repeating_it, 0, LENGTH(bad));
	tcase_add_test(parse, hosts_and_urls_have_a_longest_length);
	tcase_add_loop_test(parse, a_query_value_is_found_by_its_key, 0, LENGTH(queries));
	suite_add_tcase(suite, parse);
	return run_suite(suite);
}
