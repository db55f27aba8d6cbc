#ifndef COMMON_TEXT_ARRAY_H
#define COMMON_TEXT_ARRAY_H

#include <stddef.h>

/*
 * Room for `count` elements of `size` bytes in an array that has room for
 * `*room`: the array itself, or a larger one that it was moved to, or NULL
 * when memory ran out; then the array is as it was.  Starts with NULL and 0.
 */
void *array_reserve(void *array, size_t *room, size_t count, size_t size);

#endif /* COMMON_TEXT_ARRAY_H */
