/*
 * An account with ten thousand positions answers with megabytes, of which a
 * few members per row are wanted.  A parser that builds a tree allocates for
 * each value, and one that reads numbers as doubles loses digits of a
 * quantity.  So the text is checked once, here, and values stay slices of it.
 * This check is all that the other files rely on: they walk on without looking
 * for the end, so whatever passes here must be complete JSON.  The levels are
 * an array and not a recursion: hostile nesting cannot exhaust the stack.
 *
 * Most texts of exchanges have no escapes, and those are handed out where they lie.  The others are decoded
 * into the caller's buffer, whose size is the caller's limit.  Half a surrogate pair and "\u0000" are no
 * characters here: the first is not UTF-8, and the second would end a C string early.
 */

#include <string.h>

#include "common/text/utf8.h"
#include "json/scan.h"

struct walk {
	const char *at, *end;
	const char *wrong;          /* NULL: nothing so far */
	bool in_object[SCAN_DEPTH]; /* of each level that is open: an object, or else a list */
	size_t depth;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *
past_space(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
		at++;
	return at;
}

int
json_scan_unicode(const char *at, const char *end)
{
	int value = 0;

	if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
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

/* Reads one "\\uXXXX", or a pair of them, at `*at` and moves `*at` behind it.  0: invalid, or NUL. */
static unsigned
read_unicode(const char **at, const char *end)
{
	int high = json_scan_unicode(*at, end), low;

	/* A second half without a first one. */
	if (high <= 0 || (high >= 0xdc00 && high <= 0xdfff))
		return 0;
	*at += 6;
	if (high < 0xd800 || high > 0xdbff)
		return (unsigned)high;
	low = json_scan_unicode(*at, end);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*at += 6;
	return 0x10000 + (((unsigned)high - 0xd800) << 10) + ((unsigned)low - 0xdc00);
}

static bool
fault(struct walk *walk, const char *wrong)
{
	if (walk->wrong == NULL)
		walk->wrong = wrong;
	return false;
}

/* The next character; 0 at the end, and for a NUL: no rule accepts that. */
static char
peek(const struct walk *walk)
{
	return walk->at < walk->end ? *walk->at : '\0';
}

static bool
check_escape(struct walk *walk)
{
	char next = walk->end - walk->at > 1 ? walk->at[1] : '\0';

	if (next == 'u')
		return read_unicode(&walk->at, walk->end) != 0 || fault(walk, "no character is escaped so");
	if (next == '\0' || strchr("\"\\/bfnrt", next) == NULL)
		return fault(walk, "no character is escaped so");
	walk->at += 2;
	return true;
}

/* Nearly all bytes of an answer are plain: this loop gets past them.  A
 * quote, an escape, a control character or a byte past ASCII ends it. */
static const char *
past_plain(const char *at, const char *end)
{
	while (
	    at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= ' ' && (unsigned char)*at < 0x80)
		at++;
	return at;
}

static bool
check_string(struct walk *walk)
{
	size_t length;

	for (walk->at++;; walk->at += length) {
		walk->at = past_plain(walk->at, walk->end);
		length = 0;
		if (walk->at == walk->end)
			return fault(walk, "a string without its end");
		if (*walk->at == '"') {
			walk->at++;
			return true;
		}
		if (*walk->at == '\\') {
			if (!check_escape(walk))
				return false;
			continue;
		}
		if ((unsigned char)*walk->at < ' ')
			return fault(walk, "a control character in a string");
		/* Texts from here become labels: an invalid byte
		 * would make node_exporter reject the whole file. */
		length = utf8_character(walk->at, (size_t)(walk->end - walk->at));
		if (length == 0)
			return fault(walk, "not UTF-8");
	}
}

static bool
check_digits(struct walk *walk)
{
	if (!is_digit(peek(walk)))
		return fault(walk, "not a number");
	while (is_digit(peek(walk)))
		walk->at++;
	return true;
}

static bool
check_number(struct walk *walk)
{
	walk->at += peek(walk) == '-';
	if (peek(walk) == '0') {
		walk->at++;
		if (is_digit(peek(walk)))
			return fault(walk, "a number that begins with 0");
	} else if (!check_digits(walk)) {
		return false;
	}
	if (peek(walk) == '.') {
		walk->at++;
		if (!check_digits(walk))
			return false;
	}
	if (peek(walk) != 'e' && peek(walk) != 'E')
		return true;
	walk->at++;
	walk->at += peek(walk) == '+' || peek(walk) == '-';
	return check_digits(walk);
}

static bool
check_word(struct walk *walk, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(walk->end - walk->at) < length || memcmp(walk->at, word, length) != 0)
		return fault(walk, "not a value");
	walk->at += length;
	return true;
}

/* A key and its colon. */
static bool
check_key(struct walk *walk)
{
	walk->at = past_space(walk->at, walk->end);
	if (peek(walk) != '"')
		return fault(walk, "a key is missing");
	if (!check_string(walk))
		return false;
	walk->at = past_space(walk->at, walk->end);
	if (peek(walk) != ':')
		return fault(walk, "a ':' is missing");
	walk->at++;
	return true;
}

/* True: another value is due, the first one of what was opened. */
static bool
open_level(struct walk *walk, bool object)
{
	if (walk->depth == SCAN_DEPTH)
		return fault(walk, "nested more than 32 levels deep");
	walk->in_object[walk->depth++] = object;
	walk->at = past_space(walk->at + 1, walk->end);
	if (peek(walk) != (object ? '}' : ']'))
		return !object || check_key(walk);
	walk->depth--;
	walk->at++;
	return false;
}

/* True: another value is due. */
static bool
begin_value(struct walk *walk)
{
	walk->at = past_space(walk->at, walk->end);
	switch (peek(walk)) {
	case '{': return open_level(walk, true);
	case '[': return open_level(walk, false);
	case '"': (void)check_string(walk); return false;
	case 't': (void)check_word(walk, "true"); return false;
	case 'f': (void)check_word(walk, "false"); return false;
	case 'n': (void)check_word(walk, "null"); return false;
	default: (void)check_number(walk); return false;
	}
}

/* True: another value is due; false: all is closed, or wrong. */
static bool
end_value(struct walk *walk)
{
	while (walk->depth > 0 && walk->wrong == NULL) {
		bool object = walk->in_object[walk->depth - 1];

		walk->at = past_space(walk->at, walk->end);
		if (peek(walk) == ',') {
			walk->at++;
			return !object || check_key(walk);
		}
		if (peek(walk) != (object ? '}' : ']'))
			return fault(walk, object ? "neither ',' nor '}'" : "neither ',' nor ']'");
		walk->depth--;
		walk->at++;
	}
	return false;
}

int
json_scan_open(struct json_scan *scan, struct slice text, struct failure *why)
{
	struct walk walk = { .at = text.at, .end = text.at + text.length };
	bool due = true;

	/* A struct that is used again must keep nothing of an older text. */
	scan->twice = (struct slice){ NULL, 0 };
	if (text.length == 0)
		return failure_set(why, FAILURE_PROTOCOL, "the answer is empty");
	scan->text.at = walk.at = past_space(walk.at, walk.end);
	if (peek(&walk) != '{' && peek(&walk) != '[')
		(void)fault(&walk, "neither an object nor a list");
	while (due && walk.wrong == NULL)
		due = begin_value(&walk) || end_value(&walk);
	scan->text.length = (size_t)(walk.at - scan->text.at);
	/* What follows the document may be a second answer, or a part of a page: not ours. */
	if (walk.wrong == NULL && past_space(walk.at, walk.end) != walk.end)
		(void)fault(&walk, "something comes behind the end");
	if (walk.wrong == NULL)
		return 0;
	return failure_set(why, FAILURE_PROTOCOL, "the answer is no JSON: byte %zu: %s",
	    (size_t)(walk.at - text.at), walk.wrong);
}

/* Texts -------------------------------------------------------------- */

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

/* Append a character as UTF-8; false: there is no room. */
static bool
add_utf8(unsigned character, char **out, const char *end)
{
	static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 }; /* of a character of so many bytes */
	size_t length = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
	char bytes[4];

	/* Six bits in each byte but the first one. */
	for (size_t i = length - 1; i > 0; i--, character >>= 6)
		bytes[i] = (char)(0x80 | (character & 0x3f));
	bytes[0] = (char)(first[length] | character);
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
			character = read_unicode(&at, end);
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
