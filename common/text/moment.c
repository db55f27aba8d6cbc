/*
 * RFC 3339, as strict as Go's time.Time reads it from JSON: what Alertmanager
 * would refuse, our programs refuse too.  A leap second counts as the next one.
 */

#include <stdbool.h>
#include <time.h>

#include "common/text/moment.h"

/* So many digits at `*at`, which moves on; -1: there are less, or it is out of range. */
static int
digits(const char **at, const char *end, int count, int low, int high)
{
	int value = 0;

	for (int i = 0; i < count; i++, (*at)++) {
		if (*at == end || **at < '0' || **at > '9')
			return -1;
		value = value * 10 + (**at - '0');
	}
	return value >= low && value <= high ? value : -1;
}

static bool
letter(const char **at, const char *end, char wanted)
{
	/* RFC 3339 allows 't' and 'z' as well. 32 is the bit in which
	 * the cases of a letter differ; '-' and ':' have it already. */
	if (*at == end || (**at | 32) != (wanted | 32))
		return false;
	(*at)++;
	return true;
}

/* The date and the time of day; -1: the text is not one. */
static int
read_clock(const char **at, const char *end, struct tm *tm)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap;
	int year;

	if ((year = digits(at, end, 4, 0, 9999)) < 0 || !letter(at, end, '-') ||
	    (tm->tm_mon = digits(at, end, 2, 1, 12) - 1) < 0 || !letter(at, end, '-') ||
	    (tm->tm_mday = digits(at, end, 2, 1, days[tm->tm_mon])) < 0 || !letter(at, end, 'T') ||
	    (tm->tm_hour = digits(at, end, 2, 0, 23)) < 0 || !letter(at, end, ':') ||
	    (tm->tm_min = digits(at, end, 2, 0, 59)) < 0 || !letter(at, end, ':') ||
	    (tm->tm_sec = digits(at, end, 2, 0, 60)) < 0)
		return -1;
	/* The table has 29 days for February: only now is the year known to be a leap year or not. */
	leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	tm->tm_year = year - 1900;
	return tm->tm_mon == 1 && tm->tm_mday == 29 && !leap ? -1 : 0;
}

/* ".123456789": milliseconds, cut off; 0 without a point; -1: no digit behind the point. */
static int
read_fraction(const char **at, const char *end)
{
	int ms = 0, weight = 100;

	if (*at == end || **at != '.')
		return 0;
	(*at)++;
	if (*at == end || **at < '0' || **at > '9')
		return -1;
	/* Go sends nanoseconds: the digits behind the third
	 * must be read, and add nothing (their weight is 0). */
	for (; *at < end && **at >= '0' && **at <= '9'; (*at)++, weight /= 10)
		ms += (**at - '0') * weight;
	return ms;
}

int
moment_parse(struct slice text, int64_t *ms)
{
	const char *at = text.at, *end = text.at + text.length;
	struct tm tm = { 0 };
	int fraction, hours = 0, minutes = 0, sign = 0;

	if (read_clock(&at, end, &tm) != 0 || (fraction = read_fraction(&at, end)) < 0)
		return -1;
	if (!letter(&at, end, 'Z')) {
		if (at == end || (*at != '+' && *at != '-'))
			return -1;
		sign = *at++ == '+' ? 1 : -1;
		if ((hours = digits(&at, end, 2, 0, 23)) < 0 || !letter(&at, end, ':') ||
		    (minutes = digits(&at, end, 2, 0, 59)) < 0)
			return -1;
	}
	if (at != end)
		return -1;
	/* timegm() knows no time zone, unlike mktime(): the process's own zone must not move an alert. */
	*ms = ((int64_t)timegm(&tm) - sign * (hours * 60 + minutes) * 60) * 1000 + fraction;
	return 0;
}
