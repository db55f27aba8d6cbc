#ifndef PROBES_POSTGRES_POSTGRES_H
#define PROBES_POSTGRES_POSTGRES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config/secrets.h"
#include "common/deadline.h"
#include "common/failure.h"

/*
 * How long PostgreSQL takes to let us in and to answer SELECT 1.
 *
 * A fresh connection each time, driven by libpq's asynchronous calls so that
 * each phase has its own time and nothing waits past the deadline; names are
 * resolved by common/resolve, never inside libpq.  Needs no right beyond CONNECT.
 */
struct postgres_target;

/*
 * From either form of libpq's connection string.  `password` is used when the
 * string has none; NULL: none.  NULL with `why` (local) when it makes no sense;
 * the text holds nothing of the string.  Secrets are added to `secrets`.
 */
struct postgres_target *postgres_target_new(
    const char *dsn, const char *password, struct secrets *secrets, struct failure *why);
void postgres_target_free(struct postgres_target *target);

/* "host:port" or "directory:port" of the first host, for the `target` label; owned by the target. */
const char *postgres_target_address(const struct postgres_target *target);

enum postgres_phase { POSTGRES_RESOLVE, POSTGRES_CONNECT, POSTGRES_TLS, POSTGRES_AUTH };
enum { POSTGRES_PHASES = POSTGRES_AUTH + 1, POSTGRES_ANSWER = 128 };

const char *postgres_phase_name(enum postgres_phase phase);

struct postgres_result {
	double phase_seconds[POSTGRES_PHASES]; /* negative: that phase did not end, or was not needed */
	double *query_seconds;                 /* room for the samples asked for; owned by the caller */
	size_t query_count;                    /* how many were answered */
	double connections;                    /* negative: not known */
	double connections_max;
	bool read_only;         /* a standby, or default_transaction_read_only is on */
	bool overridden;        /* our own options said what that is, so others may find it otherwise */
	struct failure failure; /* FAILURE_NONE: everything above is known */

	/* Of the question, if there was one. */
	char answer[POSTGRES_ANSWER];  /* "": NULL, or nothing */
	struct failure answer_failure; /* FAILURE_NONE: it was answered with one value */
};

/*
 * Connect, send `samples` times SELECT 1, ask for the connection counts, then send
 * `question`, and close.  It is a statement, which runs in a transaction that can
 * only read: the one column of its one row is the answer.  NULL: none.
 *
 * Never blocks past `deadline` and a tenth of a second.  May be called from
 * several threads, each with a result of its own.
 */
void postgres_probe(struct postgres_target *target, size_t samples, const char *question,
    struct deadline deadline, struct postgres_result *result);

#endif /* PROBES_POSTGRES_POSTGRES_H */
