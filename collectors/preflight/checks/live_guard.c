#include <stdio.h>
#include <string.h>

#include "collectors/preflight/checks.h"
#include "collectors/preflight/checks/credentials.h"
#include "positions/keys.h"

/* Paper -------------------------------------------------------------- */

static const char take_away[] =
    "take live keys away from where paper runs, or ask the exchange at its test_url";

static const char unseen[] = "let this program read the directory, or give the one where the keys are";

static void
add_stray(void *context, const char *where)
{
	check_result_add(context, STATUS_FAIL, take_away,
	    "a key that belongs to no exchange on paper is within reach: %.300s", where);
}

static void
guard_paper(const struct preflight *preflight, struct check_result *result)
{
	struct failure why = { 0 };
	size_t keys = 0;

	for (size_t i = 0; preflight->has_exchanges && i < preflight->accounts.count; i++) {
		const struct credential *credential = &preflight->credentials[i];

		keys += credential->there;
		if (credential->there && !credential->paper_place)
			check_result_add(result, STATUS_FAIL, take_away,
			    "%s: a live key is within reach: %.300s", preflight->accounts.items[i].name,
			    credential->where);
	}
	if (credentials_each_stray(preflight, add_stray, result, &why) != 0)
		check_result_add_failure(
		    result, STATUS_FAIL, unseen, "which keys are within reach is not known", &why);
	for (size_t i = 0; i < preflight->live_variables.count; i++) {
		const char *value = keys_variable(preflight->live_variables.items[i]);

		if (value != NULL && *value != '\0')
			check_result_add(result, STATUS_FAIL, take_away, "a live key is within reach: %s",
			    preflight->live_variables.items[i]);
	}
	if (preflight->armed)
		check_result_add(result, STATUS_WARN, "unset live.armed (ARBWATCH_LIVE_ARMED)",
		    "live trading is armed, and this is paper");
	check_result_pass(result, "no live key is within reach (%zu keys of paper exchanges)", keys);
}

/* Live --------------------------------------------------------------- */

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

/* What somebody saw counts where the exchange itself tells nothing, and nowhere else. */
static void
find_unknown(const struct preflight *preflight, const struct account *account, bool tells, const char *what,
    struct check_result *result)
{
	if (tells)
		check_result_add(result, STATUS_FAIL,
		    "the exchange tells it in a form that is not known: see account.key in its profile",
		    "%s: %s is not known", account->name, what);
	else if (!string_list_has(&preflight->verified, account->name))
		check_result_add(result, STATUS_WARN,
		    "look at the key on the exchange's page, then name it in live.verified",
		    "%s: %s is not known", account->name, what);
}

static void
guard_key(const struct preflight *preflight, const struct account *account, struct check_result *result)
{
	const struct profile_account *profile = &account->setting->profile->account;
	const struct account_key_health *health = &account->reading->health;
	bool tells_restricted = profile->key_ip_restricted != NULL || profile->key_addresses != NULL;

	if (health->permission[PERMISSION_WITHDRAW] == 1)
		check_result_add(result, STATUS_FAIL, "take the right to withdraw from the key",
		    "%s: the key may withdraw", account->name);
	else if (health->permission[PERMISSION_WITHDRAW] < 0)
		find_unknown(preflight, account, has_withdraw_permission(profile),
		    "whether the key may withdraw", result);
	if (health->ip_restricted == 0)
		check_result_add(result, STATUS_FAIL, "restrict the key to this machine's address",
		    "%s: the key is not restricted to an address", account->name);
	else if (health->ip_restricted < 0)
		find_unknown(preflight, account, tells_restricted,
		    "whether the key is restricted to an address", result);
	if (health->trading_locked == 1)
		check_result_add(result, STATUS_FAIL, "ask the exchange why",
		    "%s: the exchange has locked trading on the account", account->name);
}

/* Whether it was read, where it was asked for. */
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
guard_account(const struct preflight *preflight, size_t index, struct check_result *result)
{
	const struct account *account = &preflight->accounts.items[index];

	if (preflight->credentials[index].paper_place)
		check_result_add(result, STATUS_FAIL,
		    "leave the URL out, so that the exchange itself is asked",
		    "%s is asked at a loopback or test address, and this is live", account->name);
	if (account->key == NULL || account->reading == NULL) {
		check_result_add(result, STATUS_FAIL, "see the checks secrets and exchange_health",
		    "%s: its key could not be looked at", account->name);
		return;
	}
	if (was_read(account, ACCOUNT_KEY, "correct the key, or what it may read",
		"the key could not be looked at", result))
		guard_key(preflight, account, result);
	(void)was_read(account, ACCOUNT_LOCK, "try again, or ask the exchange",
	    "whether trading is locked is not known", result);
}

static void
guard_live(const struct preflight *preflight, struct check_result *result)
{
	if (!preflight->armed)
		check_result_add(result, STATUS_FAIL,
		    "when live trading is meant, set live.armed to yes (ARBWATCH_LIVE_ARMED=yes)",
		    "live trading is not armed");
	if (!preflight->has_exchanges)
		check_result_add(
		    result, STATUS_FAIL, "name them with --exchange", "no exchange is configured");
	for (size_t i = 0; preflight->has_exchanges && i < preflight->accounts.count; i++)
		guard_account(preflight, i, result);
	check_result_pass(result, "armed; %zu keys, none may withdraw, each is restricted to an address",
	    preflight->accounts.count);
}

void
check_live_guard(struct preflight *preflight, struct deadline deadline, struct check_result *result)
{
	(void)deadline;
	if (preflight->live)
		guard_live(preflight, result);
	else
		guard_paper(preflight, result);
}
