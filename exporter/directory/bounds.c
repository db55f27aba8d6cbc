/*
 * node_exporter reads `le` and `quantile` as numbers and writes them as Go
 * does: the shortest digits that read back as the same number.  A file that
 * says "1.0" must become "1" here too, or all buckets would be other series as
 * soon as one program takes over from the other.  Every line of every
 * histogram passes through here when its file was read, so is_normal() gets
 * past the usual spellings without a conversion.  No program calls
 * setlocale(): printf() and strtod() have a point and not a comma.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/directory/bounds.h"
#include "textfile/number.h"
#include "textfile/parse.h"

/* Go writes an exponent below 1e-4, and from 1e6 on. */
enum { LEAST_EXPONENT = -4, EXPONENTS_PAST = 6, DIGITS = 17, WHOLE_DIGITS = 6, FRACTION_DIGITS = 8 };

/* The first precision that reads back as the same number is the shortest one; 17 digits always do. */
size_t
bound_format(double value, char text[BOUND_TEXT])
{
	char digits[BOUND_TEXT];
	const char *mark;
	int exponent, precision = 0, length;

	if (isnan(value) || isinf(value))
		return (size_t)snprintf(text, BOUND_TEXT, isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
	if (value == 0)
		return (size_t)snprintf(text, BOUND_TEXT, "0");
	do
		(void)snprintf(digits, sizeof(digits), "%.*e", precision, value);
	while (strtod(digits, NULL) != value && ++precision < DIGITS);
	mark = strchr(digits, 'e');
	exponent = mark != NULL ? (int)strtol(mark + 1, NULL, 10) : 0;
	if (exponent < LEAST_EXPONENT || exponent >= EXPONENTS_PAST)
		return (size_t)snprintf(text, BOUND_TEXT, "%s", digits);
	length = precision > exponent ? precision - exponent : 0;
	return (size_t)snprintf(text, BOUND_TEXT, "%.*f", length, value);
}

/* Whether the text is as Go would write it.  Most are: "+Inf", "10", "0.25".  A normal
 * text that this does not recognise is converted to itself, which only takes longer. */
static bool
is_normal(struct slice text)
{
	size_t whole = 0, fraction;

	if (slice_is(text, "+Inf"))
		return true;
	while (whole < text.length && text.at[whole] >= '0' && text.at[whole] <= '9')
		whole++;
	if (whole == 0 || whole > WHOLE_DIGITS || (whole > 1 && text.at[0] == '0'))
		return false;
	if (whole == text.length)
		return true;
	fraction = text.length - whole - 1;
	if (text.at[whole] != '.' || fraction == 0 || fraction > FRACTION_DIGITS ||
	    text.at[text.length - 1] == '0')
		return false;
	for (size_t i = whole + 1; i < text.length; i++)
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
	/* Below 0.0001 there is an exponent. */
	return text.at[0] != '0' || fraction < 5 || memcmp(text.at + whole + 1, "0000", 4) != 0;
}

/* The label of a bound that Go would write differently, or NULL. */
static struct label *
odd_bound(struct document *d, const struct sample *sample)
{
	const struct parsed_family *family = &d->families[sample->family];
	const struct slice name = sample_bound_label(family->type);

	if (!composite_type(family->type))
		return NULL;
	for (size_t i = 0; i < sample->label_count; i++) {
		struct label *label = &d->labels[sample->labels + i];

		if (slice_equal(label->name, name))
			return is_normal(label->value) ? NULL : label;
	}
	return NULL;
}

int
bounds_normalise(struct document *d, struct buffer *room)
{
	size_t odd = 0;

	for (size_t i = 0; i < d->sample_count; i++)
		odd += odd_bound(d, &d->samples[i]) != NULL;
	/* All at once: the labels point into this memory, which must not move afterwards. */
	if (odd > 0 && buffer_reserve(room, odd * BOUND_TEXT) == NULL)
		return -1;
	for (size_t i = 0; i < d->sample_count && odd > 0; i++) {
		struct label *label = odd_bound(d, &d->samples[i]);
		char *at;

		if (label == NULL || !number_valid(label->value))
			continue;
		at = room->text + room->length;
		label->value = (struct slice){ at, bound_format(number_value(label->value), at) };
		room->length += label->value.length;
	}
	return 0;
}
