#ifndef PAPER_ENGINE_JOURNAL_FILE_H
#define PAPER_ENGINE_JOURNAL_FILE_H

#include "common/failure.h"
#include "demo/paper_engine/live/journal_record.h"

/*
 * The trades and movements that PostgreSQL has not yet, in a file: what is written there is not lost by a
 * SIGKILL a moment later.  As the structs of this build; for journal.c alone.
 */

/* Open it, made if need be.  The descriptor, or -1 with `why`. */
int unwritten_open(const char *path, struct failure *why);

/*
 * What an earlier run has left, in its order, to be freed one by one.  How many, up to `most`; -1 with `why`:
 * the file is of another program, or of another build.  The last one may be cut off: then it was never
 * closed.
 */
long unwritten_read(int fd, struct record **records, size_t most, struct failure *why);

/* Append a trade or a movement.  0, or -1 with errno. */
int unwritten_add(int fd, const struct record *record);

/* All of it is in PostgreSQL. */
int unwritten_clear(int fd);

#endif /* PAPER_ENGINE_JOURNAL_FILE_H */
