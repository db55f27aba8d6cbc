#ifndef EXCHANGE_ACCOUNT_ROWS_H
#define EXCHANGE_ACCOUNT_ROWS_H

#include "exchange/account/read.h"
#include "exchange/answer/answer.h"

/* One row of a list, for read.c: where it stands, and what is in it. */
struct account_row {
	const struct profile *profile;
	struct json_scan *scan;
	bool inverse;     /* the whole answer is of inverse contracts */
	size_t index;     /* from 0 */
	struct slice key; /* of an object of rows; else nothing */
	struct slice body;
};

/* Append what a row says to the list; 0, or -1 with `why`.  A row with a quantity of 0 is left out. */
int account_row_balance(const struct account_row *row, struct account_lists *lists, struct failure *why);
int account_row_position(const struct account_row *row, struct account_lists *lists, struct failure *why);
int account_row_instrument(const struct account_row *row, struct account_lists *lists, struct failure *why);

#endif /* EXCHANGE_ACCOUNT_ROWS_H */
