/*
 * The commands go into the output buffer of hiredis, which grows in memory and does not touch the network.
 * Only tell_end() writes, and only tell_begin() reads, and neither waits: the socket does not block.
 */

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <hiredis/hiredis.h>

#include "examples/tell.h"

enum { LINE = 512, PATIENCE = 3 /* seconds */ };

/* Both are the contract's: a field is called after its bound, and another bound would be an unknown field. */
static const double bounds[TELL_BOUNDS] = { 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
	0.1, 0.25, 0.5, 1, 2.5, 5, 10 };
static const char *const fields[TELL_BOUNDS + 1] = { "le_0.0001", "le_0.00025", "le_0.0005", "le_0.001",
	"le_0.0025", "le_0.005", "le_0.01", "le_0.025", "le_0.05", "le_0.1", "le_0.25", "le_0.5", "le_1",
	"le_2.5", "le_5", "le_10", "le_inf" };

static void
forget(struct teller *t)
{
	if (t->redis != NULL)
		redisFree(t->redis);
	t->redis = NULL;
	t->unanswered = 0;
}

/* A connection after an error is useless to hiredis.  What it had not sent is lost: counters then miss a
 * little, which is better than a loop that waits. */
static int
drop(struct teller *t, const char *error)
{
	(void)snprintf(t->error, sizeof(t->error), "%s", error);
	forget(t);
	t->retry_at = time(NULL) + 1;
	return -1;
}

static void __attribute__((format(printf, 2, 3))) append(struct teller *t, const char *format, ...)
{
	va_list arguments;

	if (t->redis == NULL)
		return;
	va_start(arguments, format);
	if (redisvAppendCommand(t->redis, format, arguments) == REDIS_OK)
		t->unanswered++;
	va_end(arguments);
}

/* The connection is made while the loop works; the commands of the first loops wait in the buffer. */
static int
connect_again(struct teller *t)
{
	if (time(NULL) < t->retry_at)
		return 0;
	t->redis = redisConnectNonBlock(t->host, t->port);
	if (t->redis == NULL || t->redis->err != 0)
		return drop(t, t->redis == NULL ? "out of memory" : t->redis->errstr);
	t->answer_at = time(NULL);
	if (t->password != NULL && t->user != NULL)
		append(t, "AUTH %s %s", t->user, t->password);
	else if (t->password != NULL)
		append(t, "AUTH %s", t->password);
	if (t->database != 0)
		append(t, "SELECT %d", t->database);
	return 0;
}

/* Those answers that come within `ms`.  After one that is an error the connection can stay: Redis did the
 * other commands. */
static int
take_answers(struct teller *t, int ms)
{
	redisReply *reply;

	while (t->unanswered > 0) {
		if (redisGetReply(t->redis, (void **)&reply) != REDIS_OK)
			return drop(t, t->redis->errstr);
		if (reply != NULL) {
			if (reply->type == REDIS_REPLY_ERROR)
				(void)snprintf(t->error, sizeof(t->error), "%s", reply->str);
			freeReplyObject(reply);
			t->unanswered--;
			t->answer_at = time(NULL);
		} else if (poll(&(struct pollfd){ .fd = t->redis->fd, .events = POLLIN }, 1, ms) <= 0) {
			break;
		} else if (redisBufferRead(t->redis) != REDIS_OK) {
			return drop(t, t->redis->errstr);
		}
	}
	return t->error[0] == '\0' ? 0 : -1;
}

int
tell_begin(struct teller *t)
{
	t->error[0] = '\0';
	if (t->redis == NULL)
		return connect_again(t);
	if (t->unanswered == 0)
		t->answer_at = time(NULL);
	if (take_answers(t, 0) != 0)
		return -1;
	return t->unanswered > 0 && time(NULL) - t->answer_at > PATIENCE
		   ? drop(t, "there is no answer for some seconds")
		   : 0;
}

void
tell_state(struct teller *t, const char *key, const char *format, ...)
{
	char line[LINE];
	va_list arguments;

	/* hiredis puts each %s in as one argument, so blanks in a value do no harm. */
	va_start(arguments, format);
	(void)snprintf(line, sizeof(line), "HSET %s%s %s", t->prefix, key, format);
	if (t->redis != NULL && redisvAppendCommand(t->redis, line, arguments) == REDIS_OK)
		t->unanswered++;
	va_end(arguments);
}

void
tell_count(struct teller *t, const char *key, const char *field, long more)
{
	/* HINCRBY and not HSET: counts go on over restarts of the bot. */
	append(t, "HINCRBY %s%s %s %ld", t->prefix, key, field, more);
}

void
tell_gone(struct teller *t, const char *key)
{
	append(t, "DEL %s%s", t->prefix, key);
}

int
tell_end(struct teller *t)
{
	int sent;

	/* What a full socket does not take goes with the next loop's. */
	if (t->redis != NULL && redisBufferWrite(t->redis, &sent) != REDIS_OK)
		return drop(t, t->redis->errstr);
	return 0;
}

void
tell_observe(struct tell_times *times, double seconds)
{
	size_t i = 0;

	while (i < TELL_BOUNDS && seconds > bounds[i])
		i++;
	times->counts[i]++;
	times->sum += seconds;
}

void
tell_times(struct teller *t, const char *key, struct tell_times *times)
{
	for (size_t i = 0; i <= TELL_BOUNDS; i++)
		if (times->counts[i] != 0)
			tell_count(t, key, fields[i], times->counts[i]);
	/* Whole microseconds, since HINCRBYFLOAT would add up its rounding errors. */
	tell_count(t, key, "sum_us", (long)(times->sum * 1e6 + 0.5));
	memset(times, 0, sizeof(*times));
}

void
tell_close(struct teller *t)
{
	/* A connection that is closed with answers unread may lose what was sent last. */
	if (t->redis != NULL && tell_end(t) == 0)
		(void)take_answers(t, 1000);
	forget(t);
}
