#ifndef EXPORTER_DIRECTORY_ENTRY_H
#define EXPORTER_DIRECTORY_ENTRY_H

#include <sys/stat.h>

#include "common/text/buffer.h"
#include "exporter/directory/store.h"

/* What the files of the store share; store.h is for everybody else. */

struct entry {
	struct store_file file;
	struct stat status; /* of what was read */
	int64_t since_ns;   /* when `status` was first seen, on the monotonic clock */
	bool known;         /* `file` says what became of what has this status */
	bool settled;       /* and it had been seen a moment before it was read */
	bool seen;          /* in this refresh */
	bool fresh;         /* listed for the first time, and not yet looked at */
	size_t size;        /* of the text, while good or broken */
	struct buffer text; /* while good; the document points into it, and into the bounds */
	struct buffer bounds;
};

struct store {
	char *directory;
	struct store_limits limits;
	struct entry *entries; /* by name */
	size_t count, room;
	size_t bytes; /* of the files that were read */
	size_t left_out;
	uint64_t generation;
	bool changed;
	bool listed;
};

/*
 * Look at a file of the directory, and read it if it is not what is known.
 * Whether the entry stays: a file that vanished between listing and looking was
 * never there.
 */
bool entry_look_at(struct store *store, struct entry *entry, int directory);

void entry_release(struct store *store, struct entry *entry);

#endif /* EXPORTER_DIRECTORY_ENTRY_H */
