/*
 * Single values out of JSON that somebody else wrote: texts, numbers, times.
 *
 * Exchanges change the unit of a timestamp without notice (Bithumb went from microseconds to milliseconds
 * in 2025).  So a time outside of 2015 to 2100 is refused: a wrong unit must never become an age.
 */

#include <math.h>
#include <stdio.h>
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

/* The form of RFC 9110 alone.  The name of the day is not compared: it could add nothing. */
bool
answer_http_date(const char *text, double *seconds)
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
