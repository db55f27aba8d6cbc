#ifndef TEXTFILE_NAMES_H
#define TEXTFILE_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/text/slice.h"
#include "textfile/hash.h"

/* [a-zA-Z_:][a-zA-Z0-9_:]* */
bool name_valid_metric(struct slice name);

/* [a-zA-Z_][a-zA-Z0-9_]*, reserved ones ("__x") included. */
bool name_valid_label(struct slice name);

/* Labels that begin with "__": client_golang panics on them, and node_exporter with it. */
bool name_reserved_label(struct slice name);

/* A metric that node_exporter writes itself, whatever its flags or by its default collectors: a file's series
 * of that name is dropped or hides it. */
bool name_taken_by_node_exporter(struct slice name);

/* A metric that Prometheus writes of each target: a series of that name without labels takes its place. */
bool name_written_by_prometheus(struct slice name);

/* The metric's or label's name that stands at `at` and ends where another character does; empty when none
 * begins there. */
struct slice name_at_metric(const char *at);
struct slice name_at_label(const char *at);

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
