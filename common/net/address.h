#ifndef COMMON_NET_ADDRESS_H
#define COMMON_NET_ADDRESS_H

#include <stdbool.h>

/*
 * Whether a numerical address is of this machine or of a network that the internet does not reach: loopback,
 * link-local (RFC 3927, RFC 4291), private (RFC 1918, RFC 4193) or shared (RFC 6598).  Anything else, and
 * texts that are not addresses, are not.
 */
bool address_is_private(const char *text);

/* Whether it is one of this machine's own loopback; so is the name localhost. */
bool address_is_loopback(const char *host);

#endif /* COMMON_NET_ADDRESS_H */
