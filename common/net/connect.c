/*
 * The kernel repeats a TCP handshake for about two minutes before connect(2)
 * gives up: far beyond the deadline of a run.  So TCP sockets are non-blocking
 * from the start, and poll() waits until the deadline.  A name may have
 * several addresses.  They are tried one after the other, in the order that
 * getaddrinfo() gives, each for its share of the time: one that hangs, as IPv6
 * without a route may, leaves time for the next.  Unix sockets need another
 * way: see connect_blocking().
 */

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/net/connect.h"

enum { ADDRESS_TEXT = 80 };

static void
format_address(const struct addrinfo *address, char text[ADDRESS_TEXT])
{
	char host[64], port[8];

	if (getnameinfo(address->ai_addr, address->ai_addrlen, host, sizeof(host), port, sizeof(port),
		NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		(void)snprintf(text, ADDRESS_TEXT, "an address of family %d", address->ai_family);
	else
		(void)snprintf(
		    text, ADDRESS_TEXT, address->ai_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

/* Turn the errno of connect(2) on `place` into a failure. */
static int
connect_failure(const char *place, int error, struct failure *why)
{
	switch (error) {
	/* EAGAIN: SO_SNDTIMEO, see connect_blocking(). */
	case ETIMEDOUT:
	case EAGAIN:
		return failure_set(why, FAILURE_TIMEOUT, "connecting to %s: not accepted in time", place);
	/* A lack of our own resources says nothing about the server. */
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM: return failure_set(why, FAILURE_LOCAL, "connecting to %s: %s", place, strerror(error));
	case ENOENT:
	case ECONNREFUSED:
		return failure_set(why, FAILURE_CONNECT,
		    "connecting to %s: %s: is the server running, and listening there?", place,
		    strerror(error));
	default: return failure_set(why, FAILURE_CONNECT, "connecting to %s: %s", place, strerror(error));
	}
}

/* 0, or an errno; ETIMEDOUT when the deadline passed. */
static int
await_connected(int fd, struct deadline deadline)
{
	int error = 0, ready = deadline_poll(deadline, fd, POLLOUT);
	socklen_t length = sizeof(error);

	if (ready < 0)
		return errno;
	if (ready == 0)
		return ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
		return errno;
	return error;
}

static int
connect_one(const struct addrinfo *address, struct deadline deadline, struct failure *why)
{
	int on = 1, error = 0, fd;
	char place[ADDRESS_TEXT];

	fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0) {
		/* Round trips are measured here: Nagle's algorithm
		 * would hold back a small request until an ACK. */
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
			return fd;
		/* An interrupted connect goes on in the background like any other. */
		error = errno == EINPROGRESS || errno == EINTR ? await_connected(fd, deadline) : errno;
		if (error == 0)
			return fd;
		(void)close(fd);
	} else {
		error = errno;
	}
	format_address(address, place);
	return connect_failure(place, error, why);
}

int
connect_tcp(const struct addrinfo *addresses, struct deadline deadline, struct failure *why)
{
	struct failure last = { 0 }; /* of an address; no failure of ours if another one accepts */
	int left = 0, fd = -1;

	for (const struct addrinfo *a = addresses; a != NULL; a = a->ai_next)
		left++;
	if (left == 0)
		return failure_set(why, FAILURE_CONNECT, "no address to connect to");
	for (const struct addrinfo *a = addresses; a != NULL && fd < 0; a = a->ai_next) {
		/* The last one may use all the time that the others left. */
		struct deadline share = left > 1 ? deadline_in(deadline_left_ns(deadline) / left) : deadline;

		fd = connect_one(a, share, &last);
		left--;
	}
	if (fd < 0)
		*why = last;
	return fd;
}

/*
 * A non-blocking connect() to a Unix socket whose backlog is full fails at
 * once, and poll() cannot tell when to try again.  A blocking one waits, and
 * heeds the send timeout.
 */
static int
connect_blocking(int fd, const struct sockaddr_un *address, struct deadline deadline)
{
	for (;;) {
		int64_t left_us = deadline_left_ns(deadline) / 1000;
		struct timeval left = { .tv_sec = left_us / 1000000, .tv_usec = left_us % 1000000 };

		if (left_us == 0) /* which would mean "no timeout" */
			return ETIMEDOUT;
		if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &left, sizeof(left)) != 0)
			return errno;
		if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
			return 0;
		if (errno != EINTR)
			return errno;
	}
}

int
connect_unix(const char *path, struct deadline deadline, struct failure *why)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval forever = { 0, 0 };
	int fd, error;

	if (strlen(path) >= sizeof(address.sun_path))
		return failure_set(why, FAILURE_LOCAL,
		    "the socket path '%.120s...' is longer than the %zu bytes a path may have", path,
		    sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return connect_failure(path, errno, why);
	error = connect_blocking(fd, &address, deadline);
	/* The timeout was for connect() alone; from here on the caller waits with poll(), as with TCP. */
	if (error == 0 && (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &forever, sizeof(forever)) != 0 ||
			      fcntl(fd, F_SETFL, O_NONBLOCK) != 0))
		error = errno;
	if (error == 0)
		return fd;
	(void)close(fd);
	return connect_failure(path, error, why);
}
