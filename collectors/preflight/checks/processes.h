#ifndef COLLECTORS_PREFLIGHT_CHECKS_PROCESSES_H
#define COLLECTORS_PREFLIGHT_CHECKS_PROCESSES_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/config/secrets.h"
#include "common/deadline.h"

/*
 * Which processes show a secret in their arguments, which all users may read.
 * Secrets of fewer than SHOWN_LEAST bytes are not looked for: they would be found
 * by chance.  Of each process the first ARGUMENTS_READ bytes are looked at.
 */
enum { SHOWN_LEAST = 8, ARGUMENTS_READ = 128 * 1024 };

struct shown {
	pid_t pid;
	char name[32]; /* the process's, as the kernel has it */
};

/*
 * Finds the first `most` of them and returns how many.  `*all` is false when
 * there is no /proc, or the deadline passed first.
 */
size_t processes_showing(
    const struct secrets *secrets, struct deadline deadline, struct shown shown[], size_t most, bool *all);

#endif /* COLLECTORS_PREFLIGHT_CHECKS_PROCESSES_H */
