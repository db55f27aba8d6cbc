/*
 * Sidekiq: a list of jobs in JSON for each queue, of which the last came in first.  Jobs for later, to be
 * tried again and given up are in one set each, for all queues together.
 *
 * Each process has a hash that expires: how busy it is, and in JSON which queues its threads serve.
 */

#include "collectors/queue_depth/format.h"
#include "textfile/number.h"
#include "json/scan.h"

static const struct queue_count counts[] = { { FIGURE_LENGTH, "LLEN", "queue:", "" }, { 0 } };

static const struct queue_count all[] = {
	{ TASK_DELAYED, "ZCARD", "schedule", "" },
	{ TASK_RETRY, "ZCARD", "retry", "" },
	{ TASK_FAILED, "ZCARD", "dead", "" },
	{ 0 },
};

static int
ask_oldest(struct queue_reading *r, struct queue *queue)
{
	if (queue->figures[FIGURE_LENGTH] <= 0)
		return 0;
	return redis_session_append(&r->session, "LINDEX queue:%s -1", queue->name) == 0 ? 1 : -1;
}

/* 0 if it is not a number. */
static double
json_number(struct slice value)
{
	return json_scan_kind(value) == SCAN_NUMBER ? number_value(value) : 0;
}

static void
take_oldest(struct queue *queue, const redisReply *reply)
{
	struct slice text = reply_slice(reply);
	struct json_scan scan;
	struct failure why;
	double at;

	if (json_scan_open(&scan, text, &why) != 0)
		return;
	at = json_number(json_scan_get(&scan, scan.text, "/enqueued_at"));
	if (at == 0)
		at = json_number(json_scan_get(&scan, scan.text, "/created_at"));
	if (json_scan_check(&scan, &why) == 0)
		queue_set_since(queue, at);
}

/* Processes ---------------------------------------------------------- */

static void
add_threads(struct queue_reading *r, struct slice name, double threads)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->queues[i].type == QUEUE_SIDEKIQ && slice_is(name, r->queues[i].name))
			r->queues[i].figures[FIGURE_CONSUMERS] += (int64_t)threads;
}

/* Queues are the items of a list, or in a capsule the keys of an object. */
static void
add_served(struct queue_reading *r, struct slice queues, struct slice concurrency)
{
	double threads = json_number(concurrency);
	struct json_rows rows;
	struct slice key, value;

	if (!(threads >= 1 && threads <= 1e6) || !json_rows_begin(queues, &rows))
		return;
	while (json_rows_next(&rows, &key, &value)) {
		char buffer[QUEUE_NAME];
		struct slice name;

		if (rows.object ? json_scan_key(key, buffer, sizeof(buffer), &name)
				: json_scan_string(value, buffer, sizeof(buffer), &name))
			add_threads(r, name, threads);
	}
}

/* Since Sidekiq 7 a process has capsules, which serve other queues each. */
static void
add_process(struct queue_reading *r, struct slice info)
{
	struct json_scan scan;
	struct json_rows capsules;
	struct failure why;
	struct slice key, capsule;

	if (json_scan_open(&scan, info, &why) != 0)
		return;
	if (!json_rows_begin(json_scan_get(&scan, scan.text, "/capsules"), &capsules)) {
		add_served(r, json_scan_get(&scan, scan.text, "/queues"),
		    json_scan_get(&scan, info, "/concurrency"));
		return;
	}
	while (json_rows_next(&capsules, &key, &capsule))
		add_served(r, json_scan_get(&scan, capsule, "/weights"),
		    json_scan_get(&scan, capsule, "/concurrency"));
}

/* One that finishes its jobs and takes no others is quiet.  One that died has no hash any more. */
static void
take_process(struct queue_reading *r, const redisReply *fields)
{
	double busy = reply_number(reply_item(fields, 1));

	if (busy >= 1 && busy <= 1e6)
		r->all[QUEUE_SIDEKIQ].figures[TASK_ACTIVE] += (int64_t)busy;
	if (!slice_is(reply_slice(reply_item(fields, 2)), "true"))
		add_process(r, reply_slice(reply_item(fields, 0)));
}

static int
take_processes(struct queue_reading *r, const redisReply *page, const void *context)
{
	(void)context;
	/* A set that cannot be read does not come here: then the workers are not known. */
	for (size_t i = 0; i < r->count; i++)
		if (r->queues[i].type == QUEUE_SIDEKIQ && r->queues[i].figures[FIGURE_CONSUMERS] < 0)
			r->queues[i].figures[FIGURE_CONSUMERS] = 0;
	if (r->all[QUEUE_SIDEKIQ].figures[TASK_ACTIVE] < 0)
		r->all[QUEUE_SIDEKIQ].figures[TASK_ACTIVE] = 0;
	for (size_t i = 0; i < (size_t)page->elements; i++) {
		redisReply *fields;

		if (redis_session_append(&r->session, "HMGET %b info busy quiet", page->element[i]->str,
			(size_t)page->element[i]->len) != 0 ||
		    queue_reading_send(r, "HMGET") != 0 ||
		    queue_reading_next(r, page->element[i]->str, &fields) != 0)
			return -1;
		take_process(r, fields);
		freeReplyObject(fields);
	}
	return 0;
}

static int
detail(struct queue_reading *r)
{
	static const struct queue_question oldest = { "LINDEX", ask_oldest, take_oldest };
	static const struct queue_scan processes = { "processes", "*", NULL, take_processes, NULL };

	return queue_reading_ask(r, QUEUE_SIDEKIQ, &oldest) == 0 ? queue_reading_scan(r, &processes) : -1;
}

const struct queue_format queue_format_sidekiq = {
	.set = "queues",
	.before = "",
	.after = "",
	.counts = counts,
	.all = all,
	.detail = detail,
};
