/*
 * postgres_latency: how long PostgreSQL takes to let us in and to answer SELECT 1.
 *
 * Needs no right beyond CONNECT.  A fresh connection each run, because the connection is part of
 * what a client waits for.  The loop over targets, their names and their metrics are those of
 * harness/targets.h; here is only what is special to PostgreSQL.  How many connections are in use
 * is asked in the same session, because a server that runs out of them refuses the bot.
 */

#include <stdlib.h>

#include "collectors/harness/targets.h"
#include "contract/collector.h"
#include "probes/postgres/postgres.h"

static const struct option options[] = {
	{ .name = "target",
	    .argument = "[NAME=]DSN",
	    /* With this a first try without any settings shows something. */
	    .fallback = "postgresql://127.0.0.1:5432/postgres",
	    .variable = "POSTGRES_DSN",
	    .help = "server to measure: "
		    "postgresql://[user[:password]@][host][:port][/database][?sslmode=...] or 'host=... "
		    "port=... user=... dbname=...'",
	    .repeatable = true,
	    .secret = true },
	{ .name = "samples",
	    .argument = "N",
	    .fallback = "10",
	    .help = "SELECT 1 queries to each target in a run, 1 to 1000" },
	{ .name = "password",
	    .argument = "PASSWORD",
	    .variable = "POSTGRES_PASSWORD",
	    .help = "password for targets whose DSN has none",
	    .secret = true },
	{ 0 },
};

struct postgres_latency_server {
	struct postgres_target *target;
	struct postgres_result result;
	size_t samples;
	double seconds[]; /* of the result */
};

/* It also takes one that was not opened to the end. */
static void
server_close(void *closing)
{
	struct postgres_latency_server *server = closing;

	if (server != NULL)
		postgres_target_free(server->target);
	free(server);
}

static void *
server_open(const char *url, size_t samples, const struct options *given, struct secrets *secrets,
    struct failure *why)
{
	struct postgres_latency_server *server =
	    calloc(1, sizeof(*server) + samples * sizeof(server->seconds[0]));

	if (server == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	server->samples = samples;
	/* Memory for all samples is allocated once, and used in every run. */
	server->result.query_seconds = server->seconds;
	server->target = postgres_target_new(url, options_text(given, "password"), secrets, why);
	if (server->target != NULL)
		return server;
	server_close(server);
	return NULL;
}

static const char *
server_address(const void *asked)
{
	const struct postgres_latency_server *server = asked;

	return postgres_target_address(server->target);
}

static void
server_measure(void *measured, struct deadline deadline)
{
	struct postgres_latency_server *server = measured;

	postgres_probe(server->target, server->samples, NULL, deadline, &server->result);
}

/* A server that answers but does not say its connection counts is up; the run is not a success. */
static void
server_report(const void *asked, struct target_report *report)
{
	const struct postgres_latency_server *server = asked;
	const struct postgres_result *result = &server->result;

	*report = (struct target_report){
		.up = result->query_count == server->samples,
		.sample_seconds = result->query_seconds,
		.sample_count = result->query_count,
		.phase_seconds = result->phase_seconds,
		.phase_count = POSTGRES_PHASES,
		.failure = &result->failure,
	};
}

static const char *
phase_name(size_t phase)
{
	return postgres_phase_name((enum postgres_phase)phase);
}

static void
server_publish(const void *asked, const char *name, struct run *run)
{
	const struct postgres_latency_server *server = asked;
	const struct postgres_result *result = &server->result;

	/* They are of this run or left out: an old count would hide that it cannot be read now. */
	if (result->connections >= 0) {
		metrics_set(
		    run_metrics(run), &postgres_families[CONNECTIONS], LABELS(name), result->connections);
		metrics_set(run_metrics(run), &postgres_families[CONNECTIONS_MAX], LABELS(name),
		    result->connections_max);
	}
	/* A standby answers SELECT 1 as well as any server, but a bot cannot write there. */
	if (result->read_only)
		run_log_warning(run, name,
		    "read-only: a standby, or default_transaction_read_only is on; nothing can be written there");
}

static const struct target_kind kind = {
	.example = "main=postgresql://...",
	.open = server_open,
	.close = server_close,
	.address = server_address,
	.measure = server_measure,
	.report = server_report,
	.phase_name = phase_name,
	.publish = server_publish,
};

static int
postgres_latency_open(const struct options *given, struct secrets *secrets, void **state, struct failure *why)
{
	struct targets *targets = NULL;
	int result = targets_open(&kind, given, secrets, &targets, why);

	/* It is NULL when opening failed, and close() takes that. */
	*state = targets;
	return result;
}

const struct collector collector = {
	.name = "postgres_latency",
	.summary = "measure how long PostgreSQL takes to let a client in and to answer SELECT 1",
	.options = options,
	.families = postgres_families,
	.family_count = POSTGRES_FAMILIES,
	.open = postgres_latency_open,
	.collect = targets_collect,
	.close = targets_close,
};
