#ifndef PROBES_REDIS_REDIS_H
#define PROBES_REDIS_REDIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config/secrets.h"
#include "common/deadline.h"
#include "common/failure.h"

/*
 * How long Redis takes to let us in and to answer PING.
 *
 * A fresh connection each time, because the connection is part of what a
 * client waits for.  Needs no right beyond PING.  Answers are capped: only a
 * simple string or an error is an answer to what is sent.  The program ignores
 * SIGPIPE: hiredis and OpenSSL write to sockets that the peer may have closed.
 */
struct redis_tls {
	const char *ca_file;   /* NULL: the system's */
	const char *cert_file; /* client certificate; NULL: none */
	const char *key_file;
	const char *server_name; /* NULL: the URL's host */
};

struct redis_target;

/*
 * From redis://[user:password@]host[:port][/db], rediss://... or
 * unix://[user:password@]/path[?db=N].  `password` is used when the URL has
 * none; NULL: none.  `tls` may be NULL.  NULL with `why` (local) when the URL makes
 * no sense, or asks for TLS and this build has none; its text holds nothing of the URL.
 * Secrets are added to `secrets`.
 */
struct redis_target *redis_target_new(const char *url, const char *password, const struct redis_tls *tls,
    struct secrets *secrets, struct failure *why);
void redis_target_free(struct redis_target *target);

/* "host:port" or the socket's path, for the `target` label; owned by the target. */
const char *redis_target_address(const struct redis_target *target);

enum redis_phase { REDIS_RESOLVE, REDIS_CONNECT, REDIS_TLS, REDIS_AUTH };
enum { REDIS_PHASES = REDIS_AUTH + 1 };

const char *redis_phase_name(enum redis_phase phase);

struct redis_result {
	double phase_seconds[REDIS_PHASES]; /* negative: that phase did not end, or was not needed */
	double *ping_seconds;               /* room for the samples asked for; owned by the caller */
	size_t ping_count;                  /* how many were answered */
	struct failure failure;             /* FAILURE_NONE: all were */
};

/*
 * Connect, authenticate, select the database unless it is 0, send `samples`
 * PINGs one after another, and say QUIT to nobody: just close.  Never blocks
 * past `deadline`.
 * May be called from several threads, each with a result of its own.
 */
void redis_probe(
    const struct redis_target *target, size_t samples, struct deadline deadline, struct redis_result *result);

#endif /* PROBES_REDIS_REDIS_H */
