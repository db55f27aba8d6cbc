#ifndef EXCHANGE_ACCOUNT_PAGE_H
#define EXCHANGE_ACCOUNT_PAGE_H

#include "exchange/account/account.h"

/* Parts of account.c, for the files of exchange/account alone. */

/* One endpoint of one target. */
struct account_asking {
	struct account_part *part;
	struct account_lists lists; /* its own until it is whole */
	struct account_key_health health;
	size_t path;                       /* 0: the endpoint's own; then those of `also` */
	char *cursors[ACCOUNT_PAGES];      /* of all paths, that were asked with, or are to be */
	size_t cursor_count, cursor_first; /* the first one of the current path */
};

/* Nothing of the part counts. */
void account_part_fail(struct account_asking *asking, const struct failure *why);

/*
 * What was read, all of it, becomes the reading: the lists are completed and
 * moved.  A part that cannot be completed has failed.
 */
void account_merge(
    const struct profile *profile, struct account_asking askings[], struct account_reading *reading);

/* A cursor that is longer, or holds what could become another parameter, is none. */
enum { ACCOUNT_CURSOR = 512 };
bool account_cursor_valid(const char *cursor);

enum profile_place account_place(const struct account_target *target);

/*
 * Signed now, but for the instruments, which are public.  `path` is one of the
 * endpoint's (account_asking.path), `cursor` NULL: its first page.  0, or -1 with `why` (local); in both
 * cases for account_signed_release().
 */
int account_page_request(const struct account_target *target, enum account_endpoint endpoint, size_t path,
    const char *cursor, struct account_signed *result, struct failure *why);

#endif /* EXCHANGE_ACCOUNT_PAGE_H */
