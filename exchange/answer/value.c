/*
 * Single values out of JSON that somebody else wrote: texts, numbers, times.
 *
 * Exchanges change the unit of a timestamp without notice (Bithumb went from microseconds to milliseconds
 * in 2025).  So a time outside of 2015 to 2100 is refused: a wrong unit must never become an age.
 */

#include <math.h>
#include <string.h>
#include <time.h>

#include "exchange/answer/answer.h"
#include "textfile/number.h"

static const double year_2015 = 1420070400, year_2100 = 4102444800;

bool
answer_text(struct slice value, char text[ANSWER_TEXT])
{
	char buffer[ANSWER_TEXT];
	struct slice read;

	if (!json_scan_text(value, buffer, sizeof(buffer), &read) || read.length >= ANSWER_TEXT)
		return false;
	memcpy(text, read.at, read.length);
	text[read.length] = '\0';
	return true;
}

struct slice
answer_first(struct json_scan *scan, struct slice row, const struct profile_list *pointers)
{
	struct slice value = { NULL, 0 };

	for (size_t i = 0; i < pointers->count && value.at == NULL; i++)
		value = json_scan_get(scan, row, pointers->items[i]);
	return value;
}

/* Many exchanges write numbers as strings to keep all digits. */
bool
answer_number(struct slice value, double *number)
{
	enum scan_kind kind = json_scan_kind(value);
	char text[ANSWER_TEXT];
	double read;

	if ((kind != SCAN_NUMBER && kind != SCAN_STRING) || !answer_text(value, text) ||
	    !number_valid(SLICE(text)))
		return false;
	read = number_value(SLICE(text));
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
answer_time_of_number(double number, double *seconds)
{
	double unit = number < 1e11 ? 1 : number < 1e14 ? 1e3 : number < 1e17 ? 1e6 : 1e9;

	return plausible(number / unit, seconds);
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

/* A time without a zone is taken as UTC.  strptime() refuses month 13 and hour 25 by itself. */
static bool
read_iso8601(const char *text, double *seconds)
{
	struct tm when = { 0 }, zone = { 0 };
	double fraction;

	text = strptime(text, "%Y-%m-%dT%H:%M:%S", &when);
	if (text == NULL)
		return false;
	fraction = read_fraction(&text);
	if (*text != '\0') {
		text = strptime(text, "%z", &zone);
		if (text == NULL || *text != '\0')
			return false;
	}
	/* An offset says how far the local clock is ahead of UTC, so it is subtracted. */
	return plausible((double)timegm(&when) + fraction - (double)zone.tm_gmtoff, seconds);
}

bool
answer_time(struct slice value, enum time_unit unit, double *seconds)
{
	static const double divisors[] = { [UNIT_S] = 1, [UNIT_MS] = 1e3, [UNIT_US] = 1e6, [UNIT_NS] = 1e9 };
	char text[ANSWER_TEXT];
	double number;

	/* With UNIT_AUTO a text with a 'T' is a date; any other text must be a number in quotes. */
	if (json_scan_kind(value) == SCAN_STRING && answer_text(value, text) &&
	    (unit == UNIT_ISO8601 || (unit == UNIT_AUTO && strchr(text, 'T') != NULL)))
		return read_iso8601(text, seconds);
	if (unit == UNIT_ISO8601 || !answer_number(value, &number))
		return false;
	if (unit == UNIT_AUTO)
		return answer_time_of_number(number, seconds);
	return plausible(number / divisors[unit], seconds);
}

/* The names are English, because no program of ours calls setlocale(). */
bool
answer_http_date(const char *text, double *seconds)
{
	struct tm when = { 0 };
	const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &when);

	return end != NULL && *end == '\0' && plausible((double)timegm(&when), seconds);
}
