#ifndef WEB_LISTEN_H
#define WEB_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "common/failure.h"

enum { LISTEN_NAME = 128 };

/* Whether it has the form that listen_on() takes, whatever is behind it.  0, or -1 with `why` (local). */
int listen_check(const char *address, struct failure *why);

/*
 * Listen on "HOST:PORT", "[ADDRESS]:PORT" or ":PORT" (all addresses, IPv6 and
 * IPv4), port 0: any that is free.  The socket, and in `name` what it is bound
 * to; or -1 with `why` (local), which names the flag that the address is from.
 */
int listen_on(const char *address, const char *flag, char name[LISTEN_NAME], struct failure *why);

/* Whether only programs of this machine can reach the socket. */
bool listen_is_loopback(int fd);

/* Whether it is an address of the loopback interface; false for NULL. */
bool listen_address_is_loopback(const struct sockaddr *address);

#endif /* WEB_LISTEN_H */
