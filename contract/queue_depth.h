#ifndef CONTRACT_QUEUE_DEPTH_H
#define CONTRACT_QUEUE_DEPTH_H

#include "textfile/family.h"

/* All that queue_depth can write. */
enum queue_family {
	QUEUE_UP,
	QUEUE_LENGTH,
	QUEUE_TASKS,
	QUEUE_OLDEST,
	QUEUE_CONSUMERS,
	QUEUE_GROUP_LAG,
	QUEUE_GROUP_PENDING,
	QUEUE_GROUP_CONSUMERS,
	QUEUE_GROUP_IDLE,
	QUEUE_DROPPED,
	QUEUE_FAILURES,
	QUEUE_LAST_SUCCESS,
};
enum { QUEUE_FAMILIES = QUEUE_LAST_SUCCESS + 1 };
extern const struct family queue_families[QUEUE_FAMILIES];

/* The label "type": who keeps the queue. */
enum queue_type { QUEUE_LIST, QUEUE_CELERY, QUEUE_RQ, QUEUE_SIDEKIQ, QUEUE_BULLMQ, QUEUE_STREAM };
enum { QUEUE_TYPES = QUEUE_STREAM + 1 };
extern const char *const queue_type_names[QUEUE_TYPES + 1];

/* The label "state" of tasks that do not wait. */
enum queue_state { TASK_ACTIVE, TASK_DELAYED, TASK_RETRY, TASK_FAILED };
enum { QUEUE_STATES = TASK_FAILED + 1 };
extern const char *const queue_state_names[QUEUE_STATES + 1];

#endif /* CONTRACT_QUEUE_DEPTH_H */
