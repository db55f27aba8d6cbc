#ifndef PAPER_ENGINE_JOURNAL_SNAPSHOT_H
#define PAPER_ENGINE_JOURNAL_SNAPSHOT_H

#include "common/failure.h"
#include "common/text/buffer.h"

/*
 * Snapshots in Redis: the hash PREFIX + "paper_engine" has a field for each line of engine_save(), called as
 * the line's first word.  For journal*.c alone; nothing waits longer than two seconds.
 */
struct redisContext;

struct snapshots {
	const char *host, *user, *password, *prefix;
	int port, database;
	struct redisContext *redis; /* NULL: none */
};

/* In place of the last one, all at once.  0, or -1 with `why`. */
int snapshot_save(struct snapshots *snapshots, const struct buffer *text, struct failure *why);

/* 1 and the lines, in any order, ended by NUL; 0: Redis has no snapshot; -1 with `why`.  `text` is to be
 * released in any case. */
int snapshot_load(struct snapshots *snapshots, struct buffer *text, struct failure *why);

void snapshots_close(struct snapshots *snapshots);

#endif /* PAPER_ENGINE_JOURNAL_SNAPSHOT_H */
