/*
 * Drives libpq's asynchronous calls.  libpq never waits here: between its calls we wait, until the
 * deadline.  It does not say which phase it is in or how many addresses it has left; both are
 * worked out here, from PQstatus() and from the addresses it was given.  What it reads in one call
 * is bounded by a recv() of our own, and added up over the whole connection, because libpq would buffer
 * whatever a server sends: a gigabyte, if it comes fast enough.  Every text of a server's is masked as a
 * whole before a part of it is used.
 */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "probes/postgres/session.h"

enum {
	RECEIVED_AT_ONCE = 64 * 1024, /* bytes in one call of libpq */
	GRACE_NS = 100000000,         /* for a session that ends by the deadline to say what it found */
};

/* Receiving ---------------------------------------------------------- */

/* libpq's call for bytes has no room for a context of ours: it belongs to the thread. */
static _Thread_local struct {
	bool bounded;
	size_t left;
} allowance;

/* Under another name here, because <sys/socket.h> may define recv() as an inline function. */
ssize_t postgres_receive(int fd, void *bytes, size_t size, int flags) __asm__("recv");

/*
 * The recv() that libpq calls, in TLS too: a program's own function stands before that of the C library
 * when the dynamic linker looks for a name.  Other libraries get it as well, and recvfrom() does the work.
 * When the bound is used up, EAGAIN makes libpq return to us, as if nothing more were there at present.
 */
ssize_t
postgres_receive(int fd, void *bytes, size_t size, int flags)
{
	ssize_t received;

	/* Other libraries call this too, and so does libpq outside of receive_begin() and receive_end(). */
	if (!allowance.bounded)
		return recvfrom(fd, bytes, size, flags, NULL, NULL);
	if (allowance.left == 0) {
		errno = EAGAIN;
		return -1;
	}
	received = recvfrom(fd, bytes, size < allowance.left ? size : allowance.left, flags, NULL, NULL);
	if (received > 0)
		allowance.left -= (size_t)received;
	return received;
}

/* Bounds what this thread receives until receive_end(). */
static void
receive_begin(void)
{
	allowance.bounded = true;
	allowance.left = RECEIVED_AT_ONCE;
}

static int
receive_end(struct postgres_session *s)
{
	allowance.bounded = false;
	s->received += RECEIVED_AT_ONCE - allowance.left;
	if (s->received > s->received_max)
		return failure_set(
		    s->why, FAILURE_PROTOCOL, "%s sends far more than was asked for", s->target->address);
	return 0;
}

/* Connecting --------------------------------------------------------- */

/*
 * Move on from a phase that ended.  The wait before TLS counts as auth until libpq begins TLS.  TLS
 * that the server refused has no time, and an attempt that libpq repeats (next address, without
 * TLS) starts afresh.
 */
static void
enter_phase(struct postgres_session *s, enum postgres_phase next)
{
	double *seconds = s->phase_seconds;

	if (next == s->phase)
		return;
	if (next == POSTGRES_CONNECT)
		seconds[POSTGRES_CONNECT] = seconds[POSTGRES_TLS] = -1;
	else if (s->phase == POSTGRES_CONNECT || (s->phase == POSTGRES_TLS && PQsslInUse(s->conn)))
		seconds[s->phase] = clock_seconds_since(s->phase_began_ns);
	s->phase = next;
	s->phase_began_ns = clock_now_ns();
}

static void
set_phase(struct postgres_session *s)
{
	switch (PQstatus(s->conn)) {
	/* The phase in which it broke stays: it decides what the failure means. */
	case CONNECTION_BAD: break;
	case CONNECTION_NEEDED:
	case CONNECTION_STARTED: enter_phase(s, POSTGRES_CONNECT); break;
	case CONNECTION_SSL_STARTUP: enter_phase(s, POSTGRES_TLS); break;
	default: enter_phase(s, POSTGRES_AUTH); break;
	}
}

/* Several addresses share what is left of the time: one that swallows packets must not use it all up. */
static struct deadline
wait_limit(const struct postgres_session *s)
{
	if (s->phase != POSTGRES_CONNECT || s->addresses_left < 2)
		return s->deadline;
	return deadline_in(deadline_left_ns(s->deadline) / (int64_t)s->addresses_left);
}

static int
wait_for(struct postgres_session *s, short events)
{
	/* This is asked each time: with the next address libpq has another socket. */
	int fd = PQsocket(s->conn);
	int ready = deadline_poll(wait_limit(s), fd, events);

	if (ready < 0)
		return failure_set(s->why, FAILURE_LOCAL, "poll: %s", strerror(errno));
	/* This counts even if there is something to read: a server may send byte by byte for ever. */
	if (deadline_left_ns(s->deadline) == 0)
		return failure_set(s->why, FAILURE_TIMEOUT, "%s did not answer in time (%s)",
		    s->target->address,
		    PQstatus(s->conn) == CONNECTION_OK ? "query" : postgres_phase_name(s->phase));
	if (ready == 0) {
		/* An attempt that is shut down fails, and libpq goes on to the next address. */
		(void)shutdown(fd, SHUT_RDWR);
		s->addresses_left--;
	}
	return 0;
}

void
postgres_session_mask(const struct postgres_session *s, char *text)
{
	const char *password = PQpass(s->conn);
	struct secrets secrets = { 0 };

	if (password != NULL)
		secrets_add(&secrets, password);
	secrets_mask(&secrets, text);
	secrets_release(&secrets);
}

/* A server may repeat the password.  It is masked before the text is cut anywhere.  Valid until the next
 * call. */
static const char *
masked(struct postgres_session *s, const char *text)
{
	free(s->text);
	s->text = strdup(text != NULL ? text : "no reason given");
	if (s->text == NULL)
		return "out of memory";
	postgres_session_mask(s, s->text);
	return s->text;
}

static int
out_of_memory(const struct postgres_session *s)
{
	return failure_set(s->why, FAILURE_LOCAL, "out of memory");
}

static int
await_connection(struct postgres_session *s)
{
	/* libpq's manual says to begin as if it had asked to write. */
	PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;

	for (;;) {
		set_phase(s);
		if (wanted == PGRES_POLLING_OK)
			break;
		if (wanted == PGRES_POLLING_FAILED || PQstatus(s->conn) == CONNECTION_BAD)
			return postgres_failure_connect(s->why, s->phase, masked(s, PQerrorMessage(s->conn)));
		if (wait_for(s, wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT) != 0)
			return -1;
		receive_begin();
		wanted = PQconnectPoll(s->conn);
		if (receive_end(s) != 0)
			return -1;
	}
	s->phase_seconds[POSTGRES_AUTH] = clock_seconds_since(s->phase_began_ns);
	return 0;
}

/* libpq would write a server's notices to standard error, between the lines of our log. */
static void
ignore_notice(void *context, const char *message)
{
	(void)context;
	(void)message;
}

static int
start_connection(struct postgres_session *s)
{
	struct postgres_startup startup;
	int64_t began_ns = clock_now_ns();
	int result = postgres_startup_init(&startup, s->target, s->deadline, s->why);

	if (result == 0) {
		if (startup.resolved)
			s->phase_seconds[POSTGRES_RESOLVE] = clock_seconds_since(began_ns);
		s->addresses_left = startup.address_count;
		s->phase = POSTGRES_CONNECT;
		s->phase_began_ns = clock_now_ns();
		s->conn = PQconnectStartParams(startup.parameters.keywords, startup.parameters.values, 0);
		if (s->conn == NULL)
			result = out_of_memory(s);
	}
	/* libpq has copied all of it. */
	postgres_startup_release(&startup);
	return result;
}

static int
connect_once(struct postgres_session *s)
{
	for (int i = 0; i < POSTGRES_PHASES; i++)
		s->phase_seconds[i] = -1;
	if (start_connection(s) != 0)
		return -1;
	(void)PQsetNoticeProcessor(s->conn, ignore_notice, NULL);
	/* With this an error on the way in has its SQLSTATE, which no call gives there. */
	(void)PQsetErrorVerbosity(s->conn, PQERRORS_VERBOSE);
	return await_connection(s);
}

/* PgBouncer's words, then those of RDS Proxy.  Options of the user's own are not left out behind his back. */
static bool
options_refused(const struct postgres_session *s)
{
	const char *text = PQerrorMessage(s->conn), *own = PQoptions(s->conn);
	const char *parameter = strstr(text, "unsupported startup parameter");

	return strncmp(own, POSTGRES_OWN_OPTION, strlen(POSTGRES_OWN_OPTION)) == 0 &&
	       ((parameter != NULL && strstr(parameter, "options") != NULL) ||
		   strstr(text, "command-line options") != NULL);
}

int
postgres_session_open(struct postgres_session *s, struct postgres_target *target, struct deadline deadline,
    size_t received_max, struct failure *why)
{
	int result;

	*s = (struct postgres_session){
		.target = target, .deadline = deadline, .why = why, .received_max = received_max
	};
	result = connect_once(s);
	if (result != 0 && s->conn != NULL && options_refused(s)) {
		/* The next runs begin without them. */
		atomic_store(&target->without_options, true);
		postgres_session_close(s);
		*why = (struct failure){ 0 };
		result = connect_once(s);
	}
	if (result != 0)
		return -1;
	return PQsetnonblocking(s->conn, 1) == 0 ? 0 : out_of_memory(s);
}

void
postgres_session_close(struct postgres_session *s)
{
	PQfinish(s->conn);
	free(s->text);
	s->conn = NULL;
	s->text = NULL;
}

/* Statements --------------------------------------------------------- */

/* libpq's first line says what happened; the lines behind it guess why. */
static int
connection_lost(struct postgres_session *s)
{
	const char *text = masked(s, PQerrorMessage(s->conn));

	return failure_set(
	    s->why, FAILURE_PROTOCOL, "%s: %.*s", s->target->address, (int)strcspn(text, "\n"), text);
}

/* Wait until PQgetResult() would not block. */
static int
await_result(struct postgres_session *s)
{
	for (;;) {
		int unsent = PQflush(s->conn), consumed;

		if (unsent < 0)
			return connection_lost(s);
		if (unsent == 0 && !PQisBusy(s->conn))
			return 0;
		/* Wait to read, too: a server that cannot get rid of its answer takes no more of ours. */
		if (wait_for(s, unsent > 0 ? POLLIN | POLLOUT : POLLIN) != 0)
			return -1;
		receive_begin();
		consumed = PQconsumeInput(s->conn);
		if (receive_end(s) != 0)
			return -1;
		if (consumed == 0)
			return connection_lost(s);
	}
}

static int
error_answer(struct postgres_session *s, const PGresult *answer)
{
	const char *sqlstate = PQresultErrorField(answer, PG_DIAG_SQLSTATE);

	/* Errors that libpq makes up itself have no SQLSTATE: the connection broke. */
	if (sqlstate == NULL)
		return connection_lost(s);
	(void)snprintf(s->sqlstate, sizeof(s->sqlstate), "%s", sqlstate);
	return postgres_failure_answer(
	    s->why, sqlstate, masked(s, PQresultErrorField(answer, PG_DIAG_MESSAGE_PRIMARY)));
}

int
postgres_session_do(struct postgres_session *s, const char *statements)
{
	int result = PQsendQuery(s->conn, statements) != 0 ? 0 : connection_lost(s);
	PGresult *answer;

	while (result == 0 && (result = await_result(s)) == 0 && (answer = PQgetResult(s->conn)) != NULL) {
		if (PQresultStatus(answer) == PGRES_FATAL_ERROR)
			result = error_answer(s, answer);
		else if (PQresultStatus(answer) != PGRES_COMMAND_OK)
			result = failure_set(s->why, FAILURE_PROTOCOL,
			    "%s answered a command with something else (%s)", s->target->address,
			    PQresStatus(PQresultStatus(answer)));
		PQclear(answer);
	}
	return result;
}

/*
 * Of others' statements there may be only one, so it takes the extended protocol: in the simple one
 * "COMMIT; DROP TABLE x" would leave our transaction.
 */
int
postgres_session_ask(struct postgres_session *s, const char *statement, bool is_ours)
{
	int sent = is_ours ? PQsendQuery(s->conn, statement)
			   : PQsendQueryParams(s->conn, statement, 0, NULL, NULL, NULL, NULL, 0);

	return sent != 0 && PQsetSingleRowMode(s->conn) != 0 ? 0 : connection_lost(s);
}

int
postgres_session_ask_with(
    struct postgres_session *s, const char *statement, const char *const *values, size_t count)
{
	int sent = PQsendQueryParams(s->conn, statement, (int)count, NULL, values, NULL, NULL, 0);

	return sent != 0 && PQsetSingleRowMode(s->conn) != 0 ? 0 : connection_lost(s);
}

/* 0 for rows, and for the end of them or of a command. */
static int
check_rows(struct postgres_session *s, const PGresult *answer)
{
	ExecStatusType status = PQresultStatus(answer);

	if (status == PGRES_SINGLE_TUPLE)
		return 0;
	if (status == PGRES_COMMAND_OK || (status == PGRES_TUPLES_OK && PQntuples(answer) == 0)) {
		s->results++;
		return 0;
	}
	if (status == PGRES_FATAL_ERROR)
		return error_answer(s, answer);
	return failure_set(s->why, FAILURE_PROTOCOL, "%s sent something else than rows (%s)",
	    s->target->address, PQresStatus(status));
}

int
postgres_session_row(struct postgres_session *s, PGresult **row)
{
	for (;;) {
		PGresult *answer;

		if (await_result(s) != 0)
			return -1;
		answer = PQgetResult(s->conn);
		/* libpq has no more results of this statement. */
		if (answer == NULL)
			return 0;
		if (check_rows(s, answer) != 0) {
			PQclear(answer);
			return -1;
		}
		if (PQntuples(answer) == 1) {
			*row = answer;
			return 1;
		}
		PQclear(answer);
	}
}

/* Work that can be left behind --------------------------------------- */

int
postgres_run(const struct detached *task, void *work, const struct postgres_target *target,
    struct deadline deadline, struct failure *why)
{
	/* The target may be gone with the work. */
	char address[sizeof(target->address)];

	memcpy(address, target->address, sizeof(address));
	deadline.at_ns += GRACE_NS;
	switch (detached_run(task, target->address, work, deadline)) {
	case DETACHED_DONE: return 0;
	case DETACHED_LATE:
		return failure_set(why, FAILURE_TIMEOUT,
		    "%s asks for more work than there is time for (hashing or Kerberos)", address);
	case DETACHED_BUSY:
		return failure_set(why, FAILURE_TIMEOUT,
		    "%s keeps an earlier attempt busy (hashing or Kerberos): it is not asked again until that ends",
		    address);
	case DETACHED_UNABLE: break;
	}
	return failure_set(why, FAILURE_LOCAL, "cannot start a thread");
}
