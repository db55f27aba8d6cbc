/*
 * Reading the bot's state from a peer that answers by a script, which a real server would not.  Real servers:
 * tests/collectors/engine_state_faults.sh.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/text/buffer.h"
#include "engine/state.h"
#include "tests/suite.h"

static const int64_t second_ns = 1000000000;

enum { ROUNDS = 32, SENT = 65536 };

/* Answers each round with the next of its texts, and then closes. */
struct peer {
	int listener, port;
	struct buffer rounds[ROUNDS];
	size_t count;
	char received[SENT];
	pthread_t thread;
};

static void *
serve(void *argument)
{
	struct peer *peer = argument;
	int fd = accept(peer->listener, NULL, NULL);
	size_t received = 0;
	char rest[4096];

	for (size_t i = 0; i < peer->count; i++) {
		ssize_t length = recv(fd, peer->received + received, SENT - 1 - received, 0);

		if (length <= 0)
			break;
		received += (size_t)length;
		(void)send(fd, peer->rounds[i].text, peer->rounds[i].length, MSG_NOSIGNAL);
	}
	(void)shutdown(fd, SHUT_WR);
	while (recv(fd, rest, sizeof(rest), 0) > 0)
		;
	close(fd);
	return NULL;
}

static void
peer_start(struct peer *peer)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);

	peer->listener = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(peer->listener, (struct sockaddr *)&address, length), 0);
	ck_assert_int_eq(getsockname(peer->listener, (struct sockaddr *)&address, &length), 0);
	ck_assert_int_eq(listen(peer->listener, 1), 0);
	peer->port = ntohs(address.sin_port);
	ck_assert_int_eq(pthread_create(&peer->thread, NULL, serve, peer), 0);
}

/* The next round of the peer's answers. */
static struct buffer *
next_round(struct peer *peer)
{
	struct buffer *b = &peer->rounds[peer->count++];

	ck_assert_uint_le(peer->count, ROUNDS);
	buffer_init(b, 1024 * 1024);
	return b;
}

static void
add_bulk(struct buffer *b, const char *text)
{
	buffer_format(b, "$%zu\r\n%s\r\n", strlen(text), text);
}

static void
add_nils(struct buffer *b, int count)
{
	buffer_format(b, "*%d\r\n", count);
	for (; count > 0; count--)
		buffer_string(b, "$-1\r\n");
}

static void
add_page(struct buffer *b, const char *cursor, const char *const keys[])
{
	int count = 0;

	while (keys[count] != NULL)
		count++;
	buffer_string(b, "*2\r\n");
	add_bulk(b, cursor);
	buffer_format(b, "*%d\r\n", count);
	for (int i = 0; i < count; i++)
		add_bulk(b, keys[i]);
}

/* The keys that are there once: a heartbeat, and nothing of the others. */
static struct buffer *
first_round(struct peer *peer)
{
	static const int others[] = { 18, 8, 4, 4, 4 };
	struct buffer *b = next_round(peer);
	char now[32];

	snprintf(now, sizeof(now), "%.3f", clock_unix_seconds());
	buffer_string(b, "*14\r\n");
	add_bulk(b, now);
	for (int i = 1; i < 14; i++)
		buffer_string(b, "$-1\r\n");
	for (int i = 0; i < LENGTH(others); i++)
		add_nils(b, others[i]);
	return b;
}

/* The answer of EXISTS about the five that are missing. */
static void
absent_round(struct peer *peer)
{
	buffer_string(next_round(peer), ":0\r\n:0\r\n:0\r\n:0\r\n:0\r\n");
}

static void
add_orders(struct buffer *b, const char *sent)
{
	buffer_string(b, "*4\r\n");
	add_bulk(b, sent);
	buffer_string(b, "$-1\r\n$-1\r\n$-1\r\n");
}

static void
read_peer(struct peer *peer, const char *prefix, struct engine_state *state)
{
	struct engine_state_settings settings = {
		.prefix = prefix, .env = "paper", .max_age_seconds = 30, .entries_max = 500
	};
	struct secrets secrets = { 0 };
	struct failure why = { 0 };
	struct redis_target *target;
	char url[64];

	peer_start(peer);
	snprintf(url, sizeof(url), "redis://127.0.0.1:%d", peer->port);
	target = redis_target_new(url, NULL, NULL, &secrets, &why);
	ck_assert_msg(target != NULL, "%s", why.text);
	settings.target = target;
	engine_state_read(&settings, deadline_in(20 * second_ns), state);
	ck_assert_int_eq(pthread_join(peer->thread, NULL), 0);
	close(peer->listener);
	for (size_t i = 0; i < peer->count; i++)
		buffer_release(&peer->rounds[i]);
	redis_target_free(target);
	secrets_release(&secrets);
}

#define PAGE(b, cursor, ...) add_page(b, cursor, (const char *const[]){ __VA_ARGS__, NULL })

/* Twice in a page, and again in a later one. */
START_TEST(a_key_that_scan_names_again_counts_once)
{
	static struct peer peer;
	struct engine_state state;
	struct buffer *b = first_round(&peer);

	PAGE(b, "7", "p:orders:a", "p:orders:b", "p:orders:a");
	absent_round(&peer);
	b = next_round(&peer);
	add_orders(b, "1");
	add_orders(b, "2");
	PAGE(b, "18446744073709551615", NULL);
	b = next_round(&peer);
	PAGE(b, "0", "p:orders:b", "p:orders:c", "p:orders:a");
	add_orders(next_round(&peer), "3");
	read_peer(&peer, "p:", &state);
	ck_assert_msg(state.read, "%s", state.failure.text);
	ck_assert(state.alive);
	ck_assert_uint_eq(state.entries[ENTRY_ORDERS], 3);
	ck_assert_uint_eq(state.counts[ENTRY_ORDERS], 3);
	for (int i = 0; i < 3; i++)
		ck_assert(state.orders[i].counts[0] == i + 1);
	engine_state_release(&state);
}
END_TEST

/* One has gone, and the other has unknown fields. */
START_TEST(a_key_that_has_gone_is_none_and_one_with_other_fields_is_faulty)
{
	static struct peer peer;
	struct engine_state state;
	struct buffer *b = first_round(&peer);

	PAGE(b, "0", "p:route:gone", "p:route:misspelt", "p:orders:misspelt", "q:route:other", "p:", "p");
	absent_round(&peer);
	b = next_round(&peer);
	add_nils(b, 7);
	add_nils(b, 7);
	add_nils(b, 4);
	buffer_string(next_round(&peer), ":0\r\n:1\r\n:1\r\n");
	/* Once more: they might have come back. */
	b = next_round(&peer);
	buffer_string(b, ":1\r\n");
	add_nils(b, 7);
	buffer_string(b, ":1\r\n");
	add_nils(b, 4);
	read_peer(&peer, "p:", &state);
	ck_assert_msg(state.read, "%s", state.failure.text);
	ck_assert_uint_eq(state.entries[ENTRY_ROUTE], 1);
	ck_assert_uint_eq(state.faults[STATE_ENTRIES + ENTRY_ROUTE].keys, 1);
	ck_assert_str_eq(state.faults[STATE_ENTRIES + ENTRY_ROUTE].subject, "p:route:misspelt");
	ck_assert_ptr_nonnull(
	    strstr(state.faults[STATE_ENTRIES + ENTRY_ROUTE].why.text, "there is no field updated_at"));
	ck_assert_ptr_nonnull(
	    strstr(state.faults[STATE_ENTRIES + ENTRY_ORDERS].why.text, "none of the fields"));
	engine_state_release(&state);
}
END_TEST

START_TEST(the_first_fault_of_a_kind_is_told_and_the_others_counted)
{
	static const char wrong[] = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";
	static struct peer peer;
	char long_key[400] = "p:guard:symbol:";
	struct engine_state state;
	struct buffer *b = first_round(&peer);
	const struct state_fault *fault;

	memset(long_key + strlen(long_key), 'x', sizeof(long_key) - strlen(long_key) - 1);
	PAGE(b, "0", "p:route:a", "p:route:b", "p:feed:", long_key, "p:symbol:\x1b[1m\xff");
	absent_round(&peer);
	b = next_round(&peer);
	buffer_string(b, wrong);
	buffer_string(b, wrong);
	read_peer(&peer, "p:", &state);
	ck_assert_msg(state.read, "%s", state.failure.text);
	fault = &state.faults[STATE_ENTRIES + ENTRY_ROUTE];
	ck_assert_uint_eq(fault->keys, 2);
	ck_assert_str_eq(fault->subject, "p:route:a");
	ck_assert_str_eq(fault->why.text,
	    "the key is not a hash: delete it, and write it by HSET (and 1 more of this kind)");
	ck_assert_uint_eq(state.entries[ENTRY_ROUTE], 2);
	ck_assert_str_eq(state.faults[STATE_ENTRIES + ENTRY_FEED].subject, "p:feed:");
	ck_assert_str_eq(state.faults[STATE_ENTRIES + ENTRY_GUARD].subject, "a key of 399 bytes");
	ck_assert_ptr_null(strchr(state.faults[STATE_ENTRIES + ENTRY_SYMBOL].subject, 0x1b));
	engine_state_release(&state);
}
END_TEST

/* A prefix matches itself, whatever a pattern would make of it. */
START_TEST(the_prefix_is_no_pattern)
{
	static struct peer peer;
	struct engine_state state;

	PAGE(first_round(&peer), "0", "a*[b]?\\^:orders:x", "aa[b]?\\^:orders:y");
	absent_round(&peer);
	add_orders(next_round(&peer), "1");
	read_peer(&peer, "a*[b]?\\^:", &state);
	ck_assert_msg(state.read, "%s", state.failure.text);
	ck_assert_ptr_nonnull(strstr(peer.received, "a\\*\\[b\\]\\?\\\\\\^:*\r\n"));
	ck_assert_uint_eq(state.entries[ENTRY_ORDERS], 1);
	engine_state_release(&state);
}
END_TEST

static const struct {
	const char *scan; /* the answer to SCAN */
	enum failure_kind kind;
	const char *says;
} pages[] = {
	{ "*2\r\n$1\r\n0\r\n$1\r\nx\r\n", FAILURE_PROTOCOL, "SCAN: the answer is not a cursor and keys" },
	{ "*3\r\n$1\r\n0\r\n*0\r\n*0\r\n", FAILURE_PROTOCOL, "SCAN: the answer is not a cursor" },
	{ "*2\r\n:0\r\n*0\r\n", FAILURE_PROTOCOL, "SCAN: the answer is not a cursor" },
	{ "*2\r\n$24\r\n123456789012345678901234\r\n*0\r\n", FAILURE_PROTOCOL,
	    "SCAN: the answer is not a cursor" },
	{ "*2\r\n$1\r\n0\r\n*-1\r\n", FAILURE_PROTOCOL, "SCAN: the answer is not a cursor" },
	{ "*2\r\n$1\r\n0\r\n*1\r\n:1\r\n", FAILURE_PROTOCOL, "SCAN: a key is not a string" },
	{ "*2\r\n$1\r\n0\r\n*1\r\n*1\r\n*1\r\n:1\r\n", FAILURE_PROTOCOL, "nests arrays" },
	{ "*2\r\n$1\r\n0\r\n*16385\r\n", FAILURE_PROTOCOL, "more than the 16384" },
	{ "+OK\r\n", FAILURE_PROTOCOL, "SCAN: the answer is not a cursor" },
	{ "*2\r\n$1\r\n0\r\n*1\r\n", FAILURE_PROTOCOL, "closed the connection" },
	{ "-NOPERM this user has no permissions to run the 'scan' command\r\n", FAILURE_AUTH,
	    "'ACL SETUSER name +scan +hmget +exists +select ~p:*'" },
	{ "-LOADING Redis is loading the dataset in memory\r\n", FAILURE_REJECTED, "SCAN: LOADING" },
};

START_TEST(an_answer_to_scan_that_makes_no_sense_ends_it)
{
	static struct peer peer;
	struct engine_state state;

	buffer_string(first_round(&peer), pages[_i].scan);
	if (strstr(pages[_i].says, "closed") == NULL)
		absent_round(&peer);
	read_peer(&peer, "p:", &state);
	ck_assert(!state.read && !state.alive);
	ck_assert_int_eq(state.failure.kind, pages[_i].kind);
	ck_assert_msg(strstr(state.failure.text, pages[_i].says) != NULL, "%s", state.failure.text);
	engine_state_release(&state);
}
END_TEST

static const struct {
	const char *hash; /* the answer to HMGET of orders */
	enum failure_kind kind;
	const char *says;
} hashes[] = {
	{ "*3\r\n$1\r\n1\r\n$-1\r\n$-1\r\n", FAILURE_PROTOCOL, "HMGET: the answer does not have 4 values" },
	{ "*4\r\n$1\r\n1\r\n$-1\r\n$-1\r\n:1\r\n", FAILURE_PROTOCOL, "HMGET: a value is not a string" },
	{ "*4\r\n$1\r\n1\r\n$-1\r\n$-1\r\n*0\r\n", FAILURE_PROTOCOL, "HMGET: a value is not a string" },
	{ "$1\r\n1\r\n", FAILURE_PROTOCOL, "HMGET: the answer does not have 4 values" },
	{ "*-1\r\n", FAILURE_PROTOCOL, "HMGET: the answer does not have 4 values" },
	{ "*4\r\n$1\r\n1\r\n", FAILURE_PROTOCOL, "closed the connection" },
	{ "-NOPERM No permissions to access a key\r\n", FAILURE_AUTH, "HMGET 'p:orders:a': NOPERM" },
	{ "-MOVED 5 10.0.0.1:7000\r\n", FAILURE_REJECTED,
	    "HMGET 'p:orders:a': MOVED 5 10.0.0.1:7000: this is" },
};

START_TEST(an_answer_to_hmget_that_makes_no_sense_ends_it)
{
	static struct peer peer;
	struct engine_state state;

	PAGE(first_round(&peer), "0", "p:orders:a");
	absent_round(&peer);
	buffer_string(next_round(&peer), hashes[_i].hash);
	read_peer(&peer, "p:", &state);
	ck_assert(!state.read && !state.alive && state.counts[ENTRY_ORDERS] == 0);
	ck_assert_uint_eq(state.entries[ENTRY_ORDERS], 0);
	ck_assert_int_eq(state.failure.kind, hashes[_i].kind);
	ck_assert_msg(strstr(state.failure.text, hashes[_i].says) != NULL, "%s", state.failure.text);
	engine_state_release(&state);
}
END_TEST

/* Keys without end, of which each costs memory, are refused; those of others, and the bot's own, cost
 * nothing. */
START_TEST(the_number_of_keys_has_a_limit)
{
	static const char *const begin[] = { "p:guard:", "q:", "p:" };
	static struct peer peer;
	struct engine_state state;
	struct buffer *b = first_round(&peer);

	PAGE(b, "1", NULL);
	absent_round(&peer);
	for (int i = 0; i < 13; i++) {
		b = next_round(&peer);
		buffer_format(b, "*2\r\n$1\r\n%d\r\n*16000\r\n", i == 12 ? 0 : 1);
		for (int j = 0; j < 16000; j++)
			buffer_format(
			    b, "$%zu\r\n%s%08d\r\n", strlen(begin[_i]) + 8, begin[_i], i * 16000 + j);
	}
	read_peer(&peer, "p:", &state);
	ck_assert_int_eq(state.read, _i != 0);
	if (_i == 0)
		ck_assert_msg(strstr(state.failure.text,
				  "more than 200000 keys of the bot's state begin with 'p:'") != NULL,
		    "%s", state.failure.text);
	engine_state_release(&state);
}
END_TEST

static const char *const bad_prefixes[] = { "",
	" p:", "p: ", "p\n:", "p\xff:", "12345678901234567890123456789012345678901234567890123456789012345" };

START_TEST(a_prefix_is_short_and_can_be_read)
{
	struct failure why = { 0 };

	ck_assert_int_eq(engine_state_check_prefix(bad_prefixes[_i], &why), -1);
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	ck_assert_int_eq(engine_state_check_prefix(bad_prefixes[LENGTH(bad_prefixes) - 1] + 1, &why), 0);
	ck_assert_int_eq(engine_state_check_prefix("{bot}:\xec\x9b\x90", &why), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("state");
	TCase *keys = tcase_create("keys"), *hostile = tcase_create("hostile");

	(void)signal(SIGPIPE, SIG_IGN);
	tcase_set_timeout(keys, 60);
	tcase_add_test(keys, a_key_that_scan_names_again_counts_once);
	tcase_add_test(keys, a_key_that_has_gone_is_none_and_one_with_other_fields_is_faulty);
	tcase_add_test(keys, the_first_fault_of_a_kind_is_told_and_the_others_counted);
	tcase_add_test(keys, the_prefix_is_no_pattern);
	tcase_add_loop_test(keys, a_prefix_is_short_and_can_be_read, 0, LENGTH(bad_prefixes));
	tcase_set_timeout(hostile, 60);
	tcase_add_loop_test(hostile, an_answer_to_scan_that_makes_no_sense_ends_it, 0, LENGTH(pages));
	tcase_add_loop_test(hostile, an_answer_to_hmget_that_makes_no_sense_ends_it, 0, LENGTH(hashes));
	tcase_add_loop_test(hostile, the_number_of_keys_has_a_limit, 0, 3);
	suite_add_tcase(suite, keys);
	suite_add_tcase(suite, hostile);
	return run_suite(suite);
}
