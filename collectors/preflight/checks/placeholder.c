/*
 * Words and shapes that stand in examples.  The lists are made so that no random
 * key matches by chance; tests try many.  Names of exchanges are the caller's:
 * here none is known.
 */

#include <ctype.h>
#include <fnmatch.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "collectors/preflight/checks/placeholder.h"

enum {
	LONGEST = 256,        /* a sentence, at the most; of what is longer the beginning is read */
	LONGEST_WORDS = 64,   /* of what is made of words alone */
	LONGEST_TEMPLATE = 64 /* of a setting: a longer one in braces may be JSON */
};

/* In small letters, with everything but letters and digits taken out. */
static void
reduce(const char *secret, char reduced[LONGEST + 1])
{
	size_t length = 0;

	for (; *secret != '\0' && length < LONGEST; secret++)
		if (isalnum((unsigned char)*secret))
			reduced[length++] = (char)tolower((unsigned char)*secret);
	reduced[length] = '\0';
}

static bool
matches(const char *text, const char *const patterns[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fnmatch(patterns[i], text, 0) == 0)
			return true;
	return false;
}

/* What no random text has in it by chance; short words stand at its beginning. */
static bool
is_unfilled(const char *reduced)
{
	static const char *const patterns[] = { "*changeme*", "*changme*", "*goeshere*", "*changethis*",
		"*changeit*", "*replaceme*", "*replacethis*", "*replacewith*", "*placeholder*", "*yourkey*",
		"*yourapi*", "*yoursecret*", "*yourpassword*", "*yourtoken*", "*yourpassphrase*",
		"*insertyour*", "*insertkey*", "*inserthere*", "*putyour*", "*enteryour*", "*pasteyour*",
		"*examplekey*", "*exampleapi*", "*examplesecret*", "*keyhere*", "*secrethere*", "*tokenhere*",
		"*passwordhere*", "*dummykey*", "*dummysecret*", "*fakekey*", "*fakesecret*", "*notasecret*",
		"*notset*", "example*", "dummy*", "todo*", "your*", "xxxx*" };

	return matches(reduced, patterns, sizeof(patterns) / sizeof(*patterns));
}

/* What is no secret besides, but may be a setting. */
static bool
is_a_word(const char *reduced)
{
	static const char *const patterns[] = { "test", "testing", "none", "null", "nil", "undefined",
		"empty", "default", "admin", "root", "foo", "bar", "foobar", "abc", "abc123", "abcdef",
		"qwerty", "letmein", "123", "1234", "12345", "123456", "1234567", "12345678", "123456789",
		"1234567890", "0123456789", "redacted", "hidden", "masked", "unset", "na", "tba", "tbd",
		"hunter2", "fixme", "sample", "string", "value", "here", "*example*" };

	return matches(reduced, patterns, sizeof(patterns) / sizeof(*patterns));
}

/* The part of `text` behind the first of the words that it begins with; NULL: it begins with none. */
static const char *
skip_word(const char *text, const char *const words[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (words[i][0] != '\0' && strncasecmp(text, words[i], strlen(words[i])) == 0)
			return text + strlen(words[i]);
	return NULL;
}

/* Only words for secrets, and names: "secret", "my-api-key", "binance_secret", "supersecret". */
static bool
is_made_of_names(const char *text, const char *const names[], size_t count)
{
	/* Longer words come first: no word is tried again. */
	static const char *const words[] = { "secret", "password", "passphrase", "passwd", "pass", "key",
		"api", "token", "my", "our", "the", "super", "top", "private", "public", "access", "account",
		"exchange", "bot", "redis", "postgres" };

	while (text != NULL && *text != '\0') {
		const char *behind = skip_word(text, words, sizeof(words) / sizeof(*words));

		text = behind != NULL ? behind : skip_word(text, names, count);
	}
	return text != NULL;
}

/* "xxxx", "****", "....", "0000"; or two of them, where that cannot be chance: "aaaabbbb". */
static bool
is_one_character_or_two(const char *secret)
{
	size_t length = strlen(secret), same = strspn(secret, (const char[]){ *secret, '\0' });

	return same == length ||
	       (length >= 8 && strspn(secret, (const char[]){ *secret, secret[same], '\0' }) == length);
}

/* "<key>", "${KEY}", "{{ key }}", "[key]", "%KEY%", "$KEY": what a template has before it is filled in. */
static bool
is_template(const char *secret)
{
	size_t length = strlen(secret);
	char first = secret[0], last = secret[length - 1];

	return (first == '<' && last == '>') || (first == '[' && last == ']') ||
	       (first == '{' && last == '}') || strncmp(secret, "${", 2) == 0 ||
	       strstr(secret, "{{") != NULL || (length > 2 && first == '%' && last == '%') ||
	       (first == '$' && length > 1 &&
		   strspn(secret + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == length - 1);
}

bool
placeholder_is_unfilled(const char *text)
{
	char reduced[LONGEST + 1] = "";

	if (*text == '\0' || strlen(text) > LONGEST)
		return false;
	reduce(text, reduced);
	return (strlen(text) <= LONGEST_TEMPLATE && is_template(text)) || is_unfilled(reduced);
}

bool
placeholder_is(const char *secret, const char *const names[], size_t count)
{
	char reduced[LONGEST + 1] = "";

	secret += strspn(secret, " \t\r\n\"'");
	if (*secret == '\0' || is_one_character_or_two(secret) || is_template(secret))
		return true;
	reduce(secret, reduced);
	return reduced[0] == '\0' || is_a_word(reduced) || is_unfilled(reduced) ||
	       (strlen(reduced) <= LONGEST_WORDS && is_made_of_names(reduced, names, count));
}
