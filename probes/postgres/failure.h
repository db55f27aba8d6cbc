#ifndef PROBES_POSTGRES_FAILURE_H
#define PROBES_POSTGRES_FAILURE_H

#include "common/failure.h"
#include "probes/postgres/postgres.h"

/*
 * What PostgreSQL's and libpq's error texts mean, for probes/postgres alone.
 * Each fills `why` with a kind, the decisive line and what to do about it,
 * and returns -1.
 */

/* The server answered with an error: its five-character SQLSTATE (or NULL) and its message. */
int postgres_failure_answer(struct failure *why, const char *sqlstate, const char *message);

/*
 * Connecting failed in `phase`; `message` is PQerrorMessage() at
 * PQERRORS_VERBOSE, one or more lines for each address that was tried.
 */
int postgres_failure_connect(struct failure *why, enum postgres_phase phase, const char *message);

#endif /* PROBES_POSTGRES_FAILURE_H */
