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

#include "textfile/publish.h"

enum {
	PUBLISHED_MODE = 0644,
	LOCK_MODE = 0600, /* who can open it can hold it */
	FIRST_NAP_NS = 200 * 1000,
	LONGEST_NAP_NS = 10 * 1000 * 1000,
	TALLY_TEXT = 48,
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

/* Opened without O_CREAT first: in a sticky directory that may be refused for another user's file. */
static int
open_lock(const struct textfile *file)
{
	char name[96];
	int fd;

	(void)entry(file, ".", ".lock", name);
	fd = openat(file->directory, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		fd = openat(file->directory, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, LOCK_MODE);
	return fd;
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
			return fail(file, why, "open", ".", ".lock");
		if (wait_for_lock(file->lock, deadline) != 0)
			return failure_set(why, FAILURE_LOCAL, "another run holds '%s/.%s.lock': %s",
			    file->path, file->name,
			    errno == EWOULDBLOCK ? "not given back in time" : strerror(errno));
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
	if (textfile_open_unlocked(file, directory, stem, why) != 0)
		return -1;
	if (take_lock(file, deadline, why) != 0)
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

static int64_t
modified_ns(const struct stat *info)
{
	return (int64_t)info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec;
}

enum textfile_found
textfile_open_content(
    const struct textfile *file, uint64_t most, struct textfile_content *content, struct failure *why)
{
	enum textfile_found found = TEXTFILE_UNREADABLE;
	char name[96];
	struct stat info;
	int fd;

	/* O_NONBLOCK: somebody may have put a FIFO there. */
	fd = openat(file->directory, entry(file, "", ".prom", name), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return TEXTFILE_MISSING;
	if (fd >= 0 && fstat(fd, &info) == 0) {
		found = S_ISREG(info.st_mode) && (uint64_t)info.st_size <= most ? TEXTFILE_READ
										: TEXTFILE_UNUSABLE;
		*content = (struct textfile_content){ .fd = fd,
			.size = (uint64_t)info.st_size,
			.left = (uint64_t)info.st_size,
			.modified_ns = modified_ns(&info) };
	}
	if (found == TEXTFILE_UNREADABLE)
		(void)fail(file, why, "read", "", ".prom");
	if (fd >= 0 && found != TEXTFILE_READ)
		(void)close(fd);
	return found;
}

long
textfile_next(const struct textfile *file, struct textfile_content *content, char *room, size_t size,
    struct failure *why)
{
	ssize_t got;

	if (size > content->left)
		size = (size_t)content->left;
	do
		got = read(content->fd, room, size);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return fail(file, why, "read", "", ".prom");
	content->left -= (uint64_t)got;
	return got;
}

void
textfile_close_content(struct textfile_content *content)
{
	(void)close(content->fd);
	content->fd = -1;
}

void
textfile_mark_content(struct textfile_content *content, struct textfile_mark *mark)
{
	textfile_unmark(mark);
	*mark = (struct textfile_mark){
		.fd = content->fd, .size = (int64_t)content->size, .modified_ns = content->modified_ns
	};
	content->fd = -1;
}

static int
write_all(int fd, struct slice text)
{
	while (text.length > 0) {
		ssize_t written = write(fd, text.at, text.length);

		if (written < 0 && errno != EINTR)
			return -1;
		if (written > 0)
			text = (struct slice){ text.at + written, text.length - (size_t)written };
	}
	return 0;
}

bool
textfile_is_marked(const struct textfile *file, const struct textfile_mark *mark)
{
	struct stat marked, found;
	char name[96];

	return mark->fd >= 0 && fstat(mark->fd, &marked) == 0 &&
	       fstatat(file->directory, entry(file, "", ".prom", name), &found, AT_SYMLINK_NOFOLLOW) == 0 &&
	       found.st_dev == marked.st_dev && found.st_ino == marked.st_ino &&
	       found.st_size == mark->size && modified_ns(&found) == mark->modified_ns;
}

void
textfile_unmark(struct textfile_mark *mark)
{
	if (mark->fd >= 0)
		(void)close(mark->fd);
	*mark = (struct textfile_mark){ .fd = -1 };
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
 * Some file systems tell of a full disk only when a file is closed, so a
 * second descriptor is closed before the rename; the first one stays for the
 * mark.
 */
static int
settle_temporary(const struct textfile_draft *draft, struct textfile_mark *mark)
{
	int second = dup(draft->fd);
	struct stat info;

	if (second < 0 || close(second) != 0 || fstat(draft->fd, &info) != 0)
		return -1;
	*mark = (struct textfile_mark){
		.fd = draft->fd, .size = info.st_size, .modified_ns = modified_ns(&info)
	};
	return 0;
}

bool
textfile_is_last(const struct textfile *file, const struct textfile_mark *mark)
{
	return mark->fd >= 0 && mark->publication > 0 &&
	       (file->publications == mark->publication || file->publications == 0);
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
textfile_begin(const struct textfile *file, struct textfile_draft *draft, struct failure *why)
{
	*draft = (struct textfile_draft){ file, create_temporary(file) };
	return draft->fd >= 0 ? 0 : fail(file, why, "write", ".", ".tmp");
}

void
textfile_abandon(struct textfile_draft *draft)
{
	char temporary[96];

	if (draft->fd < 0)
		return;
	(void)close(draft->fd);
	draft->fd = -1;
	(void)unlinkat(draft->file->directory, entry(draft->file, ".", ".tmp", temporary), 0);
}

int
textfile_append(struct textfile_draft *draft, struct slice text, struct failure *why)
{
	if (write_all(draft->fd, text) == 0)
		return 0;
	(void)fail(draft->file, why, "write", ".", ".tmp");
	textfile_abandon(draft);
	return -1;
}

int
textfile_finish(struct textfile_draft *draft, struct textfile_mark *mark, struct failure *why)
{
	struct textfile_mark written = { .fd = -1 };

	if (settle_temporary(draft, &written) != 0) {
		(void)fail(draft->file, why, "write", ".", ".tmp");
	} else if (rename_temporary(draft->file, why) == 0) {
		textfile_unmark(mark);
		*mark = written;
		mark->publication = draft->file->publications + 1;
		draft->fd = -1;
		return 0;
	}
	textfile_abandon(draft);
	return -1;
}

int
textfile_replace(
    const struct textfile *file, struct slice text, struct textfile_mark *mark, struct failure *why)
{
	struct textfile_draft draft;

	if (textfile_begin(file, &draft, why) != 0 || textfile_append(&draft, text, why) != 0)
		return -1;
	return textfile_finish(&draft, mark, why);
}
