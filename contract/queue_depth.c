/*
 * The families of queue_depth.  A figure that a format does not have is left out, because 0 would
 * look as if all was well.
 */

#include "contract/queue_depth.h"
#include "contract/limits.h"

const char *const queue_type_names[QUEUE_TYPES + 1] = { "list", "celery", "rq", "sidekiq", "bullmq", "stream",
	NULL };
const char *const queue_state_names[QUEUE_STATES + 1] = { "active", "delayed", "retry", "failed", NULL };

const struct family queue_families[QUEUE_FAMILIES] = {
	[QUEUE_UP] = { .name = "arbitrage_queue_up",
	    .type = METRIC_GAUGE,
	    .help = "1 if all queues of the target could be read in the last run, else 0.",
	    .labels = { "target" } },
	[QUEUE_LENGTH] = { .name = "arbitrage_queue_length",
	    .type = METRIC_GAUGE,
	    .help = "Tasks that wait in the queue; of a stream, entries that are in it.",
	    .labels = { "target", "type", "queue" },
	    .max_series = QUEUES_MOST },
	[QUEUE_TASKS] = { .name = "arbitrage_queue_tasks",
	    .type = METRIC_GAUGE,
	    .help =
		"Tasks of the queue that do not wait, by state: active, delayed, retry, failed; queue \"*\" has those that a framework keeps for all queues together.",
	    .labels = { "target", "type", "queue", "state" },
	    .max_series = QUEUES_MOST * QUEUE_STATES },
	[QUEUE_OLDEST] = { .name = "arbitrage_queue_oldest_task_age_seconds",
	    .type = METRIC_GAUGE,
	    .help =
		"Age of the oldest task that waits (in a stream: that is not acknowledged); absent if no task waits or the format does not have it.",
	    .labels = { "target", "type", "queue" },
	    .max_series = QUEUES_MOST },
	[QUEUE_CONSUMERS] = { .name = "arbitrage_queue_consumers",
	    .type = METRIC_GAUGE,
	    .help = "Workers that take tasks from the queue; absent if the format does not have it.",
	    .labels = { "target", "type", "queue" },
	    .max_series = QUEUES_MOST },
	[QUEUE_GROUP_LAG] = { .name = "arbitrage_queue_group_lag",
	    .type = METRIC_GAUGE,
	    .help =
		"Entries of the stream that the consumer group has not read yet; absent if Redis does not know.",
	    .labels = { "target", "queue", "group" },
	    .max_series = QUEUES_MOST },
	[QUEUE_GROUP_PENDING] = { .name = "arbitrage_queue_group_pending",
	    .type = METRIC_GAUGE,
	    .help = "Entries that the group's consumers have read and not acknowledged.",
	    .labels = { "target", "queue", "group" },
	    .max_series = QUEUES_MOST },
	[QUEUE_GROUP_CONSUMERS] = { .name = "arbitrage_queue_group_consumers",
	    .type = METRIC_GAUGE,
	    .help = "Consumers of the group.",
	    .labels = { "target", "queue", "group" },
	    .max_series = QUEUES_MOST },
	[QUEUE_GROUP_IDLE] = { .name = "arbitrage_queue_group_consumers_idle",
	    .type = METRIC_GAUGE,
	    .help = "Consumers of the group that have not asked for entries for longer than --idle.",
	    .labels = { "target", "queue", "group" },
	    .max_series = QUEUES_MOST },
	[QUEUE_DROPPED] = { .name = "arbitrage_queue_dropped",
	    .type = METRIC_GAUGE,
	    .help =
		"Queues and groups that are not published: there are more than --queues.max, of which the longest are kept, or their name cannot be a label.",
	    .labels = { "target" } },
	[QUEUE_FAILURES] = { .name = "arbitrage_queue_failures_total",
	    .type = METRIC_COUNTER,
	    .help = "Failed runs by kind of failure.",
	    .labels = { "target", "kind" },
	    .max_series = TARGETS_MAX * FAILURE_KINDS },
	[QUEUE_LAST_SUCCESS] = { .name = "arbitrage_queue_last_success_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .help = "Unix time at which a run last read all queues of the target.",
	    .labels = { "target" },
	    .kept = true },
};
