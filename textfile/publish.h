#ifndef TEXTFILE_PUBLISH_H
#define TEXTFILE_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/deadline.h"
#include "common/failure.h"

/*
 * One .prom file of ours in a directory: locked, read, replaced in one step.
 *
 *	textfile_open(&file, "/var/lib/...", "redis_latency", deadline, &why)   takes the lock
 *	textfile_read(&file, &text, limit, &why)                                the last content
 *	textfile_replace(&file, text, &mark, &why)                              the new content
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
 * was lost cannot say so.
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
	uint64_t resets;  /* how often the state was lost: add one, and textfile_replace() remembers it */
};

/* 0, or -1 with `why` (local): no such directory, no permission, or the lock was held until the deadline. */
int textfile_open(struct textfile *file, const char *directory, const char *stem, struct deadline deadline,
    struct failure *why);

/* 1 with the content appended to `text`, 0 when there is no such file, -1 with `why` when it cannot be read.
 */
int textfile_read(const struct textfile *file, struct buffer *text, struct failure *why);

/*
 * A published file as its writer left it.  It is held open, so that its inode
 * cannot be given to another file: as long as the mark fits, the content is
 * known without reading it.
 */
struct textfile_mark {
	int fd; /* -1: none */
	int64_t size;
	int64_t modified_ns;
};

/* Whether "<name>.prom" still is the marked file, unchanged. */
bool textfile_is_marked(const struct textfile *file, const struct textfile_mark *mark);
void textfile_unmark(struct textfile_mark *mark);

/*
 * 0, and the new file in `mark` in place of what was marked before; or -1 with
 * `why` (local), and then the old file is as it was and the temporary file is
 * gone.  The new file has mode 0644: node_exporter runs as another user.
 */
int textfile_replace(
    const struct textfile *file, struct slice text, struct textfile_mark *mark, struct failure *why);

/* Gives the lock back.  Takes one that failed to open. */
void textfile_close(struct textfile *file);

#endif /* TEXTFILE_PUBLISH_H */
