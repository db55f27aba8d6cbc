/*
 * A run waits many times (name servers, sockets, locks, children) and still
 * has to end in time.  So it keeps the moment of the end, not the length of
 * each wait.  The monotonic clock counts it: the time of day may jump, by NTP
 * or by hand, and would stretch a wait or end it at once.  Only
 * clock_unix_seconds() reads that.  Sums are not checked for overflow: a
 * setting gives at most 100 years (duration.c), and an int64_t has room for
 * 292.
 */

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

#include "common/deadline.h"

int64_t
clock_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

double
clock_seconds_since(int64_t began_ns)
{
	return (double)(clock_now_ns() - began_ns) / 1e9;
}

double
clock_unix_seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	/* Whole milliseconds, divided once: the result is the double that is nearest to three decimals. */
	return (double)((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000) / 1000;
}

struct deadline
deadline_in(int64_t nanoseconds)
{
	return (struct deadline){ .at_ns = clock_now_ns() + nanoseconds };
}

int64_t
deadline_left_ns(struct deadline deadline)
{
	int64_t left = deadline.at_ns - clock_now_ns();

	return left > 0 ? left : 0;
}

int
deadline_left_ms(struct deadline deadline)
{
	int64_t milliseconds = (deadline_left_ns(deadline) + 999999) / 1000000;

	/* A longer wait does not fit an int, and poll(2) takes a negative one for "without end". */
	return milliseconds < INT_MAX ? (int)milliseconds : INT_MAX;
}

int
deadline_poll(struct deadline deadline, int fd, short events)
{
	struct pollfd wait = { .fd = fd, .events = events };

	for (;;) {
		/* A signal must not end the wait early: the next poll() gets what is left then. */
		int ready = poll(&wait, 1, deadline_left_ms(deadline));

		if (ready >= 0 || errno != EINTR)
			return ready;
	}
}
