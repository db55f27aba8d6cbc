/*
 * Reads one page of an account's answer, where it lies: it may have 16 MiB and tens of thousands of rows,
 * and a tree of it would take many times as much memory.
 *
 * The rule of this file: "could not be read" and "there is nothing" must never look alike.  Other clients
 * have taken an answer without its list for an empty account (ccxt#29710): "flat", while positions were
 * open.  So the list must be there in the form that the profile says, each row must be readable, and a list
 * that may go on without saying how is a failure.  A page that fails leaves the lists as they were before
 * it.
 */

#include <stdlib.h>
#include <string.h>

#include "exchange/account/rows.h"

enum { ANSWER_TEXT = 64, CURSOR_TEXT = 4096, MOST_ROWS = 100000 };

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

/* 1: the answer is a success; 0: it is an error; -1 with `why`: the member that tells it is missing. */
static int
is_ok(const struct profile *profile, const struct json_scan *scan, struct failure *why)
{
	char buffer[ANSWER_TEXT];
	struct slice value, text;
	enum scan_kind kind;

	if (profile->ok_kind == OK_ALWAYS)
		return 1;
	if (json_scan_get(scan, scan->text, profile->ok_pointer, &value, why) != 0)
		return -1;
	kind = json_scan_kind(value);
	if (profile->ok_kind == OK_ABSENT)
		return kind == SCAN_NOTHING || kind == SCAN_NULL;
	/* Empty, if there is no first row. */
	if (profile->ok_kind == OK_EMPTY && kind == SCAN_LIST) {
		struct json_rows rows;
		struct slice key, item;

		return !json_rows_begin(scan, value, &rows) || !json_rows_next(&rows, &key, &item);
	}
	if (profile->ok_kind == OK_EQUALS && json_scan_text(value, buffer, sizeof(buffer), &text))
		return slice_is(text, profile->ok_value);
	return failure_set(why, FAILURE_PROTOCOL, "the answer has no '%s'", profile->ok_pointer);
}

static int
add_row(const struct account_row *row, enum account_endpoint endpoint, struct account_lists *lists,
    struct failure *why)
{
	switch (endpoint) {
	case ACCOUNT_BALANCES: return account_row_balance(row, lists, why);
	case ACCOUNT_POSITIONS: return account_row_position(row, lists, why);
	default: return account_row_instrument(row, lists, why);
	}
}

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
check_keys(struct json_rows rows, size_t count, struct failure *why)
{
	struct slice *keys = calloc(count + 1, sizeof(*keys)), body;
	int result = 0;

	if (keys == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	for (size_t i = 0; i < count && json_rows_next(&rows, &keys[i], &body); i++)
		if (memchr(keys[i].at, '\\', keys[i].length) != NULL)
			result = failure_set(why, FAILURE_PROTOCOL, "a row's key has escapes in it");
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < count && result == 0; i++)
		if (slice_equal(keys[i - 1], keys[i]))
			result = failure_set(why, FAILURE_PROTOCOL,
			    "the answer has the key '%.*s' twice in one object",
			    (int)(keys[i].length < 40 ? keys[i].length : 40), keys[i].at);
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

/*
 * Whether all contracts of the answer are inverse.  If the answer does not decide it, nobody knows whether
 * a quantity is in base or in quote currency: -1 with `why`.
 */
static int
read_inverse(const struct profile *profile, const struct json_scan *scan, bool *inverse, struct failure *why)
{
	const char *rule = profile->account.position_inverse_if;
	int told = rule != NULL ? account_flag_read(scan, scan->text, rule, why) : 0;

	*inverse = told == 1;
	if (told == -1)
		return failure_set(why, FAILURE_PROTOCOL,
		    "the answer has no '%s' that decides what its contracts are", rule);
	return told < 0 ? -1 : 0;
}

static int
read_rows(const struct profile *profile, enum account_endpoint endpoint, const struct json_scan *scan,
    struct account_lists *lists, struct failure *why)
{
	const struct profile_read *read = &profile->account.reads[endpoint];
	struct account_row row = { .profile = profile, .scan = scan };
	struct json_rows rows, first;
	struct slice list;
	size_t limit = read->cursor == NULL ? least_limit(read) : 0;

	if (json_scan_get(scan, scan->text, read->list, &list, why) != 0 ||
	    (endpoint == ACCOUNT_POSITIONS && read_inverse(profile, scan, &row.inverse, why) != 0))
		return -1;
	/* An object where a list is due may be anything, but not an account without positions. */
	if (!json_rows_begin(scan, list, &rows) || rows.object != read->keyed)
		return failure_set(why, FAILURE_PROTOCOL, "the answer has no %s of %s at '%s'",
		    read->keyed ? "object" : "list", account_endpoint_name(endpoint), read->list);
	/* `first` stays at the first row for check_keys(). */
	for (first = rows; json_rows_next(&rows, &row.key, &row.body); row.index++) {
		if (row.index == MOST_ROWS)
			return failure_set(why, FAILURE_PROTOCOL, "the answer has more than 100000 rows");
		if (add_row(&row, endpoint, lists, why) != 0)
			return -1;
	}
	/* Without a cursor a full page is the only hint that the list was cut. */
	if (limit != 0 && row.index >= limit)
		return failure_set(why, FAILURE_PROTOCOL,
		    "the answer has %zu rows, as many as were asked for: there may be more", row.index);
	return rows.object ? check_keys(first, row.index, why) : 0;
}

static int
hexadecimal(char c)
{
	const char *digits = "0123456789abcdef", *found = strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);

	return c == '\0' || found == NULL ? -1 : (int)(found - digits);
}

/* Bybit writes cursors as they stand in a URL; they are encoded again when they are sent. */
static void
decode(char *cursor)
{
	char *out = cursor;

	for (const char *at = cursor; *at != '\0'; at++) {
		int high = *at == '%' ? hexadecimal(at[1]) : -1, low = high >= 0 ? hexadecimal(at[2]) : -1;
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

static int
read_cursor(const struct profile_read *read, const struct json_scan *scan, char **cursor, struct failure *why)
{
	char buffer[CURSOR_TEXT];
	struct slice value, text;

	if (read->cursor == NULL)
		return 0;
	if (json_scan_get(scan, scan->text, read->cursor, &value, why) != 0)
		return -1;
	if (json_scan_kind(value) == SCAN_NULL)
		return 0;
	/* No cursor at all is not the same as an empty one: nobody knows whether this is the last page. */
	if (!json_scan_text(value, buffer, sizeof(buffer), &text) || text.length >= sizeof(buffer))
		return failure_set(
		    why, FAILURE_PROTOCOL, "the answer has no '%s' to go on with", read->cursor);
	if (text.length == 0)
		return 0;
	*cursor = strndup(text.at, text.length);
	if (*cursor == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	decode(*cursor);
	return 0;
}

static int
read_document(const struct profile *profile, enum account_endpoint endpoint, const struct account_key *key,
    const struct json_scan *scan, struct account_lists *lists, struct account_key_health *health,
    char **cursor, struct failure *why)
{
	struct account_lists before = *lists;

	if (endpoint == ACCOUNT_KEY)
		return account_read_key(profile, scan, key, health, why);
	if (endpoint == ACCOUNT_LOCK)
		return account_read_lock(profile, scan, health, why);
	if (read_rows(profile, endpoint, scan, lists, why) == 0 &&
	    read_cursor(&profile->account.reads[endpoint], scan, cursor, why) == 0)
		return 0;
	/* Only the counts go back: the arrays may have moved when they grew. */
	lists->balance_count = before.balance_count;
	lists->position_count = before.position_count;
	lists->instrument_count = before.instrument_count;
	return -1;
}

int
account_read_page(const struct profile *profile, enum account_endpoint endpoint,
    const struct account_key *key, const struct http_response *response, struct account_lists *lists,
    struct account_key_health *health, char **cursor, struct failure *why)
{
	struct json_scan scan;
	int ok;

	*cursor = NULL;
	if (response->failure.kind != FAILURE_NONE) {
		*why = response->failure;
		return -1;
	}
	/* A part (206) of a list would be a shorter list. */
	if (response->status != 200)
		return account_fail_refused(profile, response, why);
	if (json_scan_open(&scan, response->body, why) != 0)
		return -1;
	ok = is_ok(profile, &scan, why);
	if (ok < 0)
		return -1;
	/* An error with status 200. */
	if (ok == 0)
		return account_fail_refused(profile, response, why);
	return read_document(profile, endpoint, key, &scan, lists, health, cursor, why);
}
