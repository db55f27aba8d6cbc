/*
 * A walk through text that json_scan_open() has checked: what opens also
 * closes, before the end, so the loops here look for no end.  They must never
 * see another text.
 *
 * A row has a dozen members and an answer thousands of rows, so find_members()
 * looks for all wanted names in one pass.  The pass goes on to the end of the
 * object although all may be found: only then it is known that no name stands
 * twice ("free" 0 and "free" 1).
 */

#include <assert.h>
#include <string.h>

#include "json/scan.h"
#include "json/scan_characters.h"

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
	struct slice name; /* at == NULL: the row has no name */
	const char *rest;  /* of the pointer, behind it */
	bool any;          /* "*" */
	size_t index;      /* of a list; SIZE_MAX: none */
};

/* RFC 6901 has no leading zeros; and few digits cannot overflow. */
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
		.index = index_of(name) };
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

/* The members that the segments name, in one pass. */
static void
find_members(struct json_scan *scan, struct slice value, const struct segment segments[], size_t count,
    struct slice found[])
{
	char buffer[LONGEST_MEMBER];
	struct slice key, name, member;
	struct json_rows rows;

	for (size_t i = 0; i < count; i++)
		found[i] = (struct slice){ NULL, 0 };
	if (!json_rows_begin(scan, value, &rows))
		return;
	for (size_t index = 0; json_rows_next(&rows, &key, &member); index++) {
		/* A key that is too long for the buffer cannot be one that a pointer names. */
		bool short_enough = json_scan_key(key, buffer, sizeof(buffer), &name);

		for (size_t i = 0; i < count; i++) {
			const struct segment *segment = &segments[i];

			/* "*" is the first one, so it is found once. */
			if (segment->any   ? index != 0
			    : !rows.object ? segment->index != index
					   : segment->name.at == NULL || !short_enough ||
						 !names_key(segment->name, name))
				continue;
			if (found[i].at != NULL)
				scan->twice = key;
			found[i] = member;
		}
	}
	for (size_t i = 0; i < count && scan->twice.at != NULL; i++)
		found[i] = (struct slice){ NULL, 0 };
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
	while (*pointer == '/') {
		struct segment segment = first_segment(pointer);

		find_members(scan, value, &segment, 1, &value);
		pointer = segment.rest;
	}
	return value;
}

void
json_scan_members(struct json_scan *scan, struct slice value, const char *const pointers[], size_t count,
    struct slice found[])
{
	struct segment segments[SCAN_POINTERS] = { { .index = (size_t)-1 } };

	assert(count <= SCAN_POINTERS);
	for (size_t i = 0; i < count; i++)
		segments[i] = pointers[i] != NULL && *pointers[i] == '/'
				  ? first_segment(pointers[i])
				  : (struct segment){ .rest = "", .index = (size_t)-1 };
	find_members(scan, value, segments, count, found);
	for (size_t i = 0; i < count; i++) {
		if (pointers[i] != NULL && *pointers[i] == '\0')
			found[i] = value;
		else
			found[i] = json_scan_get(scan, found[i], segments[i].rest);
	}
}
