/*
 * open() gives the lowest free number, so opening again and again fills the
 * gaps among 0, 1 and 2.  They are opened for reading: printing then fails as
 * it would on a closed stream, and the exit status can say so, where a
 * writable /dev/null would swallow the text.
 */

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
