/*
 * Reads yes, no or unknown from an answer: what a key may do, whether its address is restricted, whether
 * trading is locked, whether contracts are inverse.
 *
 * preflight lets a bot go live only with a key that may not withdraw, so a "no" must be beyond doubt.  It
 * is only what a literal false or 0 says, or a list of words that the profile knows.  Words change:
 * "withdrawal" instead of "withdraw-funds" would make a simple search answer "no".  So a word that
 * resembles the one that was looked for, or is no word at all, makes the answer unknown.  A "yes" needs
 * nothing but the word itself.
 */

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exchange/answer/answer.h"

enum { LONGEST_POINTER = 256, LIST_TEXT = 1024 };

/* Called for each item of a text "a, b", or of a list of such texts. */
typedef void item_handler(void *context, struct slice item);

static struct slice
trimmed(struct slice text)
{
	for (; text.length > 0 && *text.at == ' '; text.length--)
		text.at++;
	while (text.length > 0 && text.at[text.length - 1] == ' ')
		text.length--;
	return text;
}

/* False: it is no text. */
static bool
each_of_text(struct slice value, item_handler *handle, void *context)
{
	char buffer[LIST_TEXT];
	struct slice text;

	if (!json_scan_string(value, buffer, sizeof(buffer), &text))
		return false;
	for (text = trimmed(text); text.length > 0;) {
		const char *comma = memchr(text.at, ',', text.length);
		size_t length = comma != NULL ? (size_t)(comma - text.at) : text.length;

		handle(context, trimmed((struct slice){ text.at, length }));
		text.at += length + (comma != NULL);
		text.length -= length + (comma != NULL);
	}
	return true;
}

/* False: it is neither a text nor a list of texts. */
static bool
each_item(const struct json_scan *scan, struct slice value, item_handler *handle, void *context)
{
	struct json_rows rows;
	struct slice key, item;

	if (!json_rows_begin(scan, value, &rows))
		return each_of_text(value, handle, context);
	/* {"withdraw":false}: that there is such a member does not mean that it holds. */
	if (rows.object)
		return false;
	while (json_rows_next(&rows, &key, &item))
		if (!each_of_text(item, handle, context))
			return false;
	return true;
}

/* Words -------------------------------------------------------------- */

/* What was found of "word,other,other". */
struct flag_words {
	const char *rule;
	bool held, others, odd;
};

static bool
is_same(struct slice item, const char *word, size_t length)
{
	return item.length == length && strncasecmp(item.at, word, length) == 0;
}

static bool
is_other(const char *rule, struct slice item)
{
	for (rule += strcspn(rule, ","); *rule == ','; rule += strcspn(rule, ",")) {
		rule++;
		if (is_same(item, rule, strcspn(rule, ",")))
			return true;
	}
	return false;
}

/* Whether the first part of the word is in the item, which then may mean the same ("withdrawal"). */
static bool
resembles(const char *rule, struct slice item)
{
	size_t length = strcspn(rule, ",-_");

	for (size_t i = 0; i + length <= item.length; i++)
		if (strncasecmp(item.at + i, rule, length) == 0)
			return true;
	return false;
}

/* Only letters that permissions are made of: "read_only;withdraw" is one item that hides two. */
static bool
is_word(struct slice item)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

	for (size_t i = 0; i < item.length; i++)
		if (item.at[i] == '\0' || strchr(letters, item.at[i]) == NULL)
			return false;
	return item.length > 0;
}

static void
check_word(void *context, struct slice item)
{
	struct flag_words *words = context;

	if (is_same(item, words->rule, strcspn(words->rule, ",")))
		words->held = true;
	else if (is_other(words->rule, item))
		words->others = true;
	else if (!is_word(item) || resembles(words->rule, item))
		words->odd = true;
}

/* No is only what known words say, or an empty list.  An empty text may be a value that was left out. */
static int
read_words(const struct json_scan *scan, struct slice value, const char *rule)
{
	struct flag_words words = { .rule = rule };
	struct json_rows rows;
	struct slice key, item;

	if (!each_item(scan, value, check_word, &words))
		return -1;
	if (words.held)
		return 1;
	if (json_rows_begin(scan, value, &rows) && !json_rows_next(&rows, &key, &item))
		return 0;
	return words.others && !words.odd ? 0 : -1;
}

/* Flags -------------------------------------------------------------- */

int
answer_flag(struct json_scan *scan, struct slice row, const char *rule)
{
	bool no = *rule == '!';
	char pointer[LONGEST_POINTER] = "", text[ANSWER_TEXT];
	struct slice value;
	size_t length;
	int told = -1;

	rule += no;
	length = strcspn(rule, ":");
	/* The profile was checked: what is longer does not get here. */
	if (length < sizeof(pointer))
		memcpy(pointer, rule, length);
	value = json_scan_get(scan, row, pointer);
	if (rule[length] == ':')
		told = read_words(scan, value, rule + length + 1);
	/* Strict: "False", "no" and "none" may mean anything. */
	else if (answer_text(value, text))
		told = strcmp(text, "true") == 0 || strcmp(text, "1") == 0    ? 1
		       : strcmp(text, "false") == 0 || strcmp(text, "0") == 0 ? 0
									      : -1;
	return told >= 0 && no ? !told : told;
}

/* Addresses ---------------------------------------------------------- */

/* A range of fewer bits holds so much of the internet that it counts as no restriction. */
enum { LEAST_BITS = 8, ADDRESS_TEXT = 64 };

struct addresses {
	size_t count;
	bool any, odd;
};

/* How many bits of the address count, fewer in a range.  -1: it is neither an address nor a range. */
static int
bits_of(const char *address)
{
	char plain[ADDRESS_TEXT];
	size_t length = strcspn(address, "/");
	unsigned char bytes[sizeof(struct in6_addr)];
	const char *digits = address + length + 1;
	int most, bits;

	memcpy(plain, address, length);
	plain[length] = '\0';
	most = inet_pton(AF_INET, plain, bytes) == 1 ? 32 : inet_pton(AF_INET6, plain, bytes) == 1 ? 128 : -1;
	if (most < 0 || address[length] == '\0')
		return most;
	if (*digits == '\0' || strlen(digits) > 3 || digits[strspn(digits, "0123456789")] != '\0')
		return -1;
	bits = (int)strtol(digits, NULL, 10);
	return bits <= most ? bits : -1;
}

static void
check_address(void *context, struct slice item)
{
	struct addresses *addresses = context;
	char text[ADDRESS_TEXT] = "";
	int bits;

	/* What is too long stays empty, and so is no address. */
	if (item.length < sizeof(text) && memchr(item.at, '\0', item.length) == NULL)
		memcpy(text, item.at, item.length);
	bits = bits_of(text);
	addresses->count++;
	if (strcmp(text, "*") == 0 || strcmp(text, "0.0.0.0") == 0 || strcmp(text, "::") == 0 ||
	    (bits >= 0 && bits < LEAST_BITS))
		addresses->any = true;
	else if (bits < 0)
		addresses->odd = true;
}

int
answer_restricted(struct json_scan *scan, struct slice row, const char *pointer)
{
	struct addresses addresses = { 0 };
	struct slice value = json_scan_get(scan, row, pointer);

	if (!each_item(scan, value, check_address, &addresses))
		return -1;
	/* One address for everybody undoes all others. */
	if (addresses.any || addresses.count == 0)
		return 0;
	return addresses.odd ? -1 : 1;
}
