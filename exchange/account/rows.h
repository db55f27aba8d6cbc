#ifndef EXCHANGE_ACCOUNT_ROWS_H
#define EXCHANGE_ACCOUNT_ROWS_H

#include "exchange/account/read.h"
#include "exchange/answer/answer.h"

/* One row of a list, for read.c: where it stands, and what is in it. */
struct account_row {
	const struct profile *profile;
	struct json_scan *scan;
	const struct account_key *ours; /* whose secrets an error must not repeat; NULL: no key was used */
	bool inverse;                   /* the whole answer is of inverse contracts */
	size_t index;                   /* from 0 */
	struct slice key;               /* of an object of rows; else nothing */
	struct slice body;
};

/* The beginning of a text of the answer, for an error: masked first, then cut to 40 bytes and "...". */
enum { ACCOUNT_SHOWN = 48 };
void account_shown(const struct account_key *key, struct slice text, char shown[ACCOUNT_SHOWN]);

/* Append what a row says to the list; 0, or -1 with `why`.  A row with a quantity of 0 is left out. */
int account_row_balance(const struct account_row *row, struct account_lists *lists, struct failure *why);
int account_row_position(const struct account_row *row, struct account_lists *lists, struct failure *why);
int account_row_instrument(const struct account_row *row, struct account_lists *lists, struct failure *why);

#endif /* EXCHANGE_ACCOUNT_ROWS_H */
