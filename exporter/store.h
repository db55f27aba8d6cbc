#ifndef EXPORTER_STORE_H
#define EXPORTER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"
#include "textfile/parse.h"

/*
 * The textfile directory, as it is now: one entry per *.prom, in the order of
 * names.  Files are read again only when inode, size or modification time have
 * changed.  Whatever is no regular file, too large, unreadable or broken is an
 * entry with a reason, and hides no other.
 */
enum store_state {
	STORE_GOOD,       /* parsed, and free of faults */
	STORE_BROKEN,     /* node_exporter would refuse it, or misread it */
	STORE_UNREADABLE, /* no regular file (FIFO, directory), no permission, gone while read */
	STORE_TOO_LARGE,
};

struct store_file {
	char *name; /* "redis_latency.prom" */
	enum store_state state;
	char reason[256];  /* "" while good */
	double modified;   /* Unix time; negative: not known */
	struct slice text; /* of a good file; owned by the store */
	struct document document;
};

struct store_limits {
	size_t file_bytes; /* the largest file that is read */
	size_t all_bytes;  /* and all of them together */
	size_t files;
};

struct store;

struct store *store_new(const char *directory, const struct store_limits *limits);
void store_free(struct store *store);

/*
 * Look at the directory again.  0, or -1 with `why` (local): it cannot be
 * listed; then there are no files.  What an earlier call gave out is no longer
 * valid.  Not from two threads.
 */
int store_refresh(struct store *store, struct failure *why);

size_t store_count(const struct store *store);
const struct store_file *store_file(const struct store *store, size_t index);

/* Grows with each refresh that changed anything: for what is made from the files and kept. */
uint64_t store_generation(const struct store *store);

#endif /* EXPORTER_STORE_H */
