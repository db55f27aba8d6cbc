#ifndef COLLECTORS_PREFLIGHT_CHECKS_COMMAND_H
#define COLLECTORS_PREFLIGHT_CHECKS_COMMAND_H

#include <limits.h>

#include "common/deadline.h"
#include "common/failure.h"
#include "common/text/buffer.h"

/*
 * Find a program in PATH, in absolute directories only: a relative one would be
 * wherever we happen to be.  -1 with `why` (local).
 */
int command_find(const char *name, char path[PATH_MAX], struct failure *why);

/*
 * Run the program `path`, and append what it prints to `output` and `errors`.
 * It gets no standard input, no open file of ours, no environment but the one
 * given, and signals as a shell would give them.  It is killed when the deadline
 * passes first, and when the calling thread ends.
 *
 * Returns its exit status, or -1 with `why`: it could not be started, ended by
 * a signal, or printed more than `output` takes.
 */
int command_run(const char *path, char *const arguments[], char *const environment[],
    struct deadline deadline, struct buffer *output, struct buffer *errors, struct failure *why);

#endif /* COLLECTORS_PREFLIGHT_CHECKS_COMMAND_H */
