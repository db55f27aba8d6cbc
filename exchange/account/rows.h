#ifndef EXCHANGE_ACCOUNT_ROWS_H
#define EXCHANGE_ACCOUNT_ROWS_H

#include "exchange/account/read.h"
#include "json/scan.h"

/* Parts of read.c, for the files of exchange/account alone. */

/* One row of a list: where it stands, and what is in it. */
struct account_row {
	const struct profile *profile;
	const struct json_scan *scan;
	bool inverse;     /* the whole answer is of inverse contracts */
	size_t index;     /* from 0 */
	struct slice key; /* of an object of rows; else nothing */
	struct slice body;
};

/* Append what a row says to the list; 0, or -1 with `why`.  A row of nothing (a quantity of 0) is left out.
 */
int account_row_balance(const struct account_row *row, struct account_lists *lists, struct failure *why);
int account_row_position(const struct account_row *row, struct account_lists *lists, struct failure *why);
int account_row_instrument(const struct account_row *row, struct account_lists *lists, struct failure *why);

/*
 * What decides something (profile.h): 1, 0, or -1: not told, or in a form that nobody expects.  -2 with
 * `why`: it cannot be said.  And whether the addresses there restrict anything.
 */
int account_flag_read(const struct json_scan *scan, struct slice row, const char *rule, struct failure *why);
int account_flag_read_restricted(
    const struct json_scan *scan, struct slice row, const char *pointer, struct failure *why);

/* Key and lock; a document that is no error. */
int account_read_key(const struct profile *profile, const struct json_scan *scan,
    const struct account_key *key, struct account_key_health *health, struct failure *why);
int account_read_lock(const struct profile *profile, const struct json_scan *scan,
    struct account_key_health *health, struct failure *why);

/* What an answer that is an error means, and what to do about it.  -1. */
int account_fail_refused(
    const struct profile *profile, const struct http_response *response, struct failure *why);

#endif /* EXCHANGE_ACCOUNT_ROWS_H */
