/*
 * A walk through text that json_scan_open() has checked: what opens also
 * closes, before the end, so the loops here look for no end.  They must never
 * see another text.
 *
 * A search goes on to the end of the object although the member is found: only
 * then it is known that its name does not stand twice ("free" 0 and "free" 1).
 */

#include <string.h>

#include "json/scan.h"

enum { LONGEST_MEMBER = 128 };

/* Behind the string that begins at `at`. */
static const char *
past_string(const char *at)
{
	for (at++;; at += 2) {
		while (*at != '"' && *at != '\\')
			at++;
		if (*at == '"')
			return at + 1;
	}
}

/* In ASCII, all that opens or closes is at '[' or past it; digits, commas and blanks are before it. */
static const char *
past_levels(const char *at)
{
	size_t depth = 0;

	for (;;) {
		char c = *at;

		if (c == '"') {
			at = past_string(at);
			continue;
		}
		at++;
		if (c < '[')
			continue;
		depth += c == '[' || c == '{';
		if ((c == ']' || c == '}') && --depth == 0)
			return at;
	}
}

static const char *
past_space(const char *at)
{
	while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')
		at++;
	return at;
}

static const char *
past_value(const char *at)
{
	if (*at == '"')
		return past_string(at);
	if (*at == '[' || *at == '{')
		return past_levels(at);
	while (strchr(",]} \t\r\n", *at) == NULL)
		at++;
	return at;
}

bool
json_rows_begin(struct slice list, struct json_rows *rows)
{
	enum scan_kind kind = json_scan_kind(list);

	if (list.at == NULL || (kind != SCAN_LIST && kind != SCAN_OBJECT))
		return false;
	*rows = (struct json_rows){ list.at + 1, kind == SCAN_OBJECT };
	return true;
}

bool
json_rows_next(struct json_rows *rows, struct slice *key, struct slice *value)
{
	const char *at = past_space(rows->at), *behind;

	if (*at == ',')
		at = past_space(at + 1);
	*key = (struct slice){ NULL, 0 };
	if (*at == ']' || *at == '}')
		return false;
	if (rows->object) {
		behind = past_string(at);
		*key = (struct slice){ at + 1, (size_t)(behind - at) - 2 };
		at = past_space(past_space(behind) + 1);
	}
	rows->at = past_value(at);
	*value = (struct slice){ at, (size_t)(rows->at - at) };
	return true;
}

/* RFC 6901 has no leading zeros; and few digits cannot overflow. */
static size_t
index_of(struct slice name)
{
	size_t index = 0;

	if (name.length == 0 || name.length > 6 || (*name.at == '0' && name.length > 1))
		return (size_t)-1;
	for (size_t i = 0; i < name.length; i++) {
		if (name.at[i] < '0' || name.at[i] > '9')
			return (size_t)-1;
		index = index * 10 + (size_t)(name.at[i] - '0');
	}
	return index;
}

/* Whether the key is the name, in which "~1" stands for '/' and "~0" for '~'. */
static bool
names_key(struct slice name, struct slice key)
{
	const char *at = name.at, *end = at + name.length;

	if (memchr(name.at, '~', name.length) == NULL)
		return slice_equal(name, key);
	for (size_t i = 0; i < key.length; i++) {
		char c = at < end ? *at++ : '\0';

		if (c == '~')
			c = *at++ == '1' ? '/' : '~';
		if (c != key.at[i])
			return false;
	}
	return at == end;
}

/* The member of that name, or nothing. */
static struct slice
find_member(struct json_scan *scan, struct slice value, struct slice name)
{
	struct slice key, text, member, found = { NULL, 0 };
	char buffer[LONGEST_MEMBER];
	size_t wanted = index_of(name);
	bool any = slice_is(name, "*");
	struct json_rows rows;

	if (!json_rows_begin(value, &rows))
		return found;
	for (size_t index = 0; json_rows_next(&rows, &key, &member); index++) {
		/* "*" is the first one, so it is found once. */
		if (any ? index != 0
		    : rows.object
			? !json_scan_key(key, buffer, sizeof(buffer), &text) || !names_key(name, text)
			: index != wanted)
			continue;
		if (found.at != NULL)
			scan->twice = key;
		found = member;
	}
	return scan->twice.at == NULL ? found : (struct slice){ NULL, 0 };
}

int
json_scan_check(const struct json_scan *scan, struct failure *why)
{
	if (scan->twice.at == NULL)
		return 0;
	return failure_set(why, FAILURE_PROTOCOL, "the answer has the key '%.*s' twice in one object",
	    SLICE_ARGS(scan->twice));
}

bool
json_pointer_valid(const char *pointer)
{
	if (*pointer != '\0' && *pointer != '/')
		return false;
	while (*pointer == '/') {
		size_t length = strcspn(pointer + 1, "/");

		if (length >= LONGEST_MEMBER)
			return false;
		for (const char *c = pointer + 1; c < pointer + 1 + length; c++)
			if (*c == '~' && c[1] != '0' && c[1] != '1')
				return false;
		pointer += 1 + length;
	}
	return true;
}

struct slice
json_scan_get(struct json_scan *scan, struct slice value, const char *pointer)
{
	if (pointer == NULL)
		return (struct slice){ NULL, 0 };
	while (*pointer == '/') {
		struct slice name = { pointer + 1, strcspn(pointer + 1, "/") };

		value = find_member(scan, value, name);
		pointer = name.at + name.length;
	}
	return value;
}
