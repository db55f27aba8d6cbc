/*
 * Reads the name of a market, however it is spelt.  The bot, ccxt and each exchange write it in their own
 * way, and the positions of one market must meet under one name: two names for one market would look like
 * two differences.
 *
 * Most names have separators, and then only the order of base and quote is open, which the profile tells.
 * Without a separator ("BTCUSDT") the quote is found in a list.  That list is a compromise: a market whose
 * quote it lacks is taken for an asset, and a short quote may split names wrongly.
 * tests/exchange/test_symbol.c has the spellings that must hold.
 *
 * A name comes from the settings, the bot or an exchange, and ends in labels, log lines and on web pages.
 * So only letters, digits and single separators pass.  Letters beyond ASCII are taken, because Binance
 * lists markets with Chinese names; without tables of Unicode the most that can be done is to refuse what
 * certainly is no letter.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/text/utf8.h"
#include "exchange/symbol.h"

/* Words -------------------------------------------------------------- */

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

/*
 * In capitals, into `out`.  False: empty, too long, or there is something else than letters, digits and,
 * between them, single `separators`.
 */
static bool
clean(struct slice spelt, const char *separators, char out[SYMBOL_TEXT])
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

/* The day a contract ends: "260327", "20260327" (only in this century) or "27MAR26". */
static bool
is_expiry(struct slice word)
{
	for (size_t i = 0; i < word.length; i++)
		if (!is_digit(word.at[i]))
			return is_day_month_year(word);
	return word.length == 6 || (word.length == 8 && memcmp(word.at, "20", 2) == 0);
}

enum { SYMBOL_EXPIRY = 8 };

/* "260327" for all forms of the day, in `word` or `room`; any other word stays as it is. */
static struct slice
expiry_of(struct slice word, char room[SYMBOL_EXPIRY])
{
	static const char months[] = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
	size_t n = word.length;

	if (!is_expiry(word) || n == 0)
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

/* Markets ------------------------------------------------------------ */

/*
 * What markets are quoted in, longer names first.  A name is left out when the
 * end of a common asset and a shorter quote make the same: TUSD (DOTUSD), BUSD
 * (BNBUSD), AEUR (ADAEUR), DAI.
 */
static const char *const quotes[] = { "FDUSD", "USDT", "USDC", "USD1", "USDE", "USDG", "EURI", "EURC", "DOGE",
	"USD", "KRW", "EUR", "BTC", "ETH", "BNB", "TRY", "JPY", "GBP", "BRL", "AUD", "CAD", "CHF", "ARS",
	"COP", "CZK", "IDR", "INR", "MXN", "NGN", "PLN", "RON", "RUB", "SGD", "THB", "TRX", "UAH", "VND",
	"XRP", "ZAR", "SOL" };
enum { QUOTES = sizeof(quotes) / sizeof(quotes[0]) };

/* Third words that say "perpetual", and nothing else. */
static const char *const perpetuals[] = { "SWAP", "PERP", "PERPETUAL", "UMCBL", "DMCBL", "CMCBL" };
enum { PERPETUALS = sizeof(perpetuals) / sizeof(perpetuals[0]) };

static bool
is_one_of(struct slice word, const char *const words[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_is(word, words[i]))
			return true;
	return false;
}

/* The rule "KEY=VALUE" whose key is `word`; NULL: none. */
static const char *
find_rule(const struct profile_list *rules, struct slice word)
{
	for (size_t i = 0; i < rules->count; i++) {
		const char *rule = rules->items[i];

		if (slice_equal((struct slice){ rule, strcspn(rule, "=") }, word))
			return rule;
	}
	return NULL;
}

/* What the exchange calls `word`, undone: first of its accounts' names ("XXBT"), then of its markets'
 * ("XBT"). */
static struct slice
undo_renames(const struct profile *profile, struct slice word)
{
	const char *rule = find_rule(&profile->account.asset_rename, word);

	if (rule != NULL)
		word = SLICE(rule + strcspn(rule, "=") + 1);
	for (size_t i = 0; i < profile->symbol_rename.count; i++) {
		rule = profile->symbol_rename.items[i];
		if (slice_is(word, rule + strcspn(rule, "=") + 1))
			return (struct slice){ rule, strcspn(rule, "=") };
	}
	return word;
}

/*
 * One asset's own name.  "XBT.F" is "BTC.F" and not "BTC": what is staked or lent cannot be sold at once.
 * A profile may count it as the asset, by a rename.
 */
static bool
name_asset(const struct profile *profile, struct slice word, char asset[SYMBOL_ASSET])
{
	struct slice whole = undo_renames(profile, word), head, tail = { NULL, 0 };
	const char *dot = memchr(word.at, '.', word.length);

	head = whole;
	if (dot != NULL && slice_equal(whole, word)) {
		head = undo_renames(profile, (struct slice){ word.at, (size_t)(dot - word.at) });
		tail = (struct slice){ dot, word.length - (size_t)(dot - word.at) };
	}
	if (head.length == 0 || head.length + tail.length >= SYMBOL_ASSET)
		return false;
	memcpy(asset, head.at, head.length);
	if (tail.length > 0)
		memcpy(asset + head.length, tail.at, tail.length);
	asset[head.length + tail.length] = '\0';
	return true;
}

static bool
is_quote(struct slice word)
{
	return is_one_of(word, quotes, QUOTES);
}

/*
 * Names of old (Kraken's "ZUSD") end pairs in which both have such a name, or
 * the base is a currency itself: "XXBTZUSD" and "USDTZUSD", but not "XTZUSD".
 */
static size_t
find_renamed_quote(const struct profile *profile, struct slice word)
{
	const struct profile_list *rules = &profile->account.asset_rename;

	for (size_t i = 0; i < rules->count; i++) {
		const char *rule = rules->items[i];
		size_t length = strcspn(rule, "=");
		struct slice base;

		if (length >= word.length || memcmp(word.at + word.length - length, rule, length) != 0)
			continue;
		base = (struct slice){ word.at, word.length - length };
		if (is_quote(undo_renames(profile, (struct slice){ rule, length })) &&
		    (find_rule(rules, base) != NULL || is_quote(base)))
			return base.length;
	}
	return 0;
}

/* Where in "BTCUSDT" the quote begins; 0: it does not end with one that is known. */
static size_t
find_quote(const struct profile *profile, struct slice word)
{
	size_t at;

	if (is_quote(word) || find_rule(&profile->account.asset_rename, word) != NULL)
		return 0;
	at = find_renamed_quote(profile, word);
	for (size_t i = 0; at == 0 && i < QUOTES; i++)
		if (slice_ends_with(word, quotes[i]))
			at = word.length - strlen(quotes[i]);
	/* In the exchange's own spelling: "ETHXBT". */
	for (size_t i = 0; at == 0 && i < profile->symbol_rename.count; i++) {
		const char *rule = profile->symbol_rename.items[i];
		size_t length = strcspn(rule, "=");

		if (slice_ends_with(word, rule + length + 1) && is_quote((struct slice){ rule, length }))
			at = word.length - strlen(rule + length + 1);
	}
	return at;
}

/* The word at the front of `rest`, up to one of `separators`, which is taken too and returned ('\0': the
 * end). */
static char
read_word(struct slice *rest, const char *separators, struct slice *word)
{
	size_t length = 0;
	char separator = '\0';

	while (length < rest->length && strchr(separators, rest->at[length]) == NULL)
		length++;
	*word = (struct slice){ rest->at, length };
	if (length < rest->length)
		separator = rest->at[length++];
	rest->at += length;
	rest->length -= length;
	return separator;
}

/* Append; false: no room. */
static bool
append(char text[SYMBOL_TEXT], const char *separator, struct slice word)
{
	size_t length = strlen(text), gap = strlen(separator);

	if (length + gap + word.length >= SYMBOL_TEXT)
		return false;
	memcpy(text + length, separator, gap);
	memcpy(text + length + gap, word.at, word.length);
	text[length + gap + word.length] = '\0';
	return true;
}

/* Joins base, quote and what comes after them, without words for "perpetual". */
static bool
complete(const struct profile *profile, struct slice base, struct slice quote, struct slice rest,
    struct symbol *symbol)
{
	struct symbol named = { .text = "" };
	struct slice word;
	char room[SYMBOL_EXPIRY];

	if (!name_asset(profile, base, named.base) || !append(named.text, "", SLICE(named.base)))
		return false;
	if (quote.length > 0 &&
	    (!name_asset(profile, quote, named.quote) || !append(named.text, "/", SLICE(named.quote))))
		return false;
	while (rest.length > 0) {
		(void)read_word(&rest, "-_/:. ", &word);
		if (!is_one_of(word, perpetuals, PERPETUALS) &&
		    !append(named.text, "-", expiry_of(word, room)))
			return false;
	}
	*symbol = named;
	return true;
}

/*
 * "BTCUSDZ25" is "BTCUSD" that ends on the last Friday of the month of that letter: "251226".  Only after a
 * quote, and where the profile has contracts of such names.
 */
static bool
split_month(const struct profile *profile, struct slice *word, char expiry[SYMBOL_EXPIRY])
{
	static const char months[] = "FGHJKMNQUVXZ";
	struct slice pair = { word->at, word->length > 3 ? word->length - 3 : 0 };
	const char *end = word->at + pair.length, *month;
	struct tm last = { .tm_hour = 12 };
	int number;

	if (profile->contract_quote == NULL || find_quote(profile, pair) == 0 || !is_digit(end[1]) ||
	    !is_digit(end[2]) || (month = strchr(months, end[0])) == NULL)
		return false;
	last.tm_year = 100 + (end[1] - '0') * 10 + end[2] - '0';
	number = (int)(month - months) + 1;
	last.tm_mon = number; /* day 0 of the next month is the last one of this */
	(void)timegm(&last);
	last.tm_mday -= (last.tm_wday + 2) % 7;
	memcpy(expiry, end + 1, 2);
	(void)snprintf(
	    expiry + 2, SYMBOL_EXPIRY - 2, "%02u%02u", (unsigned)number % 100, (unsigned)last.tm_mday % 100);
	*word = pair;
	return true;
}

/* A contract in the currency at its end ("BTC-26SEP25-USDT"), or else in that of the profile: "BTCPERP",
 * "BTC-26SEP25", "BTC-PERP". */
static bool
read_unquoted(const struct profile *profile, struct slice word, struct slice rest, struct symbol *symbol)
{
	static const char perpetual[] = "PERP";
	struct slice quote = SLICE(profile->contract_quote), last;
	size_t at = rest.length;

	if (rest.length == 0)
		word.length -= strlen(perpetual);
	while (at > 0 && strchr("-_:. ", rest.at[at - 1]) == NULL)
		at--;
	last = (struct slice){ rest.at + at, rest.length - at };
	if (at > 0 && is_quote(last)) {
		quote = last;
		rest.length = at - 1;
	}
	return complete(profile, word, quote, rest, symbol);
}

static bool
is_unquoted(const struct profile *profile, struct slice word, struct slice rest)
{
	return profile->contract_quote != NULL && find_quote(profile, word) == 0 &&
	       (rest.length > 0 || (word.length > 4 && slice_ends_with(word, "PERP")));
}

/* "BTCUSDT", or an asset alone. */
static bool
read_joined(const struct profile *profile, struct slice word, struct slice rest, struct symbol *symbol)
{
	char expiry[SYMBOL_EXPIRY];
	struct slice base, quote;
	size_t at;

	if (is_unquoted(profile, word, rest))
		return read_unquoted(profile, word, rest, symbol);
	if (rest.length == 0 && split_month(profile, &word, expiry))
		rest = SLICE(expiry);
	at = find_quote(profile, word);
	base = (struct slice){ word.at, at == 0 ? word.length : at };
	quote = (struct slice){ word.at + base.length, word.length - base.length };
	return complete(profile, base, quote, rest, symbol);
}

/* "BTC/USDT:USDT-260327": a slash is the same on every exchange, and what follows a colon settles. */
static bool
read_with_slash(const struct profile *profile, struct slice text, struct symbol *symbol)
{
	struct slice base, quote, settles;
	char separator;

	(void)read_word(&text, "/", &base);
	if (strcspn(base.at, "-_: ") < base.length)
		return false;
	separator = read_word(&text, "-_/: ", &quote);
	if (separator == '/')
		return false;
	if (separator == ':')
		(void)read_word(&text, "-_/: ", &settles);
	return complete(profile, base, quote, text, symbol);
}

static bool
is_quote_first(const struct profile *profile)
{
	const char *first = strchr(profile->symbol_format, '{');

	return first != NULL && (first[1] == 'Q' || first[1] == 'q');
}

/* "BTC-USDT-SWAP", "KRW-BTC", "BTCUSDT_260327", "BTCUSD_PERP", "BTC-27MAR26" */
static bool
read_words(const struct profile *profile, struct slice text, const char *separators, struct symbol *symbol)
{
	struct slice first, second, rest = text, after;

	(void)read_word(&rest, separators, &first);
	after = rest;
	if (rest.length == 0)
		return read_joined(profile, first, rest, symbol);
	(void)read_word(&rest, separators, &second);
	if (is_expiry(second) ||
	    (is_one_of(second, perpetuals, PERPETUALS) && profile->contract_quote != NULL) ||
	    (is_one_of(second, perpetuals, PERPETUALS) && find_quote(profile, first) > 0))
		return read_joined(profile, first, after, symbol);
	if (is_quote_first(profile))
		return complete(profile, second, first, rest, symbol);
	return complete(profile, first, second, rest, symbol);
}

/* A single dot is part of a name ("XBT.F", "BRK.B-USDT"), unless a quote follows it: "BTC.USDT". */
static bool
is_dot_between(const struct profile *profile, struct slice text)
{
	struct slice first, second;

	(void)read_word(&text, ".", &first);
	(void)read_word(&text, ".", &second);
	return is_quote(undo_renames(profile, second)) ||
	       (is_quote_first(profile) && second.length > 0 && is_quote(undo_renames(profile, first)));
}

bool
symbol_read(const struct profile *profile, struct slice spelt, struct symbol *symbol)
{
	char text[SYMBOL_TEXT];
	struct slice whole = { text, spelt.length };

	if (!clean(spelt, "-_/:. ", text))
		return false;
	if (strchr(text, '/') != NULL)
		return read_with_slash(profile, whole, symbol);
	if (strpbrk(text, "-_: ") == NULL && is_dot_between(profile, whole))
		return read_words(profile, whole, ".", symbol);
	return read_words(profile, whole, "-_: ", symbol);
}

void
symbol_unit(const struct profile *profile, const char *base, struct symbol_unit *unit)
{
	size_t length = strlen(base);

	*unit = (struct symbol_unit){ .count = 1 };
	(void)snprintf(unit->asset, sizeof(unit->asset), "%s", base);
	for (size_t i = 0; i < profile->symbol_units.count; i++) {
		const char *rule = profile->symbol_units.items[i], *token = strchr(rule, '{');
		const char *after = strchr(token, '}') + 1, *equals = strchr(after, '=');
		size_t before = (size_t)(token - rule), behind = (size_t)(equals - after), left;

		/* What is left begins and ends with no digit: "1000000MOG" is not 1000 of "000MOG". */
		if (length <= before + behind || strncmp(base, rule, before) != 0 ||
		    strncmp(base + length - behind, after, behind) != 0)
			continue;
		left = length - before - behind;
		if (is_digit(base[before]) || (behind > 0 && is_digit(base[before + left - 1])))
			continue;
		(void)snprintf(unit->asset, sizeof(unit->asset), "%.*s", (int)left, base + before);
		unit->count = (int)strtol(equals + 1, NULL, 10);
		return;
	}
}

bool
symbol_read_asset(const struct profile *profile, struct slice spelt, struct symbol *symbol)
{
	char text[SYMBOL_TEXT];

	return clean(spelt, "-_.", text) && complete(profile, (struct slice){ text, spelt.length },
						(struct slice){ NULL, 0 }, (struct slice){ NULL, 0 }, symbol);
}
