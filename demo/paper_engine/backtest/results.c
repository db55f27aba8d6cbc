#include <inttypes.h>

#include <libpq-fe.h>

#include "common/system/time.h"
#include "demo/paper_engine/backtest/results.h"

static const char copy[] =
    "COPY public.tuning_results (run, number, stage, fold, started_at, market_seed, seed, min_profit, size, cooldown, "
    "weight, train_from, validate_from, validate_until, train_trades, train_pnl, train_score, validate_trades, "
    "validate_pnl, validate_score, command) FROM STDIN";

/* Rows ---------------------------------------------------------------------- */

static void
add_amount(struct buffer *rows, fixed value)
{
	char text[FIXED_TEXT];

	buffer_format(rows, "%s\t", fixed_text(value, text));
}

static void
add_time(struct buffer *rows, int64_t ms)
{
	char text[TIME_TEXT];

	buffer_format(rows, "%s\t", time_text((double)ms / 1000, text));
}

static void
add_measure(struct buffer *rows, const struct measure *measure)
{
	buffer_format(rows, "%" PRId64 "\t", measure->trades);
	add_amount(rows, measure->pnl);
	/* As many digits as a double needs to be the same again. */
	buffer_format(rows, "%.17g\t", fixed_value(measure->score));
}

/* In COPY's text a backslash begins an escape. */
static void
add_command(struct buffer *rows, const char *command)
{
	for (; *command != '\0'; command++)
		if (*command == '\\')
			buffer_string(rows, "\\\\");
		else if (*command == '\n' || *command == '\t' || *command == '\r')
			buffer_string(rows, " ");
		else
			buffer_append(rows, command, 1);
	buffer_string(rows, "\n");
}

/* `times`: from where to where; `number` of the fold, from 1. */
static void
add_row(struct buffer *rows, const struct walk *walk, const struct results_run *run, size_t set,
    size_t number, const struct fold *times, const struct measure *train, const struct measure *validate)
{
	struct parameters parameters = search_parameters(&walk->sets[set].point);
	char name[TIME_TEXT];

	(void)time_text(run->started_at, name);
	buffer_format(rows, "%s\t%zu\t%s\t%zu\t%s\t%" PRIu64 "\t%" PRIu64 "\t", name, set + 1,
	    walk->sets[set].refined ? "refine" : "random", number, name, run->market_seed,
	    walk->settings->bench.engine.seed);
	add_amount(rows, parameters.min_profit);
	add_amount(rows, parameters.size);
	buffer_format(rows, "%" PRId64 "\t", parameters.cooldown_ms / 1000);
	add_amount(rows, parameters.weight);
	add_time(rows, times->train_from_ms);
	add_time(rows, times->validate_from_ms);
	add_time(rows, times->validate_until_ms);
	add_measure(rows, train);
	add_measure(rows, validate);
	add_command(rows, run->command);
}

void
results_format(struct buffer *rows, const struct walk *walk, const struct results_run *run)
{
	for (size_t set = 0; set < walk->set_count; set++) {
		struct measure train = walk_sum(walk, walk->train, set);
		struct measure validate = walk_sum(walk, walk->validate, set);
		struct fold all = walk->folds[walk->sets[set].first_fold];

		all.validate_until_ms = walk->folds[walk->fold_count - 1].validate_until_ms;
		add_row(rows, walk, run, set, 0, &all, &train, &validate);
		for (size_t fold = walk->sets[set].first_fold; fold < walk->fold_count; fold++) {
			size_t at = fold * walk->settings->sets + set;

			add_row(rows, walk, run, set, fold + 1, &walk->folds[fold], &walk->train[at],
			    &walk->validate[at]);
		}
	}
}

/* The server ----------------------------------------------------------------- */

static int
fail(PGconn *conn, struct failure *why)
{
	const char *message = PQerrorMessage(conn);

	return failure_set(why, FAILURE_REJECTED, "PostgreSQL: %.*s", (int)strcspn(message, "\n"), message);
}

/* To be closed in either case. */
static PGconn *
connect_to(const char *dsn, const char *password)
{
	/* With expand_dbname, 1 below, a whole connection string may stand for dbname. */
	const char *keywords[] = { "dbname", "connect_timeout", "application_name", "password", NULL };
	const char *values[] = { dsn, "5", "paper_engine", password, NULL };

	return PQconnectdbParams(keywords, values, 1);
}

int
results_check(const char *dsn, const char *password, struct failure *why)
{
	PGconn *conn = connect_to(dsn, password);
	PGresult *result = NULL;
	int status = 0;

	if (PQstatus(conn) != CONNECTION_OK)
		status = fail(conn, why);
	else
		result = PQexec(conn, "INSERT INTO public.tuning_results (command) SELECT '' WHERE false");
	if (status == 0 && PQresultStatus(result) != PGRES_COMMAND_OK) {
		(void)fail(conn, why);
		status =
		    failure_prefix(why, "no results can be written (sql/paper_engine.sql makes their table)");
	}
	PQclear(result);
	PQfinish(conn);
	return status;
}

int
results_write(const char *dsn, const char *password, const struct buffer *rows, struct failure *why)
{
	PGconn *conn = connect_to(dsn, password);
	PGresult *result = NULL;
	int status = 0;

	if (PQstatus(conn) != CONNECTION_OK || (result = PQexec(conn, copy)) == NULL ||
	    PQresultStatus(result) != PGRES_COPY_IN ||
	    PQputCopyData(conn, rows->text, (int)rows->length) != 1 || PQputCopyEnd(conn, NULL) != 1)
		status = fail(conn, why);
	PQclear(result);
	result = status == 0 ? PQgetResult(conn) : NULL;
	if (status == 0 && PQresultStatus(result) != PGRES_COMMAND_OK)
		status = fail(conn, why);
	PQclear(result);
	PQfinish(conn);
	return status;
}
