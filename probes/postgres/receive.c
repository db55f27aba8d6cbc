/*
 * The recv() that libpq calls.  A program's own function stands before that of the C library when
 * the dynamic linker looks for a name, so libpq.so gets this one, as do other libraries; recvfrom()
 * does the work.  The bound is in the thread, because many targets are measured at once, each in
 * its own thread.  When it is used up, EAGAIN makes libpq return to us, as if the network had
 * nothing more; the session then sees how much came in all.
 */

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "probes/postgres/receive.h"

/* libpq's call for bytes has no room for a context of ours: it belongs to the thread. */
static _Thread_local struct {
	bool bounded;
	size_t left;
	size_t received;
} allowance;

/* Under another name here, because <sys/socket.h> may define recv() as an inline function. */
ssize_t postgres_receive(int fd, void *bytes, size_t size, int flags) __asm__("recv");

ssize_t
postgres_receive(int fd, void *bytes, size_t size, int flags)
{
	ssize_t received;

	/* Other libraries call this too, and so does libpq outside of the two calls. */
	if (!allowance.bounded)
		return recvfrom(fd, bytes, size, flags, NULL, NULL);
	if (allowance.left == 0) {
		errno = EAGAIN;
		return -1;
	}
	received = recvfrom(fd, bytes, size < allowance.left ? size : allowance.left, flags, NULL, NULL);
	if (received > 0) {
		allowance.left -= (size_t)received;
		allowance.received += (size_t)received;
	}
	return received;
}

void
postgres_receive_begin(size_t most)
{
	allowance.bounded = true;
	allowance.left = most;
	allowance.received = 0;
}

size_t
postgres_receive_end(void)
{
	allowance.bounded = false;
	return allowance.received;
}
