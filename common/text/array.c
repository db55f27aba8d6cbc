/*
 * The arrays here hold positions, rows, or the samples of a file, up to millions.  Doubling keeps
 * the number of copies small, and pages that were not written to yet take no
 * memory.
 */

#include <stdlib.h>

#include "common/text/array.h"

enum { LEAST_ROOM = 256 };

void *
array_reserve(void *array, size_t *room, size_t count, size_t size)
{
	size_t larger = *room > 0 ? *room * 2 : LEAST_ROOM;
	void *moved;

	if (count <= *room)
		return array;
	while (larger < count)
		larger *= 2;
	moved = reallocarray(array, larger, size);
	if (moved == NULL)
		return NULL;
	*room = larger;
	return moved;
}
