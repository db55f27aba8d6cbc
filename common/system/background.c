/*
 * `running` is handed over under the mutex: so all that the work wrote before its end is
 * seen by the thread that finds it ended, and nothing is read while it still writes.
 *
 * A thread that has ended is joined, because libraries clean up after a thread behind its
 * work (OpenSSL does), and at the end of a program that must not still go on.
 */

#include <signal.h>
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

/* It has ended, or does so at once. */
static void
join(struct background *background)
{
	if (background->joinable)
		(void)pthread_join(background->thread, NULL);
	background->joinable = false;
}

void
background_release(struct background *background)
{
	join(background);
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

/* All signals are blocked in the new thread: a signal that the program blocks for a moment must not end it
 * there. */
int
background_start(
    struct background *background, void (*work)(void *context), void *context, struct failure *why)
{
	sigset_t all, before;
	int error;

	/* The last one was late, and has ended since. */
	join(background);
	background->work = work;
	background->context = context;
	background->running = true;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&background->thread, NULL, run, background);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	background->joinable = error == 0;
	if (error == 0)
		return 0;
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
	if (ended)
		join(background);
	return ended;
}

void
background_leave(struct background *background)
{
	if (background->joinable)
		(void)pthread_detach(background->thread);
	background->joinable = false;
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
