#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/preflight/output/outlet.h"

enum { LONGEST = 128 * 1024, AT_ONCE = 1024 };

/*
 * O_NONBLOCK on the descriptor itself would be seen by all that share it, as a
 * shell does.  A file is not opened anew: it would be written from its beginning.
 */
void
outlet_begin(struct outlet *o, int fd)
{
	char path[40];
	struct stat info;
	int own = -1;

	*o = (struct outlet){ .fd = fd };
	buffer_init(&o->text, LONGEST);
	if (fstat(fd, &info) == 0 && (S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode))) {
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	}
	o->own = own >= 0;
	if (o->own)
		o->fd = own;
}

/* Bytes that were written, 0: none now, -1: none any more. */
static ssize_t
write_some(const struct outlet *o)
{
	size_t left = o->text.length - o->taken;
	struct pollfd ready = { .fd = o->fd, .events = POLLOUT };
	ssize_t wrote;

	if (!o->own && poll(&ready, 1, 0) <= 0)
		return 0;
	do
		wrote = write(o->fd, o->text.text + o->taken, left < AT_ONCE ? left : AT_ONCE);
	while (wrote < 0 && errno == EINTR);
	return wrote < 0 && errno == EAGAIN ? 0 : wrote <= 0 ? -1 : wrote;
}

void
outlet_push(struct outlet *o)
{
	while (o->taken < o->text.length) {
		ssize_t wrote = write_some(o);

		if (wrote == 0)
			return;
		/* Where nobody reads, nobody misses it. */
		o->taken = wrote < 0 ? o->text.length : o->taken + (size_t)wrote;
	}
}

bool
outlet_end(struct outlet *o, struct deadline deadline)
{
	bool whole;

	outlet_push(o);
	while (o->taken < o->text.length && deadline_poll(deadline, o->fd, POLLOUT) > 0)
		outlet_push(o);
	whole = o->taken == o->text.length;
	if (o->own)
		(void)close(o->fd);
	buffer_release(&o->text);
	return whole;
}
