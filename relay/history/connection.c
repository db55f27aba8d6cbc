/*
 * The connection is opened by postgres_run(), in a thread that can be left behind: a server can make
 * libpq compute for most of an hour while it lets us in, and nobody who stops the relay should wait for
 * that.  After that libpq only reads and writes.  Every wait has the deadline of what is being done.  A
 * failure closes the connection, whatever it was: where the protocol stands after one is not worth
 * finding out for a connection that is opened in a moment.
 */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/history/connection.h"

/* Of one answer: a page of incidents with all their labels. */
enum { ANSWER_BYTES = 32 * 1024 * 1024 };

/* Opening, which may outlive the caller. */
struct opening {
	struct postgres_target *target;
	struct deadline deadline;
	struct postgres_session session;
	struct failure why;
	int result;
};

/* On this thread the password is masked, too: the text may be read after the caller has left. */
static void
opening_run(void *work)
{
	struct opening *o = work;

	o->result = postgres_session_open(&o->session, o->target, o->deadline, ANSWER_BYTES, &o->why);
	if (o->result == 0)
		return;
	if (o->session.conn != NULL)
		postgres_session_mask(&o->session, o->why.text);
	postgres_session_close(&o->session);
}

static void
opening_release(void *work)
{
	struct opening *o = work;

	postgres_session_close(&o->session);
	postgres_target_free(o->target);
	free(o);
}

static int
open_session(struct history_connection *c, struct postgres_target *target, struct deadline deadline,
    struct failure *why)
{
	static const struct detached task = { opening_run, opening_release };
	struct opening *o = calloc(1, sizeof(*o));
	int result;

	if (o == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	o->target = postgres_target_share(target);
	o->deadline = deadline;
	/* The thread may still be in there, so it frees `o` by itself, as opening_release() says. */
	if (postgres_run(&task, o, target, deadline, why) != 0)
		return -1;
	result = o->result;
	if (result == 0) {
		c->session = o->session;
		c->session.target = target;
		/* Moved, not copied: otherwise opening_release() would close the connection that is in
		 * use now. */
		o->session = (struct postgres_session){ 0 };
	} else {
		*why = o->why;
	}
	opening_release(o);
	return result;
}

void
connection_check(struct history_connection *c)
{
	struct pollfd socket = { .fd = PQsocket(c->session.conn), .events = POLLIN };

	if (PQstatus(c->session.conn) != CONNECTION_OK || poll(&socket, 1, 0) != 0)
		connection_close(c);
}

int
connection_begin(struct history_connection *c, struct postgres_target *target, struct deadline deadline,
    struct failure *why)
{
	char statements[512];

	connection_check(c);
	c->session.sqlstate[0] = '\0';
	if (c->session.conn == NULL && open_session(c, target, deadline, why) != 0)
		return -1;
	c->session.deadline = deadline;
	c->session.why = why;
	/* In each transaction, since the next one may have another server's session, behind a pooler.
	 * A session that has lost us gives its locks back soon.  A statement_timeout of 0 would mean
	 * no limit.  This search_path keeps a table of somebody else, in "public", from taking the
	 * place of one of PostgreSQL's. */
	(void)snprintf(statements, sizeof(statements),
	    "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL search_path = pg_catalog;"
	    "SET LOCAL client_encoding = 'UTF8'; SET LOCAL timezone = 'UTC';"
	    "SET LOCAL application_name = 'alert_relay'; SET LOCAL statement_timeout = %d;"
	    "SET LOCAL idle_in_transaction_session_timeout = '30s'",
	    deadline_left_ms(deadline) + 1);
	return connection_do(c, statements);
}

/* What PostgreSQL says may hold the password, if that is how something of ours is called. */
static int
failed(struct history_connection *c)
{
	postgres_session_mask(&c->session, c->session.why->text);
	return -1;
}

int
connection_do(struct history_connection *c, const char *statements)
{
	/* ANSWER_BYTES is for each answer; without this the limit would be that of the connection's
	 * life. */
	c->session.received = 0;
	c->session.sqlstate[0] = '\0';
	return postgres_session_do(&c->session, statements) == 0 ? 0 : failed(c);
}

int
connection_commit(struct history_connection *c)
{
	return connection_do(c, "COMMIT");
}

int
connection_ask(struct history_connection *c, const char *statement, const char *const *values, size_t count,
    struct buffer *answer)
{
	int more, rows = 0;
	PGresult *row;

	c->session.received = 0;
	c->session.sqlstate[0] = '\0';
	if (postgres_session_ask_with(&c->session, statement, values, count) != 0)
		return failed(c);
	while ((more = postgres_session_row(&c->session, &row)) == 1) {
		/* All rows are read even when one is enough: libpq refuses the next statement before
		 * that. */
		if (rows++ == 0 && PQnfields(row) == 1 && answer != NULL)
			buffer_append(answer, PQgetvalue(row, 0, 0), (size_t)PQgetlength(row, 0, 0));
		PQclear(row);
	}
	return more < 0 ? failed(c) : rows == 0;
}

void
connection_close(struct history_connection *c)
{
	postgres_session_close(&c->session);
}
