/*
 * A profile of an exchange (exchanges/NAME.yaml) says by pointers where a
 * value is in an answer.  This file follows them through what jansson has
 * parsed: order books, symbols, states and errors.  Answers of accounts are
 * read by scan_rows.c, which knows the same pointers and must treat them
 * alike.  A pointer is checked when its profile is loaded; afterwards one that
 * names nothing gives NULL, and the caller decides whether that is an error.
 */

#include <stddef.h>
#include <string.h>

#include "json/pointer.h"

enum { LONGEST_MEMBER = 128, MOST_DIGITS = 6 };

bool
json_pointer_valid(const char *pointer)
{
	if (*pointer != '\0' && *pointer != '/')
		return false;
	while (*pointer == '/') {
		size_t length = strcspn(pointer + 1, "/");

		/* json_pointer_get() and scan_rows.c keep a name in a buffer of this size. */
		if (length >= LONGEST_MEMBER)
			return false;
		for (const char *c = pointer + 1; c < pointer + 1 + length; c++)
			if (*c == '~' && c[1] != '0' && c[1] != '1')
				return false;
		pointer += 1 + length;
	}
	return true;
}

/* The member's name with "~1" and "~0" replaced.  The
 * order matters in "~01": read from the left it is "~1". */
static void
unescape(const char *at, size_t length, char *name)
{
	const char *end = at + length;

	while (at < end) {
		if (*at == '~') {
			*name++ = at[1] == '1' ? '/' : '~';
			at += 2;
		} else {
			*name++ = *at++;
		}
	}
	*name = '\0';
}

static const json_t *
element(const json_t *array, const char *name)
{
	size_t digits = strspn(name, "0123456789"), index = 0;

	if (strcmp(name, "*") == 0)
		return json_array_get(array, 0);
	/* RFC 6901 has no leading zeros; and few digits cannot overflow. */
	if (digits == 0 || digits > MOST_DIGITS || name[digits] != '\0' || (*name == '0' && digits > 1))
		return NULL;
	for (; *name != '\0'; name++)
		index = index * 10 + (size_t)(*name - '0');
	return json_array_get(array, index);
}

static const json_t *
member(const json_t *object, const char *name)
{
	/* Only looked at: jansson's iterators have no const form. */
	json_t *mutable = (json_t *)object;

	if (strcmp(name, "*") == 0)
		return json_object_iter_value(json_object_iter(mutable));
	return json_object_get(object, name);
}

const json_t *
json_pointer_get(const json_t *root, const char *pointer)
{
	char name[LONGEST_MEMBER];

	while (root != NULL && *pointer == '/') {
		size_t length = strcspn(pointer + 1, "/");

		if (length >= sizeof(name))
			return NULL;
		unescape(pointer + 1, length, name);
		root = json_is_array(root) ? element(root, name) : member(root, name);
		pointer += 1 + length;
	}
	return root;
}
