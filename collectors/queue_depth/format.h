#ifndef COLLECTORS_QUEUE_DEPTH_FORMAT_H
#define COLLECTORS_QUEUE_DEPTH_FORMAT_H

#include "collectors/queue_depth/reading.h"

/* A command that answers with a number, of the key that is called <before><queue><after>. */
struct queue_count {
	int figure; /* the numbers of several commands add up */
	const char *command, *before, *after;
};

/* How one framework keeps its queues. */
struct queue_format {
	const char *set;                  /* it names all queues; NULL: keys have to be searched */
	const char *key_type;             /* of those keys, in the words of Redis */
	const char *before, *after;       /* around the queue's name there */
	const struct queue_count *counts; /* of a queue; ended by a row without a command */
	const struct queue_count *all;    /* of all queues together; NULL: the format has no such figure */

	/* Find the queues of a pattern; NULL: as above. */
	int (*find)(struct queue_reading *r, const char *pattern);

	/* Read more than counts; may be NULL. */
	int (*detail)(struct queue_reading *r);
};

extern const struct queue_format queue_format_list, queue_format_celery, queue_format_rq,
    queue_format_sidekiq, queue_format_bullmq, queue_format_stream;

#endif /* COLLECTORS_QUEUE_DEPTH_FORMAT_H */
