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
 * seen here but what is in memory from child_share().  It has no standard input,
 * and no output.
 */
struct child {
	pid_t pid;
	int report_fd; /* the reading end of a pipe; its writing end is the work's alone */
};

/* Zeroed memory that the work and we both see, or NULL. */
void *child_share(size_t size);
void child_unshare(void *memory, size_t size); /* takes NULL */

/* Start `work(context, report_fd)`, which reports by child_report() how far it is.  -1 with `why` (local). */
int child_start(
    struct child *child, void (*work)(void *context, int report_fd), void *context, struct failure *why);

/* A number from 0 to 255: what was done until then is in the shared memory. */
void child_report(int report_fd, unsigned char number);

/* The next number, or: */
enum { CHILD_ENDED = -1, CHILD_LATE = -2 };
int child_read(const struct child *child, struct deadline deadline);

/* End it, in a tenth of a second.  0, or its process id if it cannot be ended: then it is left behind. */
pid_t child_end(struct child *child);

/* Whether a process that was left behind still runs; false for 0. */
bool child_is_running(pid_t pid);

/* Await the end of a child: by then it is over, and its status is known, or false. */
bool child_wait(pid_t pid, struct deadline deadline, int *status);

#endif /* COMMON_SYSTEM_CHILD_H */
