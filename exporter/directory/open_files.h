#ifndef EXPORTER_DIRECTORY_OPEN_FILES_H
#define EXPORTER_DIRECTORY_OPEN_FILES_H

#include <stddef.h>

#include "common/failure.h"

/*
 * How many connections each of so many addresses may have, `wanted` or fewer,
 * such that the limit of open files leaves enough for reading the directory,
 * however many clients there are.  Raises the soft limit as far as it may.
 * 0 with `why` (local): not even a few.
 */
unsigned open_files_share(unsigned wanted, size_t addresses, struct failure *why);

#endif /* EXPORTER_DIRECTORY_OPEN_FILES_H */
