#ifndef RELAY_HISTORY_CONNECTION_H
#define RELAY_HISTORY_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "common/deadline.h"
#include "common/failure.h"
#include "common/text/buffer.h"
#include "probes/postgres/session.h"

/*
 * A connection to PostgreSQL that is kept, opened when it is needed, and in which nothing waits past the
 * deadline of what is being done, for relay/history alone.  No text of its failures holds the password.
 *
 *	if (connection_begin(&c, target, deadline, &why) == 0 && connection_ask(...) == 0 &&
 *	    connection_commit(&c) == 0)
 *		done;
 *	else
 *		connection_close(&c);
 */
struct history_connection {
	struct postgres_session session; /* conn == NULL: it is closed */
};

/* Begin a transaction, in which no name but those of PostgreSQL itself is found without its schema.  0, or -1
 * with `why`, which is also where the functions below say why until the next call. */
int connection_begin(struct history_connection *c, struct postgres_target *target, struct deadline deadline,
    struct failure *why);

/* A statement that answers with one row of one column, appended to `answer` (NULL: not wanted), with texts
 * for $1 ...  1: no row; 0, or -1 with `why`. */
int connection_ask(struct history_connection *c, const char *statement, const char *const *values,
    size_t count, struct buffer *answer);

/* Statements that answer with nothing.  0, or -1 with `why`. */
int connection_do(struct history_connection *c, const char *statements);

int connection_commit(struct history_connection *c);

/* Close it if it is no good any more, without waiting: a server that says something between our transactions
 * says goodbye, since it is stopped. */
void connection_check(struct history_connection *c);

/* Ends the transaction, too.  Takes one that is zeroed. */
void connection_close(struct history_connection *c);

#endif /* RELAY_HISTORY_CONNECTION_H */
