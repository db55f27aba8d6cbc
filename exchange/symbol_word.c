/*
 * Letters and dates in the names of markets.
 *
 * A name comes from the settings, the bot or an exchange, and ends in labels, log lines and on web pages.
 * So only letters, digits and single separators pass.  Letters beyond ASCII are taken, because Binance
 * lists markets with Chinese names; without tables of Unicode the most that can be done is to refuse what
 * certainly is no letter.
 */

#include "exchange/symbol_word.h"

#include <string.h>

#include "common/text/utf8.h"

static bool
is_between(unsigned char c, unsigned char first, unsigned char last)
{
	return c >= first && c <= last;
}

static bool
is_digit(char c)
{
	return is_between((unsigned char)c, '0', '9');
}

/*
 * Refuses what certainly is no letter: control characters, spaces, marks that turn the direction of
 * writing.
 */
static bool
is_letter_beyond_ascii(const unsigned char *at, size_t bytes)
{
	if (bytes == 2)
		return !(at[0] == 0xc2); /* U+0080 to U+00BF */
	if (bytes == 3)
		return !(at[0] == 0xe2 && is_between(at[1], 0x80, 0x81)) &&  /* U+2000 to U+207F */
		       !(at[0] == 0xe3 && at[1] == 0x80) &&                  /* U+3000 to U+303F */
		       !(at[0] == 0xef && at[1] == 0xbb && at[2] == 0xbf) && /* U+FEFF */
		       !(at[0] == 0xef && at[1] == 0xbf &&
			   is_between(at[2], 0xb0, 0xbf)); /* U+FFF0 to U+FFFF */
	return at[0] < 0xf3;                               /* U+C0000 on */
}

bool
symbol_word_clean(struct slice spelt, const char *separators, char out[SYMBOL_TEXT])
{
	bool after_letter = false;
	size_t bytes;

	if (spelt.length == 0 || spelt.length >= SYMBOL_TEXT)
		return false;
	for (size_t i = 0; i < spelt.length; i += bytes) {
		char c = spelt.at[i];

		bytes = utf8_character(spelt.at + i, spelt.length - i);
		if (bytes == 0 || c == '\0')
			return false;
		if (bytes > 1 && !is_letter_beyond_ascii((const unsigned char *)spelt.at + i, bytes))
			return false;
		memcpy(out + i, spelt.at + i, bytes);
		if (bytes > 1 || is_digit(c) || is_between((unsigned char)c, 'A', 'Z')) {
			after_letter = true;
		} else if (is_between((unsigned char)c, 'a', 'z')) {
			out[i] = (char)(c - 'a' + 'A');
			after_letter = true;
		} else if (after_letter && strchr(separators, c) != NULL) {
			after_letter = false;
		} else {
			return false;
		}
	}
	out[spelt.length] = '\0';
	return after_letter;
}

/* "27MAR26" */
static bool
is_day_month_year(struct slice word)
{
	size_t n = word.length;

	if (n < 6 || n > 7 || !is_digit(word.at[n - 1]) || !is_digit(word.at[n - 2]))
		return false;
	for (size_t i = n - 5; i < n - 2; i++)
		if (!is_between((unsigned char)word.at[i], 'A', 'Z'))
			return false;
	return is_digit(word.at[0]) && (n == 6 || is_digit(word.at[1]));
}

/* Eight digits are a date only in this century. */
bool
symbol_word_is_expiry(struct slice word)
{
	for (size_t i = 0; i < word.length; i++)
		if (!is_digit(word.at[i]))
			return is_day_month_year(word);
	return word.length == 6 || (word.length == 8 && memcmp(word.at, "20", 2) == 0);
}

struct slice
symbol_word_expiry(struct slice word, char room[SYMBOL_EXPIRY])
{
	static const char months[] = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
	size_t n = word.length;

	if (!symbol_word_is_expiry(word) || n == 0)
		return word;
	/* Digits alone: the century of "20260327" is left out. */
	if (is_digit(word.at[n - 3]))
		return (struct slice){ word.at + n - 6, 6 };
	for (int month = 0; month < 12; month++) {
		if (memcmp(months + 3 * month, word.at + n - 5, 3) != 0)
			continue;
		memcpy(room, word.at + n - 2, 2);
		room[2] = (char)('0' + (month + 1) / 10);
		room[3] = (char)('0' + (month + 1) % 10);
		room[4] = n == 7 ? word.at[0] : '0';
		room[5] = word.at[n - 6];
		return (struct slice){ room, 6 };
	}
	return word;
}
