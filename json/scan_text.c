/*
 * Most texts of exchanges have no escapes, and those are handed out where they
 * lie.  The others are decoded into the caller's buffer, whose size is the
 * caller's limit.  Half a surrogate pair and "\u0000" are no characters here:
 * the first is not UTF-8, and the second would end a C string early.
 */

#include <string.h>

#include "json/scan.h"
#include "json/scan_characters.h"

enum scan_kind
json_scan_kind(struct slice value)
{
	if (value.at == NULL || value.length == 0)
		return SCAN_NOTHING;
	switch (*value.at) {
	case '{': return SCAN_OBJECT;
	case '[': return SCAN_LIST;
	case '"': return SCAN_STRING;
	case 't': return SCAN_TRUE;
	case 'f': return SCAN_FALSE;
	case 'n': return SCAN_NULL;
	default: return SCAN_NUMBER;
	}
}

/* Four hexadecimal digits, or -1. */
static int
hex4(const char *at, const char *end)
{
	int value = 0;

	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = at[i];
		/* "| 32" makes a letter lower case. */
		int digit = is_digit(c)                          ? c - '0'
			    : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
								 : -1;

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

unsigned
json_scan_unicode(const char **at, const char *end)
{
	int high = hex4(*at + 2, end), low;

	/* A second half without a first one. */
	if (high <= 0 || (high >= 0xdc00 && high <= 0xdfff))
		return 0;
	*at += 6;
	if (high < 0xd800 || high > 0xdbff)
		return (unsigned)high;
	if (end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
		return 0;
	low = hex4(*at + 2, end);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*at += 6;
	return 0x10000 + (((unsigned)high - 0xd800) << 10) + ((unsigned)low - 0xdc00);
}

/* Append a character as UTF-8; false: there is no room. */
static bool
add_utf8(unsigned character, char **out, const char *end)
{
	char bytes[4];
	size_t length = 1;

	if (character < 0x80) {
		bytes[0] = (char)character;
	} else if (character < 0x800) {
		bytes[0] = (char)(0xc0 | character >> 6);
		length = 2;
	} else if (character < 0x10000) {
		bytes[0] = (char)(0xe0 | character >> 12);
		length = 3;
	} else {
		bytes[0] = (char)(0xf0 | character >> 18);
		length = 4;
	}
	for (size_t i = 1; i < length; i++)
		bytes[i] = (char)(0x80 | (character >> (6 * (length - 1 - i)) & 0x3f));
	if ((size_t)(end - *out) < length)
		return false;
	memcpy(*out, bytes, length);
	*out += length;
	return true;
}

bool
json_scan_key(struct slice key, char *buffer, size_t size, struct slice *text)
{
	static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *at, *end;
	char *out = buffer;

	if (key.at == NULL)
		return false;
	*text = key;
	/* The common case: no copy. */
	if (key.length == 0 || memchr(key.at, '\\', key.length) == NULL)
		return true;
	at = key.at;
	end = at + key.length;
	while (at < end) {
		unsigned character;

		if (*at != '\\') {
			if (out == buffer + size)
				return false;
			*out++ = *at++;
			continue;
		}
		if (at[1] == 'u') {
			character = json_scan_unicode(&at, end);
		} else {
			/* json_scan_open() let no other escape pass: strchr() finds it. */
			character = (unsigned char)meant[strchr(escapes, at[1]) - escapes];
			at += 2;
		}
		if (!add_utf8(character, &out, buffer + size))
			return false;
	}
	*text = (struct slice){ buffer, (size_t)(out - buffer) };
	return true;
}

bool
json_scan_string(struct slice value, char *buffer, size_t size, struct slice *text)
{
	return json_scan_kind(value) == SCAN_STRING &&
	       json_scan_key((struct slice){ value.at + 1, value.length - 2 }, buffer, size, text);
}

bool
json_scan_text(struct slice value, char *buffer, size_t size, struct slice *text)
{
	switch (json_scan_kind(value)) {
	case SCAN_STRING: return json_scan_string(value, buffer, size, text);
	case SCAN_NUMBER:
	case SCAN_TRUE:
	case SCAN_FALSE: *text = value; return true;
	default: return false;
	}
}
