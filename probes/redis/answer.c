/*
 * Sending to Redis and reading its answers, without trust in the peer.  hiredis believes what a
 * peer announces: it would set memory aside for an array of a thousand million elements.  So the
 * first byte of an answer is checked before hiredis sees any of it, all bytes are counted as they
 * come, and every wait ends at the deadline.  A long array is taken element by element by functions
 * of our own, because hiredis would build a tree of all of it.  Error texts are masked before they
 * are cut: half a password could not be found any more.
 */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "probes/redis/session.h"

enum {
	ANSWER_BYTES = 65536, /* the most that is buffered for one answer, or for one element of it */
	QUOTED_BYTES = 200,   /* of a server's error text */
};

/* How an answer may look. */
struct expected {
	const char *first_bytes;
	size_t bytes_max;
};

/* What an error answer means.  The first row that begins like it counts; the last row begins like all. */
static const struct meaning {
	const char *prefix;
	enum failure_kind kind;
	const char *advice;
} meanings[] = {
	{ "NOAUTH", FAILURE_AUTH,
	    "the server wants a password: give it in the URL, REDIS_PASSWORD or REDIS_PASSWORD_FILE" },
	{ "WRONGPASS", FAILURE_AUTH, "check the user and the password" },
	{ "NOPERM", FAILURE_AUTH,
	    "give the user the right to this command, as in 'ACL SETUSER name +ping +select'" },
	{ "ERR invalid password", FAILURE_AUTH, "check the password" },
	{ "ERR operation not permitted", FAILURE_AUTH, "the server wants a password" },
	{ "ERR AUTH", FAILURE_AUTH, "the server has no password set: leave it out, or set it there" },
	{ "ERR Client sent AUTH", FAILURE_AUTH,
	    "the server has no password set: leave it out, or set it there" },
	{ "ERR wrong number of arguments for 'auth'", FAILURE_AUTH,
	    "servers before Redis 6 know no users: leave the user out" },
	{ "WRONGTYPE", FAILURE_REJECTED, "the key holds something else: was another one meant?" },
	{ "LOADING", FAILURE_REJECTED, "the server still reads its data from disk" },
	{ "MASTERDOWN", FAILURE_REJECTED, "a replica that has lost its master, and must not serve old data" },
	{ "BUSY", FAILURE_REJECTED, "a script runs for too long: SCRIPT KILL ends it" },
	{ "MISCONF", FAILURE_REJECTED, "the server cannot save its data: look at its disk and its log" },
	{ "DENIED", FAILURE_REJECTED,
	    "set a password on the server, or let it listen on this machine's side only" },
	{ "ERR max number of clients", FAILURE_REJECTED,
	    "raise maxclients, or look for clients that leak connections" },
	{ "ERR DB index", FAILURE_REJECTED, "check the database's number in the URL" },
	{ "", FAILURE_REJECTED, NULL },
};

void
redis_session_mask(const struct redis_session *s, char *text)
{
	/* A probe does not know the program's secrets, but this one can come back in an answer. */
	char *values[] = { s->target->password };
	struct secrets password = { .values = values,
		.count = values[0] != NULL && values[0][0] != '\0' ? 1 : 0 };

	secrets_mask(&password, text);
}

/* `text` is changed: a peer may echo the password, which must be masked before the text is cut. */
static int
error_answer(const struct redis_session *s, const char *command, char *text)
{
	const struct meaning *m = meanings;
	const char *advice;

	redis_session_mask(s, text);
	/* The sentence goes on with our advice, so it must not end here. */
	for (size_t length = strlen(text); length > 0 && text[length - 1] == '.'; length--)
		text[length - 1] = '\0';
	/* This ends at the last row at the latest, whose prefix is empty. */
	while (strncmp(text, m->prefix, strlen(m->prefix)) != 0)
		m++;
	if (*text == '\0')
		return failure_set(s->why, m->kind, "%s: an error without a text", command);
	advice = s->rights != NULL && strcmp(m->prefix, "NOPERM") == 0 ? s->rights : m->advice;
	return failure_set(s->why, m->kind, "%s: %.*s%s%s%s", command, (int)QUOTED_BYTES, text,
	    strlen(text) > QUOTED_BYTES ? "..." : "", advice != NULL ? ": " : "",
	    advice != NULL ? advice : "");
}

static int
broken_connection(const struct redis_session *s, const char *command)
{
	/* With TLS 1.3 a server refuses our certificate only now. */
	if (s->target->tls != NULL && !s->answered)
		return redis_tls_broken(s->why);
	if (s->redis->err == REDIS_ERR_EOF)
		return failure_set(s->why, FAILURE_PROTOCOL,
		    "%s: the server closed the connection before it had answered", command);
	return failure_set(s->why, FAILURE_PROTOCOL,
	    "%s: the connection broke before the server had answered: %s", command, s->redis->errstr);
}

/* Our own side: memory or file descriptors. */
static int
poll_failed(const struct redis_session *s, const char *command)
{
	return failure_set(s->why, FAILURE_LOCAL, "%s: poll: %s", command, strerror(errno));
}

static int
send_command(const struct redis_session *s, const char *command)
{
	int done = 0;

	for (;;) {
		int ready;

		if (redisBufferWrite(s->redis, &done) != REDIS_OK)
			return broken_connection(s, command);
		if (done)
			return 0;
		ready = deadline_poll(s->deadline, s->redis->fd, POLLOUT);
		if (ready < 0)
			return poll_failed(s, command);
		if (ready == 0)
			return failure_set(s->why, FAILURE_TIMEOUT, "%s: could not be sent in time", command);
	}
}

/*
 * Whether the answer is of a kind that answers what we sent.  This is asked
 * before hiredis reads it, so that no array, and no length that a peer claims,
 * makes it set memory aside.
 */
static int
check_first_byte(const struct redis_session *s, const char *command, const struct expected *expected)
{
	const redisReader *reader = s->redis->reader;
	unsigned char first = (unsigned char)reader->buf[reader->pos];

	if (first != '\0' && strchr(expected->first_bytes, first) != NULL)
		return 0;
	/* The record type of a TLS alert. */
	if (first == 0x15)
		return failure_set(
		    s->why, FAILURE_PROTOCOL, "%s: the peer speaks TLS: use rediss://", command);
	return failure_set(s->why, FAILURE_PROTOCOL,
	    "%s: the answer begins with byte 0x%02x, which is not Redis's: is this the right port?", command,
	    first);
}

static int
too_long(const struct redis_session *s, const char *command, size_t most)
{
	return failure_set(
	    s->why, FAILURE_PROTOCOL, "%s: the peer answered more than %zu bytes", command, most);
}

/* What there is of an answer goes to hiredis; `*reply` is not NULL when it was all. */
static int
parse_answer(const struct redis_session *s, const char *command, void **reply)
{
	redisReader *reader = s->redis->reader;

	/* When a function of ours gives up it has said why; hiredis would call that lack of memory. */
	if (redisReaderGetReply(reader, reply) != REDIS_OK)
		return s->why->kind != FAILURE_NONE
			   ? -1
			   : failure_set(s->why, FAILURE_PROTOCOL, "%s: %s", command, reader->errstr);
	/* A line may have no end, and hiredis would collect it for ever. */
	if (*reply == NULL && reader->len - reader->pos > ANSWER_BYTES)
		return too_long(s, command, ANSWER_BYTES);
	return 0;
}

/* One complete answer.  NULL with s->why. */
static void *
read_answer(const struct redis_session *s, const char *command, const struct expected *expected)
{
	const redisReader *reader = s->redis->reader;
	size_t received = 0;
	void *reply = NULL;

	while (reply == NULL) {
		size_t before = reader->len;
		int ready = deadline_poll(s->deadline, s->redis->fd, POLLIN);

		if (ready < 0) {
			(void)poll_failed(s, command);
			return NULL;
		}
		/* A peer that always has one more byte must not outlast the deadline. */
		if (ready == 0 || (received > 0 && deadline_left_ns(s->deadline) == 0)) {
			(void)failure_set(s->why, FAILURE_TIMEOUT, "%s: no answer in time", command);
			return NULL;
		}
		if (redisBufferRead(s->redis) != REDIS_OK) {
			(void)broken_connection(s, command);
			return NULL;
		}
		/* Only a part of a TLS record came, which gives no text yet. */
		if (reader->len == before)
			continue;
		if (received == 0 && check_first_byte(s, command, expected) != 0)
			return NULL;
		received += reader->len - before;
		if (received > expected->bytes_max) {
			(void)too_long(s, command, expected->bytes_max);
			return NULL;
		}
		if (parse_answer(s, command, &reply) != 0)
			return NULL;
	}
	return reply;
}

/* What came too early could be taken for the answer to the next command, in no time at all. */
static int
check_end(const struct redis_session *s, const char *command)
{
	if (s->redis->reader->len == s->redis->reader->pos)
		return 0;
	return failure_set(s->why, FAILURE_PROTOCOL, "%s: the peer answered more than it was asked", command);
}

/* 0 when the answer is "+<expected>". */
static int
check_answer(const struct redis_session *s, const char *command, redisReply *reply, const char *expected)
{
	if (reply->type == REDIS_REPLY_ERROR)
		return error_answer(s, command, reply->str);
	if (strcmp(reply->str, expected) != 0)
		return failure_set(
		    s->why, FAILURE_PROTOCOL, "%s: the answer is not '+%s'", command, expected);
	return check_end(s, command);
}

int
redis_session_ask(struct redis_session *s, const char *command, const char *expected, double *seconds)
{
	static const struct expected simple = { "+-", ANSWER_BYTES };
	int64_t started_ns;
	redisReply *reply;
	int result;

	if (deadline_left_ns(s->deadline) == 0)
		return failure_set(s->why, FAILURE_TIMEOUT, "%s: no time left to ask", command);
	started_ns = clock_now_ns();
	if (send_command(s, command) != 0)
		return -1;
	reply = read_answer(s, command, &simple);
	/* The time includes the sending: that is what a client waits for. */
	*seconds = clock_seconds_since(started_ns);
	if (reply == NULL)
		return -1;
	s->answered = true;
	result = check_answer(s, command, reply, expected);
	freeReplyObject(reply);
	return result;
}

/* An array under way. */
struct element_reader {
	const struct redis_elements *elements;
	struct failure *why;
	size_t count; /* as announced */
	size_t taken;
	char *error; /* what came instead; owned */
};

/* Debian 12 has hiredis 0.14, Debian 13 has 1.x. */
#if HIREDIS_MAJOR < 1
typedef int element_count;
#else
typedef size_t element_count;
#endif

static void *
not_a_string(const struct element_reader *t)
{
	if (t->why->kind == FAILURE_NONE)
		(void)failure_set(t->why, FAILURE_PROTOCOL, "the answer is not an array of strings");
	return NULL;
}

/* hiredis stops where one of these returns NULL.  Anything else it keeps, but never looks into. */
static void *
read_array(const redisReadTask *task, element_count count)
{
	struct element_reader *t = task->privdata;

	/* It is inside another array. */
	if (task->parent != NULL)
		return not_a_string(t);
	t->count = (size_t)count;
	return t->elements->begin(t->elements->context, t->count, t->why) == 0 ? t : NULL;
}

static void *
read_string(const redisReadTask *task, char *text, size_t length)
{
	struct element_reader *t = task->privdata;

	if (task->parent == NULL && task->type == REDIS_REPLY_ERROR) {
		t->error = strndup(text, length);
		return t->error != NULL ? t : NULL;
	}
	if (task->parent == NULL || task->type != REDIS_REPLY_STRING)
		return not_a_string(t);
	return t->elements->element(
		   t->elements->context, t->taken++, (struct slice){ text, length }, t->why) == 0
		   ? t
		   : NULL;
}

static void *
read_integer(const redisReadTask *task, long long value)
{
	(void)value;
	return not_a_string(task->privdata);
}

static void *
read_nil(const redisReadTask *task)
{
	return not_a_string(task->privdata);
}

static void
forget(void *object)
{
	(void)object;
}

/* They replace hiredis's own, which build a tree and set aside what an inner array claims. */
static redisReplyObjectFunctions taking_functions = {
	.createString = read_string,
	.createArray = read_array,
	.createInteger = read_integer,
	.createNil = read_nil,
	.freeObject = forget,
};

int
redis_session_elements(struct redis_session *s, const char *command, const struct redis_elements *elements)
{
	const struct expected array = { "*-", elements->bytes_max };
	struct element_reader t = { .elements = elements, .why = s->why };
	int result = -1;

	if (deadline_left_ns(s->deadline) == 0)
		return failure_set(s->why, FAILURE_TIMEOUT, "%s: no time left to ask", command);
	/* hiredis keeps these pointers, one of them to our stack: so nothing may be asked after this. */
	s->redis->reader->fn = &taking_functions;
	s->redis->reader->privdata = &t;
	if (send_command(s, command) == 0 && read_answer(s, command, &array) != NULL) {
		if (t.error != NULL)
			result = error_answer(s, command, t.error);
		/* Newer types of the protocol have no function here, and so nobody counted them. */
		else if (t.taken != t.count)
			(void)not_a_string(&t);
		else
			result = check_end(s, command);
	}
	free(t.error);
	return result;
}
