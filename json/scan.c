/*
 * An account with ten thousand positions answers with megabytes, of which a
 * few members per row are wanted.  A parser that builds a tree allocates for
 * each value, and one that reads numbers as doubles loses digits of a
 * quantity.  So the text is checked once, here, and values stay slices of it.
 * This check is all that the other files rely on: they walk on without looking
 * for the end, so whatever passes here must be complete JSON.  The levels are
 * an array and not a recursion: hostile nesting cannot exhaust the stack.
 *
 * The ends of the largest values are kept, because every later question would
 * otherwise read megabytes again only to get past them.
 */

#include <string.h>

#include "common/text/utf8.h"
#include "json/scan.h"
#include "json/scan_characters.h"

/* Smaller values are not worth one of the few spans. */
enum { LARGE = 16 * 1024 };

/* A value that has been opened, and not yet closed. */
struct json_level {
	const char *begin;
	bool object;
};

struct walk {
	struct json_scan *scan;
	const char *at, *end;
	const char *wrong; /* NULL: nothing so far */
	struct json_level levels[SCAN_DEPTH];
	size_t depth;
};

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
		return json_scan_unicode(&walk->at, walk->end) != 0 ||
		       fault(walk, "no character is escaped so");
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

/* The largest spans are kept: with room for 16, a smaller one gives way. */
static void
keep_span(struct json_scan *scan, struct slice span)
{
	struct slice *smallest = scan->spans;

	if (span.length < LARGE)
		return;
	if (scan->span_count < SCAN_SPANS) {
		scan->spans[scan->span_count++] = span;
		return;
	}
	for (size_t i = 1; i < SCAN_SPANS; i++)
		if (scan->spans[i].length < smallest->length)
			smallest = &scan->spans[i];
	if (span.length > smallest->length)
		*smallest = span;
}

static void
close_level(struct walk *walk)
{
	const char *begin = walk->levels[--walk->depth].begin;

	walk->at++;
	keep_span(walk->scan, (struct slice){ begin, (size_t)(walk->at - begin) });
}

/* True: another value is due, the first one of what was opened. */
static bool
open_level(struct walk *walk, bool object)
{
	if (walk->depth == SCAN_DEPTH)
		return fault(walk, "nested more than 32 levels deep");
	walk->levels[walk->depth++] = (struct json_level){ walk->at, object };
	walk->at = past_space(walk->at + 1, walk->end);
	if (peek(walk) == (object ? '}' : ']')) {
		close_level(walk);
		return false;
	}
	return !object || check_key(walk);
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
		bool object = walk->levels[walk->depth - 1].object;

		walk->at = past_space(walk->at, walk->end);
		if (peek(walk) == ',') {
			walk->at++;
			return !object || check_key(walk);
		}
		if (peek(walk) != (object ? '}' : ']'))
			return fault(walk, object ? "neither ',' nor '}'" : "neither ',' nor ']'");
		close_level(walk);
	}
	return false;
}

int
json_scan_open(struct json_scan *scan, struct slice text, struct failure *why)
{
	struct walk walk = { .scan = scan, .at = text.at, .end = text.at + text.length };
	bool due = true;

	/* A struct that is used again must keep nothing of an older text. */
	scan->span_count = 0;
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
