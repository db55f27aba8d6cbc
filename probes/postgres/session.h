#ifndef PROBES_POSTGRES_SESSION_H
#define PROBES_POSTGRES_SESSION_H

#include <stdatomic.h>

#include <libpq-fe.h>

#include "common/system/detached.h"
#include "common/text/buffer.h"
#include "probes/postgres/postgres.h"

/* From a connection string to what PQconnectStartParams() takes, for probes/postgres alone. */
enum {
	POSTGRES_PARAMETERS = 96, /* libpq 17 has about 50 */
	POSTGRES_ITEM = 512       /* bytes of one host or address */
};

/* Borrows all strings. */
struct postgres_parameters {
	const char *keywords[POSTGRES_PARAMETERS + 1];
	const char *values[POSTGRES_PARAMETERS + 1];
	size_t count;
};

struct postgres_target {
	PQconninfoOption *given;               /* what the connection string says */
	PQconninfoOption *options;             /* that, and what the environment and libpq's defaults add */
	char *password;                        /* NULL: what the options say */
	struct postgres_parameters parameters; /* borrows from those above */
	char address[POSTGRES_ITEM + 16];
	atomic_int users;            /* the owner, and threads that were given it: the last one frees it */
	atomic_bool without_options; /* a pooler refused ours: the server's own time limit is left out */
};

/* How the options begin where the user has none of his own. */
#define POSTGRES_OWN_OPTION "-c statement_timeout="

/* What each connection has its own text of. */
enum { POSTGRES_HOSTS, POSTGRES_ADDRESSES, POSTGRES_PORTS, POSTGRES_OPTIONS };
enum { POSTGRES_STARTUP_TEXTS = POSTGRES_OPTIONS + 1 };

/* The parameters of one connection, every name an address by now. */
struct postgres_startup {
	struct postgres_parameters parameters; /* borrows from the target and from the texts below */
	struct buffer texts[POSTGRES_STARTUP_TEXTS];
	size_t address_count;
	bool resolved; /* there was a name to look up */
};

/* 0, or -1 with `why`: resolve, timeout, local.  In both cases for postgres_startup_release(). */
int postgres_startup_init(struct postgres_startup *s, const struct postgres_target *target,
    struct deadline deadline, struct failure *why);
void postgres_startup_release(struct postgres_startup *s);

/*
 * What PostgreSQL's and libpq's error texts mean, for probes/postgres alone.
 * Each fills `why` with a kind, the decisive line and what to do about it,
 * and returns -1.
 */

/* What libpq does not know about a connection string, and would take a part of a password for a host, or name
 * to everybody.  0, or -1 with `why`; nothing of the string is in its text. */
int postgres_dsn_check(const char *dsn, struct failure *why);

/* Why libpq cannot read it.  Returns -1. */
int postgres_dsn_unreadable(const char *dsn, struct failure *why);

/* The same for what string, environment and service file make together. */
int postgres_values_check(const PQconninfoOption *options, struct failure *why);

/* The server answered with an error: its five-character SQLSTATE (or NULL) and its message. */
int postgres_failure_answer(struct failure *why, const char *sqlstate, const char *message);

/*
 * Connecting failed in `phase`; `message` is PQerrorMessage() at
 * PQERRORS_VERBOSE, one or more lines for each address that was tried.
 */
int postgres_failure_connect(struct failure *why, enum postgres_phase phase, const char *message);

/*
 * A session with a server, as work that can be left behind, for probes/postgres,
 * engine/postgres.c and relay/history alone.  We wait until the deadline and no longer, but a
 * server can make libpq work: SCRAM lets it ask for two thousand million rounds
 * of hashing (most of an hour), and if it asks for Kerberos, that library asks
 * name servers.
 *
 * 0: it is done, and `work` is the caller's again.  -1 with `why` (timeout,
 * local): it is not, and `work` is released, now or later.  Back by the deadline
 * and a tenth of a second.  `work` holds a postgres_target_share() until it is
 * released: a thread that is left behind may outlive the settings.
 */
int postgres_run(const struct detached *task, void *work, const struct postgres_target *target,
    struct deadline deadline, struct failure *why);
struct postgres_target *postgres_target_share(struct postgres_target *target);

/*
 * A connection to PostgreSQL in which nothing waits past the deadline, no more
 * is received than was allowed, and no text of the server's repeats the
 * password.  For work that postgres_run() does: libpq can be made to compute
 * for longer than any deadline.
 *
 * Every function that fails returns -1 with `why`, and then the session is only
 * good for postgres_session_close(); but if it is the server's answer to a statement (`sqlstate`), also for
 * other statements, when all rows were taken.
 */
struct postgres_session {
	PGconn *conn;
	struct postgres_target *target;
	struct deadline deadline;
	struct failure *why;
	double phase_seconds[POSTGRES_PHASES]; /* negative: that phase did not end, or was not needed */
	char sqlstate[6];                      /* of the error that a statement was answered with; "": none */
	size_t results;                        /* of statements that have ended without an error, so far */
	char *text;                            /* the last one of the server's, masked; NULL: none */

	enum postgres_phase phase;
	int64_t phase_began_ns;
	size_t addresses_left; /* that libpq has not given up yet, the present one included */
	size_t received;       /* bytes, so far */
	size_t received_max;   /* in the whole connection */
};

/* The session's statements end on the server too, at the deadline, unless a pooler refuses that.  An ordinary
 * login takes 2 to 10 KiB. */
int postgres_session_open(struct postgres_session *s, struct postgres_target *target,
    struct deadline deadline, size_t received_max, struct failure *why);

/* Takes one that could not be opened. */
void postgres_session_close(struct postgres_session *s);

/* Statements that answer with no rows, separated by ';'. */
int postgres_session_do(struct postgres_session *s, const char *statements);

/* Send one statement that answers with rows, or several of ours: those that answer with no rows are then
 * passed over, and `results` tells whose row it is.  Then all rows must be taken.  Of one that others wrote,
 * the server refuses more than one. */
int postgres_session_ask(struct postgres_session *s, const char *statement, bool is_ours);

/* Likewise one of ours, with texts for $1, $2 ...; NULL is SQL's. */
int postgres_session_ask_with(
    struct postgres_session *s, const char *statement, const char *const *values, size_t count);

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
