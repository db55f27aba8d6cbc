/*
 * Is the machine prepared as the bot needs it: the mode is named, variables are
 * set, files are there, and no other user can change our config file?  And the bot
 * itself, if it runs already: is it of this mode, and does it live?
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/preflight/checks.h"
#include "collectors/preflight/checks/ownership.h"
#include "collectors/preflight/checks/placeholder.h"
#include "common/net/target.h"
#include "engine/heartbeat.h"
#include "engine/state.h"
#include "positions/keys.h"

/* Where the settings give no engine.max-age: that of engine_state. */
static const double max_age_default = 30;

const struct option environment_options[] = {
	{ .name = "environment.variable",
	    .argument = "NAME",
	    .help = "environment variable that must be set",
	    .repeatable = true },
	{ .name = "environment.file",
	    .argument = "FILE",
	    .help = "file that must exist",
	    .repeatable = true },
	{ .name = "engine.prefix",
	    .argument = "PREFIX",
	    .fallback = "arbwatch:",
	    .help = "text with which the bot's keys begin, in engine.redis or else the first redis.target" },
	{ 0 },
};

struct environment {
	bool live, env_given;
	struct string_list variables, files;
	char *config_file;
	struct redis_target *bot; /* where the bot has its heartbeat; NULL: no Redis is configured */
	char *prefix;
	double max_age;
};

/* Settings ----------------------------------------------------------- */

/* By engine.redis, or by the first of redis.target, with the settings that belong to it. */
static int
open_bot(struct environment *environment, const struct check_setup *setup, struct failure *why)
{
	const struct options *given = setup->given;
	const char *own = options_text(given, "engine.redis"),
		   *option = own != NULL ? "engine.redis" : "redis.target";
	const struct redis_tls own_tls = { .ca_file = options_text(given, "engine.redis-ca-file") };
	const struct redis_tls tls = { .ca_file = options_text(given, "redis.tls.ca-file"),
		.cert_file = options_text(given, "redis.tls.cert-file"),
		.key_file = options_text(given, "redis.tls.key-file"),
		.server_name = options_text(given, "redis.tls.server-name") };
	struct failure reason = { 0 };
	char *text, *name, *url;

	if (options_text(given, option) == NULL)
		return 0;
	text = strdup(options_text(given, option));
	if (text == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	url = text;
	if (own == NULL)
		target_split(text, &name, &url);
	environment->bot = redis_target_new(url,
	    options_text(given, own != NULL ? "engine.redis-password" : "redis.password"),
	    own != NULL ? &own_tls : &tls, setup->secrets, &reason);
	secret_free(text);
	return environment->bot != NULL ? 0 : options_failure(given, option, 0, why, "%s", reason.text);
}

static int
read_bot(struct environment *environment, const struct check_setup *setup, struct failure *why)
{
	struct failure reason = { 0 };
	int64_t max_age_ns;

	if (options_duration(setup->given, "engine.max-age", &max_age_ns, why) != 0)
		return -1;
	environment->max_age = max_age_ns > 0 ? (double)max_age_ns / 1e9 : max_age_default;
	if (engine_state_check_prefix(options_text(setup->given, "engine.prefix"), &reason) != 0)
		return options_failure(setup->given, "engine.prefix", 0, why, "%s", reason.text);
	if (copy_option(&environment->prefix, setup->given, "engine.prefix", why) != 0)
		return -1;
	return open_bot(environment, setup, why);
}

static int
environment_open(const struct check_setup *setup, void *state, struct failure *why)
{
	struct environment *environment = state;

	environment->live = setup->live;
	environment->env_given = options_given(setup->given, "env");
	if (string_list_read(&environment->variables, setup->given, "environment.variable", why) != 0 ||
	    string_list_read(&environment->files, setup->given, "environment.file", why) != 0)
		return -1;
	if (copy_option(&environment->config_file, setup->given, "config.file", why) != 0)
		return -1;
	return read_bot(environment, setup, why);
}

static void
environment_close(void *state)
{
	struct environment *environment = state;

	string_list_release(&environment->variables);
	string_list_release(&environment->files);
	free(environment->config_file);
	redis_target_free(environment->bot);
	free(environment->prefix);
}

/* Run ---------------------------------------------------------------- */

static void
check_variable(struct check_result *result, const char *name)
{
	const char *value = keys_variable(name);

	if (value == NULL)
		check_result_add(result, STATUS_FAIL, "set it for this program as for the bot",
		    "the variable %s is not set", name);
	else if (value[strspn(value, " \t\r\n")] == '\0')
		check_result_add(result, STATUS_FAIL, "give it its value", "the variable %s is empty", name);
	else if (placeholder_is_unfilled(value))
		check_result_add(result, STATUS_FAIL, "put the real value there",
		    "the variable %s is a placeholder", name);
}

static void
check_file(struct check_result *result, const char *path)
{
	struct stat info;

	if (stat(path, &info) != 0 || access(path, R_OK) != 0)
		check_result_add(result, STATUS_FAIL, "put it there, readable by this user",
		    "cannot read '%s': %s", path, strerror(errno));
	else if (S_ISREG(info.st_mode) && info.st_size == 0)
		check_result_add(
		    result, STATUS_FAIL, "put what belongs there into it", "'%s' is empty", path);
}

/* `text` describes the bot if all is well; it follows the rest of the result. */
static void
check_bot(const struct environment *environment, struct deadline deadline, struct check_result *result,
    char text[96])
{
	const char *env = environment->live ? "live" : "paper";
	struct engine_heartbeat heartbeat;
	struct failure why = { 0 };
	int read = engine_read_heartbeat(environment->bot, environment->prefix, deadline, &heartbeat, &why);
	double age = clock_unix_seconds() - heartbeat.at;

	if (heartbeat.env[0] != '\0' && strcmp(heartbeat.env, env) != 0)
		check_result_add(result, STATUS_FAIL,
		    "start the bot in this mode, or name its Redis with engine.redis; if it is gone for good, "
		    "delete its key",
		    "the bot says that its env is '%s', and this is %s", heartbeat.env, env);
	if (read != 0 && heartbeat.reached && (why.kind == FAILURE_REJECTED || why.kind == FAILURE_AUTH))
		check_result_add_failure(result, STATUS_WARN,
		    "correct what the bot writes, or the user's rights", "the bot's heartbeat", &why);
	else if (read != 0)
		/* The checks of Redis and of open positions say why. */
		(void)snprintf(text, 96, "; Redis does not say whether the bot runs");
	else if (!heartbeat.written)
		(void)snprintf(text, 96, "; no bot has written a heartbeat yet");
	else if (age > environment->max_age)
		check_result_add(result, STATUS_WARN, "start the bot again, or look where it hangs",
		    "the bot has stopped or hangs: its heartbeat is %.0f s old, and %.0f s are the most", age,
		    environment->max_age);
	else
		(void)snprintf(text, 96, "; the bot's heartbeat is %.0f s old", age > 0 ? age : 0);
}

static void
environment_run(void *state, struct deadline deadline, struct check_result *result)
{
	const struct environment *environment = state;
	struct failure why = { 0 };
	char bot[96] = "";

	if (!environment->env_given)
		check_result_add(result, STATUS_FAIL,
		    "choose one with --env paper or --env live (ARBWATCH_ENV)", "the mode is not named");
	for (size_t i = 0; i < environment->variables.count; i++)
		check_variable(result, environment->variables.items[i]);
	for (size_t i = 0; i < environment->files.count; i++)
		check_file(result, environment->files.items[i]);
	if (environment->config_file != NULL && ownership_check(environment->config_file, false, &why) != 0)
		check_result_add(result, STATUS_FAIL,
		    "make the config file this user's or root's, and writable by nobody else: chown, chmod go-w",
		    "%s", why.text);
	if (environment->bot != NULL)
		check_bot(environment, deadline, result, bot);
	check_result_conclude(result, STATUS_PASS, "%s, %zu variables and %zu files are there%s",
	    environment->live ? "live" : "paper", environment->variables.count,
	    environment->files.count + (environment->config_file != NULL), bot);
}

const struct check environment_check = { sizeof(struct environment), environment_open, environment_run,
	environment_close };
