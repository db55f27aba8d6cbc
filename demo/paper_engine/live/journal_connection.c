/*
 * The connection to the ledger.  libpq waits without a limit, so that waiting is done here, with poll().
 */

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <libpq-fe.h>

#include "common/deadline.h"
#include "demo/paper_engine/live/journal_ledger.h"

enum { PATIENCE_S = 10 };

/* Any number that no other program takes. */
static const char lock_statement[] = "SELECT pg_advisory_lock(8097589)";

/* Waiting ---------------------------------------------------------------- */

static struct deadline
patience(const struct ledger *ledger)
{
	struct deadline deadline = deadline_in(PATIENCE_S * INT64_C(1000000000));
	int64_t end_ns = atomic_load(&ledger->end_ns);

	if (end_ns != 0 && end_ns < deadline.at_ns)
		deadline.at_ns = end_ns;
	return deadline;
}

/* The first line of what libpq or the server says. */
int
ledger_fail(struct ledger *ledger, const char *message, struct failure *why)
{
	if (message == NULL || message[0] == '\0')
		message = "the connection broke";
	(void)failure_set(why, FAILURE_CONNECT, "PostgreSQL: %.*s", (int)strcspn(message, "\n"), message);
	ledger_close(ledger);
	return -1;
}

/* Until there is something to read, and all is sent.  False: the deadline is over, or the connection. */
static bool
await(struct ledger *ledger, struct deadline deadline)
{
	PGconn *conn = (PGconn *)ledger->conn;
	int unsent;

	while ((unsent = PQflush(conn)) >= 0 && (unsent > 0 || PQisBusy(conn))) {
		short events = (short)(unsent > 0 ? POLLIN | POLLOUT : POLLIN);

		/* A server that reads slowly has to be read from, or neither goes on. */
		if (deadline_poll(deadline, PQsocket(conn), events) <= 0 || PQconsumeInput(conn) == 0)
			return false;
	}
	return unsent >= 0;
}

/* The next result, or NULL: there is no more of this statement, or it broke (`*broke`). */
PGresult *
ledger_next(struct ledger *ledger, bool *broke)
{
	*broke = !await(ledger, patience(ledger));
	return *broke ? NULL : PQgetResult((PGconn *)ledger->conn);
}

/* One statement; the result is the caller's to clear.  NULL with `why`. */
PGresult *
ledger_ask(
    struct ledger *ledger, const char *statement, const char *const *values, int count, struct failure *why)
{
	PGconn *conn = (PGconn *)ledger->conn;
	PGresult *result, *more;
	bool broke = true;

	if (PQsendQueryParams(conn, statement, count, NULL, values, NULL, NULL, 0) == 0 ||
	    (result = ledger_next(ledger, &broke)) == NULL || broke) {
		(void)ledger_fail(ledger,
		    broke && PQstatus(conn) == CONNECTION_OK ? "it does not answer" : PQerrorMessage(conn),
		    why);
		return NULL;
	}
	while ((more = ledger_next(ledger, &broke)) != NULL)
		PQclear(more);
	if (broke ||
	    (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)) {
		(void)ledger_fail(ledger, PQresultErrorMessage(result), why);
		PQclear(result);
		return NULL;
	}
	return result;
}

int
ledger_run(struct ledger *ledger, const char *statement, struct failure *why)
{
	PGresult *result = ledger_ask(ledger, statement, NULL, 0, why);

	PQclear(result);
	return result == NULL ? -1 : 0;
}

/* Connecting ------------------------------------------------------------- */

static int
start(struct ledger *ledger, struct failure *why)
{
	/* With expand_dbname, 1 below, a whole connection string may stand for dbname. */
	const char *keywords[] = { "dbname", "application_name", "password", NULL };
	const char *values[] = { ledger->dsn, "paper_engine", ledger->password, NULL };
	PQconninfoOption *options = PQconninfoParse(ledger->dsn, NULL);
	struct deadline deadline = patience(ledger);
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;
	PGconn *conn;

	/* What libpq says about such a string would repeat a part of it. */
	if (options == NULL && (strchr(ledger->dsn, '=') != NULL || strstr(ledger->dsn, "://") != NULL))
		return failure_set(why, FAILURE_LOCAL,
		    "PostgreSQL: the connection string is not like "
		    "postgresql://USER@HOST/DATABASE, nor like 'host=HOST dbname=DATABASE'");
	PQconninfoFree(options);
	conn = PQconnectStartParams(keywords, values, 1);
	ledger->conn = (struct pg_conn *)conn;
	while (PQstatus(conn) != CONNECTION_BAD && next != PGRES_POLLING_OK && next != PGRES_POLLING_FAILED) {
		short events = (short)(next == PGRES_POLLING_READING ? POLLIN : POLLOUT);

		if (deadline_poll(deadline, PQsocket(conn), events) <= 0)
			return ledger_fail(ledger, "it does not answer", why);
		next = PQconnectPoll(conn);
	}
	if (PQstatus(conn) != CONNECTION_OK || PQsetnonblocking(conn, 1) != 0)
		return ledger_fail(ledger, PQerrorMessage(conn), why);
	return 0;
}

static int
prepare(struct ledger *ledger, struct failure *why)
{
	PGconn *conn = (PGconn *)ledger->conn;
	char name[16];

	for (int i = 0; i < STATEMENTS; i++) {
		PGresult *result, *more;
		bool broke, missing;

		(void)snprintf(name, sizeof(name), "s%d", i);
		if (PQsendPrepare(conn, name, statement_texts[i], 0, NULL) == 0 ||
		    (result = ledger_next(ledger, &broke)) == NULL)
			return ledger_fail(ledger, PQerrorMessage(conn), why);
		while ((more = ledger_next(ledger, &broke)) != NULL)
			PQclear(more);
		if (PQresultStatus(result) != PGRES_COMMAND_OK) {
			const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

			missing = state != NULL && strcmp(state, "42P01") == 0;
			(void)ledger_fail(ledger, PQresultErrorMessage(result), why);
			PQclear(result);
			if (missing)
				(void)failure_set(why, FAILURE_LOCAL,
				    "PostgreSQL: the tables of the ledger are missing; run: "
				    "psql -v ON_ERROR_STOP=1 --single-transaction -f sql/example_trading.sql -f sql/paper_engine.sql DATABASE");
			return -1;
		}
		PQclear(result);
	}
	return 0;
}

int
ledger_connect(struct ledger *ledger, struct failure *why)
{
	if (ledger->conn != NULL && PQstatus((PGconn *)ledger->conn) == CONNECTION_OK)
		return 0;
	ledger_close(ledger);
	if (start(ledger, why) != 0)
		return -1;
	if (ledger_run(ledger, lock_statement, why) != 0)
		return failure_prefix(why,
		    "another paper_engine may still write this ledger: end it, or take another database");
	return prepare(ledger, why);
}

void
ledger_close(struct ledger *ledger)
{
	PQfinish((PGconn *)ledger->conn);
	ledger->conn = NULL;
}
