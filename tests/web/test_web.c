#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
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

enum { ECHO_LIMIT = 1 << 20, LARGE = 200000, CONNECTIONS = 16, BODIES = 3 << 19 };

/* --- A site --- */

/* It served on a free port. */
struct served {
	pthread_mutex_t lock, hold;
	struct web_metrics metrics;
	struct web *web;
	int port;
	size_t calls, most, answered; /* of answer_together() */
	atomic_bool slow_began;       /* answer_slow() has its request */
};

static void
answer_hello(void *context, const struct web_request *request, struct web_answer *answer)
{
	(void)context;
	web_answer_text(answer, 200, request->path);
}

/* Holds until the test lets it go. */
static void
answer_slow(void *context, const struct web_request *request, struct web_answer *answer)
{
	struct served *s = context;

	atomic_store(&s->slow_began, true);
	(void)pthread_mutex_lock(&s->lock);
	(void)pthread_mutex_unlock(&s->lock);
	web_answer_text(answer, 200, request->path);
}

static void
answer_held(void *context, const struct web_request *request, struct web_answer *answer)
{
	struct served *s = context;

	(void)pthread_mutex_lock(&s->hold);
	(void)pthread_mutex_unlock(&s->hold);
	web_answer_text(answer, 200, request->path);
}

/* Holds, too; each answer has what its own request said. */
static void
answer_together(void *context, struct web_exchange *const exchanges[], size_t count)
{
	struct served *s = context;

	(void)pthread_mutex_lock(&s->lock);
	s->calls++;
	s->answered += count;
	s->most = count > s->most ? count : s->most;
	(void)pthread_mutex_unlock(&s->lock);
	for (size_t i = 0; i < count; i++)
		web_answer_text(&exchanges[i]->answer, 200, exchanges[i]->request.body.at);
}

static void
answer_who(void *context, const struct web_request *request, struct web_answer *answer)
{
	(void)context;
	buffer_format(&answer->body, "user=%s type=%s peer=%s body=%s.",
	    request->user != NULL ? request->user : "NULL", request->type, request->peer, request->body.at);
	answer->code = 200;
}

static void
answer_redirect(void *context, const struct web_request *request, struct web_answer *answer)
{
	struct web_parameter to = { 0 };
	const char *query = request->query;

	(void)context;
	(void)web_query_next(&query, &to);
	web_answer_redirect(answer, to.value);
}

static void
answer_large(void *context, const struct web_request *request, struct web_answer *answer)
{
	(void)context;
	(void)request;
	memset(buffer_reserve(&answer->body, LARGE), 'x', LARGE);
	answer->body.length = LARGE;
	web_answer_json(answer, 200);
}

static void
answer_echo(void *context, const struct web_request *request, struct web_answer *answer)
{
	(void)context;
	buffer_append(&answer->body, request->body.at, request->body.length);
	web_answer_html(answer, 200, "default-src 'self'");
}

static void
answer_nothing(void *context, const struct web_request *request, struct web_answer *answer)
{
	(void)context;
	(void)request;
	answer->body.failed = true;
}

static const struct web_route routes[] = {
	{ .path = "/", .answer = answer_hello },
	{ .path = "/hello", .answer = answer_hello },
	{ .path = "/slow", .answer = answer_slow, .costly = true, .slow = true },
	{ .path = "/held", .answer = answer_held, .slow = true },
	{ .path = "/slow-too", .answer = answer_slow, .slow = true },
	{ .path = "/large", .answer = answer_large },
	{ .path = "/echo", .answer = answer_echo, .body_limit = ECHO_LIMIT },
	{ .path = "/nothing", .answer = answer_nothing },
	{ .path = "/both/", .answer = answer_hello },
	{ .path = "/both/", .answer = answer_who, .body_limit = ECHO_LIMIT },
	{ .path = "/form", .answer = answer_who, .body_limit = ECHO_LIMIT, .has_token = true },
	{ .path = "/redirect", .answer = answer_redirect },
	{ .path = "/together/", .together = answer_together, .body_limit = ECHO_LIMIT },
	{ .path = "/together-too", .together = answer_together, .body_limit = ECHO_LIMIT },
	{ 0 },
};

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

/* The configuration becomes the server's. */
static void
served_start(struct served *s, struct web_config *config)
{
	const struct web_limits limits = { CONNECTIONS, 1, minute_ns, minute_ns, minute_ns, BODIES };
	struct web_site site = {
		.name = "test", .names = "other.example\nnamed.example:9109\n", .routes = routes
	};
	struct failure why = { 0 };
	char name[LISTEN_NAME];

	*s = (struct served){ 0 };
	site.context = s;
	site.metrics = &s->metrics;
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_mutex_init(&s->hold, NULL);
	web_metrics_init(&s->metrics, routes);
	s->web = web_new(&limits, &site);
	ck_assert_ptr_nonnull(s->web);
	ck_assert_int_eq(web_listen(s->web, "127.0.0.1:0", name, &why), 0);
	s->port = (int)strtol(strrchr(name, ':') + 1, NULL, 10);
	ck_assert_int_eq(web_start(s->web, config, &why), 0);
	web_config_drop(config);
}

static void
served_stop(struct served *s)
{
	web_free(s->web);
	(void)pthread_mutex_destroy(&s->lock);
	(void)pthread_mutex_destroy(&s->hold);
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
	int length = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);

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

	while (atomic_load(&s->metrics.in_flight) != count)
		(void)nanosleep(&moment, NULL);
}

/* From then on it has its configuration, which it has not yet while it is only counted as in flight. */
static void
await_slow(const struct served *s)
{
	static const struct timespec moment = { .tv_nsec = 1000 * 1000 };

	while (!atomic_load(&s->slow_began))
		(void)nanosleep(&moment, NULL);
}

/* A test that waits for what it holds itself waits for ever, and ends by its timeout. */
START_TEST(a_reload_waits_for_no_answer)
{
	struct served s;
	struct web_config *second = plain_config("SECOND");
	struct failure why = { 0 };
	char text[4096];
	int fd;

	served_start(&s, plain_config("FIRST"));
	fd = connect_to(&s);
	(void)pthread_mutex_lock(&s.lock);
	ask(fd, "/slow");
	await_slow(&s);
	ck_assert_int_eq(web_configure(s.web, second, &why), 0);
	web_config_drop(second);
	web_tick(s.web);
	(void)pthread_mutex_unlock(&s.lock);
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
	struct web_config *second = plain_config("SECOND");
	struct failure why = { 0 };
	char text[4096];
	int fd;

	served_start(&s, plain_config("FIRST"));
	fd = connect_to(&s);
	ask(fd, "/hello");
	read_answer(fd, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "X-Frame-Options: FIRST"));
	await_in_flight(&s, 0);
	ck_assert_int_eq(web_configure(s.web, second, &why), 0);
	web_config_drop(second);
	web_tick(s.web);
	ask(fd, "/hello");
	read_answer(fd, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "X-Frame-Options: SECOND"));
	ck_assert_ptr_null(strstr(text, "close"));
	(void)close(fd);
	served_stop(&s);
}
END_TEST

/* --- What is answered --- */

/* Send a request as it is, and read until the connection ends. */
static void
exchange(const struct served *s, const char *request, size_t length, char *answer, size_t size)
{
	int fd = connect_to(s);
	size_t got = 0;
	ssize_t more;

	for (size_t sent = 0; sent < length; sent += (size_t)more) {
		more = send(fd, request + sent, length - sent, MSG_NOSIGNAL);
		if (more <= 0)
			break; /* it was answered before it was read to its end */
	}
	while (got < size - 1 && (more = recv(fd, answer + got, size - 1 - got, 0)) > 0)
		got += (size_t)more;
	answer[got] = '\0';
	(void)close(fd);
}

#define REST " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"

#define EVIL " HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n"

static const struct {
	const char *request, *answer, *also;
} asked[] = {
	{ "GET /hello" REST "\r\n", "HTTP/1.1 200 ", "\r\n\r\n/hello\n" },
	{ "GET /hello?x=1" REST "\r\n", "HTTP/1.1 200 ", "Content-Type: text/plain; charset=utf-8\r\n" },
	{ "GET /hello" REST "\r\n", "HTTP/1.1 200 ", "Content-Security-Policy: default-src 'none'" },
	{ "HEAD /large" REST "\r\n", "HTTP/1.1 200 ", "Content-Length: 200000\r\n" },
	{ "GET /large" REST "\r\n", "HTTP/1.1 200 ", "Content-Type: application/json\r\n" },
	/* As HAProxy's "option httpchk" asks, and Apache's. */
	{ "OPTIONS /hello HTTP/1.0\r\n\r\n", "HTTP/1.1 204 ", "Allow: GET, HEAD, OPTIONS\r\n" },
	{ "OPTIONS /slow" REST "\r\n", "HTTP/1.1 204 ", "Allow: GET, HEAD, OPTIONS\r\n" },
	{ "OPTIONS /echo" REST "\r\n", "HTTP/1.1 204 ", "Allow: POST, OPTIONS\r\n" },
	{ "OPTIONS *" REST "\r\n", "HTTP/1.1 204 ", "Allow: GET, HEAD, OPTIONS\r\n" },
	{ "OPTIONS /nowhere" REST "\r\n", "HTTP/1.1 404 ", "" },
	/* A whole URL, as to a proxy: its host counts. */
	{ "GET http://localhost/hello" REST "\r\n", "HTTP/1.1 200 ", "\r\n\r\n/hello\n" },
	{ "GET HTTPS://[::1]:1/hello?x" REST "\r\n", "HTTP/1.1 200 ", "\r\n\r\n/hello\n" },
	{ "GET http://evil.example/hello" REST "\r\n", "HTTP/1.1 421 ", "--web.allowed-host" },
	{ "GET http://localhost/hello" EVIL "\r\n", "HTTP/1.1 200 ", "/hello" },
	{ "GET /hello" EVIL "\r\n", "HTTP/1.1 421 ", "--web.allowed-host" },
	{ "POST /echo" EVIL "Content-Length: 3\r\n\r\nabc", "HTTP/1.1 421 ", "" },
	{ "OPTIONS /hello" EVIL "\r\n", "HTTP/1.1 421 ", "" },
	{ "GET /hello HTTP/1.1\r\nHost: named.example:80\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 ", "" },
	{ "GET //hello" REST "\r\n", "HTTP/1.1 404 ", "" },
	{ "GET /nowhere" REST "\r\n", "HTTP/1.1 404 ", "not found\n" },
	{ "GET /hello/" REST "\r\n", "HTTP/1.1 404 ", "" },
	{ "POST /hello" REST "\r\n", "HTTP/1.1 405 ", "Allow: GET, HEAD, OPTIONS\r\n" },
	{ "POST /hello" REST "Content-Length: 1\r\n\r\nx", "HTTP/1.1 413 ", "no request here has a body" },
	{ "GET /nothing" REST "\r\n", "HTTP/1.1 500 ", "out of memory" },
	{ "POST /echo" REST "Content-Length: 3\r\n\r\nabc", "HTTP/1.1 200 ", "\r\n\r\nabc" },
	{ "POST /echo" REST "Content-Length: 3\r\n\r\nabc", "HTTP/1.1 200 ", "default-src 'self'" },
	{ "POST /echo" REST "Content-Length: 0\r\n\r\n", "HTTP/1.1 200 ", "Content-Length: 0\r\n" },
	{ "GET /echo" REST "\r\n", "HTTP/1.1 405 ", "Allow: POST, OPTIONS\r\n" },
	{ "PUT /echo" REST "Content-Length: 3\r\n\r\nabc", "HTTP/1.1 405 ", "Allow: POST, OPTIONS\r\n" },
	{ "POST /echo" REST "Content-Length: 1048577\r\n\r\nabc", "HTTP/1.1 413 ", "the body is too large" },
	{ "POST /echo" REST "Content-Length: 18446744073709551616\r\n\r\n", "HTTP/1.1 413 ", "" },
	{ "POST /echo" REST "Content-Length: 3x\r\n\r\nabc", "HTTP/1.1 400 ", "" },
	{ "GET /hello" REST "Content-Length: 0\r\n\r\n", "HTTP/1.1 200 ", "/hello" },
	{ "GET /hello" REST "Content-Length: 0\r\ncontent-length: 5\r\n\r\nabcde", "HTTP/1.1 400 ",
	    "one Host" },
	{ "GET /hello" REST "Content-Length : 5\r\n\r\nabcde", "HTTP/1.1 400 ", "" },
	/* libmicrohttpd before 1.0 puts a line that goes on with a blank behind the name; 1.0 sees a body. */
	{ "GET /hello" REST "Content-Length:\r\n 5\r\n\r\nabcde", "HTTP/1.1 4", "" },
	{ "GET /hello" REST "content-length: 0\r\n\t5\r\n\r\nabcde", "HTTP/1.1 4", "" },
	{ "GET /hello" REST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 4", "" },
	{ "GET /hello" REST "Transfer-Encoding\v: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 400 ", "one Host" },
	{ "GET /hello" REST "X-\xe9: 1\r\n\r\n", "HTTP/1.1 400 ", "one Host" },
	{ "GET /hello" REST "!#$%&'*+-.^_`|~09azAZ: 1\r\n\r\n", "HTTP/1.1 200 ", "/hello" },
	{ "GET /hello" REST "host: y\r\n\r\n", "HTTP/1.1 400 ", "one Host" },
	{ "GET /hello HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ", "" },
	{ "GET /hello HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ", "/hello" },
	{ "POST /echo" REST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "HTTP/1.1 411 ",
	    "Content-Length" },
	/* Two methods of a path, and what is below it. */
	{ "GET /both/" REST "\r\n", "HTTP/1.1 200 ", "\r\n\r\n/both/\n" },
	{ "GET /both/a/b" REST "\r\n", "HTTP/1.1 200 ", "\r\n\r\n/both/a/b\n" },
	{ "HEAD /both/a" REST "\r\n", "HTTP/1.1 200 ", "Content-Length: 8\r\n" },
	{ "POST /both/a" REST "Content-Type: a/b\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 200 ",
	    "user=NULL type=a/b peer=127.0.0.1 body=abc." },
	{ "POST /both/a" REST "\r\n", "HTTP/1.1 200 ", "user=NULL type= peer=127.0.0.1 body=." },
	{ "PUT /both/a" REST "\r\n", "HTTP/1.1 405 ", "Allow: GET, HEAD, POST, OPTIONS\r\n" },
	{ "OPTIONS /both/a" REST "\r\n", "HTTP/1.1 204 ", "Allow: GET, HEAD, POST, OPTIONS\r\n" },
	{ "GET /both" REST "\r\n", "HTTP/1.1 404 ", "" },
	{ "GET /bothersome" REST "\r\n", "HTTP/1.1 404 ", "" },
	{ "GET /both/a" REST "Content-Length: 3\r\n\r\nabc", "HTTP/1.1 413 ", "" },
	/* What a page of another site sends. */
	{ "POST /both/a" REST "Origin: http://localhost\r\n\r\n", "HTTP/1.1 200 ", "" },
	{ "POST /both/a" REST "Origin: http://localhost:1\r\n\r\n", "HTTP/1.1 403 ", "another site" },
	{ "POST /both/a" REST "Origin: https://evil.example\r\n\r\n", "HTTP/1.1 403 ", "another site" },
	{ "POST /both/a" REST "Origin: null\r\n\r\n", "HTTP/1.1 403 ", "another site" },
	{ "POST /both/a" REST "Origin: null\r\nSec-Fetch-Site: same-origin\r\n\r\n", "HTTP/1.1 200 ", "" },
	{ "POST /both/a" REST "Sec-Fetch-Site: none\r\n\r\n", "HTTP/1.1 200 ", "" },
	{ "POST /both/a" REST "Sec-Fetch-Site: same-site\r\n\r\n", "HTTP/1.1 403 ", "another site" },
	{ "POST /both/a" REST "Sec-Fetch-Site: cross-site\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 403 ",
	    "another site" },
	{ "POST /together/a" REST "Sec-Fetch-Site: cross-site\r\n\r\n", "HTTP/1.1 403 ", "another site" },
	{ "POST /form" REST "Sec-Fetch-Site: cross-site\r\n\r\n", "HTTP/1.1 200 ", "" },
	{ "GET /both/a" REST "Sec-Fetch-Site: cross-site\r\n\r\n", "HTTP/1.1 200 ", "" },
	{ "GET /redirect?to=/both/%3Fa=b" REST "\r\n", "HTTP/1.1 303 ", "Location: /both/?a=b\r\n" },
	{ "GET /redirect?to=/a%0d%0aX:%20b" REST "\r\n", "HTTP/1.1 500 ", "" },
	{ "GET /redirect?to=/a+b" REST "\r\n", "HTTP/1.1 500 ", "" },
	{ "GET /" REST "\r\n", "HTTP/1.1 200 ", "\r\n\r\n/\n" },
	{ "POST /together/a" REST "Content-Length: 3\r\n\r\nabc", "HTTP/1.1 200 ", "\r\n\r\nabc\n" },
	/* libmicrohttpd 1.0 leaves the interim answer out when the body is there already. */
	{ "POST /echo" REST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 ",
	    "HTTP/1.1 200 " },
	{ "POST /echo" REST "Expect: 100-continue\r\nContent-Length: 1048577\r\n\r\n", "HTTP/1.1 413 ", "" },
};

START_TEST(each_request_has_its_answer)
{
	static char answer[LARGE + 4096];
	struct served s;

	served_start(&s, plain_config("FIRST"));
	exchange(&s, asked[_i].request, strlen(asked[_i].request), answer, sizeof(answer));
	ck_assert_msg(strncmp(answer, asked[_i].answer, strlen(asked[_i].answer)) == 0, "%.40s", answer);
	ck_assert_msg(strstr(answer, asked[_i].also) != NULL, "%.600s", answer);
	ck_assert_ptr_null(strstr(answer, "Set-Cookie"));
	await_in_flight(&s, 0);
	served_stop(&s);
}
END_TEST

/* A body of the largest size, which comes in many pieces. */
START_TEST(a_large_body_is_read_whole)
{
	static char request[ECHO_LIMIT + 256], answer[ECHO_LIMIT + 4096];
	struct served s;
	size_t head = (size_t)snprintf(
	    request, sizeof(request), "POST /echo" REST "Content-Length: %d\r\n\r\n", ECHO_LIMIT);
	const char *body;

	for (size_t i = 0; i < ECHO_LIMIT; i++)
		request[head + i] = (char)('a' + i * 7 % 26);
	served_start(&s, plain_config("FIRST"));
	exchange(&s, request, head + ECHO_LIMIT, answer, sizeof(answer));
	body = strstr(answer, "\r\n\r\n");
	ck_assert_ptr_nonnull(body);
	ck_assert_mem_eq(body + 4, request + head, ECHO_LIMIT);
	served_stop(&s);
}
END_TEST

/* One costly request is answered at a time here; one with a body counts as such. */
START_TEST(what_is_too_much_at_once_is_refused)
{
	static const char begun[] = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nab";
	static const char *const second[] = { "GET /slow" REST "\r\n",
		"POST /echo" REST "Content-Length: 3\r\n\r\nabc" };
	struct served s;
	char answer[4096];
	int fd;

	served_start(&s, plain_config("FIRST"));
	fd = connect_to(&s);
	ck_assert_int_eq(send(fd, begun, sizeof(begun) - 1, MSG_NOSIGNAL), sizeof(begun) - 1);
	await_in_flight(&s, 1);
	exchange(&s, second[_i], strlen(second[_i]), answer, sizeof(answer));
	ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 503 "));
	ck_assert_ptr_nonnull(strstr(answer, "Retry-After: 1\r\n"));
	ck_assert_int_eq(send(fd, "c", 1, MSG_NOSIGNAL), 1);
	read_answer(fd, answer, sizeof(answer));
	ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 200 "));
	await_in_flight(&s, 0);
	exchange(&s, second[_i], strlen(second[_i]), answer, sizeof(answer));
	ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 200 "));
	(void)close(fd);
	served_stop(&s);
}
END_TEST

/* "user", "s3cret". */
static struct web_config *
config_with_a_user(void)
{
	static const char text[] = "basic_auth_users:\n"
				   "  user: $2y$04$abcdefghijklmnopqrstuuLZYjhNQAOdpbzt4WxWlUHjv1wsyH5DG\n";
	char path[] = "/tmp/arbwatch-web.XXXXXX";
	int fd = mkstemp(path);
	struct failure why = { 0 };
	struct web_config *config;

	ck_assert_int_eq(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	ck_assert_int_eq(close(fd), 0);
	config = web_config_read(path, &why);
	ck_assert_msg(config != NULL, "%s", why.text);
	ck_assert_int_eq(unlink(path), 0);
	return config;
}

/* The password is checked before the body is read: the request sleeps between the two. */
START_TEST(only_those_who_may_ask_can_send_a_body)
{
	struct served s;
	char answer[4096];
	static const char stranger[] = "POST /echo" REST "Content-Length: 3\r\n\r\n";
	static const char named[] =
	    "POST /both/" REST "Authorization: Basic dXNlcjpzM2NyZXQ=\r\nContent-Length: 3\r\n\r\nabc";
	static const char user[] =
	    "POST /echo" REST "Authorization: Basic dXNlcjpzM2NyZXQ=\r\nContent-Length: 3\r\n\r\nabc";

	served_start(&s, config_with_a_user());
	exchange(&s, stranger, sizeof(stranger) - 1, answer, sizeof(answer));
	ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 401 "));
	ck_assert_ptr_nonnull(strstr(answer, "WWW-Authenticate: Basic realm=\"test\""));
	for (int i = 0; i < 2; i++) {
		exchange(&s, user, sizeof(user) - 1, answer, sizeof(answer));
		ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 200 "));
		ck_assert_ptr_nonnull(strstr(answer, "\r\n\r\nabc"));
	}
	exchange(&s, named, sizeof(named) - 1, answer, sizeof(answer));
	ck_assert_ptr_nonnull(strstr(answer, "user=user "));
	served_stop(&s);
}
END_TEST

/* One that asks whether the server lives must not wait for the files that another one asks for. */
START_TEST(a_slow_answer_keeps_no_other_waiting)
{
	struct served s;
	char text[4096];
	int slow, quick;

	served_start(&s, plain_config("FIRST"));
	slow = connect_to(&s);
	quick = connect_to(&s);
	(void)pthread_mutex_lock(&s.lock);
	ask(slow, "/slow");
	await_in_flight(&s, 1);
	ask(quick, "/hello");
	read_answer(quick, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "200 OK"));
	(void)pthread_mutex_unlock(&s.lock);
	read_answer(slow, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "\r\n\r\n/slow\n"));
	(void)close(slow);
	(void)close(quick);
	served_stop(&s);
}
END_TEST

/* --- Together --- */

static void
post(int fd, const char *path, size_t announced, const char *body)
{
	char text[512];
	int length = snprintf(text, sizeof(text),
	    "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n%s", path, announced, body);

	ck_assert_int_eq(send(fd, text, (size_t)length, MSG_NOSIGNAL), length);
}

/* Those that come while one is answered share the next call, whichever of the routes they are for, and no
 * slow answer holds them up.  Each has its own answer. */
START_TEST(what_waits_is_answered_together)
{
	struct served s;
	char text[4096], body[32];
	int fds[CONNECTIONS];

	served_start(&s, plain_config("FIRST"));
	(void)pthread_mutex_lock(&s.lock);
	for (int i = 0; i < CONNECTIONS; i++) {
		fds[i] = connect_to(&s);
		(void)snprintf(body, sizeof(body), "body-%02d", i);
		post(fds[i], i % 2 == 0 ? "/together/x" : "/together-too", 7, body);
		/* The first one is alone: it was taken before the second one came, or at least it may be. */
		await_in_flight(&s, i + 1);
	}
	(void)pthread_mutex_unlock(&s.lock);
	for (int i = 0; i < CONNECTIONS; i++) {
		read_answer(fds[i], text, sizeof(text));
		(void)snprintf(body, sizeof(body), "\r\n\r\nbody-%02d\n", i);
		ck_assert_msg(strstr(text, body) != NULL, "%s", text);
		(void)close(fds[i]);
	}
	ck_assert_uint_eq(s.answered, CONNECTIONS);
	ck_assert_uint_ge(s.calls, 1);
	ck_assert_uint_le(s.calls, 3);
	ck_assert_uint_ge(s.most, CONNECTIONS / 2);
	served_stop(&s);
}
END_TEST

START_TEST(a_slow_answer_holds_up_none_that_are_made_together)
{
	struct served s;
	char text[4096];
	int slow, quick;

	served_start(&s, plain_config("FIRST"));
	slow = connect_to(&s);
	quick = connect_to(&s);
	(void)pthread_mutex_lock(&s.hold);
	ask(slow, "/held");
	await_in_flight(&s, 1);
	post(quick, "/together/", 3, "abc");
	read_answer(quick, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "\r\n\r\nabc\n"));
	(void)pthread_mutex_unlock(&s.hold);
	read_answer(slow, text, sizeof(text));
	(void)close(slow);
	(void)close(quick);
	served_stop(&s);
}
END_TEST

/* Bodies are counted as they are announced, and let go with their requests. */
START_TEST(the_memory_of_all_bodies_has_a_limit)
{
	struct served s;
	char text[4096];
	int first, second;

	served_start(&s, plain_config("FIRST"));
	for (int round = 0; round < 2; round++) {
		first = connect_to(&s);
		second = connect_to(&s);
		post(first, "/together/", ECHO_LIMIT, "");
		await_in_flight(&s, 1);
		post(second, "/together/", ECHO_LIMIT, "");
		read_answer(second, text, sizeof(text));
		ck_assert_ptr_nonnull(strstr(text, "HTTP/1.1 503 "));
		ck_assert_ptr_nonnull(strstr(text, "Retry-After: 1\r\n"));
		/* What comes next is the body, and not another request. */
		ck_assert_int_le(recv(second, text, sizeof(text), 0), 0);
		(void)close(second);
		/* What still fits is taken. */
		second = connect_to(&s);
		post(second, "/together/", 3, "abc");
		read_answer(second, text, sizeof(text));
		ck_assert_ptr_nonnull(strstr(text, "HTTP/1.1 200 "));
		(void)close(second);
		(void)close(first);
		await_in_flight(&s, 0);
	}
	served_stop(&s);
}
END_TEST

/* It is stopped while one slow answer is being made and another one waits for its turn. */
static void *
let_go(void *context)
{
	static const struct timespec moment = { .tv_nsec = 50 * 1000 * 1000 };

	(void)nanosleep(&moment, NULL);
	(void)pthread_mutex_unlock(context);
	return NULL;
}

START_TEST(slow_answers_do_not_keep_the_server_from_its_end)
{
	struct served s;
	pthread_t thread;
	int first, second;

	served_start(&s, plain_config("FIRST"));
	first = connect_to(&s);
	second = connect_to(&s);
	(void)pthread_mutex_lock(&s.lock);
	ask(first, "/slow");
	ask(second, "/slow-too");
	await_in_flight(&s, 2);
	ck_assert_int_eq(pthread_create(&thread, NULL, let_go, &s.lock), 0);
	served_stop(&s);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	(void)close(first);
	(void)close(second);
}
END_TEST

/* Idle ones make room; _i: whether they have asked something before. */
START_TEST(idle_connections_make_room_for_new_ones)
{
	static const struct timespec moment = { .tv_nsec = 10 * 1000 * 1000 };
	struct served s;
	char text[4096];
	int fds[CONNECTIONS], more[CONNECTIONS];

	served_start(&s, plain_config("FIRST"));
	for (int i = 0; i < CONNECTIONS; i++) {
		fds[i] = connect_to(&s);
		if (_i == 0)
			continue;
		ask(fds[i], "/hello");
		read_answer(fds[i], text, sizeof(text));
	}
	for (int i = 0; i < CONNECTIONS; i++) {
		more[i] = connect_to(&s);
		ask(more[i], "/hello");
		while (recv(more[i], text, sizeof(text), MSG_PEEK | MSG_DONTWAIT) < 0) {
			web_tick(s.web);
			(void)nanosleep(&moment, NULL);
		}
		read_answer(more[i], text, sizeof(text));
		ck_assert_ptr_nonnull(strstr(text, "200 OK"));
	}
	/* One that is used is not ended for others. */
	ask(more[CONNECTIONS - 1], "/hello");
	read_answer(more[CONNECTIONS - 1], text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "200 OK"));
	for (int i = 0; i < CONNECTIONS; i++) {
		(void)close(fds[i]);
		(void)close(more[i]);
	}
	served_stop(&s);
}
END_TEST

/* So many arguments are more than libmicrohttpd has room for. */
START_TEST(any_number_of_arguments_and_cookies_is_answered)
{
	static const char *const parts[][3] = {
		{ "GET /hello?", "a&", REST "\r\n" },
		{ "GET /hello?", "a=1&", REST "\r\n" },
		{ "GET /hello?", "a?", REST "\r\n" },
		{ "GET /hello?", "%41=%42;", REST "\r\n" },
		{ "GET /hello" REST "Cookie: ", "a=1; ", "\r\n\r\n" },
	};
	char request[16384], answer[4096];
	struct served s;
	size_t length = (size_t)snprintf(request, sizeof(request), "%s", parts[_i][0]);

	for (int i = 0; i < 1500; i++)
		length += (size_t)snprintf(request + length, sizeof(request) - length, "%s", parts[_i][1]);
	length += (size_t)snprintf(request + length, sizeof(request) - length, "%s", parts[_i][2]);
	served_start(&s, plain_config("FIRST"));
	exchange(&s, request, length, answer, sizeof(answer));
	ck_assert_msg(strncmp(answer, "HTTP/1.1 ", 9) == 0, "%.40s", answer);
	ck_assert(_i == 4 || strstr(answer, "\r\n\r\n/hello\n") != NULL);
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

#define FIRST_LINES "GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"

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
	size_t answered = 0;

	served_start(&s, plain_config("FIRST"));
	for (size_t length = heads[_i].least; length <= MOST_HEAD; length += heads[_i].step) {
		int fd = connect_to(&s);

		send_head(fd, heads[_i].start, heads[_i].filling, length);
		answered += read_whole(fd, answer);
		(void)close(fd);
	}
	/* Some of them are taken, and some are too long. */
	ck_assert_uint_gt(answered, 0);
	ck_assert_uint_lt(answered, (MOST_HEAD - heads[_i].least) / heads[_i].step);
	served_stop(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("web");
	TCase *tests = tcase_create("web");

	suite_add_tcase(suite, tests);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, a_reload_waits_for_no_answer);
	tcase_add_test(tests, a_kept_connection_outlives_a_reload_and_is_answered_by_the_new_configuration);
	tcase_add_loop_test(tests, each_request_has_its_answer, 0, LENGTH(asked));
	tcase_add_test(tests, a_large_body_is_read_whole);
	tcase_add_loop_test(tests, what_is_too_much_at_once_is_refused, 0, 2);
	tcase_add_test(tests, only_those_who_may_ask_can_send_a_body);
	tcase_add_test(tests, a_slow_answer_keeps_no_other_waiting);
	tcase_add_test(tests, what_waits_is_answered_together);
	tcase_add_test(tests, a_slow_answer_holds_up_none_that_are_made_together);
	tcase_add_test(tests, the_memory_of_all_bodies_has_a_limit);
	tcase_add_test(tests, slow_answers_do_not_keep_the_server_from_its_end);
	tcase_add_loop_test(tests, idle_connections_make_room_for_new_ones, 0, 2);
	tcase_add_loop_test(tests, any_number_of_arguments_and_cookies_is_answered, 0, 5);
	tcase_add_loop_test(tests, a_head_of_any_length_ends_nothing_but_its_request, 0, LENGTH(heads));
	return run_suite(suite);
}
