/*
 * A thin layer over SQLite that makes errors hard to miss: the first one sticks, all later calls do nothing,
 * and the commit fails. So callers check once, at store_end(), and not after each statement; a half-done
 * transaction cannot be committed by accident.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/store/sql.h"

void
sql_fail(struct store *store, int error)
{
	const char *text = store->db != NULL ? sqlite3_errmsg(store->db) : sqlite3_errstr(error);

	if (store->error != SQLITE_OK)
		return;
	store->error = error;
	/* The low byte is the kind, whatever the extended code says.
	 * These three get plain words, since an operator can mend them. */
	switch (error & 0xff) {
	case SQLITE_FULL: text = "its disk is full"; break;
	case SQLITE_READONLY: text = "its file system is read-only"; break;
	case SQLITE_NOMEM: text = "out of memory"; break;
	default: break;
	}
	(void)failure_set(&store->why, FAILURE_LOCAL, "%s: %s", store->path, text);
}

/* Prepared already, or now; NULL: failed. */
static sqlite3_stmt *
statement_of(struct store *store, const char *text)
{
	sqlite3_stmt *statement;
	int error;

	/* Addresses are compared, not texts: a literal is the same object each time.
	 * At most 96 comparisons cost far less than preparing the statement anew. */
	for (size_t i = 0; i < store->count; i++)
		if (store->statements[i].text == text)
			return store->statements[i].statement;
	if (store->count == SQL_STATEMENTS) {
		sql_fail(store, SQLITE_MISUSE);
		return NULL;
	}
	error = sqlite3_prepare_v3(store->db, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
	if (error != SQLITE_OK) {
		sql_fail(store, error);
		return NULL;
	}
	store->statements[store->count].text = text;
	store->statements[store->count++].statement = statement;
	return statement;
}

static sqlite3_stmt *
query(struct store *store, const char *text, const char *types, va_list values)
{
	sqlite3_stmt *statement = store->error == SQLITE_OK ? statement_of(store, text) : NULL;
	int error = SQLITE_OK;

	for (int i = 1; statement != NULL && error == SQLITE_OK && types[i - 1] != '\0'; i++)
		switch (types[i - 1]) {
		case 'i': error = sqlite3_bind_int64(statement, i, va_arg(values, int64_t)); break;
		case 'n': error = sqlite3_bind_int(statement, i, va_arg(values, int)); break;
		/* STATIC: SQLite keeps no copy, so the caller's text must live until the rows end.
		 * -1 stops at the NUL, and texts have none inside (relay/alert replaces them). */
		default:
			error =
			    sqlite3_bind_text(statement, i, va_arg(values, const char *), -1, SQLITE_STATIC);
			break;
		}
	if (error == SQLITE_OK)
		return statement;
	sql_fail(store, error);
	return NULL;
}

sqlite3_stmt *
sql_query(struct store *store, const char *text, const char *types, ...)
{
	sqlite3_stmt *rows;
	va_list values;

	va_start(values, types);
	rows = query(store, text, types, values);
	va_end(values);
	return rows;
}

bool
sql_row(struct store *store, sqlite3_stmt *rows)
{
	int error;

	if (rows == NULL)
		return false;
	error = store->error != SQLITE_OK ? store->error : sqlite3_step(rows);
	if (error == SQLITE_ROW)
		return true;
	if (error != SQLITE_DONE)
		sql_fail(store, error);
	/* Reset after an error as well: an open statement would
	 * stand in the way of the end of the transaction. */
	sql_end(rows);
	return false;
}

void
sql_end(sqlite3_stmt *rows)
{
	(void)sqlite3_reset(rows);
}

int
sql_run(struct store *store, const char *text, const char *types, ...)
{
	sqlite3_stmt *rows;
	va_list values;

	va_start(values, types);
	rows = query(store, text, types, values);
	va_end(values);
	(void)sql_row(store, rows);
	return store->error == SQLITE_OK ? sqlite3_changes(store->db) : 0;
}

int64_t
sql_number(struct store *store, int64_t none, const char *text, const char *types, ...)
{
	sqlite3_stmt *rows;
	va_list values;
	int64_t number = none;

	va_start(values, types);
	rows = query(store, text, types, values);
	va_end(values);
	if (sql_row(store, rows)) {
		if (sqlite3_column_type(rows, 0) != SQLITE_NULL)
			number = sqlite3_column_int64(rows, 0);
		sql_end(rows);
	}
	return number;
}

char *
sql_copy(struct store *store, sqlite3_stmt *rows, int column)
{
	const char *text = (const char *)sqlite3_column_text(rows, column);
	char *copy = text != NULL ? strdup(text) : NULL;

	/* NULL for a column that is not NULL can only mean that memory ran out, in SQLite or here. */
	if (copy == NULL && sqlite3_column_type(rows, column) != SQLITE_NULL)
		sql_fail(store, SQLITE_NOMEM);
	return copy;
}

void
sql_text(sqlite3_stmt *rows, int column, char *text, size_t size)
{
	const char *value = (const char *)sqlite3_column_text(rows, column);

	(void)snprintf(text, size, "%s", value != NULL ? value : "");
}
