#ifndef COMMON_NET_RESOLVE_H
#define COMMON_NET_RESOLVE_H

#include <netdb.h>

#include "common/deadline.h"
#include "common/failure.h"

/*
 * getaddrinfo() with a deadline.
 *
 * A name server that never answers would hold getaddrinfo() for many seconds,
 * and it cannot be interrupted.  So names are looked up in a thread of their
 * own, which is left behind when the deadline passes: it frees its own memory
 * when the resolver lets it go.  Numeric addresses need no thread.
 *
 * Returns 0 and a list for freeaddrinfo(), or -1 with `why`: resolve for a
 * name that has no address, timeout when the deadline passed first.
 *
 * Whoever asks for a host and port that an earlier call left behind waits for
 * that lookup instead of starting another: there are never more under way than
 * were asked for at once.  A process has at most 256; more wait for their turn,
 * until their deadline.
 */
int resolve(
    const char *host, int port, struct deadline deadline, struct addrinfo **addresses, struct failure *why);

#endif /* COMMON_NET_RESOLVE_H */
