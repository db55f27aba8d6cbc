/*
 * The threads are detached, because nobody may be left to join them.  `running`
 * is handed over under the mutex: so all that the work wrote before its end is
 * seen by the thread that finds it ended, and nothing is read while it still writes.
 */

#include <string.h>
#include <time.h>

#include "common/system/background.h"

void
background_init(struct background *background)
{
	*background = (struct background){ .running = false };
	(void)pthread_mutex_init(&background->mutex, NULL);
	(void)pthread_cond_init(&background->ended, NULL);
}

void
background_release(struct background *background)
{
	(void)pthread_cond_destroy(&background->ended);
	(void)pthread_mutex_destroy(&background->mutex);
}

static void *
run(void *argument)
{
	struct background *background = argument;

	background->work(background->context);
	(void)pthread_mutex_lock(&background->mutex);
	background->running = false;
	(void)pthread_cond_broadcast(&background->ended);
	(void)pthread_mutex_unlock(&background->mutex);
	return NULL;
}

int
background_start(
    struct background *background, void (*work)(void *context), void *context, struct failure *why)
{
	pthread_t thread;
	int error;

	background->work = work;
	background->context = context;
	background->running = true;
	error = pthread_create(&thread, NULL, run, background);
	if (error == 0)
		return pthread_detach(thread);
	background->running = false;
	return failure_set(why, FAILURE_LOCAL, "cannot start a thread: %s", strerror(error));
}

bool
background_wait(struct background *background, struct deadline deadline)
{
	struct timespec until = { .tv_sec = deadline.at_ns / 1000000000,
		.tv_nsec = deadline.at_ns % 1000000000 };
	int waited = 0;
	bool ended;

	(void)pthread_mutex_lock(&background->mutex);
	while (background->running && waited == 0)
		waited =
		    pthread_cond_clockwait(&background->ended, &background->mutex, CLOCK_MONOTONIC, &until);
	ended = !background->running;
	(void)pthread_mutex_unlock(&background->mutex);
	return ended;
}

bool
background_is_running(struct background *background)
{
	bool running;

	(void)pthread_mutex_lock(&background->mutex);
	running = background->running;
	(void)pthread_mutex_unlock(&background->mutex);
	return running;
}
