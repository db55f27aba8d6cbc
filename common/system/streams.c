#include <fcntl.h>
#include <unistd.h>

#include "common/system/streams.h"

void
occupy_standard_streams(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && fd <= STDERR_FILENO)
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)close(fd);
}
