#include <string.h>

#include "probes/account_rows.h"

enum { LONGEST_POINTER = 256, WORD_TEXT = 256 };

static bool
scalar_is(struct slice value, struct slice word)
{
	char buffer[WORD_TEXT];
	struct slice text;

	return json_scan_text(value, buffer, sizeof(buffer), &text) && slice_equal(text, word);
}

/* The word itself, or one of "a,b, c". */
static bool
text_holds(struct slice value, struct slice word)
{
	char buffer[4 * WORD_TEXT];
	struct slice text, part;

	if (!json_scan_text(value, buffer, sizeof(buffer), &text))
		return false;
	while (text.length > 0) {
		const char *comma = memchr(text.at, ',', text.length);

		part = (struct slice){ text.at, comma != NULL ? (size_t)(comma - text.at) : text.length };
		text.at += part.length + (comma != NULL);
		text.length -= part.length + (comma != NULL);
		for (; part.length > 0 && *part.at == ' '; part.length--)
			part.at++;
		while (part.length > 0 && part.at[part.length - 1] == ' ')
			part.length--;
		if (slice_equal(part, word))
			return true;
	}
	return false;
}

static bool
holds(const struct json_scan *scan, struct slice value, struct slice word)
{
	struct json_rows rows;
	struct slice key, item;

	if (!json_rows_begin(scan, value, &rows))
		return text_holds(value, word);
	while (json_rows_next(&rows, &key, &item))
		if (scalar_is(item, word))
			return true;
	return false;
}

static bool
is_set(const struct json_scan *scan, struct slice value)
{
	struct json_rows rows;
	struct slice key, item;

	if (json_rows_begin(scan, value, &rows))
		return json_rows_next(&rows, &key, &item);
	switch (json_scan_kind(value)) {
	case SCAN_TRUE: return true;
	case SCAN_NUMBER: {
		struct decimal number;

		return !decimal_parse(value, &number) || decimal_sign(number) != 0;
	}
	case SCAN_STRING:
		return value.length > 2 && !slice_is(value, "\"0\"") && !slice_is(value, "\"false\"");
	default: return false;
	}
}

int
account_decide(const struct json_scan *scan, struct slice row, const char *rule, struct failure *why)
{
	bool no = *rule == '!', yes;
	char pointer[LONGEST_POINTER] = "";
	struct slice value;
	size_t length;

	rule += no;
	length = strcspn(rule, ":");
	if (length < sizeof(pointer))
		memcpy(pointer, rule, length);
	if (json_scan_get(scan, row, pointer, &value, why) != 0)
		return -2;
	if (json_scan_kind(value) == SCAN_NOTHING || json_scan_kind(value) == SCAN_NULL)
		return -1;
	yes = rule[length] == ':' ? holds(scan, value, SLICE(rule + length + 1)) : is_set(scan, value);
	return yes != no;
}
