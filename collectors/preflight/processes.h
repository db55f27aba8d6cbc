#ifndef COLLECTORS_PREFLIGHT_PROCESSES_H
#define COLLECTORS_PREFLIGHT_PROCESSES_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/deadline.h"
#include "common/secrets.h"

/*
 * Which processes show a secret: all users may read another's arguments, and
 * root another's environment.  Secrets of fewer than SHOWN_LEAST bytes are not
 * looked for: they would be found by chance.
 */
enum { SHOWN_LEAST = 8 };

struct shown {
	pid_t pid;
	char name[64];       /* the process's, as the kernel has it */
	bool in_environment; /* of another user; else in its arguments */
};

/* The first `most` of them; -1: there is no /proc to look into, or the deadline came first. */
int processes_showing(
    const struct secrets *secrets, struct deadline deadline, struct shown shown[], size_t most);

#endif /* COLLECTORS_PREFLIGHT_PROCESSES_H */
