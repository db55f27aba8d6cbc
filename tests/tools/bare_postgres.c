/*
 * bare_postgres [--print] DSN COUNT: the least a program can do to measure
 * SELECT 1: connect, ask COUNT times, close.  --print prints each round trip
 * in seconds.  The floor that postgres_latency is compared with.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libpq-fe.h>

static double
now_seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int
select_one(PGconn *conn, int print)
{
	double began = now_seconds();
	PGresult *answer = PQexec(conn, "SELECT 1");
	int answered = PQresultStatus(answer) == PGRES_TUPLES_OK;

	if (print && answered)
		printf("%.9f\n", now_seconds() - began);
	PQclear(answer);
	return answered;
}

int
main(int argc, char *argv[])
{
	int print = argc == 4 && strcmp(argv[1], "--print") == 0, answered = 1;
	PGconn *conn;
	long count;

	if (argc != 3 + print) {
		fprintf(stderr, "usage: bare_postgres [--print] DSN COUNT\n");
		return 2;
	}
	count = strtol(argv[2 + print], NULL, 10);
	conn = PQconnectdb(argv[1 + print]);
	if (PQstatus(conn) != CONNECTION_OK)
		answered = 0;
	for (long i = 0; answered && i < count; i++)
		answered = select_one(conn, print);
	if (!answered)
		fprintf(stderr, "bare_postgres: %s", PQerrorMessage(conn));
	PQfinish(conn);
	return answered ? 0 : 1;
}
