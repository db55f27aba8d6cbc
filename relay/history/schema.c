/*
 * The tables, brought up to date by the files of sql/history/, which are in the program.  Each is run
 * once, all that are missing in one transaction: a failure leaves the tables as they were.  An old
 * relay must not write into tables that a newer one has made: it would lose what it does not know of,
 * so it refuses and says what to install.  The role that writes needs no more than a schema of its own.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/history/parts.h"

enum { ANSWER = 256 };

/* A short answer as text; "" for NULL and for no row.  An answer longer than ANSWER is cut; what is
 * asked here is a name or a number. */
static int
ask_text(struct history_connection *c, const char *statement, const char *value, char text[ANSWER])
{
	struct buffer answer;
	int result;

	buffer_init(&answer, ANSWER - 1);
	result = connection_ask(c, statement, &value, value != NULL, &answer);
	(void)snprintf(text, ANSWER, "%.*s", (int)answer.length, answer.length > 0 ? answer.text : "");
	buffer_release(&answer);
	return result < 0 ? -1 : 0;
}

int
schema_lock(struct history_connection *c)
{
	/* Any number that nobody else has: "arbwatch". */
	return connection_ask(c, "SELECT pg_advisory_xact_lock(x'6172627761746368'::bigint)", NULL, 0, NULL);
}

/* Often a DBA makes the schema and gives it to us, so it is looked for first: CREATE SCHEMA IF NOT
 * EXISTS asks for the right to make one even where it is there.  42501 is insufficient_privilege, which
 * people have to mend. */
static int
create(struct history_connection *c)
{
	const char *user = PQuser(c->session.conn), *database = PQdb(c->session.conn);
	char exists[ANSWER];

	if (ask_text(c, "SELECT to_regnamespace('arbwatch_history')::text", NULL, exists) != 0)
		return -1;
	if (exists[0] == '\0' && connection_do(c, "CREATE SCHEMA arbwatch_history") != 0)
		return strcmp(c->session.sqlstate, "42501") != 0
			   ? -1
			   : failure_set(c->session.why, FAILURE_REJECTED,
				 "role %s may not make a schema in database %s; let its owner run: "
				 "CREATE SCHEMA arbwatch_history AUTHORIZATION \"%s\"",
				 user, database, user);
	return connection_do(c, "CREATE TABLE arbwatch_history.schema_version (version integer PRIMARY KEY, "
				"applied_at timestamptz NOT NULL DEFAULT now())");
}

/* 0: there are no tables yet.  to_regclass() answers NULL where a query of the table would fail, and a
 * failure would end the transaction. */
static int
read_version(struct history_connection *c, long *version)
{
	char text[ANSWER];

	*version = 0;
	if (ask_text(c, "SELECT to_regclass('arbwatch_history.schema_version')::text", NULL, text) != 0)
		return -1;
	if (text[0] == '\0')
		return 0;
	if (ask_text(c, "SELECT coalesce(max(version), 0)::text FROM arbwatch_history.schema_version", NULL,
		text) != 0)
		return -1;
	*version = strtol(text, NULL, 10);
	return 0;
}

static int
migrate(struct history_connection *c)
{
	char record[ANSWER];
	long version, known = 0;

	while (history_migrations[known] != NULL)
		known++;

	/* The lock first: two relays that start together would both find no tables. */
	if (schema_lock(c) < 0 || read_version(c, &version) != 0)
		return -1;
	if (version > known)
		return failure_set(c->session.why, FAILURE_REJECTED,
		    "the history is of version %ld, and this alert_relay knows those up to %ld; install the newer one",
		    version, known);
	if (version == 0 && create(c) != 0)
		return -1;
	for (; version < known; version++) {
		(void)snprintf(record, sizeof(record),
		    "INSERT INTO arbwatch_history.schema_version (version) VALUES (%ld)", version + 1);
		if (connection_do(c, history_migrations[version]) != 0 || connection_do(c, record) != 0)
			return -1;
	}
	return 0;
}

/* PostgreSQL rolls back CREATE TABLE like everything else, so a kill half way leaves nothing. */
int
schema_prepare(struct history_connection *c, struct postgres_target *target, struct deadline deadline,
    struct failure *why)
{
	if (connection_begin(c, target, deadline, why) == 0 && migrate(c) == 0 && connection_commit(c) == 0)
		return 0;
	connection_close(c);
	return -1;
}

/* ALL TABLES are those of now: a migration that adds one is followed by this again, since the check
 * finds a table that the role may not read.  NOLOGIN, because a password is not ours to choose. */
static int
grant(struct history_connection *c, const char *name, bool create_it)
{
	struct buffer statements;
	int result;

	buffer_init(&statements, 1024);
	if (create_it)
		buffer_format(&statements, "CREATE ROLE %s NOLOGIN;", name);
	buffer_format(&statements,
	    "GRANT USAGE ON SCHEMA arbwatch_history TO %s;"
	    "GRANT SELECT ON ALL TABLES IN SCHEMA arbwatch_history TO %s",
	    name, name);
	buffer_append(&statements, "", 1);
	result = statements.failed ? failure_set(c->session.why, FAILURE_LOCAL, "its name is too long")
				   : connection_do(c, statements.text);
	buffer_release(&statements);
	return result;
}

static int
admit(struct history_connection *c, const char *reader)
{
	/* Roles cannot be parameters of GRANT, and the name is from the settings. */
	char *name = PQescapeIdentifier(c->session.conn, reader, strlen(reader));
	char state[ANSWER];
	int result;

	if (name == NULL)
		return failure_set(c->session.why, FAILURE_LOCAL, "its name is not UTF-8");
	result = schema_lock(c) < 0 ? -1 : ask_text(c, history_sql_reader, reader, state);
	if (result == 0 && strcmp(state, "ask") == 0)
		result = failure_set(c->session.why, FAILURE_REJECTED,
		    "there is no such role, and %s may not make one: CREATE ROLE %s", PQuser(c->session.conn),
		    name);
	else if (result == 0 && state[0] != '\0')
		result = grant(c, name, strcmp(state, "create") == 0);
	PQfreemem(name);
	return result;
}

int
schema_admit(struct history_connection *c, struct postgres_target *target, const char *reader,
    struct deadline deadline, struct failure *why)
{
	if (connection_begin(c, target, deadline, why) == 0 && admit(c, reader) == 0 &&
	    connection_commit(c) == 0)
		return 0;
	connection_close(c);
	return failure_prefix(why, "role %s", reader);
}
