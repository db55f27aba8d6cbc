/*
 * getaddrinfo() may wait for a silent name server for minutes, and libpq may hash for an hour when a
 * server asks it to.  Neither can be interrupted.  Cancelling the thread would be no way out either: it
 * may hold memory and locks at that moment.  So the caller waits on a condition variable until the
 * deadline, and then leaves the thread behind with its work.
 *
 * `done` and `late` change under the mutex alone.  So exactly one of the two, caller or thread, ends up
 * with the work and releases it.  A thread that ended in time is joined: at the end of a program no
 * thread of a library may still be cleaning up.  While a thread is left behind its key is not asked
 * for again: else a loop would leave another one behind in each run.
 */

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/system/detached.h"

enum {
	LEFT_BEHIND_MAX = 256,
	STACK_BYTES = 256 * 1024, /* enough for name services, TLS and Kerberos; the default is 8 MiB */
};

struct job {
	struct job *next; /* of those left behind */
	const struct detached *task;
	const char *key;
	void *work;
	pthread_cond_t ended;
	bool done;
	bool late; /* the caller has gone: the job is the thread's */
};

/* Threads that were left behind outlive the call that started them, so this belongs to the process. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* of all jobs, and of the list below */
static struct job *left_behind;

static void
job_free(struct job *job)
{
	(void)pthread_cond_destroy(&job->ended);
	free(job);
}

static void *
run_job(void *argument)
{
	struct job *job = argument, **link = &left_behind;
	bool late;

	job->task->run(job->work);
	(void)pthread_mutex_lock(&mutex);
	job->done = true;
	late = job->late;
	while (late && *link != job)
		link = &(*link)->next;
	if (late)
		*link = job->next;
	(void)pthread_cond_signal(&job->ended);
	(void)pthread_mutex_unlock(&mutex);
	if (late) {
		job->task->release(job->work);
		job_free(job);
	}
	return NULL;
}

/* All signals are blocked in the new thread: handlers are for the threads that the program knows. */
static int
start_thread(struct job *job, pthread_t *thread)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int error;

	(void)sigfillset(&all);
	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(thread, &attributes, run_job, job);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attributes);
	return error;
}

/* This runs before OpenSSL's exit handlers, which free what a thread that was left behind still uses. */
static void
exit_at_once(int status, void *context)
{
	(void)context;
	/* _exit() would throw away what is buffered.  Not of all files: a thread that was left behind may be
	 * reading one, and hold its lock. */
	(void)fflush(stdout);
	_exit(status);
}

/* Whether it ended in time.  If not, the job is the thread's, and must not be touched again. */
static bool
await_end(struct job *job, pthread_t thread, struct deadline deadline)
{
	struct timespec until = { .tv_sec = deadline.at_ns / 1000000000,
		.tv_nsec = deadline.at_ns % 1000000000 };
	const struct sched_param none = { .sched_priority = 0 };
	int waited = 0;
	bool done;

	(void)pthread_mutex_lock(&mutex);
	while (!job->done && waited == 0)
		waited = pthread_cond_clockwait(&job->ended, &mutex, CLOCK_MONOTONIC, &until);
	done = job->done;
	if (!done) {
		job->late = true;
		job->next = left_behind;
		left_behind = job;
		(void)on_exit(exit_at_once, NULL);
		/* It may compute for an hour, but only when no other thread wants to run. */
		(void)pthread_setschedparam(thread, SCHED_IDLE, &none);
		(void)pthread_detach(thread);
	}
	(void)pthread_mutex_unlock(&mutex);
	if (done)
		(void)pthread_join(thread, NULL);
	return done;
}

static bool
is_busy(const char *key)
{
	bool busy = false;
	int count = 0;

	(void)pthread_mutex_lock(&mutex);
	for (const struct job *job = left_behind; job != NULL && !busy; job = job->next)
		busy = ++count == LEFT_BEHIND_MAX || strcmp(job->key, key) == 0;
	(void)pthread_mutex_unlock(&mutex);
	return busy;
}

/* The job is all zero but for what detached_run() set.  Everything is released unless it is done. */
static enum detached_end
run_in_thread(struct job *job, struct deadline deadline)
{
	pthread_t thread;
	bool started;

	(void)pthread_cond_init(&job->ended, NULL);
	started = start_thread(job, &thread) == 0;
	if (started && !await_end(job, thread, deadline))
		return DETACHED_LATE;
	if (!started)
		job->task->release(job->work);
	job_free(job);
	return started ? DETACHED_DONE : DETACHED_UNABLE;
}

enum detached_end
detached_run(const struct detached *task, const char *key, void *work, struct deadline deadline)
{
	enum detached_end end = DETACHED_UNABLE;
	struct job *job = NULL;

	/* A thread that has no time is not worth starting, and would be left behind at once. */
	if (deadline_left_ns(deadline) == 0)
		end = DETACHED_LATE;
	else if (is_busy(key))
		end = DETACHED_BUSY;
	else
		job = calloc(1, sizeof(*job));
	if (job == NULL) {
		task->release(work);
		return end;
	}
	job->task = task;
	job->key = key;
	job->work = work;
	return run_in_thread(job, deadline);
}
