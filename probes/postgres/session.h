#ifndef PROBES_POSTGRES_SESSION_H
#define PROBES_POSTGRES_SESSION_H

#include <libpq-fe.h>

#include "common/deadline.h"
#include "common/failure.h"
#include "probes/postgres/postgres.h"

/*
 * A connection to PostgreSQL in which nothing waits past the deadline, no more
 * is received than was allowed, and no text of the server's repeats the
 * password.  For what runs inside a postgres_errand(): libpq can be made to
 * compute for longer than any deadline.
 *
 * Every function that fails returns -1 with `why`, and then the session is only
 * good for postgres_session_close().
 */
struct postgres_session {
	PGconn *conn;
	const struct postgres_target *target;
	struct deadline deadline;
	struct failure *why;
	double phase_seconds[POSTGRES_PHASES]; /* negative: that phase did not end, or was not needed */
	char sqlstate[6];                      /* of the error that a statement was answered with; "": none */

	enum postgres_phase phase;
	int64_t phase_began_ns;
	size_t addresses_left; /* that libpq has not given up yet, the present one included */
	size_t received;       /* bytes, so far */
	size_t received_max;   /* in the whole connection */
};

/* The session's statements end on the server too, at the deadline.  An ordinary login takes 2 to 10 KiB. */
int postgres_session_open(struct postgres_session *s, const struct postgres_target *target,
    struct deadline deadline, size_t received_max, struct failure *why);

/* Takes one that could not be opened. */
void postgres_session_close(struct postgres_session *s);

/* Statements that answer with no rows, separated by ';'. */
int postgres_session_do(struct postgres_session *s, const char *statements);

/* Send one statement that answers with rows.  Then all its rows must be taken. */
int postgres_session_ask(struct postgres_session *s, const char *statement);

/* The same of a statement that others wrote: the server refuses more than one. */
int postgres_session_ask_one(struct postgres_session *s, const char *statement);

/*
 * 1: the next row is `*row`, the caller's to PQclear(); 0: there are no more.
 * Row by row, because libpq would collect rows for as long as a server sends them.
 */
int postgres_session_row(struct postgres_session *s, PGresult **row);

/* Mask the password in a text that holds something the server sent, be it a password that only libpq has
 * read.
 */
void postgres_session_mask(const struct postgres_session *s, char *text);

#endif /* PROBES_POSTGRES_SESSION_H */
