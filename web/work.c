/*
 * The thread that makes slow answers.  An address has one thread of its own for
 * all of its clients: if that read the files, which may be large and on a slow
 * disk, a probe that only asks whether we live would wait for all of them, and
 * its orchestrator would end a program that is well.
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

static void *
make_answers(void *context)
{
	struct work *work = context;

	(void)pthread_mutex_lock(&work->lock);
	while (!work->ending || work->first != NULL) {
		struct request *request = work->first;
		bool over = work->ending;

		if (request == NULL) {
			(void)pthread_cond_wait(&work->changed, &work->lock);
			continue;
		}
		work->first = *request_next(request);
		if (work->first == NULL)
			work->last = &work->first;
		(void)pthread_mutex_unlock(&work->lock);
		/* From here on it is its connection's again, which may free it. */
		request_work(request, over);
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

void
work_add(struct work *work, struct request *request)
{
	bool over;

	(void)pthread_mutex_lock(&work->lock);
	over = work->ending;
	if (!over) {
		*request_next(request) = NULL;
		*work->last = request;
		work->last = request_next(request);
		(void)pthread_cond_signal(&work->changed);
	}
	(void)pthread_mutex_unlock(&work->lock);
	if (over)
		request_work(request, true);
}

void
work_end(struct work *work)
{
	bool ended;

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
