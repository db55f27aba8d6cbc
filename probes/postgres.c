#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "probes/postgres_errand.h"
#include "probes/postgres_failure.h"
#include "probes/postgres_receive.h"
#include "probes/postgres_target.h"

enum {
	RECEIVED_AT_ONCE = 64 * 1024, /* bytes in one call of libpq */
	RECEIVED_MAX = 512 * 1024     /* bytes in a whole connection; an ordinary one takes 2 to 10 KiB */
};

/* One probe under way.  Owns the connection. */
struct session {
	PGconn *conn;
	const struct postgres_target *target;
	struct deadline deadline;
	struct postgres_result *result;
	enum postgres_phase phase;
	int64_t phase_began_ns;
	size_t addresses_left; /* that libpq has not given up yet, the present one included */
	size_t received;       /* bytes, so far */
};

const char *
postgres_phase_name(enum postgres_phase phase)
{
	static const char *const names[POSTGRES_PHASES] = { "resolve", "connect", "tls", "auth" };

	return names[phase];
}

static double
seconds_since(int64_t began_ns)
{
	return (double)(clock_now_ns() - began_ns) / 1e9;
}

/*
 * Move on from a phase that ended.  The wait before TLS counts as auth until
 * it is known that there is TLS; an attempt that libpq repeats (next address,
 * without TLS) starts afresh.
 */
static void
enter_phase(struct session *s, enum postgres_phase next)
{
	double *seconds = s->result->phase_seconds;

	if (next == s->phase)
		return;
	if (next == POSTGRES_CONNECT)
		seconds[POSTGRES_CONNECT] = seconds[POSTGRES_TLS] = -1;
	else if (s->phase == POSTGRES_CONNECT || (s->phase == POSTGRES_TLS && PQsslInUse(s->conn)))
		seconds[s->phase] = seconds_since(s->phase_began_ns);
	s->phase = next;
	s->phase_began_ns = clock_now_ns();
}

static void
note_phase(struct session *s)
{
	switch (PQstatus(s->conn)) {
	case CONNECTION_BAD: break;
	case CONNECTION_NEEDED:
	case CONNECTION_STARTED: enter_phase(s, POSTGRES_CONNECT); break;
	case CONNECTION_SSL_STARTUP: enter_phase(s, POSTGRES_TLS); break;
	default: enter_phase(s, POSTGRES_AUTH); break;
	}
}

static int
timed_out(const struct session *s)
{
	return failure_set(&s->result->failure, FAILURE_TIMEOUT, "%s did not answer in time (%s)",
	    s->target->address, PQstatus(s->conn) == CONNECTION_OK ? "query" : postgres_phase_name(s->phase));
}

/* Several addresses share what is left of the time: one that swallows packets must not use it all up. */
static struct deadline
wait_limit(const struct session *s)
{
	if (s->phase != POSTGRES_CONNECT || s->addresses_left < 2)
		return s->deadline;
	return deadline_in(deadline_left_ns(s->deadline) / (int64_t)s->addresses_left);
}

static int
wait_for(struct session *s, short events)
{
	int fd = PQsocket(s->conn);
	int ready = deadline_poll(wait_limit(s), fd, events);

	if (ready < 0)
		return failure_set(&s->result->failure, FAILURE_LOCAL, "poll: %s", strerror(errno));
	if (deadline_left_ns(s->deadline) == 0)
		return timed_out(s);
	if (ready == 0) {
		/* An attempt that is shut down fails, and libpq goes on to the next address. */
		(void)shutdown(fd, SHUT_RDWR);
		s->addresses_left--;
	}
	return 0;
}

/* After a call of libpq that may have read. */
static int
end_receiving(struct session *s)
{
	s->received += postgres_receive_end();
	if (s->received > RECEIVED_MAX)
		return failure_set(&s->result->failure, FAILURE_PROTOCOL,
		    "%s sends far more than was asked for", s->target->address);
	return 0;
}

/*
 * A server may repeat the password, be it one from a file that only libpq has
 * read.  It is masked before the text is cut anywhere.  The caller frees the
 * copy; NULL only when memory ran out.
 */
static char *
masked(const struct session *s, const char *text)
{
	const char *password = PQpass(s->conn);
	struct secrets secrets = { 0 };
	char *copy = strdup(text != NULL ? text : "no reason given");

	if (password != NULL)
		secrets_add(&secrets, password);
	if (copy != NULL)
		secrets_mask(&secrets, copy);
	secrets_release(&secrets);
	return copy;
}

static int
out_of_memory(const struct session *s)
{
	return failure_set(&s->result->failure, FAILURE_LOCAL, "out of memory");
}

static int
not_connected(const struct session *s)
{
	char *text = masked(s, PQerrorMessage(s->conn));

	if (text == NULL)
		return out_of_memory(s);
	(void)postgres_failure_connect(&s->result->failure, s->phase, text);
	free(text);
	return -1;
}

static int
await_connection(struct session *s)
{
	PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;

	for (;;) {
		note_phase(s);
		if (wanted == PGRES_POLLING_OK)
			break;
		if (wanted == PGRES_POLLING_FAILED || PQstatus(s->conn) == CONNECTION_BAD)
			return not_connected(s);
		if (wait_for(s, wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT) != 0)
			return -1;
		postgres_receive_begin(RECEIVED_AT_ONCE);
		wanted = PQconnectPoll(s->conn);
		if (end_receiving(s) != 0)
			return -1;
	}
	s->result->phase_seconds[POSTGRES_AUTH] = seconds_since(s->phase_began_ns);
	return 0;
}

static void
ignore_notice(void *context, const char *message)
{
	(void)context;
	(void)message;
}

static int
start_connection(struct session *s)
{
	struct postgres_startup startup;
	int64_t began_ns = clock_now_ns();
	int result = postgres_startup_init(&startup, s->target, s->deadline, &s->result->failure);

	if (result == 0) {
		if (startup.resolved)
			s->result->phase_seconds[POSTGRES_RESOLVE] = seconds_since(began_ns);
		s->addresses_left = startup.address_count;
		s->phase = POSTGRES_CONNECT;
		s->phase_began_ns = clock_now_ns();
		s->conn = PQconnectStartParams(startup.parameters.keywords, startup.parameters.values, 0);
		if (s->conn == NULL)
			result = out_of_memory(s);
	}
	postgres_startup_release(&startup);
	return result;
}

static int
open_session(struct session *s)
{
	if (start_connection(s) != 0)
		return -1;
	(void)PQsetNoticeProcessor(s->conn, ignore_notice, NULL);
	/* So that an error on the way in has its SQLSTATE, which no call gives there. */
	(void)PQsetErrorVerbosity(s->conn, PQERRORS_VERBOSE);
	if (await_connection(s) != 0)
		return -1;
	return PQsetnonblocking(s->conn, 1) == 0 ? 0 : out_of_memory(s);
}

static int
connection_lost(const struct session *s)
{
	char *text = masked(s, PQerrorMessage(s->conn));

	if (text == NULL)
		return out_of_memory(s);
	(void)failure_set(&s->result->failure, FAILURE_PROTOCOL, "%s: %.*s", s->target->address,
	    (int)strcspn(text, "\n"), text);
	free(text);
	return -1;
}

/* Until a result can be had without waiting. */
static int
await_result(struct session *s)
{
	for (;;) {
		int unsent = PQflush(s->conn), consumed;

		if (unsent < 0)
			return connection_lost(s);
		if (unsent == 0 && !PQisBusy(s->conn))
			return 0;
		if (wait_for(s, unsent > 0 ? POLLIN | POLLOUT : POLLIN) != 0)
			return -1;
		postgres_receive_begin(RECEIVED_AT_ONCE);
		consumed = PQconsumeInput(s->conn);
		if (end_receiving(s) != 0)
			return -1;
		if (consumed == 0)
			return connection_lost(s);
	}
}

static int
check_result(const struct session *s, const PGresult *answer)
{
	ExecStatusType status = PQresultStatus(answer);
	char *text;

	if (status == PGRES_SINGLE_TUPLE || (status == PGRES_TUPLES_OK && PQntuples(answer) == 0))
		return 0;
	if (status != PGRES_FATAL_ERROR)
		return failure_set(&s->result->failure, FAILURE_PROTOCOL,
		    "%s sent something else than rows (%s)", s->target->address, PQresStatus(status));
	/* Errors that libpq makes up itself have no SQLSTATE: the connection broke. */
	if (PQresultErrorField(answer, PG_DIAG_SQLSTATE) == NULL)
		return connection_lost(s);
	text = masked(s, PQresultErrorField(answer, PG_DIAG_MESSAGE_PRIMARY));
	if (text == NULL)
		return out_of_memory(s);
	(void)postgres_failure_answer(
	    &s->result->failure, PQresultErrorField(answer, PG_DIAG_SQLSTATE), text);
	free(text);
	return -1;
}

/*
 * Send one statement and wait for its answer, a row, to the end.  The caller
 * clears the row.  NULL with the failure in the result.
 */
static PGresult *
query(struct session *s, const char *statement)
{
	PGresult *row = NULL, *next;
	int rows = 0, failed = 0;

	/* Row by row: otherwise libpq would collect rows for as long as the server sends them. */
	if (PQsendQuery(s->conn, statement) == 0 || PQsetSingleRowMode(s->conn) == 0) {
		(void)connection_lost(s);
		return NULL;
	}
	while (failed == 0 && (failed = await_result(s)) == 0 && (next = PQgetResult(s->conn)) != NULL) {
		failed = check_result(s, next);
		rows += PQntuples(next);
		if (failed == 0 && row == NULL && PQntuples(next) == 1)
			row = next;
		else
			PQclear(next);
		if (failed == 0 && rows > 1)
			failed = failure_set(&s->result->failure, FAILURE_PROTOCOL,
			    "%s sent more rows than there are", s->target->address);
	}
	if (failed == 0 && row == NULL)
		failed =
		    failure_set(&s->result->failure, FAILURE_PROTOCOL, "%s sent no row", s->target->address);
	if (failed != 0)
		PQclear(row);
	return failed == 0 ? row : NULL;
}

static int
select_one(struct session *s, double *seconds)
{
	int64_t began_ns = clock_now_ns();
	PGresult *row = query(s, "SELECT 1");
	int result = 0;

	*seconds = seconds_since(began_ns);
	if (row == NULL)
		return failure_prefix(&s->result->failure, "SELECT 1");
	if (PQnfields(row) != 1 || strcmp(PQgetvalue(row, 0, 0), "1") != 0)
		result = failure_set(&s->result->failure, FAILURE_PROTOCOL,
		    "SELECT 1: %s answered with something else than 1", s->target->address);
	PQclear(row);
	return result;
}

/* A count as the server writes it; -1: it is none. */
static double
count_value(const char *text)
{
	char *end;
	long long count = strtoll(text, &end, 10);

	return end != text && *end == '\0' && count >= 0 ? (double)count : -1;
}

/* What any user may read. */
static int
count_connections(struct session *s)
{
	struct postgres_result *result = s->result;
	PGresult *row =
	    query(s, "SELECT pg_catalog.sum(numbackends), pg_catalog.current_setting('max_connections'), "
		     "pg_catalog.current_setting('transaction_read_only') FROM pg_catalog.pg_stat_database");
	double used = -1, most = -1;

	if (row == NULL)
		return failure_prefix(&result->failure, "connection counts");
	if (PQnfields(row) == 3) {
		used = count_value(PQgetvalue(row, 0, 0));
		most = count_value(PQgetvalue(row, 0, 1));
		result->read_only = strcmp(PQgetvalue(row, 0, 2), "on") == 0;
	}
	PQclear(row);
	if (used < 0 || most < 0)
		return failure_set(&result->failure, FAILURE_PROTOCOL,
		    "connection counts: %s answered with something else than counts", s->target->address);
	result->connections = used;
	result->connections_max = most;
	return 0;
}

static bool
reported_on(const struct session *s, const char *parameter)
{
	const char *value = PQparameterStatus(s->conn, parameter);

	return value != NULL && strcmp(value, "on") == 0;
}

static void
measure(struct session *s, size_t samples)
{
	struct postgres_result *result = s->result;

	/* From PostgreSQL 14 on the server says it unasked. */
	result->read_only =
	    reported_on(s, "in_hot_standby") || reported_on(s, "default_transaction_read_only");
	while (result->query_count < samples) {
		if (select_one(s, &result->query_seconds[result->query_count]) != 0)
			return;
		result->query_count++;
	}
	(void)count_connections(s);
}

static void
result_clear(struct postgres_result *result)
{
	for (int i = 0; i < POSTGRES_PHASES; i++)
		result->phase_seconds[i] = -1;
	result->query_count = 0;
	result->connections = result->connections_max = -1;
	result->read_only = false;
	result->failure = (struct failure){ .kind = FAILURE_NONE };
}

static void
run_session(const struct postgres_target *target, size_t samples, struct deadline deadline,
    struct postgres_result *result)
{
	struct session s = { .target = target, .deadline = deadline, .result = result };

	result_clear(result);
	if (open_session(&s) == 0)
		measure(&s, samples);
	PQfinish(s.conn);
}

void
postgres_probe(
    struct postgres_target *target, size_t samples, struct deadline deadline, struct postgres_result *result)
{
	result_clear(result);
	postgres_errand(run_session, target, samples, deadline, result);
}
