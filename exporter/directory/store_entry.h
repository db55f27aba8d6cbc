#ifndef EXPORTER_DIRECTORY_STORE_ENTRY_H
#define EXPORTER_DIRECTORY_STORE_ENTRY_H

#include <sys/stat.h>

#include "common/text/buffer.h"
#include "exporter/directory/store.h"

/* What the files of the store share; store.h is for everybody else. */

/* What is looked at to see that a file is still the one that was read. */
struct identity {
	dev_t device;
	ino_t inode;
	off_t size;
	int64_t modified_ns;
	int64_t changed_ns;
};

struct entry {
	struct store_file file;
	struct identity identity;
	int64_t since_ns;   /* when `identity` was first seen, on the monotonic clock */
	bool known;         /* `identity` is of what was read, and `file` says what it came to */
	bool settled;       /* and it had been seen a moment before */
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

#endif /* EXPORTER_DIRECTORY_STORE_ENTRY_H */
