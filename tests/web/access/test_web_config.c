#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/suite.h"
#include "web/access/config.h"

/* "test" with cost 4. */
#define HASH "$2b$04$abcdefghijklmnopqrstuuxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01"

static struct web_config *
read_text(const char *text, struct failure *why)
{
	char path[] = "/tmp/arbwatch-web.XXXXXX";
	struct web_config *result;
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(close(fd), 0);
	result = web_config_read(path, why);
	ck_assert_int_eq(unlink(path), 0);
	return result;
}

static const struct {
	const char *text;
	const char *error;
} refused[] = {
	{ "nonsense: 1\n", ":1: nonsense: unknown key" },
	{ "tls_server_config:\n  cert: x\n  nonsense: 1\n", ":3: tls_server_config.nonsense: unknown key" },
	{ "\"pass word\": 1\n", ":1: unknown key" },
	{ "tls_server_config:\n  cert: x\n", "needs both cert_file and key_file" },
	{ "tls_server_config:\n  client_auth_type: NoClientCert\n", "needs both cert_file and key_file" },
	{ "tls_server_config:\n  cert: x\n  cert_file: y\n", ":3: tls_server_config.cert_file: given both" },
	{ "tls_server_config:\n  cert: x\n  key: y\n", "cannot be used" },
	{ "tls_server_config:\n  key_file: /nowhere/at/all\n", ":2: tls_server_config.key_file: " },
	{ "tls_server_config:\n  client_auth_type: Yes\n", ":2: tls_server_config.client_auth_type: is not" },
	{ "tls_server_config:\n  cert: x\n  key: y\n  client_auth_type: RequireAndVerifyClientCert\n",
	    ":4: tls_server_config.client_auth_type: needs a client_ca_file" },
	{ "tls_server_config:\n  cert: x\n  key: y\n  client_ca: z\n", "nothing is verified" },
	{ "tls_server_config:\n  min_version: TLS14\n", ":2: tls_server_config.min_version: is not TLS10" },
	{ "tls_server_config:\n  cert: x\n  key: y\n  min_version: TLS13\n  max_version: TLS12\n", "above" },
	{ "tls_server_config:\n  cipher_suites:\n    - TLS_AES_128_GCM_SHA256\n", "not supported here" },
	{ "tls_server_config:\n  client_allowed_sans:\n    - a\n", "not supported here" },
	{ "tls_server_config:\n  cert:\n    - x\n", "takes one value" },
	{ "http_server_config:\n  http2: maybe\n", ":2: http_server_config.http2: must be true or false" },
	{ "http_server_config:\n  headers:\n    X-Other: 1\n",
	    ":3: http_server_config.headers.X-Other: is not" },
	/* What exporter-toolkit refuses. */
	{ "http_server_config:\n  headers:\n    X-Content-Type-Options: sniff\n",
	    ":3: http_server_config.headers.X-Content-Type-Options: must be nosniff" },
	{ "http_server_config:\n  headers:\n    X-Content-Type-Options: NoSniff\n", "must be nosniff" },
	{ "http_server_config:\n  headers:\n    X-Content-Type-Options: ''\n", "must be nosniff" },
	{ "http_server_config:\n  headers:\n    X-Frame-Options: SAMEORIGIN\n",
	    "must be deny or sameorigin" },
	{ "http_server_config:\n  headers:\n    X-Frame-Options: allow-from x\n",
	    "must be deny or sameorigin" },
	{ "http_server_config:\n  headers:\n    x-frame-options: deny\n",
	    ":3: http_server_config.headers.x-frame-options: is not" },
	{ "http_server_config:\n  headers:\n    X-XSS-Protection: \"a\\nb\"\n",
	    "a character that no header may" },
	{ "basic_auth_users:\n  a: plain\n", ":2: basic_auth_users: no bcrypt hash" },
	{ "basic_auth_users:\n  a: $2b$04$short\n", "no bcrypt hash" },
	{ "basic_auth_users:\n  a: $2b$16$wJRxLiBAnkXUqjDdZAkcteJFvUyFJFjTZ6NXqm/GCQmZoDbMfRoQa\n",
	    ":2: basic_auth_users: a bcrypt hash of cost 16" },
	{ "basic_auth_users:\n  \"a:b\": " HASH "\n", "holds a colon" },
	{ "basic_auth_users:\n  a:\n", ":2: takes one value" },
	{ "basic_auth_users:\n  a: " HASH "\n  a: " HASH "\n", "twice" },
	{ "- a\n", "" },
};

START_TEST(bad_files_are_refused_with_the_line)
{
	struct failure why = { 0 };

	ck_assert_ptr_null(read_text(refused[_i].text, &why));
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	ck_assert_msg(strstr(why.text, refused[_i].error) != NULL, "%s: %s", refused[_i].error, why.text);
	ck_assert_ptr_null(strstr(why.text, "plain"));
}
END_TEST

START_TEST(an_empty_file_is_plain_http_for_all)
{
	struct failure why = { 0 };
	struct web_config *config = read_text(_i == 0 ? "" : "tls_server_config:\nbasic_auth_users:\n", &why);

	ck_assert_ptr_nonnull(config);
	ck_assert_ptr_null(config->tls);
	ck_assert_uint_eq(config->user_count, 0);
	web_config_drop(config);
}
END_TEST

/* Names of old files, and what is blank; a certificate is looked at only when they are taken. */
START_TEST(client_auth_types_are_those_of_exporter_toolkit)
{
	static const char *const types[] = { "NoClientCert", "RequestClientCert", "RequireAnyClientCert",
		"RequireClientCert", "''" };
	struct failure why = { 0 };
	char text[256];

	(void)snprintf(text, sizeof(text),
	    "tls_server_config:\n  client_auth_type: %s\n  cert: x\n  key: y\n", types[_i]);
	ck_assert_ptr_null(read_text(text, &why));
	ck_assert_msg(strstr(why.text, "cannot be used") != NULL, "%s", why.text);
}
END_TEST

START_TEST(without_a_file_it_is_plain_http_too)
{
	struct failure why = { 0 };
	struct web_config *config = web_config_read(NULL, &why);

	ck_assert_ptr_nonnull(config);
	ck_assert_ptr_null(config->tls);
	ck_assert_uint_eq(config->user_count, 0);
	web_config_drop(config);
}
END_TEST

START_TEST(users_and_headers_are_kept)
{
	struct failure why = { 0 };
	struct web_config *config =
	    read_text("basic_auth_users:\n  alice: " HASH "\n  b.c: " HASH
		      "\nhttp_server_config:\n  http2: false\n  headers:\n    X-Frame-Options: deny\n"
		      "    X-XSS-Protection: ''\n    Strict-Transport-Security: max-age=1\n",
		&why);

	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->user_count, 2);
	ck_assert_str_eq(config->users[0].name, "alice");
	ck_assert_str_eq(config->users[1].name, "b.c");
	ck_assert_str_eq(config->users[1].hash, HASH);
	ck_assert_str_eq(config->headers[1], "deny");
	ck_assert_ptr_null(config->headers[0]);
	ck_assert_ptr_null(config->headers[3]);
	ck_assert_str_eq(config->headers[4], "max-age=1");
	/* What one owner gives up, the other still has. */
	ck_assert_ptr_eq(web_config_keep(config), config);
	web_config_drop(config);
	ck_assert_str_eq(config->users[0].name, "alice");
	web_config_drop(config);
}
END_TEST

START_TEST(there_are_at_most_a_thousand_users)
{
	static char text[100 * 1000];
	struct failure why = { 0 };
	struct web_config *config;
	size_t length = (size_t)snprintf(text, sizeof(text), "basic_auth_users:\n");

	for (int i = 0; i < 1000; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "  u%d: " HASH "\n", i);
	config = read_text(text, &why);
	ck_assert_msg(config != NULL, "%s", why.text);
	ck_assert_uint_eq(config->user_count, 1000);
	ck_assert_str_eq(config->users[999].name, "u999");
	web_config_drop(config);
	(void)snprintf(text + length, sizeof(text) - length, "  one.more: " HASH "\n");
	ck_assert_ptr_null(read_text(text, &why));
	ck_assert_msg(
	    strstr(why.text, ":1002: basic_auth_users: more than 1000 users") != NULL, "%s", why.text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("web_config");
	TCase *tests = tcase_create("web_config");

	suite_add_tcase(suite, tests);
	tcase_add_loop_test(tests, bad_files_are_refused_with_the_line, 0, LENGTH(refused));
	tcase_add_loop_test(tests, an_empty_file_is_plain_http_for_all, 0, 2);
	tcase_add_loop_test(tests, client_auth_types_are_those_of_exporter_toolkit, 0, 5);
	tcase_add_test(tests, without_a_file_it_is_plain_http_too);
	tcase_add_test(tests, users_and_headers_are_kept);
	tcase_add_test(tests, there_are_at_most_a_thousand_users);
	return run_suite(suite);
}
