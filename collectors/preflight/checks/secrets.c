/*
 * Looks at where secrets are kept: rights of files and directories, placeholders that
 * were never replaced, and copies in places that other users can read (the arguments
 * and environments of processes). The values are compared in memory and never shown;
 * a finding names the file, variable or process.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/preflight/checks.h"
#include "collectors/preflight/checks/ownership.h"
#include "collectors/preflight/checks/placeholder.h"
#include "collectors/preflight/checks/processes.h"
#include "positions/keys.h"

enum { SHOWN_MOST = 4 };

static const char rights[] = "make it readable by its owner alone: chmod 0400";
static const char real_value[] = "put the real value there";

/* Files -------------------------------------------------------------- */

/* What is in good ones is looked for elsewhere. */
static void
check_file(struct check_result *result, const char *path, struct secrets *looked_for)
{
	struct failure why = { 0 };
	struct stat info;
	char *content;

	if (stat(path, &info) != 0) {
		check_result_add(result, STATUS_FAIL, "put the secret's file there", "cannot read '%s': %s",
		    path, strerror(errno));
		return;
	}
	if (keys_check_mode(path, &info, &why) != 0) {
		check_result_add(result, STATUS_FAIL, rights, "%s", why.text);
		return;
	}
	content = secret_read_file(path, &why);
	if (content == NULL)
		check_result_add(result, STATUS_FAIL, "put the secret into it", "%s", why.text);
	else if (placeholder_is(content))
		check_result_add(result, STATUS_FAIL, real_value, "'%s' holds a placeholder", path);
	else
		secrets_add(looked_for, content);
	secret_free(content);
}

/* A user who may write the directory may put another key in the place of ours. */
static void
check_directory(const char *path, struct check_result *result)
{
	struct failure why = { 0 };

	if (path != NULL && access(path, F_OK) == 0 && ownership_check_way(path, &why) != 0)
		check_result_add(result, STATUS_FAIL,
		    "let the directory of keys, and all above it, be this user's or root's: chown, chmod go-w",
		    "%s", why.text);
}

/* A config file that holds a secret is one. */
static void
check_config(const struct preflight *preflight, const struct secrets *known, struct check_result *result)
{
	struct failure why = { 0 };
	struct stat info;
	char *content;

	if (preflight->config_file == NULL || stat(preflight->config_file, &info) != 0 ||
	    (info.st_mode & 077) == 0)
		return;
	content = secret_read_file(preflight->config_file, &why);
	for (size_t i = 0; content != NULL && i < known->count; i++)
		if (strlen(known->values[i]) >= SHOWN_LEAST && strstr(content, known->values[i]) != NULL) {
			check_result_add(result, STATUS_FAIL, "chmod 0600 the config file",
			    "others may read '%s' (mode %04o), and a secret is in it", preflight->config_file,
			    (unsigned)(info.st_mode & 07777));
			break;
		}
	secret_free(content);
}

/* Keys, variables, settings ------------------------------------------ */

/* How many were there to look at. */
static size_t
check_keys(const struct preflight *preflight, struct check_result *result)
{
	size_t count = 0;

	for (size_t i = 0; preflight->has_exchanges && i < preflight->accounts.count; i++) {
		const struct credential *credential = &preflight->credentials[i];
		const char *name = preflight->accounts.items[i].name;

		count += credential->there;
		if (credential->placeholder != NULL)
			check_result_add(result, STATUS_FAIL, real_value, "%s: the key's %s is a placeholder",
			    name, credential->placeholder);
		else if (credential->failure.kind != FAILURE_NONE)
			check_result_add(result, STATUS_FAIL,
			    credential->there ? "correct the key's files or variables"
					      : "give each exchange a key of its own that may read",
			    "%s: %.400s", name, credential->failure.text);
	}
	return count;
}

static void
check_variable(struct check_result *result, const char *name, struct secrets *looked_for)
{
	const char *value = keys_variable(name);

	if (value == NULL || *value == '\0')
		check_result_add(result, STATUS_FAIL, "set it for this program as for the bot",
		    "the secret %s is not set", name);
	else if (placeholder_is(value))
		check_result_add(result, STATUS_FAIL, real_value, "the secret %s is a placeholder", name);
	else
		secrets_add(looked_for, value);
}

/* Passwords of settings: which of them it is, nobody knows any more. */
static void
check_settings(const struct preflight *preflight, struct check_result *result)
{
	for (size_t i = 0; i < preflight->known.count; i++)
		if (placeholder_is(preflight->known.values[i]))
			check_result_add(
			    result, STATUS_FAIL, real_value, "a password in the settings is a placeholder");
}

static void
check_processes(const struct secrets *looked_for, struct deadline deadline, struct check_result *result)
{
	struct shown shown[SHOWN_MOST];
	bool all;
	size_t count = processes_showing(looked_for, deadline, shown, SHOWN_MOST, &all);

	if (!all)
		check_result_add(result, STATUS_WARN, "run it where /proc can be read",
		    "the arguments of other processes could not all be looked at");
	for (size_t i = 0; i < count; i++)
		check_result_add(result, STATUS_FAIL,
		    "hand it over in a file or a variable, and change it: it was public",
		    "process %ld (%s) has a secret in its arguments", (long)shown[i].pid, shown[i].name);
}

void
check_secrets(struct preflight *preflight, struct deadline deadline, struct check_result *result)
{
	struct secrets looked_for = { 0 };
	size_t count = check_keys(preflight, result);

	for (size_t i = 0; i < preflight->secret_files.count; i++)
		check_file(result, preflight->secret_files.items[i], &looked_for);
	for (size_t i = 0; i < preflight->own_secret_files.count; i++)
		check_file(result, preflight->own_secret_files.items[i], &looked_for);
	for (size_t i = 0; i < preflight->secret_variables.count; i++)
		check_variable(result, preflight->secret_variables.items[i], &looked_for);
	check_directory(preflight->keys_directory, result);
	check_settings(preflight, result);
	for (size_t i = 0; i < preflight->known.count; i++)
		secrets_add(&looked_for, preflight->known.values[i]);
	check_config(preflight, &looked_for, result);
	if (looked_for.count > 0 && preflight->looks_at_processes)
		check_processes(&looked_for, deadline, result);
	/* These include the bot's own, which no other check meets. */
	secrets_mask(&looked_for, result->reason);
	secrets_release(&looked_for);
	count += preflight->secret_files.count + preflight->own_secret_files.count +
		 preflight->secret_variables.count;
	if (count + preflight->known.count == 0)
		check_result_skip(result, "no secrets are configured");
	check_result_pass(result, "%zu keys, files and variables are there and for their owner alone", count);
}
