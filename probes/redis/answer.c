/*
 * Sending to Redis and reading its answers, without trust in the peer.  hiredis believes what a
 * peer announces: it would set memory aside for an array of a thousand million elements.  So the
 * first byte of an answer is checked before hiredis sees any of it, all bytes are counted as they
 * come, and every wait ends at the deadline.  Of an array, hiredis asks us before it sets memory
 * aside.  Error texts are masked before they are cut: half a password could not be found any more.
 */

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "probes/redis/session.h"

enum {
	ANSWER_BYTES = 65536, /* the most that is buffered for one answer, or for one element of it */
	ANSWER_LINE = 512,    /* of an error that nobody asked for */
	QUOTED_BYTES = 200,   /* of a server's error text */
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
	/* A command of more than ten words before AUTH. */
	{ "ERR Protocol error: unauthenticated", FAILURE_AUTH,
	    "the server wants a password: give it in the URL, REDIS_PASSWORD or REDIS_PASSWORD_FILE" },
	{ "ERR AUTH", FAILURE_AUTH, "the server has no password set: leave it out, or set it there" },
	{ "ERR Client sent AUTH", FAILURE_AUTH,
	    "the server has no password set: leave it out, or set it there" },
	{ "ERR wrong number of arguments for 'auth'", FAILURE_AUTH,
	    "servers before Redis 6 know no users: leave the user out" },
	{ "WRONGTYPE", FAILURE_REJECTED, "the key holds something else: was another one meant?" },
	{ "MOVED", FAILURE_REJECTED,
	    "this is a node of a Redis Cluster, and another node has the key: give the address of that node, and one {tag} to the names of all keys, or use a Redis without a cluster" },
	{ "ASK ", FAILURE_REJECTED,
	    "this is a node of a Redis Cluster, and the key is on its way to another node: give the address of that node" },
	{ "CLUSTERDOWN", FAILURE_REJECTED,
	    "this is a node of a Redis Cluster that has no node for the key: look at CLUSTER INFO, or use a Redis without a cluster" },
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

/* To `what`, a command or a key.  `text` is changed: a peer may echo the password, which must be masked
 * before the text is cut. */
static int
explain(const struct redis_session *s, const char *what, char *text, struct failure *why)
{
	const struct meaning *m = meanings;
	const char *advice;

	/* This ends at the last row at the latest, whose prefix is empty. */
	while (strncmp(text, m->prefix, strlen(m->prefix)) != 0)
		m++;
	redis_session_mask(s, text);
	/* The sentence goes on with our advice, so it must not end here. */
	for (size_t length = strlen(text); length > 0 && text[length - 1] == '.'; length--)
		text[length - 1] = '\0';
	if (*text == '\0')
		return failure_set(why, m->kind, "%s: an error without a text", what);
	advice = s->rights != NULL && strcmp(m->prefix, "NOPERM") == 0 ? s->rights : m->advice;
	return failure_set(why, m->kind, "%s: %.*s%s%s%s", what, (int)QUOTED_BYTES, text,
	    strlen(text) > QUOTED_BYTES ? "..." : "", advice != NULL ? ": " : "",
	    advice != NULL ? advice : "");
}

static int
error_answer(const struct redis_session *s, char *text)
{
	return explain(s, s->command, text, s->why);
}

int
redis_session_error(
    const struct redis_session *s, const redisReply *error, const char *what, struct failure *why)
{
	return explain(s, what, error->str, why);
}

static int
broken_connection(const struct redis_session *s)
{
	/* With TLS 1.3 a server refuses our certificate only now. */
	if (s->target->tls != NULL && !s->answered)
		return redis_tls_broken(s->why);
	if (s->redis->err == REDIS_ERR_EOF)
		return failure_set(s->why, FAILURE_PROTOCOL,
		    "%s: the server closed the connection before it had answered", s->command);
	return failure_set(s->why, FAILURE_PROTOCOL,
	    "%s: the connection broke before the server had answered: %s", s->command, s->redis->errstr);
}

/* A server that refuses us says why and hangs up.  Over a Unix socket our command then fails, and the reason
 * stands in the socket. */
static int
refused_unasked(const struct redis_session *s)
{
	char text[ANSWER_LINE];
	ssize_t length = s->target->tls == NULL ? recv(s->redis->fd, text, sizeof(text), MSG_DONTWAIT) : -1;
	char *end = length > 1 && text[0] == '-' ? memchr(text, '\r', (size_t)length) : NULL;

	/* Half a line may hold half a password. */
	if (end == NULL)
		return broken_connection(s);
	*end = '\0';
	return error_answer(s, text + 1);
}

/* Our own side: memory or file descriptors. */
static int
poll_failed(const struct redis_session *s)
{
	return failure_set(s->why, FAILURE_LOCAL, "%s: poll: %s", s->command, strerror(errno));
}

static int
send_command(const struct redis_session *s)
{
	int done = 0;

	for (;;) {
		int ready;

		if (redisBufferWrite(s->redis, &done) != REDIS_OK)
			return refused_unasked(s);
		if (done)
			return 0;
		ready = deadline_poll(s->deadline, s->redis->fd, POLLOUT);
		if (ready < 0)
			return poll_failed(s);
		if (ready == 0)
			return failure_set(
			    s->why, FAILURE_TIMEOUT, "%s: could not be sent in time", s->command);
	}
}

/*
 * Whether the answer is of a kind that answers what we sent.  This is asked
 * before hiredis reads it, so that no array, and no length that a peer claims,
 * makes it set memory aside.
 */
static int
check_first_byte(const struct redis_session *s, const char *first_bytes)
{
	const redisReader *reader = s->redis->reader;
	unsigned char first = (unsigned char)reader->buf[reader->pos];

	if (first != '\0' && strchr(first_bytes, first) != NULL)
		return 0;
	/* The record type of a TLS alert. */
	if (first == 0x15)
		return failure_set(
		    s->why, FAILURE_PROTOCOL, "%s: the peer speaks TLS: use rediss://", s->command);
	return failure_set(s->why, FAILURE_PROTOCOL,
	    "%s: the answer begins with byte 0x%02x, which is not Redis's: is this the right port?",
	    s->command, first);
}

static int
too_long(const struct redis_session *s, size_t most)
{
	return failure_set(
	    s->why, FAILURE_PROTOCOL, "%s: the peer answered more than %zu bytes", s->command, most);
}

/* What there is of an answer goes to hiredis; `*reply` is not NULL when it was all. */
static int
parse_answer(const struct redis_session *s, void **reply)
{
	redisReader *reader = s->redis->reader;

	/* When create_array() gives up it has said why; hiredis would call that lack of memory. */
	if (redisReaderGetReply(reader, reply) != REDIS_OK)
		return s->why->kind != FAILURE_NONE
			   ? -1
			   : failure_set(s->why, FAILURE_PROTOCOL, "%s: %s", s->command, reader->errstr);
	return 0;
}

/* Wait for bytes and give them to hiredis.  When `begun`, time must be left: a peer that always has one more
 * byte must not outlast the deadline. */
static int
read_more(const struct redis_session *s, bool begun)
{
	int ready = deadline_poll(s->deadline, s->redis->fd, POLLIN);

	if (ready < 0)
		return poll_failed(s);
	if (ready == 0 || (begun && deadline_left_ns(s->deadline) == 0))
		return failure_set(s->why, FAILURE_TIMEOUT, "%s: no answer in time", s->command);
	return redisBufferRead(s->redis) == REDIS_OK ? 0 : broken_connection(s);
}

/* Send a command and read one complete answer, which the caller frees. */
static int
ask(const struct redis_session *s, const char *first_bytes, size_t bytes_max, const char *format,
    va_list arguments, redisReply **reply)
{
	const redisReader *reader = s->redis->reader;
	size_t received = 0;
	void *read = NULL;

	if (deadline_left_ns(s->deadline) == 0)
		return failure_set(s->why, FAILURE_TIMEOUT, "%s: no time left to ask", s->command);
	if (redisvAppendCommand(s->redis, format, arguments) != REDIS_OK)
		return failure_set(s->why, FAILURE_LOCAL, "%s: out of memory", s->command);
	if (send_command(s) != 0)
		return -1;
	while (read == NULL) {
		size_t before = reader->len;

		if (read_more(s, received > 0) != 0)
			return -1;
		/* Only a part of a TLS record came, which gives no text yet. */
		if (reader->len == before)
			continue;
		if (received == 0 && check_first_byte(s, first_bytes) != 0)
			return -1;
		received += reader->len - before;
		if (received > bytes_max)
			return too_long(s, bytes_max);
		if (parse_answer(s, &read) != 0)
			return -1;
		/* A line may have no end, and hiredis would collect it for ever. */
		if (read == NULL && reader->len - reader->pos > ANSWER_BYTES)
			return too_long(s, ANSWER_BYTES);
	}
	*reply = read;
	return 0;
}

/* What came too early could be taken for the answer to the next command, in no time at all. */
static int
check_end(const struct redis_session *s)
{
	if (s->redis->reader->len == s->redis->reader->pos)
		return 0;
	return failure_set(
	    s->why, FAILURE_PROTOCOL, "%s: the peer answered more than it was asked", s->command);
}

/* 0 when the answer is "+<expected>". */
static int
check_answer(const struct redis_session *s, redisReply *reply, const char *expected)
{
	if (reply->type == REDIS_REPLY_ERROR)
		return error_answer(s, reply->str);
	if (strcmp(reply->str, expected) != 0)
		return failure_set(
		    s->why, FAILURE_PROTOCOL, "%s: the answer is not '+%s'", s->command, expected);
	return check_end(s);
}

int
redis_session_ask(struct redis_session *s, const char *command, const char *expected, double *seconds,
    const char *format, ...)
{
	int64_t started_ns = clock_now_ns();
	redisReply *reply = NULL;
	va_list arguments;
	int result;

	s->command = command;
	va_start(arguments, format);
	result = ask(s, "+-", ANSWER_BYTES, format, arguments, &reply);
	va_end(arguments);
	/* The time includes the sending: that is what a client waits for. */
	*seconds = clock_seconds_since(started_ns);
	if (result == 0) {
		s->answered = true;
		result = check_answer(s, reply, expected);
	}
	freeReplyObject(reply);
	return result;
}

/* Debian 12 has hiredis 0.14, Debian 13 has 1.x. */
#if HIREDIS_MAJOR < 1
typedef int element_count;
#else
typedef size_t element_count;
#endif

/* What is let through of the array that hiredis reads. */
struct array_limits {
	size_t most;
	int levels;           /* of arrays in arrays: 1 or 3 */
	const char *too_many; /* NULL: no answer of a server's */
	const struct redis_session *s;
	void *(*create)(const redisReadTask *, element_count); /* hiredis's own */
};

static int
not_strings(struct failure *why)
{
	return failure_set(why, FAILURE_PROTOCOL, "the answer is not an array of strings");
}

/* It stands before hiredis's own function, which sets aside what a peer claims, in an inner array too. */
static void *
create_array(const redisReadTask *task, element_count count)
{
	const struct array_limits *limits = task->privdata;
	const struct redis_session *s = limits->s;

	if (task->parent != NULL && limits->levels == 1)
		(void)not_strings(s->why);
	else if (task->parent != NULL && task->parent->parent != NULL && task->parent->parent->parent != NULL)
		(void)failure_set(
		    s->why, FAILURE_PROTOCOL, "%s: the answer nests arrays too deeply", s->command);
	else if ((size_t)count > limits->most && limits->too_many == NULL)
		(void)failure_set(s->why, FAILURE_PROTOCOL,
		    "%s: the answer announces an array of %zu elements, more than the %zu that it can have",
		    s->command, (size_t)count, limits->most);
	else if ((size_t)count > limits->most)
		(void)failure_set(s->why, FAILURE_REJECTED, "%s", limits->too_many);
	else
		return limits->create(task, count);
	return NULL;
}

static int
check_strings(const struct redis_session *s, redisReply *reply)
{
	if (reply->type == REDIS_REPLY_ERROR)
		return error_answer(s, reply->str);
	if (reply->type != REDIS_REPLY_ARRAY)
		return not_strings(s->why);
	for (size_t i = 0; i < (size_t)reply->elements; i++)
		if (reply->element[i]->type != REDIS_REPLY_STRING)
			return not_strings(s->why);
	return check_end(s);
}

redisReply *
redis_session_array(struct redis_session *s, const char *command, size_t most, const char *too_many,
    size_t bytes_max, const char *format, ...)
{
	redisReader *reader = s->redis->reader;
	redisReplyObjectFunctions *own = reader->fn, functions = *own;
	struct array_limits limits = { most, 1, too_many, s, own->createArray };
	redisReply *reply = NULL;
	va_list arguments;
	int result;

	s->command = command;
	functions.createArray = create_array;
	reader->fn = &functions;
	reader->privdata = &limits;
	va_start(arguments, format);
	result = ask(s, "*-", bytes_max, format, arguments, &reply);
	va_end(arguments);
	reader->fn = own;
	if (result == 0 && reply != NULL && check_strings(s, reply) == 0)
		return reply;
	freeReplyObject(reply);
	return NULL;
}

/* Pipelines ---------------------------------------------------------- */

int
redis_session_append(struct redis_session *s, const char *format, ...)
{
	va_list arguments;
	int result;

	va_start(arguments, format);
	result = redisvAppendCommand(s->redis, format, arguments);
	va_end(arguments);
	if (result != REDIS_OK)
		return failure_set(s->why, FAILURE_LOCAL, "out of memory");
	s->unsent++;
	return 0;
}

int
redis_session_send(struct redis_session *s, const char *command, size_t most, size_t bytes_max)
{
	s->command = command;
	s->most = most;
	s->bytes_max = bytes_max;
	s->received = 0;
	s->awaited += s->unsent;
	s->unsent = 0;
	if (deadline_left_ns(s->deadline) == 0)
		return failure_set(s->why, FAILURE_TIMEOUT, "%s: no time left to ask", s->command);
	return send_command(s);
}

/* Reads bytes that came with an earlier answer first, then new ones.  Unlike hiredis's own call it counts and
 * waits. */
static int
read_answer(struct redis_session *s, void **reply)
{
	const redisReader *reader = s->redis->reader;

	for (;;) {
		size_t before;

		if (parse_answer(s, reply) != 0)
			return -1;
		if (*reply != NULL)
			return 0;
		before = reader->len;
		if (read_more(s, true) != 0)
			return -1;
		s->received += reader->len - before;
		if (s->received > s->bytes_max)
			return too_long(s, s->bytes_max);
	}
}

int
redis_session_next(struct redis_session *s, redisReply **reply)
{
	redisReader *reader = s->redis->reader;
	redisReplyObjectFunctions *own = reader->fn, functions = *own;
	struct array_limits limits = { s->most, 3, NULL, s, own->createArray };
	void *read = NULL;
	int result;

	assert(s->awaited > 0);
	functions.createArray = create_array;
	reader->fn = &functions;
	reader->privdata = &limits;
	result = read_answer(s, &read);
	reader->fn = own;
	if (result != 0)
		return -1;
	s->answered = true;
	if (--s->awaited == 0 && s->unsent == 0 && check_end(s) != 0) {
		freeReplyObject(read);
		return -1;
	}
	*reply = read;
	return 0;
}
