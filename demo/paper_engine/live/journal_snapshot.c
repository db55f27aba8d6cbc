#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "common/text/slice.h"
#include "demo/paper_engine/core/engine.h"
#include "demo/paper_engine/live/journal_snapshot.h"

enum { KEY = 96, FIELDS_MOST = SYMBOLS_MOST + 1, SNAPSHOT_MOST = 16 << 20 };

static int
fail(struct snapshots *s, const char *message, struct failure *why)
{
	(void)failure_set(why, FAILURE_CONNECT, "Redis at %s:%d: %s", s->host, s->port, message);
	snapshots_close(s);
	return -1;
}

void
snapshots_close(struct snapshots *s)
{
	if (s->redis != NULL)
		redisFree(s->redis);
	s->redis = NULL;
}

/* The answer to what was appended before, or to `format`; the caller's to free.  NULL with `why`. */
static redisReply *
answer(struct snapshots *s, struct failure *why)
{
	redisReply *reply;

	if (redisGetReply(s->redis, (void **)&reply) != REDIS_OK) {
		bool late = s->redis->err == REDIS_ERR_IO && errno == EAGAIN;

		(void)fail(s, late ? "it does not answer" : s->redis->errstr, why);
		return NULL;
	}
	if (reply->type != REDIS_REPLY_ERROR)
		return reply;
	(void)fail(s, reply->str, why);
	freeReplyObject(reply);
	return NULL;
}

static int
expect_no_error(struct snapshots *s, struct failure *why)
{
	redisReply *reply = answer(s, why);

	if (reply != NULL)
		freeReplyObject(reply);
	return reply == NULL ? -1 : 0;
}

static int
open_redis(struct snapshots *s, struct failure *why)
{
	const struct timeval patience = { .tv_sec = 2 };
	int asked = 0;

	if (s->redis != NULL)
		return 0;
	s->redis = redisConnectWithTimeout(s->host, s->port, patience);
	if (s->redis == NULL || s->redis->err != 0)
		return fail(s, s->redis == NULL ? "out of memory" : s->redis->errstr, why);
	(void)redisSetTimeout(s->redis, patience);
	if (s->password != NULL && s->user != NULL)
		asked += redisAppendCommand(s->redis, "AUTH %s %s", s->user, s->password) == REDIS_OK;
	else if (s->password != NULL)
		asked += redisAppendCommand(s->redis, "AUTH %s", s->password) == REDIS_OK;
	if (s->database != 0)
		asked += redisAppendCommand(s->redis, "SELECT %d", s->database) == REDIS_OK;
	while (asked-- > 0)
		if (expect_no_error(s, why) != 0)
			return -1;
	return 0;
}

/* Saving ----------------------------------------------------------------- */

/* HSET with all lines. */
static int
append_fields(struct snapshots *s, const char *key, struct slice text)
{
	const char *words[2 + 2 * FIELDS_MOST] = { "HSET", key };
	size_t lengths[2 + 2 * FIELDS_MOST] = { 4, strlen(key) }, count = 2;

	while (text.length > 0 && count < 2 + 2 * FIELDS_MOST) {
		const char *end = memchr(text.at, '\n', text.length);
		size_t line = end == NULL ? text.length : (size_t)(end - text.at);
		const char *blank = memchr(text.at, ' ', line);

		if (blank == NULL)
			return -1;
		words[count] = text.at;
		lengths[count++] = (size_t)(blank - text.at);
		words[count] = blank + 1;
		lengths[count++] = line - (size_t)(blank + 1 - text.at);
		line += end != NULL;
		text = (struct slice){ text.at + line, text.length - line };
	}
	return text.length == 0 ? redisAppendCommandArgv(s->redis, (int)count, words, lengths) : -1;
}

int
snapshot_save(struct snapshots *s, const struct buffer *text, struct failure *why)
{
	char key[KEY];
	int status = 0;

	(void)snprintf(key, sizeof(key), "%spaper_engine", s->prefix);
	if (open_redis(s, why) != 0)
		return -1;
	if (redisAppendCommand(s->redis, "MULTI") != REDIS_OK ||
	    redisAppendCommand(s->redis, "DEL %s", key) != REDIS_OK ||
	    append_fields(s, key, buffer_slice(text)) != 0 ||
	    redisAppendCommand(s->redis, "EXEC") != REDIS_OK)
		return fail(s, "out of memory, or the snapshot has too many lines", why);
	for (int i = 0; i < 4 && status == 0; i++)
		status = expect_no_error(s, why);
	return status;
}

/* Loading ---------------------------------------------------------------- */

int
snapshot_load(struct snapshots *s, struct buffer *text, struct failure *why)
{
	redisReply *hash;
	size_t fields = 0;

	buffer_init(text, SNAPSHOT_MOST);
	if (open_redis(s, why) != 0)
		return -1;
	if (redisAppendCommand(s->redis, "HGETALL %spaper_engine", s->prefix) != REDIS_OK)
		return fail(s, "out of memory", why);
	hash = answer(s, why);
	if (hash == NULL)
		return -1;
	if (hash->type == REDIS_REPLY_ARRAY)
		fields = (size_t)hash->elements;
	for (size_t i = 0; i + 1 < fields; i += 2) {
		buffer_append(text, hash->element[i]->str, (size_t)hash->element[i]->len);
		buffer_string(text, " ");
		buffer_append(text, hash->element[i + 1]->str, (size_t)hash->element[i + 1]->len);
		buffer_string(text, "\n");
	}
	buffer_append(text, "", 1);
	freeReplyObject(hash);
	if (text->failed)
		return failure_set(why, FAILURE_LOCAL, "Redis: the snapshot is too large, or memory ran out");
	return fields > 0;
}
