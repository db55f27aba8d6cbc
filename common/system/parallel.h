#ifndef COMMON_SYSTEM_PARALLEL_H
#define COMMON_SYSTEM_PARALLEL_H

#include <stddef.h>

/*
 * Do `job(context, index)` for 0 <= index < count, each in a thread of its own
 * (the first in the caller's), and return when all are done.  A job must keep
 * to its deadline: that is what bounds this call.  One job starts no thread.
 * Where no thread can be had, the job runs after the others instead.
 */
void parallel_each(size_t count, void (*job)(void *context, size_t index), void *context);

#endif /* COMMON_SYSTEM_PARALLEL_H */
