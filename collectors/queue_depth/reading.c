/*
 * Finding queues and counting their tasks, which is the same for all formats, and what the formats need to
 * ask for more.
 *
 * Names come page by page and are counted at once, so that memory is bounded however many keys match: only
 * the longest queues are kept.  What a format tells beyond counts is asked of those alone.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/queue_depth/format.h"

enum {
	ELEMENTS_MOST = 16384,   /* of an answer that is a list */
	ANSWERS_BYTES = 8 << 20, /* together: a job or an entry may be large */
};

/* Ten of them can be added. */
static const long long count_most = 1LL << 53;

static const char rights[] =
    "give the user the rights of docs/queues.md: ACL SETUSER name ~* +scan +sscan +llen "
    "+lindex +zcard +zrange +hlen +hmget +exists +xlen +xinfo +xpending +xrange";

static const struct queue_format *const formats[QUEUE_TYPES] = {
	[QUEUE_LIST] = &queue_format_list,
	[QUEUE_CELERY] = &queue_format_celery,
	[QUEUE_RQ] = &queue_format_rq,
	[QUEUE_SIDEKIQ] = &queue_format_sidekiq,
	[QUEUE_BULLMQ] = &queue_format_bullmq,
	[QUEUE_STREAM] = &queue_format_stream,
};

/* Queues ------------------------------------------------------------- */

/* The longest are kept. */
static void
keep(struct queue_reading *r, const struct queue *queue)
{
	struct queue *shortest = r->queues;

	for (struct queue *kept = r->queues; kept < r->queues + r->count; kept++) {
		/* Redis may name a key twice while it grows, and so may two settings. */
		if (kept->type == queue->type && strcmp(kept->name, queue->name) == 0)
			return;
		if (kept->figures[FIGURE_LENGTH] < shortest->figures[FIGURE_LENGTH])
			shortest = kept;
	}
	if (r->count < r->max) {
		r->queues[r->count++] = *queue;
		return;
	}
	r->dropped++;
	if (queue->figures[FIGURE_LENGTH] > shortest->figures[FIGURE_LENGTH])
		*shortest = *queue;
}

/* Asking ------------------------------------------------------------- */

/* Between naming a key and asking about it somebody may have deleted it. */
static bool
has_vanished(const redisReply *error)
{
	return strncmp(error->str, "ERR no such key", strlen("ERR no such key")) == 0 ||
	       strncmp(error->str, "NOGROUP", strlen("NOGROUP")) == 0;
}

int
queue_reading_send(struct queue_reading *r, const char *command)
{
	return redis_session_send(&r->session, command, ELEMENTS_MOST, ANSWERS_BYTES);
}

int
queue_reading_next(struct queue_reading *r, const char *what, redisReply **reply)
{
	char asked[QUEUE_NAME + 64];

	if (redis_session_next(&r->session, reply) != 0)
		return -1;
	if ((*reply)->type != REDIS_REPLY_ERROR)
		return 0;
	/* Only the first error is reported. */
	if (!has_vanished(*reply) && r->faults++ == 0) {
		(void)snprintf(asked, sizeof(asked), "%s %s", r->session.command, what);
		(void)redis_session_error(&r->session, *reply, asked, &r->fault);
	}
	freeReplyObject(*reply);
	*reply = NULL;
	return 0;
}

static int
ask_some(
    struct queue_reading *r, struct queue *const asked[], size_t count, const struct queue_question *question)
{
	if (count > 0 && queue_reading_send(r, question->command) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		redisReply *reply;

		if (queue_reading_next(r, asked[i]->name, &reply) != 0)
			return -1;
		if (reply != NULL)
			question->take(asked[i], reply);
		freeReplyObject(reply);
	}
	return 0;
}

int
queue_reading_ask(struct queue_reading *r, enum queue_type type, const struct queue_question *question)
{
	struct queue *asked[QUEUE_BATCH];
	size_t count = 0;

	for (size_t i = 0; i < r->count; i++) {
		int appended = r->queues[i].type == type ? question->ask(r, &r->queues[i]) : 0;

		if (appended < 0)
			return -1;
		if (appended > 0)
			asked[count++] = &r->queues[i];
		if (count < QUEUE_BATCH)
			continue;
		if (ask_some(r, asked, count, question) != 0)
			return -1;
		count = 0;
	}
	return ask_some(r, asked, count, question);
}

/* "[cursor, [strings]]"; false: it is something else. */
static bool
is_page(const redisReply *reply)
{
	const redisReply *names = reply_item(reply, 1);
	struct slice cursor = reply_slice(reply_item(reply, 0));

	if (cursor.length == 0 || cursor.length > 20 || names == NULL || names->type != REDIS_REPLY_ARRAY)
		return false;
	for (size_t i = 0; i < (size_t)names->elements; i++)
		if (names->element[i]->type != REDIS_REPLY_STRING)
			return false;
	return true;
}

/* NULL with 0: Redis refused, which is noted. */
static int
ask_page(struct queue_reading *r, const struct queue_scan *scan, const char *cursor, redisReply **page)
{
	int appended;

	if (scan->set != NULL)
		appended = redis_session_append(&r->session, "SSCAN %s %s MATCH %s COUNT %d", scan->set,
		    cursor, scan->match, (int)QUEUE_PAGE);
	else
		appended = redis_session_append(&r->session, "SCAN %s MATCH %s COUNT %d TYPE %s", cursor,
		    scan->match, (int)QUEUE_PAGE, scan->type);
	if (appended != 0 || queue_reading_send(r, scan->set != NULL ? "SSCAN" : "SCAN") != 0)
		return -1;
	return queue_reading_next(r, scan->set != NULL ? scan->set : scan->match, page);
}

int
queue_reading_scan(struct queue_reading *r, const struct queue_scan *scan)
{
	char cursor[32] = "0";

	do {
		redisReply *page;
		struct slice next;
		int result;

		if (ask_page(r, scan, cursor, &page) != 0)
			return -1;
		if (page == NULL)
			return 0;
		if (!is_page(page)) {
			freeReplyObject(page);
			return failure_set(&r->failure, FAILURE_PROTOCOL,
			    "SCAN: the answer is not a cursor and a list of names");
		}
		result = scan->take(r, page->element[1], scan->context);
		next = reply_slice(page->element[0]);
		memcpy(cursor, next.at, next.length + 1);
		freeReplyObject(page);
		if (result != 0)
			return -1;
	} while (strcmp(cursor, "0") != 0);
	return 0;
}

/* Counting ----------------------------------------------------------- */

static int
ask_counts(struct queue_reading *r, struct queue *queue, const struct queue_count counts[])
{
	for (const struct queue_count *c = counts; c->command != NULL; c++) {
		queue->figures[c->figure] = 0;
		if (redis_session_append(
			&r->session, "%s %s%s%s", c->command, c->before, queue->name, c->after) != 0)
			return -1;
	}
	return 0;
}

static int
take_counts(struct queue_reading *r, struct queue *queue, const struct queue_count counts[])
{
	for (const struct queue_count *c = counts; c->command != NULL; c++) {
		int64_t *figure = &queue->figures[c->figure];
		char key[QUEUE_NAME + 32];
		redisReply *reply;

		/* An error names the command and the key that it is about. */
		r->session.command = c->command;
		(void)snprintf(key, sizeof(key), "%s%s%s", c->before, queue->name, c->after);
		if (queue_reading_next(r, key, &reply) != 0)
			return -1;
		/* A sum of which a part is not known is not known. */
		if (reply == NULL || reply->type != REDIS_REPLY_INTEGER || reply->integer < 0 ||
		    reply->integer > count_most)
			*figure = -1;
		else if (*figure >= 0)
			*figure += reply->integer;
		freeReplyObject(reply);
	}
	return 0;
}

static int
count_some(struct queue_reading *r, struct queue queues[], size_t count)
{
	const struct queue_count *counts = formats[queues[0].type]->counts;

	for (size_t i = 0; i < count; i++)
		if (ask_counts(r, &queues[i], counts) != 0)
			return -1;
	if (queue_reading_send(r, counts->command) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (take_counts(r, &queues[i], counts) != 0)
			return -1;
		keep(r, &queues[i]);
	}
	return 0;
}

int
queue_reading_add(struct queue_reading *r, enum queue_type type, const struct slice names[], size_t count)
{
	struct queue queues[QUEUE_BATCH];
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		queue_init(&queues[found], type);
		if (queue_copy_name(queues[found].name, names[i]))
			found++;
		else
			r->dropped++;
		if (found < QUEUE_BATCH)
			continue;
		if (count_some(r, queues, found) != 0)
			return -1;
		found = 0;
	}
	return found > 0 ? count_some(r, queues, found) : 0;
}

/* Finding ------------------------------------------------------------ */

static int
take_names(struct queue_reading *r, const redisReply *page, const void *context)
{
	enum queue_type type = *(const enum queue_type *)context;
	const struct queue_format *format = formats[type];
	size_t around = strlen(format->before) + strlen(format->after), count = 0;
	struct slice names[QUEUE_BATCH];

	for (size_t i = 0; i < (size_t)page->elements; i++) {
		struct slice found = reply_slice(page->element[i]);

		/* All match the pattern, which has both around it; Redis is not trusted with that. */
		if (found.length > around)
			names[count++] =
			    (struct slice){ found.at + strlen(format->before), found.length - around };
		if (count < QUEUE_BATCH)
			continue;
		if (queue_reading_add(r, type, names, count) != 0)
			return -1;
		count = 0;
	}
	return queue_reading_add(r, type, names, count);
}

static int
find(struct queue_reading *r, const struct queue_setting *setting)
{
	const struct queue_format *format = formats[setting->type];
	const struct slice name = SLICE(setting->name);
	char match[QUEUE_NAME + 32];
	const struct queue_scan scan = { format->set, match, format->key_type, take_names, &setting->type };

	if (!setting->pattern)
		return queue_reading_add(r, setting->type, &name, 1);
	if (format->find != NULL)
		return format->find(r, setting->name);
	(void)snprintf(match, sizeof(match), "%s%s%s", format->before, setting->name, format->after);
	return queue_reading_scan(r, &scan);
}

/* Read what a format has beyond the counts of each queue. */
static int
complete(struct queue_reading *r, enum queue_type type)
{
	const struct queue_format *format = formats[type];

	if (format->all != NULL) {
		struct queue *all = &r->all[type];

		/* These are whole names of keys. */
		if (ask_counts(r, all, format->all) != 0 ||
		    queue_reading_send(r, format->all->command) != 0 || take_counts(r, all, format->all) != 0)
			return -1;
		(void)snprintf(all->name, sizeof(all->name), "%s", QUEUE_ALL);
	}
	return format->detail != NULL ? format->detail(r) : 0;
}

static int
read_all(struct queue_reading *r)
{
	bool wanted[QUEUE_TYPES] = { false };

	for (size_t i = 0; i < r->setting_count; i++) {
		wanted[r->settings[i].type] = true;
		if (find(r, &r->settings[i]) != 0)
			return -1;
	}
	for (int type = 0; type < QUEUE_TYPES; type++)
		if (wanted[type] && complete(r, (enum queue_type)type) != 0)
			return -1;
	return 0;
}

void
queue_reading_run(struct queue_reading *r, const struct redis_target *target, struct deadline deadline)
{
	r->count = r->group_count = r->faults = 0;
	r->dropped = 0;
	for (int type = 0; type < QUEUE_TYPES; type++)
		queue_init(&r->all[type], (enum queue_type)type);
	if (redis_session_open(&r->session, target, deadline, &r->failure) == 0) {
		r->session.rights = rights;
		(void)read_all(r);
	}
	redis_session_close(&r->session);
}

bool
queue_reading_init(
    struct queue_reading *r, const struct queue_setting *settings, size_t count, size_t max, int64_t idle_ms)
{
	*r = (struct queue_reading){
		.settings = settings, .setting_count = count, .max = max, .idle_ms = idle_ms
	};
	r->queues = calloc(max, sizeof(r->queues[0]));
	r->groups = calloc(max, sizeof(r->groups[0]));
	return r->queues != NULL && r->groups != NULL;
}

void
queue_reading_release(struct queue_reading *r)
{
	free(r->queues);
	free(r->groups);
}
