#ifndef COMMON_NET_RESOLVE_H
#define COMMON_NET_RESOLVE_H

#include <netdb.h>

#include "common/deadline.h"
#include "common/failure.h"

/*
 * getaddrinfo() with a deadline.  Names are looked up in a thread that is left
 * behind when the deadline passes (common/system/detached.h).  Numeric addresses
 * need no thread.
 *
 * Returns 0 and a list for freeaddrinfo(), or -1 with `why`: resolve for a
 * name that has no address, timeout when the deadline passed first.
 */
int resolve(
    const char *host, int port, struct deadline deadline, struct addrinfo **addresses, struct failure *why);

#endif /* COMMON_NET_RESOLVE_H */
