/* The HTTP client against a peer that answers by a script.  Real servers: tests/probes/http.sh. */

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "probes/http/http.h"
#include "tests/suite.h"

static const int64_t second_ns = 1000000000;

enum { LIMIT = 1000, LARGE = 200000 };

/* Serves one connection: answers the first read with the first answer, and so on; then it closes. */
struct peer {
	int listener;
	char url[64];
	const char *const *answers; /* ended by NULL */
	char received[8192];
	pthread_t thread;
};

static void *
serve(void *argument)
{
	struct peer *peer = argument;
	size_t received = 0;
	int fd = accept(peer->listener, NULL, NULL);

	for (const char *const *answer = peer->answers; *answer != NULL; answer++) {
		ssize_t length =
		    recv(fd, peer->received + received, sizeof(peer->received) - 1 - received, 0);

		if (length <= 0)
			break;
		received += (size_t)length;
		if (send(fd, *answer, strlen(*answer), MSG_NOSIGNAL) < 0)
			break;
	}
	(void)shutdown(fd, SHUT_WR);
	while (recv(fd, peer->received, 1, 0) > 0 && received == 0)
		;
	(void)close(fd);
	return NULL;
}

static void
peer_listen(struct peer *peer)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);

	memset(peer, 0, sizeof(*peer));
	peer->listener = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(peer->listener, (struct sockaddr *)&address, length), 0);
	ck_assert_int_eq(getsockname(peer->listener, (struct sockaddr *)&address, &length), 0);
	ck_assert_int_eq(listen(peer->listener, 64), 0);
	snprintf(peer->url, sizeof(peer->url), "http://127.0.0.1:%d/path?q=1", ntohs(address.sin_port));
}

static void
peer_start_with(struct peer *peer, const char *const *answers, void *(*serving)(void *argument))
{
	peer_listen(peer);
	peer->answers = answers;
	ck_assert_int_eq(pthread_create(&peer->thread, NULL, serving, peer), 0);
}

static void
peer_start(struct peer *peer, const char *const *answers)
{
	peer_start_with(peer, answers, serve);
}

static void
peer_end(struct peer *peer)
{
	ck_assert_int_eq(pthread_join(peer->thread, NULL), 0);
	(void)close(peer->listener);
}

static struct http_client *
new_client(void)
{
	struct http_settings settings = { .user_agent = "test/1", .body_limit = LIMIT, .connections = 4 };
	struct failure why = { 0 };
	struct http_client *client = http_client_new(&settings, &why);

	ck_assert_msg(client != NULL, "%s", why.text);
	return client;
}

/* What becomes of one request that is answered with `answer`; the body, NUL-terminated, into `body`. */
static void
get(const char *answer, const char *const *headers, const char *const *wanted, struct http_response *response,
    char body[LIMIT + 1])
{
	const char *const answers[] = { answer, NULL };
	struct http_client *client = new_client();
	struct http_request request = { .headers = headers, .wanted = wanted };
	struct peer peer;

	peer_start(&peer, answers);
	request.url = peer.url;
	http_ask(client, &request, 1, NULL, deadline_in(20 * second_ns), response);
	ck_assert_uint_le(response->body.length, LIMIT);
	if (response->body.length > 0)
		memcpy(body, response->body.at, response->body.length);
	body[response->body.length] = '\0';
	http_client_free(client);
	peer_end(&peer);
}

static const struct {
	const char *answer;
	int status;
	const char *body, *date, *weight;
} whole[] = {
	{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", "", "" },
	{ "HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, "until the end", "", "" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1\r\n!\r\n0\r\n\r\n", 200, "ok!",
	    "", "" },
	{ "HTTP/1.1 429 Slow\r\ndate:  Sat, 21 Nov 2026 03:27:30 GMT \r\nX-WEIGHT:\t17\r\nContent-Length: 0\r\n\r\n",
	    429, "", "Sat, 21 Nov 2026 03:27:30 GMT", "17" },
	{ "HTTP/1.1 301 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 301, "", "", "" },
	{ "HTTP/1.1 200 OK\r\nX-Weight: 1\r\nX-Weight: 2\r\nContent-Length: 0\r\n\r\n", 200, "", "", "1" },
	{ "HTTP/1.1 103 Early\r\nX-Weight: 1\r\nDate: early\r\n\r\nHTTP/1.1 200 OK\r\nX-Weight: 2\r\nContent-Length: 0\r\n\r\n",
	    200, "", "", "2" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Weight: 9\r\nDate: late\r\n\r\n",
	    200, "x", "", "" },
	{ "HTTP/1.1 200 OK\r\nX-Weight-More: 4\r\nX-Weigh: 5\r\nContent-Length: 0\r\n\r\n", 200, "", "", "" },
	{ "HTTP/1.1 200 OK\r\nX-Weight: \x01"
	  "7\r\nContent-Length: 0\r\n\r\n",
	    200, "", "", "" },
	{ "HTTP/1.1 200 OK\r\nDate: 0123456789012345678901234567890123456789012345678901234567890123\r\nContent-Length: 0\r\n\r\n",
	    200, "", "", "" },
};

START_TEST(an_answer_is_read_whatever_its_status)
{
	const char *const wanted[] = { "X-Weight", NULL };
	struct http_response response;
	char body[LIMIT + 1];

	get(whole[_i].answer, NULL, wanted, &response, body);
	ck_assert_msg(response.failure.kind == FAILURE_NONE, "%s", response.failure.text);
	ck_assert_int_eq(response.status, whole[_i].status);
	ck_assert_str_eq(body, whole[_i].body);
	ck_assert_str_eq(response.date, whole[_i].date);
	ck_assert_str_eq(response.wanted[0], whole[_i].weight);
	ck_assert(response.phase_seconds[HTTP_FIRST_BYTE] >= 0);
	ck_assert(response.phase_seconds[HTTP_TLS] < 0);
	ck_assert(response.certificate_expiry < 0);
	ck_assert(response.received_unix_ns >= response.sent_unix_ns && response.sent_unix_ns > 0);
}
END_TEST

static const struct {
	const char *answer, *says;
} broken[] = {
	{ "", "speak HTTP" },
	{ "+PONG\r\n", "HTTP/0.9" },
	{ "HTTP/1.1 200 OK\r\nContent-Le", "in its headers" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "5 bytes" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", "too large" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "" },
	{ "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", "" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "" },
};

START_TEST(an_answer_that_breaks_off_or_makes_no_sense_is_a_protocol_failure)
{
	struct http_response response;
	char body[LIMIT + 1];

	get(broken[_i].answer, NULL, NULL, &response, body);
	ck_assert_str_eq(failure_kind_name(response.failure.kind), "protocol");
	ck_assert_msg(strstr(response.failure.text, broken[_i].says) != NULL, "%s", response.failure.text);
	ck_assert_uint_eq(response.body.length, 0);
}
END_TEST

/* `before`, `again` so many times, `behind`. */
static char *
repeat(const char *before, const char *again, size_t times, const char *behind)
{
	size_t length = strlen(again);
	char *text = malloc(strlen(before) + times * length + strlen(behind) + 1), *at;

	ck_assert_ptr_nonnull(text);
	at = stpcpy(text, before);
	for (size_t i = 0; i < times; i++, at += length)
		memcpy(at, again, length);
	(void)stpcpy(at, behind);
	return text;
}

static const struct {
	const char *before, *again;
	size_t times;
	const char *behind, *kind;
} limits[] = {
	{ "HTTP/1.0 200 OK\r\n\r\n", "x", LIMIT, "", "none" },
	{ "HTTP/1.0 200 OK\r\n\r\n", "x", LIMIT + 1, "", "protocol" },
	{ "HTTP/1.0 200 OK\r\n", "X: y\r\n", 200, "\r\n", "none" },
	{ "HTTP/1.0 200 OK\r\n", "X: y\r\n", 300, "\r\n", "protocol" },
	{ "HTTP/1.0 200 OK\r\nX: ", "y", 60000, "\r\n\r\n", "none" },
	{ "HTTP/1.0 200 OK\r\nX: ", "y", 70000, "\r\n\r\n", "protocol" },
	{ "HTTP/1.0 200 OK\r\nX: ", "y", LARGE, "\r\n\r\n", "protocol" },
	{ "HTTP/1.0 200 ", "y", LARGE, "\r\n\r\n", "protocol" },
	{ "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n", 50, "HTTP/1.0 200 OK\r\n\r\n",
	    "none" },
	{ "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n", 500, "HTTP/1.0 200 OK\r\n\r\n",
	    "protocol" },
};

START_TEST(bodies_and_headers_have_limits)
{
	char *answer = repeat(limits[_i].before, limits[_i].again, limits[_i].times, limits[_i].behind);
	struct http_response response;
	char body[LIMIT + 1];

	get(answer, NULL, NULL, &response, body);
	ck_assert_msg(strcmp(failure_kind_name(response.failure.kind), limits[_i].kind) == 0, "%s",
	    response.failure.text);
	free(answer);
}
END_TEST

START_TEST(a_value_is_kept_whole_or_not_at_all)
{
	const char *const wanted[] = { "A", "B", NULL };
	char *answer = repeat("HTTP/1.0 200 OK\r\nA: ", "a", HTTP_HEADER_VALUE - 1, "\r\nB: b\r\n\r\n");
	char *longer = repeat("HTTP/1.0 200 OK\r\nA: ", "a", HTTP_HEADER_VALUE, "\r\nB: b\r\n\r\n");
	struct http_response response;
	char body[LIMIT + 1];

	get(answer, NULL, wanted, &response, body);
	ck_assert_uint_eq(strlen(response.wanted[0]), HTTP_HEADER_VALUE - 1);
	ck_assert_str_eq(response.wanted[1], "b");
	get(longer, NULL, wanted, &response, body);
	ck_assert_str_eq(response.wanted[0], "");
	ck_assert_str_eq(response.wanted[1], "b");
	get("HTTP/1.0 200 OK\r\nA:a\r\nB: \t b \t\r\n\r\n", NULL, wanted, &response, body);
	ck_assert_str_eq(response.wanted[0], "a");
	ck_assert_str_eq(response.wanted[1], "b");
	free(answer);
	free(longer);
}
END_TEST

START_TEST(what_is_sent_is_what_was_asked_for)
{
	const char *const answers[] = { "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", NULL };
	const char *const headers[] = { "X-Key: k", "X-Sign: s", NULL };
	struct http_client *client = new_client();
	struct http_request request = { .headers = headers };
	struct http_response response;
	struct peer peer;
	char expected[512];

	peer_start(&peer, answers);
	request.url = peer.url;
	http_ask(client, &request, 1, NULL, deadline_in(20 * second_ns), &response);
	http_client_free(client);
	peer_end(&peer);
	snprintf(expected, sizeof(expected),
	    "GET /path?q=1 HTTP/1.1\r\nHost: %.*s\r\nUser-Agent: test/1\r\nAccept: */*\r\n"
	    "Accept-Encoding: gzip, deflate\r\nX-Key: k\r\nX-Sign: s\r\n\r\n",
	    (int)strcspn(peer.url + 7, "/"), peer.url + 7);
	ck_assert_str_eq(peer.received, expected);
}
END_TEST

/* One request by way of `peer`, or not: what the settings and the request say. */
static void
get_by_proxy(struct peer *peer, const char *url, bool private_only, struct http_response *response)
{
	char proxy[128];
	struct http_settings settings = {
		.proxy = proxy, .user_agent = "test/1", .body_limit = LIMIT, .connections = 4
	};
	struct http_request request = { .url = url, .private_only = private_only };
	struct http_client *client;
	struct failure why = { 0 };

	(void)snprintf(proxy, sizeof(proxy), "http://me:s%%40cret@127.0.0.1:%d",
	    (int)strtol(strrchr(peer->url, ':') + 1, NULL, 10));
	client = http_client_new(&settings, &why);
	ck_assert_msg(client != NULL, "%s", why.text);
	http_ask(client, &request, 1, NULL, deadline_in(20 * second_ns), response);
	http_client_free(client);
}

START_TEST(a_proxy_is_used_for_all_but_loopback_and_hosts_of_our_own)
{
	static const char *const well[] = { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", NULL };
	static const char *const refused[] = { "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", NULL };
	struct http_response response;
	struct peer peer;

	ck_assert_int_eq(setenv("no_proxy", "*", 1), 0);
	peer_start(&peer, well);
	get_by_proxy(&peer, "http://example.invalid/x", false, &response);
	ck_assert_msg(response.status == 200, "%s", response.failure.text);
	peer_end(&peer);
	ck_assert_ptr_nonnull(strstr(peer.received, "GET http://example.invalid/x HTTP/1.1\r\n"));
	ck_assert_ptr_nonnull(strstr(peer.received, "Proxy-Authorization: Basic bWU6c0BjcmV0\r\n"));
	/* With TLS it is a tunnel: the proxy sees nothing but the name. */
	peer_start(&peer, refused);
	get_by_proxy(&peer, "https://example.invalid/secret", false, &response);
	peer_end(&peer);
	ck_assert_ptr_nonnull(strstr(peer.received, "CONNECT example.invalid:443 HTTP/1.1\r\n"));
	ck_assert_ptr_null(strstr(peer.received, "secret"));
	ck_assert_int_eq(response.failure.kind, FAILURE_AUTH);
	ck_assert_ptr_nonnull(strstr(response.failure.text, "the proxy refused with status 407"));
	ck_assert_ptr_null(strstr(response.failure.text, "cret"));
	ck_assert_int_eq(response.status, 0);
	peer_start(&peer, well);
	get_by_proxy(&peer, peer.url, false, &response);
	peer_end(&peer);
	ck_assert_ptr_nonnull(strstr(peer.received, "GET /path?q=1 HTTP/1.1\r\n"));
	peer_listen(&peer);
	get_by_proxy(&peer, "http://example.invalid/x", true, &response);
	ck_assert_int_eq(response.failure.kind, FAILURE_RESOLVE);
	(void)close(peer.listener);
	get_by_proxy(&peer, "https://example.invalid/x", false, &response);
	ck_assert_int_eq(response.failure.kind, FAILURE_CONNECT);
	ck_assert_ptr_nonnull(strstr(response.failure.text, "the proxy cannot be reached: check proxy.url"));
	get_by_proxy(&peer, "http://[::1]:1/x", false, &response);
	ck_assert_ptr_null(strstr(response.failure.text, "proxy"));
	get_by_proxy(&peer, "http://localhost:1/x", false, &response);
	ck_assert_ptr_null(strstr(response.failure.text, "proxy"));
}
END_TEST

enum { REFUSING = 30 };

/* This is libcurl's getaddrinfo(): "several" has many addresses, of which only the last one listens. */
int look_up(const char *node, const char *service, const struct addrinfo *hints,
    struct addrinfo **found) __asm__("getaddrinfo");
int
look_up(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
	struct addrinfo **end = found;
	char text[32] = "127.0.0.1";
	int result = 0;

	memcpy(&real, &symbol, sizeof(real));
	if (strcmp(node, "several") != 0)
		return real(node, service, hints, found);
	for (int i = REFUSING; i >= 0 && result == 0; i--) {
		(void)snprintf(text, sizeof(text), "127.0.0.%d", i + 1);
		result = real(text, service, hints, end);
		while (result == 0 && *end != NULL)
			end = &(*end)->ai_next;
	}
	return result;
}

/* With a second of sleep for each of them the time would not do. */
START_TEST(addresses_that_refuse_cost_no_time)
{
	static const char *const answers[] = { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", NULL };
	struct http_client *client = new_client();
	struct http_request request = { 0 };
	struct http_response response;
	struct peer peer;
	char url[64];

	peer_start(&peer, answers);
	(void)snprintf(url, sizeof(url), "http://several%s", strrchr(peer.url, ':'));
	request.url = url;
	http_ask(client, &request, 1, NULL, deadline_in(REFUSING * second_ns), &response);
	ck_assert_msg(response.failure.kind == FAILURE_NONE, "%s", response.failure.text);
	ck_assert_int_eq(response.status, 200);
	http_client_free(client);
	peer_end(&peer);
}
END_TEST

START_TEST(a_connection_is_kept_for_the_next_run)
{
	const char *const answers[] = { "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2", NULL };
	struct http_client *client = new_client();
	struct http_request request = { 0 };
	struct http_response response;
	struct peer peer;

	peer_start(&peer, answers);
	request.url = peer.url;
	http_ask(client, &request, 1, NULL, deadline_in(20 * second_ns), &response);
	ck_assert_msg(slice_is(response.body, "1"), "%s", response.failure.text);
	ck_assert(response.phase_seconds[HTTP_CONNECT] >= 0);
	http_ask(client, &request, 1, NULL, deadline_in(20 * second_ns), &response);
	ck_assert_msg(slice_is(response.body, "2"), "%s", response.failure.text);
	ck_assert(response.phase_seconds[HTTP_RESOLVE] < 0);
	ck_assert(response.phase_seconds[HTTP_CONNECT] < 0);
	ck_assert(response.phase_seconds[HTTP_FIRST_BYTE] >= 0);
	http_client_free(client);
	peer_end(&peer);
}
END_TEST

static const struct {
	const char *url, *header, *says;
} senseless[] = {
	{ "", NULL, "http://" },
	{ "127.0.0.1", NULL, "http://" },
	{ "ftp://127.0.0.1/", NULL, "http://" },
	{ "file:///etc/passwd", NULL, "http://" },
	{ "http://", NULL, "no host" },
	{ "https:///path", NULL, "no host" },
	{ "http://u:s3cret@127.0.0.1:1/", NULL, "password" },
	{ "https://s3cret@127.0.0.1:1/", NULL, "password" },
	{ "http://127.0.0.1:99999/", NULL, "URL" },
	{ "http://127.0.0.1:1/\r\nX: y", NULL, "URL" },
	{ "http://127.0.0.1:1/", "X: y\r\nZ: z", "header" },
	{ "http://127.0.0.1:1/", "s3cret", "header" },
};

START_TEST(a_request_that_makes_no_sense_is_our_own_failure)
{
	const char *const headers[] = { senseless[_i].header, NULL };
	struct http_client *client = new_client();
	struct http_request request = { .url = senseless[_i].url, .headers = headers };
	struct http_response response;

	http_ask(client, &request, 1, NULL, deadline_in(20 * second_ns), &response);
	ck_assert_str_eq(failure_kind_name(response.failure.kind), "local");
	ck_assert_msg(strstr(response.failure.text, senseless[_i].says) != NULL, "%s", response.failure.text);
	ck_assert_ptr_null(strstr(response.failure.text, "s3cret"));
	http_client_free(client);
}
END_TEST

/* Nobody accepts: the connection is there, and no answer comes. */
START_TEST(what_is_not_answered_by_the_deadline_is_a_timeout)
{
	enum { COUNT = 9 };
	struct http_request requests[COUNT] = { 0 };
	struct http_response responses[COUNT];
	struct http_client *client = new_client();
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	char url[64];
	int64_t began;

	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, length), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	ck_assert_int_eq(listen(listener, 16), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(address.sin_port));
	for (int i = 0; i < COUNT; i++)
		requests[i].url = url;
	/* Long enough that what has its turn is sent on a busy machine, too. */
	for (int64_t timeout_ns = 0; timeout_ns <= 2 * second_ns; timeout_ns += second_ns) {
		began = clock_now_ns();
		http_ask(client, requests, COUNT, NULL, deadline_in(timeout_ns), responses);
		/* The design allows 0.2 s; the rest is for a busy machine. */
		ck_assert_int_lt(clock_now_ns() - began, timeout_ns + 5 * second_ns);
		for (int i = 0; i < COUNT; i++)
			ck_assert_str_eq(failure_kind_name(responses[i].failure.kind), "timeout");
		ck_assert((timeout_ns > 0) == (responses[0].sent_unix_ns > 0));
		/* Of four connections a host gets two at once; the others had no turn. */
		ck_assert_int_eq(responses[2].sent_unix_ns, 0);
	}
	http_client_free(client);
	(void)close(listener);
}
END_TEST

static const char empty_answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/* Asks for three pages of one list; then no more is to be sent. */
struct reader {
	size_t pages, told;
	bool enough;
	char next[96];
};

static bool
next_page(void *context, size_t index, const struct http_response *response, struct http_request *next)
{
	struct reader *reader = context;

	ck_assert_uint_eq(index, 0);
	ck_assert(response->sent);
	ck_assert_int_eq(response->status, 200);
	ck_assert_uint_eq(response->body.length, 1);
	ck_assert_int_eq(response->body.at[0], (char)('1' + (char)reader->told++));
	reader->enough = reader->told == reader->pages;
	next->url = reader->next;
	return !reader->enough;
}

static bool
not_enough(void *context, size_t index)
{
	const struct reader *reader = context;

	(void)index;
	return !reader->enough;
}

/* The last page stays unless bodies are to be dropped, the second time. */
START_TEST(pages_are_asked_for_one_after_another_and_what_waits_may_be_dropped)
{
	static const char *const answers[] = { "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n3", NULL };
	struct http_settings settings = { .user_agent = "test/1", .body_limit = LIMIT, .connections = 1 };
	struct failure why = { 0 };
	struct http_client *client = http_client_new(&settings, &why);
	struct reader reader = { .pages = 3 };
	const struct http_watch watch = { &reader, not_enough, next_page, _i == 1 };
	struct http_request requests[2] = { 0 };
	struct http_response responses[2];
	struct peer peer;

	peer_start(&peer, answers);
	(void)snprintf(reader.next, sizeof(reader.next), "%s&page=next", peer.url);
	requests[0].url = requests[1].url = peer.url;
	http_ask(client, requests, 2, &watch, deadline_in(20 * second_ns), responses);
	ck_assert(slice_is(responses[0].body, _i == 1 ? "" : "3"));
	http_client_free(client);
	peer_end(&peer);
	ck_assert_uint_eq(reader.told, 3);
	ck_assert_int_eq(responses[0].failure.kind, FAILURE_NONE);
	ck_assert_ptr_nonnull(strstr(strstr(peer.received, "page=next") + 1, "page=next"));
	ck_assert(!responses[1].sent);
	ck_assert_int_eq(responses[1].status, 0);
	ck_assert_int_eq(responses[1].failure.kind, FAILURE_REJECTED);
}
END_TEST

static bool
elsewhere(void *context, size_t index, const struct http_response *response, struct http_request *next)
{
	(void)context;
	(void)index;
	(void)response;
	next->url = "http://127.0.0.2:1/";
	return true;
}

START_TEST(the_next_page_is_never_asked_of_another_host)
{
	static const char *const answers[] = { empty_answer, NULL };
	const struct http_watch watch = { .answered = elsewhere };
	struct http_client *client = new_client();
	struct http_request request = { 0 };
	struct http_response response;
	struct peer peer;

	peer_start(&peer, answers);
	request.url = peer.url;
	http_ask(client, &request, 1, &watch, deadline_in(20 * second_ns), &response);
	http_client_free(client);
	peer_end(&peer);
	ck_assert_int_eq(response.failure.kind, FAILURE_LOCAL);
	ck_assert(!response.sent);
}
END_TEST

START_TEST(a_request_with_a_body_is_a_post_of_a_form_and_the_next_one_is_a_get_again)
{
	static const char *const answers[] = { empty_answer, empty_answer, NULL };
	struct http_client *client = new_client();
	struct http_request request = { .body = "nonce=1&a=%20" };
	struct http_response response;
	struct peer peer;
	const char *second;

	peer_start(&peer, answers);
	request.url = peer.url;
	http_ask(client, &request, 1, NULL, deadline_in(20 * second_ns), &response);
	ck_assert_int_eq(response.failure.kind, FAILURE_NONE);
	request.body = NULL;
	http_ask(client, &request, 1, NULL, deadline_in(20 * second_ns), &response);
	ck_assert_int_eq(response.failure.kind, FAILURE_NONE);
	http_client_free(client);
	peer_end(&peer);
	ck_assert(strncmp(peer.received, "POST /path?q=1 HTTP/1.1\r\n", 25) == 0);
	ck_assert_ptr_nonnull(strstr(peer.received, "Content-Type: application/x-www-form-urlencoded\r\n"));
	second = strstr(peer.received, "\r\n\r\nnonce=1&a=%20GET /path?q=1 HTTP/1.1\r\n");
	ck_assert_ptr_nonnull(second);
	ck_assert_ptr_null(strstr(second, "Content-"));
}
END_TEST

START_TEST(a_request_may_have_a_body_limit_of_its_own)
{
	static const char *const answers[] = { "HTTP/1.0 200 OK\r\n\r\n12345", NULL };
	struct http_client *client = new_client();
	struct http_request request = { .body_limit = (size_t)_i };
	struct http_response response;
	struct peer peer;

	peer_start(&peer, answers);
	request.url = peer.url;
	http_ask(client, &request, 1, NULL, deadline_in(20 * second_ns), &response);
	ck_assert_int_eq(response.failure.kind, _i < 5 ? FAILURE_PROTOCOL : FAILURE_NONE);
	http_client_free(client);
	peer_end(&peer);
}
END_TEST

START_TEST(without_an_answer_there_is_no_first_byte)
{
	static const char *const answers[] = { "", NULL };
	struct http_client *client = new_client();
	struct http_request request = { 0 };
	struct http_response response;
	struct peer peer;

	peer_start(&peer, answers);
	request.url = peer.url;
	http_ask(client, &request, 1, NULL, deadline_in(20 * second_ns), &response);
	ck_assert_int_eq(response.failure.kind, FAILURE_PROTOCOL);
	ck_assert(response.phase_seconds[HTTP_CONNECT] >= 0);
	ck_assert(response.phase_seconds[HTTP_FIRST_BYTE] < 0);
	http_client_free(client);
	peer_end(&peer);
}
END_TEST

START_TEST(no_requests_need_no_time)
{
	struct http_client *client = new_client();

	http_ask(client, NULL, 0, NULL, deadline_in(0), NULL);
	http_client_free(client);
	http_client_free(NULL);
}
END_TEST

START_TEST(a_ca_file_that_is_not_there_is_refused)
{
	struct http_settings settings = {
		.ca_file = "/nonexistent/ca.crt", .body_limit = 1, .connections = 1
	};
	struct failure why = { 0 };

	ck_assert_ptr_null(http_client_new(&settings, &why));
	ck_assert_str_eq(failure_kind_name(why.kind), "local");
	ck_assert_ptr_nonnull(strstr(why.text, "/nonexistent/ca.crt"));
}
END_TEST

static const char *const no_ca_files[] = { "", "hello\n",
	"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", NULL };

START_TEST(a_ca_file_without_a_certificate_is_refused)
{
	char path[] = "/tmp/arbwatch-ca.XXXXXX";
	struct http_settings settings = { .ca_file = path, .body_limit = 1, .connections = 1 };
	struct failure why = { 0 };
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	for (size_t i = 0; no_ca_files[i] != NULL; i++) {
		ck_assert_int_eq(ftruncate(fd, 0), 0);
		ck_assert_int_eq(
		    pwrite(fd, no_ca_files[i], strlen(no_ca_files[i]), 0), (ssize_t)strlen(no_ca_files[i]));
		ck_assert_ptr_null(http_client_new(&settings, &why));
		ck_assert_str_eq(failure_kind_name(why.kind), "local");
		ck_assert_ptr_nonnull(strstr(why.text, path));
	}
	(void)close(fd);
	ck_assert_int_eq(unlink(path), 0);
	settings.ca_file = "/tmp";
	ck_assert_msg(http_client_new(&settings, &why) == NULL, "a directory");
}
END_TEST

/* Sends the parts one by one, with a pause between them, to the one connection it gets. */
static const int64_t pause_ns = 200 * 1000 * 1000;

static void *
serve_slowly(void *argument)
{
	const struct timespec pause = { .tv_nsec = pause_ns };
	struct peer *peer = argument;
	int fd = accept(peer->listener, NULL, NULL);

	if (recv(fd, peer->received, sizeof(peer->received), 0) > 0)
		for (const char *const *part = peer->answers; *part != NULL; part++) {
			if (part != peer->answers)
				(void)nanosleep(&pause, NULL);
			(void)send(fd, *part, strlen(*part), MSG_NOSIGNAL);
		}
	(void)shutdown(fd, SHUT_WR);
	while (recv(fd, peer->received, 1, 0) > 0)
		;
	(void)close(fd);
	return NULL;
}

static const struct {
	const char *parts[6];
	int before, after; /* pauses until the final answer began, and from there to its end */
} slow[] = {
	{ { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", NULL }, 0, 0 },
	{ { "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
	      NULL },
	    1, 0 },
	{ { "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n",
	      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", NULL },
	    2, 0 },
	{ { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "o", "k", NULL }, 0, 2 },
	{ { "HTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "ok", NULL },
	    1, 1 },
};

START_TEST(an_answer_begins_with_its_final_status_line_and_ends_with_its_body)
{
	struct http_client *client = new_client();
	struct http_response response;
	struct http_request request = { 0 };
	struct peer peer;
	int64_t before, after;

	peer_start_with(&peer, slow[_i].parts, serve_slowly);
	request.url = peer.url;
	http_ask(client, &request, 1, NULL, deadline_in(20 * second_ns), &response);
	ck_assert_msg(response.failure.kind == FAILURE_NONE, "%s", response.failure.text);
	before = response.received_unix_ns - response.sent_unix_ns;
	after = response.ended_unix_ns - response.received_unix_ns;
	/* A pause is not shorter than it says; a machine that is slow makes it longer. */
	ck_assert_int_ge(before, slow[_i].before * pause_ns - pause_ns / 10);
	ck_assert_int_ge(after, slow[_i].after * pause_ns - pause_ns / 10);
	ck_assert_int_ge(response.ended_unix_ns, response.received_unix_ns);
	ck_assert_double_ge(response.phase_seconds[HTTP_FIRST_BYTE], 0.18 * slow[_i].before);
	ck_assert_double_ge(response.phase_seconds[HTTP_TRANSFER], 0.18 * slow[_i].after);
	http_client_free(client);
	peer_end(&peer);
}
END_TEST

START_TEST(an_interim_answer_alone_is_none)
{
	static const char *const answers[] = { "HTTP/1.1 103 Early Hints\r\nDate: x\r\n\r\n", NULL };
	struct http_client *client = new_client();
	struct http_response response;
	struct http_request request = { 0 };
	struct peer peer;

	peer_start(&peer, answers);
	request.url = peer.url;
	http_ask(client, &request, 1, NULL, deadline_in(20 * second_ns), &response);
	ck_assert_int_ne(response.failure.kind, FAILURE_NONE);
	ck_assert_int_eq(response.received_unix_ns, 0);
	ck_assert_int_eq(response.ended_unix_ns, 0);
	http_client_free(client);
	peer_end(&peer);
}
END_TEST

START_TEST(the_limit_of_open_files_is_raised_as_far_as_it_may_be)
{
	struct rlimit limit = { .rlim_cur = 64, .rlim_max = 1000 };
	struct http_client *client;

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	client = new_client();
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_uint_eq(limit.rlim_cur, 1000);
	http_client_free(client);
}
END_TEST

/* With no open file allowed any more curl cannot wait: that says nothing about the server. */
static void *
serve_without_files(void *argument)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
	struct peer *peer = argument;
	int fd = accept(peer->listener, NULL, NULL);
	struct rlimit none;

	(void)recv(fd, peer->received, sizeof(peer->received), 0);
	(void)getrlimit(RLIMIT_NOFILE, &none);
	none.rlim_cur = 0;
	(void)setrlimit(RLIMIT_NOFILE, &none);
	(void)send(fd, head, sizeof(head) - 1, MSG_NOSIGNAL);
	(void)recv(fd, peer->received, sizeof(peer->received), 0);
	(void)close(fd);
	return NULL;
}

START_TEST(a_wait_of_curl_that_fails_is_no_timeout_of_the_server)
{
	struct http_client *client = new_client();
	struct http_request request = { 0 };
	struct http_response response;
	struct rlimit files;
	struct peer peer;

	peer_start_with(&peer, NULL, serve_without_files);
	request.url = peer.url;
	http_ask(client, &request, 1, NULL, deadline_in(20 * second_ns), &response);
	/* What ends the program, a sanitizer too, may open files again. */
	(void)getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
	ck_assert_msg(response.failure.kind == FAILURE_LOCAL, "%s", response.failure.text);
	http_client_free(client);
	peer_end(&peer);
}
END_TEST

START_TEST(a_request_without_a_file_descriptor_is_our_own_failure)
{
	enum { COUNT = 40 };
	struct http_settings settings = { .user_agent = "test/1", .body_limit = LIMIT, .connections = 80 };
	struct rlimit limit = { .rlim_cur = 20, .rlim_max = 20 };
	struct http_request requests[COUNT] = { 0 };
	struct http_response responses[COUNT];
	struct failure why = { 0 };
	struct http_client *client;
	struct peer peer = { 0 };
	int local = 0;

	peer_listen(&peer);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	client = http_client_new(&settings, &why);
	ck_assert_msg(client != NULL, "%s", why.text);
	for (int i = 0; i < COUNT; i++)
		requests[i].url = peer.url;
	http_ask(client, requests, COUNT, NULL, deadline_in(2 * second_ns), responses);
	for (int i = 0; i < COUNT; i++) {
		enum failure_kind kind = responses[i].failure.kind;

		ck_assert_msg(kind == FAILURE_LOCAL || kind == FAILURE_TIMEOUT, "%s: %s",
		    failure_kind_name(kind), responses[i].failure.text);
		local += kind == FAILURE_LOCAL;
		ck_assert(kind != FAILURE_LOCAL || strstr(responses[i].failure.text, "ulimit") != NULL);
	}
	ck_assert_int_ge(local, COUNT - 20);
	http_client_free(client);
	(void)close(peer.listener);
}
END_TEST

START_TEST(phases_have_names)
{
	ck_assert_str_eq(http_phase_name(HTTP_RESOLVE), "resolve");
	ck_assert_str_eq(http_phase_name(HTTP_FIRST_BYTE), "first_byte");
	ck_assert_str_eq(http_phase_name(HTTP_TRANSFER), "transfer");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("http");
	TCase *tests = tcase_create("http");

	(void)signal(SIGPIPE, SIG_IGN);
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, an_answer_is_read_whatever_its_status, 0, LENGTH(whole));
	tcase_add_loop_test(
	    tests, an_answer_that_breaks_off_or_makes_no_sense_is_a_protocol_failure, 0, LENGTH(broken));
	tcase_add_loop_test(tests, bodies_and_headers_have_limits, 0, LENGTH(limits));
	tcase_add_test(tests, a_value_is_kept_whole_or_not_at_all);
	tcase_add_test(tests, what_is_sent_is_what_was_asked_for);
	tcase_add_test(tests, a_proxy_is_used_for_all_but_loopback_and_hosts_of_our_own);
	tcase_add_test(tests, addresses_that_refuse_cost_no_time);
	tcase_add_test(tests, a_connection_is_kept_for_the_next_run);
	tcase_add_loop_test(tests, a_request_that_makes_no_sense_is_our_own_failure, 0, LENGTH(senseless));
	tcase_add_test(tests, what_is_not_answered_by_the_deadline_is_a_timeout);
	tcase_add_loop_test(tests, pages_are_asked_for_one_after_another_and_what_waits_may_be_dropped, 0, 2);
	tcase_add_test(tests, the_next_page_is_never_asked_of_another_host);
	tcase_add_test(tests, a_request_with_a_body_is_a_post_of_a_form_and_the_next_one_is_a_get_again);
	tcase_add_loop_test(tests, a_request_may_have_a_body_limit_of_its_own, 4, 6);
	tcase_add_test(tests, without_an_answer_there_is_no_first_byte);
	tcase_add_test(tests, no_requests_need_no_time);
	tcase_add_test(tests, a_ca_file_that_is_not_there_is_refused);
	tcase_add_test(tests, a_ca_file_without_a_certificate_is_refused);
	tcase_add_loop_test(
	    tests, an_answer_begins_with_its_final_status_line_and_ends_with_its_body, 0, LENGTH(slow));
	tcase_add_test(tests, an_interim_answer_alone_is_none);
	tcase_add_test(tests, the_limit_of_open_files_is_raised_as_far_as_it_may_be);
	tcase_add_test(tests, a_request_without_a_file_descriptor_is_our_own_failure);
	tcase_add_test(tests, phases_have_names);
	tcase_add_test(tests, a_wait_of_curl_that_fails_is_no_timeout_of_the_server);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
