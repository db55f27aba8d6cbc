/*
 * BullMQ, and Bull before it: lists of the ids of jobs that wait, are paused or under way, sets of the
 * others, and a hash for each job.  The oldest is the last of a list.  Of the prioritised jobs the next one
 * is asked, which may not be the oldest of them.  Workers are in no key.
 */

#include "collectors/queue_depth/format.h"

static const struct queue_count counts[] = {
	{ FIGURE_LENGTH, "LLEN", "bull:", ":wait" },
	{ FIGURE_LENGTH, "LLEN", "bull:", ":paused" },
	{ FIGURE_LENGTH, "ZCARD", "bull:", ":prioritized" },
	{ TASK_ACTIVE, "LLEN", "bull:", ":active" },
	{ TASK_DELAYED, "ZCARD", "bull:", ":delayed" },
	/* These wait for other jobs. */
	{ TASK_DELAYED, "ZCARD", "bull:", ":waiting-children" },
	{ TASK_FAILED, "ZCARD", "bull:", ":failed" },
	{ 0 },
};

static int
ask_with(struct queue_reading *r, const struct queue *queue, const char *format)
{
	if (queue->figures[FIGURE_LENGTH] <= 0)
		return 0;
	return redis_session_append(&r->session, format, queue->name) == 0 ? 1 : -1;
}

static int
ask_waiting(struct queue_reading *r, struct queue *queue)
{
	return ask_with(r, queue, "LINDEX bull:%s:wait -1");
}

static int
ask_paused(struct queue_reading *r, struct queue *queue)
{
	return ask_with(r, queue, "LINDEX bull:%s:paused -1");
}

static int
ask_prioritized(struct queue_reading *r, struct queue *queue)
{
	return ask_with(r, queue, "ZRANGE bull:%s:prioritized 0 0");
}

static void
take_prioritized(struct queue *queue, const redisReply *reply)
{
	queue_set_task(queue, reply_item(reply, 0));
}

static int
ask_time(struct queue_reading *r, struct queue *queue)
{
	if (queue->task[0] == '\0')
		return 0;
	return redis_session_append(&r->session, "HMGET bull:%s:%s timestamp", queue->name, queue->task) == 0
		   ? 1
		   : -1;
}

static void
take_time(struct queue *queue, const redisReply *reply)
{
	queue_set_since(queue, reply_number(reply_item(reply, 0)));
}

static int
detail(struct queue_reading *r)
{
	static const struct queue_question tasks[] = {
		{ "LINDEX", ask_waiting, queue_set_task },
		{ "LINDEX", ask_paused, queue_set_task },
		{ "ZRANGE", ask_prioritized, take_prioritized },
	};
	static const struct queue_question time = { "HMGET", ask_time, take_time };

	for (size_t i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++)
		if (queue_reading_ask(r, QUEUE_BULLMQ, &tasks[i]) != 0 ||
		    queue_reading_ask(r, QUEUE_BULLMQ, &time) != 0)
			return -1;
	return 0;
}

/* Each queue that ever had a job has a counter of their ids. */
const struct queue_format queue_format_bullmq = {
	.key_type = "string",
	.before = "bull:",
	.after = ":id",
	.counts = counts,
	.detail = detail,
};
