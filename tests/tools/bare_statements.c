/*
 * bare_statements DSN FILE RUNS: what libpq alone takes for the statements of a file.
 *
 * A connection a run, all statements in one message, all rows fetched and thrown away.  Prints "seconds" of
 * each.
 */

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/deadline.h"

static int
run(const char *dsn, const char *statements)
{
	PGconn *conn = PQconnectdb(dsn);
	int ok = PQstatus(conn) == CONNECTION_OK && PQsendQuery(conn, statements) != 0 &&
		 PQsetSingleRowMode(conn) != 0;
	PGresult *result;

	while (ok && (result = PQgetResult(conn)) != NULL) {
		if (PQresultStatus(result) == PGRES_FATAL_ERROR) {
			fprintf(stderr, "%s", PQresultErrorMessage(result));
			ok = 0;
		}
		PQclear(result);
	}
	PQfinish(conn);
	return ok ? 0 : -1;
}

int
main(int argc, char **argv)
{
	static char statements[1024 * 1024];
	FILE *file = argc == 4 ? fopen(argv[2], "r") : NULL;
	size_t length = file != NULL ? fread(statements, 1, sizeof(statements) - 1, file) : 0;

	if (length == 0) {
		fprintf(stderr, "usage: bare_statements DSN FILE RUNS\n");
		return 2;
	}
	(void)fclose(file);
	for (long i = strtol(argv[3], NULL, 10); i > 0; i--) {
		int64_t began_ns = clock_now_ns();

		if (run(argv[1], statements) != 0)
			return 1;
		printf("seconds %.6f\n", clock_seconds_since(began_ns));
	}
	return 0;
}
