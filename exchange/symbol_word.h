#ifndef EXCHANGE_SYMBOL_WORD_H
#define EXCHANGE_SYMBOL_WORD_H

#include <stdbool.h>

#include "common/text/slice.h"
#include "exchange/symbol.h"

/* The words that a market's name is made of: for symbol.c. */

/*
 * In capitals, into `out`.  False: empty, too long, or there is something else
 * than letters, digits and, between them, single `separators`.
 */
bool symbol_word_clean(struct slice spelt, const char *separators, char out[SYMBOL_TEXT]);

/* The day a contract ends, of the forms "260327", "20260327" and "27MAR26". */
bool symbol_word_is_expiry(struct slice word);

enum { SYMBOL_EXPIRY = 8 };

/* "260327" for all of them, in `word` or `room`; what is none stays. */
struct slice symbol_word_expiry(struct slice word, char room[SYMBOL_EXPIRY]);

#endif /* EXCHANGE_SYMBOL_WORD_H */
