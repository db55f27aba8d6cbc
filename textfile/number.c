/*
 * Numbers as text, exactly and as short as can be, without tables of magic
 * constants; strtod() reads them back.
 *
 * Nearly every value of a metric lies between 1e-10 and 2^53.  There a double
 * f * 2^e, scaled so that 17 or 18 digits stand before the point (times 10^n,
 * n <= 27), is f * 5^n * 2^(e+n): a whole number of at most 55 + 63 bits with
 * a binary point in it, so 128-bit arithmetic is exact and no error analysis
 * is needed.  What lies outside takes the slow way through printf() and strtod().
 */

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "textfile/number.h"

__extension__ typedef unsigned __int128 wide;

enum {
	MOST_DIGITS = 17, /* enough to tell any two doubles apart */
	EXPONENT_BIAS = 1023,
	MANTISSA_BITS = 53,
	LEAST_INFINITE = 309, /* digits of a number that no double is large enough for */
};

static const double whole_limit = 9007199254740992.0; /* 2^53: below it every whole number is a double */
static const double exact_least = 1e-10;

static size_t
write_whole(uint64_t value, char *text)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	memcpy(text, digits + at, sizeof(digits) - at);
	return sizeof(digits) - at;
}

/* Whether `above` is nearer to `value` than `below`; half way, whether `below` counts an odd number of steps.
 */
static bool
above_is_nearer(wide below, wide value, wide above, uint64_t steps)
{
	wide down = value - below, up = above - value;

	return up < down || (up == down && steps % 2 == 1);
}

/*
 * The whole number times a power of ten that has the fewest digits of all
 * strictly between `low` and `high`, and of those the one next to `value`.
 * The three are scaled by 2^shift.  The trailing zeros are taken off and
 * counted in `*zeros`.
 */
static uint64_t
shortest_between(wide low, wide value, wide high, int shift, int *zeros)
{
	uint64_t whole = (uint64_t)(value >> shift), step = 1, best;

	best = whole + above_is_nearer((wide)whole << shift, value, (wide)(whole + 1) << shift, whole);
	*zeros = 0;
	for (int digits = 1; digits <= MOST_DIGITS; digits++) {
		wide below, above;
		bool below_fits, above_fits;

		step *= 10;
		below = (wide)(whole - whole % step) << shift;
		above = below + ((wide)step << shift);
		below_fits = below > low;
		above_fits = above < high;
		if (!below_fits && !above_fits)
			break;
		best = whole / step +
		       (above_fits && (!below_fits || above_is_nearer(below, value, above, whole / step)));
		*zeros = digits;
	}
	return best;
}

/* digits * 10^exponent, for exponent < 0, as 123.4, 0.00123 or 1.23e-08: as Go's 'g' has it. */
static size_t
write_decimal(uint64_t digits, int exponent, char *text)
{
	char written[20];
	size_t count = write_whole(digits, written), length = 0;
	int point = (int)count + exponent; /* digits before the point */

	if (point > 0) {
		memcpy(text, written, (size_t)point);
		text[point] = '.';
		memcpy(text + point + 1, written + point, count - (size_t)point);
		return count + 1;
	}
	if (point > -4) {
		memcpy(text, "0.000", 5);
		length = (size_t)(2 - point);
		memcpy(text + length, written, count);
		return length + count;
	}
	text[length++] = written[0];
	if (count > 1)
		text[length++] = '.';
	memcpy(text + length, written + 1, count - 1);
	length += count - 1;
	return length + (size_t)snprintf(text + length, NUMBER_TEXT - length, "e-%02d", 1 - point);
}

/*
 * For exact_least <= value < whole_limit, and no whole number: so it is not
 * subnormal.  The power of ten is found from the binary exponent alone, and may
 * be one too many: then there are 18 digits before the point, which still fit.
 */
static size_t
write_exact(double value, char *text)
{
	const uint64_t hidden_bit = UINT64_C(1) << (MANTISSA_BITS - 1);
	uint64_t bits, mantissa, even, digits;
	int binary, power, shift, zeros;
	wide scale = 1, scaled, low, high; /* 5^27 is the last that fits into 63 bits */

	memcpy(&bits, &value, sizeof(bits));
	mantissa = (bits & (hidden_bit - 1)) | hidden_bit;
	binary = (int)(bits >> (MANTISSA_BITS - 1)) - EXPONENT_BIAS; /* 2^binary <= value < 2^(binary + 1) */
	power = 16 - (binary * 1233 >> 12);                          /* 1233 / 4096 is log10(2) */
	for (int i = 0; i < power; i++)
		scale *= 5;
	scaled = 4 * mantissa * scale;
	shift = MANTISSA_BITS + 1 - binary - power;
	/* What lies half way to the next double reads back as the one that is even. */
	even = (mantissa & 1) == 0;
	high = scaled + 2 * scale + even;
	low = scaled - (mantissa == hidden_bit ? 1 : 2) * scale - even;
	digits = shortest_between(low, scaled, high, shift, &zeros);
	return write_decimal(digits, zeros - power, text);
}

static size_t
write_slowly(double value, char *text)
{
	int length = 0;

	for (int digits = 15; digits <= MOST_DIGITS; digits++) {
		length = snprintf(text, NUMBER_TEXT, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	return (size_t)length;
}

size_t
number_format(double value, char text[NUMBER_TEXT])
{
	double size = fabs(value);
	size_t sign = signbit(value) && !isnan(value) && size != 0;

	if (isnan(value) || isinf(value)) {
		memcpy(text, isnan(value) ? "NaN" : sign ? "-Inf" : "+Inf", 4);
		return isnan(value) ? 3 : 4;
	}
	text[0] = '-';
	if (size < whole_limit && size == (double)(uint64_t)size)
		return sign + write_whole((uint64_t)size, text + sign);
	if (size >= exact_least && size < whole_limit)
		return sign + write_exact(size, text + sign);
	return write_slowly(value, text);
}

/* --- Reading --- */

/* Digits with at most one point among them, and an exponent: what strtod() takes besides is refused here. */
static bool
is_decimal(struct slice text)
{
	size_t at = 0, digits = 0;
	bool point = false;

	if (at < text.length && (text.at[at] == '-' || text.at[at] == '+'))
		at++;
	for (; at < text.length && (isdigit((unsigned char)text.at[at]) || (text.at[at] == '.' && !point));
	     at++) {
		point = point || text.at[at] == '.';
		digits += text.at[at] != '.';
	}
	if (digits == 0 || at == text.length)
		return digits > 0;
	if (text.at[at] != 'e' && text.at[at] != 'E')
		return false;
	at++;
	if (at < text.length && (text.at[at] == '-' || text.at[at] == '+'))
		at++;
	for (digits = 0; at < text.length && isdigit((unsigned char)text.at[at]); at++)
		digits++;
	return digits > 0 && at == text.length;
}

static bool
is_word(struct slice text, const char *word)
{
	return text.length == strlen(word) && strncasecmp(text.at, word, text.length) == 0;
}

/* "inf", "-Infinity", "nan", in any case. */
static bool
read_word(struct slice text, double *value)
{
	struct slice rest = text;

	if (is_word(text, "nan")) {
		*value = NAN;
		return true;
	}
	if (text.length > 0 && (*text.at == '-' || *text.at == '+'))
		rest = (struct slice){ text.at + 1, text.length - 1 };
	*value = *text.at == '-' ? -INFINITY : INFINITY;
	return is_word(rest, "inf") || is_word(rest, "infinity");
}

/* strtod() wants a NUL behind the text.  NaN when memory ran out. */
static double
read_decimal(struct slice text)
{
	char usual[64], *copy = usual;
	double value;

	if (text.length >= sizeof(usual))
		copy = malloc(text.length + 1);
	if (copy == NULL)
		return NAN;
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	value = strtod(copy, NULL);
	if (copy != usual)
		free(copy);
	return value;
}

bool
number_valid(struct slice text)
{
	double ignored;

	if (text.length == 0)
		return false;
	if (!is_decimal(text))
		return read_word(text, &ignored);
	/* Too large for a double is an error, too small is 0; without an exponent it takes 309 digits to be
	 * either. */
	return (text.length < LEAST_INFINITE && memchr(text.at, 'e', text.length) == NULL &&
		   memchr(text.at, 'E', text.length) == NULL) ||
	       isfinite(read_decimal(text));
}

double
number_value(struct slice text)
{
	double value;

	return !is_decimal(text) && read_word(text, &value) ? value : read_decimal(text);
}
