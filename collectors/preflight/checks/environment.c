/*
 * Is the machine prepared as the bot needs it: the mode is named, variables are
 * set, files are there, and nobody else can change our config file?
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
#include "positions/keys.h"

const struct option environment_options[] = {
	{ .name = "environment.variable",
	    .argument = "NAME",
	    .help = "environment variable that must be set",
	    .repeatable = true },
	{ .name = "environment.file",
	    .argument = "FILE",
	    .help = "file that must exist",
	    .repeatable = true },
	{ 0 },
};

struct environment {
	bool live, env_given;
	struct string_list variables, files;
	char *config_file;
};

static int
environment_open(const struct check_setup *setup, void *state, struct failure *why)
{
	struct environment *environment = state;

	environment->live = setup->live;
	environment->env_given = options_given(setup->given, "env");
	if (string_list_read(&environment->variables, setup->given, "environment.variable", why) != 0 ||
	    string_list_read(&environment->files, setup->given, "environment.file", why) != 0)
		return -1;
	return copy_option(&environment->config_file, setup->given, "config.file", why);
}

static void
environment_close(void *state)
{
	struct environment *environment = state;

	string_list_release(&environment->variables);
	string_list_release(&environment->files);
	free(environment->config_file);
}

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

static void
environment_run(void *state, struct deadline deadline, struct check_result *result)
{
	const struct environment *environment = state;
	struct failure why = { 0 };

	(void)deadline;
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
	check_result_conclude(result, STATUS_PASS, "%s, %zu variables and %zu files are there",
	    environment->live ? "live" : "paper", environment->variables.count,
	    environment->files.count + (environment->config_file != NULL));
}

const struct check environment_check = { sizeof(struct environment), environment_open, environment_run,
	environment_close };
