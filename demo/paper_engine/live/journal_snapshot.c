#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "common/text/slice.h"
#include "demo/paper_engine/core/engine.h"
#include "demo/paper_engine/live/journal_snapshot.h"

enum { KEY = 96, FIELDS_MOST = SYMBOLS_MOST + 2, SNAPSHOT_MOST = 16 << 20 };

static const char order_field[] = "order";

static int
fail(struct snapshots *s, const char *message, struct failure *why)
{
	(void)failure_set(why, FAILURE_CONNECT, "Redis: %s", message);
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
		(void)fail(s, s->redis->errstr, why);
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

/* HSET with all lines, of which `text` holds the words and values. */
static int
append_fields(struct snapshots *s, const char *key, struct slice text)
{
	const char *words[4 + 2 * FIELDS_MOST] = { "HSET", key };
	size_t lengths[4 + 2 * FIELDS_MOST] = { 4, strlen(key) }, count = 2;
	struct buffer order;
	int status = -1;

	buffer_init(&order, FIELDS_MOST * SYMBOL_NAME);
	while (text.length > 0 && count < 2 * FIELDS_MOST) {
		const char *end = memchr(text.at, '\n', text.length);
		size_t line = end == NULL ? text.length : (size_t)(end - text.at);
		const char *blank = memchr(text.at, ' ', line);

		if (blank == NULL)
			break;
		words[count] = text.at;
		lengths[count++] = (size_t)(blank - text.at);
		buffer_append(&order, text.at, (size_t)(blank + 1 - text.at));
		words[count] = blank + 1;
		lengths[count++] = line - (size_t)(blank + 1 - text.at);
		line += end != NULL;
		text = (struct slice){ text.at + line, text.length - line };
	}
	words[count] = order_field;
	lengths[count++] = strlen(order_field);
	words[count] = order.text;
	lengths[count++] = order.length;
	if (text.length == 0 && order.length > 0 && !order.failed)
		status = redisAppendCommandArgv(s->redis, (int)count, words, lengths);
	buffer_release(&order);
	return status == REDIS_OK ? 0 : -1;
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

static struct slice
field_of(const redisReply *hash, struct slice name)
{
	for (size_t i = 0; i + 1 < (size_t)hash->elements; i += 2)
		if ((size_t)hash->element[i]->len == name.length &&
		    memcmp(hash->element[i]->str, name.at, name.length) == 0)
			return (struct slice){ hash->element[i + 1]->str, (size_t)hash->element[i + 1]->len };
	return (struct slice){ NULL, 0 };
}

/* The lines in their order, which Redis does not keep.  False: a field is missing. */
static bool
put_lines(const redisReply *hash, struct buffer *text)
{
	struct slice order = field_of(hash, (struct slice){ order_field, strlen(order_field) });

	if (order.at == NULL)
		return false;
	while (order.length > 0) {
		const char *blank = memchr(order.at, ' ', order.length);
		struct slice name = { order.at, blank == NULL ? order.length : (size_t)(blank - order.at) };
		struct slice value = field_of(hash, name);
		size_t done = name.length + (blank != NULL);

		if (value.at == NULL)
			return false;
		buffer_append(text, name.at, name.length);
		buffer_string(text, " ");
		buffer_append(text, value.at, value.length);
		buffer_string(text, "\n");
		order = (struct slice){ order.at + done, order.length - done };
	}
	buffer_append(text, "", 1);
	return !text->failed;
}

int
snapshot_load(struct snapshots *s, struct buffer *text, bool *damaged, struct failure *why)
{
	redisReply *hash;
	int status = 1;

	buffer_init(text, SNAPSHOT_MOST);
	*damaged = false;
	if (open_redis(s, why) != 0)
		return -1;
	if (redisAppendCommand(s->redis, "HGETALL %spaper_engine", s->prefix) != REDIS_OK)
		return fail(s, "out of memory", why);
	hash = answer(s, why);
	if (hash == NULL)
		return -1;
	if (hash->type == REDIS_REPLY_ARRAY && hash->elements == 0) {
		status = 0;
	} else if (hash->type != REDIS_REPLY_ARRAY || !put_lines(hash, text)) {
		*damaged = true;
		status = failure_set(why, FAILURE_LOCAL, "the snapshot in Redis is not whole");
	}
	freeReplyObject(hash);
	return status;
}
