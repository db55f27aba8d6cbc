#ifndef COMMON_SYSTEM_CHILD_H
#define COMMON_SYSTEM_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/deadline.h"
#include "common/failure.h"

/*
 * Work in a process of its own.
 *
 * Whoever asks a file system that does not answer (NFS, FUSE) waits, and may
 * wait on when it is killed: then a process does not end before its last thread
 * does.  A child can be left behind, and what started it ends in time.
 *
 * The work sees all there is as it was when it began, and nothing it changes is
 * seen here but what is in memory from apart_share().  It has no standard input,
 * and no output.
 */
struct apart {
	pid_t pid;
	int told; /* the reading end of a pipe; its writing end is the work's alone */
};

/* Zeroed memory that the work and we both see, or NULL. */
void *apart_share(size_t size);
void apart_unshare(void *memory, size_t size); /* takes NULL */

/* Begin `work(context, tell)`: apart_tell(tell, ...) is how it says how far it is.  -1 with `why` (local). */
int apart_begin(
    struct apart *apart, void (*work)(void *context, int tell), void *context, struct failure *why);

/* A number from 0 to 255: what was done until then is in the shared memory. */
void apart_tell(int tell, unsigned char number);

/* The next number, or: */
enum { APART_ENDED = -1, APART_LATE = -2 };
int apart_listen(const struct apart *apart, struct deadline deadline);

/* End it, in a tenth of a second.  0, or its process id if it cannot be ended: then it is left behind. */
pid_t apart_end(struct apart *apart);

/* Whether one that was left behind is still there; 0 is none. */
bool apart_is_there(pid_t pid);

/* Await the end of a child: by then it is over, and its status is known, or false. */
bool apart_reap(pid_t pid, struct deadline deadline, int *status);

#endif /* COMMON_SYSTEM_CHILD_H */
