/*
 * In paper no live key may be within reach.  In live trading must be armed on
 * purpose, and each key must be unable to withdraw and restricted to an address.
 * What an exchange does not tell about its keys somebody has to look up, and
 * name the exchange in live.verified.
 */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "collectors/preflight/exchanges.h"
#include "common/text/slice.h"
#include "positions/keys.h"

extern char **environ;

const struct option live_guard_options[] = {
	{ .name = "live.armed",
	    .argument = "yes|no",
	    .fallback = "no",
	    .help = "in live: confirms that live trading is intended" },
	{ .name = "live.variable",
	    .argument = "NAME",
	    .help = "environment variable that holds a live key; it must not be set in paper",
	    .repeatable = true },
	{ .name = "live.verified",
	    .argument = "NAME",
	    .help = "exchange that does not report what its key may do, and whose key somebody has checked",
	    .repeatable = true },
	{ 0 },
};

struct live_guard {
	struct exchanges *exchanges;
	bool live, armed;
	struct string_list variables; /* of the bot's live keys */
	struct string_list verified;  /* exchanges whose keys somebody looked at */
};

static int
live_guard_open(const struct check_setup *setup, void *state, struct failure *why)
{
	struct live_guard *guard = state;

	guard->exchanges = setup->exchanges;
	guard->live = setup->live;
	if (read_yes(&guard->armed, setup->given, "live.armed", why) != 0 ||
	    string_list_read(&guard->variables, setup->given, "live.variable", why) != 0 ||
	    string_list_read(&guard->verified, setup->given, "live.verified", why) != 0)
		return -1;
	/* A misspelt name here would vouch for nothing, and the operator would look for the reason elsewhere.
	 */
	for (size_t i = 0; guard->exchanges->count > 0 && i < guard->verified.count; i++)
		if (exchange_settings_find(
			&guard->exchanges->accounts.settings, SLICE(guard->verified.items[i])) == NULL)
			return options_failure(setup->given, "live.verified", i, why,
			    "--exchange names no exchange '%s'", guard->verified.items[i]);
	return 0;
}

static void
live_guard_close(void *state)
{
	struct live_guard *guard = state;

	string_list_release(&guard->variables);
	string_list_release(&guard->verified);
}

/* Paper -------------------------------------------------------------- */

static const char take_away[] =
    "remove live keys from where paper runs, or set the URL of the exchange to one of its test hosts";

static const char unseen[] =
    "make the directory readable for this program, or name the one where the keys are";

/*
 * A stray key is one that no configured exchange reads: in paper it may well be a live one.  The place
 * is named, never the key: evidence and alerts leave this machine.
 */
static void
add_stray(struct check_result *result, const char *where)
{
	check_result_add(result, STATUS_FAIL, take_away,
	    "a key that belongs to no exchange on paper is within reach: %.300s", where);
}

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
find_stray_variables(const struct exchanges *e, struct check_result *result)
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
		add_stray(result, where);
	}
}

static void
find_stray_files(const struct exchanges *e, struct check_result *result)
{
	DIR *directory = opendir(e->keys_directory);
	const struct dirent *entry;
	struct failure why = { 0 };
	char where[4400];

	errno = directory == NULL ? errno : 0;
	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		size_t length = strlen(entry->d_name);

		if (is_key(entry->d_name, length, '.') &&
		    !is_configured(e, entry->d_name, length, '.', false)) {
			(void)snprintf(where, sizeof(where), "%s/%s", e->keys_directory, entry->d_name);
			add_stray(result, where);
		}
		errno = 0;
	}
	if (errno != 0) {
		(void)failure_set(
		    &why, FAILURE_LOCAL, "cannot list '%s': %s", e->keys_directory, strerror(errno));
		check_result_add_failure(
		    result, STATUS_FAIL, unseen, "which keys are within reach is not known", &why);
	}
	if (directory != NULL)
		(void)closedir(directory);
}

static void
guard_paper(const struct live_guard *guard, struct check_result *result)
{
	const struct exchanges *e = guard->exchanges;
	size_t keys = 0;

	for (size_t i = 0; i < e->count; i++) {
		const struct credential *credential = &e->credentials[i];

		keys += credential->there;
		if (credential->there && !credential->paper_place)
			check_result_add(result, STATUS_FAIL, take_away,
			    "%s: a live key is within reach: %.300s", e->names[i], credential->where);
	}
	/* Keys of exchanges that are not configured are within the bot's reach all the same. */
	find_stray_variables(e, result);
	if (e->keys_directory != NULL)
		find_stray_files(e, result);
	for (size_t i = 0; i < guard->variables.count; i++) {
		const char *value = keys_variable(guard->variables.items[i]);

		if (value != NULL && *value != '\0')
			check_result_add(result, STATUS_FAIL, take_away, "a live key is within reach: %s",
			    guard->variables.items[i]);
	}
	/* It does no harm in paper, but it is ready to when somebody changes --env. */
	if (guard->armed)
		check_result_add(result, STATUS_WARN, "unset live.armed (ARBWATCH_LIVE_ARMED)",
		    "live trading is armed, and this is paper");
	check_result_conclude(
	    result, STATUS_PASS, "no live key is within reach (%zu keys of paper exchanges)", keys);
}

/* Live --------------------------------------------------------------- */

/* Whether the exchange tells, in a form that the profile reads, that a key may withdraw. */
static bool
has_withdraw_permission(const struct profile_account *profile)
{
	const char *name = account_permission_name(PERMISSION_WITHDRAW);

	for (size_t i = 0; profile->reads[ACCOUNT_KEY].path != NULL && i < profile->key_permissions.count;
	     i++) {
		const char *text = profile->key_permissions.items[i];
		size_t length = strcspn(text, "=");

		if (slice_is((struct slice){ text, length }, name))
			return true;
	}
	return false;
}

static bool
is_verified(const struct live_guard *guard, const char *name)
{
	for (size_t i = 0; i < guard->verified.count; i++)
		if (strcmp(guard->verified.items[i], name) == 0)
			return true;
	return false;
}

/* live.verified counts only where the exchange itself reports nothing. */
static void
find_unknown(const struct live_guard *guard, const struct account *account, bool tells, const char *what,
    struct check_result *result)
{
	if (tells)
		check_result_add(result, STATUS_FAIL,
		    "the exchange reports it in a form that is not known: see account.key in its profile",
		    "%s: %s is not known", account->name, what);
	else if (!is_verified(guard, account->name))
		check_result_add(result, STATUS_WARN,
		    "look at the key on the exchange's page, then name it in live.verified",
		    "%s: %s is not known", account->name, what);
}

static void
guard_key(const struct live_guard *guard, const struct account *account, struct check_result *result)
{
	const struct profile_account *profile = &account->setting->profile->account;
	const struct account_key_health *health = &account->reading->health;
	bool tells = !health->told_in_part;
	bool tells_restricted =
	    tells && (profile->key_ip_restricted != NULL || profile->key_addresses.count > 0);

	if (health->permission[PERMISSION_WITHDRAW] == 1)
		check_result_add(result, STATUS_FAIL, "take the right to withdraw from the key",
		    "%s: the key may withdraw", account->name);
	else if (health->permission[PERMISSION_WITHDRAW] < 0)
		find_unknown(guard, account, tells && has_withdraw_permission(profile),
		    "whether the key may withdraw", result);
	if (health->ip_restricted == 0)
		check_result_add(result, STATUS_FAIL, "restrict the key to this machine's address",
		    "%s: the key is not restricted to an address", account->name);
	else if (health->ip_restricted < 0)
		find_unknown(
		    guard, account, tells_restricted, "whether the key is restricted to an address", result);
	if (health->trading_locked == 1)
		check_result_add(result, STATUS_FAIL, "ask the exchange why",
		    "%s: the exchange has locked trading on the account", account->name);
}

/* Returns whether it was read, or need not be. */
static bool
was_read(const struct account *account, enum account_endpoint endpoint, const char *hint, const char *what,
    struct check_result *result)
{
	const struct account_part *part = &account->reading->parts[endpoint];
	char subject[128];

	if (!part->asked || part->read)
		return true;
	(void)snprintf(subject, sizeof(subject), "%s: %s", account->name, what);
	check_result_add_failure(result, STATUS_FAIL, hint, subject, &part->failure);
	return false;
}

static void
guard_account(const struct live_guard *guard, size_t index, struct check_result *result)
{
	const struct account *account = &guard->exchanges->accounts.items[index];
	const struct credential *credential = &guard->exchanges->credentials[index];

	if (!credential->live_place || credential->paper_place)
		check_result_add(result, STATUS_FAIL,
		    "remove the URL, so that the exchange itself is asked; its other hosts are live_hosts in its "
		    "profile",
		    "%s: its URL is %s, and this is live", account->name,
		    credential->paper_place ? "a loopback, test or demo address"
					    : "at no live host of the exchange");
	if (account->key == NULL || account->reading == NULL) {
		check_result_add(result, STATUS_FAIL, "see the checks secrets and exchange_health",
		    "%s: its key could not be looked at", account->name);
		return;
	}
	if (was_read(account, ACCOUNT_KEY, "correct the key, or what it may read",
		"the key could not be looked at", result))
		guard_key(guard, account, result);
	(void)was_read(account, ACCOUNT_LOCK, "try again, or ask the exchange",
	    "whether trading is locked is not known", result);
}

static void
guard_live(const struct live_guard *guard, struct check_result *result)
{
	if (!guard->armed)
		check_result_add(result, STATUS_FAIL,
		    "when live trading is meant, set live.armed to yes (ARBWATCH_LIVE_ARMED=yes)",
		    "live trading is not armed");
	if (guard->exchanges->count == 0)
		check_result_add(
		    result, STATUS_FAIL, "name them with --exchange", "no exchange is configured");
	for (size_t i = 0; i < guard->exchanges->count; i++)
		guard_account(guard, i, result);
	check_result_conclude(result, STATUS_PASS,
	    "armed; %zu keys, none may withdraw, each is restricted to an address", guard->exchanges->count);
}

static void
live_guard_run(void *state, struct deadline deadline, struct check_result *result)
{
	const struct live_guard *guard = state;

	exchanges_ask_accounts(guard->exchanges, deadline);
	if (guard->live)
		guard_live(guard, result);
	else
		guard_paper(guard, result);
	check_result_mask(result, &guard->exchanges->known);
}

const struct check live_guard_check = { sizeof(struct live_guard), live_guard_open, live_guard_run,
	live_guard_close };
