/*
 * Quantities of the bot and of the exchanges are compared exactly.  With
 * doubles, 0.1 + 0.2 would be a mismatch that does not exist, and a small one
 * beside a large quantity would vanish.  38 decimal digits always fit a signed
 * 128-bit integer.  Every result goes through make(), which removes zeros at
 * the end and refuses what does not fit: so equal numbers are equal structs.
 * No loop may run as often as an exponent says: texts come from outside.
 * tests/common/decimal.sh compares all of this with Python's decimal.
 */

#include "common/text/decimal.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Inside, a number is a sign, a size and a power of ten.  An unsigned 128-bit
 * size has room for 3.4 times what a mantissa may be: so a sum that is too
 * large half way, and fits once it cancels or loses its zeros, is not refused.
 */
__extension__ typedef unsigned __int128 magnitude;

enum { DIGITS_MAX = 38, EXPONENT_MAX = 1000000000 };

/* 10^38, the first that is too much. */
static magnitude
limit(void)
{
	return (magnitude)10000000000000000000U * 10000000000000000000U;
}

static magnitude
magnitude_of(struct decimal a)
{
	return a.mantissa < 0 ? -(magnitude)a.mantissa : (magnitude)a.mantissa;
}

/* size * 10^-scale; scale may be anything: no loop here makes more than 38 rounds.
 * Zeros go before the limits are checked, so that "10e-37" fits as 1e-36. */
static bool
make(bool negative, magnitude size, long scale, struct decimal *number)
{
	if (size == 0)
		scale = 0;
	for (; scale > 0 && size % 10 == 0; scale--)
		size /= 10;
	for (; scale < 0 && size < limit() / 10; scale++)
		size *= 10;
	if (scale < 0 || scale > DECIMAL_SCALE || size >= limit())
		return false;
	number->mantissa = negative ? -(decimal_mantissa)size : (decimal_mantissa)size;
	number->scale = (int)scale;
	return true;
}

/* size * 10^count; false: the result is above 2 * 10^38,
 * more than two numbers of 38 digits can add up to. */
static bool
scale_up(magnitude size, int count, magnitude *result)
{
	for (; count > 0 && size != 0; count--) {
		if (size > 2 * limit() / 10)
			return false;
		size *= 10;
	}
	*result = size;
	return true;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The digits of a text such as "12.50": up to the last one that is not 0 they are
 * `size` (125), and `power` is the power of ten of that last digit (-1). */
struct figures {
	magnitude size;
	int digits; /* of size */
	bool any;   /* even if it is 0 */
	long power;
};

/* Returns where they end, or NULL: too many. */
static const char *
read_figures(const char *at, const char *end, struct figures *figures)
{
	const char *point = NULL;
	long place = 0; /* of the digit at hand, counted from the first one */
	long last = 0, zeros = 0;

	*figures = (struct figures){ 0 };
	for (; at < end && (is_digit(*at) || (*at == '.' && point == NULL)); at++) {
		if (*at == '.') {
			point = at;
			figures->power = place;
			continue;
		}
		figures->any = true;
		place++;
		/* Zeros wait until another digit follows: at the end
		 * they only change the power, and take no room. */
		if (*at == '0') {
			zeros += figures->size != 0;
			continue;
		}
		if (figures->digits + zeros + 1 > DIGITS_MAX)
			return NULL;
		for (; zeros > 0; zeros--, figures->digits++)
			figures->size *= 10;
		figures->size = figures->size * 10 + (magnitude)(*at - '0');
		figures->digits++;
		last = place;
	}
	if (point == NULL)
		figures->power = place;
	figures->power -= last;
	return at;
}

/* "e-8", to the end of the text; nothing is 0.  What is far too large stays so. */
static bool
read_exponent(const char *at, const char *end, long *exponent)
{
	bool negative = false;

	*exponent = 0;
	if (at == end)
		return true;
	if (*at != 'e' && *at != 'E')
		return false;
	at++;
	if (at < end && (*at == '-' || *at == '+'))
		negative = *at++ == '-';
	if (at == end)
		return false;
	/* Beyond EXPONENT_MAX more digits change nothing. */
	for (; at < end && is_digit(*at); at++)
		if (*exponent < EXPONENT_MAX)
			*exponent = *exponent * 10 + (*at - '0');
	if (negative)
		*exponent = -*exponent;
	return at == end;
}

bool
decimal_parse(struct slice text, struct decimal *number)
{
	const char *at = text.at, *end;
	bool negative = false;
	struct figures figures;
	long exponent;

	if (text.length == 0)
		return false;
	end = at + text.length;
	if (*at == '-' || *at == '+')
		negative = *at++ == '-';
	at = read_figures(at, end, &figures);
	if (at == NULL || !figures.any || !read_exponent(at, end, &exponent))
		return false;
	return make(negative, figures.size, -(figures.power + exponent), number);
}

bool
decimal_add(struct decimal a, struct decimal b, struct decimal *sum)
{
	int scale = a.scale > b.scale ? a.scale : b.scale;
	magnitude left, right;

	if (!scale_up(magnitude_of(a), scale - a.scale, &left) ||
	    !scale_up(magnitude_of(b), scale - b.scale, &right))
		return false;
	/* The one with the larger scale was not scaled up and is
	 * below 10^38: together they are at most 3 * 10^38. */
	if ((a.mantissa < 0) == (b.mantissa < 0))
		return make(a.mantissa < 0, left + right, scale, sum);
	if (left >= right)
		return make(a.mantissa < 0, left - right, scale, sum);
	return make(b.mantissa < 0, right - left, scale, sum);
}

bool
decimal_subtract(struct decimal a, struct decimal b, struct decimal *difference)
{
	return decimal_add(a, decimal_negative(b), difference);
}

/* A factor 2 in one number and a factor 5 in the other make a zero at the end of
 * their product.  Divide such pairs out of both; returns how many there were. */
static int
remove_tens(magnitude *twos, magnitude *fives)
{
	int count = 0;

	for (; *twos % 2 == 0 && *fives % 5 == 0; count++) {
		*twos /= 2;
		*fives /= 5;
	}
	return count;
}

bool
decimal_multiply(struct decimal a, struct decimal b, struct decimal *product)
{
	magnitude left = magnitude_of(a), right = magnitude_of(b), size;
	bool negative = (a.mantissa < 0) != (b.mantissa < 0);
	int scale = a.scale + b.scale;

	/* The product may fit once its zeros are gone: 2^120
	 * times 5^30 has 46 digits, and 30 of them are zeros. */
	if (left != 0 && right != 0 && __builtin_mul_overflow(left, right, &size)) {
		scale -= remove_tens(&left, &right);
		scale -= remove_tens(&right, &left);
		scale -= remove_tens(&left, &left);
		scale -= remove_tens(&right, &right);
	}
	if (__builtin_mul_overflow(left, right, &size))
		return false;
	return make(negative, size, scale, product);
}

struct decimal
decimal_negative(struct decimal a)
{
	a.mantissa = -a.mantissa;
	return a;
}

struct decimal
decimal_absolute(struct decimal a)
{
	return a.mantissa < 0 ? decimal_negative(a) : a;
}

int
decimal_sign(struct decimal a)
{
	return (a.mantissa > 0) - (a.mantissa < 0);
}

/* Of two that are not negative. */
static int
compare_sizes(struct decimal a, struct decimal b)
{
	int scale = a.scale > b.scale ? a.scale : b.scale;
	magnitude left, right;

	/* One of them is not scaled up and is below 10^38; the other one fails only above that. */
	if (!scale_up(magnitude_of(a), scale - a.scale, &left))
		return 1;
	if (!scale_up(magnitude_of(b), scale - b.scale, &right))
		return -1;
	return (left > right) - (left < right);
}

int
decimal_compare(struct decimal a, struct decimal b)
{
	int left = decimal_sign(a), right = decimal_sign(b);

	if (left != right)
		return left < right ? -1 : 1;
	return left * compare_sizes(a, b);
}

/* Returns how many. */
static int
write_digits(magnitude size, char digits[DECIMAL_TEXT])
{
	char reversed[DECIMAL_TEXT];
	int count = 0;

	do {
		reversed[count++] = (char)('0' + (int)(size % 10));
		size /= 10;
	} while (size != 0);
	for (int i = 0; i < count; i++)
		digits[i] = reversed[count - 1 - i];
	digits[count] = '\0';
	return count;
}

double
decimal_value(struct decimal a)
{
	const magnitude exact = (magnitude)1 << 53; /* up to here a double has every integer */
	char digits[DECIMAL_TEXT], text[2 * DECIMAL_TEXT];
	magnitude size = magnitude_of(a);
	double value, divisor = 1;

	/* Both exact (10^22 is the last power of ten that is), so the quotient is rounded once. */
	if (size <= exact && a.scale <= 22) {
		for (int i = 0; i < a.scale; i++)
			divisor *= 10;
		value = (double)(uint64_t)size / divisor;
	} else {
		/* Without a point: the locale decides which character strtod() takes for one. */
		(void)write_digits(size, digits);
		(void)snprintf(text, sizeof(text), "%se-%d", digits, a.scale);
		value = strtod(text, NULL);
	}
	return a.mantissa < 0 ? -value : value;
}

const char *
decimal_text(struct decimal a, char text[DECIMAL_TEXT])
{
	char digits[DECIMAL_TEXT];
	int count = write_digits(magnitude_of(a), digits), whole = count - a.scale;
	char *at = text;

	if (a.mantissa < 0)
		*at++ = '-';
	if (whole <= 0)
		*at++ = '0';
	/* Negative places are the zeros between the point and the first digit: 0.001. */
	for (int i = whole < 0 ? whole : 0; i < count; i++) {
		if (i == whole)
			*at++ = '.';
		*at++ = i < 0 ? '0' : digits[i];
	}
	*at = '\0';
	return text;
}
