#ifndef TEXTFILE_NAMES_H
#define TEXTFILE_NAMES_H

#include <stdint.h>

#include "common/text/slice.h"
#include "textfile/hash.h"

/*
 * From metric names to numbers.  The names are not copied and must outlive the
 * table.  A zeroed struct may be released.
 */
struct names_entry {
	struct slice name; /* length 0: free */
	uint32_t hash;
	uint32_t number;
	uint8_t tag; /* the owner's */
};

struct names {
	struct hash_key key;
	struct names_entry *entries;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
};

void names_init(struct names *names);
void names_release(struct names *names);

/* The entry of a name, valid until the next names_add(), or NULL. */
const struct names_entry *names_find(const struct names *names, struct slice name);

/* Add a name that is not in yet and not empty.  0, or -1 when memory ran out. */
int names_add(struct names *names, struct slice name, uint32_t number, uint8_t tag);

#endif /* TEXTFILE_NAMES_H */
