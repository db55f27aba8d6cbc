#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "collectors/preflight/checks/ownership.h"

static bool
is_trusted(uid_t owner)
{
	struct stat top;

	return owner == geteuid() || owner == 0 || (stat("/", &top) == 0 && owner == top.st_uid);
}

static bool
is_read_only(const char *path)
{
	struct statvfs mounted;

	return statvfs(path, &mounted) == 0 && (mounted.f_flag & ST_RDONLY) != 0;
}

int
ownership_check(const char *path, bool sticky_will_do, struct failure *why)
{
	struct stat info;
	mode_t writers;

	if (stat(path, &info) != 0)
		return failure_set(why, FAILURE_LOCAL, "cannot read '%s': %s", path, strerror(errno));
	writers = info.st_mode & (is_read_only(path) ? S_IWOTH : S_IWGRP | S_IWOTH);
	if (writers != 0 && !(sticky_will_do && (info.st_mode & S_ISVTX) != 0))
		return failure_set(why, FAILURE_LOCAL, "others may change '%s' (mode %04o)", path,
		    (unsigned)(info.st_mode & 07777));
	if (!is_trusted(info.st_uid) && !is_read_only(path))
		return failure_set(
		    why, FAILURE_LOCAL, "'%s' belongs to another user (%u)", path, (unsigned)info.st_uid);
	return 0;
}

int
ownership_check_way(const char *directory, struct failure *why)
{
	char path[PATH_MAX];
	char *slash;

	if (realpath(directory, path) == NULL)
		return failure_set(why, FAILURE_LOCAL, "cannot read '%s': %s", directory, strerror(errno));
	if (ownership_check(path, false, why) != 0)
		return -1;
	while ((slash = strrchr(path, '/')) != NULL && path[1] != '\0') {
		/* "/" keeps its slash. */
		slash[slash == path ? 1 : 0] = '\0';
		if (ownership_check(path, true, why) != 0)
			return -1;
	}
	return 0;
}
