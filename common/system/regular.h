#ifndef COMMON_SYSTEM_REGULAR_H
#define COMMON_SYSTEM_REGULAR_H

/*
 * Why a library is not to read this file, as "is no regular file": whoever opens
 * a FIFO waits for its writer, and a device may have no end.  NULL: it may be read.
 */
const char *regular_fault(const char *path);

#endif /* COMMON_SYSTEM_REGULAR_H */
