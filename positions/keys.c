/*
 * API keys, with care for where they could be seen.  The environment of a process can be read in
 * /proc by its user, and child processes inherit it: so variables are overwritten in place, and
 * copies are kept here for the next SIGHUP.  Files are refused if others may read or change them,
 * before anything is read.  A key has one source: a half of it in variables is not completed from
 * files, for then a key might be signed with the secret of another one.
 */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/system/readers.h"
#include "positions/keys.h"

static const char *const part_names[KEY_PARTS] = { "key", "secret", "passphrase" };

const char *
key_part_name(enum key_part part)
{
	return part_names[part];
}

void
keys_release(struct key_texts *texts)
{
	for (int part = 0; part < KEY_PARTS; part++) {
		secret_free(texts->parts[part]);
		texts->parts[part] = NULL;
	}
}

/* Variables ---------------------------------------------------------- */

/* What the environment said before it was wiped.  It outlives the collector, which SIGHUP opens anew. */
struct variable {
	struct variable *next;
	char *value;
	char name[];
};
static struct variable *hidden;

/* Move it from the environment to `hidden`.  False: out of memory. */
static bool
hide_variable(const char *name)
{
	char *value = getenv(name);
	struct variable *variable;

	/* An empty variable counts as not set, as everywhere. */
	if (value == NULL || *value == '\0')
		return true;
	/* It is copied before it is wiped: without memory it stays where it is, and the start fails. */
	variable = calloc(1, sizeof(*variable) + strlen(name) + 1);
	if (variable != NULL)
		variable->value = strdup(value);
	if (variable == NULL || variable->value == NULL) {
		free(variable);
		return false;
	}
	memcpy(variable->name, name, strlen(name));
	/* /proc/PID/environ shows this very memory, also after unsetenv(). */
	explicit_bzero(value, strlen(value));
	(void)unsetenv(name);
	variable->next = hidden;
	hidden = variable;
	return true;
}

static const char *
find(const char *name)
{
	for (const struct variable *each = hidden; each != NULL; each = each->next)
		if (strcmp(each->name, name) == 0)
			return each->value;
	return NULL;
}

const char *
keys_variable(const char *name)
{
	const char *value = getenv(name);

	/* A variable that was hidden is not in the environment any more. */
	return value != NULL ? value : find(name);
}

static void
variable_name(const char *exchange, enum key_part part, char name[128])
{
	(void)snprintf(name, 128, "ARBWATCH_%.64s_%s", exchange, part_names[part]);
	for (; *name != '\0'; name++)
		*name = (char)toupper((unsigned char)*name);
}

int
keys_hide(const char *exchange, struct failure *why)
{
	for (int part = 0; part < KEY_PARTS; part++) {
		char name[128];

		variable_name(exchange, (enum key_part)part, name);
		if (!hide_variable(name))
			return failure_set(why, FAILURE_LOCAL, "out of memory");
	}
	return 0;
}

static int
read_variables(const char *exchange, struct key_texts *texts, struct failure *why)
{
	if (keys_hide(exchange, why) != 0)
		return -1;
	for (int part = 0; part < KEY_PARTS; part++) {
		const char *value;
		char name[128];

		variable_name(exchange, (enum key_part)part, name);
		value = find(name);
		if (value == NULL)
			continue;
		texts->parts[part] = strdup(value);
		if (texts->parts[part] == NULL)
			return failure_set(why, FAILURE_LOCAL, "out of memory");
	}
	return 0;
}

/* Files -------------------------------------------------------------- */

int
keys_check_mode(const char *path, const struct stat *info, struct failure *why)
{
	/* Root can read every file in any case, and Docker makes secrets that belong to it. */
	if (info->st_uid != geteuid() && info->st_uid != 0)
		return failure_set(why, FAILURE_LOCAL,
		    "'%s' belongs to another user: make it that of the one this runs as, with chown %u", path,
		    (unsigned)geteuid());
	if (readers_rights(path, info) != 0)
		return failure_set(why, FAILURE_LOCAL,
		    "others may read or change '%s' (mode %04o): chmod 0400 '%s'", path,
		    (unsigned)(info->st_mode & 07777), path);
	return 0;
}

static int
read_file(const char *directory, const char *exchange, enum key_part part, char **text, struct failure *why)
{
	struct stat info;
	char path[4096];

	if (snprintf(path, sizeof(path), "%s/%s.%s", directory, exchange, part_names[part]) >=
	    (int)sizeof(path))
		return failure_set(why, FAILURE_LOCAL, "the path of its keys is too long");
	/* stat() follows links: the file that holds the secret is what counts. */
	if (stat(path, &info) != 0) {
		/* Not every exchange has a passphrase; keys_read() knows what must be there. */
		if (errno == ENOENT)
			return 0;
		return failure_set(why, FAILURE_LOCAL, "cannot read '%s': %s", path, strerror(errno));
	}
	/* A secret that others could read must not come into use unnoticed. */
	if (keys_check_mode(path, &info, why) != 0)
		return -1;
	*text = secret_read_file(path, why);
	return *text != NULL ? 0 : -1;
}

/* Both --------------------------------------------------------------- */

/* The text says both ways to give a key, with the names that are looked for. */
static int
fail_missing(const char *directory, const char *exchange, const char *what, struct failure *why)
{
	char key[128], secret[128];

	variable_name(exchange, PART_KEY, key);
	variable_name(exchange, PART_SECRET, secret);
	return failure_set(why, FAILURE_LOCAL,
	    "no %s: put %s.key and %s.secret into the directory of --keys (%s), or set %s and %s", what,
	    exchange, exchange, directory != NULL ? directory : "not given", key, secret);
}

static bool
is_empty(const struct key_texts *texts)
{
	for (int part = 0; part < KEY_PARTS; part++)
		if (texts->parts[part] != NULL)
			return false;
	return true;
}

int
keys_read(const char *directory, const char *exchange, struct key_texts *texts, struct failure *why)
{
	if (read_variables(exchange, texts, why) != 0)
		return -1;
	/* Files are read only without any variable: the two sources are never mixed. */
	if (is_empty(texts) && directory != NULL)
		for (int part = 0; part < KEY_PARTS; part++)
			if (read_file(directory, exchange, (enum key_part)part, &texts->parts[part], why) !=
			    0)
				return -1;
	if (is_empty(texts))
		return fail_missing(directory, exchange, "API key", why);
	if (texts->parts[PART_KEY] == NULL)
		return fail_missing(directory, exchange, "API key, but a secret", why);
	if (texts->parts[PART_SECRET] == NULL)
		return fail_missing(directory, exchange, "secret, but an API key", why);
	return 0;
}

/* This looks and reads nothing: on paper, preflight must not read the key of a live account. */
bool
keys_are_there(const char *directory, const char *exchange, char *where, size_t size)
{
	for (int part = 0; part < KEY_PARTS; part++) {
		char name[128];
		const char *value;

		variable_name(exchange, (enum key_part)part, name);
		value = keys_variable(name);
		if (value == NULL || *value == '\0')
			continue;
		(void)snprintf(where, size, "%s", name);
		return true;
	}
	for (int part = 0; directory != NULL && part < KEY_PARTS; part++)
		if (snprintf(where, size, "%s/%s.%s", directory, exchange, part_names[part]) < (int)size &&
		    access(where, F_OK) == 0)
			return true;
	return false;
}

struct account_key *
keys_open(const char *directory, const struct exchange_setting *exchange, struct secrets *secrets,
    struct failure *why)
{
	struct key_texts texts = { 0 };
	struct account_key *key = NULL;

	if (keys_read(directory, exchange->name, &texts, why) == 0)
		key = account_key_new(exchange->profile, texts.parts[PART_KEY], texts.parts[PART_SECRET],
		    texts.parts[PART_PASSPHRASE], secrets, why);
	keys_release(&texts);
	return key;
}
