/*
 * Reads the bot's positions from a view in Postgres.
 *
 * The steps: a read-only transaction, the columns from the catalogue, the rows.  The catalogue comes first
 * because a missing column or a double precision quantity can then be named, with what to do, before any
 * row is sent.
 *
 * The database belongs to somebody else.  A function or operator of the same name in the search path must
 * not run with our rights, so every name is qualified with pg_catalog, operators too.  The view itself may
 * still be slow or endless: the server has a statement_timeout, values are cut there, rows are taken one by
 * one up to a limit.
 *
 * The view's name comes from the settings and goes into SQL twice: as an identifier (FROM) and within a
 * string ('...'::regclass).  Parameters cannot stand for identifiers, so it is parsed as SQL reads it, and
 * only what was understood is written, always in double quotes.  A ' or \ within the name could end the
 * string, and is refused.
 *
 * libpq cannot always be interrupted, so all of it is done by postgres_run().  `struct work` then belongs
 * to the thread: it may outlive the caller, who gets the reading out of it only when the thread is done.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config/secrets.h"
#include "common/text/buffer.h"
#include "common/text/utf8.h"
#include "engine/rows.h"
#include "probes/postgres/session.h"

enum {
	STATEMENT_BYTES = 8192,
	COLUMNS_ASKED = 3, /* of the catalogue: name, type, category */
};

/* The view's name ---------------------------------------------------- */

/* Bytes of a part in double quotes, both included; 0: it is not a name. */
static size_t
quoted_length(const char *text)
{
	size_t at, bytes = 0; /* of the name */

	for (at = 1; text[at] != '\0'; at++, bytes++) {
		/* Postgres cuts longer names without an error: the view of another name might then be read.
		 */
		if (text[at] == '"' && text[at + 1] != '"')
			return bytes > 0 && bytes < ENGINE_NAME ? at + 1 : 0;
		if (text[at] == '"')
			at++;
		if ((unsigned char)text[at] < ' ' || strchr("'\\\x7f", text[at]) != NULL)
			return 0;
	}
	return 0;
}

/* One part, quoted, into `quoted`.  Returns what follows, or NULL. */
static const char *
read_part(const char *at, char quoted[ENGINE_QUOTED])
{
	size_t length;

	if (*at == '"') {
		length = quoted_length(at);
		if (length == 0 || !utf8_valid((struct slice){ at, length }))
			return NULL;
		memcpy(quoted, at, length);
		quoted[length] = '\0';
		return at + length;
	}
	length = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_$");
	if (length == 0 || length >= ENGINE_NAME || isdigit((unsigned char)*at) || *at == '$')
		return NULL;
	(void)snprintf(quoted, ENGINE_QUOTED, "\"%.*s\"", (int)length, at);
	/* Without quotes SQL makes all letters small. */
	for (char *each = quoted; *each != '\0'; each++)
		*each = (char)tolower((unsigned char)*each);
	return at + length;
}

int
engine_view_name_parse(struct engine_view_name *view, const char *text, struct failure *why)
{
	char name[ENGINE_QUOTED];
	const char *at = read_part(text, view->schema);

	if (at != NULL && *at == '.')
		at = read_part(at + 1, name);
	else
		at = NULL;
	if (at == NULL || *at != '\0')
		return failure_set(why, FAILURE_LOCAL,
		    "view '%s': write SCHEMA.VIEW, as in " ENGINE_VIEW
		    ", each of at most 63 letters, digits and '_', or in double quotes without ' and \\",
		    secret_shown(text));
	(void)snprintf(view->relation, sizeof(view->relation), "%s.%s", view->schema, name);
	return 0;
}

int
engine_check_view(const char *view, struct failure *why)
{
	struct engine_view_name parsed;

	return engine_view_name_parse(&parsed, view, why);
}

/* Reading ------------------------------------------------------------ */

/* One reading under way.  It outlives the caller, if the thread does. */
struct work {
	struct postgres_target *target;
	struct deadline deadline;
	struct postgres_session session;
	struct engine_view_name view;
	char *shown; /* the view as the operator writes it */
	bool present[ENGINE_COLUMNS];
	struct engine_reading reading;
};

int
engine_statement_failed(struct postgres_session *s, const struct engine_view_name *view, const char *shown)
{
	struct failure *why = s->why;
	/* A copy, because failure_set() cannot read the text that it writes to. */
	const struct failure said = *why;
	const char *user = PQuser(s->conn);

	/* insufficient_privilege: the statements to run are shown, ready to be copied. */
	if (strcmp(s->sqlstate, "42501") == 0)
		(void)failure_set(why, said.kind,
		    "%s: GRANT USAGE ON SCHEMA %s TO \"%s\"; GRANT SELECT ON %s TO \"%s\"", said.text,
		    view->schema, user != NULL ? user : "", view->relation, user != NULL ? user : "");
	return failure_prefix(why, "%s", shown);
}

int
engine_no_view(const struct postgres_session *s, const char *what, const char *shown)
{
	const char *database = PQdb(s->conn);

	return failure_set(s->why, FAILURE_REJECTED,
	    "%s: there is no such %s in database %s: create it, as docs/engine.md says, or name another view or database",
	    shown, what, database != NULL ? database : "");
}

static int
statement_failed(struct work *w)
{
	return engine_statement_failed(&w->session, &w->view, w->shown);
}

/* The catalogue knows no such name: often it is the wrong database, so the text names it. */
static int
no_view(const struct work *w)
{
	return engine_no_view(
	    &w->session, strcmp(w->session.sqlstate, "3F000") == 0 ? "schema" : "view", w->shown);
}

/*
 * Read-only, and with an end on the server too.  SET LOCAL also works behind a pooler (PgBouncer) that
 * takes no options of the connection.
 */
static int
begin(struct work *w)
{
	int left_ms = deadline_left_ms(w->session.deadline);
	char statements[256];

	(void)snprintf(statements, sizeof(statements),
	    "BEGIN TRANSACTION READ ONLY; SET LOCAL statement_timeout = %d; SET LOCAL client_encoding = 'UTF8'",
	    left_ms > 0 ? left_ms : 1);
	return postgres_session_do(&w->session, statements) == 0 ? 0 : statement_failed(w);
}

/* Texts of any kind will do (varchar, citext, an enumeration); all else must be of the one type. */
static bool
type_fits(enum engine_column column, const char *type, const char *category)
{
	if (strcmp(engine_columns[column].type, "text") == 0)
		return strcmp(category, "S") == 0 || strcmp(category, "E") == 0;
	return strcmp(engine_columns[column].type, type) == 0;
}

static int
check_column(struct work *w, const PGresult *row)
{
	const char *name, *type, *category;

	if (PQnfields(row) != COLUMNS_ASKED)
		return failure_set(w->session.why, FAILURE_PROTOCOL,
		    "%s: the server answered with other columns than expected", w->shown);
	name = PQgetvalue(row, 0, 0);
	type = PQgetvalue(row, 0, 1);
	category = PQgetvalue(row, 0, 2);
	/* Other columns are passed over, as docs/engine.md promises. */
	for (int column = 0; column < ENGINE_COLUMNS; column++) {
		if (strcmp(name, engine_columns[column].name) != 0)
			continue;
		if (!type_fits(column, type, category))
			return failure_set(w->session.why, FAILURE_REJECTED,
			    "%s: column %s is %s, and must be %s", w->shown, name, type,
			    engine_columns[column].type);
		w->present[column] = true;
	}
	return 0;
}

static int
check_present(const struct work *w)
{
	for (int column = 0; column < ENGINE_COLUMNS; column++)
		if (engine_columns[column].required && !w->present[column])
			return failure_set(w->session.why, FAILURE_REJECTED,
			    "%s: there is no column %s, which must be %s", w->shown,
			    engine_columns[column].name, engine_columns[column].type);
	return 0;
}

/*
 * Which columns there are, of which types; a domain counts as what it is made of.  The schema is named for
 * itself, because PostgreSQL 17 says of a view in a missing schema only that the view is missing.
 */
static int
learn_columns(struct work *w)
{
	static const char format[] =
	    "SELECT a.attname, pg_catalog.format_type("
	    "CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END, NULL), t.typcategory "
	    "FROM pg_catalog.pg_attribute a "
	    "JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) a.atttypid "
	    "WHERE '%s'::pg_catalog.regnamespace IS NOT NULL "
	    "AND a.attrelid OPERATOR(pg_catalog.=) '%s'::pg_catalog.regclass "
	    "AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped";
	char statement[sizeof(format) + sizeof(w->view.schema) + sizeof(w->view.relation)];
	PGresult *row;
	int more, result = 0;

	(void)snprintf(statement, sizeof(statement), format, w->view.schema, w->view.relation);
	if (postgres_session_ask(&w->session, statement, true) != 0)
		return statement_failed(w);
	while (result == 0 && (more = postgres_session_row(&w->session, &row)) != 0) {
		if (more < 0)
			return strcmp(w->session.sqlstate, "42P01") == 0 ||
				       strcmp(w->session.sqlstate, "3F000") == 0
				   ? no_view(w)
				   : statement_failed(w);
		result = check_column(w, row);
		PQclear(row);
	}
	return result == 0 ? check_present(w) : -1;
}

/* Each value as text, and never long: the server must not send what would be refused anyway. */
static void
add_column(struct buffer *statement, enum engine_column column, bool present)
{
	const char *name = engine_columns[column].name;

	if (column > 0)
		buffer_string(statement, ", ");
	/* Each column keeps its place, so that add_row() needs no names. */
	if (!present)
		buffer_string(statement, "NULL");
	else if (column == ENGINE_COLUMN_UPDATED_AT)
		buffer_format(statement, "EXTRACT(EPOCH FROM \"%s\")::pg_catalog.text", name);
	else
		buffer_format(statement, "pg_catalog.left(\"%s\"::pg_catalog.text, %d)", name, ENGINE_TEXT);
}

static int
ask_rows(struct work *w)
{
	struct buffer statement;
	int result;

	buffer_init(&statement, STATEMENT_BYTES);
	buffer_string(&statement, "SELECT ");
	for (int column = 0; column < ENGINE_COLUMNS; column++)
		add_column(&statement, column, w->present[column]);
	/* One more than are allowed, to see that there are more. */
	buffer_format(&statement, " FROM %s LIMIT %d", w->view.relation, ENGINE_ROWS_MAX + 1);
	buffer_append(&statement, "", 1);
	if (statement.failed)
		result = failure_set(w->session.why, FAILURE_LOCAL, "out of memory");
	else
		result = postgres_session_ask(&w->session, statement.text, true);
	buffer_release(&statement);
	return result;
}

static struct slice
value_of(const PGresult *answer, enum engine_column column)
{
	if (PQgetisnull(answer, 0, (int)column))
		return (struct slice){ NULL, 0 };
	return (
	    struct slice){ PQgetvalue(answer, 0, (int)column), (size_t)PQgetlength(answer, 0, (int)column) };
}

/* Rows have no order, so the number of a row says little: exchange and symbol are named too. */
static int
name_row(const struct work *w, const struct engine_row *row, size_t number)
{
	struct failure *why = w->session.why;

	if (row->exchange[0] != '\0' && row->symbol[0] != '\0')
		return failure_prefix(
		    why, "%s: row %zu (%s %s)", w->shown, number, row->exchange, row->symbol);
	return failure_prefix(why, "%s: row %zu", w->shown, number);
}

static int
add_row(struct work *w, const PGresult *answer, size_t number)
{
	struct failure *why = w->session.why;
	struct engine_row row;

	if (PQnfields(answer) != ENGINE_COLUMNS)
		return failure_set(why, FAILURE_PROTOCOL,
		    "%s: the server answered with other columns than expected", w->shown);
	if (number > ENGINE_ROWS_MAX)
		return failure_set(why, FAILURE_REJECTED,
		    "%s: more than %d rows: leave out positions that are closed", w->shown,
		    (int)ENGINE_ROWS_MAX);
	engine_row_init(&row);
	for (int column = 0; column < ENGINE_COLUMNS; column++)
		if (engine_row_set(&w->reading, &row, column, value_of(answer, column), "column ", why) != 0)
			return name_row(w, &row, number);
	/* A position that is closed; its updated_at was counted all the same. */
	return decimal_sign(row.quantity) == 0 ? 0 : engine_rows_add(&w->reading, &row, why);
}

static int
read_rows(struct work *w)
{
	PGresult *row;
	size_t count = 0;
	int more, result = 0;

	if (ask_rows(w) != 0)
		return statement_failed(w);
	while (result == 0 && (more = postgres_session_row(&w->session, &row)) != 0) {
		if (more < 0)
			return statement_failed(w);
		result = add_row(w, row, ++count);
		PQclear(row);
	}
	return result;
}

static void
run(void *work)
{
	struct work *w = work;
	struct engine_reading *reading = &w->reading;

	if (postgres_session_open(&w->session, w->target, w->deadline, ENGINE_BYTES_MAX, &reading->failure) ==
		0 &&
	    begin(w) == 0 && learn_columns(w) == 0 && read_rows(w) == 0)
		reading->read = true;
	else
		postgres_session_mask(&w->session, reading->failure.text);
	postgres_session_close(&w->session);
}

static void
work_free(void *work)
{
	struct work *w = work;

	engine_reading_release(&w->reading);
	postgres_target_free(w->target);
	free(w->shown);
	free(w);
}

static struct work *
work_new(struct postgres_target *target, const char *view, struct deadline deadline, struct failure *why)
{
	struct work *w = calloc(1, sizeof(*w));
	char *shown = strdup(view);

	if (w == NULL || shown == NULL) {
		free(w);
		free(shown);
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	engine_reading_init(&w->reading);
	w->shown = shown;
	w->target = postgres_target_share(target);
	w->deadline = deadline;
	if (engine_view_name_parse(&w->view, view, why) == 0)
		return w;
	work_free(w);
	return NULL;
}

void
engine_read_postgres(struct postgres_target *target, const char *view, struct deadline deadline,
    struct engine_reading *reading)
{
	static const struct detached task = { run, work_free };
	struct work *w;

	engine_reading_init(reading);
	w = work_new(target, view, deadline, &reading->failure);
	if (w != NULL && postgres_run(&task, w, target, deadline, &reading->failure) == 0) {
		*reading = w->reading;
		/* The rows have moved to the caller: work_free() must not free them. */
		engine_reading_init(&w->reading);
		work_free(w);
	}
	if (!reading->read)
		engine_reading_release(reading);
}
