/*
 * redis_latency: how long Redis takes to let us in and to answer PING.
 *
 * Needs no right beyond PING (and SELECT, where the URL names a database but 0).  A fresh
 * connection each run, because the connection is part of what a client waits for.  The loop over
 * targets, their names and their metrics are those of harness/targets.h; here is only what is
 * special to Redis.  Each server is measured in a thread of its own and keeps what was found until
 * the harness's thread reports it.
 */

#include <stdlib.h>

#include "collectors/harness/targets.h"
#include "contract/collector.h"
#include "probes/redis/options.h"

static const struct option options[] = {
	{ .name = "target",
	    .argument = "[NAME=]URL",
	    /* With this a first try without any settings shows something. */
	    .fallback = "redis://127.0.0.1:6379",
	    .variable = "REDIS_URL",
	    .help = "server to measure: redis://[user:password@]host[:port][/db], rediss://... or "
		    "unix://[user:password@]/path[?db=N]",
	    .repeatable = true,
	    .secret = true },
	{ .name = "samples",
	    .argument = "N",
	    .fallback = "10",
	    .help = "PINGs to each target in a run, 1 to 1000" },
	{ .name = "password",
	    .argument = "PASSWORD",
	    .variable = "REDIS_PASSWORD",
	    .help = "password for targets whose URL has none",
	    .secret = true },
	{ 0 },
};
static const struct option *const shared_options[] = { redis_tls_options, NULL };

struct redis_latency_server {
	struct redis_target *target;
	struct redis_result result;
	size_t samples;
	double seconds[]; /* of the result */
};

/* It also takes one that was not opened to the end. */
static void
server_close(void *closing)
{
	struct redis_latency_server *server = closing;

	if (server != NULL)
		redis_target_free(server->target);
	free(server);
}

static void *
server_open(const char *url, size_t samples, const struct options *given, struct secrets *secrets,
    struct failure *why)
{
	const struct redis_tls tls = redis_tls_given(given);
	struct redis_latency_server *server =
	    calloc(1, sizeof(*server) + samples * sizeof(server->seconds[0]));

	if (server == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	server->samples = samples;
	/* Memory for all samples is allocated once, and used in every run. */
	server->result.ping_seconds = server->seconds;
	server->target = redis_target_new(url, options_text(given, "password"), &tls, secrets, why);
	if (server->target != NULL)
		return server;
	server_close(server);
	return NULL;
}

static const char *
server_address(const void *asked)
{
	const struct redis_latency_server *server = asked;

	return redis_target_address(server->target);
}

static void
server_measure(void *measured, struct deadline deadline)
{
	struct redis_latency_server *server = measured;

	redis_probe(server->target, server->samples, deadline, &server->result);
}

static void
server_report(const void *asked, struct target_report *report)
{
	const struct redis_latency_server *server = asked;
	const struct redis_result *result = &server->result;

	*report = (struct target_report){
		/* One PING without PONG is enough to be down; those before it are measured all the same. */
		.up = result->failure.kind == FAILURE_NONE,
		.sample_seconds = result->ping_seconds,
		.sample_count = result->ping_count,
		.phase_seconds = result->phase_seconds,
		.phase_count = REDIS_PHASES,
		.failure = &result->failure,
	};
}

static const char *
phase_name(size_t phase)
{
	return redis_phase_name((enum redis_phase)phase);
}

static const struct target_kind kind = {
	.example = "main=redis://...",
	.open = server_open,
	.close = server_close,
	.address = server_address,
	.measure = server_measure,
	.report = server_report,
	.phase_name = phase_name,
};

static int
redis_latency_open(const struct options *given, struct secrets *secrets, void **state, struct failure *why)
{
	struct targets *targets = NULL;
	int result = targets_open(&kind, given, secrets, &targets, why);

	/* It is NULL when opening failed, and close() takes that. */
	*state = targets;
	return result;
}

const struct collector collector = {
	.name = "redis_latency",
	.summary = "measure how long Redis takes to let a client in and to answer PING",
	.options = options,
	.shared_options = shared_options,
	.families = redis_families,
	.family_count = REDIS_FAMILIES,
	.open = redis_latency_open,
	.collect = targets_collect,
	.close = targets_close,
};
