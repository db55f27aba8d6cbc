#ifndef EXPORTER_METRICS_CHANGE_LOG_H
#define EXPORTER_METRICS_CHANGE_LOG_H

#include "exporter/metrics/exposition.h"
#include "textfile/hash.h"

/* Which changes somebody was told of: each once. */
enum { TOLD = 256 };

/* By hashes. */
struct told {
	uint64_t hashes[TOLD];
	size_t count;
};

struct notices {
	exposition_notice *notice;
	void *context;
	struct hash_key key;
	struct told told, telling; /* what holds, as of the last join and of this one */
	uint64_t generation;       /* of the store, that was told about */
	size_t left_out;           /* files past the limit, as it was told */
	bool unlisted;
};

void notices_init(struct notices *n, exposition_notice *notice, void *context);

/* What the last refresh found: `why` the directory could not be listed (NULL: it could), bad files, too many.
 */
void notices_of_store(struct notices *n, const struct store *store, const struct failure *why);

/*
 * While files are joined, between begin and end: something of a file.  The
 * same text of the same file is told once, as long as it holds.
 */
void notices_begin(struct notices *n);
void notices_add(struct notices *n, const char *message, const char *file, const char *reason);
void notices_end(struct notices *n);

#endif /* EXPORTER_METRICS_CHANGE_LOG_H */
