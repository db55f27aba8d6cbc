#ifndef PAPER_ENGINE_FIXED_H
#define PAPER_ENGINE_FIXED_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Money, prices, quantities and ratios: whole numbers of 10^-8.  Sums are exact, and a product or a quotient
 * is rounded to the nearest 10^-8, halves away from zero (Python: Decimal.quantize with ROUND_HALF_UP).  No
 * double is in any amount, so that the same input gives the same digits everywhere.
 *
 * The largest is about 92 billion; a result beyond that ends at the limit.
 */
typedef int64_t fixed;

#define FIXED_ONE INT64_C(100000000)
enum { FIXED_TEXT = 24 };

fixed fixed_times(fixed a, fixed b);
fixed fixed_over(fixed a, fixed b); /* b must not be 0 */
fixed fixed_plus(fixed a, fixed b); /* for sums of what comes from outside */

/* "-12.50000000", always with eight digits behind the point.  Returns `text`. */
const char *fixed_text(fixed value, char text[FIXED_TEXT]);

/* "-12.5": the same without zeros at its end. */
const char *fixed_short_text(fixed value, char text[FIXED_TEXT]);

/* A decimal number without an exponent; digits behind the eighth are cut off.  False: the text is another
 * one, or the number is too large. */
bool fixed_parse(const char *text, fixed *value);

double fixed_value(fixed value);

#endif /* PAPER_ENGINE_FIXED_H */
