#ifndef COLLECTORS_PREFLIGHT_CHECKS_COMMAND_H
#define COLLECTORS_PREFLIGHT_CHECKS_COMMAND_H

#include "common/deadline.h"
#include "common/failure.h"
#include "common/text/buffer.h"

/*
 * Run a program and take what it prints on standard output; standard error
 * goes to `errors`.  It is looked for in PATH, in absolute directories alone.
 * It gets nothing of our environment but PATH and HOME, and `environment`
 * besides (NAME=VALUE, up to NULL); no standard input, no open file of ours, and
 * signals as a shell would give them.  It can start no program of its own.  When
 * the deadline comes first it is killed, and when we end it ends.
 *
 * Its exit status, or -1 with `why`: it could not be started, was killed, or
 * printed more than `output` takes.
 */
int command_run(const char *const arguments[], const char *const environment[], struct deadline deadline,
    struct buffer *output, struct buffer *errors, struct failure *why);

#endif /* COLLECTORS_PREFLIGHT_CHECKS_COMMAND_H */
