/*
 * A reader of the evidence must never see half of it, so a draft beside the
 * file is written and renamed over it.  The name of the draft is known and its
 * directory may be open to others: they may put a link, a FIFO or a file of
 * their own in its place.  So nothing is followed (O_NOFOLLOW), opening does
 * not wait (O_NONBLOCK), and a draft that others own, can open or have linked
 * is removed, not used.
 *
 * Two writers take turns by a lock on the draft, which goes away with a
 * process that dies.  There is no fsync(): a power cut may lose the file.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/system/replace.h"
#include "common/text/text.h"

enum { NAP_NS = 1000 * 1000 };

static int
fail(const char *path, const char *action, struct failure *why)
{
	return failure_set(why, FAILURE_LOCAL, "cannot %s '%s': %s", action, path, strerror(errno));
}

static int
open_directory(const char *path)
{
	char directory[4096];
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		(void)snprintf(directory, sizeof(directory), ".");
	else
		(void)snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path + 1), path);
	return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Others could read or change what we write to a file that they own, may open, or have linked elsewhere. */
static bool
is_ours(const struct stat *info)
{
	return S_ISREG(info->st_mode) && info->st_uid == geteuid() && info->st_nlink <= 1 &&
	       (info->st_mode & 07177) == 0;
}

/* Whether the name still leads to the draft that we locked.  If not, the writer that held the lock
 * before us has renamed it into its place, and writing to it would change the finished file. */
static bool
is_there(int directory, const char *name, int fd)
{
	struct stat info, there;

	return fstat(fd, &info) == 0 && fstatat(directory, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       info.st_dev == there.st_dev && info.st_ino == there.st_ino;
}

enum draft { DRAFT_LOCKED = -1, DRAFT_GONE = -2, DRAFT_FAILED = -3 };

/* The locked draft, or an enum draft.  DRAFT_GONE: try again at once. */
static int
try_draft(int directory, const char *name)
{
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW, 0600);
	int result = DRAFT_GONE, error = errno;
	struct stat info;

	if (fd >= 0 && fstat(fd, &info) == 0 && is_ours(&info)) {
		if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
			/* ENOLCK, EOPNOTSUPP, ENOSYS: nobody holds it, and no wait would help. */
			result = errno == EWOULDBLOCK || errno == EINTR ? DRAFT_LOCKED : DRAFT_FAILED;
			error = errno;
		} else if (is_there(directory, name, fd)) {
			return fd;
		}
	} else if (unlinkat(directory, name, 0) != 0) {
		result = DRAFT_FAILED;
		error = fd >= 0 ? errno : error;
	}
	if (fd >= 0)
		(void)close(fd);
	errno = error;
	return result;
}

/* The lock is on the draft because only we can open that: anyone
 * who may read the file could hold a lock on it for ever. */
static int
open_draft(int directory, const char *name, struct deadline deadline)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	int fd;

	while ((fd = try_draft(directory, name)) < 0 && fd != DRAFT_FAILED) {
		if (deadline_left_ns(deadline) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		if (fd == DRAFT_LOCKED)
			(void)nanosleep(&nap, NULL);
	}
	/* A writer that was killed leaves text in its draft. */
	if (fd >= 0 && ftruncate(fd, 0) != 0) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

/* The rename would remove a device, a pipe or a link that someone put there on purpose. */
static int
check_old(int directory, const char *path, const char *name, struct failure *why)
{
	struct stat info;

	if (fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : fail(path, "look at", why);
	if (S_ISREG(info.st_mode))
		return 0;
	return failure_set(
	    why, FAILURE_LOCAL, "'%s' is there and no regular file: name another, or move it away", path);
}

static int
replace(int directory, const char *path, const char *text, struct deadline deadline, struct failure *why)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	char draft[300];
	int fd, result;

	if (*name == '\0' || snprintf(draft, sizeof(draft), ".%s.tmp", name) >= 255)
		return failure_set(why, FAILURE_LOCAL, "'%s' is no name of a file", path);
	if (check_old(directory, path, name, why) != 0)
		return -1;
	fd = open_draft(directory, draft, deadline);
	if (fd < 0)
		return fail(path, "lock or write a draft beside", why);
	result = text_write(fd, SLICE(text));
	/* Some file systems report a lack of space only at close().  A duplicate is closed, because
	 * closing the last descriptor would release the lock before the draft is in its place. */
	if (result != 0 || close(dup(fd)) != 0 || renameat(directory, draft, directory, name) != 0) {
		result = fail(path, "write", why);
		(void)unlinkat(directory, draft, 0);
	}
	(void)close(fd);
	return result;
}

int
replace_file(const char *path, const char *text, struct deadline deadline, struct failure *why)
{
	int directory, result;

	if (strlen(path) >= 4096)
		return failure_set(why, FAILURE_LOCAL, "the path is too long");
	directory = open_directory(path);
	if (directory < 0)
		return fail(path, "open the directory of", why);
	result = replace(directory, path, text, deadline, why);
	(void)close(directory);
	return result;
}
