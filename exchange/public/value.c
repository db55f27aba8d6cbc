/*
 * Single values out of JSON that somebody else wrote: documents, numbers, texts, times, a hash.
 *
 * jansson builds a tree that takes many times the bytes of its text.  So excess() counts values and levels
 * before jansson sees the document.  Duplicate members are refused: parsers differ in which one they take.
 *
 * Exchanges change the unit of a timestamp without notice (Bithumb went from microseconds to milliseconds
 * in 2025).  A time outside of 2015 to 2100 is therefore no time at all, and never an age.
 */

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "exchange/public/value.h"
#include "textfile/number.h"

enum { LARGEST_BODY = 16 * 1024 * 1024, MOST_VALUES = 500000, DEEPEST = 32 };

static const double year_2015 = 1420070400, year_2100 = 4102444800;

/*
 * What is too much of the document, or NULL.  It need not be exact: jansson checks the grammar afterwards.
 * But commas and brackets within strings must not count, and a '\' before a quote must not end the string.
 */
static const char *
excess(struct slice body)
{
	size_t values = 0, depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < body.length; i++) {
		char c = body.at[i];

		if (quoted) {
			i += c == '\\';
			quoted = c != '"';
			continue;
		}
		quoted = c == '"';
		values += c == ',' || c == '[' || c == '{';
		if ((c == '[' || c == '{') && ++depth > DEEPEST)
			return "nested more than 32 levels deep";
		if ((c == ']' || c == '}') && depth > 0)
			depth--;
	}
	return values > MOST_VALUES ? "more than 500000 values" : NULL;
}

json_t *
value_document(struct slice body, struct failure *why)
{
	const char *wrong = body.length > LARGEST_BODY ? "more than 16 MiB" : excess(body);
	json_error_t error;
	json_t *root;

	if (body.length == 0)
		wrong = "empty";
	if (wrong != NULL) {
		(void)failure_set(why, FAILURE_PROTOCOL, "the answer cannot be used: %s", wrong);
		return NULL;
	}
	/* The body has no NUL behind it, so it is read by its length. */
	root = json_loadb(body.at, body.length, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL)
		(void)failure_set(why, FAILURE_PROTOCOL, "the answer is no JSON: %s", error.text);
	return root;
}

const char *
value_text(const json_t *value, char text[VALUE_TEXT])
{
	switch (value != NULL ? json_typeof(value) : JSON_NULL) {
	case JSON_STRING: return json_string_value(value);
	case JSON_INTEGER:
		(void)snprintf(text, VALUE_TEXT, "%lld", (long long)json_integer_value(value));
		return text;
	case JSON_REAL: (void)snprintf(text, VALUE_TEXT, "%.15g", json_real_value(value)); return text;
	case JSON_TRUE: return "true";
	case JSON_FALSE: return "false";
	default: return NULL;
	}
}

bool
value_number(const json_t *value, double *number)
{
	struct slice text;
	double read;

	if (json_is_number(value)) {
		read = json_number_value(value);
	} else {
		text.at = json_string_value(value);
		text.length = json_string_length(value);
		/* Many exchanges write prices as strings to keep all digits. */
		if (text.at == NULL || text.length > VALUE_TEXT || !number_valid(text))
			return false;
		read = number_value(text);
	}
	if (!isfinite(read))
		return false;
	*number = read;
	return true;
}

/* Written so that NaN is refused. */
static bool
plausible(double seconds, double *out)
{
	if (!(seconds >= year_2015 && seconds <= year_2100))
		return false;
	*out = seconds;
	return true;
}

/* Seconds stay below 1e11 until the year 5138, milliseconds below 1e14, microseconds below 1e17. */
bool
value_time_of_number(double number, double *seconds)
{
	double unit = number < 1e11 ? 1 : number < 1e14 ? 1e3 : number < 1e17 ? 1e6 : 1e9;

	return plausible(number / unit, seconds);
}

/*
 * A number of exactly `digits` digits, or -1; `*at` goes behind it.  Unlike strtol() it takes no blanks and
 * signs.
 */
static int
digits_at(const char **at, int digits)
{
	int number = 0;

	for (; digits > 0; digits--, (*at)++) {
		if (**at < '0' || **at > '9')
			return -1;
		number = number * 10 + (**at - '0');
	}
	return number;
}

/* Whether `text` goes on as `layout` says: a letter (year, month, day, hour, minute, second), or itself. */
static bool
read_layout(const char **text, const char *layout, struct tm *when)
{
	for (; *layout != '\0'; layout++) {
		int number;

		if (strchr("YmdHMS", *layout) == NULL) {
			if (**text != *layout)
				return false;
			(*text)++;
			continue;
		}
		number = digits_at(text, *layout == 'Y' ? 4 : 2);
		if (number < 0)
			return false;
		switch (*layout) {
		case 'Y': when->tm_year = number - 1900; break;
		case 'm': when->tm_mon = number - 1; break;
		case 'd': when->tm_mday = number; break;
		case 'H': when->tm_hour = number; break;
		case 'M': when->tm_min = number; break;
		default: when->tm_sec = number; break;
		}
	}
	return true;
}

/* timegm() takes any numbers and would make a later day of month 13.  Second 60 is a leap second. */
static bool
possible(const struct tm *when)
{
	return when->tm_mon >= 0 && when->tm_mon < 12 && when->tm_mday >= 1 && when->tm_mday <= 31 &&
	       when->tm_hour < 24 && when->tm_min < 60 && when->tm_sec <= 60;
}

static double
read_fraction(const char **text)
{
	double fraction = 0, place = 0.1;

	if (**text != '.')
		return 0;
	for ((*text)++; **text >= '0' && **text <= '9'; (*text)++, place /= 10)
		fraction += place * (**text - '0');
	return fraction;
}

/* A time without a zone is taken as UTC. */
static bool
read_iso8601(const char *text, double *seconds)
{
	struct tm when = { 0 }, offset = { 0 };
	double fraction, sign;

	if (!read_layout(&text, "Y-m-dTH:M:S", &when) || !possible(&when))
		return false;
	fraction = read_fraction(&text);
	sign = *text == '+' ? 1 : *text == '-' ? -1 : 0;
	if (sign != 0) {
		text++;
		if (!read_layout(&text, "H:M", &offset) || offset.tm_hour > 14 || offset.tm_min > 59)
			return false;
	} else if (*text == 'Z') {
		text++;
	}
	if (*text != '\0')
		return false;
	/* An offset says how far the local clock is ahead of UTC, so it is subtracted. */
	return plausible(
	    (double)timegm(&when) + fraction - sign * (offset.tm_hour * 3600 + offset.tm_min * 60), seconds);
}

bool
value_time(const json_t *value, enum time_unit unit, double *seconds)
{
	static const double divisors[] = { [UNIT_S] = 1, [UNIT_MS] = 1e3, [UNIT_US] = 1e6, [UNIT_NS] = 1e9 };
	const char *text = json_string_value(value);
	double number;

	/* With UNIT_AUTO a text with a 'T' is a date; any other text must be a number in quotes. */
	if (unit == UNIT_ISO8601 || (unit == UNIT_AUTO && text != NULL && strchr(text, 'T') != NULL))
		return text != NULL && read_iso8601(text, seconds);
	if (!value_number(value, &number))
		return false;
	if (unit == UNIT_AUTO)
		return value_time_of_number(number, seconds);
	return plausible(number / divisors[unit], seconds);
}

/* The form of RFC 9110 alone.  The name of the day is not compared: it could add nothing. */
bool
value_http_date(const char *text, double *seconds)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm when = { 0 };
	char month[4] = "";
	const char *found;

	/* The length first: what is read below then stays within the text. */
	if (strlen(text) != sizeof("Tue, 14 Nov 2023 22:13:20 GMT") - 1)
		return false;
	text += strlen("Tue");
	if (!read_layout(&text, ", d ", &when))
		return false;
	memcpy(month, text, 3);
	text += 3;
	found = strstr(months, month);
	/* "anF" is in the list too, but no month begins there. */
	if (found == NULL || (found - months) % 3 != 0 || !read_layout(&text, " Y ", &when) ||
	    !read_layout(&text, "H:M:S", &when) || strcmp(text, " GMT") != 0)
		return false;
	when.tm_mon = (int)(found - months) / 3;
	return possible(&when) && plausible((double)timegm(&when), seconds);
}

/* FNV-1a of 64 bits: it need not resist an attack, only be the same in every run and on every machine. */
static uint64_t
hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ at[i]) * UINT64_C(1099511628211);
	return hash;
}

uint64_t
value_hash(const json_t *value, uint64_t hash)
{
	char text[VALUE_TEXT];
	const char *scalar = value_text(value, text), *key;
	const json_t *member;
	size_t index;

	if (json_is_array(value)) {
		json_array_foreach(value, index, member) hash = value_hash(member, hash);
	} else if (json_is_object(value)) {
		json_object_foreach((json_t *)value, key, member) hash =
		    value_hash(member, hash_bytes(hash, key, strlen(key)));
	} else if (scalar != NULL) {
		hash = hash_bytes(hash, scalar, strlen(scalar));
	}
	/* An end for each value: else ["1","23"] and ["12","3"] would be the same. */
	return hash_bytes(hash, ";", 1);
}
