#ifndef PROBES_REDIS_TARGET_H
#define PROBES_REDIS_TARGET_H

#include "common/net/url.h"
#include "probes/redis/redis.h"
#include "probes/redis/tls.h"

/* What a URL says, checked: for the files of the Redis probe alone. */
struct redis_target {
	struct url url;               /* its host is empty for a Unix socket */
	char *address;                /* "host:port" or the socket's path */
	char *password;               /* NULL: none */
	char *database;               /* its number in digits; NULL: the server's first */
	struct redis_tls_client *tls; /* NULL: plain */
};

#endif /* PROBES_REDIS_TARGET_H */
