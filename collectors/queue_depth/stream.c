/*
 * Streams.  An entry's id begins with the time at which it was added, so that each group tells how long its
 * oldest entry waits: the first that was read and not acknowledged, or else the first that was not read.
 * A stream without groups does not tell who has read what, or who reads it.
 */

#include <stdlib.h>

#include "collectors/queue_depth/format.h"

enum { CONSUMERS_MOST = 1000 }; /* a group with more is not asked who of them is idle */

static const struct queue_count counts[] = { { FIGURE_LENGTH, "XLEN", "", "" }, { 0 } };

/* In a list of names and values, as XINFO answers. */
static const redisReply *
field(const redisReply *fields, const char *name)
{
	for (size_t i = 0; reply_item(fields, i + 1) != NULL; i += 2)
		if (slice_is(reply_slice(reply_item(fields, i)), name))
			return reply_item(fields, i + 1);
	return NULL;
}

/* Below 0 if it is missing, as with the lag of a group that Redis lost count of. */
static int64_t
whole(const redisReply *value)
{
	return value != NULL && value->type == REDIS_REPLY_INTEGER ? value->integer : -1;
}

/* The oldest of what is asked counts. */
static void
set_since(struct queue *queue, struct slice id)
{
	/* The text ends with a NUL, and digits end at the '-'. */
	queue_set_since(queue, id.length > 0 ? (double)strtoull(id.at, NULL, 10) : 0);
}

/* Groups ------------------------------------------------------------- */

static void
add_group(struct queue_reading *r, struct queue *queue, const redisReply *fields)
{
	struct slice id = reply_slice(field(fields, "last-delivered-id"));
	int64_t consumers = whole(field(fields, "consumers"));
	struct queue_group group = { .queue = queue,
		.lag = whole(field(fields, "lag")),
		.pending = whole(field(fields, "pending")),
		.consumers = consumers,
		.idle = -1 };

	if (consumers > 0)
		queue->figures[FIGURE_CONSUMERS] += consumers;
	if (r->group_count == r->max || id.length == 0 || id.length >= sizeof(group.last_id) ||
	    !queue_copy_name(group.name, reply_slice(field(fields, "name")))) {
		r->dropped++;
		return;
	}
	memcpy(group.last_id, id.at, id.length);
	r->groups[r->group_count++] = group;
}

static int
read_groups(struct queue_reading *r, struct queue *queue)
{
	redisReply *groups;

	if (queue->figures[FIGURE_LENGTH] < 0)
		return 0;
	if (redis_session_append(&r->session, "XINFO GROUPS %s", queue->name) != 0 ||
	    queue_reading_send(r, "XINFO GROUPS") != 0 || queue_reading_next(r, queue->name, &groups) != 0)
		return -1;
	/* It has vanished, or cannot be read. */
	if (groups == NULL)
		return 0;
	if (reply_item(groups, 0) != NULL)
		queue->figures[FIGURE_CONSUMERS] = 0;
	for (size_t i = 0; reply_item(groups, i) != NULL; i++)
		add_group(r, queue, reply_item(groups, i));
	freeReplyObject(groups);
	return 0;
}

/* Consumers and entries of a group ----------------------------------- */

static int
read_idle(struct queue_reading *r, struct queue_group *group)
{
	redisReply *consumers;

	if (group->consumers < 0 || group->consumers > CONSUMERS_MOST)
		return 0;
	if (redis_session_append(&r->session, "XINFO CONSUMERS %s %s", group->queue->name, group->name) !=
		0 ||
	    queue_reading_send(r, "XINFO CONSUMERS") != 0 ||
	    queue_reading_next(r, group->queue->name, &consumers) != 0)
		return -1;
	if (consumers == NULL)
		return 0;
	group->idle = 0;
	for (size_t i = 0; reply_item(consumers, i) != NULL; i++)
		if (whole(field(reply_item(consumers, i), "idle")) >= r->idle_ms)
			group->idle++;
	freeReplyObject(consumers);
	return 0;
}

/* An answer that is a list of entries, with the id first in each. */
static int
read_first(struct queue_reading *r, const struct queue_group *group, const char *command)
{
	redisReply *entries;

	if (queue_reading_send(r, command) != 0 || queue_reading_next(r, group->queue->name, &entries) != 0)
		return -1;
	set_since(group->queue, reply_slice(reply_item(reply_item(entries, 0), 0)));
	freeReplyObject(entries);
	return 0;
}

static int
read_pending(struct queue_reading *r, const struct queue_group *group)
{
	if (group->pending <= 0)
		return 0;
	if (redis_session_append(&r->session, "XPENDING %s %s - + 1", group->queue->name, group->name) != 0)
		return -1;
	return read_first(r, group, "XPENDING");
}

static int
read_undelivered(struct queue_reading *r, const struct queue_group *group)
{
	char *part;
	unsigned long long ms = strtoull(group->last_id, &part, 10);
	unsigned long long number = *part == '-' ? strtoull(part + 1, NULL, 10) : 0;

	if (group->lag == 0)
		return 0;
	/* Redis before 6.2 has no word for "behind this id". */
	if (++number == 0)
		ms++;
	if (redis_session_append(
		&r->session, "XRANGE %s %llu-%llu + COUNT 1", group->queue->name, ms, number) != 0)
		return -1;
	return read_first(r, group, "XRANGE");
}

static int
detail(struct queue_reading *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->queues[i].type == QUEUE_STREAM && read_groups(r, &r->queues[i]) != 0)
			return -1;
	for (size_t i = 0; i < r->group_count; i++)
		if (read_idle(r, &r->groups[i]) != 0 || read_pending(r, &r->groups[i]) != 0 ||
		    read_undelivered(r, &r->groups[i]) != 0)
			return -1;
	return 0;
}

const struct queue_format queue_format_stream = {
	.key_type = "stream",
	.before = "",
	.after = "",
	.counts = counts,
	.detail = detail,
};
