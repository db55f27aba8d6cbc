#ifndef COMMON_DEADLINE_H
#define COMMON_DEADLINE_H

#include <stdint.h>

/*
 * One absolute, monotonic deadline per run, handed down to every call that
 * can block.  Each callee asks only for what is left of it, so the sum of all
 * waits cannot exceed the budget the run started with.
 */
struct deadline {
	int64_t at_ns; /* on the clock of clock_now_ns() */
};

/* Nanoseconds on the monotonic clock. */
int64_t clock_now_ns(void);

/* How long ago that was, in seconds. */
double clock_seconds_since(int64_t began_ns);

/* Unix time in seconds, to the millisecond: what a ..._timestamp_seconds metric says. */
double clock_unix_seconds(void);

struct deadline deadline_in(int64_t nanoseconds);

/* Nanoseconds left, never negative.  Zero means the deadline has passed. */
int64_t deadline_left_ns(struct deadline deadline);

/* The same for poll(2): milliseconds, rounded up so that poll() never wakes too early. */
int deadline_left_ms(struct deadline deadline);

/* Wait until `fd` is ready for `events` (POLLIN, POLLOUT).  1 ready, 0 deadline passed, -1 errno. */
int deadline_poll(struct deadline deadline, int fd, short events);

#endif /* COMMON_DEADLINE_H */
