#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "demo/paper_exchange/amount.h"

static const int64_t one = INT64_C(1000000000000000000);

/* Reads up to 18 digits as a whole number and moves `*text` behind them; -1: no digit, or too many. */
static int64_t
read_digits(const char **text, int *digits)
{
	int64_t value = 0;

	for (*digits = 0; **text >= '0' && **text <= '9'; (*text)++, (*digits)++) {
		if (*digits == AMOUNT_DECIMALS)
			return -1;
		value = value * 10 + (**text - '0');
	}
	return *digits > 0 ? value : -1;
}

bool
amount_parse(const char *text, amount *value)
{
	bool negative = *text == '-';
	int64_t whole, part = 0;
	int digits;

	if (negative || *text == '+')
		text++;
	whole = read_digits(&text, &digits);
	digits = 0;
	if (whole >= 0 && *text == '.') {
		text++;
		part = read_digits(&text, &digits);
	}
	if (whole < 0 || part < 0 || *text != '\0')
		return false;
	*value = (amount)whole * one + amount_shift(part, AMOUNT_DECIMALS - digits);
	if (negative)
		*value = -*value;
	return true;
}

amount
amount_shift(amount value, int digits)
{
	for (; digits > 0; digits--)
		value *= 10;
	for (; digits < 0; digits++)
		value /= 10;
	return value;
}

amount
amount_of(long whole)
{
	return (amount)whole * one;
}

void
amount_text(char text[AMOUNT_TEXT], amount value, int decimals)
{
	amount absolute = value < 0 ? -value : value;
	size_t length, point;

	(void)snprintf(text, AMOUNT_TEXT, "%s%" PRId64 ".%018" PRId64, value < 0 ? "-" : "",
	    (int64_t)(absolute / one), (int64_t)(absolute % one));
	length = strlen(text);
	point = strcspn(text, ".");
	while (length > point + 1 + (size_t)decimals && text[length - 1] == '0')
		length--;
	if (length == point + 1)
		length = point;
	text[length] = '\0';
}

double
amount_value(amount value)
{
	return (double)value / (double)one;
}
