#ifndef EXPORTER_DIRECTORY_STORE_H
#define EXPORTER_DIRECTORY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"
#include "textfile/parse.h"

/*
 * The textfile directory, as it is now: one entry per *.prom, in the order of
 * names.  Files are read again only when inode, size or times have changed.
 * Whatever is no regular file, too large, unreadable or broken is an entry with
 * a reason, and hides no other.  Symbolic links are followed, as node_exporter
 * does.
 */
enum store_state {
	STORE_GOOD,       /* parsed, and as good as node_exporter takes it */
	STORE_BROKEN,     /* node_exporter would refuse it, or misread it */
	STORE_UNREADABLE, /* no regular file (FIFO, directory), no permission, gone while read */
	STORE_TOO_LARGE,
};
enum { STORE_STATES = STORE_TOO_LARGE + 1 };
const char *store_state_name(enum store_state state); /* "good", "broken", ... */

struct store_file {
	char *name; /* "redis_latency.prom" */
	enum store_state state;
	char reason[256];         /* "" while good */
	bool foreign;             /* it was read, and "arbitrage_" is nowhere in it: another program's */
	double modified;          /* Unix time; negative: not known */
	struct document document; /* of a good file; the store's */
	long dropped;             /* faults for which node_exporter leaves out a part of it */
};

struct store_limits {
	size_t file_bytes; /* the largest file that is read */
	size_t all_bytes;  /* and all of them together */
	size_t files;      /* those past it, by name, are not looked at */
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

/* Files past store_limits.files. */
size_t store_left_out(const struct store *store);

/*
 * Grows with each refresh that changed anything but times of modification: for
 * what is made from the files and kept.
 */
uint64_t store_generation(const struct store *store);

#endif /* EXPORTER_DIRECTORY_STORE_H */
