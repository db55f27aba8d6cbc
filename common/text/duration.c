/*
 * These durations decide how often exchanges are asked and when alerts come,
 * so a text that is only nearly right is refused rather than guessed at: "5"
 * may mean seconds or minutes.  `next` lets each unit come once and in falling
 * order, so "30m1h" and "5s5s" are errors, as in Prometheus.  Every step is
 * checked against 100 years, which is below what an int64_t of nanoseconds
 * holds: a sum cannot overflow.
 */

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "common/text/duration.h"

static const struct unit {
	const char *name;
	int64_t ns;
} units[] = {
	{ "d", INT64_C(86400000000000) },
	{ "h", INT64_C(3600000000000) },
	{ "m", INT64_C(60000000000) },
	{ "s", INT64_C(1000000000) },
	{ "ms", INT64_C(1000000) },
};
enum { UNITS = sizeof(units) / sizeof(units[0]) };

static const int64_t longest_ns = INT64_C(100) * 365 * 86400 * 1000000000;

/* The index of the unit that is written at `text`, from `first` on, or UNITS. */
static size_t
unit_at(const char *text, size_t length, size_t first)
{
	for (size_t i = first; i < UNITS; i++)
		if (strlen(units[i].name) == length && strncmp(text, units[i].name, length) == 0)
			return i;
	return UNITS;
}

int
duration_parse(const char *text, int64_t *ns)
{
	int64_t total = 0;
	size_t next = 0;

	if (*text == '\0')
		return -1;
	while (*text != '\0') {
		int64_t number = 0;
		size_t letters = 0, unit;

		if (!isdigit((unsigned char)*text))
			return -1;
		/* The largest number that any unit can have: the milliseconds of 100 years. */
		for (; isdigit((unsigned char)*text); text++)
			if ((number = number * 10 + (*text - '0')) > longest_ns / 1000000)
				return -1;
		while (isalpha((unsigned char)text[letters]))
			letters++;
		unit = unit_at(text, letters, next);
		if (unit == UNITS || number > longest_ns / units[unit].ns)
			return -1;
		total += number * units[unit].ns;
		if (total > longest_ns)
			return -1;
		text += letters;
		next = unit + 1;
	}
	*ns = total;
	return 0;
}
