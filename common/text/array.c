/*
 * The arrays here hold the samples of a file, up to millions.  Doubling keeps
 * the number of copies small; a guess from the caller (how much of the file
 * was read so far, and what it gave) saves most of those that are left.  But
 * the guess comes from the file's first lines, which may be hostile: BOLDNESS
 * limits what a wrong one costs.
 */

#include <stdlib.h>

#include "common/text/array.h"

enum { LEAST_ROOM = 256, BOLDNESS = 16 };

void *
array_reserve(void *array, size_t *room, size_t count, size_t expected, size_t size)
{
	size_t larger = *room > 0 ? *room * 2 : LEAST_ROOM;
	void *moved;

	if (count <= *room)
		return array;
	/* The guess may be far off: it gets BOLDNESS times the doubled size at most. */
	if (expected > larger)
		larger = expected < larger * BOLDNESS ? expected : larger * BOLDNESS;
	moved = reallocarray(array, larger, size);
	if (moved == NULL)
		return NULL;
	*room = larger;
	return moved;
}

void *
array_new_zeroed(size_t count, size_t size)
{
	return calloc(count, size);
}
