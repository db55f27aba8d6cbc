#ifndef PROBES_REDIS_TLS_H
#define PROBES_REDIS_TLS_H

#include "common/deadline.h"
#include "common/failure.h"
#include "probes/redis/redis.h"

/*
 * TLS for the Redis probe, where hiredis has it (from 1.0 on).  The server's
 * certificate is always checked, and whom it is for too.
 */
struct redis_tls_client;
struct redisContext;

/* NULL with `why` (local): a file is not as it should be, or this build has no TLS.  `host` is the URL's. */
struct redis_tls_client *redis_tls_new(
    const struct redis_tls *settings, const char *host, struct failure *why);
void redis_tls_free(struct redis_tls_client *client);

/* On a connected context that does not block: the whole handshake.  0, or -1 with `why` (tls, timeout,
 * local). */
int redis_tls_handshake(const struct redis_tls_client *client, struct redisContext *redis,
    struct deadline deadline, struct failure *why);

/* Say why the connection broke after the handshake and before any answer.  Returns -1. */
int redis_tls_broken(struct failure *why);

#endif /* PROBES_REDIS_TLS_H */
