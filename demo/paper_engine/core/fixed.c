#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "demo/paper_engine/core/fixed.h"

__extension__ typedef unsigned __int128 wide;

enum { DIGITS = 8 };

static uint64_t
magnitude(fixed value)
{
	return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

static fixed
with_sign(uint64_t value, bool negative)
{
	if (value > INT64_MAX)
		value = INT64_MAX;
	return negative ? -(fixed)value : (fixed)value;
}

/*
 * A division of 128 bits takes longer than all the rest of a decision.  As FIXED_ONE is a small constant, two
 * divisions of 64 bits do, which compilers turn into multiplications.
 */
fixed
fixed_times(fixed a, fixed b)
{
	bool negative = (a < 0) != (b < 0);
	wide product = (wide)magnitude(a) * magnitude(b) + (uint64_t)FIXED_ONE / 2;
	uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product, part, upper;

	if (high == 0)
		return with_sign(low / (uint64_t)FIXED_ONE, negative);
	if (high >= (uint64_t)FIXED_ONE)
		return with_sign(UINT64_MAX, negative);
	part = high << 32 | low >> 32;
	upper = part / (uint64_t)FIXED_ONE;
	part = (part % (uint64_t)FIXED_ONE) << 32 | (low & UINT32_MAX);
	return with_sign(upper << 32 | part / (uint64_t)FIXED_ONE, negative);
}

fixed
fixed_over(fixed a, fixed b)
{
	bool negative = (a < 0) != (b < 0);
	uint64_t divisor = magnitude(b);
	wide dividend = (wide)magnitude(a) * (uint64_t)FIXED_ONE + divisor / 2;

	if (dividend >> 64 == 0)
		return with_sign((uint64_t)dividend / divisor, negative);
	if (dividend >> 64 >= divisor)
		return with_sign(UINT64_MAX, negative);
	return with_sign((uint64_t)(dividend / divisor), negative);
}

fixed
fixed_plus(fixed a, fixed b)
{
	fixed sum;

	if (__builtin_add_overflow(a, b, &sum) || sum == INT64_MIN)
		return b < 0 ? -INT64_MAX : INT64_MAX;
	return sum;
}

const char *
fixed_text(fixed value, char text[FIXED_TEXT])
{
	uint64_t size = magnitude(value);

	(void)snprintf(text, FIXED_TEXT, "%s%" PRIu64 ".%08" PRIu64, value < 0 ? "-" : "",
	    size / (uint64_t)FIXED_ONE, size % (uint64_t)FIXED_ONE);
	return text;
}

const char *
fixed_short_text(fixed value, char text[FIXED_TEXT])
{
	size_t length = strlen(fixed_text(value, text));

	while (text[length - 1] == '0')
		length--;
	text[text[length - 1] == '.' ? length - 1 : length] = '\0';
	return text;
}

/* Up to `most` digits are taken, all are skipped.  Returns how many there are; -1: the number is too large.
 */
static int
take_digits(const char **at, int most, uint64_t *number)
{
	int count = 0;

	for (; **at >= '0' && **at <= '9'; ++*at, count++) {
		if (count >= most)
			continue;
		if (*number > (UINT64_MAX - 9) / 10)
			return -1;
		*number = *number * 10 + (uint64_t)(**at - '0');
	}
	return count;
}

bool
fixed_parse(const char *text, fixed *value)
{
	bool negative = *text == '-';
	uint64_t number = 0;
	int behind = 0;

	text += negative;
	if (take_digits(&text, INT32_MAX, &number) <= 0)
		return false;
	if (*text == '.') {
		text++;
		behind = take_digits(&text, DIGITS, &number);
		if (behind <= 0)
			return false;
	}
	if (*text != '\0')
		return false;
	for (; behind < DIGITS; behind++)
		if (__builtin_mul_overflow(number, 10, &number))
			return false;
	if (number > INT64_MAX)
		return false;
	*value = with_sign(number, negative);
	return true;
}

double
fixed_value(fixed value)
{
	return (double)value / (double)FIXED_ONE;
}
