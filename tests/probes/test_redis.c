/*
 * The Redis probe against a peer that answers by a script.  Real servers:
 * tests/collectors/redis_latency.sh.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/text/buffer.h"
#include "probes/redis/session.h"
#include "tests/suite.h"

static const int64_t second_ns = 1000000000;

enum { ANSWERS = 8, SAMPLES = 5 };

/* Answers the first read with the first answer, and so on; after the last it closes. */
struct peer {
	int listener;
	int port;
	const char *const *answers; /* ended by NULL */
	char received[4096];
	pthread_t thread;
};

static void *
serve(void *argument)
{
	struct peer *peer = argument;
	size_t received = 0;
	int fd = accept(peer->listener, NULL, NULL);
	char rest[256];

	for (const char *const *answer = peer->answers; *answer != NULL; answer++) {
		ssize_t length =
		    recv(fd, peer->received + received, sizeof(peer->received) - 1 - received, 0);

		if (length <= 0)
			break;
		received += (size_t)length;
		if (send(fd, *answer, strlen(*answer), MSG_NOSIGNAL) < 0)
			break;
	}
	/* What the client sent meanwhile is read, or it would see a reset in place of the end. */
	(void)shutdown(fd, SHUT_WR);
	while (recv(fd, rest, sizeof(rest), 0) > 0)
		;
	close(fd);
	return NULL;
}

static void
peer_start(struct peer *peer, void *(*serve_one)(void *), const char *const *answers)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);

	*peer = (struct peer){ .listener = socket(AF_INET, SOCK_STREAM, 0), .answers = answers };
	ck_assert_int_eq(bind(peer->listener, (struct sockaddr *)&address, length), 0);
	ck_assert_int_eq(getsockname(peer->listener, (struct sockaddr *)&address, &length), 0);
	ck_assert_int_eq(listen(peer->listener, 1), 0);
	peer->port = ntohs(address.sin_port);
	ck_assert_int_eq(pthread_create(&peer->thread, NULL, serve_one, peer), 0);
}

static void
peer_end(struct peer *peer)
{
	ck_assert_int_eq(pthread_join(peer->thread, NULL), 0);
	close(peer->listener);
}

/* Probe the peer by the URL redis://<before>127.0.0.1:<port><behind>. */
static void
probe(const struct peer *peer, const char *before, const char *behind, const char *password,
    int64_t timeout_ns, struct redis_result *result)
{
	static double seconds[SAMPLES];
	struct secrets secrets = { 0 };
	struct redis_target *target;
	struct failure why = { 0 };
	char url[256];

	snprintf(url, sizeof(url), "redis://%s127.0.0.1:%d%s", before, peer->port, behind);
	target = redis_target_new(url, password, NULL, &secrets, &why);
	ck_assert_msg(target != NULL, "%s", why.text);
	result->ping_seconds = seconds;
	redis_probe(target, SAMPLES, deadline_in(timeout_ns), result);
	redis_target_free(target);
	secrets_release(&secrets);
}

static const struct {
	const char *url, *address;
} good[] = {
	{ "redis://h", "h:6379" },
	{ "redis://h/", "h:6379" },
	{ "redis://u:p@h:6380/15", "h:6380" },
	{ "redis://[::1]:6380", "[::1]:6380" },
	{ "unix:///run/redis.sock", "/run/redis.sock" },
	{ "unix://:p@/run/redis.sock?db=2", "/run/redis.sock" },
	{ "unix:///run/a@b.sock", "/run/a@b.sock" },
	{ "unix://:p%40q@/run/a%40b.sock", "/run/a@b.sock" },
	{ "valkey://u:p@h", "h:6379" },
};

START_TEST(the_address_is_the_url_without_what_is_secret)
{
	struct secrets secrets = { 0 };
	struct failure why = { 0 };
	struct redis_target *target = redis_target_new(good[_i].url, NULL, NULL, &secrets, &why);

	ck_assert_msg(target != NULL, "%s", why.text);
	ck_assert_str_eq(redis_target_address(target), good[_i].address);
	redis_target_free(target);
	secrets_release(&secrets);
}
END_TEST

static const struct {
	const char *url, *says;
} bad[] = {
	{ "", "scheme" },
	{ "s3cret", "scheme" },
	{ "http://:s3cret@h", "redis://, rediss:// or unix://" },
	{ "redis://:s3cret@", "no host" },
	{ "redis://:s3cret@:6379", "no host" },
	{ "redis://:s3cret@h/first", "database" },
	{ "redis://:s3cret@h/-1", "database" },
	{ "redis://:s3cret@h/1/2", "database" },
	{ "redis://:s3cret@h/1234567890", "database" },
	{ "redis://:s3cret@h?db=1", "'?'" },
	{ "redis://:s3cret@h:port", "port" },
	{ "redis://:a@s3cret@h", "write '@' as %40" },
	{ "redis://:a@b/s3cret@h/0", "write '@' as %40" },
	{ "redis://:a/s3cret@h:6379/0", "'/' as %2F" },
	{ "redis://:12/s3cret@h", "'/' as %2F" },
	{ "redis://user:12/s3cret@h", "'/' as %2F" },
	{ "redis://:12?s3cret@h", "'?' as %3F" },
	{ "unix://:a@/s3cret@/run/redis.sock", "'/' as %2F" },
	{ "unix://:/s3cret@/run/redis.sock", "'/' as %2F" },
	{ "redis://a:1,b:2", "one URL for each" },
	{ "redis+sentinel://:s3cret@h:26379/mymaster", "Sentinel" },
	{ "redis+socket:///run/s3cret", "unix:///PATH" },
	{ "redis+ssl://:s3cret@h", "rediss://" },
	{ "unix://:s3cret@h/run/redis.sock", "unix:///run/redis" },
	{ "unix://:s3cret@", "unix:///run/redis" },
	{ "unix://:s3cret@/", "unix:///run/redis" },
	{ "unix://:s3cret@/run/x?db=a", "database" },
	{ "unix://:s3cret@/run/x?database=1", "db=NUMBER" },
	{ "unix://:s3cret@/run/x?db=1&x=2", "db=NUMBER" },
};

START_TEST(a_url_that_makes_no_sense_is_refused_without_repeating_it)
{
	struct secrets secrets = { 0 };
	struct failure why = { 0 };

	ck_assert_ptr_null(redis_target_new(bad[_i].url, NULL, NULL, &secrets, &why));
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	ck_assert_msg(strstr(why.text, bad[_i].says) != NULL, "%s", why.text);
	ck_assert_msg(strstr(why.text, "s3cret") == NULL, "%s", why.text);
	secrets_release(&secrets);
}
END_TEST

START_TEST(passwords_become_known_secrets)
{
	struct secrets secrets = { 0 };
	struct failure why = { 0 };
	struct redis_target *in_url =
	    redis_target_new("redis://:in%2Furl@h", "spare-one", NULL, &secrets, &why);
	struct redis_target *beside = redis_target_new("redis://h", "beside-url", NULL, &secrets, &why);
	char text[] = "in/url in%2Furl beside-url";

	ck_assert_ptr_nonnull(in_url);
	ck_assert_ptr_nonnull(beside);
	secrets_mask(&secrets, text);
	ck_assert_ptr_null(strstr(text, "url"));
	redis_target_free(in_url);
	redis_target_free(beside);
	secrets_release(&secrets);
}
END_TEST

#define PING  "*1\r\n$4\r\nPING\r\n"
#define PINGS PING PING PING PING PING
#define PONGS "+PONG\r\n", "+PONG\r\n", "+PONG\r\n", "+PONG\r\n", "+PONG\r\n"

static const struct {
	const char *before, *behind, *password; /* see probe() */
	const char *answers[ANSWERS + 1];
	const char *sent;
} logins[] = {
	{ "", "", NULL, { PONGS }, PINGS },
	{ ":p%20w@", "", NULL, { "+OK\r\n", PONGS }, "*2\r\n$4\r\nAUTH\r\n$3\r\np w\r\n" PINGS },
	{ ":url@", "", "spare", { "+OK\r\n", PONGS }, "*2\r\n$4\r\nAUTH\r\n$3\r\nurl\r\n" PINGS },
	{ "", "", "spare", { "+OK\r\n", PONGS }, "*2\r\n$4\r\nAUTH\r\n$5\r\nspare\r\n" PINGS },
	{ "me:%25s%0d%0a@", "", NULL, { "+OK\r\n", PONGS },
	    "*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$4\r\n%s\r\n\r\n" PINGS },
	{ "me@", "", "spare", { "+OK\r\n", PONGS }, "*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$5\r\nspare\r\n" PINGS },
	{ "me@", "", NULL, { "+OK\r\n", PONGS }, "*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$0\r\n\r\n" PINGS },
	{ "", "/3", NULL, { "+OK\r\n", PONGS }, "*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n" PINGS },
	{ "", "/0", NULL, { PONGS }, PINGS },
	{ "", "/00", NULL, { PONGS }, PINGS },
	{ "", "/10", NULL, { "+OK\r\n", PONGS }, "*2\r\n$6\r\nSELECT\r\n$2\r\n10\r\n" PINGS },
	{ ":p@", "/12", NULL, { "+OK\r\n", "+OK\r\n", PONGS },
	    "*2\r\n$4\r\nAUTH\r\n$1\r\np\r\n*2\r\n$6\r\nSELECT\r\n$2\r\n12\r\n" PINGS },
};

START_TEST(nothing_is_sent_but_auth_select_and_ping)
{
	struct redis_result result;
	struct peer peer;

	peer_start(&peer, serve, logins[_i].answers);
	probe(&peer, logins[_i].before, logins[_i].behind, logins[_i].password, 20 * second_ns, &result);
	peer_end(&peer);
	ck_assert_msg(result.failure.kind == FAILURE_NONE, "%s", result.failure.text);
	ck_assert_uint_eq(result.ping_count, SAMPLES);
	ck_assert_str_eq(peer.received, logins[_i].sent);
	ck_assert_int_eq(result.phase_seconds[REDIS_AUTH] >= 0, strcmp(logins[_i].sent, PINGS) != 0);
}
END_TEST

START_TEST(every_phase_and_ping_has_its_time)
{
	static const char *const answers[] = { "+OK\r\n", PONGS, NULL };
	struct redis_result result;
	struct peer peer;

	peer_start(&peer, serve, answers);
	probe(&peer, ":p@", "", NULL, 20 * second_ns, &result);
	peer_end(&peer);
	ck_assert(result.phase_seconds[REDIS_RESOLVE] >= 0);
	ck_assert(result.phase_seconds[REDIS_CONNECT] > 0);
	ck_assert(result.phase_seconds[REDIS_TLS] < 0);
	ck_assert(result.phase_seconds[REDIS_AUTH] > 0);
	for (size_t i = 0; i < SAMPLES; i++)
		ck_assert(result.ping_seconds[i] > 0 && result.ping_seconds[i] < 20);
}
END_TEST

static const struct {
	const char *answers[ANSWERS + 1];
	enum failure_kind kind;
	size_t pings;
	const char *says;
} pings[] = {
	{ { "-NOAUTH Authentication required.\r\n" }, FAILURE_AUTH, 0, "REDIS_PASSWORD_FILE" },
	{ { "-WRONGPASS invalid username-password pair\r\n" }, FAILURE_AUTH, 0, "WRONGPASS" },
	{ { "-NOPERM this user has no permissions\r\n" }, FAILURE_AUTH, 0, "+ping" },
	{ { "-ERR invalid password\r\n" }, FAILURE_AUTH, 0, "password" },
	{ { "-ERR Protocol error: unauthenticated multibulk length\r\n" }, FAILURE_AUTH, 0,
	    "wants a password" },
	{ { "-ERR AUTH <password> called without any password\r\n" }, FAILURE_AUTH, 0, "no password set" },
	{ { "-ERR Client sent AUTH, but no password is set\r\n" }, FAILURE_AUTH, 0, "no password set" },
	{ { "-LOADING Redis is loading the dataset in memory\r\n" }, FAILURE_REJECTED, 0, "LOADING" },
	{ { "-MASTERDOWN Link with MASTER is down\r\n" }, FAILURE_REJECTED, 0, "MASTERDOWN" },
	{ { "-BUSY Redis is busy\r\n" }, FAILURE_REJECTED, 0, "SCRIPT KILL" },
	{ { "-MISCONF Redis is configured to save\r\n" }, FAILURE_REJECTED, 0, "disk" },
	{ { "-ERR max number of clients reached\r\n" }, FAILURE_REJECTED, 0, "maxclients" },
	{ { "-DENIED Redis is running in protected mode\r\n" }, FAILURE_REJECTED, 0, "DENIED" },
	{ { "-anything else\r\n" }, FAILURE_REJECTED, 0, "anything else" },
	{ { "-\r\n" }, FAILURE_REJECTED, 0, "PING: an error without a text" },
	{ { "-...\r\n" }, FAILURE_REJECTED, 0, "PING: an error without a text" },
	{ { "+PONG\r\n", "+PONG\r\n", "-LOADING again\r\n" }, FAILURE_REJECTED, 2, "LOADING" },
	{ { "+PONG\r\n", "+PONG\r\n", "+PONG\r\n" }, FAILURE_PROTOCOL, 3, "closed" },
	{ { "+PONG\r\n", "+PO" }, FAILURE_PROTOCOL, 1, "closed" },
	{ { "+PO" }, FAILURE_PROTOCOL, 0, "closed" },
	{ { "" }, FAILURE_PROTOCOL, 0, "closed" },
	{ { "+pong\r\n" }, FAILURE_PROTOCOL, 0, "+PONG" },
	{ { "+OK\r\n" }, FAILURE_PROTOCOL, 0, "+PONG" },
	{ { "+\r\n" }, FAILURE_PROTOCOL, 0, "+PONG" },
	{ { "+PONG\r\n+PONG\r\n" }, FAILURE_PROTOCOL, 0, "more than it was asked" },
	{ { "+PONG\r\n+" }, FAILURE_PROTOCOL, 0, "more than it was asked" },
	{ { "$4\r\nPONG\r\n" }, FAILURE_PROTOCOL, 0, "0x24" },
	{ { "*1000000000\r\n" }, FAILURE_PROTOCOL, 0, "0x2a" },
	{ { "$1073741824\r\n" }, FAILURE_PROTOCOL, 0, "0x24" },
	{ { ":1\r\n" }, FAILURE_PROTOCOL, 0, "0x3a" },
	{ { "HTTP/1.1 400 Bad Request\r\n\r\n" }, FAILURE_PROTOCOL, 0, "right port" },
	{ { "\x15\x03\x01" }, FAILURE_PROTOCOL, 0, "rediss://" },
	{ { "\r\n" }, FAILURE_PROTOCOL, 0, "0x0d" },
};

START_TEST(each_answer_to_ping_has_its_kind)
{
	struct redis_result result;
	struct peer peer;

	peer_start(&peer, serve, pings[_i].answers);
	probe(&peer, "", "", NULL, 20 * second_ns, &result);
	peer_end(&peer);
	ck_assert_msg(result.failure.kind == pings[_i].kind, "%s: %s", failure_kind_name(result.failure.kind),
	    result.failure.text);
	ck_assert_msg(strstr(result.failure.text, pings[_i].says) != NULL, "%s", result.failure.text);
	ck_assert_uint_eq(result.ping_count, pings[_i].pings);
}
END_TEST

START_TEST(a_failed_login_sends_no_ping)
{
	static const char *const answers[] = { "-WRONGPASS invalid username-password pair\r\n", PONGS, NULL };
	struct redis_result result;
	struct peer peer;

	peer_start(&peer, serve, answers);
	probe(&peer, "me:wrong@", "/2", NULL, 20 * second_ns, &result);
	peer_end(&peer);
	ck_assert_int_eq(result.failure.kind, FAILURE_AUTH);
	ck_assert_ptr_null(strstr(peer.received, "PING"));
	ck_assert_uint_eq(result.ping_count, 0);
	ck_assert(result.phase_seconds[REDIS_CONNECT] > 0);
	ck_assert(result.phase_seconds[REDIS_AUTH] < 0);
}
END_TEST

/* The second one would be cut in the middle of the password by whoever shortens first and masks later. */
static const char *const echoes[] = { "", "padding that makes the text long, ", "\x01" };

START_TEST(a_password_that_a_peer_echoes_is_not_repeated)
{
	struct buffer answer;
	const char *answers[] = { NULL, NULL };
	struct redis_result result;
	struct peer peer;

	buffer_init(&answer, 4096);
	buffer_string(&answer, "-ERR ");
	for (int times = 0; times < 5; times++)
		buffer_string(&answer, echoes[_i]);
	for (int times = 0; times < 8; times++)
		buffer_string(&answer, "correct-horse-s3cret ");
	buffer_append(&answer, "\r\n", 3);
	ck_assert(!answer.failed);
	answers[0] = answer.text;
	peer_start(&peer, serve, answers);
	probe(&peer, ":correct-horse-s3cret@", "", NULL, 20 * second_ns, &result);
	peer_end(&peer);
	buffer_release(&answer);
	ck_assert_int_eq(result.failure.kind, FAILURE_REJECTED);
	ck_assert_msg(strstr(result.failure.text, "correct") == NULL, "%s", result.failure.text);
}
END_TEST

/* As the URL spells it, which has an escape or two; `before` bytes bring it to where the answer is cut. */
static const char *const spellings[] = { "S3cr3t/pass?word", "S3cr3t%2Fpass%3Fword", "S3cr3t%2fpass%3fword",
	"S3cr3t/pass%3fw%6Frd" };

START_TEST(a_password_is_masked_in_every_spelling_before_the_answer_is_cut)
{
	for (int before = 150; before < 200; before += 3) {
		char answer[512];
		const char *answers[] = { answer, NULL };
		struct redis_result result;
		struct peer peer;

		snprintf(answer, sizeof(answer), "-WRONGPASS %0*d%s zzz\r\n", before, 0, spellings[_i]);
		peer_start(&peer, serve, answers);
		probe(&peer, "u:S3cr3t%2Fpass%3fword@", "", NULL, 20 * second_ns, &result);
		peer_end(&peer);
		ck_assert_int_eq(result.failure.kind, FAILURE_AUTH);
		ck_assert_msg(strstr(result.failure.text, "S3") == NULL, "%s", result.failure.text);
	}
}
END_TEST

/* With no open file allowed any more poll(2) fails, and nobody knows how fast the server is. */
static void *
serve_without_files(void *argument)
{
	struct peer *peer = argument;
	int fd = accept(peer->listener, NULL, NULL);
	struct rlimit none = { .rlim_cur = 0 };

	(void)recv(fd, peer->received, sizeof(peer->received), 0);
	(void)getrlimit(RLIMIT_NOFILE, &none);
	none.rlim_cur = 0;
	(void)setrlimit(RLIMIT_NOFILE, &none);
	(void)send(fd, "+", 1, MSG_NOSIGNAL);
	(void)recv(fd, peer->received, sizeof(peer->received), 0);
	close(fd);
	return NULL;
}

START_TEST(a_wait_that_fails_is_no_timeout_of_the_server)
{
	struct redis_result result;
	struct rlimit files;
	struct peer peer;

	peer_start(&peer, serve_without_files, NULL);
	probe(&peer, "", "", NULL, 20 * second_ns, &result);
	/* What ends the program, a sanitizer too, may open files again. */
	(void)getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
	ck_assert_msg(result.failure.kind == FAILURE_LOCAL, "%s", result.failure.text);
	ck_assert_ptr_nonnull(strstr(result.failure.text, "poll"));
	peer_end(&peer);
}
END_TEST

/* A line without an end, sent in one piece: 64 KiB of it are enough. */
START_TEST(an_answer_without_an_end_is_capped)
{
	size_t length = 1000000;
	char *answer = malloc(length + 1);
	const char *const answers[] = { answer, NULL };
	struct redis_result result;
	struct peer peer;

	ck_assert_ptr_nonnull(answer);
	memset(answer, 'x', length);
	answer[0] = '+';
	answer[length] = '\0';
	peer_start(&peer, serve, answers);
	probe(&peer, "", "", NULL, 20 * second_ns, &result);
	peer_end(&peer);
	free(answer);
	ck_assert_int_eq(result.failure.kind, FAILURE_PROTOCOL);
	ck_assert_msg(
	    strstr(result.failure.text, "more than 65536 bytes") != NULL, "%s", result.failure.text);
}
END_TEST

static void *
drip(void *argument)
{
	const struct peer *peer = argument;
	int fd = accept(peer->listener, NULL, NULL);

	while (send(fd, "+", 1, MSG_NOSIGNAL) == 1)
		usleep(5000);
	close(fd);
	return NULL;
}

/* Each byte comes well before the deadline; only the whole never does. */
START_TEST(a_peer_that_drips_does_not_move_the_deadline)
{
	const int64_t timeout_ns = second_ns / 2;
	struct redis_result result;
	struct peer peer;
	int64_t took_ns = clock_now_ns();

	peer_start(&peer, drip, NULL);
	probe(&peer, "", "", NULL, timeout_ns, &result);
	took_ns = clock_now_ns() - took_ns;
	peer_end(&peer);
	ck_assert_int_eq(result.failure.kind, FAILURE_TIMEOUT);
	ck_assert_int_ge(took_ns, timeout_ns);
	/* 0.2 s late at most, the rest is for a busy machine: a deadline that moves is never over. */
	ck_assert_int_lt(took_ns, timeout_ns + 5 * second_ns);
}
END_TEST

/* hiredis's own calls would wait; with no time left nothing may. */
START_TEST(a_deadline_that_has_passed_is_a_timeout_at_once)
{
	static const char *const answers[] = { PONGS, NULL };
	struct redis_result result;
	struct peer peer;

	peer_start(&peer, serve, answers);
	probe(&peer, "", "", NULL, 0, &result);
	ck_assert_int_eq(result.failure.kind, FAILURE_TIMEOUT);
	ck_assert_uint_eq(result.ping_count, 0);
	(void)shutdown(peer.listener, SHUT_RDWR);
	peer_end(&peer);
}
END_TEST

/* Which of the two depends on the hiredis of the build. */
START_TEST(rediss_means_tls_or_says_why_not)
{
	struct secrets secrets = { 0 };
	struct failure why = { 0 };
	struct redis_target *target = redis_target_new("rediss://h", NULL, NULL, &secrets, &why);

	if (target == NULL)
		ck_assert_msg(strstr(why.text, "rediss:// needs TLS") != NULL, "%s", why.text);
	else
		ck_assert_str_eq(redis_target_address(target), "h:6379");
	redis_target_free(target);
	secrets_release(&secrets);
}
END_TEST

/* Pipelines ---------------------------------------------------------- */

enum { PIPELINE_MOST = 3, PIPELINE_BYTES = 1000 };

/* Send two commands together to a peer that answers so, and take what answers there are. */
static size_t
pipe_two(const char *const *answers, redisReply *replies[2], char *received, struct failure *why)
{
	struct secrets secrets = { 0 };
	struct redis_session s;
	struct redis_target *target;
	struct peer peer;
	char url[64];
	size_t count = 0;

	peer_start(&peer, serve, answers);
	snprintf(url, sizeof(url), "redis://127.0.0.1:%d", peer.port);
	target = redis_target_new(url, NULL, NULL, &secrets, why);
	ck_assert_int_eq(redis_session_open(&s, target, deadline_in(20 * second_ns), why), 0);
	ck_assert_int_eq(redis_session_append(&s, "SCAN %s", "0"), 0);
	ck_assert_int_eq(redis_session_append(&s, "HMGET %b a", "k ey", (size_t)4), 0);
	ck_assert_int_eq(redis_session_send(&s, "SCAN", PIPELINE_MOST, PIPELINE_BYTES), 0);
	while (count < 2 && redis_session_next(&s, &replies[count]) == 0)
		count++;
	redis_session_close(&s);
	peer_end(&peer);
	snprintf(received, sizeof(peer.received), "%s", peer.received);
	redis_target_free(target);
	secrets_release(&secrets);
	return count;
}

static void
free_replies(redisReply *replies[2], size_t count)
{
	for (size_t i = 0; i < count; i++)
		freeReplyObject(replies[i]);
}

/* The second answer once is an error. */
static const char *const pipelined[][ANSWERS + 1] = {
	{ "*2\r\n$1\r\n7\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n*1\r\n$-1\r\n" },
	{ "*2\r\n$1\r\n7\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n-WRONGTYPE it is\r\n" },
};

START_TEST(commands_of_a_pipeline_go_together_and_are_answered_in_order)
{
	char received[4096];
	redisReply *replies[2];
	struct failure why = { 0 };
	size_t count = pipe_two(pipelined[_i], replies, received, &why);

	ck_assert_msg(count == 2, "%s", why.text);
	ck_assert_str_eq(
	    received, "*2\r\n$4\r\nSCAN\r\n$1\r\n0\r\n*3\r\n$5\r\nHMGET\r\n$4\r\nk ey\r\n$1\r\na\r\n");
	ck_assert_str_eq(replies[0]->element[1]->element[1]->str, "b");
	if (_i == 0)
		ck_assert_int_eq(replies[1]->element[0]->type, REDIS_REPLY_NIL);
	else
		ck_assert_int_eq(replies[1]->type, REDIS_REPLY_ERROR);
	free_replies(replies, count);
}
END_TEST

static char long_answer[PIPELINE_BYTES + 64];

static const struct {
	const char *answer;
	size_t taken;
	const char *says;
} hostile_pipelines[] = {
	{ "*1\r\n*1\r\n*1\r\n*1\r\n$1\r\na\r\n", 0,
	    "SCAN: the answer nests arrays too deeply" },
	{ "*4\r\n", 0, "SCAN: the answer announces an array of 4 elements, more than the 3" },
	{ "*1\r\n*2147483647\r\n", 0, "an array of 2147483647 elements" },
	{ "*1000000000000\r\n", 0, "SCAN: " },
	{ long_answer, 0, "SCAN: the peer answered more than 1000 bytes" },
	{ "$1073741824\r\nabc", 0, "closed the connection" },
	{ "*2\r\n$1\r\n7\r\n*1\r\n$3\r\na", 0, "closed the connection" },
	{ "+OK\r\n", 1, "closed the connection" },
	{ "+OK\r\n*4\r\n", 1, "an array of 4 elements" },
	{ "+OK\r\n+OK\r\n+OK\r\n", 1, "more than it was asked" },
	{ "", 0, "closed the connection" },
	{ "HTTP/1.1 400 Bad Request\r\n\r\n", 0, "SCAN: " },
	{ "\x15\x03\x01\r\n", 0, "SCAN: " },
};

START_TEST(a_pipeline_ends_at_an_answer_that_is_out_of_bounds)
{
	const char *const answers[] = { hostile_pipelines[_i].answer, NULL };
	char received[4096];
	redisReply *replies[2];
	struct failure why = { 0 };
	size_t count;

	memset(long_answer, 'x', sizeof(long_answer) - 1);
	memcpy(long_answer, "$5000\r\n", 7);
	count = pipe_two(answers, replies, received, &why);
	ck_assert_uint_eq(count, hostile_pipelines[_i].taken);
	ck_assert_int_eq(why.kind, FAILURE_PROTOCOL);
	ck_assert_msg(strstr(why.text, hostile_pipelines[_i].says) != NULL, "%s", why.text);
	free_replies(replies, count);
}
END_TEST

static const struct {
	const char *answer;
	enum failure_kind kind;
	const char *says;
} errors[] = {
	{ "-WRONGTYPE Operation against a key\r\n", FAILURE_REJECTED, "my key: WRONGTYPE" },
	{ "-NOPERM this user has no permissions\r\n", FAILURE_AUTH, "ACL SETUSER" },
	{ "-MOVED 866 10.0.0.1:6380\r\n", FAILURE_REJECTED,
	    "my key: MOVED 866 10.0.0.1:6380: this is a node of a Redis Cluster, and another node has the key" },
	{ "-CLUSTERDOWN Hash slot not served\r\n", FAILURE_REJECTED, "CLUSTER INFO" },
	{ "-ASK 866 10.0.0.1:6380\r\n", FAILURE_REJECTED, "on its way to another node" },
	{ "-\r\n", FAILURE_REJECTED, "my key: an error without a text" },
};

START_TEST(an_error_answer_of_a_pipeline_is_for_the_caller_to_judge)
{
	static const struct redis_target no_password;
	const struct redis_session s = { .target = &no_password, .command = "HMGET" };
	char both[256], received[4096];
	const char *const answers[] = { both, NULL };
	redisReply *replies[2];
	struct failure why = { 0 };
	size_t count;

	snprintf(both, sizeof(both), "%s+OK\r\n", errors[_i].answer);
	count = pipe_two(answers, replies, received, &why);
	ck_assert_msg(count == 2, "%s", why.text);
	ck_assert_int_eq(replies[0]->type, REDIS_REPLY_ERROR);
	ck_assert_int_eq(redis_session_error(&s, replies[0], "my key", &why), -1);
	ck_assert_int_eq(why.kind, errors[_i].kind);
	ck_assert_msg(strstr(why.text, errors[_i].says) != NULL, "%s", why.text);
	free_replies(replies, count);
}
END_TEST

/* Each byte comes in time; the answer does not. */
START_TEST(a_pipeline_does_not_outlast_its_deadline)
{
	struct secrets secrets = { 0 };
	struct failure why = { 0 };
	struct redis_session s;
	struct redis_target *target;
	struct peer peer;
	redisReply *reply;
	char url[64];

	peer_start(&peer, drip, NULL);
	snprintf(url, sizeof(url), "redis://127.0.0.1:%d", peer.port);
	target = redis_target_new(url, NULL, NULL, &secrets, &why);
	ck_assert_int_eq(redis_session_open(&s, target, deadline_in(second_ns / 5), &why), 0);
	ck_assert_int_eq(redis_session_append(&s, "PING"), 0);
	ck_assert_int_eq(redis_session_send(&s, "PING", 1, 100000), 0);
	ck_assert_int_eq(redis_session_next(&s, &reply), -1);
	ck_assert_int_eq(why.kind, FAILURE_TIMEOUT);
	ck_assert_int_eq(redis_session_append(&s, "PING"), 0);
	ck_assert_int_eq(redis_session_send(&s, "PING", 1, 100000), -1);
	ck_assert_int_eq(why.kind, FAILURE_TIMEOUT);
	redis_session_close(&s);
	peer_end(&peer);
	redis_target_free(target);
	secrets_release(&secrets);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("redis");
	TCase *urls = tcase_create("urls"), *answers = tcase_create("answers"),
	      *hostile = tcase_create("hostile"), *pipelines = tcase_create("pipelines");

	/* As in every program of ours: hiredis writes to sockets that the peer may have closed. */
	(void)signal(SIGPIPE, SIG_IGN);
	tcase_add_loop_test(urls, the_address_is_the_url_without_what_is_secret, 0, LENGTH(good));
	tcase_add_loop_test(urls, a_url_that_makes_no_sense_is_refused_without_repeating_it, 0, LENGTH(bad));
	tcase_add_test(urls, passwords_become_known_secrets);
	tcase_add_test(urls, rediss_means_tls_or_says_why_not);
	tcase_set_timeout(answers, 60);
	tcase_add_loop_test(answers, nothing_is_sent_but_auth_select_and_ping, 0, LENGTH(logins));
	tcase_add_test(answers, every_phase_and_ping_has_its_time);
	tcase_add_loop_test(answers, each_answer_to_ping_has_its_kind, 0, LENGTH(pings));
	tcase_add_test(answers, a_failed_login_sends_no_ping);
	tcase_set_timeout(hostile, 60);
	tcase_add_loop_test(hostile, a_password_that_a_peer_echoes_is_not_repeated, 0, LENGTH(echoes));
	tcase_add_loop_test(
	    hostile, a_password_is_masked_in_every_spelling_before_the_answer_is_cut, 0, LENGTH(spellings));
	tcase_add_test(hostile, an_answer_without_an_end_is_capped);
	tcase_add_test(hostile, a_peer_that_drips_does_not_move_the_deadline);
	tcase_add_test(hostile, a_deadline_that_has_passed_is_a_timeout_at_once);
	tcase_add_test(hostile, a_wait_that_fails_is_no_timeout_of_the_server);
	suite_add_tcase(suite, urls);
	suite_add_tcase(suite, answers);
	tcase_set_timeout(pipelines, 60);
	tcase_add_loop_test(
	    pipelines, commands_of_a_pipeline_go_together_and_are_answered_in_order, 0, LENGTH(pipelined));
	tcase_add_loop_test(
	    pipelines, a_pipeline_ends_at_an_answer_that_is_out_of_bounds, 0, LENGTH(hostile_pipelines));
	tcase_add_loop_test(
	    pipelines, an_error_answer_of_a_pipeline_is_for_the_caller_to_judge, 0, LENGTH(errors));
	tcase_add_test(pipelines, a_pipeline_does_not_outlast_its_deadline);
	suite_add_tcase(suite, hostile);
	suite_add_tcase(suite, pipelines);
	return run_suite(suite);
}
