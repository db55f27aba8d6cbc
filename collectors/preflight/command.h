#ifndef COLLECTORS_PREFLIGHT_COMMAND_H
#define COLLECTORS_PREFLIGHT_COMMAND_H

#include "common/buffer.h"
#include "common/deadline.h"
#include "common/failure.h"

/*
 * Run a program and take what it prints on standard output; standard error
 * goes to `errors`.  It gets nothing of our environment but PATH and HOME, no
 * standard input, and signals as a shell would give them.  When the deadline
 * comes first it is killed with all that it started.
 *
 * Its exit status, or -1 with `why`: it could not be started, was killed, or
 * printed more than `output` takes.
 */
int command_run(const char *const arguments[], struct deadline deadline, struct buffer *output,
    struct buffer *errors, struct failure *why);

#endif /* COLLECTORS_PREFLIGHT_COMMAND_H */
