#ifndef TEXTFILE_PUBLISH_H
#define TEXTFILE_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/deadline.h"
#include "common/failure.h"
#include "common/text/slice.h"

/*
 * One .prom file of ours in a directory: locked, read, replaced in one step.
 *
 *	textfile_open(&file, "/var/lib/...", "redis_latency", deadline, &why)   takes the lock
 *	textfile_open_content(&file, most, &content, &why)                      the last content:
 *	textfile_next(&file, &content, room, sizeof(room), &why)                piece by piece
 *	textfile_begin(&file, &draft, &why)                                     the new content:
 *	textfile_append(&draft, text, &why)                                     piece by piece
 *	textfile_finish(&draft, &mark, &why)
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
	uint64_t publications; /* by all writers, so far */
};

/* 0, or -1 with `why` (local): no such directory, no permission, or the lock was held until the deadline. */
int textfile_open(struct textfile *file, const char *directory, const char *stem, struct deadline deadline,
    struct failure *why);

/* The same without the lock, to read only: also where we may not write. */
int textfile_open_unlocked(
    struct textfile *file, const char *directory, const char *stem, struct failure *why);

enum textfile_found {
	TEXTFILE_UNREADABLE = -1, /* see `why`: no permission, an I/O error; it may be good all the same */
	TEXTFILE_MISSING,
	TEXTFILE_READ,     /* it can be */
	TEXTFILE_UNUSABLE, /* no regular file, or larger than `most` */
};

/* What "<name>.prom" holds, while it is read. */
struct textfile_content {
	int fd;
	uint64_t size; /* a published file never changes, it is only replaced: known beforehand */
	uint64_t left;
	int64_t modified_ns;
};

/* With TEXTFILE_READ the content is for textfile_close_content(). */
enum textfile_found textfile_open_content(
    const struct textfile *file, uint64_t most, struct textfile_content *content, struct failure *why);

/* The next bytes of it: how many, 0 at its end, -1 with `why`. */
long textfile_next(const struct textfile *file, struct textfile_content *content, char *room, size_t size,
    struct failure *why);
void textfile_close_content(struct textfile_content *content);

/*
 * A published file as its writer left it.  It is held open, so that its inode
 * cannot be given to another file: as long as the mark fits, the content is
 * known without reading it.
 */
struct textfile_mark {
	int fd; /* -1: none */
	int64_t size;
	int64_t modified_ns;
	uint64_t publication; /* which one it was, of those that were written; 0: it was read */
};

/* Whose content was read is marked too; nobody is its last writer for that.  Closes the content. */
void textfile_mark_content(struct textfile_content *content, struct textfile_mark *mark);

/* Whether "<name>.prom" still is the marked file, unchanged. */
bool textfile_is_marked(const struct textfile *file, const struct textfile_mark *mark);
void textfile_unmark(struct textfile_mark *mark);

/*
 * Whether nobody has published since: then the mark's writer knows the content
 * even if the file is lost.  If the lock file was lost too (with the whole
 * directory), nobody knows better than that writer.
 */
bool textfile_is_last(const struct textfile *file, const struct textfile_mark *mark);

/*
 * A new file, of mode 0644 (node_exporter runs as another user), which nobody
 * sees until it replaces the old one.  Each returns 0, or -1 with `why` (local),
 * and then the old file is as it was and the temporary one is gone; as it is after
 * textfile_abandon().  textfile_finish() puts the new file in `mark` in place of
 * what was marked before.
 */
struct textfile_draft {
	const struct textfile *file;
	int fd;
};
int textfile_begin(const struct textfile *file, struct textfile_draft *draft, struct failure *why);
int textfile_append(struct textfile_draft *draft, struct slice text, struct failure *why);
int textfile_finish(struct textfile_draft *draft, struct textfile_mark *mark, struct failure *why);
void textfile_abandon(struct textfile_draft *draft);

/* All of it at once. */
int textfile_replace(
    const struct textfile *file, struct slice text, struct textfile_mark *mark, struct failure *why);

/* Gives the lock back.  Takes one that failed to open. */
void textfile_close(struct textfile *file);

#endif /* TEXTFILE_PUBLISH_H */
