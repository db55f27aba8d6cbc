/*
 * read_engine postgres|redis TARGET NAME [MILLISECONDS]: what the bot believes.
 *
 * Prints "updated_at SECONDS" (or "-") and a line for each position, exchange, symbol, side,
 * quantity, market, entry price and profit, with '-' for what is not told.  On
 * failure "KIND: TEXT" on stderr, as it is before a program masks secrets in it.
 */

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"

static void
print_number(double number)
{
	if (isnan(number))
		printf("\t-");
	else
		printf("\t%.17g", number);
}

static void
print_reading(const struct engine_reading *reading)
{
	static const char *const markets[] = { "-", "spot", "derivative" };
	char quantity[DECIMAL_TEXT];

	if (reading->updated_at < 0)
		printf("updated_at -\n");
	else
		printf("updated_at %.3f\n", reading->updated_at);
	for (size_t i = 0; i < reading->row_count; i++) {
		const struct engine_row *row = &reading->rows[i];

		/* A hash's closed positions are there for positions/engine_view.c alone. */
		if (decimal_sign(row->quantity) == 0)
			continue;
		printf("%s\t%s\t%s\t%s\t%s", row->exchange, row->symbol, row->is_short ? "short" : "long",
		    decimal_text(row->quantity, quantity), markets[row->market]);
		print_number(row->entry_price);
		print_number(row->unrealized_pnl);
		printf("\n");
	}
}

static int
read_postgres(const char *dsn, const char *view, struct deadline deadline, struct secrets *secrets,
    struct engine_reading *reading)
{
	struct postgres_target *target = postgres_target_new(dsn, NULL, secrets, &reading->failure);

	if (target == NULL)
		return -1;
	engine_read_postgres(target, view, deadline, reading);
	postgres_target_free(target);
	return 0;
}

static int
read_redis(const char *url, const char *hash, struct deadline deadline, struct secrets *secrets,
    struct engine_reading *reading)
{
	struct redis_target *target = redis_target_new(url, NULL, NULL, secrets, &reading->failure);

	if (target == NULL)
		return -1;
	engine_read_redis(target, hash, deadline, reading);
	redis_target_free(target);
	return 0;
}

int
main(int argc, char *argv[])
{
	long timeout_ms = argc > 4 ? strtol(argv[4], NULL, 10) : 20000;
	struct deadline deadline = deadline_in((int64_t)timeout_ms * 1000000);
	struct engine_reading reading = { .row_count = 0 };
	struct secrets secrets = { 0 };
	bool read = false;

	(void)signal(SIGPIPE, SIG_IGN);
	if (argc < 4 || timeout_ms < 1) {
		fprintf(stderr, "usage: read_engine postgres|redis TARGET NAME [MILLISECONDS]\n");
		return 2;
	}
	if (strcmp(argv[1], "postgres") == 0)
		read = read_postgres(argv[2], argv[3], deadline, &secrets, &reading) == 0 && reading.read;
	else if (strcmp(argv[1], "redis") == 0)
		read = read_redis(argv[2], argv[3], deadline, &secrets, &reading) == 0 && reading.read;
	if (read)
		print_reading(&reading);
	else
		fprintf(stderr, "%s: %s\n", failure_kind_name(reading.failure.kind), reading.failure.text);
	if (!read && (reading.rows != NULL || reading.row_count != 0 || reading.updated_at >= 0))
		fprintf(stderr, "something is left of what was not read\n");
	engine_reading_release(&reading);
	secrets_release(&secrets);
	return read ? EXIT_SUCCESS : EXIT_FAILURE;
}
