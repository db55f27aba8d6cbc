#ifndef COMMON_SYSTEM_DETACHED_H
#define COMMON_SYSTEM_DETACHED_H

#include "common/deadline.h"

/*
 * Work that keeps no deadline and cannot be interrupted, such as a library's
 * call that asks a name server.  It is done in a thread of its own, which is left
 * behind when the deadline passes.
 */
struct detached {
	void (*run)(void *work);
	void (*release)(void *work);
};

enum detached_end {
	DETACHED_DONE,   /* the work is the caller's again; in all other cases it is released, now or later */
	DETACHED_LATE,   /* the deadline passed first */
	DETACHED_BUSY,   /* not begun: earlier work with this key, or work with 256 others, has not ended */
	DETACHED_UNABLE, /* not begun: out of memory or threads */
};

/* Back by the deadline.  `key` says what the work waits for ("host:port"); it must be a part of `work`. */
enum detached_end detached_run(
    const struct detached *task, const char *key, void *work, struct deadline deadline);

#endif /* COMMON_SYSTEM_DETACHED_H */
