#ifndef COMMON_SYSTEM_REPLACE_H
#define COMMON_SYSTEM_REPLACE_H

#include "common/deadline.h"
#include "common/failure.h"

/*
 * Put `text` into the file `path`, for us alone to read, whole or not at all: a
 * draft beside it (".<name>.tmp") takes its place.  Writers take turns by locking
 * the draft, until the deadline.  What is there and is no regular file, a symbolic
 * link too, is left alone.  0, or -1 with `why`: then the old file is as it was.
 */
int replace_file(const char *path, const char *text, struct deadline deadline, struct failure *why);

#endif /* COMMON_SYSTEM_REPLACE_H */
