/*
 * Celery, by the Redis transport of kombu: a list for each queue, and another one for each priority above 0.
 * Which priorities there are is a setting of the producers, so that all of them are counted.
 *
 * A message that a worker has taken is in one hash for all queues, until it acknowledges.  Messages have no
 * time, but an index of that hash tells when each of them was taken.  Workers are not in Redis.
 */

#include <fnmatch.h>

#include "collectors/queue_depth/format.h"

#define SEPARATOR "\x06\x16"
#define BINDINGS  "_kombu.binding."

static const struct queue_count counts[] = {
	{ FIGURE_LENGTH, "LLEN", "", "" },
	{ FIGURE_LENGTH, "LLEN", "", SEPARATOR "1" },
	{ FIGURE_LENGTH, "LLEN", "", SEPARATOR "2" },
	{ FIGURE_LENGTH, "LLEN", "", SEPARATOR "3" },
	{ FIGURE_LENGTH, "LLEN", "", SEPARATOR "4" },
	{ FIGURE_LENGTH, "LLEN", "", SEPARATOR "5" },
	{ FIGURE_LENGTH, "LLEN", "", SEPARATOR "6" },
	{ FIGURE_LENGTH, "LLEN", "", SEPARATOR "7" },
	{ FIGURE_LENGTH, "LLEN", "", SEPARATOR "8" },
	{ FIGURE_LENGTH, "LLEN", "", SEPARATOR "9" },
	{ 0 },
};

static const struct queue_count all[] = { { TASK_ACTIVE, "HLEN", "unacked", "" }, { 0 } };

/* A binding is "<routing key>SEP<pattern>SEP<queue>". */
static struct slice
bound_queue(struct slice binding)
{
	for (int parts = 0; parts < 2; parts++) {
		const char *end = memmem(binding.at, binding.length, SEPARATOR, strlen(SEPARATOR));

		if (end == NULL)
			return (struct slice){ 0 };
		end += strlen(SEPARATOR);
		binding.length -= (size_t)(end - binding.at);
		binding.at = end;
	}
	return binding;
}

static int
take_bindings(struct queue_reading *r, const redisReply *page, const void *pattern)
{
	for (size_t i = 0; i < (size_t)page->elements; i++) {
		struct slice queue = bound_queue(reply_slice(page->element[i]));
		char name[QUEUE_NAME];

		/* One that cannot be a label is left to queue_reading_add(), which counts it. */
		if (queue.length == 0 || (queue_copy_name(name, queue) && fnmatch(pattern, name, 0) != 0))
			continue;
		if (queue_reading_add(r, QUEUE_CELERY, &queue, 1) != 0)
			return -1;
	}
	return 0;
}

/* Messages between workers are not tasks. */
static bool
is_control(struct slice key)
{
	return slice_ends_with(key, ".pidbox") || slice_is(key, BINDINGS "celeryev");
}

static int
take_exchanges(struct queue_reading *r, const redisReply *page, const void *pattern)
{
	for (size_t i = 0; i < (size_t)page->elements; i++) {
		const struct queue_scan bindings = { page->element[i]->str, "*", NULL, take_bindings,
			pattern };

		if (!is_control(reply_slice(page->element[i])) && queue_reading_scan(r, &bindings) != 0)
			return -1;
	}
	return 0;
}

static int
find(struct queue_reading *r, const char *pattern)
{
	const struct queue_scan exchanges = { NULL, BINDINGS "*", "set", take_exchanges, pattern };

	return queue_reading_scan(r, &exchanges);
}

static int
read_oldest(struct queue_reading *r)
{
	struct queue *queue = &r->all[QUEUE_CELERY];
	redisReply *oldest;

	if (redis_session_append(&r->session, "ZRANGE unacked_index 0 0 WITHSCORES") != 0 ||
	    queue_reading_send(r, "ZRANGE") != 0 || queue_reading_next(r, "unacked_index", &oldest) != 0)
		return -1;
	queue_set_since(queue, reply_number(reply_item(oldest, 1)));
	freeReplyObject(oldest);
	return 0;
}

const struct queue_format queue_format_celery = {
	.counts = counts,
	.all = all,
	.find = find,
	.detail = read_oldest,
};
