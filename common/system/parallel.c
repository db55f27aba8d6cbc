/*
 * A probe blocks until its deadline.  A thread per server lets a run wait for
 * all of them at once, and keeps the probes simple.  All threads are joined
 * before the call returns: so a job may use the caller's stack, and needs a
 * lock only for what it shares with other jobs.  A lack of threads is no
 * failure: the caller's thread does those jobs, and a job whose deadline has
 * passed by then ends at once.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/system/parallel.h"

/* Enough for a probe's buffers and for what TLS libraries want.
 * Hundreds of threads must not cost gigabytes of address space. */
enum { STACK_BYTES = 256 * 1024 };

struct worker {
	pthread_t thread;
	size_t index;
	void (*job)(void *context, size_t index);
	void *context;
	bool started;
};

static void *
work(void *argument)
{
	struct worker *w = argument;

	w->job(w->context, w->index);
	return NULL;
}

static void
start_workers(struct worker workers[], size_t count)
{
	pthread_attr_t attributes;

	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
	for (size_t i = 0; i < count; i++)
		workers[i].started = pthread_create(&workers[i].thread, &attributes, work, &workers[i]) == 0;
	(void)pthread_attr_destroy(&attributes);
}

static void
finish_workers(struct worker workers[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (workers[i].started)
			(void)pthread_join(workers[i].thread, NULL);
	for (size_t i = 0; i < count; i++)
		if (!workers[i].started)
			(void)work(&workers[i]);
}

void
parallel_each(size_t count, void (*job)(void *context, size_t index), void *context)
{
	struct worker *workers = count > 1 ? calloc(count - 1, sizeof(*workers)) : NULL;

	if (workers == NULL) { /* one job, or no memory: one after another */
		for (size_t i = 0; i < count; i++)
			job(context, i);
		return;
	}
	for (size_t i = 0; i < count - 1; i++)
		workers[i] = (struct worker){ .index = i + 1, .job = job, .context = context };
	start_workers(workers, count - 1);
	job(context, 0);
	finish_workers(workers, count - 1);
	free(workers);
}
