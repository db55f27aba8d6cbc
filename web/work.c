/*
 * A thread that makes slow answers, or those that are made together.  An address has one thread of its
 * own for all of its clients: if that read the files, which may be large and on a slow disk, a probe
 * that only asks whether we live would wait for all of them, and its orchestrator would end a program
 * that is well.  It is one thread and not a pool: those answers wait for the same disk or database, and
 * the queue is bounded by the limit of connections.
 */

#include <stdlib.h>

#include "web/request.h"

struct work {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	struct request *first, **last;
	bool ending;
};

/* From the queue, which is not empty: the first one and those that join it. */
static size_t
take(struct work *work, struct request *requests[WEB_TOGETHER])
{
	size_t count = 0;

	do {
		requests[count++] = work->first;
		work->first = work->first->next;
	} while (work->first != NULL && count < WEB_TOGETHER && request_joins(requests[0], work->first));
	if (work->first == NULL)
		/* The queue is empty again: the next one is put at its head. */
		work->last = &work->first;
	return count;
}

static void *
make_answers(void *context)
{
	struct work *work = context;
	struct request *requests[WEB_TOGETHER];

	(void)pthread_mutex_lock(&work->lock);
	while (!work->ending || work->first != NULL) {
		bool over = work->ending;
		size_t count;

		if (work->first == NULL) {
			(void)pthread_cond_wait(&work->changed, &work->lock);
			continue;
		}
		count = take(work, requests);
		/* Others may be added while answers are made; they are the next ones that are taken
		 * together. */
		(void)pthread_mutex_unlock(&work->lock);
		/* From here on they are their connections' again, which may free them. */
		request_work(requests, count, over);
		(void)pthread_mutex_lock(&work->lock);
	}
	(void)pthread_mutex_unlock(&work->lock);
	return NULL;
}

struct work *
work_new(void)
{
	struct work *work = calloc(1, sizeof(*work));

	if (work == NULL)
		return NULL;
	(void)pthread_mutex_init(&work->lock, NULL);
	(void)pthread_cond_init(&work->changed, NULL);
	work->last = &work->first;
	if (pthread_create(&work->thread, NULL, make_answers, work) == 0)
		return work;
	free(work);
	return NULL;
}

/* Once the thread ends, nobody would take it from the queue: it is woken at once, without an answer. */
void
work_add(struct work *work, struct request *request)
{
	bool over;

	(void)pthread_mutex_lock(&work->lock);
	over = work->ending;
	if (!over) {
		request->next = NULL;
		*work->last = request;
		work->last = &request->next;
		(void)pthread_cond_signal(&work->changed);
	}
	(void)pthread_mutex_unlock(&work->lock);
	if (over)
		request_work(&request, 1, true);
}

/* Those in the queue are woken without an answer, and the one that is being made is waited for: it has
 * the program's data. */
void
work_end(struct work *work)
{
	bool ended;

	if (work == NULL)
		return;
	(void)pthread_mutex_lock(&work->lock);
	ended = work->ending;
	work->ending = true;
	(void)pthread_cond_signal(&work->changed);
	(void)pthread_mutex_unlock(&work->lock);
	if (!ended)
		(void)pthread_join(work->thread, NULL);
}

void
work_free(struct work *work)
{
	if (work == NULL)
		return;
	work_end(work);
	(void)pthread_cond_destroy(&work->changed);
	(void)pthread_mutex_destroy(&work->lock);
	free(work);
}
