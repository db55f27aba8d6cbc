/*
 * The arrays here hold the samples of a file, up to millions.  Doubling keeps
 * the number of copies small; a guess from the caller (how much of the file
 * was read so far, and what it gave) saves most of those that are left.  But
 * the guess comes from the file's first lines, which may be hostile: BOLDNESS
 * limits what a wrong one costs.
 */

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "common/text/array.h"

enum { LEAST_ROOM = 256, BOLDNESS = 16, SMALL_PAGE = 4096, WORTH_IT = 4 << 20 };

static void
use_large_pages(void *memory, size_t bytes)
{
	/* madvise() wants whole pages, and what is left of the first and last page may belong to others. */
	uintptr_t start = ((uintptr_t)memory + SMALL_PAGE - 1) & ~(uintptr_t)(SMALL_PAGE - 1);
	uintptr_t end = ((uintptr_t)memory + bytes) & ~(uintptr_t)(SMALL_PAGE - 1);

	/* Only advice: where it is not taken, nothing is lost but time. */
	if (bytes >= WORTH_IT)
		(void)madvise((void *)start, end - start, MADV_HUGEPAGE);
}

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
	use_large_pages(moved, larger * size);
	return moved;
}

void *
array_new_zeroed(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (memory != NULL)
		use_large_pages(memory, count * size);
	return memory;
}
