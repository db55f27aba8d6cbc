/*
 * A walk through text that json_scan_open() has checked: what opens also
 * closes, before the end, so the loops here look for no end.  They must never
 * see another text.
 *
 * A row has a dozen members and an answer thousands of rows, so find_members()
 * looks for all wanted names in one pass.  The pass goes on to the end of the
 * object although all may be found: a name that is there twice must be an
 * error, because two readers could take different values ("free" 0 and "free"
 * 1).
 */

#include <string.h>

#include "json/scan.h"
#include "json/scan_characters.h"

enum { LONGEST_MEMBER = 128, MOST_POINTERS = 16 };

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
past_value(const struct json_scan *scan, const char *at)
{
	if (*at == '"')
		return past_string(at);
	if (*at == '[' || *at == '{') {
		/* A large value's end is known. */
		for (size_t i = 0; i < scan->span_count; i++)
			if (scan->spans[i].at == at)
				return at + scan->spans[i].length;
		return past_levels(at);
	}
	while (strchr(",]} \t\r\n", *at) == NULL)
		at++;
	return at;
}

bool
json_rows_begin(const struct json_scan *scan, struct slice list, struct json_rows *rows)
{
	enum scan_kind kind = json_scan_kind(list);

	if (list.at == NULL || (kind != SCAN_LIST && kind != SCAN_OBJECT))
		return false;
	*rows = (struct json_rows){ scan, list.at + 1, kind == SCAN_OBJECT };
	return true;
}

bool
json_rows_next(struct json_rows *rows, struct slice *key, struct slice *value)
{
	const char *end = rows->scan->text.at + rows->scan->text.length;
	const char *at = past_space(rows->at, end), *behind;

	if (*at == ',')
		at = past_space(at + 1, end);
	*key = (struct slice){ NULL, 0 };
	if (*at == ']' || *at == '}')
		return false;
	if (rows->object) {
		behind = past_string(at);
		*key = (struct slice){ at + 1, (size_t)(behind - at) - 2 };
		at = past_space(past_space(behind, end) + 1, end);
	}
	rows->at = past_value(rows->scan, at);
	*value = (struct slice){ at, (size_t)(rows->at - at) };
	return true;
}

/* The first member of a pointer.  What can be known of it is found out once, not for each key. */
struct segment {
	struct slice name;
	const char *rest; /* of the pointer, behind it */
	bool any;         /* "*" */
	bool escaped;     /* has "~0" or "~1" */
	size_t index;     /* of a list; SIZE_MAX: none */
};

static size_t
index_of(struct slice name)
{
	size_t index = 0;

	if (name.length == 0 || name.length > 6 || (*name.at == '0' && name.length > 1))
		return (size_t)-1;
	for (size_t i = 0; i < name.length; i++) {
		if (!is_digit(name.at[i]))
			return (size_t)-1;
		index = index * 10 + (size_t)(name.at[i] - '0');
	}
	return index;
}

static struct segment
first_segment(const char *pointer)
{
	struct slice name = { pointer + 1, strcspn(pointer + 1, "/") };

	return (struct segment){ .name = name,
		.rest = name.at + name.length,
		.any = slice_is(name, "*"),
		.escaped = memchr(name.at, '~', name.length) != NULL,
		.index = index_of(name) };
}

static bool
names_escaped(const struct segment *segment, struct slice key)
{
	const char *at = segment->name.at, *end = at + segment->name.length;

	for (size_t i = 0; i < key.length; i++) {
		char c = at < end ? *at++ : '\0';

		if (c == '~')
			c = *at++ == '1' ? '/' : '~';
		if (c != key.at[i])
			return false;
	}
	return at == end;
}

static bool
names(const struct segment *segment, struct slice key, size_t index, bool object)
{
	/* "*": the first one, so it is found once. */
	if (segment->any)
		return index == 0;
	if (!object)
		return segment->index == index;
	return segment->escaped ? names_escaped(segment, key) : slice_equal(segment->name, key);
}

/* The members that the segments name, in one pass. */
static int
find_members(const struct json_scan *scan, struct slice value, const struct segment segments[], size_t count,
    struct slice found[], struct failure *why)
{
	char buffer[LONGEST_MEMBER];
	struct slice key, name, member;
	struct json_rows rows;

	if (!json_rows_begin(scan, value, &rows))
		return 0;
	for (size_t index = 0; json_rows_next(&rows, &key, &member); index++) {
		/* A key that is too long for the buffer cannot be one that a pointer names. */
		if (!json_scan_key(key, buffer, sizeof(buffer), &name))
			name = (struct slice){ NULL, 0 };
		for (size_t i = 0; i < count; i++) {
			/* Such a key has no name to compare, but may be the first one. */
			if (rows.object && name.at == NULL && !segments[i].any)
				continue;
			if (!names(&segments[i], name, index, rows.object))
				continue;
			if (found[i].at != NULL)
				return failure_set(why, FAILURE_PROTOCOL,
				    "the answer has the key '%.*s' twice in one object", SLICE_ARGS(name));
			found[i] = member;
		}
	}
	return 0;
}

int
json_scan_get(const struct json_scan *scan, struct slice value, const char *pointer, struct slice *found,
    struct failure *why)
{
	while (*pointer == '/') {
		struct segment segment = first_segment(pointer);
		struct slice member = { NULL, 0 };

		if (find_members(scan, value, &segment, 1, &member, why) != 0)
			return -1;
		value = member;
		pointer = segment.rest;
	}
	*found = value;
	return 0;
}

int
json_scan_members(const struct json_scan *scan, struct slice value, const char *const pointers[],
    size_t count, struct slice found[], struct failure *why)
{
	struct segment segments[MOST_POINTERS] = { 0 };

	if (count > MOST_POINTERS)
		return failure_set(why, FAILURE_LOCAL, "more than 16 members of one row are asked for");
	for (size_t i = 0; i < count; i++) {
		found[i] = (struct slice){ NULL, 0 };
		/* The pointer "" names the whole value, which the last loop sets. */
		segments[i] = first_segment(*pointers[i] == '/' ? pointers[i] : "/");
	}
	if (find_members(scan, value, segments, count, found, why) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (*pointers[i] != '/')
			found[i] = value;
		else if (*segments[i].rest == '/' &&
			 json_scan_get(scan, found[i], segments[i].rest, &found[i], why) != 0)
			return -1;
	}
	return 0;
}
