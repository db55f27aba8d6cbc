/*
 * RQ: a list of the ids of jobs for each queue, sets of those that do not wait, and a hash for each job.  The
 * job that came in first is the first of the list.
 *
 * A worker is in the set of each queue that it serves, and has a key that expires: one that died stays in the
 * sets.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "collectors/queue_depth/format.h"

static const struct queue_count counts[] = {
	{ FIGURE_LENGTH, "LLEN", "rq:queue:", "" },
	{ TASK_ACTIVE, "ZCARD", "rq:wip:", "" },
	{ TASK_DELAYED, "ZCARD", "rq:scheduled:", "" },
	/* These wait for other jobs. */
	{ TASK_DELAYED, "ZCARD", "rq:deferred:", "" },
	{ TASK_FAILED, "ZCARD", "rq:failed:", "" },
	{ 0 },
};

static int
ask_first(struct queue_reading *r, struct queue *queue)
{
	if (queue->figures[FIGURE_LENGTH] <= 0)
		return 0;
	return redis_session_append(&r->session, "LINDEX rq:queue:%s 0", queue->name) == 0 ? 1 : -1;
}

static int
ask_times(struct queue_reading *r, struct queue *queue)
{
	if (queue->task[0] == '\0')
		return 0;
	return redis_session_append(&r->session, "HMGET rq:job:%s enqueued_at created_at", queue->task) == 0
		   ? 1
		   : -1;
}

/* "2026-11-21T01:31:45.123456Z"; 0: it is another text. */
static double
parse_time(struct slice text)
{
	struct tm utc = { 0 };
	double fraction = 0;
	char copy[40], *rest;

	if (text.length >= sizeof(copy) || text.length == 0)
		return 0;
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	rest = strptime(copy, "%Y-%m-%dT%H:%M:%S", &utc);
	if (rest == NULL)
		return 0;
	if (*rest == '.')
		fraction = strtod(rest, &rest);
	/* The rest may be another time zone. */
	return strcmp(rest, "Z") == 0 ? (double)timegm(&utc) + fraction : 0;
}

static void
take_times(struct queue *queue, const redisReply *reply)
{
	double at = parse_time(reply_slice(reply_item(reply, 0)));

	queue_set_since(queue, at != 0 ? at : parse_time(reply_slice(reply_item(reply, 1))));
}

static int
take_workers(struct queue_reading *r, const redisReply *page, const void *context)
{
	struct queue *queue = &r->queues[*(const size_t *)context];

	if (queue->figures[FIGURE_CONSUMERS] < 0)
		queue->figures[FIGURE_CONSUMERS] = 0;
	for (size_t i = 0; i < (size_t)page->elements; i++)
		if (redis_session_append(
			&r->session, "EXISTS %b", page->element[i]->str, (size_t)page->element[i]->len) != 0)
			return -1;
	if (page->elements == 0)
		return 0;
	if (queue_reading_send(r, "EXISTS") != 0)
		return -1;
	for (size_t i = 0; i < (size_t)page->elements; i++) {
		redisReply *exists;

		if (queue_reading_next(r, queue->name, &exists) != 0)
			return -1;
		if (exists != NULL && exists->type == REDIS_REPLY_INTEGER && exists->integer == 1)
			queue->figures[FIGURE_CONSUMERS]++;
		freeReplyObject(exists);
	}
	return 0;
}

static int
read_workers(struct queue_reading *r)
{
	for (size_t i = 0; i < r->count; i++) {
		char set[QUEUE_NAME + 16];
		const struct queue_scan workers = { set, "*", NULL, take_workers, &i };

		(void)snprintf(set, sizeof(set), "rq:workers:%s", r->queues[i].name);
		if (r->queues[i].type == QUEUE_RQ && queue_reading_scan(r, &workers) != 0)
			return -1;
	}
	return 0;
}

static int
detail(struct queue_reading *r)
{
	static const struct queue_question first = { "LINDEX", ask_first, queue_set_task },
					   times = { "HMGET", ask_times, take_times };

	return queue_reading_ask(r, QUEUE_RQ, &first) == 0 && queue_reading_ask(r, QUEUE_RQ, &times) == 0
		   ? read_workers(r)
		   : -1;
}

const struct queue_format queue_format_rq = {
	.set = "rq:queues",
	.before = "rq:queue:",
	.after = "",
	.counts = counts,
	.detail = detail,
};
