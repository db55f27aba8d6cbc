#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/preflight/checks.h"
#include "collectors/preflight/checks/ownership.h"
#include "collectors/preflight/checks/placeholder.h"
#include "positions/keys.h"

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
check_config(const struct preflight *preflight, struct check_result *result)
{
	struct failure why = { 0 };

	if (preflight->config_file != NULL && ownership_check(preflight->config_file, &why) != 0)
		check_result_add(result, STATUS_FAIL,
		    "let the config file be there, this user's or root's: chown, chmod go-w", "%s", why.text);
}

void
check_environment(struct preflight *preflight, struct deadline deadline, struct check_result *result)
{
	(void)deadline;
	if (!preflight->env_given)
		check_result_add(result, STATUS_FAIL,
		    "say which with --env paper or --env live (ARBWATCH_ENV)", "the mode is not named");
	for (size_t i = 0; i < preflight->variables.count; i++)
		check_variable(result, preflight->variables.items[i]);
	for (size_t i = 0; i < preflight->files.count; i++)
		check_file(result, preflight->files.items[i]);
	check_config(preflight, result);
	check_result_pass(result, "%s, %zu variables and %zu files are there", preflight->env,
	    preflight->variables.count, preflight->files.count + (preflight->config_file != NULL));
}
