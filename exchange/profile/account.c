/*
 * Checks of a profile's `account` section.  Their purpose: nothing that arbwatch signs can trade.
 *
 * Users write profiles of their own, and the key that signs the requests may well be allowed to trade.  So
 * a path with any word of `changing` in it is refused when the profile is loaded.  It is a list of what is
 * forbidden and not of what is allowed, because a new exchange needs a new file and no new C; to refuse a
 * harmless path costs little.  Only POST, with which exchanges place orders, has a list of what is allowed.
 * exchange/account/sign.c looks at that list once more before it signs.
 */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/text/slice.h"
#include "exchange/profile/keys.h"
#include "json/scan.h"

/*
 * Parts of paths that place, cancel, move or change something at one exchange or another, in any case of
 * letters.  A '%' would hide such a word (a server reads "%6frder" as "order"), and ".." and "//" may
 * become another path on the way.
 */
static const char *const changing[] = { "order", "cancel", "withdraw", "transfer", "deposit", "create",
	"delete", "remove", "modify", "amend", "edit", "update", "reset", "close", "leverage", "margin-type",
	"margintype", "position-mode", "positionside/dual", "switch", "adjust", "set-", "set_", "borrow",
	"repay", "convert", "loan", "subscribe", "redeem", "purchase", "stake", "allocate", "claim", "batch",
	"countdown", "listenkey", "generate", "%", "..", "//" };

/* Calls that only read, though they are a POST: at Kraken every private call is one. */
static const char *const read_by_post[] = { "/0/private/Balance", "/0/private/BalanceEx",
	"/0/private/TradeBalance", "/0/private/OpenPositions", "/0/private/GetApiKeyInfo" };

const char *
profile_check_read_path(const char *text)
{
	if (*text != '/' || strpbrk(text, " #\"\\\t\r\n@") != NULL)
		return "not a path that begins with '/', without spaces";
	if (strpbrk(text, "{}") != NULL)
		return "there is one request for all symbols: braces are not allowed";
	for (size_t i = 0; i < sizeof(changing) / sizeof(*changing); i++)
		if (strcasestr(text, changing[i]) != NULL)
			return "not a path that only reads";
	return NULL;
}

static const char *
check_words(const char *words)
{
	for (;; words++) {
		size_t length = strcspn(words, ",");

		if (length == 0)
			return "no word behind the ':', or an empty one";
		words += length;
		if (*words == '\0')
			return NULL;
	}
}

const char *
profile_check_decides(const char *text)
{
	char pointer[PROFILE_KEY] = "";
	size_t length;

	text += *text == '!';
	length = strcspn(text, ":");
	/* A pointer that is too long stays empty, and is refused below. */
	if (length < sizeof(pointer))
		memcpy(pointer, text, length);
	if (*pointer != '/' || !json_pointer_valid(pointer))
		return "not a JSON pointer, as in '/enabled' or '/permissions:withdraw,read'";
	return text[length] == ':' ? check_words(text + length + 1) : NULL;
}

const char *
profile_check_permission(const char *text)
{
	struct slice name = { text, strcspn(text, "=") };

	if (text[name.length] == '\0')
		return "not of the form PERMISSION=POINTER";
	for (size_t i = 0; i < ACCOUNT_PERMISSIONS; i++)
		if (slice_is(name, account_permission_name((enum account_permission)i)))
			return profile_check_decides(text + name.length + 1);
	return "the permission is none of: read trade futures margin transfer withdraw";
}

bool
profile_is_posted_read(struct slice path)
{
	for (size_t i = 0; i < sizeof(read_by_post) / sizeof(*read_by_post); i++)
		if (slice_is(path, read_by_post[i]))
			return true;
	return false;
}

static bool
is_posted_read(const char *path)
{
	return profile_is_posted_read((struct slice){ path, strcspn(path, "?") });
}

/* All paths of an endpoint are sent with the same method, so that each of them must be a known read. */
static int
check_method(const struct profile_loading *loading, const struct profile_read *read, const char *section,
    struct failure *why)
{
	char key[PROFILE_KEY];
	size_t known = is_posted_read(read->path);

	if (!read->post)
		return 0;
	for (size_t i = 0; i < read->also.count; i++)
		known += is_posted_read(read->also.items[i]);
	if (known == read->also.count + 1)
		return 0;
	(void)snprintf(key, sizeof(key), "%s.method", section);
	return profile_fail(loading, profile_line(loading, key), key,
	    "POST is only for the few calls that are known to read (exchange/profile/account.c)", why);
}

/* What each endpoint needs besides path and weight; appended to these, hence the spaces at the front. */
static const char *const needed[ACCOUNT_ENDPOINTS] = {
	[ACCOUNT_BALANCES] = " account.balances.list",
	[ACCOUNT_POSITIONS] = " account.positions.list account.positions.symbol account.positions.quantity",
	[ACCOUNT_INSTRUMENTS] =
	    " account.instruments.list account.instruments.symbol account.instruments.size",
	[ACCOUNT_KEY] = "",
	[ACCOUNT_LOCK] = " account.lock.locked",
};

static int
check_read(const struct profile_loading *loading, enum account_endpoint endpoint, struct failure *why)
{
	const struct profile_read *read = &loading->profile->account.reads[endpoint];
	char section[64], parts[320], cursor[96], parameter[96];

	(void)snprintf(section, sizeof(section), "account.%s", account_endpoint_name(endpoint));
	(void)snprintf(parts, sizeof(parts), "%s.path %s.weight%s", section, section, needed[endpoint]);
	(void)snprintf(cursor, sizeof(cursor), "%s.cursor", section);
	(void)snprintf(parameter, sizeof(parameter), "%s.cursor_parameter", section);
	if (profile_require_with(loading, section, parts, why) != 0 ||
	    profile_require_with(loading, cursor, parameter, why) != 0 ||
	    profile_require_with(loading, parameter, cursor, why) != 0)
		return -1;
	if (read->path == NULL)
		return 0;
	/* Sizes of contracts are public; everything else of an account needs a signature. */
	if (endpoint != ACCOUNT_INSTRUMENTS && strcmp(loading->profile->auth.scheme, "none") == 0)
		return profile_fail(loading, profile_line(loading, section), section,
		    "it must be signed, and auth.scheme is none", why);
	return check_method(loading, read, section, why);
}

static int
check_parts(const struct profile_loading *loading, struct failure *why)
{
	const struct profile_account *account = &loading->profile->account;

	/* If both were told and did not agree, nobody could say which one holds. */
	if (account->reads[ACCOUNT_BALANCES].path != NULL &&
	    (account->balance_free == NULL) == (account->balance_total == NULL))
		return profile_fail(loading, profile_line(loading, "account.balances"), "account.balances",
		    "one of free and total is expected", why);
	if (account->reads[ACCOUNT_BALANCES].path != NULL && !account->reads[ACCOUNT_BALANCES].keyed &&
	    profile_require(loading, "account.balances.asset", why) != 0)
		return -1;
	/* A number of contracts is no quantity without their size. */
	if (account->position_contracts && profile_require(loading, "account.instruments.path", why) != 0)
		return -1;
	if (account->reads[ACCOUNT_KEY].path != NULL && account->key_expiry == NULL &&
	    account->key_permissions.count == 0 && account->key_ip_restricted == NULL &&
	    account->key_addresses == NULL)
		return profile_fail(loading, profile_line(loading, "account.key"), "account.key",
		    "nothing is read: no expiry, permissions, ip_restricted or addresses", why);
	if (account->key_ip_restricted != NULL && account->key_addresses != NULL)
		return profile_fail(loading, profile_line(loading, "account.key.addresses"),
		    "account.key.addresses", "give only one of ip_restricted and addresses", why);
	return 0;
}

/*
 * A code that says what to do must also say that we are not let in: errors.auth gives the failure its kind,
 * and these lists only choose the advice in its text.
 */
static int
check_advice(const struct profile_loading *loading, const char *key, const struct profile_list *list,
    struct failure *why)
{
	const struct profile_list *all = &loading->profile->auth_failed;

	for (size_t i = 0; i < list->count; i++) {
		bool known = false;

		for (size_t j = 0; j < all->count && !known; j++)
			known = strcmp(all->items[j], list->items[i]) == 0;
		if (!known)
			return profile_fail(loading, profile_line(loading, key), key,
			    "what is in it must be in errors.auth too", why);
	}
	return 0;
}

int
profile_check_account(const struct profile_loading *loading, struct failure *why)
{
	const struct profile *p = loading->profile;
	const struct {
		const char *key;
		const struct profile_list *list;
	} lists[] = { { "errors.ip", &p->auth_ip }, { "errors.permission", &p->auth_permission },
		{ "errors.expired", &p->auth_expired }, { "errors.signature", &p->auth_signature } };

	for (size_t e = 0; e < ACCOUNT_ENDPOINTS; e++)
		if (check_read(loading, (enum account_endpoint)e, why) != 0)
			return -1;
	if (check_parts(loading, why) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		if (check_advice(loading, lists[i].key, lists[i].list, why) != 0)
			return -1;
	return 0;
}
