/*
 * A name server that never answers would hold getaddrinfo() for many seconds, and it cannot be
 * interrupted.  So it runs in a thread that can be left behind, with copies of all it needs: the thread
 * may read them when the caller's own are long gone.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/resolve.h"
#include "common/system/detached.h"

enum { SERVICE_BYTES = 12 };

struct lookup {
	struct addrinfo *addresses;
	int error; /* of getaddrinfo() */
	int system_error;
	char service[SERVICE_BYTES];
	char host[];
};

static void
look_up(void *work)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV
	};
	struct lookup *l = work;

	l->error = getaddrinfo(l->host, l->service, &hints, &l->addresses);
	l->system_error = errno;
	if (l->error != 0)
		l->addresses = NULL;
}

static void
lookup_free(void *work)
{
	struct lookup *l = work;

	if (l->addresses != NULL)
		freeaddrinfo(l->addresses);
	free(l);
}

static int
lookup_failure(int error, int system_error, struct failure *why)
{
	if (error == EAI_MEMORY)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	return failure_set(
	    why, FAILURE_RESOLVE, "%s", error == EAI_SYSTEM ? strerror(system_error) : gai_strerror(error));
}

static int
resolve_name(const char *host, const char *service, struct deadline deadline, struct addrinfo **addresses,
    struct failure *why)
{
	static const struct detached task = { look_up, lookup_free };
	size_t length = strlen(host) + 1;
	struct lookup *l = calloc(1, sizeof(*l) + length);
	int result = 0;

	if (l == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	memcpy(l->host, host, length);
	memcpy(l->service, service, sizeof(l->service));
	switch (detached_run(&task, l->host, l, deadline)) {
	case DETACHED_DONE: break;
	case DETACHED_LATE:
		return failure_set(why, FAILURE_TIMEOUT, "no answer from the name server in time");
	case DETACHED_BUSY:
		return failure_set(
		    why, FAILURE_TIMEOUT, "no answer from the name server to an earlier question yet");
	case DETACHED_UNABLE: return failure_set(why, FAILURE_LOCAL, "cannot start a thread");
	}
	if (l->error != 0)
		result = lookup_failure(l->error, l->system_error, why);
	else
		*addresses = l->addresses;
	/* The addresses are the caller's now. */
	l->addresses = NULL;
	lookup_free(l);
	return result;
}

int
resolve(
    const char *host, int port, struct deadline deadline, struct addrinfo **addresses, struct failure *why)
{
	/* A numeric address needs no name server: this cannot block, and so it needs no thread. */
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *found = NULL;
	char service[SERVICE_BYTES] = "";
	int error, result;

	(void)snprintf(service, sizeof(service), "%d", port);
	error = getaddrinfo(host, service, &hints, &found);
	if (error == 0) {
		*addresses = found;
		return 0;
	}
	if (error != EAI_NONAME)
		result = lookup_failure(error, errno, why);
	else
		result = resolve_name(host, service, deadline, addresses, why);
	return result == 0 ? 0 : failure_prefix(why, "resolving '%.255s'", host);
}
