/*
 * The probe: SELECT 1 some times, then the connection counts, then possibly a statement of the
 * operator.  All of it runs in a thread that may be left behind (postgres_run()).  So a probe holds
 * copies of everything, and results are copied to the caller only when the thread is done.  Names
 * in statements have their schema (pg_catalog.), because a user's search_path may put other
 * functions before the server's own.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/postgres/session.h"

enum { RECEIVED_MAX = 512 * 1024 }; /* bytes in a whole connection */

/* One probe under way.  Its results outlive the caller, if the thread does. */
struct probe {
	struct postgres_target *target;
	struct deadline deadline;
	struct postgres_session session;
	size_t samples;
	char *question; /* NULL: none */
	struct postgres_result result;
	double seconds[]; /* of the result */
};

const char *
postgres_phase_name(enum postgres_phase phase)
{
	static const char *const names[POSTGRES_PHASES] = { "resolve", "connect", "tls", "auth" };

	return names[phase];
}

/* Wait for the answer, a row, to the end.  The caller clears the row.  NULL with the failure in the result.
 */
static PGresult *
one_row(struct probe *p, struct failure *why)
{
	const char *address = postgres_target_address(p->session.target);
	PGresult *row = NULL, *next;
	int more = 1;

	/* Read to the end also when there is a row: what is left would be taken for the next answer. */
	while (more > 0 && (more = postgres_session_row(&p->session, &next)) > 0) {
		if (row != NULL) {
			PQclear(next);
			more =
			    failure_set(why, FAILURE_PROTOCOL, "%s sent more rows than there are", address);
		} else {
			row = next;
		}
	}
	if (more == 0 && row == NULL)
		(void)failure_set(why, FAILURE_PROTOCOL, "%s sent no row", address);
	if (more != 0) {
		PQclear(row);
		row = NULL;
	}
	return row;
}

static PGresult *
query(struct probe *p, const char *statement, struct failure *why)
{
	return postgres_session_ask(&p->session, statement, true) == 0 ? one_row(p, why) : NULL;
}

static int
select_one(struct probe *p, double *seconds)
{
	int64_t began_ns = clock_now_ns();
	PGresult *row = query(p, "SELECT 1", &p->result.failure);
	int result = 0;

	/* The time runs to the end of the answer.  If that failed, the caller does not count it. */
	*seconds = clock_seconds_since(began_ns);
	if (row == NULL)
		return failure_prefix(&p->result.failure, "SELECT 1");
	if (PQnfields(row) != 1 || strcmp(PQgetvalue(row, 0, 0), "1") != 0)
		result = failure_set(&p->result.failure, FAILURE_PROTOCOL,
		    "SELECT 1: %s answered with something else than 1",
		    postgres_target_address(p->session.target));
	PQclear(row);
	return result;
}

/* A count as the server writes it; -1: the text is not a count. */
static double
count_value(const char *text)
{
	char *end;
	long long count = strtoll(text, &end, 10);

	return end != text && *end == '\0' && count >= 0 ? (double)count : -1;
}

/* Tables and functions that any user may read.  All databases count, and our own session too. */
static int
count_connections(struct probe *p)
{
	struct postgres_result *result = &p->result;
	PGresult *row = query(p,
	    "SELECT pg_catalog.sum(numbackends), pg_catalog.current_setting('max_connections'), "
	    "pg_catalog.current_setting('transaction_read_only') FROM pg_catalog.pg_stat_database",
	    &result->failure);
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
		    "connection counts: %s answered with something else than counts",
		    postgres_target_address(p->session.target));
	result->connections = used;
	result->connections_max = most;
	return 0;
}

static bool
reported_on(const struct probe *p, const char *parameter)
{
	const char *value = PQparameterStatus(p->session.conn, parameter);

	return value != NULL && strcmp(value, "on") == 0;
}

/* The operator's statement, read-only.  It has a failure of its own: the server is well all the same. */
static void
ask(struct probe *p)
{
	struct postgres_session *s = &p->session;
	struct failure *why = &p->result.answer_failure;
	PGresult *row = NULL;

	/* From here on the session reports there. */
	s->why = why;
	if (postgres_session_do(s, "BEGIN TRANSACTION READ ONLY") == 0 &&
	    postgres_session_ask(s, p->question, false) == 0)
		row = one_row(p, why);
	if (row == NULL)
		return;
	if (PQnfields(row) != 1)
		(void)failure_set(why, FAILURE_REJECTED,
		    "the question is answered with a row of %d columns, and one is expected", PQnfields(row));
	else if (PQgetlength(row, 0, 0) >= POSTGRES_ANSWER)
		(void)failure_set(why, FAILURE_REJECTED, "the question's answer is longer than %d bytes",
		    POSTGRES_ANSWER - 1);
	else
		(void)snprintf(p->result.answer, sizeof(p->result.answer), "%s", PQgetvalue(row, 0, 0));
	PQclear(row);
}

/*
 * Whether our "options" or PGOPTIONS may set what the server's own answer would be.  PostgreSQL takes '-' in
 * a name for '_', and a backslash before any character.  True also when memory ran out.
 */
static bool
sets_read_only(const char *options)
{
	char *plain = strdup(options), *to = plain;
	bool found;

	if (plain == NULL)
		return true;
	for (; *options != '\0'; options++)
		if (*options != '\\')
			*to++ = (char)(*options == '-' ? '_' : *options);
	*to = '\0';
	found = strcasestr(plain, "transaction_read_only") != NULL;
	free(plain);
	return found;
}

static void
measure(struct probe *p)
{
	struct postgres_result *result = &p->result;
	const char *options = PQoptions(p->session.conn);

	/* PostgreSQL 14 and later say it unasked: so it is known even if no question is answered. */
	result->read_only =
	    reported_on(p, "in_hot_standby") || reported_on(p, "default_transaction_read_only");
	result->overridden = options != NULL && sets_read_only(options);
	while (result->query_count < p->samples) {
		if (select_one(p, &result->query_seconds[result->query_count]) != 0)
			return;
		result->query_count++;
	}
	if (count_connections(p) == 0 && p->question != NULL)
		ask(p);
}

static const struct postgres_result unknown = {
	.phase_seconds = { -1, -1, -1, -1 }, .connections = -1, .connections_max = -1
};

static void
probe_free(void *work)
{
	struct probe *p = work;

	postgres_target_free(p->target);
	free(p->question);
	free(p);
}

static void
run(void *work)
{
	struct probe *p = work;
	struct postgres_session *s = &p->session;

	if (postgres_session_open(s, p->target, p->deadline, RECEIVED_MAX, &p->result.failure) == 0)
		measure(p);
	/* Phases that ended are results, also when the session failed. */
	memcpy(p->result.phase_seconds, s->phase_seconds, sizeof(s->phase_seconds));
	postgres_session_close(s);
}

void
postgres_probe(struct postgres_target *target, size_t samples, const char *question, struct deadline deadline,
    struct postgres_result *result)
{
	static const struct detached task = { run, probe_free };
	struct probe *p = calloc(1, sizeof(*p) + samples * sizeof(p->seconds[0]));
	double *seconds = result->query_seconds;

	*result = unknown;
	result->query_seconds = seconds;
	if (p == NULL) {
		(void)failure_set(&result->failure, FAILURE_LOCAL, "out of memory");
		return;
	}
	p->target = postgres_target_share(target);
	p->deadline = deadline;
	p->samples = samples;
	p->result = unknown;
	p->result.query_seconds = p->seconds;
	if (question != NULL && (p->question = strdup(question)) == NULL) {
		probe_free(p);
		(void)failure_set(&result->failure, FAILURE_LOCAL, "out of memory");
		return;
	}
	if (postgres_run(&task, p, target, deadline, &result->failure) != 0)
		return;
	/* The thread is gone: its copy can be read. */
	memcpy(seconds, p->seconds, p->result.query_count * sizeof(*seconds));
	*result = p->result;
	result->query_seconds = seconds;
	probe_free(p);
}
