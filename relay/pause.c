/*
 * A thread that waits for its next turn ends at once when the relay stops: a sleep() of minutes would make
 * systemd wait for it, and kill it in the end.  Waits are on the monotonic clock, so a clock that is
 * set does not change them.
 */

#include "relay/pause.h"

#include "common/deadline.h"

static const int64_t second_ns = 1000 * 1000 * 1000;

void
pause_init(struct pause *pause)
{
	pthread_condattr_t attributes;

	*pause = (struct pause){ 0 };
	(void)pthread_mutex_init(&pause->lock, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&pause->ended, &attributes);
	(void)pthread_condattr_destroy(&attributes);
}

void
pause_release(struct pause *pause)
{
	(void)pthread_cond_destroy(&pause->ended);
	(void)pthread_mutex_destroy(&pause->lock);
}

bool
pause_for(struct pause *pause, int64_t ns)
{
	int64_t until_ns = clock_now_ns() + ns;
	const struct timespec until = { .tv_sec = until_ns / second_ns, .tv_nsec = until_ns % second_ns };
	bool over;

	(void)pthread_mutex_lock(&pause->lock);
	/* A condition variable may wake for no reason. */
	while (!pause->over && clock_now_ns() < until_ns)
		(void)pthread_cond_timedwait(&pause->ended, &pause->lock, &until);
	over = pause->over;
	(void)pthread_mutex_unlock(&pause->lock);
	return !over;
}

void
pause_end(struct pause *pause)
{
	(void)pthread_mutex_lock(&pause->lock);
	pause->over = true;
	/* One thread waits on it, so one signal is enough.  The lock keeps it from coming between the
	 * thread's look and its wait. */
	(void)pthread_cond_signal(&pause->ended);
	(void)pthread_mutex_unlock(&pause->lock);
}
