#ifndef RELAY_STORE_SQL_H
#define RELAY_STORE_SQL_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "relay/store/store.h"

/*
 * What the files of relay/store share: statements that are prepared once, and
 * the error that sticks.
 *
 *	sqlite3_stmt *rows = sql_query(store, "SELECT a FROM t WHERE b = ?", "i", b);
 *	while (sql_row(store, rows))
 *		...
 *
 * The text of a statement is its identity: a literal, or a constant.  One statement is not used again before
 *it is at its end, or sql_end() was called.
 */
enum { SQL_STATEMENTS = 96 };

struct store {
	pthread_mutex_t lock; /* held from store_begin() to the end of the transaction */
	char *path;
	int directory; /* locked as long as we live */
	bool journal;
	sqlite3 *db; /* NULL: could not be opened again */
	struct {
		const char *text;
		sqlite3_stmt *statement;
	} statements[SQL_STATEMENTS];
	size_t count;
	char uuid[STORE_UUID];
	int64_t clock_ms; /* the last time that upkeep_clock() was told; INT64_MAX: none */

	int error; /* of SQLite, since store_begin(); SQLITE_OK: none */
	struct failure why;
	bool outbox, journaled; /* something was added in this transaction */
	bool idle;              /* nobody waits for this transaction: see store_end() */
	int log_pages;          /* of the write-ahead log, after the last commit */

	void (*changed)(void *context, bool outbox, bool journal);
	void *context;
	struct failure notice; /* of kind FAILURE_NONE: nothing to say */
	atomic_uint_fast64_t failures;
};

/* Values by `types`: i int64_t, n int, s const char * (NULL is NULL), which must live until the end of the
 * rows. NULL: failed. */
sqlite3_stmt *sql_query(struct store *store, const char *text, const char *types, ...);

/* The next row.  False: there are no more, or it failed; then the statement is at its end.  Takes NULL. */
bool sql_row(struct store *store, sqlite3_stmt *rows);

/* No more rows are wanted. */
void sql_end(sqlite3_stmt *rows);

/* A statement without rows.  Returns how many rows it changed. */
int sql_run(struct store *store, const char *text, const char *types, ...);

/* The first row's first number, or `none` when there is no row or it is NULL. */
int64_t sql_number(struct store *store, int64_t none, const char *text, const char *types, ...);

/* Note an error (SQLITE_NOMEM...), unless there is one. */
void sql_fail(struct store *store, int error);

/* A column's text: a copy that the caller frees (NULL: NULL, or without memory, which is noted), or into a
 * buffer. */
char *sql_copy(struct store *store, sqlite3_stmt *rows, int column);
void sql_text(sqlite3_stmt *rows, int column, char *text, size_t size);

/* Make the tables, or check that they are ours.  0, or -1 with `why`. */
int schema_open(struct store *store, struct failure *why);

#endif /* RELAY_STORE_SQL_H */
