/*
 * A thread for each errand, which the caller waits for until a moment after the deadline.  It is
 * not cancelled when it is late: libpq and OpenSSL hold locks and memory that would never be
 * released.  `done` and `abandoned` change under the mutex alone, so exactly one of the two, caller
 * or thread, ends up with the work and frees it.  The target counts its users for the same reason:
 * a thread that was left behind may outlive the settings that it came from.
 */

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "probes/postgres/errand.h"

enum {
	GRACE_NS = 100000000,     /* for a session that ends by the deadline to say what it found */
	STACK_BYTES = 256 * 1024, /* what TLS and Kerberos want; the default of 8 MiB adds up */
};

/* Belongs to the caller and to the thread: the one that leaves last frees it. */
struct errand {
	pthread_mutex_t mutex;
	pthread_cond_t ended;
	const struct postgres_task *task;
	void *work;
	struct postgres_target *target;
	struct deadline deadline;
	bool done;
	bool abandoned;
};

static struct errand *
errand_new(
    const struct postgres_task *task, void *work, struct postgres_target *target, struct deadline deadline)
{
	struct errand *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	(void)pthread_mutex_init(&e->mutex, NULL);
	(void)pthread_cond_init(&e->ended, NULL);
	e->task = task;
	e->work = work;
	e->target = target;
	e->deadline = deadline;
	/* errand_free() gives it back. */
	atomic_fetch_add(&target->users, 1);
	return e;
}

static void
errand_free(struct errand *e)
{
	postgres_target_free(e->target);
	(void)pthread_cond_destroy(&e->ended);
	(void)pthread_mutex_destroy(&e->mutex);
	free(e);
}

static void *
run_task(void *argument)
{
	struct errand *e = argument;
	bool abandoned;

	e->task->run(e->work, e->target, e->deadline);
	(void)pthread_mutex_lock(&e->mutex);
	e->done = true;
	abandoned = e->abandoned;
	(void)pthread_cond_signal(&e->ended);
	(void)pthread_mutex_unlock(&e->mutex);
	/* Else the errand is the caller's, who waits for this thread to end. */
	if (abandoned) {
		/* This comes first: the target may be gone with the errand. */
		atomic_fetch_sub(&e->target->abandoned, 1);
		e->task->free(e->work);
		errand_free(e);
	}
	return NULL;
}

/* All signals are blocked in it: they are for the program's own threads. */
static int
start(struct errand *e, pthread_t *thread)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int error;

	(void)sigfillset(&all);
	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(thread, &attributes, run_task, e);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attributes);
	return error;
}

/* This runs before OpenSSL's exit handlers, which free what a thread that was left behind still uses. */
static void
exit_at_once(int status, void *context)
{
	(void)context;
	/* _exit() would throw away what is buffered. */
	(void)fflush(NULL);
	_exit(status);
}

/* Whether it came back.  If not, the errand is the thread's. */
static bool
await_end(struct errand *e, pthread_t thread)
{
	/* A session that keeps the deadline ends a moment behind it. */
	int64_t until_ns = e->deadline.at_ns + GRACE_NS;
	struct timespec until = { .tv_sec = until_ns / 1000000000, .tv_nsec = until_ns % 1000000000 };
	const struct sched_param none = { .sched_priority = 0 };
	int waited = 0;
	bool done;

	(void)pthread_mutex_lock(&e->mutex);
	while (!e->done && waited == 0)
		waited = pthread_cond_clockwait(&e->ended, &e->mutex, CLOCK_MONOTONIC, &until);
	done = e->done;
	if (!done) {
		e->abandoned = true;
		atomic_fetch_add(&e->target->abandoned, 1);
		(void)on_exit(exit_at_once, NULL);
		/* It may compute for an hour, but only when no other thread wants to run. */
		(void)pthread_setschedparam(thread, SCHED_IDLE, &none);
		(void)pthread_detach(thread);
	}
	(void)pthread_mutex_unlock(&e->mutex);
	if (done)
		(void)pthread_join(thread, NULL);
	return done;
}

/* 1: it was done; 0: a thread was left behind with it; -1: it was not begun. */
static int
run_errand(const struct postgres_task *task, void *work, struct postgres_target *target,
    struct deadline deadline, struct failure *why)
{
	struct errand *e;
	pthread_t thread;

	/* In a loop each run would leave another thread behind. */
	if (atomic_load(&target->abandoned) > 0)
		return failure_set(why, FAILURE_TIMEOUT,
		    "%s keeps an earlier attempt busy (hashing or Kerberos): it is not asked again until that ends",
		    target->address);
	e = errand_new(task, work, target, deadline);
	if (e == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	if (start(e, &thread) != 0) {
		errand_free(e);
		return failure_set(why, FAILURE_LOCAL, "no thread to be had");
	}
	if (await_end(e, thread)) {
		errand_free(e);
		return 1;
	}
	(void)failure_set(why, FAILURE_TIMEOUT,
	    "%s asks for more work than there is time for (hashing or Kerberos)", target->address);
	return 0;
}

int
postgres_errand(const struct postgres_task *task, void *work, struct postgres_target *target,
    struct deadline deadline, struct failure *why)
{
	int done = run_errand(task, work, target, deadline, why);

	if (done < 0)
		task->free(work);
	return done > 0 ? 0 : -1;
}
