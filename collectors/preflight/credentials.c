#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "collectors/open_positions/keys.h"
#include "collectors/preflight/credentials.h"
#include "collectors/preflight/placeholder.h"

extern char **environ;

/* Keys --------------------------------------------------------------- */

static void
make_key(struct gate *gate, struct account *account, struct credential *credential)
{
	struct key_texts texts = { 0 };

	if (keys_read(gate->keys_directory, account->name, &texts, &credential->failure) == 0) {
		for (int part = 0; part < KEY_PARTS; part++)
			if (texts.parts[part] != NULL && placeholder_is(texts.parts[part]))
				credential->placeholder = key_part_name((enum key_part)part);
		/* Nobody is asked with what is no key. */
		if (credential->placeholder == NULL)
			account->key = account_key_new(account->setting->profile, texts.parts[PART_KEY],
			    texts.parts[PART_SECRET], texts.parts[PART_PASSPHRASE], &gate->known,
			    &credential->failure);
		credential->read = true;
	}
	keys_release(&texts);
}

void
credentials_read(struct gate *gate)
{
	for (size_t i = 0; i < gate->secrets->count; i++)
		secrets_add(&gate->known, gate->secrets->values[i]);
	for (size_t i = 0; gate->has_exchanges && i < gate->accounts.count; i++) {
		struct account *account = &gate->accounts.items[i];
		struct credential *credential = &gate->credentials[i];

		account_key_free(account->key);
		account->key = NULL;
		*credential = (struct credential){ 0 };
		credential->there = keys_are_there(
		    gate->keys_directory, account->name, credential->where, sizeof(credential->where));
		credential->paper_place = profile_place(account->setting->profile, account->setting->base_url,
					      gate->paper_hosts.items, gate->paper_hosts.count) != PLACE_LIVE;
		if (gate->live || (credential->there && credential->paper_place))
			make_key(gate, account, credential);
		account->withheld = account->key == NULL;
		account->paper_only = !gate->live;
		account->paper_hosts = gate->paper_hosts.items;
		account->paper_host_count = gate->paper_hosts.count;
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

static bool
is_configured(const struct gate *gate, const char *name, size_t length)
{
	for (size_t i = 0; gate->has_exchanges && i < gate->accounts.count; i++)
		if (strlen(gate->accounts.items[i].name) == length &&
		    strncasecmp(gate->accounts.items[i].name, name, length) == 0)
			return true;
	return false;
}

/* The length of what stands before "_SECRET" and the like, or 0. */
static size_t
stem_of(const char *name, size_t length, char separator)
{
	for (int part = 0; part < KEY_PARTS; part++) {
		const char *ending = key_part_name((enum key_part)part);
		size_t size = strlen(ending);

		if (length > size + 1 && name[length - size - 1] == separator &&
		    strncasecmp(name + length - size, ending, size) == 0)
			return length - size - 1;
	}
	return 0;
}

static void
each_variable(const struct gate *gate, void (*found)(void *context, const char *where), void *context)
{
	static const char ours[] = "ARBWATCH_";

	for (char **each = environ; each != NULL && *each != NULL; each++) {
		const char *name = *each + strlen(ours);
		size_t length = strcspn(*each, "="), stem;
		char where[128];

		if (strncmp(*each, ours, strlen(ours)) != 0 || (*each)[length] == '\0' ||
		    (*each)[length + 1] == '\0')
			continue;
		stem = stem_of(name, length - strlen(ours), '_');
		if (stem == 0 || is_configured(gate, name, stem))
			continue;
		(void)snprintf(where, sizeof(where), "%.*s", (int)length, *each);
		found(context, where);
	}
}

static void
each_file(const struct gate *gate, void (*found)(void *context, const char *where), void *context)
{
	DIR *directory = gate->keys_directory != NULL ? opendir(gate->keys_directory) : NULL;
	const struct dirent *entry;

	if (directory == NULL)
		return;
	while ((entry = readdir(directory)) != NULL) {
		size_t stem = stem_of(entry->d_name, strlen(entry->d_name), '.');
		char where[4400];

		if (stem == 0 || is_configured(gate, entry->d_name, stem))
			continue;
		(void)snprintf(where, sizeof(where), "%s/%s", gate->keys_directory, entry->d_name);
		found(context, where);
	}
	(void)closedir(directory);
}

void
credentials_each_stray(
    const struct gate *gate, void (*found)(void *context, const char *where), void *context)
{
	each_variable(gate, found, context);
	each_file(gate, found, context);
}
