/*
 * Looks at where secrets are kept: rights of files and directories, placeholders that
 * were never replaced, and copies in places that other users can read (the arguments
 * of processes). The values are compared in memory and never shown;
 * a finding names the file, variable or process.
 */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/preflight/checks/ownership.h"
#include "collectors/preflight/checks/placeholder.h"
#include "collectors/preflight/exchanges.h"
#include "common/system/readers.h"
#include "positions/keys.h"

enum {
	SECRET_LEAST = 8,            /* bytes: a shorter one would be found by chance */
	ARGUMENTS_READ = 128 * 1024, /* of each process: the kernel's limit for one argument */
	PROCESSES_MOST = 4,          /* that are named */
};

static const char rights[] = "make it readable by its owner alone: chmod 0400";
static const char real_value[] = "put the real value there";

const struct option secrets_options[] = {
	{ .name = "secrets.variable",
	    .argument = "NAME",
	    .help = "environment variable that holds a secret and must be set",
	    .repeatable = true },
	{ .name = "secrets.file",
	    .argument = "FILE",
	    .help = "file that holds a secret; only its owner may be able to read it",
	    .repeatable = true },
	{ .name = "secrets.processes",
	    .argument = "yes|no",
	    .fallback = "yes",
	    .help = "look for secrets in the arguments of all processes" },
	{ 0 },
};

struct secrets_state {
	struct exchanges *exchanges;
	struct string_list variables, files; /* files: those of our own settings, too */
	char *config_file;
	bool looks_at_processes;
};

/* Settings ----------------------------------------------------------- */

/* The file that a variable like REDIS_PASSWORD_FILE names. */
static int
add_own_file(struct string_list *files, const char *prefix, const char *name, struct failure *why)
{
	char variable[160];
	const char *path;

	(void)snprintf(variable, sizeof(variable), "%s%s_FILE", prefix, name);
	for (char *c = variable; *c != '\0'; c++)
		*c = isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_';
	path = getenv(variable);
	return path != NULL && *path != '\0' ? string_list_add(files, path, why) : 0;
}

static int
secrets_open(const struct check_setup *setup, void *state, struct failure *why)
{
	struct secrets_state *secrets = state;

	secrets->exchanges = setup->exchanges;
	if (read_yes(&secrets->looks_at_processes, setup->given, "secrets.processes", why) != 0 ||
	    copy_option(&secrets->config_file, setup->given, "config.file", why) != 0 ||
	    string_list_read(&secrets->variables, setup->given, "secrets.variable", why) != 0 ||
	    string_list_read(&secrets->files, setup->given, "secrets.file", why) != 0)
		return -1;
	for (size_t i = 0; check_option_tables[i] != NULL; i++)
		for (const struct option *row = check_option_tables[i]; row->name != NULL; row++)
			if (row->secret && (add_own_file(&secrets->files, "ARBWATCH_", row->name, why) != 0 ||
					       (row->variable != NULL && add_own_file(&secrets->files, "",
									     row->variable, why) != 0)))
				return -1;
	return 0;
}

static void
secrets_close(void *state)
{
	struct secrets_state *secrets = state;

	string_list_release(&secrets->variables);
	string_list_release(&secrets->files);
	free(secrets->config_file);
}

/* Files -------------------------------------------------------------- */

/* The secrets of good ones are then looked for in other places. */
static void
check_file(const struct secrets_state *secrets, struct check_result *result, const char *path,
    struct secrets *looked_for)
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
	else if (placeholder_is(content, secrets->exchanges->names, secrets->exchanges->count))
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
		    "make the directory of keys, and all above it, this user's or root's: chown, chmod go-w",
		    "%s", why.text);
}

static bool
holds_secret(const char *text, size_t length, const struct secrets *secrets)
{
	for (size_t i = 0; i < secrets->count; i++) {
		size_t size = strlen(secrets->values[i]);

		if (size >= SECRET_LEAST && memmem(text, length, secrets->values[i], size) != NULL)
			return true;
	}
	return false;
}

/* A config file that holds a secret must be kept like a secret's file. */
static void
check_config(const char *path, const struct secrets *known, struct check_result *result)
{
	struct failure why = { 0 };
	struct stat info;
	char *content;

	if (path == NULL || stat(path, &info) != 0 || readers_rights(path, &info) == 0)
		return;
	content = secret_read_file(path, &why);
	if (content != NULL && holds_secret(content, strlen(content), known))
		check_result_add(result, STATUS_FAIL, "chmod 0600 the config file",
		    "others may read '%s' (mode %04o), and a secret is in it", path,
		    (unsigned)(info.st_mode & 07777));
	secret_free(content);
}

/* Keys, variables, settings ------------------------------------------ */

/* Returns how many keys there are. */
static size_t
check_keys(const struct exchanges *e, struct check_result *result)
{
	size_t count = 0;

	for (size_t i = 0; i < e->count; i++) {
		const struct credential *credential = &e->credentials[i];

		count += credential->there;
		if (credential->placeholder != NULL)
			check_result_add(result, STATUS_FAIL, real_value, "%s: the key's %s is a placeholder",
			    e->names[i], credential->placeholder);
		else if (credential->failure.kind != FAILURE_NONE)
			check_result_add(result, STATUS_FAIL,
			    credential->there ? "correct the key's files or variables"
					      : "give each exchange a key of its own that may read",
			    "%s: %.400s", e->names[i], credential->failure.text);
	}
	return count;
}

static void
check_variable(const struct secrets_state *secrets, struct check_result *result, const char *name,
    struct secrets *looked_for)
{
	const char *value = keys_variable(name);

	if (value == NULL || *value == '\0')
		check_result_add(result, STATUS_FAIL, "set it for this program as for the bot",
		    "the secret %s is not set", name);
	else if (placeholder_is(value, secrets->exchanges->names, secrets->exchanges->count))
		check_result_add(result, STATUS_FAIL, real_value, "the secret %s is a placeholder", name);
	else
		secrets_add(looked_for, value);
}

/* Processes ---------------------------------------------------------- */

/* Returns how many bytes were read: 0 for a process that has ended, or is not ours to read. */
static size_t
read_entry(int proc, const char *pid, const char *entry, char *text, size_t size)
{
	char path[320];
	size_t length = 0;
	ssize_t got = 1;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", pid, entry);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && length < size && (got = read(fd, text + length, size - length)) > 0)
		length += (size_t)got;
	if (fd >= 0)
		(void)close(fd);
	return length;
}

/* All users may read the arguments of all processes.  A secret that is encoded there is not found. */
static void
check_processes(const struct secrets *looked_for, struct deadline deadline, struct check_result *result)
{
	char *text = malloc(ARGUMENTS_READ), name[32];
	DIR *proc = opendir("/proc");
	size_t count = 0;
	bool all = false;

	while (proc != NULL && text != NULL && deadline_left_ns(deadline) > 0 && !all) {
		const struct dirent *entry = readdir(proc);
		size_t length;

		all = entry == NULL || count == PROCESSES_MOST;
		if (all || !isdigit((unsigned char)entry->d_name[0]))
			continue;
		length = read_entry(dirfd(proc), entry->d_name, "cmdline", text, ARGUMENTS_READ);
		if (!holds_secret(text, length, looked_for))
			continue;
		/* The name ends with a line break. */
		length = read_entry(dirfd(proc), entry->d_name, "comm", name, sizeof(name));
		name[length > 0 ? length - 1 : 0] = '\0';
		check_result_add(result, STATUS_FAIL,
		    "hand it over in a file or a variable, and change it: it was public",
		    "process %s (%s) has a secret in its arguments", entry->d_name, name);
		count++;
	}
	if (!all)
		check_result_add(result, STATUS_WARN, "run it where /proc can be read",
		    "the arguments of other processes could not all be looked at");
	if (proc != NULL)
		(void)closedir(proc);
	if (text != NULL)
		explicit_bzero(text, ARGUMENTS_READ);
	free(text);
}

static void
secrets_run(void *state, struct deadline deadline, struct check_result *result)
{
	const struct secrets_state *secrets = state;
	struct exchanges *e = secrets->exchanges;
	struct secrets looked_for = { 0 };
	size_t count;

	exchanges_read_keys(e);
	count = check_keys(e, result);
	for (size_t i = 0; i < secrets->files.count; i++)
		check_file(secrets, result, secrets->files.items[i], &looked_for);
	for (size_t i = 0; i < secrets->variables.count; i++)
		check_variable(secrets, result, secrets->variables.items[i], &looked_for);
	check_directory(e->keys_directory, result);
	for (size_t i = 0; i < e->known.count; i++) {
		secrets_add(&looked_for, e->known.values[i]);
		/* Which setting it was given in is not known any more. */
		if (placeholder_is(e->known.values[i], e->names, e->count))
			check_result_add(
			    result, STATUS_FAIL, real_value, "a password in the settings is a placeholder");
	}
	check_config(secrets->config_file, &looked_for, result);
	if (looked_for.count > 0 && secrets->looks_at_processes)
		check_processes(&looked_for, deadline, result);
	count += secrets->files.count + secrets->variables.count;
	if (count + e->known.count == 0)
		check_result_conclude(result, STATUS_SKIP, "no secrets are configured");
	check_result_conclude(result, STATUS_PASS,
	    "%zu keys, files and variables are there, and only their owner may read them", count);
	/* These include the bot's own secrets, which no other check meets. */
	check_result_mask(result, &looked_for);
	secrets_release(&looked_for);
}

const struct check secrets_check = { sizeof(struct secrets_state), secrets_open, secrets_run, secrets_close };
