/*
 * Several runs may want to write one file: cron starts one while a loop is at it, or two start at once.  They
 * take turns by a lock on a file beside it, since the .prom file itself is replaced and a lock on it would be
 * lost.  The directory may be open to others, so nothing is followed and no wait is without an end.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/text/text.h"
#include "textfile/publish.h"

/* Even a run that used up its time may wait this long for another one that is just publishing. */
static const int64_t least_lock_wait_ns = 100 * 1000 * 1000;

enum {
	PUBLISHED_MODE = 0644,
	LOCK_MODE = 0600, /* who can open it can hold it */
	FIRST_NAP_NS = 200 * 1000,
	LONGEST_NAP_NS = 10 * 1000 * 1000,
	TALLY_TEXT = 48,
	MOST_TRIES = 8,
};

static int
fail(const struct textfile *file, struct failure *why, const char *action, const char *before,
    const char *after)
{
	(void)failure_set(why, FAILURE_LOCAL, "cannot %s '%s/%s%s%s': %s", action, file->path, before,
	    file->name, after, strerror(errno));
	return -1;
}

/* The names in the directory: "<stem>.prom", ".<stem>.tmp", ".<stem>.lock". */
static const char *
entry(const struct textfile *file, const char *before, const char *after, char name[96])
{
	(void)snprintf(name, 96, "%s%s%s", before, file->name, after);
	return name;
}

/* flock() has no time limit of its own, so it is asked again and again, less and less often. */
static int
wait_for_lock(int fd, struct deadline deadline)
{
	struct timespec nap = { .tv_nsec = FIRST_NAP_NS };

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if ((errno != EWOULDBLOCK && errno != EINTR) || deadline_left_ns(deadline) == 0)
			return -1;
		(void)nanosleep(&nap, NULL);
		if (nap.tv_nsec < LONGEST_NAP_NS)
			nap.tv_nsec *= 2;
	}
	return 0;
}

/* A run as root, by hand or by cron, must not lock out the user of the service, to whom the directory
 * belongs. */
static int
create_lock(const struct textfile *file, const char *name)
{
	/* O_EXCL: only a file that is new and ours is given away. */
	int fd = openat(file->directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, LOCK_MODE);
	struct stat info;

	if (fd >= 0 && geteuid() == 0 && fstat(file->directory, &info) == 0 &&
	    fchown(fd, info.st_uid, info.st_gid) != 0) {
	}
	return fd;
}

/* Opened without O_CREAT first: in a sticky directory that may be refused for another user's file. */
static int
open_lock(const struct textfile *file)
{
	char name[96];
	int fd = -1;

	(void)entry(file, ".", ".lock", name);
	errno = EEXIST;
	/* Another run may create or remove it in between. */
	for (int tries = 0; fd < 0 && errno == EEXIST && tries < MOST_TRIES; tries++) {
		fd = openat(file->directory, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			fd = create_lock(file, name);
	}
	return fd;
}

static int
fail_lock(const struct textfile *file, struct failure *why)
{
	bool refused = errno == EACCES;
	struct stat info;
	char name[96];

	(void)fail(file, why, "open", ".", ".lock");
	if (!refused ||
	    fstatat(file->directory, entry(file, ".", ".lock", name), &info, AT_SYMLINK_NOFOLLOW) != 0)
		return -1;
	return failure_set(why, FAILURE_LOCAL,
	    "cannot open '%s/%s': it belongs to user %u%s, as whom this ran before, and this runs as user %u: remove "
	    "the file, or run as that user",
	    file->path, name, (unsigned)info.st_uid, info.st_uid == 0 ? " (root)" : "", (unsigned)geteuid());
}

/* Always the same length: it is written over the old one. */
static int
format_tally(char text[TALLY_TEXT], uint64_t resets, uint64_t publications)
{
	return snprintf(text, TALLY_TEXT, "%018" PRIu64 " %018" PRIu64 "\n", resets, publications);
}

/* An empty or strange lock file counts as none of either yet. */
static void
read_tally(struct textfile *file)
{
	char text[TALLY_TEXT] = "", expected[TALLY_TEXT], *rest;
	uint64_t resets, publications;

	if (pread(file->lock, text, sizeof(text) - 1, 0) <= 0)
		return;
	resets = strtoull(text, &rest, 10);
	publications = strtoull(rest, NULL, 10);
	(void)format_tally(expected, resets, publications);
	if (strcmp(text, expected) == 0) {
		file->resets = file->resets_before = resets;
		file->publications = publications;
	}
}

static int
write_tally(const struct textfile *file, uint64_t resets, uint64_t publications)
{
	char text[TALLY_TEXT];
	int length = format_tally(text, resets, publications);

	return pwrite(file->lock, text, (size_t)length, 0) == length ? 0 : -1;
}

/* Whether the lock file still has its name: a lock on one that was removed keeps nobody out. */
static bool
is_named(const struct textfile *file)
{
	struct stat locked, named;
	char name[96];

	return fstat(file->lock, &locked) == 0 &&
	       fstatat(file->directory, entry(file, ".", ".lock", name), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

static int
take_lock(struct textfile *file, struct deadline deadline, struct failure *why)
{
	for (;;) {
		file->lock = open_lock(file);
		if (file->lock < 0)
			return fail_lock(file, why);
		if (wait_for_lock(file->lock, deadline) != 0)
			return errno == EWOULDBLOCK || errno == EINTR
				   ? failure_set(why, FAILURE_LOCAL,
					 "another run holds '%s/.%s.lock': not given back in time",
					 file->path, file->name)
				   /* ENOLCK, EOPNOTSUPP, ENOSYS: some network file systems have no locks. */
				   : fail(file, why, "lock", ".", ".lock");
		if (is_named(file))
			return 0;
		(void)close(file->lock);
		file->lock = -1;
		if (deadline_left_ns(deadline) == 0)
			return failure_set(why, FAILURE_LOCAL, "'%s/.%s.lock' is removed again and again",
			    file->path, file->name);
	}
}

int
textfile_open_unlocked(struct textfile *file, const char *directory, const char *stem, struct failure *why)
{
	*file = (struct textfile){ .directory = -1, .lock = -1, .path = directory };
	if (snprintf(file->name, sizeof(file->name), "%s", stem) >= (int)sizeof(file->name))
		return failure_set(why, FAILURE_LOCAL, "the name '%s' is too long", stem);
	file->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file->directory < 0)
		return failure_set(why, FAILURE_LOCAL, "cannot open the textfile directory '%s': %s",
		    directory, strerror(errno));
	return 0;
}

int
textfile_open(struct textfile *file, const char *directory, const char *stem, struct deadline deadline,
    struct failure *why)
{
	struct deadline least = deadline_in(least_lock_wait_ns);

	if (textfile_open_unlocked(file, directory, stem, why) != 0 ||
	    take_lock(file, deadline.at_ns > least.at_ns ? deadline : least, why) != 0)
		return -1;
	read_tally(file);
	return 0;
}

void
textfile_close(struct textfile *file)
{
	if (file->lock >= 0)
		(void)close(file->lock);
	if (file->directory >= 0)
		(void)close(file->directory);
	file->lock = file->directory = -1;
}

static struct textfile_mark
mark_of(const struct stat *info)
{
	return (struct textfile_mark){ .device = info->st_dev,
		.inode = info->st_ino,
		.size = info->st_size,
		.modified_ns = (int64_t)info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec };
}

enum textfile_found
textfile_read(struct textfile *file, struct buffer *text, struct failure *why)
{
	enum textfile_found found = TEXTFILE_UNREADABLE;
	char name[96];
	struct stat info;
	int fd;

	/* buffer_fill() wants room to see the end of the file. */
	buffer_init(text, TEXTFILE_LARGEST + BUFFER_STEP);
	/* O_NONBLOCK: somebody may have put a FIFO there. */
	fd = openat(file->directory, entry(file, "", ".prom", name), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return TEXTFILE_MISSING;
	if (fd >= 0 && fstat(fd, &info) == 0) {
		/* Before it is read: what somebody writes into it meanwhile does not fit the mark. */
		file->read = mark_of(&info);
		if (!S_ISREG(info.st_mode) || info.st_size > TEXTFILE_LARGEST)
			found = TEXTFILE_UNUSABLE;
		else if (buffer_fill(text, fd, (size_t)info.st_size) == 0)
			found = TEXTFILE_READ;
	}
	if (found == TEXTFILE_UNREADABLE)
		(void)fail(file, why, "read", "", ".prom");
	if (fd >= 0)
		(void)close(fd);
	return found;
}

/* The published file as it is now; all zero when there is none. */
static struct textfile_mark
look_at_published(const struct textfile *file)
{
	struct stat info;
	char name[96];

	if (fstatat(file->directory, entry(file, "", ".prom", name), &info, AT_SYMLINK_NOFOLLOW) != 0)
		return (struct textfile_mark){ 0 };
	return mark_of(&info);
}

bool
textfile_is_marked(const struct textfile *file, const struct textfile_mark *mark)
{
	struct textfile_mark now = look_at_published(file);

	return mark->inode > 0 && now.device == mark->device && now.inode == mark->inode &&
	       now.size == mark->size && now.modified_ns == mark->modified_ns;
}

bool
textfile_is_last(const struct textfile *file, const struct textfile_mark *mark)
{
	return mark->publication > 0 && (file->publications == mark->publication || file->publications == 0);
}

static int
open_temporary(const struct textfile *file, const char *temporary)
{
	return openat(
	    file->directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, PUBLISHED_MODE);
}

/* The new file, open, or -1 with errno. */
static int
create_temporary(const struct textfile *file)
{
	char temporary[96];
	int fd, saved;

	(void)entry(file, ".", ".tmp", temporary);
	fd = open_temporary(file, temporary);
	/* What a killed run left behind. */
	if (fd < 0 && errno == EEXIST && unlinkat(file->directory, temporary, 0) == 0)
		fd = open_temporary(file, temporary);
	/* Whatever the umask says: node_exporter must be able to read it. */
	if (fd < 0 || fchmod(fd, PUBLISHED_MODE) == 0)
		return fd;
	saved = errno;
	(void)close(fd);
	(void)unlinkat(file->directory, temporary, 0);
	errno = saved;
	return -1;
}

/*
 * The tally goes first: a run that is killed between the two counts a reset
 * twice, which is better than a count that goes down.
 */
static int
rename_temporary(const struct textfile *file, struct failure *why)
{
	char name[96], temporary[96];

	(void)entry(file, ".", ".tmp", temporary);
	/* Without the lock another writer may be at the same temporary file. */
	if (!is_named(file))
		return failure_set(why, FAILURE_LOCAL,
		    "'%s/.%s.lock' was removed during the run: leave it there", file->path, file->name);
	if (write_tally(file, file->resets, file->publications + 1) != 0)
		return fail(file, why, "write", ".", ".lock");
	if (renameat(file->directory, temporary, file->directory, entry(file, "", ".prom", name)) == 0)
		return 0;
	(void)fail(file, why, "replace", "", ".prom");
	(void)write_tally(file, file->resets_before, file->publications);
	return -1;
}

int
textfile_replace(
    const struct textfile *file, struct slice text, struct textfile_mark *mark, struct failure *why)
{
	int fd = create_temporary(file), written;
	char temporary[96];

	if (fd < 0)
		return fail(file, why, "write", ".", ".tmp");
	written = text_write(fd, text);
	/* Some file systems tell of a full disk only when the file is closed. */
	if (close(fd) != 0 || written != 0) {
		(void)fail(file, why, "write", ".", ".tmp");
	} else if (rename_temporary(file, why) == 0) {
		*mark = look_at_published(file);
		mark->publication = file->publications + 1;
		return 0;
	}
	(void)unlinkat(file->directory, entry(file, ".", ".tmp", temporary), 0);
	return -1;
}
