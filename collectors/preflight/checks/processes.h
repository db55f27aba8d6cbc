#ifndef COLLECTORS_PREFLIGHT_CHECKS_PROCESSES_H
#define COLLECTORS_PREFLIGHT_CHECKS_PROCESSES_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/config/secrets.h"
#include "common/deadline.h"

/* What is looked for; neither is owned. */
struct wanted {
	const struct secrets *in_arguments;
	const struct secrets *in_environments;
};

/*
 * Which processes show a secret: all users may read another's arguments, and
 * root another's environment.  Found are those that are percent-encoded, too.  Secrets of fewer than
 * SHOWN_LEAST bytes are not looked for: they would be found by chance.
 */
enum { SHOWN_LEAST = 8 };

struct shown {
	pid_t pid;
	char name[64];       /* the process's, as the kernel has it */
	bool in_environment; /* of another user; else in its arguments */
};

/*
 * The first `most` of them: how many.  Not `all` were looked at where there is
 * no /proc, the deadline came first, or somebody has more arguments than there is
 * room for.
 */
size_t processes_showing(
    struct wanted wanted, struct deadline deadline, struct shown shown[], size_t most, bool *all);

#endif /* COLLECTORS_PREFLIGHT_CHECKS_PROCESSES_H */
