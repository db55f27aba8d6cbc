#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/suite.h"
#include "web/server.h"

static const int64_t minute_ns = INT64_C(60) * 1000 * 1000 * 1000;

/* A server on a free port of an empty directory. */
struct served {
	char directory[32];
	struct telemetry telemetry;
	struct site site;
	struct web *web;
	int port;
};

static void
ignore(void *context, bool error, const char *message, const char *file, const char *reason)
{
	(void)context;
	(void)error;
	(void)message;
	(void)file;
	(void)reason;
}

static struct web_config *
plain_config(const char *header)
{
	struct failure why = { 0 };
	struct web_config *config = web_config_read(NULL, &why);

	ck_assert_ptr_nonnull(config);
	config->headers[1] = strdup(header);
	ck_assert_ptr_nonnull(config->headers[1]);
	return config;
}

static void
served_start(struct served *s, struct web_config *config)
{
	struct web_limits limits = { 16, 16, minute_ns, minute_ns, minute_ns };
	struct health_settings health = { .max_age = 60 };
	struct exposition_settings settings = { s->directory, true, 0 };
	struct exposition *exposition;
	struct failure why = { 0 };
	char name[LISTEN_NAME];

	(void)snprintf(s->directory, sizeof(s->directory), "/tmp/arbwatch-web.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(s->directory));
	telemetry_init(&s->telemetry);
	exposition = exposition_new(&settings, ignore, NULL);
	ck_assert_ptr_nonnull(exposition);
	site_init(&s->site, exposition, &s->telemetry);
	site_configure(&s->site, 0, &health);
	s->web = web_new(&limits, &s->site);
	ck_assert_ptr_nonnull(s->web);
	ck_assert_int_eq(web_listen(s->web, "127.0.0.1:0", name, &why), 0);
	s->port = (int)strtol(strrchr(name, ':') + 1, NULL, 10);
	ck_assert_int_eq(web_start(s->web, config, &why), 0);
}

static void
served_stop(struct served *s)
{
	web_free(s->web);
	site_release(&s->site);
	ck_assert_int_eq(rmdir(s->directory), 0);
}

static int
connect_to(const struct served *s)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)s->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void
ask(int fd, const char *path)
{
	char text[128];
	int length = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);

	ck_assert_int_eq(send(fd, text, (size_t)length, MSG_NOSIGNAL), length);
}

/* What comes first of an answer: its headers are short. */
static void
read_answer(int fd, char *text, size_t size)
{
	ssize_t got = recv(fd, text, size - 1, 0);

	ck_assert_int_gt(got, 0);
	text[got] = '\0';
}

static void
await_in_flight(const struct served *s, int count)
{
	static const struct timespec moment = { .tv_nsec = 1000 * 1000 };

	while (atomic_load(&s->telemetry.in_flight) != count)
		(void)nanosleep(&moment, NULL);
}

/* Whoever waits for what the test holds waits for ever, and the test ends by its timeout. */
START_TEST(a_reload_waits_for_no_answer)
{
	struct served s;
	struct web_config *first = plain_config("FIRST"), *second = plain_config("SECOND");
	struct health_settings health = { .max_age = 30 };
	struct failure why = { 0 };
	char text[4096];
	int fd;

	served_start(&s, first);
	web_config_drop(first);
	fd = connect_to(&s);
	(void)pthread_mutex_lock(&s.site.lock);
	ask(fd, "/metrics");
	await_in_flight(&s, 1);
	ck_assert_int_eq(web_configure(s.web, second, &why), 0);
	site_configure(&s.site, 30, &health);
	web_config_drop(second);
	web_tick(s.web);
	(void)pthread_mutex_unlock(&s.site.lock);
	read_answer(fd, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "200 OK"));
	ck_assert_ptr_nonnull(strstr(text, "X-Frame-Options: FIRST"));
	await_in_flight(&s, 0);
	(void)close(fd);
	served_stop(&s);
}
END_TEST

START_TEST(a_kept_connection_outlives_a_reload_and_is_answered_by_the_new_configuration)
{
	struct served s;
	struct web_config *first = plain_config("FIRST"), *second = plain_config("SECOND");
	struct failure why = { 0 };
	char text[4096];
	int fd;

	served_start(&s, first);
	web_config_drop(first);
	fd = connect_to(&s);
	ask(fd, "/health/live");
	read_answer(fd, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "X-Frame-Options: FIRST"));
	await_in_flight(&s, 0);
	ck_assert_int_eq(web_configure(s.web, second, &why), 0);
	web_config_drop(second);
	web_tick(s.web);
	ask(fd, "/health/live");
	read_answer(fd, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "X-Frame-Options: SECOND"));
	ck_assert_ptr_null(strstr(text, "close"));
	(void)close(fd);
	served_stop(&s);
}
END_TEST

/* --- Files --- */

static void
path_in(const struct served *s, int number, char path[64])
{
	(void)snprintf(path, 64, "%s/%04d.prom", s->directory, number);
}

static void
write_file(const struct served *s, int number, const char *text)
{
	char path[64];
	FILE *file;

	path_in(s, number, path);
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

/* Which all files have, so that nothing of one file stays together. */
static void
write_shared_families(const struct served *s, int number)
{
	struct buffer text;

	buffer_init(&text, 65536);
	for (int i = 0; i < 20; i++)
		buffer_format(&text, "shared_%d{file=\"%d\"} 1\n", i, number);
	buffer_append(&text, "", 1);
	ck_assert(!text.failed);
	write_file(s, number, text.text);
	buffer_release(&text);
}

static void
remove_file(const struct served *s, int number)
{
	char path[64];

	path_in(s, number, path);
	ck_assert_int_eq(unlink(path), 0);
}

/* What the site answers from now; the caller's. */
static struct joined *
joined_of_answer(struct served *s)
{
	struct answer answer;
	struct body body;
	struct joined *joined;

	site_answer(&s->site, ROUTE_METRICS, "gzip", &answer);
	ck_assert_ptr_nonnull(answer.response);
	ck_assert_uint_eq(answer.code, MHD_HTTP_OK);
	MHD_destroy_response(answer.response);
	ck_assert_int_eq(exposition_write(s->site.exposition, true, &body), 0);
	joined = joined_keep(body.joined);
	body_release(&body);
	return joined;
}

START_TEST(files_are_joined_once_until_they_or_their_greatest_age_change)
{
	struct served s;
	struct web_config *config = plain_config("FIRST");
	struct health_settings health = { .max_age = 60 };
	struct timespec past[2] = { { .tv_sec = time(NULL) - 1000 }, { .tv_sec = time(NULL) - 1000 } };
	struct joined *first, *second;
	char path[64];

	served_start(&s, config);
	web_config_drop(config);
	write_file(&s, 0, "a 1\n");
	path_in(&s, 0, path);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, past, 0), 0);
	for (int i = 0; i < 3; i++) {
		site_configure(&s.site, i == 1 ? 500 : 0, &health);
		first = joined_of_answer(&s);
		second = joined_of_answer(&s);
		ck_assert_ptr_eq(first, second);
		ck_assert_uint_eq(first->length == 0, i == 1);
		joined_drop(first);
		joined_drop(second);
	}
	remove_file(&s, 0);
	served_stop(&s);
}
END_TEST

/* --- Large heads --- */

enum { MOST_HEAD = 16384 + 64, WHOLE = 1 << 20 };

/* A head of so many bytes: a start, then a filling over and over. */
static void
send_head(int fd, const char *start, const char *filling, size_t length)
{
	char head[MOST_HEAD];
	size_t at = strlen(start);

	memcpy(head, start, at);
	for (size_t i = 0; at < length - 4; i++)
		head[at++] = filling[i % strlen(filling)];
	memcpy(head + at, "\r\n\r\n", 4);
	ck_assert_int_eq(send(fd, head, length, MSG_NOSIGNAL), (ssize_t)length);
}

/* Of the answer, until the connection ends: whether it is a 200, which must be whole then. */
static bool
read_whole(int fd, char *answer)
{
	size_t length = 0;
	const char *body, *announced;
	ssize_t got;

	while (length < WHOLE - 1 && (got = recv(fd, answer + length, WHOLE - 1 - length, 0)) > 0)
		length += (size_t)got;
	answer[length] = '\0';
	if (strncmp(answer, "HTTP/1.1 200", 12) != 0)
		return false;
	body = strstr(answer, "\r\n\r\n");
	announced = strstr(answer, "Content-Length: ");
	ck_assert_ptr_nonnull(body);
	ck_assert_ptr_nonnull(announced);
	ck_assert_uint_eq(strtoul(announced + 16, NULL, 10), length - (size_t)(body + 4 - answer));
	return true;
}

#define FIRST_LINES "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"

static const struct {
	const char *start, *filling;
	size_t least, step;
} heads[] = {
	{ FIRST_LINES "X: ", "x", 15000, 1 },
	{ FIRST_LINES "Accept-Encoding: gzip\r\nX: ", "x", 15000, 1 },
	/* Of each header there is a note of its own in the same memory. */
	{ FIRST_LINES "X: xxxxxxxxxx", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\nX: ", 4000, 3 },
};

START_TEST(a_head_of_any_length_ends_nothing_but_its_request)
{
	static char answer[WHOLE];
	struct served s;
	struct web_config *config = plain_config("FIRST");
	size_t answered = 0;

	served_start(&s, config);
	web_config_drop(config);
	for (int i = 0; i < 3; i++)
		write_shared_families(&s, i);
	for (size_t length = heads[_i].least; length <= MOST_HEAD; length += heads[_i].step) {
		int fd = connect_to(&s);

		send_head(fd, heads[_i].start, heads[_i].filling, length);
		answered += read_whole(fd, answer);
		(void)close(fd);
	}
	/* Some of them are taken, and some are too long. */
	ck_assert_uint_gt(answered, 0);
	ck_assert_uint_lt(answered, (MOST_HEAD - heads[_i].least) / heads[_i].step);
	for (int i = 0; i < 3; i++)
		remove_file(&s, i);
	served_stop(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("web");
	TCase *tests = tcase_create("web");

	suite_add_tcase(suite, tests);
	tcase_set_timeout(tests, 20);
	tcase_add_test(tests, a_reload_waits_for_no_answer);
	tcase_add_test(tests, a_kept_connection_outlives_a_reload_and_is_answered_by_the_new_configuration);
	tcase_add_test(tests, files_are_joined_once_until_they_or_their_greatest_age_change);
	tcase_add_loop_test(tests, a_head_of_any_length_ends_nothing_but_its_request, 0, LENGTH(heads));
	return run_suite(suite);
}
