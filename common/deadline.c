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
clock_unix_seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
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

	return milliseconds < INT_MAX ? (int)milliseconds : INT_MAX;
}

int
deadline_poll(struct deadline deadline, int fd, short events)
{
	struct pollfd wait = { .fd = fd, .events = events };

	for (;;) {
		int ready = poll(&wait, 1, deadline_left_ms(deadline));

		if (ready >= 0 || errno != EINTR)
			return ready;
	}
}
