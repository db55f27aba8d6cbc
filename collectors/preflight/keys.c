/*
 * Which keys the configured exchanges have, and which of them this run may use.
 */

#include "positions/keys.h"
#include "collectors/preflight/checks/placeholder.h"
#include "collectors/preflight/exchanges.h"

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

		account->key_failure = (struct failure){ 0 };
		credential->there = keys_are_there(
		    e->keys_directory, account->name, credential->where, sizeof(credential->where));
		credential->paper_place = profile_place(account->setting->profile, account->setting->base_url,
					      e->paper_hosts.items, e->paper_hosts.count) != PLACE_LIVE;
		credential->live_place =
		    profile_is_live(account->setting->profile, account->setting->base_url);
		if (e->live || (credential->there && credential->paper_place))
			read_key(e, account, credential);
		account->withheld = account->key == NULL;
		if (e->live && account->withheld)
			(void)failure_set(&account->key_failure, FAILURE_AUTH, "%s",
			    credential->placeholder != NULL ? "its key is a placeholder"
							    : credential->failure.text);
		account->paper_only = !e->live;
		account->paper_hosts = e->paper_hosts.items;
		account->paper_host_count = e->paper_hosts.count;
	}
	e->keys_once.done = true;
	(void)pthread_mutex_unlock(&e->keys_once.mutex);
}
