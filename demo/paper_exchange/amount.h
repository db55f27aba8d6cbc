#ifndef PAPER_EXCHANGE_AMOUNT_H
#define PAPER_EXCHANGE_AMOUNT_H

#include <stdbool.h>

/* Exact quantities: whole numbers of 10^-18. */
__extension__ typedef __int128 amount;
enum { AMOUNT_DECIMALS = 18, AMOUNT_TEXT = 64 };

/* "-12.5", with up to 18 digits on each side of the point and without an exponent; false: it is not that. */
bool amount_parse(const char *text, amount *value);

/* `value` times 10^digits (negative: divided, and cut). */
amount amount_shift(amount value, int digits);

/* A whole number. */
amount amount_of(long whole);

/* With at least so many decimals, and with all there are. */
void amount_text(char text[AMOUNT_TEXT], amount value, int decimals);
double amount_value(amount value);

#endif /* PAPER_EXCHANGE_AMOUNT_H */
