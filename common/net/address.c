/*
 * These two questions decide where credentials may go.  address_is_private()
 * is asked about the address of a connection that exists
 * (probes/http/transfer.c), because a name may resolve to a private address
 * now and to a public one a moment later.  address_is_loopback() is asked
 * about the host of a URL: http:// without TLS is only for this machine.
 *
 * What is not certain counts as public: then nothing is sent.  So do short
 * forms ("10.1"), which inet_pton() does not know, and NAT64 addresses
 * (64:ff9b::/96), since a gateway may send those anywhere.
 */

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "common/net/address.h"

static const struct {
	uint32_t network;
	int bits;
} private_networks[] = {
	{ 0x7f000000, 8 },  /* 127.0.0.0/8 */
	{ 0x0a000000, 8 },  /* 10.0.0.0/8 */
	{ 0xac100000, 12 }, /* 172.16.0.0/12 */
	{ 0xc0a80000, 16 }, /* 192.168.0.0/16 */
	{ 0xa9fe0000, 16 }, /* 169.254.0.0/16 */
	{ 0x64400000, 10 }, /* 100.64.0.0/10 */
};

static bool
is_private_v4(uint32_t address)
{
	for (size_t i = 0; i < sizeof(private_networks) / sizeof(private_networks[0]); i++)
		if ((address ^ private_networks[i].network) >> (32 - private_networks[i].bits) == 0)
			return true;
	return false;
}

static bool
is_private_v6(const struct in6_addr *address)
{
	const uint8_t *bytes = address->s6_addr;

	/* A socket for both families shows an IPv4 peer as "::ffff:10.0.0.1". */
	if (IN6_IS_ADDR_V4MAPPED(address))
		return is_private_v4((uint32_t)bytes[12] << 24 | (uint32_t)bytes[13] << 16 |
				     (uint32_t)bytes[14] << 8 | bytes[15]);
	return IN6_IS_ADDR_LOOPBACK(address) || IN6_IS_ADDR_LINKLOCAL(address) || (bytes[0] & 0xfe) == 0xfc;
}

bool
address_is_private(const char *text)
{
	char plain[INET6_ADDRSTRLEN];
	size_t length = strcspn(text, "%"); /* a link-local address may name its interface */
	struct in_addr v4;
	struct in6_addr v6;

	if (length >= sizeof(plain))
		return false;
	memcpy(plain, text, length);
	plain[length] = '\0';
	/* The whole text: an IPv4 address has no zone. */
	if (inet_pton(AF_INET, text, &v4) == 1)
		return is_private_v4(ntohl(v4.s_addr));
	return inet_pton(AF_INET6, plain, &v6) == 1 && is_private_v6(&v6);
}

bool
address_is_loopback(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (strcmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}
