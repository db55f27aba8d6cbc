/*
 * Copies what Redis answers into one queue, and leaves out what cannot be true: other programs wrote it.
 */

#include <string.h>

#include "collectors/queue_depth/reading.h"
#include "common/text/utf8.h"
#include "textfile/number.h"

/* Unix seconds are in this range: 2001 to 5138.  Milliseconds are beyond it. */
static const double earliest = 1e9, latest = 1e11;

/* Answers ------------------------------------------------------------ */

struct slice
reply_slice(const redisReply *reply)
{
	if (reply == NULL || reply->type != REDIS_REPLY_STRING)
		return (struct slice){ "", 0 };
	return (struct slice){ reply->str, (size_t)reply->len };
}

double
reply_number(const redisReply *reply)
{
	struct slice text = reply_slice(reply);

	if (reply != NULL && reply->type == REDIS_REPLY_INTEGER)
		return (double)reply->integer;
	return number_valid(text) ? number_value(text) : 0;
}

const redisReply *
reply_item(const redisReply *reply, size_t index)
{
	if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || index >= (size_t)reply->elements)
		return NULL;
	return reply->element[index];
}

/* Queues ------------------------------------------------------------- */

bool
queue_copy_name(char to[QUEUE_NAME], struct slice name)
{
	if (name.length == 0 || name.length >= QUEUE_NAME || !utf8_valid(name) ||
	    memchr(name.at, '\0', name.length) != NULL)
		return false;
	memcpy(to, name.at, name.length);
	to[name.length] = '\0';
	return true;
}

void
queue_set_since(struct queue *queue, double at)
{
	double seconds = at > latest ? at / 1000 : at;

	if (seconds >= earliest && seconds <= latest && (queue->since == 0 || seconds < queue->since))
		queue->since = seconds;
}

void
queue_set_task(struct queue *queue, const redisReply *reply)
{
	if (!queue_copy_name(queue->task, reply_slice(reply)))
		queue->task[0] = '\0';
}

void
queue_init(struct queue *queue, enum queue_type type)
{
	*queue = (struct queue){ .type = type };
	for (int i = 0; i < FIGURES; i++)
		queue->figures[i] = -1;
}
