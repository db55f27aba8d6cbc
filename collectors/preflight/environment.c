#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/preflight/checks.h"
#include "collectors/preflight/placeholder.h"

static void
look_at_variable(struct check_result *result, const char *name)
{
	const char *value = getenv(name);

	if (value == NULL)
		check_find(result, STATUS_FAIL, "set it for this program as for the bot",
		    "the variable %s is not set", name);
	else if (*value == '\0')
		check_find(result, STATUS_FAIL, "give it its value", "the variable %s is empty", name);
	else if (placeholder_is_unfilled(value))
		check_find(result, STATUS_FAIL, "put the real value there",
		    "the variable %s is a placeholder", name);
}

static void
look_at_file(struct check_result *result, const char *path)
{
	struct stat info;

	if (stat(path, &info) != 0 || access(path, R_OK) != 0)
		check_find(result, STATUS_FAIL, "put it there, readable by this user", "cannot read '%s': %s",
		    path, strerror(errno));
	else if (S_ISREG(info.st_mode) && info.st_size == 0)
		check_find(result, STATUS_FAIL, "put what belongs there into it", "'%s' is empty", path);
}

static void
look_at_config(const struct gate *gate, struct check_result *result)
{
	struct stat info;

	if (gate->config_file == NULL)
		return;
	if (stat(gate->config_file, &info) != 0)
		check_find(result, STATUS_FAIL, "put the config file back", "cannot read '%s': %s",
		    gate->config_file, strerror(errno));
	else if ((info.st_mode & S_IWOTH) != 0)
		check_find(result, STATUS_FAIL, "chmod o-w the config file",
		    "anybody may change '%s' (mode %04o)", gate->config_file,
		    (unsigned)(info.st_mode & 07777));
}

void
check_environment(struct gate *gate, struct deadline deadline, struct check_result *result)
{
	(void)deadline;
	if (!gate->env_given)
		check_find(result, STATUS_FAIL, "say which with --env paper or --env live (ARBWATCH_ENV)",
		    "the mode is not named");
	for (size_t i = 0; i < gate->variables.count; i++)
		look_at_variable(result, gate->variables.items[i]);
	for (size_t i = 0; i < gate->files.count; i++)
		look_at_file(result, gate->files.items[i]);
	look_at_config(gate, result);
	check_pass(result, "%s, %zu variables and %zu files are there", gate->env, gate->variables.count,
	    gate->files.count + (gate->config_file != NULL));
}
