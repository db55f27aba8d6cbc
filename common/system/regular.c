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
