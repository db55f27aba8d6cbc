/*
 * What an exchange tells of the key itself: when it expires, what it may do, from where; and whether
 * trading is locked.
 *
 * A key that expires takes the bot out of the market with positions open: Upbit's and Bithumb's keys last
 * one year and cannot be extended.  "Unknown" is kept apart from "no" and "never" everywhere, because
 * preflight decides by these values.
 *
 * Where the answer is a list of keys, ours is found by its public half; the health of another key would be
 * a wrong answer that looks right.
 */

#include <math.h>
#include <string.h>

#include <jansson.h>

#include "exchange/account/rows.h"
#include "exchange/public/value.h"

enum { KEY_TEXT = 512 };

void
account_key_health_init(struct account_key_health *health)
{
	*health = (struct account_key_health){ .expiry = -1, .ip_restricted = -1, .trading_locked = -1 };
	for (size_t i = 0; i < ACCOUNT_PERMISSIONS; i++)
		health->permission[i] = -1;
}

/* 1: the row is our key's; 0: another's; -1 with `why`. */
static int
is_ours(const struct profile *profile, const struct json_scan *scan, struct slice row,
    const struct account_key *key, struct failure *why)
{
	char buffer[KEY_TEXT];
	struct slice value, text;

	if (profile->account.key_match == NULL)
		return 1;
	if (json_scan_get(scan, row, profile->account.key_match, &value, why) != 0)
		return -1;
	return json_scan_string(value, buffer, sizeof(buffer), &text) &&
	       slice_is(text, account_key_name(key));
}

/* Our row among those of the answer, or the answer. */
static int
find_row(const struct profile *profile, const struct json_scan *scan, const struct account_key *key,
    struct slice *row, struct failure *why)
{
	const char *pointer = profile->account.reads[ACCOUNT_KEY].list;
	struct json_rows rows;
	struct slice list, name;

	*row = scan->text;
	if (pointer == NULL) {
		int ours = is_ours(profile, scan, *row, key, why);

		/* -1 stays -1, and 1 (it is ours) becomes 0. */
		return ours == 0 ? failure_set(why, FAILURE_PROTOCOL, "the answer is about another key")
				 : ours - 1;
	}
	if (json_scan_get(scan, scan->text, pointer, &list, why) != 0)
		return -1;
	if (!json_rows_begin(scan, list, &rows) || rows.object != profile->account.reads[ACCOUNT_KEY].keyed)
		return failure_set(why, FAILURE_PROTOCOL, "the answer has no list of keys at '%s'", pointer);
	while (json_rows_next(&rows, &name, row)) {
		int ours = is_ours(profile, scan, *row, key, why);

		/* Both "this one" and a failure end the search. */
		if (ours != 0)
			return ours < 0 ? -1 : 0;
	}
	return failure_set(why, FAILURE_PROTOCOL, "our key is not in the list of keys");
}

/* Exchanges write "never" as 0 or as the beginning of Unix time. */
static bool
is_never(struct slice text)
{
	static const char epoch[] = "1970-01-01T00:00:00";
	struct decimal number;

	if (text.length >= sizeof(epoch) - 1 && memcmp(text.at, epoch, sizeof(epoch) - 1) == 0)
		return true;
	return decimal_parse(text, &number) && decimal_sign(number) == 0;
}

static int
read_expiry(const struct profile *profile, const struct json_scan *scan, struct slice row, double *expiry,
    struct failure *why)
{
	const char *pointer = profile->account.key_expiry;
	char buffer[VALUE_TEXT];
	struct slice value, text;
	json_t *string;
	bool read;

	*expiry = -1;
	if (pointer == NULL)
		return 0;
	if (json_scan_get(scan, row, pointer, &value, why) != 0)
		return -1;
	/* Not told: a key without an expiry, or an exchange that stopped telling it. */
	if (json_scan_kind(value) == SCAN_NOTHING || json_scan_kind(value) == SCAN_NULL)
		return 0;
	if (!json_scan_text(value, buffer, sizeof(buffer), &text) || text.length >= sizeof(buffer))
		return failure_set(why, FAILURE_PROTOCOL, "'%s' of the key is no time", pointer);
	if (text.length == 0)
		return 0;
	if (is_never(text)) {
		*expiry = INFINITY;
		return 0;
	}
	/* value_time() knows all units, and reads JSON values. */
	string = json_stringn(text.at, text.length);
	if (string == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	read = value_time(string, profile->account.key_expiry_unit, expiry);
	json_decref(string);
	return read ? 0
		    : failure_set(why, FAILURE_PROTOCOL, "'%s' of the key is no time: '%.*s'", pointer,
			  SLICE_ARGS(text));
}

/*
 * Of several rules for one permission all must hold: a single "no" decides, and "unknown" wins over "yes".
 * Bybit's keys may trade if they are not read-only and have the permission too.
 */
static int
read_permission(const struct json_scan *scan, struct slice row, const char *rule, int *permission, bool *seen,
    struct failure *why)
{
	int told = account_flag_read(scan, row, rule, why);

	if (told == -2)
		return -1;
	if (!*seen || told == 0 || (told < 0 && *permission != 0))
		*permission = told;
	*seen = true;
	return 0;
}

static int
read_permissions(const struct profile *profile, const struct json_scan *scan, struct slice row,
    int permissions[ACCOUNT_PERMISSIONS], struct failure *why)
{
	bool seen[ACCOUNT_PERMISSIONS] = { false };
	const struct profile_list *rules = &profile->account.key_permissions;

	for (size_t r = 0; r < rules->count; r++) {
		struct slice name = { rules->items[r], strcspn(rules->items[r], "=") };

		for (size_t i = 0; i < ACCOUNT_PERMISSIONS; i++)
			if (slice_is(name, account_permission_name((enum account_permission)i)) &&
			    read_permission(scan, row, rules->items[r] + name.length + 1, &permissions[i],
				&seen[i], why) != 0)
				return -1;
	}
	return 0;
}

static int
read_restricted(
    const struct profile *profile, const struct json_scan *scan, struct slice row, struct failure *why)
{
	if (profile->account.key_addresses != NULL)
		return account_flag_read_restricted(scan, row, profile->account.key_addresses, why);
	if (profile->account.key_ip_restricted != NULL)
		return account_flag_read(scan, row, profile->account.key_ip_restricted, why);
	return -1;
}

int
account_read_key(const struct profile *profile, const struct json_scan *scan, const struct account_key *key,
    struct account_key_health *health, struct failure *why)
{
	struct account_key_health told;
	struct slice row;

	account_key_health_init(&told);
	if (find_row(profile, scan, key, &row, why) != 0 ||
	    read_expiry(profile, scan, row, &told.expiry, why) != 0 ||
	    read_permissions(profile, scan, row, told.permission, why) != 0)
		return -1;
	told.ip_restricted = read_restricted(profile, scan, row, why);
	if (told.ip_restricted == -2)
		return -1;
	/* Another answer says that (account_read_lock). */
	told.trading_locked = health->trading_locked;
	*health = told;
	return 0;
}

int
account_read_lock(const struct profile *profile, const struct json_scan *scan,
    struct account_key_health *health, struct failure *why)
{
	int locked = account_flag_read(scan, scan->text, profile->account.lock_locked, why);

	if (locked == -2)
		return -1;
	/* Unlike the rest, the lock is all that this answer is for. */
	if (locked == -1)
		return failure_set(why, FAILURE_PROTOCOL, "the answer has no '%s' that is true or false",
		    profile->account.lock_locked);
	health->trading_locked = locked;
	return 0;
}
