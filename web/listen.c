/*
 * Sockets are opened here and not by libmicrohttpd: so a failure can name the
 * address, port 0 can be answered with the port that it became, and all
 * addresses are bound before the first server starts.  listen_check() judges
 * the form alone, for settings that are only checked.
 */

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "web/listen.h"

enum { ADDRESS = 256 };

/* Cut `text` in two.  The last colon counts, as an IPv6 address has others. */
static int
split(char *text, char **host, char **port)
{
	char *colon = strrchr(text, ':');

	if (colon == NULL || colon[1] == '\0')
		return -1;
	*colon = '\0';
	*host = text;
	*port = colon + 1;
	if (*text == '[') {
		if (colon[-1] != ']' || colon - text < 3)
			return -1;
		*host = text + 1;
		colon[-1] = '\0';
	}
	return strspn(*port, "0123456789") == strlen(*port) && strlen(*port) <= 5 &&
		       strtol(*port, NULL, 10) <= UINT16_MAX
		   ? 0
		   : -1;
}

/* Its host and port, in `text`. */
static int
read_address(const char *address, char text[ADDRESS], char **host, char **port, struct failure *why)
{
	if (snprintf(text, ADDRESS, "%s", address) < ADDRESS && split(text, host, port) == 0)
		return 0;
	(void)failure_set(why, FAILURE_LOCAL, "'%.256s' is not HOST:PORT, [ADDRESS]:PORT or :PORT", address);
	return -1;
}

int
listen_check(const char *address, struct failure *why)
{
	char text[ADDRESS], *host, *port;

	return read_address(address, text, &host, &port, why);
}

static int
open_socket(const struct addrinfo *address)
{
	int yes = 1, no = 0, error;
	int fd = socket(
	    address->ai_family, address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->ai_protocol);

	if (fd < 0)
		return -1;
	/* "::" then takes IPv4 too, whatever the system's default is. */
	if (address->ai_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
	/* SO_REUSEADDR: a restart must not wait for old connections (TIME_WAIT). */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
	    bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	error = errno;
	(void)close(fd);
	errno = error;
	return -1;
}

static void
name_socket(int fd, char name[LISTEN_NAME])
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	char host[64] = "?", port[16] = "?";

	if (getsockname(fd, (struct sockaddr *)&address, &length) == 0)
		(void)getnameinfo((struct sockaddr *)&address, length, host, sizeof(host), port, sizeof(port),
		    NI_NUMERICHOST | NI_NUMERICSERV);
	(void)snprintf(name, LISTEN_NAME, strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s", host, port);
}

int
listen_on(const char *address, const char *flag, char name[LISTEN_NAME], struct failure *why)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *list;
	char text[ADDRESS], *host, *port;
	/* ":PORT" means all addresses: "::", or "0.0.0.0" where the system has no IPv6. */
	const char *const all[] = { "::", "0.0.0.0" };
	int fd = -1, found = 0, error = 0;
	bool in_use;

	if (read_address(address, text, &host, &port, why) != 0)
		return -1;
	for (int i = 0; fd < 0 && i < (*host == '\0' ? 2 : 1); i++) {
		found = getaddrinfo(*host == '\0' ? all[i] : host, port, &hints, &list);
		if (found != 0)
			continue;
		fd = open_socket(list);
		error = errno;
		freeaddrinfo(list);
	}
	in_use = found == 0 && error == EADDRINUSE;
	if (fd >= 0)
		name_socket(fd, name);
	else
		(void)failure_set(why, FAILURE_LOCAL, "cannot listen on '%s': %s%s%s", address,
		    found != 0 ? gai_strerror(found) : strerror(error),
		    in_use ? " by another program: stop it, or choose another port with " : "",
		    in_use ? flag : "");
	return fd;
}

bool
listen_address_is_loopback(const struct sockaddr *address)
{
	struct sockaddr_in four;
	struct sockaddr_in6 six;

	if (address != NULL && address->sa_family == AF_INET) {
		memcpy(&four, address, sizeof(four));
		return ntohl(four.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	}
	if (address == NULL || address->sa_family != AF_INET6)
		return false;
	memcpy(&six, address, sizeof(six));
	return IN6_IS_ADDR_LOOPBACK(&six.sin6_addr) ||
	       (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr) && six.sin6_addr.s6_addr[12] == IN_LOOPBACKNET);
}

bool
listen_is_loopback(int fd)
{
	struct sockaddr_storage address = { 0 };
	socklen_t length = sizeof(address);

	return getsockname(fd, (struct sockaddr *)&address, &length) == 0 &&
	       listen_address_is_loopback((const struct sockaddr *)&address);
}
