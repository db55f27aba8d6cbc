/*
 * queue_depth: how many tasks wait in the queues of Redis, for how long, and who works on them?
 *
 * It only reads.  All targets are read side by side, so that one that hangs delays no other; what a reading
 * keeps becomes metrics here.  collectors/queue_depth/ knows how each framework keeps its queues.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/harness/targets.h"
#include "collectors/queue_depth/reading.h"
#include "common/config/secrets.h"
#include "common/text/utf8.h"
#include "probes/redis/options.h"

enum { SETTINGS_MOST = 100 };

static const struct option options[] = {
	{ .name = "target",
	    .argument = "[NAME=]URL",
	    .fallback = "redis://127.0.0.1:6379",
	    .variable = "REDIS_URL",
	    .help = "Redis that has the queues: redis://[user:password@]host[:port][/db], rediss://... or "
		    "unix://[user:password@]/path[?db=N]",
	    .repeatable = true,
	    .secret = true },
	{ .name = "queue",
	    .argument = "TYPE:NAME",
	    .help =
		"queues to read, as in celery:celery or rq:*; TYPE is list, celery, rq, sidekiq, bullmq or "
		"stream, and NAME may have *, ? and [a-z]",
	    .repeatable = true },
	{ .name = "queues.max",
	    .argument = "N",
	    .fallback = "200",
	    .help =
		"how many queues of a target, and groups of its streams, are published; the longest are kept" },
	{ .name = "idle",
	    .argument = "DURATION",
	    .fallback = "5m",
	    .help = "time after which a stream's consumer that asks for no entries counts as idle" },
	{ .name = "password",
	    .argument = "PASSWORD",
	    .variable = "REDIS_PASSWORD",
	    .help = "password for targets whose URL has none",
	    .secret = true },
	{ 0 },
};
static const struct option *const shared_options[] = { redis_tls_options, NULL };

struct queue_server {
	struct redis_target *target;
	struct queue_setting settings[SETTINGS_MOST];
	size_t setting_count;
	struct queue_reading reading;
};

/* Settings ----------------------------------------------------------- */

/* It also takes one that was not opened to the end. */
static void
server_close(void *closing)
{
	struct queue_server *server = closing;

	if (server == NULL)
		return;
	queue_reading_release(&server->reading);
	for (size_t i = 0; i < server->setting_count; i++)
		free((char *)server->settings[i].name);
	redis_target_free(server->target);
	free(server);
}

/* TYPE:NAME.  Its text may be a URL by mistake, with a password in it: so only secret_shown() repeats it. */
static int
read_setting(struct queue_server *server, const struct options *given, size_t index, struct failure *why)
{
	const char *text = options_item(given, "queue", index), *colon = strchr(text, ':');
	struct queue_setting *setting = &server->settings[index];
	char name[QUEUE_NAME];
	int type = 0;

	if (colon == NULL)
		return options_failure(given, "queue", index, why,
		    "'%s' is not of the form TYPE:NAME, as in celery:celery or rq:*", secret_shown(text));
	while (type < QUEUE_TYPES &&
	       !slice_is((struct slice){ text, (size_t)(colon - text) }, queue_type_names[type]))
		type++;
	if (type == QUEUE_TYPES)
		return options_failure(given, "queue", index, why,
		    "'%s' must begin with list:, celery:, rq:, sidekiq:, bullmq: or stream:",
		    secret_shown(text));
	if (!queue_copy_name(name, SLICE(colon + 1)))
		return options_failure(given, "queue", index, why,
		    "the name behind the ':' must be valid UTF-8 of 1 to %d bytes", (int)FAMILY_LABEL_VALUE);
	setting->type = (enum queue_type)type;
	setting->pattern = strpbrk(name, "*?[\\") != NULL;
	setting->name = strdup(name);
	if (setting->name == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	server->setting_count++;
	return 0;
}

/* All targets have the same queues, and together no more than a family has room for. */
static int
read_settings(struct queue_server *server, const struct options *given, struct failure *why)
{
	size_t count = options_count(given, "queue"), targets = options_count(given, "target");
	int64_t max, idle_ns;

	if (count == 0)
		return failure_set(why, FAILURE_LOCAL,
		    "there is no queue to read: give --queue TYPE:NAME, as in celery:celery or rq:*");
	if (count > SETTINGS_MOST)
		return options_failure(given, "queue", SETTINGS_MOST, why,
		    "more than %d queues: use patterns", (int)SETTINGS_MOST);
	if (options_integer(given, "queues.max", 1, QUEUES_MOST, &max, why) != 0 ||
	    options_duration(given, "idle", &idle_ns, why) != 0)
		return -1;
	if ((size_t)max * targets > QUEUES_MOST)
		return options_failure(given, "queues.max", 0, why, "for %zu targets it can be %zu at most",
		    targets, QUEUES_MOST / targets);
	while (server->setting_count < count)
		if (read_setting(server, given, server->setting_count, why) != 0)
			return -1;
	if (!queue_reading_init(&server->reading, server->settings, count, (size_t)max, idle_ns / 1000000))
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	return 0;
}

static void *
server_open(const char *url, size_t samples, const struct options *given, struct secrets *secrets,
    struct failure *why)
{
	const struct redis_tls tls = redis_tls_given(given);
	struct queue_server *server = calloc(1, sizeof(*server));

	(void)samples;
	if (server == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	server->target = redis_target_new(url, options_text(given, "password"), &tls, secrets, why);
	if (server->target != NULL && read_settings(server, given, why) == 0)
		return server;
	server_close(server);
	return NULL;
}

static const char *
server_address(const void *asked)
{
	const struct queue_server *server = asked;

	return redis_target_address(server->target);
}

static void
server_measure(void *measured, struct deadline deadline)
{
	struct queue_server *server = measured;

	queue_reading_run(&server->reading, server->target, deadline);
}

/* Metrics ------------------------------------------------------------ */

/* A figure that the format does not tell is -1: it is left out, since 0 would say something. */
static void
set_known(struct metrics *m, enum queue_family family, const char *const labels[], int64_t value)
{
	if (value >= 0)
		metrics_set(m, &queue_families[family], labels, (double)value);
}

static void
publish_queue(struct metrics *m, const char *target, const struct queue *queue, double now)
{
	const char *type = queue_type_names[queue->type];

	set_known(m, QUEUE_LENGTH, LABELS(target, type, queue->name), queue->figures[FIGURE_LENGTH]);
	for (int state = 0; state < QUEUE_STATES; state++)
		set_known(m, QUEUE_TASKS, LABELS(target, type, queue->name, queue_state_names[state]),
		    queue->figures[state]);
	set_known(m, QUEUE_CONSUMERS, LABELS(target, type, queue->name), queue->figures[FIGURE_CONSUMERS]);
	/* The clock of who wrote it may be ahead of ours. */
	if (queue->since != 0)
		metrics_set(m, &queue_families[QUEUE_OLDEST], LABELS(target, type, queue->name),
		    now > queue->since ? now - queue->since : 0);
}

static void
publish_group(struct metrics *m, const char *target, const struct queue_group *group)
{
	const char *const *labels = LABELS(target, group->queue->name, group->name);

	set_known(m, QUEUE_GROUP_LAG, labels, group->lag);
	set_known(m, QUEUE_GROUP_PENDING, labels, group->pending);
	set_known(m, QUEUE_GROUP_CONSUMERS, labels, group->consumers);
	set_known(m, QUEUE_GROUP_IDLE, labels, group->idle);
}

/* A figure that was read is published even if another one could not be read. */
static void
publish_failures(struct run *run, const char *target, const struct queue_reading *reading)
{
	struct metrics *m = run_metrics(run);
	struct failure fault = reading->fault;

	for (int kind = FAILURE_NONE + 1; kind < FAILURE_KINDS; kind++)
		metrics_add(m, &queue_families[QUEUE_FAILURES],
		    LABELS(target, failure_kind_name((enum failure_kind)kind)),
		    (reading->failure.kind == (enum failure_kind)kind) +
			(reading->faults > 0 && fault.kind == (enum failure_kind)kind));
	if (reading->failure.kind != FAILURE_NONE)
		run_failed(run, target, &reading->failure);
	if (reading->faults > 1)
		(void)failure_prefix(&fault, "the first of %zu errors", reading->faults);
	if (reading->faults > 0)
		run_failed(run, target, &fault);
}

/* Figures that a framework keeps for all queues together come as the queue "*". */
static void
server_publish(const void *asked, const char *target, struct run *run)
{
	const struct queue_reading *reading = &((const struct queue_server *)asked)->reading;
	bool up = reading->failure.kind == FAILURE_NONE && reading->faults == 0;
	struct metrics *m = run_metrics(run);
	double now = clock_unix_seconds();

	metrics_set(m, &queue_families[QUEUE_UP], LABELS(target), up ? 1 : 0);
	for (size_t i = 0; i < reading->count; i++)
		publish_queue(m, target, &reading->queues[i], now);
	for (int type = 0; type < QUEUE_TYPES; type++)
		if (reading->all[type].name[0] != '\0')
			publish_queue(m, target, &reading->all[type], now);
	for (size_t i = 0; i < reading->group_count; i++)
		publish_group(m, target, &reading->groups[i]);
	/* A search that did not end has not seen them all. */
	if (reading->failure.kind == FAILURE_NONE)
		metrics_set(m, &queue_families[QUEUE_DROPPED], LABELS(target), (double)reading->dropped);
	publish_failures(run, target, reading);
	if (up)
		metrics_set(m, &queue_families[QUEUE_LAST_SUCCESS], LABELS(target), now);
}

static const struct target_kind kind = {
	.example = "main=redis://...",
	.open = server_open,
	.close = server_close,
	.address = server_address,
	.measure = server_measure,
	.publish = server_publish,
};

static int
queue_depth_open(const struct options *given, struct secrets *secrets, void **state, struct failure *why)
{
	struct queue_server *tried = calloc(1, sizeof(*tried));
	struct targets *targets = NULL;
	int result;

	if (tried == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	/* Each target reads them, and what is wrong with one would seem to be wrong with the target. */
	result = read_settings(tried, given, why);
	server_close(tried);
	if (result == 0)
		result = targets_open(&kind, given, secrets, &targets, why);
	/* It is NULL when opening failed, and close() takes that. */
	*state = targets;
	return result;
}

const struct collector collector = {
	.name = "queue_depth",
	.summary = "count the tasks that wait in queues of Redis, how long they have waited, and the workers",
	.options = options,
	.shared_options = shared_options,
	.families = queue_families,
	.family_count = QUEUE_FAMILIES,
	.open = queue_depth_open,
	.collect = targets_collect,
	.close = targets_close,
};
