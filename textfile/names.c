#include <stdlib.h>

#include "textfile/names.h"

enum { LEAST_CAPACITY = 64 };

void
names_init(struct names *names)
{
	*names = (struct names){ .key = hash_key_new() };
}

void
names_release(struct names *names)
{
	free(names->entries);
	names->entries = NULL;
	names->capacity = names->count = 0;
}

/* Where `name` is, or the free place where it belongs. */
static struct names_entry *
place_of(const struct names *names, struct slice name, uint32_t hash)
{
	for (size_t i = hash;; i++) {
		struct names_entry *entry = &names->entries[i & (names->capacity - 1)];

		if (entry->name.length == 0 || (entry->hash == hash && slice_equal(entry->name, name)))
			return entry;
	}
}

static uint32_t
hash_of(const struct names *names, struct slice name)
{
	return (uint32_t)hash_text(names->key, name.at, name.length);
}

const struct names_entry *
names_find(const struct names *names, struct slice name)
{
	const struct names_entry *entry;

	if (names->count == 0 || name.length == 0)
		return NULL;
	entry = place_of(names, name, hash_of(names, name));
	return entry->name.length > 0 ? entry : NULL;
}

/* Twice as large; at most half of it is ever used. */
static int
grow(struct names *names)
{
	struct names_entry *old = names->entries, *entries;
	size_t old_capacity = names->capacity,
	       capacity = old_capacity > 0 ? old_capacity * 2 : LEAST_CAPACITY;

	entries = calloc(capacity, sizeof(*entries));
	if (entries == NULL)
		return -1;
	names->entries = entries;
	names->capacity = capacity;
	for (size_t i = 0; i < old_capacity; i++)
		if (old[i].name.length > 0)
			*place_of(names, old[i].name, old[i].hash) = old[i];
	free(old);
	return 0;
}

int
names_add(struct names *names, struct slice name, uint32_t number, uint8_t tag)
{
	uint32_t hash = hash_of(names, name);

	if (names->count >= names->capacity / 2 && grow(names) != 0)
		return -1;
	*place_of(names, name, hash) = (struct names_entry){ name, hash, number, tag };
	names->count++;
	return 0;
}
