/*
 * Two checks that are alike: every server is asked at once, the median of a few
 * round trips counts, because one slow answer says little, and the slowest server
 * is the one that the list shows.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/preflight/checks.h"
#include "common/net/target.h"
#include "common/system/parallel.h"
#include "probes/postgres/postgres.h"
#include "probes/redis/redis.h"

enum { SERVERS_MAX = 16, REDIS_SAMPLES = 5, POSTGRES_SAMPLES = 3, SERVER_SAMPLES = REDIS_SAMPLES };
_Static_assert((int)SERVERS_MAX *SERVER_SAMPLES <= (int)SAMPLES_MAX, "all samples have room");

const struct option redis_options[] = {
	{ .name = "redis.target",
	    .argument = "[NAME=]URL",
	    .variable = "REDIS_URL",
	    .help = "Redis server to check: redis://[user:password@]host[:port][/db], rediss://... or "
		    "unix://[user:password@]/path[?db=N]",
	    .repeatable = true,
	    .secret = true },
	{ .name = "redis.password",
	    .argument = "PASSWORD",
	    .variable = "REDIS_PASSWORD",
	    .help = "password for targets whose URL has none",
	    .secret = true },
	{ .name = "redis.tls.ca-file",
	    .argument = "FILE",
	    .help = "CAs that may sign a Redis server's certificate, in PEM (default: the system's CAs)" },
	{ .name = "redis.tls.cert-file",
	    .argument = "FILE",
	    .help = "client certificate, for servers that ask for one, in PEM" },
	{ .name = "redis.tls.key-file",
	    .argument = "FILE",
	    .help = "key of the client certificate (default: in the certificate's file)" },
	{ .name = "redis.tls.server-name",
	    .argument = "NAME",
	    .help = "host name that the server's certificate must have (default: the URL's host)" },
	{ .name = "redis.latency.warn",
	    .argument = "DURATION",
	    .fallback = "20ms",
	    .help = "a slower PING is a warning" },
	{ .name = "redis.latency.fail",
	    .argument = "DURATION",
	    .fallback = "100ms",
	    .help = "a slower PING is a failure" },
	{ 0 },
};

const struct option postgres_options[] = {
	{ .name = "postgres.target",
	    .argument = "[NAME=]DSN",
	    .variable = "POSTGRES_DSN",
	    .help = "PostgreSQL server to check, as a libpq connection string",
	    .repeatable = true,
	    .secret = true },
	{ .name = "postgres.password",
	    .argument = "PASSWORD",
	    .variable = "POSTGRES_PASSWORD",
	    .help = "password for targets whose connection string has none",
	    .secret = true },
	{ .name = "postgres.latency.warn",
	    .argument = "DURATION",
	    .fallback = "50ms",
	    .help = "a slower SELECT 1 is a warning" },
	{ .name = "postgres.latency.fail",
	    .argument = "DURATION",
	    .fallback = "500ms",
	    .help = "a slower SELECT 1 is a failure" },
	{ .name = "postgres.schema-version",
	    .argument = "TEXT",
	    .help = "expected answer to the schema query; without it, the query is not sent" },
	{ .name = "postgres.schema-query",
	    .argument = "SQL",
	    .fallback = "SELECT version_num FROM alembic_version",
	    .help = "query for the schema's version; it runs in a read-only transaction" },
	{ 0 },
};

struct server {
	char *text; /* "[NAME=]URL", cut in two */
	const char *name;
	double seconds[SERVER_SAMPLES]; /* of its result */
	/* Either Redis or PostgreSQL: the pointer of the other one is NULL, which its free() takes. */
	struct redis_target *redis;
	struct redis_result redis_result;
	struct postgres_target *postgres;
	struct postgres_result postgres_result;
};

struct servers {
	bool live;
	double warn, fail; /* seconds; above it */
	struct server items[SERVERS_MAX];
	size_t count;
	char *schema_version; /* expected; NULL: not checked */
	char *schema_query;
	struct deadline deadline; /* of the run under way */
};

/* Settings ----------------------------------------------------------- */

static void
servers_close(void *state)
{
	struct servers *servers = state;

	for (size_t i = 0; i < servers->count; i++) {
		redis_target_free(servers->items[i].redis);
		postgres_target_free(servers->items[i].postgres);
		secret_free(servers->items[i].text);
	}
	free(servers->schema_version);
	free(servers->schema_query);
}

/* Each returns the target's address; NULL with `why`. */
static const char *
open_redis(const struct check_setup *setup, const char *url, struct server *server, struct failure *why)
{
	const struct options *given = setup->given;
	const struct redis_tls tls = { .ca_file = options_text(given, "redis.tls.ca-file"),
		.cert_file = options_text(given, "redis.tls.cert-file"),
		.key_file = options_text(given, "redis.tls.key-file"),
		.server_name = options_text(given, "redis.tls.server-name") };

	server->redis_result.ping_seconds = server->seconds;
	server->redis =
	    redis_target_new(url, options_text(given, "redis.password"), &tls, setup->secrets, why);
	return server->redis != NULL ? redis_target_address(server->redis) : NULL;
}

static const char *
open_postgres(const struct check_setup *setup, const char *url, struct server *server, struct failure *why)
{
	server->postgres_result.query_seconds = server->seconds;
	server->postgres =
	    postgres_target_new(url, options_text(setup->given, "postgres.password"), setup->secrets, why);
	return server->postgres != NULL ? postgres_target_address(server->postgres) : NULL;
}

static int
servers_open(const struct check_setup *setup, const char *kind, struct servers *servers, struct failure *why)
{
	bool is_redis = strcmp(kind, "redis") == 0;
	char target[32], warn[32], fail[32], *name, *url;
	struct failure reason = { 0 };
	int64_t warn_ns, fail_ns;
	size_t count;

	servers->live = setup->live;
	(void)snprintf(target, sizeof(target), "%s.target", kind);
	(void)snprintf(warn, sizeof(warn), "%s.latency.warn", kind);
	(void)snprintf(fail, sizeof(fail), "%s.latency.fail", kind);
	if (options_duration(setup->given, warn, &warn_ns, why) != 0 ||
	    options_duration(setup->given, fail, &fail_ns, why) != 0)
		return -1;
	if (fail_ns < warn_ns)
		return options_failure(setup->given, fail, 0, why, "is below %s", warn);
	servers->warn = (double)warn_ns / 1e9;
	servers->fail = (double)fail_ns / 1e9;
	count = options_count(setup->given, target);
	if (count > SERVERS_MAX)
		return options_failure(
		    setup->given, target, SERVERS_MAX, why, "more than %d targets", (int)SERVERS_MAX);
	for (size_t i = 0; i < count; i++) {
		struct server *server = &servers->items[servers->count++];

		server->text = strdup(options_item(setup->given, target, i));
		if (server->text == NULL)
			return failure_set(why, FAILURE_LOCAL, "out of memory");
		target_split(server->text, &name, &url);
		server->name = (is_redis ? open_redis : open_postgres)(setup, url, server, &reason);
		if (server->name == NULL)
			return options_failure(setup->given, target, i, why, "%s", reason.text);
		if (name != NULL)
			server->name = name;
	}
	return 0;
}

/* Latency ------------------------------------------------------------ */

/* An unconfigured check is skipped in paper; live needs --skip to do without it. */
static bool
is_configured(const struct servers *servers, const char *kind, struct check_result *result)
{
	char hint[128];

	if (servers->count > 0)
		return true;
	(void)snprintf(
	    hint, sizeof(hint), "give a %s.target, or leave the check out with --skip %s", kind, kind);
	if (servers->live)
		check_result_add(result, STATUS_FAIL, hint, "not configured: no %s.target", kind);
	else
		check_result_conclude(result, STATUS_SKIP, "not configured: no %s.target", kind);
	return false;
}

static int
compare_seconds(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
judge_latency(
    const struct servers *servers, const struct server *server, size_t count, struct check_result *result)
{
	static const char hint[] = "look at its load and at the network between";
	double *samples = &result->samples[result->sample_count], median;
	bool fails;

	memcpy(samples, server->seconds, count * sizeof(*samples));
	result->sample_count += count;
	qsort(samples, count, sizeof(*samples), compare_seconds);
	median = samples[count / 2];
	fails = median > servers->fail;
	if (median > result->latency_seconds)
		result->latency_seconds = median;
	if (median > servers->warn)
		check_result_add(result, fails ? STATUS_FAIL : STATUS_WARN, hint,
		    "%s answers in %.1f ms, and %.1f ms are the most", server->name, median * 1e3,
		    (fails ? servers->fail : servers->warn) * 1e3);
}

/* Redis -------------------------------------------------------------- */

static int
redis_open(const struct check_setup *setup, void *state, struct failure *why)
{
	return servers_open(setup, "redis", state, why);
}

static void
ask_redis(void *context, size_t index)
{
	struct servers *servers = context;
	struct server *server = &servers->items[index];

	redis_probe(server->redis, REDIS_SAMPLES, servers->deadline, &server->redis_result);
}

static void
redis_run(void *state, struct deadline deadline, struct check_result *result)
{
	struct servers *servers = state;

	if (!is_configured(servers, "redis", result))
		return;
	servers->deadline = deadline;
	parallel_each(servers->count, ask_redis, servers);
	for (size_t i = 0; i < servers->count; i++) {
		const struct server *server = &servers->items[i];

		if (server->redis_result.failure.kind != FAILURE_NONE)
			check_result_add_failure(result, STATUS_FAIL, "start Redis, or correct redis.target",
			    server->name, &server->redis_result.failure);
		else
			judge_latency(servers, server, server->redis_result.ping_count, result);
	}
	check_result_conclude(result, STATUS_PASS, "PING answered in %.2f ms", result->latency_seconds * 1e3);
}

const struct check redis_check = { sizeof(struct servers), redis_open, redis_run, servers_close };

/* PostgreSQL --------------------------------------------------------- */

static int
postgres_open(const struct check_setup *setup, void *state, struct failure *why)
{
	struct servers *servers = state;

	if (servers_open(setup, "postgres", servers, why) != 0 ||
	    copy_option(&servers->schema_version, setup->given, "postgres.schema-version", why) != 0)
		return -1;
	return copy_option(&servers->schema_query, setup->given, "postgres.schema-query", why);
}

static void
ask_postgres(void *context, size_t index)
{
	struct servers *servers = context;
	struct server *server = &servers->items[index];

	postgres_probe(server->postgres, POSTGRES_SAMPLES,
	    servers->schema_version != NULL ? servers->schema_query : NULL, servers->deadline,
	    &server->postgres_result);
}

static void
judge_postgres(const struct servers *servers, const struct server *server, struct check_result *result)
{
	const struct postgres_result *found = &server->postgres_result;

	if (found->failure.kind != FAILURE_NONE) {
		check_result_add_failure(result, STATUS_FAIL, "start PostgreSQL, or correct postgres.target",
		    server->name, &found->failure);
		return;
	}
	judge_latency(servers, server, found->query_count, result);
	if (found->read_only)
		check_result_add(result, STATUS_FAIL, "point postgres.target at the primary server",
		    "%s is read-only: a standby, or default_transaction_read_only is on", server->name);
	else if (found->overridden)
		check_result_add(result, STATUS_FAIL,
		    "remove default_transaction_read_only from options and PGOPTIONS: only the server decides it",
		    "%s: whether it is read-only is not known: options or PGOPTIONS set default_transaction_read_only",
		    server->name);
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
postgres_run(void *state, struct deadline deadline, struct check_result *result)
{
	struct servers *servers = state;

	if (!is_configured(servers, "postgres", result))
		return;
	servers->deadline = deadline;
	parallel_each(servers->count, ask_postgres, servers);
	for (size_t i = 0; i < servers->count; i++)
		judge_postgres(servers, &servers->items[i], result);
	check_result_conclude(result, STATUS_PASS, "SELECT 1 answered in %.2f ms, writable%s%.64s",
	    result->latency_seconds * 1e3,
	    servers->schema_version != NULL ? ", schema " : ", schema not checked",
	    servers->schema_version != NULL ? servers->schema_version : "");
}

const struct check postgres_check = { sizeof(struct servers), postgres_open, postgres_run, servers_close };
