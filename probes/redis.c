#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "common/connect.h"
#include "common/resolve.h"
#include "probes/redis_target.h"

enum {
	ANSWER_BYTES = 65536, /* the most that is buffered for one answer */
	QUOTED_BYTES = 200,   /* of a server's error text */
};

/* One connection that is being measured. */
struct session {
	redisContext *redis; /* non-blocking: only deadline_poll() waits */
	const struct redis_target *target;
	struct deadline deadline;
	struct failure *why;
	bool answered; /* something came back, through TLS where that is used */
};

static double
seconds_since(int64_t started_ns)
{
	return (double)(clock_now_ns() - started_ns) / 1e9;
}

const char *
redis_phase_name(enum redis_phase phase)
{
	static const char *const names[REDIS_PHASES] = { "resolve", "connect", "tls", "auth" };

	return names[phase];
}

/* What an error answer means.  The first row that begins like it counts. */
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

/*
 * `text` is the server's, and is changed: a peer may echo the password, and a
 * piece of it that is left when the text is cut could not be masked later.
 */
static int
error_answer(const struct session *s, const char *command, char *text)
{
	const struct meaning *m = meanings;
	char *values[] = { s->target->password };
	struct secrets password = { .values = values,
		.count = values[0] != NULL && values[0][0] != '\0' ? 1 : 0 };

	secrets_mask(&password, text);
	for (size_t length = strlen(text); length > 0 && text[length - 1] == '.'; length--)
		text[length - 1] = '\0';
	while (strncmp(text, m->prefix, strlen(m->prefix)) != 0)
		m++;
	if (*text == '\0')
		return failure_set(s->why, m->kind, "%s: an error without a text", command);
	return failure_set(s->why, m->kind, "%s: %.*s%s%s", command, (int)QUOTED_BYTES, text,
	    m->advice != NULL ? ": " : "", m->advice != NULL ? m->advice : "");
}

static int
broken_connection(const struct session *s, const char *command)
{
	if (s->target->tls != NULL && !s->answered)
		return redis_tls_broken(s->why);
	if (s->redis->err == REDIS_ERR_EOF)
		return failure_set(s->why, FAILURE_PROTOCOL,
		    "%s: the server closed the connection before it had answered", command);
	return failure_set(s->why, FAILURE_PROTOCOL,
	    "%s: the connection broke before the server had answered: %s", command, s->redis->errstr);
}

static int
send_command(const struct session *s, const char *command)
{
	int done = 0;

	for (;;) {
		int ready;

		if (redisBufferWrite(s->redis, &done) != REDIS_OK)
			return broken_connection(s, command);
		if (done)
			return 0;
		ready = deadline_poll(s->deadline, s->redis->fd, POLLOUT);
		if (ready <= 0)
			return failure_set(s->why, FAILURE_TIMEOUT, "%s: could not be sent in time", command);
	}
}

/*
 * Only simple strings ("+...") and errors ("-...") answer what we send.  This
 * is asked before hiredis reads the answer, so that no array, and no length
 * that a peer claims, makes it set memory aside.
 */
static int
check_first_byte(const struct session *s, const char *command)
{
	const redisReader *reader = s->redis->reader;
	unsigned char first = (unsigned char)reader->buf[reader->pos];

	if (first == '+' || first == '-')
		return 0;
	/* The record type of a TLS alert. */
	if (first == 0x15)
		return failure_set(
		    s->why, FAILURE_PROTOCOL, "%s: the peer speaks TLS: use rediss://", command);
	return failure_set(s->why, FAILURE_PROTOCOL,
	    "%s: the answer begins with byte 0x%02x, which is not Redis's: is this the right port?", command,
	    first);
}

/* One complete answer, and nothing behind it.  NULL with s->why. */
static redisReply *
read_answer(const struct session *s, const char *command)
{
	const redisReader *reader = s->redis->reader;
	void *reply = NULL;
	bool begun = false;

	while (reply == NULL) {
		/* A peer that always has one more byte must not outlast the deadline. */
		if ((begun && deadline_left_ns(s->deadline) == 0) ||
		    deadline_poll(s->deadline, s->redis->fd, POLLIN) <= 0) {
			(void)failure_set(s->why, FAILURE_TIMEOUT, "%s: no answer in time", command);
			return NULL;
		}
		if (redisBufferRead(s->redis) != REDIS_OK) {
			(void)broken_connection(s, command);
			return NULL;
		}
		if (reader->len == reader->pos)
			continue;
		if (!begun && check_first_byte(s, command) != 0)
			return NULL;
		begun = true;
		if (reader->len - reader->pos > ANSWER_BYTES) {
			(void)failure_set(s->why, FAILURE_PROTOCOL,
			    "%s: the peer answered more than %d bytes", command, (int)ANSWER_BYTES);
			return NULL;
		}
		if (redisReaderGetReply(s->redis->reader, &reply) != REDIS_OK) {
			(void)failure_set(s->why, FAILURE_PROTOCOL, "%s: %s", command, reader->errstr);
			return NULL;
		}
	}
	return reply;
}

/* 0 when the answer is "+<expected>". */
static int
check_answer(const struct session *s, const char *command, redisReply *reply, const char *expected)
{
	if (reply->type == REDIS_REPLY_ERROR)
		return error_answer(s, command, reply->str);
	if (strcmp(reply->str, expected) != 0)
		return failure_set(
		    s->why, FAILURE_PROTOCOL, "%s: the answer is not '+%s'", command, expected);
	/* What came too early could be taken for the answer to the next PING, in no time at all. */
	if (s->redis->reader->len != s->redis->reader->pos)
		return failure_set(
		    s->why, FAILURE_PROTOCOL, "%s: the peer answered more than it was asked", command);
	return 0;
}

/* Send what hiredis has buffered, await the answer.  `*seconds` is the time from the one to the other. */
static int
ask(struct session *s, const char *command, const char *expected, double *seconds)
{
	int64_t started_ns;
	redisReply *reply;
	int result;

	if (deadline_left_ns(s->deadline) == 0)
		return failure_set(s->why, FAILURE_TIMEOUT, "%s: no time left to ask", command);
	started_ns = clock_now_ns();
	if (send_command(s, command) != 0)
		return -1;
	reply = read_answer(s, command);
	*seconds = seconds_since(started_ns);
	if (reply == NULL)
		return -1;
	s->answered = true;
	result = check_answer(s, command, reply, expected);
	freeReplyObject(reply);
	return result;
}

static int
queue_failure(const struct session *s, const char *command)
{
	return failure_set(s->why, FAILURE_LOCAL, "%s: out of memory", command);
}

static int
ask_auth(struct session *s, double *seconds)
{
	const char *user = s->target->url.user, *password = s->target->password;
	int queued = user != NULL ? redisAppendCommand(s->redis, "AUTH %s %s", user, password)
				  : redisAppendCommand(s->redis, "AUTH %s", password);

	return queued == REDIS_OK ? ask(s, "AUTH", "OK", seconds) : queue_failure(s, "AUTH");
}

static int
ask_select(struct session *s, double *seconds)
{
	if (redisAppendCommand(s->redis, "SELECT %s", s->target->database) != REDIS_OK)
		return queue_failure(s, "SELECT");
	return ask(s, "SELECT", "OK", seconds);
}

static int
ask_ping(struct session *s, double *seconds)
{
	if (redisAppendCommand(s->redis, "PING") != REDIS_OK)
		return queue_failure(s, "PING");
	return ask(s, "PING", "PONG", seconds);
}

/* Log in and select: together the phase "auth". */
static int
enter(struct session *s, struct redis_result *result)
{
	double auth = 0, selected = 0;

	if (s->target->password == NULL && s->target->database == NULL)
		return 0;
	if (s->target->password != NULL && ask_auth(s, &auth) != 0)
		return -1;
	if (s->target->database != NULL && ask_select(s, &selected) != 0)
		return -1;
	result->phase_seconds[REDIS_AUTH] = auth + selected;
	return 0;
}

static void
measure(struct session *s, size_t samples, struct redis_result *result)
{
	int64_t started_ns = clock_now_ns();

	if (s->target->tls != NULL) {
		if (redis_tls_handshake(s->target->tls, s->redis, s->deadline, s->why) != 0)
			return;
		result->phase_seconds[REDIS_TLS] = seconds_since(started_ns);
	}
	if (enter(s, result) != 0)
		return;
	while (result->ping_count < samples && ask_ping(s, &result->ping_seconds[result->ping_count]) == 0)
		result->ping_count++;
}

/* A connected socket, or -1 with result->failure. */
static int
reach(const struct redis_target *target, struct deadline deadline, struct redis_result *result)
{
	int64_t started_ns = clock_now_ns();
	struct addrinfo *addresses = NULL;
	int fd;

	if (target->url.host[0] == '\0') {
		fd = connect_unix(target->url.path, deadline, &result->failure);
	} else {
		if (resolve(target->url.host, target->url.port, deadline, &addresses, &result->failure) != 0)
			return -1;
		result->phase_seconds[REDIS_RESOLVE] = seconds_since(started_ns);
		started_ns = clock_now_ns();
		fd = connect_tcp(addresses, deadline, &result->failure);
		freeaddrinfo(addresses);
	}
	if (fd >= 0)
		result->phase_seconds[REDIS_CONNECT] = seconds_since(started_ns);
	return fd;
}

void
redis_probe(
    const struct redis_target *target, size_t samples, struct deadline deadline, struct redis_result *result)
{
	struct session s = { .target = target, .deadline = deadline, .why = &result->failure };
	int fd;

	result->failure = (struct failure){ 0 };
	result->ping_count = 0;
	for (int phase = 0; phase < REDIS_PHASES; phase++)
		result->phase_seconds[phase] = -1;
	fd = reach(target, deadline, result);
	if (fd < 0)
		return;
	s.redis = redisConnectFd(fd);
	if (s.redis == NULL) {
		(void)failure_set(s.why, FAILURE_LOCAL, "out of memory");
		(void)close(fd);
		return;
	}
	s.redis->flags &= ~REDIS_BLOCK;
	measure(&s, samples, result);
	redisFree(s.redis);
}
