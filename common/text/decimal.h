#ifndef COMMON_TEXT_DECIMAL_H
#define COMMON_TEXT_DECIMAL_H

#include <stdbool.h>

#include "common/text/slice.h"

/*
 * Exact decimal numbers: quantities and money as exchanges write them.  0.1
 * plus 0.2 is 0.3, and 18 digits behind the point stay 18 digits.
 *
 * A number is mantissa * 10^-scale, always without zeros at its end, so that
 * equal numbers are equal structs.  It has at most 38 digits, and at most
 * DECIMAL_SCALE of them behind the point.  What does not fit is refused, never
 * rounded.  All zero is 0.
 */
__extension__ typedef __int128 decimal_mantissa;

enum { DECIMAL_SCALE = 36, DECIMAL_TEXT = 48 };

struct decimal {
	decimal_mantissa mantissa;
	int scale; /* 0 to DECIMAL_SCALE */
};

/* "-12.50", "1e-8", "5E+3", "+3"; false: it is not a number, has too many digits, or is not finite. */
bool decimal_parse(struct slice text, struct decimal *number);

/* False: the result does not fit; then it is not written. */
bool decimal_add(struct decimal a, struct decimal b, struct decimal *sum);
bool decimal_subtract(struct decimal a, struct decimal b, struct decimal *difference);
bool decimal_multiply(struct decimal a, struct decimal b, struct decimal *product);

struct decimal decimal_negative(struct decimal a);
struct decimal decimal_absolute(struct decimal a);

/* -1, 0 or 1, as a is below, equal to or above b; and as a is below, equal to or above 0. */
int decimal_compare(struct decimal a, struct decimal b);
int decimal_sign(struct decimal a);

/* The nearest double. */
double decimal_value(struct decimal a);

/* "-12.5", without an exponent.  Returns `text`. */
const char *decimal_text(struct decimal a, char text[DECIMAL_TEXT]);

#endif /* COMMON_TEXT_DECIMAL_H */
