/*
 * engine_state: is the bot alive, and what does it say of itself: its loop, its feeds, guards, limits and
 * routes?
 *
 * The bot keeps that in Redis (docs/engine.md).  Everything is its word: it is published as it is, as long as
 * the bot is alive, and nothing is remembered from run to run.  engine/state.c reads it, report.c publishes
 * it.
 */

#include <stdlib.h>
#include <string.h>

#include "collectors/engine_state/report.h"
#include "collectors/harness/collector.h"
#include "contract/limits.h"
#include "probes/redis/options.h"

static const struct option options[] = {
	{ .name = "engine.name",
	    .argument = "NAME",
	    .fallback = "main",
	    .help = "name of the bot, and value of the label engine; give a second bot a --name, too" },
	{ .name = "engine.redis",
	    .argument = "URL",
	    .fallback = "redis://127.0.0.1:6379",
	    .variable = "REDIS_URL",
	    .help = "Redis in which the bot keeps its state: redis://[user:password@]host[:port][/db], "
		    "rediss://... or unix://[user:password@]/path[?db=N]",
	    .secret = true },
	{ .name = "password",
	    .argument = "PASSWORD",
	    .variable = "REDIS_PASSWORD",
	    .help = "password for a URL without one",
	    .secret = true },
	{ .name = "engine.prefix",
	    .argument = "PREFIX",
	    .fallback = "arbwatch:",
	    .help = "text with which the bot's keys begin" },
	{ .name = "engine.max-age",
	    .argument = "DURATION",
	    .fallback = "30s",
	    .help = "a bot whose heartbeat is older is down, and entries that are older are left out" },
	{ .name = "entries.max",
	    .argument = "N",
	    .fallback = "500",
	    .help =
		"how many feeds, guards, limits, routes, symbols and exchanges with orders are published, 1 "
		"to 5000 of each; the worst are kept" },
	{ 0 },
};
static const struct option *const shared_options[] = { redis_tls_options, NULL };

struct engine_state_collector {
	char *name, *prefix, *env;
	struct redis_target *target;
	struct engine_state_settings settings;
};

static void
engine_state_close(void *closing)
{
	struct engine_state_collector *c = closing;

	if (c == NULL)
		return;
	redis_target_free(c->target);
	free(c->name);
	free(c->prefix);
	free(c->env);
	free(c);
}

static int
read_target(struct engine_state_collector *c, const struct options *given, struct secrets *secrets,
    struct failure *why)
{
	const struct redis_tls tls = redis_tls_given(given);
	struct failure reason = { 0 };

	c->target = redis_target_new(
	    options_text(given, "engine.redis"), options_text(given, "password"), &tls, secrets, &reason);
	c->settings.target = c->target;
	return c->target != NULL ? 0 : options_failure(given, "engine.redis", 0, why, "%s", reason.text);
}

static int
read_settings(struct engine_state_collector *c, const struct options *given, struct failure *why)
{
	const char *name = options_text(given, "engine.name"), *prefix = options_text(given, "engine.prefix");
	size_t legal = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
	struct failure reason = { 0 };
	int64_t max_age_ns, entries;

	/* As the names of targets. */
	if (legal == 0 || legal > 64 || name[legal] != '\0')
		return options_failure(given, "engine.name", 0, why,
		    "'%s' is not a valid name: write 1 to 64 letters, digits, '_', '.' and '-'", secret_shown(name));
	if (engine_state_check_prefix(prefix, &reason) != 0)
		return options_failure(given, "engine.prefix", 0, why, "%s", reason.text);
	if (options_duration(given, "engine.max-age", &max_age_ns, why) != 0 ||
	    options_integer(given, "entries.max", 1, ENTRIES_MOST, &entries, why) != 0)
		return -1;
	if (max_age_ns <= 0)
		return options_failure(given, "engine.max-age", 0, why, "must be above 0");
	c->name = strdup(name);
	c->prefix = strdup(prefix);
	c->env = strdup(options_text(given, "env"));
	if (c->name == NULL || c->prefix == NULL || c->env == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	c->settings.prefix = c->prefix;
	c->settings.env = c->env;
	c->settings.max_age_seconds = (double)max_age_ns / 1e9;
	c->settings.entries_max = (size_t)entries;
	return 0;
}

static int
engine_state_open(const struct options *given, struct secrets *secrets, void **state, struct failure *why)
{
	struct engine_state_collector *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	if (read_settings(c, given, why) == 0 && read_target(c, given, secrets, why) == 0) {
		*state = c;
		return 0;
	}
	engine_state_close(c);
	return -1;
}

static void
engine_state_collect(void *collecting, struct run *run)
{
	struct engine_state_collector *c = collecting;
	struct engine_state state = { 0 };

	engine_state_read(&c->settings, run_deadline(run), &state);
	report_engine_state(run, c->name, &state);
	engine_state_release(&state);
}

const struct collector collector = {
	.name = "engine_state",
	.summary =
	    "read what the bot says of itself in Redis: whether it is alive, its guards, limits and routes",
	.options = options,
	.shared_options = shared_options,
	.families = engine_families,
	.family_count = ENGINE_FAMILIES,
	.open = engine_state_open,
	.collect = engine_state_collect,
	.close = engine_state_close,
};
