/*
 * Reads one page of an account's answer, where it lies: it may have 16 MiB and tens of thousands of rows,
 * and a tree of it would take many times as much memory.
 *
 * The rule of this file: "could not be read" and "there is nothing" must never look alike.  Other clients
 * have taken an answer without its list for an empty account (ccxt#29710): "flat", while positions were
 * open.  So the list must be there in the form that the profile says, each row must be readable, and a list
 * that may go on without saying how is a failure.  A page that fails leaves the lists as they were before
 * it.
 *
 * It is the same with the key: "unknown" is kept apart from "no" and "never" everywhere, because preflight
 * decides by these values.  A key that expires takes the bot out of the market with positions open.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/account/rows.h"

enum { CURSOR_TEXT = 4096, KEY_TEXT = 512, MOST_ROWS = 100000 };

const char *
account_side_name(enum account_side side)
{
	return side == SIDE_LONG ? "long" : "short";
}

void
account_lists_clear_positions(struct account_lists *lists)
{
	free(lists->positions);
	free(lists->instruments);
	lists->positions = NULL;
	lists->instruments = NULL;
	lists->position_count = lists->position_room = 0;
	lists->instrument_count = lists->instrument_room = 0;
}

void
account_lists_release(struct account_lists *lists)
{
	account_lists_clear_positions(lists);
	free(lists->balances);
	*lists = (struct account_lists){ 0 };
}

void
account_key_health_init(struct account_key_health *health)
{
	*health = (struct account_key_health){ .expiry = -1, .ip_restricted = -1, .trading_locked = -1 };
	for (size_t i = 0; i < ACCOUNT_PERMISSIONS; i++)
		health->permission[i] = -1;
}

/* Rows --------------------------------------------------------------- */

/* As bytes: an order is needed only to find equal keys side by side. */
static int
compare_keys(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;
	size_t shorter = x->length < y->length ? x->length : y->length;
	int order = shorter > 0 ? memcmp(x->at, y->at, shorter) : 0;

	return order != 0 ? order : (x->length > y->length) - (x->length < y->length);
}

/*
 * Rows that are members of an object: a key that is there twice would count twice.  Escapes are refused,
 * because with them one key can be written in two ways.
 */
static int
check_keys(struct json_rows rows, size_t count, const struct account_key *ours, struct failure *why)
{
	struct slice *keys = calloc(count + 1, sizeof(*keys)), body;
	char shown[ACCOUNT_SHOWN];
	int result = 0;

	if (keys == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	for (size_t i = 0; i < count && json_rows_next(&rows, &keys[i], &body); i++)
		if (memchr(keys[i].at, '\\', keys[i].length) != NULL)
			result = failure_set(why, FAILURE_PROTOCOL, "a row's key has escapes in it");
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < count && result == 0; i++)
		if (slice_equal(keys[i - 1], keys[i])) {
			account_shown(ours, keys[i], shown);
			result = failure_set(
			    why, FAILURE_PROTOCOL, "the answer has the key '%s' twice in one object", shown);
		}
	free(keys);
	return result;
}

/* How many rows were asked for; 0: not said. */
static size_t
asked_limit(const char *path)
{
	const char *found = strstr(path, "limit=");

	/* A path begins with '/', so there is a character before; "sublimit=" is not meant. */
	if (found == NULL || (found[-1] != '?' && found[-1] != '&'))
		return 0;
	return (size_t)strtoul(found + strlen("limit="), NULL, 10);
}

/* The smallest limit of all paths, because the answer does not tell which path it belongs to. */
static size_t
least_limit(const struct profile_read *read)
{
	size_t least = asked_limit(read->path);

	for (size_t i = 0; i < read->also.count; i++) {
		size_t limit = asked_limit(read->also.items[i]);

		if (limit != 0 && (least == 0 || limit < least))
			least = limit;
	}
	return least;
}

static int
read_rows(const struct profile *profile, enum account_endpoint endpoint, const struct account_key *key,
    struct json_scan *scan, struct account_lists *lists, struct failure *why)
{
	const struct profile_read *read = &profile->account.reads[endpoint];
	const char *rule = endpoint == ACCOUNT_POSITIONS ? profile->account.position_inverse_if : NULL;
	int inverse = rule != NULL ? answer_flag(scan, scan->text, rule) : 0;
	struct account_row row = { .profile = profile, .scan = scan, .ours = key, .inverse = inverse == 1 };
	struct json_rows rows, first;
	size_t limit = read->cursor == NULL ? least_limit(read) : 0;

	/* A quantity could be in base or in quote currency. */
	if (inverse < 0)
		return failure_set(why, FAILURE_PROTOCOL,
		    "the answer has no '%s' that decides what its contracts are", rule);
	/* An object where a list is due may be anything, but not an account without positions. */
	if (!json_rows_begin(json_scan_get(scan, scan->text, read->list), &rows) ||
	    rows.object != read->keyed)
		return failure_set(why, FAILURE_PROTOCOL, "the answer has no %s of %s at '%s'",
		    read->keyed ? "object" : "list", account_endpoint_name(endpoint), read->list);
	/* `first` stays at the first row for check_keys(). */
	for (first = rows; json_rows_next(&rows, &row.key, &row.body); row.index++) {
		if (row.index == MOST_ROWS)
			return failure_set(why, FAILURE_PROTOCOL, "the answer has more than 100000 rows");
		if ((endpoint == ACCOUNT_BALANCES       ? account_row_balance(&row, lists, why)
			: endpoint == ACCOUNT_POSITIONS ? account_row_position(&row, lists, why)
							: account_row_instrument(&row, lists, why)) != 0)
			return -1;
	}
	/* Without a cursor a full page is the only hint that the list was cut. */
	if (limit != 0 && row.index >= limit)
		return failure_set(why, FAILURE_PROTOCOL,
		    "the answer has %zu rows, as many as were asked for: there may be more", row.index);
	return rows.object ? check_keys(first, row.index, key, why) : 0;
}

static int
hex_value(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *found = c != '\0' ? strchr(digits, c) : NULL;

	return found != NULL ? (int)(found - digits) % 16 : -1;
}

/* Bybit writes cursors as they stand in a URL; they are encoded again when they are sent. */
static void
decode(char *cursor)
{
	char *out = cursor;

	for (const char *at = cursor; *at != '\0'; at++) {
		int high = *at == '%' ? hex_value(at[1]) : -1, low = high >= 0 ? hex_value(at[2]) : -1;
		int byte = high * 16 + low;

		/* Other bytes stay escaped: a control character in a cursor would be refused. */
		if (low >= 0 && byte >= ' ' && byte < 0x7f) {
			*out++ = (char)byte;
			at += 2;
		} else {
			*out++ = *at;
		}
	}
	*out = '\0';
}

/* Whether the page has fewer rows than were asked for. */
static bool
is_short(const struct profile_read *read, struct json_scan *scan)
{
	size_t left = least_limit(read);
	struct slice key, row;
	struct json_rows rows;

	if (!json_rows_begin(json_scan_get(scan, scan->text, read->list), &rows))
		return false;
	while (left > 0 && json_rows_next(&rows, &key, &row))
		left--;
	return left > 0;
}

static int
read_cursor(const struct profile_read *read, struct json_scan *scan, char **cursor, struct failure *why)
{
	int more = read->more != NULL ? answer_flag(scan, scan->text, read->more) : -1;
	char buffer[CURSOR_TEXT];
	struct slice value, text;

	/* Coinbase may repeat a cursor on the last page. */
	if (read->cursor == NULL || more == 0)
		return 0;
	value = json_scan_get(scan, scan->text, read->cursor);
	if (json_scan_kind(value) == SCAN_NULL && more < 0)
		return 0;
	/* An answer that says nothing at all of pages is a whole list if it is a short one. */
	if (read->more != NULL && more < 0 && json_scan_kind(value) == SCAN_NOTHING && is_short(read, scan))
		return 0;
	/* No cursor at all is not the same as an empty one: nobody knows whether this is the last page. */
	if (!json_scan_text(value, buffer, sizeof(buffer), &text) || text.length >= sizeof(buffer))
		return failure_set(
		    why, FAILURE_PROTOCOL, "the answer has no '%s' to go on with", read->cursor);
	if (text.length == 0 && more < 0)
		return 0;
	if (text.length == 0)
		return failure_set(why, FAILURE_PROTOCOL,
		    "the answer says that there is more, but its '%s' is empty", read->cursor);
	*cursor = strndup(text.at, text.length);
	if (*cursor == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	decode(*cursor);
	return 0;
}

/* Key ---------------------------------------------------------------- */

static bool
is_ours(
    const struct profile *profile, struct json_scan *scan, struct slice row, const struct account_key *key)
{
	char buffer[KEY_TEXT];
	struct slice text;

	return profile->account.key_match.count == 0 ||
	       (json_scan_string(
		    answer_first(scan, row, &profile->account.key_match), buffer, sizeof(buffer), &text) &&
		   slice_is(text, account_key_name(key)));
}

/* Sets `row` to our key among the rows, or among those of the list within a row. */
static bool
find_among(const struct profile *profile, struct json_scan *scan, const struct account_key *key,
    struct json_rows rows, struct slice *row)
{
	const char *pointer = profile->account.key_inner;
	struct slice name;

	while (json_rows_next(&rows, &name, row)) {
		struct json_rows inner;
		bool nested = pointer != NULL && json_rows_begin(json_scan_get(scan, *row, pointer), &inner);

		if (nested ? find_among(profile, scan, key, inner, row) : is_ours(profile, scan, *row, key))
			return true;
	}
	return false;
}

/* Our row among those of the answer, or the answer: the health of another key would look right. */
static int
find_row(const struct profile *profile, struct json_scan *scan, const struct account_key *key,
    struct slice *row, struct failure *why)
{
	const struct profile_read *read = &profile->account.reads[ACCOUNT_KEY];
	struct json_rows rows;

	*row = scan->text;
	if (read->list == NULL)
		return is_ours(profile, scan, *row, key)
			   ? 0
			   : failure_set(why, FAILURE_PROTOCOL, "the answer is about another key");
	if (!json_rows_begin(json_scan_get(scan, scan->text, read->list), &rows) || rows.object)
		return failure_set(
		    why, FAILURE_PROTOCOL, "the answer has no list of keys at '%s'", read->list);
	return find_among(profile, scan, key, rows, row)
		   ? 0
		   : failure_set(why, FAILURE_PROTOCOL, "our key is not in the list of keys");
}

/* Exchanges write "never" as 0 or as the beginning of Unix time. */
static int
read_expiry(const struct profile *profile, struct json_scan *scan, struct slice row, double *expiry,
    struct failure *why)
{
	static const char epoch[] = "1970-01-01T00:00:00";
	const struct profile_list *pointers = &profile->account.key_expiry;
	char text[ANSWER_TEXT] = "";
	struct decimal number;
	struct slice value;

	if (pointers->count == 0)
		return 0;
	value = answer_first(scan, row, pointers);
	/* A key without an expiry, or an exchange that stopped telling it. */
	if (json_scan_kind(value) == SCAN_NOTHING || json_scan_kind(value) == SCAN_NULL ||
	    (answer_text(value, text) && *text == '\0'))
		return 0;
	if (strncmp(text, epoch, sizeof(epoch) - 1) == 0 ||
	    (decimal_parse(SLICE(text), &number) && decimal_sign(number) == 0))
		*expiry = INFINITY;
	else if (!answer_time(value, profile->account.key_expiry_unit, expiry))
		return failure_set(
		    why, FAILURE_PROTOCOL, "'%s' of the key is not a time: '%s'", pointers->items[0], text);
	return 0;
}

/*
 * Of several rules for one permission all must hold: a single "no" decides, and "unknown" wins over "yes".
 * Bybit's keys may trade if they are not read-only and have the permission too.
 */
static void
read_permissions(const struct profile *profile, struct json_scan *scan, struct slice row,
    int permissions[ACCOUNT_PERMISSIONS])
{
	bool seen[ACCOUNT_PERMISSIONS] = { false };
	const struct profile_list *rules = &profile->account.key_permissions;

	for (size_t r = 0; r < rules->count; r++) {
		struct slice name = { rules->items[r], strcspn(rules->items[r], "=") };
		int told = answer_flag(scan, row, rules->items[r] + name.length + 1);

		for (size_t i = 0; i < ACCOUNT_PERMISSIONS; i++) {
			if (!slice_is(name, account_permission_name((enum account_permission)i)))
				continue;
			if (!seen[i] || told == 0 || (told < 0 && permissions[i] != 0))
				permissions[i] = told;
			seen[i] = true;
		}
	}
}

static int
read_key(const struct profile *profile, struct json_scan *scan, const struct account_key *key,
    struct account_key_health *health, struct failure *why)
{
	const struct profile_account *account = &profile->account;
	/* The lock is in another answer. */
	int locked = health->trading_locked;
	struct slice row;

	account_key_health_init(health);
	health->trading_locked = locked;
	if (find_row(profile, scan, key, &row, why) != 0 ||
	    read_expiry(profile, scan, row, &health->expiry, why) != 0)
		return -1;
	read_permissions(profile, scan, row, health->permission);
	if (account->key_addresses.count > 0)
		health->ip_restricted = answer_restricted(answer_first(scan, row, &account->key_addresses));
	else if (account->key_ip_restricted != NULL)
		health->ip_restricted = answer_flag(scan, row, account->key_ip_restricted);
	return 0;
}

/* Unlike the rest, the lock is all that this answer is for. */
static int
read_lock(const struct profile *profile, struct json_scan *scan, struct account_key_health *health,
    struct failure *why)
{
	health->trading_locked = answer_flag(scan, scan->text, profile->account.lock_locked);
	return health->trading_locked >= 0
		   ? 0
		   : failure_set(why, FAILURE_PROTOCOL, "the answer has no '%s' that is true or false",
			 profile->account.lock_locked);
}

/* Errors ------------------------------------------------------------- */

/*
 * What to do about it, NULL: nothing that we know of.  "Invalid key, IP, or permissions" is one code at
 * Binance; other exchanges tell these apart.
 */
static const char *
advice(const struct profile *profile, const struct complaint *complaint, enum failure_kind kind)
{
	/* Kraken answers "invalid nonce" both to a clock that is behind and to a key that two programs share.
	 */
	if (answer_is_of_class(&profile->clock, complaint))
		return profile->auth.prehash != NULL && strstr(profile->auth.prehash, "nonce") != NULL
			   ? "give this program a key that nothing else uses, and check the clock of this "
			     "machine"
			   : "check the clock of this machine";
	if (answer_is_of_class(&profile->auth_ip, complaint))
		return "allow the key this machine's IP address";
	if (answer_is_of_class(&profile->auth_permission, complaint))
		return "allow the key to read this";
	if (answer_is_of_class(&profile->auth_expired, complaint))
		return "the key has expired: make a new one";
	if (answer_is_of_class(&profile->auth_signature, complaint))
		return "the signature is wrong: check the secret and how it is encoded";
	return kind == FAILURE_AUTH ? "check the key and its secret, what the key may do, and from which "
				      "addresses"
				    : NULL;
}

/*
 * 0 if the error says that the account does not exist (Gate's futures, before the first transfer into it):
 * then nothing is in it.
 */
static int
read_refused(const struct profile *profile, enum account_endpoint endpoint, const struct account_key *key,
    const struct http_response *response, struct failure *why)
{
	char *values[ACCOUNT_SENT];
	struct secrets sent = account_key_sent(key, values);
	struct complaint complaint;
	struct signals signals;
	struct failure reason;
	const char *what;

	answer_complaint(profile, response->body, &sent, &complaint);
	if (answer_is_of_class(&profile->account.reads[endpoint].absent, &complaint))
		return 0;
	/* For the words "banned" and "asked too much" only; account.c reads the times. */
	answer_signals(profile, response, &complaint, 0, &signals);
	(void)answer_fail(profile, response, &complaint, &signals, &reason);
	/* A wrong clock is no fault of the key, also where the answer is a 401. */
	if (answer_is_of_class(&profile->clock, &complaint))
		reason.kind = FAILURE_REJECTED;
	what = advice(profile, &complaint, reason.kind);
	return failure_set(
	    why, reason.kind, "%s%s%s", reason.text, what != NULL ? "; " : "", what != NULL ? what : "");
}

/* Page --------------------------------------------------------------- */

static int
read_document(const struct profile *profile, enum account_endpoint endpoint, const struct account_key *key,
    struct json_scan *scan, struct account_lists *lists, struct account_key_health *health, char **cursor,
    struct failure *why)
{
	int result;

	if (endpoint == ACCOUNT_KEY)
		result = read_key(profile, scan, key, health, why);
	else if (endpoint == ACCOUNT_LOCK)
		result = read_lock(profile, scan, health, why);
	else if ((result = read_rows(profile, endpoint, key, scan, lists, why)) == 0)
		result = read_cursor(&profile->account.reads[endpoint], scan, cursor, why);
	/* It is asked last, because it is the true reason of other failures. */
	return json_scan_check(scan, why) != 0 ? -1 : result;
}

int
account_read_page(const struct profile *profile, enum account_endpoint endpoint,
    const struct account_key *key, const struct http_response *response, struct account_lists *lists,
    struct account_key_health *health, char **cursor, struct failure *why)
{
	const struct account_lists before = *lists;
	const struct account_key_health known = *health;
	struct json_scan scan;
	int ok;

	*cursor = NULL;
	if (response->failure.kind != FAILURE_NONE) {
		*why = response->failure;
		return -1;
	}
	/* A part (206) of a list would be a shorter list. */
	if (response->status != 200)
		return read_refused(profile, endpoint, key, response, why);
	if (json_scan_open(&scan, response->body, why) != 0 || (ok = answer_is_ok(profile, &scan, why)) < 0)
		return -1;
	/* An error with status 200. */
	if (ok == 0)
		return read_refused(profile, endpoint, key, response, why);
	if (read_document(profile, endpoint, key, &scan, lists, health, cursor, why) == 0)
		return 0;
	free(*cursor);
	*cursor = NULL;
	*health = known;
	/* Only the counts go back: the arrays may have moved when they grew. */
	lists->balance_count = before.balance_count;
	lists->position_count = before.position_count;
	lists->instrument_count = before.instrument_count;
	return -1;
}
