#ifndef TEXTFILE_PUBLISH_H
#define TEXTFILE_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/deadline.h"
#include "common/failure.h"
#include "common/text/buffer.h"

/* A .prom file as it was read or published: while it is the same, its content is known without reading it. */
struct textfile_mark {
	dev_t device;
	ino_t inode; /* 0: there is no file */
	int64_t size;
	int64_t modified_ns;
	uint64_t publication; /* which one it was, of all that were written; 0: not known */
};

/*
 * One .prom file of ours in a directory: locked, read, replaced in one step.
 *
 *	textfile_open(&file, "/var/lib/...", "redis_latency", deadline, &why)   takes the lock
 *	textfile_read(&file, &text, &why)                                       the last content
 *	textfile_replace(&file, new_text, &mark, &why)                          the new one
 *	textfile_close(&file)
 *
 * Readers see the whole old file or the whole new one, never a mixture: the
 * text goes to ".<name>.tmp" in the same directory, which is then renamed to
 * "<name>.prom".  The temporary name does not end in ".prom", so node_exporter
 * passes it over.  Writers of one name take turns by flock() on
 * ".<name>.lock"; so the temporary name needs nothing random, and one left
 * behind by a killed run is overwritten by the next.
 *
 * The lock file also holds how often the state was lost, because the file that
 * was lost cannot say so, and how often something was published, so that a
 * writer can tell whether it was the last.
 *
 * There is no fsync: after a power cut the next run writes the file again (and
 * counts a reset if the state was lost), and a slow disk must not make a
 * collector late.
 */
struct textfile {
	int directory; /* -1: not open */
	int lock;
	const char *path; /* the directory as the user named it; not owned */
	char name[80];    /* "<stem>" */
	uint64_t resets;  /* how often the state was lost: change it, and textfile_replace() remembers it */
	uint64_t resets_before;
	uint64_t publications;     /* by all writers, so far */
	struct textfile_mark read; /* the file as textfile_read() found it */
};

/* 0, or -1 with `why` (local): no such directory, no permission, or the lock was held until the deadline, and
 * for 0.1 s. */
int textfile_open(struct textfile *file, const char *directory, const char *stem, struct deadline deadline,
    struct failure *why);

/* The same without the lock, to read only: also where we may not write. */
int textfile_open_unlocked(
    struct textfile *file, const char *directory, const char *stem, struct failure *why);

/* Bytes of a file: a larger one is neither read nor written. */
enum { TEXTFILE_LARGEST = 256 * 1024 * 1024 };

enum textfile_found {
	TEXTFILE_UNREADABLE = -1, /* see `why`: no permission, an I/O error; it may be good all the same */
	TEXTFILE_MISSING,
	TEXTFILE_READ,
	TEXTFILE_UNUSABLE, /* no regular file, or too large */
};

/* What "<name>.prom" holds.  In every case `text` is for buffer_release(). */
enum textfile_found textfile_read(struct textfile *file, struct buffer *text, struct failure *why);

/* Whether "<name>.prom" still is the marked file, unchanged. */
bool textfile_is_marked(const struct textfile *file, const struct textfile_mark *mark);

/*
 * Whether nobody has published since: then the mark's writer knows the content
 * even if the file is lost.  If the lock file was lost too (with the whole
 * directory), nobody knows better than that writer.
 */
bool textfile_is_last(const struct textfile *file, const struct textfile_mark *mark);

/*
 * Replace the file by one of mode 0644 (node_exporter runs as another user),
 * and mark it.  0, or -1 with `why` (local): then the old file and the mark
 * are as they were, and no temporary file is left.
 */
int textfile_replace(
    const struct textfile *file, struct slice text, struct textfile_mark *mark, struct failure *why);

/* Gives the lock back.  Takes one that failed to open. */
void textfile_close(struct textfile *file);

#endif /* TEXTFILE_PUBLISH_H */
