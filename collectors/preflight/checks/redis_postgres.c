#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/preflight/checks.h"
#include "common/net/target.h"
#include "common/system/parallel.h"

/* Settings ----------------------------------------------------------- */

static int
read_limits(struct latency_limits *limits, const struct options *given, const char *warn, const char *fail,
    struct failure *why)
{
	int64_t warn_ns, fail_ns;

	if (options_duration(given, warn, &warn_ns, why) != 0 ||
	    options_duration(given, fail, &fail_ns, why) != 0)
		return -1;
	if (fail_ns < warn_ns)
		return options_failure(given, fail, 0, why, "is below %s", warn);
	*limits = (struct latency_limits){ (double)warn_ns / 1e9, (double)fail_ns / 1e9 };
	return 0;
}

static int
open_redis(struct servers *servers, const struct options *given, size_t index, struct secrets *secrets,
    struct failure *why)
{
	const struct redis_tls tls = { .ca_file = options_text(given, "redis.tls.ca-file"),
		.cert_file = options_text(given, "redis.tls.cert-file"),
		.key_file = options_text(given, "redis.tls.key-file"),
		.server_name = options_text(given, "redis.tls.server-name") };
	struct redis_server *server = &servers->redis[servers->redis_count++];
	struct failure reason = { 0 };
	char *name, *url;

	server->text = strdup(options_item(given, "redis.target", index));
	if (server->text == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	server->result.ping_seconds = server->seconds;
	target_split(server->text, &name, &url);
	server->target = redis_target_new(url, options_text(given, "redis.password"), &tls, secrets, &reason);
	if (server->target == NULL)
		return options_failure(given, "redis.target", index, why, "%s", reason.text);
	server->name = name != NULL ? name : redis_target_address(server->target);
	return 0;
}

static int
open_postgres(struct servers *servers, const struct options *given, size_t index, struct secrets *secrets,
    struct failure *why)
{
	struct postgres_server *server = &servers->postgres[servers->postgres_count++];
	struct failure reason = { 0 };
	char *name, *dsn;

	server->text = strdup(options_item(given, "postgres.target", index));
	if (server->text == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	server->result.query_seconds = server->seconds;
	target_split(server->text, &name, &dsn);
	server->target = postgres_target_new(dsn, options_text(given, "postgres.password"), secrets, &reason);
	if (server->target == NULL)
		return options_failure(given, "postgres.target", index, why, "%s", reason.text);
	server->name = name != NULL ? name : postgres_target_address(server->target);
	return 0;
}

static int
read_schema(struct servers *servers, const struct options *given, struct failure *why)
{
	const char *version = options_text(given, "postgres.schema-version");

	if (version == NULL)
		return 0;
	servers->schema_version = strdup(version);
	servers->schema_query = strdup(options_text(given, "postgres.schema-query"));
	if (servers->schema_version == NULL || servers->schema_query == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	return 0;
}

static int
count_targets(const struct options *given, const char *option, size_t *count, struct failure *why)
{
	*count = options_count(given, option);
	if (*count > SERVERS_MAX)
		return options_failure(
		    given, option, SERVERS_MAX, why, "more than %d targets", (int)SERVERS_MAX);
	return 0;
}

int
redis_postgres_open(
    struct servers *servers, const struct options *given, struct secrets *secrets, struct failure *why)
{
	size_t redis, postgres;

	if (read_limits(&servers->redis_limits, given, "redis.latency.warn", "redis.latency.fail", why) !=
		0 ||
	    read_limits(&servers->postgres_limits, given, "postgres.latency.warn", "postgres.latency.fail",
		why) != 0 ||
	    read_schema(servers, given, why) != 0 || count_targets(given, "redis.target", &redis, why) != 0 ||
	    count_targets(given, "postgres.target", &postgres, why) != 0)
		return -1;
	for (size_t i = 0; i < redis; i++)
		if (open_redis(servers, given, i, secrets, why) != 0)
			return -1;
	for (size_t i = 0; i < postgres; i++)
		if (open_postgres(servers, given, i, secrets, why) != 0)
			return -1;
	return 0;
}

void
redis_postgres_release(struct servers *servers)
{
	for (size_t i = 0; i < servers->redis_count; i++) {
		redis_target_free(servers->redis[i].target);
		secret_free(servers->redis[i].text);
	}
	for (size_t i = 0; i < servers->postgres_count; i++) {
		postgres_target_free(servers->postgres[i].target);
		secret_free(servers->postgres[i].text);
	}
	free(servers->schema_version);
	free(servers->schema_query);
}

/* Latency ------------------------------------------------------------ */

static int
compare_seconds(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The median of a copy: those that were measured go into a histogram as they came. */
static double
median(const double seconds[], size_t count)
{
	double sorted[SERVERS_MAX];

	memcpy(sorted, seconds, count * sizeof(*seconds));
	qsort(sorted, count, sizeof(*sorted), compare_seconds);
	return sorted[count / 2];
}

/* Of several servers the slowest is what the check shows. */
static void
judge_latency(struct check_result *result, const struct latency_limits *limits, const char *name,
    const double seconds[], size_t count)
{
	static const char hint[] = "look at its load and at the network between";
	double latency = median(seconds, count);
	enum check_status status = latency > limits->fail ? STATUS_FAIL : STATUS_WARN;

	if (latency > result->latency_seconds)
		result->latency_seconds = latency;
	if (latency > limits->warn)
		check_result_add(result, status, hint, "%s answers in %.1f ms, and %.1f ms are the most",
		    name, latency * 1e3, (status == STATUS_FAIL ? limits->fail : limits->warn) * 1e3);
}

/* What nobody configured is skipped in paper; going live without having looked needs to be said. */
static bool
is_configured(const struct preflight *preflight, struct check_result *result, size_t count,
    const char *option, const char *check)
{
	char hint[128];

	if (count > 0)
		return true;
	if (!preflight->live) {
		check_result_skip(result, "not configured: no %s", option);
		return false;
	}
	(void)snprintf(hint, sizeof(hint), "give a %s, or leave the check out with --skip %s", option, check);
	check_result_add(result, STATUS_FAIL, hint, "not configured: no %s", option);
	return false;
}

/* Redis -------------------------------------------------------------- */

struct servers_run {
	struct servers *servers;
	struct deadline deadline;
};

static void
ask_redis(void *context, size_t index)
{
	const struct servers_run *run = context;
	struct redis_server *server = &run->servers->redis[index];

	redis_probe(server->target, REDIS_SAMPLES, run->deadline, &server->result);
}

void
check_redis(struct preflight *preflight, struct deadline deadline, struct check_result *result)
{
	struct servers *servers = &preflight->servers;
	struct servers_run run = { servers, deadline };

	if (!is_configured(preflight, result, servers->redis_count, "redis.target", "redis"))
		return;
	parallel_each(servers->redis_count, ask_redis, &run);
	for (size_t i = 0; i < servers->redis_count; i++) {
		const struct redis_server *server = &servers->redis[i];

		if (server->result.failure.kind != FAILURE_NONE)
			check_result_add_failure(result, STATUS_FAIL, "start Redis, or correct redis.target",
			    server->name, &server->result.failure);
		else
			judge_latency(result, &servers->redis_limits, server->name,
			    server->result.ping_seconds, server->result.ping_count);
	}
	check_result_pass(result, "PING answered in %.2f ms", result->latency_seconds * 1e3);
}

/* PostgreSQL --------------------------------------------------------- */

static void
ask_postgres(void *context, size_t index)
{
	const struct servers_run *run = context;
	struct postgres_server *server = &run->servers->postgres[index];

	postgres_probe_and_ask(
	    server->target, POSTGRES_SAMPLES, run->servers->schema_query, run->deadline, &server->result);
}

static void
judge_schema(const struct servers *servers, const struct postgres_server *server, struct check_result *result)
{
	const struct postgres_result *found = &server->result;

	if (servers->schema_version == NULL)
		return;
	if (found->answer_failure.kind != FAILURE_NONE)
		check_result_add_failure(result, STATUS_FAIL,
		    "correct postgres.schema-query, or migrate the schema", "schema version",
		    &found->answer_failure);
	else if (strcmp(found->answer, servers->schema_version) != 0)
		check_result_add(result, STATUS_FAIL, "migrate the schema, or deploy what belongs to it",
		    "%s: the schema's version is '%s', and '%s' is expected", server->name, found->answer,
		    servers->schema_version);
}

static void
judge_postgres(
    const struct servers *servers, const struct postgres_server *server, struct check_result *result)
{
	const struct postgres_result *found = &server->result;

	if (found->failure.kind != FAILURE_NONE) {
		check_result_add_failure(result, STATUS_FAIL, "start PostgreSQL, or correct postgres.target",
		    server->name, &found->failure);
		return;
	}
	judge_latency(
	    result, &servers->postgres_limits, server->name, found->query_seconds, found->query_count);
	if (found->read_only)
		check_result_add(result, STATUS_FAIL, "point postgres.target at the primary server",
		    "%s is read-only: a standby, or default_transaction_read_only is on", server->name);
	else if (found->overridden)
		check_result_add(result, STATUS_FAIL, "take it out of them: it is the server's to say",
		    "%s: whether it is read-only is not known: options or PGOPTIONS set default_transaction_read_only",
		    server->name);
	judge_schema(servers, server, result);
}

void
check_postgres(struct preflight *preflight, struct deadline deadline, struct check_result *result)
{
	struct servers *servers = &preflight->servers;
	struct servers_run run = { servers, deadline };

	if (!is_configured(preflight, result, servers->postgres_count, "postgres.target", "postgres"))
		return;
	parallel_each(servers->postgres_count, ask_postgres, &run);
	for (size_t i = 0; i < servers->postgres_count; i++)
		judge_postgres(servers, &servers->postgres[i], result);
	check_result_pass(result, "SELECT 1 answered in %.2f ms, writable%s%.64s",
	    result->latency_seconds * 1e3,
	    servers->schema_version != NULL ? ", schema " : ", schema not checked",
	    servers->schema_version != NULL ? servers->schema_version : "");
}
