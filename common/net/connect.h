#ifndef COMMON_NET_CONNECT_H
#define COMMON_NET_CONNECT_H

#include <netdb.h>

#include "common/deadline.h"
#include "common/failure.h"

/*
 * A connected, non-blocking stream socket, or -1 with `why` (connect, timeout,
 * local).  TCP sockets have TCP_NODELAY set.  The caller closes it.
 */

/* The first address that accepts.  Each gets an even share of what is left of the deadline. */
int connect_tcp(const struct addrinfo *addresses, struct deadline deadline, struct failure *why);

int connect_unix(const char *path, struct deadline deadline, struct failure *why);

#endif /* COMMON_NET_CONNECT_H */
