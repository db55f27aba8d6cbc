/*
 * OpenSSL, libpq and curl open the files that settings name by themselves, and
 * block for as long as that takes.  stat() and access() do not open the file,
 * so they do not wait for the writer of a FIFO.  This catches mistakes in
 * settings, not someone who exchanges the file in between.
 */

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/system/regular.h"

const char *
regular_fault(const char *path)
{
	struct stat info;

	if (stat(path, &info) != 0 || access(path, R_OK) != 0)
		return strerror(errno);
	return S_ISREG(info.st_mode) ? NULL : "is no regular file";
}
