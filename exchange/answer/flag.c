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

/* The items of a text "a, b", or of a list of such texts. */
struct items {
	struct json_rows rows;
	bool list, empty; /* a list; a list without rows */
	bool odd;         /* there is something else than a text: what was read so far says nothing */
	char buffer[LIST_TEXT];
	struct slice text; /* what is left of the current text */
};

static struct slice
trimmed(struct slice text)
{
	for (; text.length > 0 && *text.at == ' '; text.length--)
		text.at++;
	while (text.length > 0 && text.at[text.length - 1] == ' ')
		text.length--;
	return text;
}

static void
read_text(struct items *items, struct slice value)
{
	items->odd = !json_scan_string(value, items->buffer, sizeof(items->buffer), &items->text);
	items->text = items->odd ? (struct slice){ NULL, 0 } : trimmed(items->text);
}

static void
begin_items(struct items *items, struct slice value)
{
	struct json_rows rows;
	struct slice key, row;

	*items = (struct items){ .list = json_scan_kind(value) == SCAN_LIST };
	/* {"withdraw":false}: that there is such a member does not mean that it holds. */
	if (!items->list) {
		read_text(items, value);
		return;
	}
	(void)json_rows_begin(value, &items->rows);
	rows = items->rows;
	items->empty = !json_rows_next(&rows, &key, &row);
}

static bool
next_item(struct items *items, struct slice *item)
{
	struct slice key, value;
	const char *comma;
	size_t length;

	while (items->text.length == 0) {
		if (!items->list || items->odd || !json_rows_next(&items->rows, &key, &value))
			return false;
		read_text(items, value);
	}
	comma = memchr(items->text.at, ',', items->text.length);
	length = comma != NULL ? (size_t)(comma - items->text.at) : items->text.length;
	*item = trimmed((struct slice){ items->text.at, length });
	items->text.at += length + (comma != NULL);
	items->text.length -= length + (comma != NULL);
	return true;
}

/* Words -------------------------------------------------------------- */

/* The place of the item in "word|word,other,other": 0 is one of the words; -1: it is not there. */
static int
place_of(struct slice item, const char *rule)
{
	for (int place = 0;;) {
		size_t length = strcspn(rule, ",|");

		if (item.length == length && strncasecmp(item.at, rule, length) == 0)
			return place;
		if (rule[length] == '\0')
			return -1;
		place += rule[length] == ',';
		rule += length + 1;
	}
}

/* Whether the first part of the word is in the item, which then may mean the same ("withdrawal"). */
static bool
resembles(const char *rule, struct slice item)
{
	size_t length = strcspn(rule, ",|-_");

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
		if (strchr(letters, item.at[i]) == NULL)
			return false;
	return item.length > 0;
}

/* No is only what known words say, or an empty list.  An empty text may be a value that was left out. */
static int
read_words(struct slice value, const char *rule)
{
	bool held = false, others = false, odd = false;
	struct items items;
	struct slice item;

	begin_items(&items, value);
	while (next_item(&items, &item)) {
		int place = place_of(item, rule);

		held = held || place == 0;
		others = others || place > 0;
		odd = odd || (place < 0 && (!is_word(item) || resembles(rule, item)));
	}
	if (items.odd)
		return -1;
	if (held)
		return 1;
	return items.empty || (others && !odd) ? 0 : -1;
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
		told = read_words(value, rule + length + 1);
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

int
answer_restricted(struct slice addresses)
{
	bool any = false, odd = false;
	struct items items;
	struct slice item;
	size_t count = 0;

	begin_items(&items, addresses);
	for (; next_item(&items, &item); count++) {
		char text[ADDRESS_TEXT] = "";
		int bits;

		/* What is too long stays empty, and so is no address. */
		if (item.length < sizeof(text))
			memcpy(text, item.at, item.length);
		bits = bits_of(text);
		/* One address for everybody undoes all others. */
		if (strcmp(text, "*") == 0 || strcmp(text, "0.0.0.0") == 0 || strcmp(text, "::") == 0 ||
		    (bits >= 0 && bits < LEAST_BITS))
			any = true;
		else if (bits < 0)
			odd = true;
	}
	if (items.odd)
		return -1;
	if (any || count == 0)
		return 0;
	return odd ? -1 : 1;
}
