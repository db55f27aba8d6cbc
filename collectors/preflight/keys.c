/*
 * Which keys are within reach, and which of them this run may use.  A stray key
 * is one that no configured exchange reads: in paper it may well be a live one.
 */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "collectors/preflight/checks/placeholder.h"
#include "collectors/preflight/exchanges.h"
#include "common/text/slice.h"
#include "positions/keys.h"

extern char **environ;

/* Keys --------------------------------------------------------------- */

static void
read_key(struct exchanges *e, struct account *account, struct credential *credential)
{
	struct key_texts texts = { 0 };

	if (keys_read(e->keys_directory, account->name, &texts, &credential->failure) == 0) {
		for (int part = 0; part < KEY_PARTS; part++)
			if (texts.parts[part] != NULL &&
			    placeholder_is(texts.parts[part], e->names, e->count))
				credential->placeholder = key_part_name((enum key_part)part);
		/* An exchange is not asked with a placeholder. */
		if (credential->placeholder == NULL)
			account->key = account_key_new(account->setting->profile, texts.parts[PART_KEY],
			    texts.parts[PART_SECRET], texts.parts[PART_PASSPHRASE], &e->known,
			    &credential->failure);
	}
	keys_release(&texts);
}

void
exchanges_read_keys(struct exchanges *e)
{
	(void)pthread_mutex_lock(&e->keys_once.mutex);
	for (size_t i = 0; i < e->program_secrets->count && !e->keys_once.done; i++)
		secrets_add(&e->known, e->program_secrets->values[i]);
	for (size_t i = 0; i < e->count && !e->keys_once.done; i++) {
		struct account *account = &e->accounts.items[i];
		struct credential *credential = &e->credentials[i];

		credential->there = keys_are_there(
		    e->keys_directory, account->name, credential->where, sizeof(credential->where));
		credential->paper_place = profile_place(account->setting->profile, account->setting->base_url,
					      e->paper_hosts.items, e->paper_hosts.count) != PLACE_LIVE;
		if (e->live || (credential->there && credential->paper_place))
			read_key(e, account, credential);
		account->withheld = account->key == NULL;
		account->paper_only = !e->live;
		account->paper_hosts = e->paper_hosts.items;
		account->paper_host_count = e->paper_hosts.count;
	}
	e->keys_once.done = true;
	(void)pthread_mutex_unlock(&e->keys_once.mutex);
}

/* Strays ------------------------------------------------------------- */

/* Whether a configured exchange's key is read from that name, letter by letter. */
static bool
is_configured(const struct exchanges *e, const char *name, size_t length, char separator, bool upper)
{
	for (size_t i = 0; i < e->count; i++)
		for (int part = 0; part < KEY_PARTS; part++) {
			char text[128];

			(void)snprintf(text, sizeof(text), "%s%c%s", e->names[i], separator,
			    key_part_name((enum key_part)part));
			for (char *c = text; upper && *c != '\0'; c++)
				*c = (char)toupper((unsigned char)*c);
			if (slice_is((struct slice){ name, length }, text))
				return true;
		}
	return false;
}

/* Whether it ends with "_SECRET" and the like, however that is written. */
static bool
is_key(const char *name, size_t length, char separator)
{
	for (int part = 0; part < KEY_PARTS; part++) {
		const char *ending = key_part_name((enum key_part)part);
		size_t size = strlen(ending);

		if (length > size + 1 && name[length - size - 1] == separator &&
		    strncasecmp(name + length - size, ending, size) == 0)
			return true;
	}
	return false;
}

static void
each_variable(const struct exchanges *e, void (*found)(void *context, const char *where), void *context)
{
	static const char ours[] = "ARBWATCH_";
	const size_t prefix = strlen(ours);

	for (char **each = environ; each != NULL && *each != NULL; each++) {
		size_t length = strcspn(*each, "=");
		char where[128];

		if (length <= prefix || strncasecmp(*each, ours, prefix) != 0 || (*each)[length] == '\0' ||
		    (*each)[length + 1] == '\0' || !is_key(*each + prefix, length - prefix, '_'))
			continue;
		if (strncmp(*each, ours, prefix) == 0 &&
		    is_configured(e, *each + prefix, length - prefix, '_', true))
			continue;
		(void)snprintf(where, sizeof(where), "%.*s", (int)length, *each);
		found(context, where);
	}
}

int
exchanges_each_stray_key(const struct exchanges *e, void (*found)(void *context, const char *where),
    void *context, struct failure *why)
{
	const struct dirent *entry;
	DIR *directory;

	each_variable(e, found, context);
	if (e->keys_directory == NULL)
		return 0;
	directory = opendir(e->keys_directory);
	errno = directory == NULL ? errno : 0;
	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		size_t length = strlen(entry->d_name);
		char where[4400];

		if (is_key(entry->d_name, length, '.') &&
		    !is_configured(e, entry->d_name, length, '.', false)) {
			(void)snprintf(where, sizeof(where), "%s/%s", e->keys_directory, entry->d_name);
			found(context, where);
		}
		errno = 0;
	}
	if (errno != 0)
		(void)failure_set(
		    why, FAILURE_LOCAL, "cannot list '%s': %s", e->keys_directory, strerror(errno));
	if (directory != NULL)
		(void)closedir(directory);
	return why->kind == FAILURE_NONE ? 0 : -1;
}
