#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/preflight/checks.h"
#include "collectors/preflight/checks/ownership.h"
#include "collectors/preflight/checks/placeholder.h"
#include "positions/keys.h"

static void
look_at_variable(struct check_result *result, const char *name)
{
	const char *value = keys_variable(name);

	if (value == NULL)
		check_find(result, STATUS_FAIL, "set it for this program as for the bot",
		    "the variable %s is not set", name);
	else if (value[strspn(value, " \t\r\n")] == '\0')
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
	struct failure why = { 0 };

	if (gate->config_file != NULL && ownership_check(gate->config_file, &why) != 0)
		check_find(result, STATUS_FAIL,
		    "let the config file be there, this user's or root's: chown, chmod go-w", "%s", why.text);
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
