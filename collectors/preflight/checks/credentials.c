#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "collectors/preflight/checks/credentials.h"
#include "collectors/preflight/checks/placeholder.h"
#include "positions/keys.h"

extern char **environ;

/* Keys --------------------------------------------------------------- */

static void
make_key(struct preflight *preflight, struct account *account, struct credential *credential)
{
	struct key_texts texts = { 0 };

	if (keys_read(preflight->keys_directory, account->name, &texts, &credential->failure) == 0) {
		for (int part = 0; part < KEY_PARTS; part++)
			if (texts.parts[part] != NULL && placeholder_is(texts.parts[part]))
				credential->placeholder = key_part_name((enum key_part)part);
		/* Nobody is asked with what is no key. */
		if (credential->placeholder == NULL)
			account->key = account_key_new(account->setting->profile, texts.parts[PART_KEY],
			    texts.parts[PART_SECRET], texts.parts[PART_PASSPHRASE], &preflight->known,
			    &credential->failure);
		credential->read = true;
	}
	keys_release(&texts);
}

void
credentials_read(struct preflight *preflight)
{
	for (size_t i = 0; i < preflight->secrets->count; i++)
		secrets_add(&preflight->known, preflight->secrets->values[i]);
	for (size_t i = 0; preflight->has_exchanges && i < preflight->accounts.count; i++) {
		struct account *account = &preflight->accounts.items[i];
		struct credential *credential = &preflight->credentials[i];

		account_key_free(account->key);
		account->key = NULL;
		*credential = (struct credential){ 0 };
		credential->there = keys_are_there(
		    preflight->keys_directory, account->name, credential->where, sizeof(credential->where));
		credential->paper_place =
		    profile_place(account->setting->profile, account->setting->base_url,
			preflight->paper_hosts.items, preflight->paper_hosts.count) != PLACE_LIVE;
		if (preflight->live || (credential->there && credential->paper_place))
			make_key(preflight, account, credential);
		account->withheld = account->key == NULL;
		account->paper_only = !preflight->live;
		account->paper_hosts = preflight->paper_hosts.items;
		account->paper_host_count = preflight->paper_hosts.count;
	}
}

int
credentials_hide(const struct accounts *accounts, struct failure *why)
{
	for (size_t i = 0; i < accounts->count; i++)
		if (keys_hide(accounts->items[i].name, why) != 0)
			return -1;
	return 0;
}

/* Strays ------------------------------------------------------------- */

static void
make_upper(char *text)
{
	for (; *text != '\0'; text++)
		*text = (char)toupper((unsigned char)*text);
}

/* Whether it is what a key of a configured exchange is read from, letter by letter: that one is no stray. */
static bool
is_configured(const struct preflight *preflight, const char *name, size_t length, char separator, bool upper)
{
	for (size_t i = 0; preflight->has_exchanges && i < preflight->accounts.count; i++)
		for (int part = 0; part < KEY_PARTS; part++) {
			char text[128];

			(void)snprintf(text, sizeof(text), "%s%c%s", preflight->accounts.items[i].name,
			    separator, key_part_name((enum key_part)part));
			if (upper)
				make_upper(text);
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
each_variable(
    const struct preflight *preflight, void (*found)(void *context, const char *where), void *context)
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
		    is_configured(preflight, *each + prefix, length - prefix, '_', true))
			continue;
		(void)snprintf(where, sizeof(where), "%.*s", (int)length, *each);
		found(context, where);
	}
}

static int
each_file(const struct preflight *preflight, void (*found)(void *context, const char *where), void *context,
    struct failure *why)
{
	DIR *directory = preflight->keys_directory != NULL ? opendir(preflight->keys_directory) : NULL;
	const struct dirent *entry;

	if (preflight->keys_directory == NULL)
		return 0;
	errno = directory == NULL ? errno : 0;
	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		size_t length = strlen(entry->d_name);
		char where[4400];

		if (is_key(entry->d_name, length, '.') &&
		    !is_configured(preflight, entry->d_name, length, '.', false)) {
			(void)snprintf(
			    where, sizeof(where), "%s/%s", preflight->keys_directory, entry->d_name);
			found(context, where);
		}
		errno = 0;
	}
	if (errno != 0)
		(void)failure_set(
		    why, FAILURE_LOCAL, "cannot list '%s': %s", preflight->keys_directory, strerror(errno));
	if (directory != NULL)
		(void)closedir(directory);
	return why->kind == FAILURE_NONE ? 0 : -1;
}

int
credentials_each_stray(const struct preflight *preflight, void (*found)(void *context, const char *where),
    void *context, struct failure *why)
{
	each_variable(preflight, found, context);
	return each_file(preflight, found, context, why);
}
