#ifndef EXCHANGE_ACCOUNT_PAGE_H
#define EXCHANGE_ACCOUNT_PAGE_H

#include "exchange/account/account.h"

/* The request for one page, for account.c. */

/* False: it is longer, or holds what could become another parameter. */
enum { ACCOUNT_CURSOR = 512 };
bool account_cursor_valid(const char *cursor);

enum profile_place account_place(const struct account_target *target);

/*
 * Signed now, but for the instruments, which are public.  `path` is one of the
 * endpoint's (0: its own; then those of `also`), `cursor` NULL: its first page.  0, or -1 with `why` (local);
 * in both cases for account_signed_release().
 */
int account_page_request(const struct account_target *target, enum account_endpoint endpoint, size_t path,
    const char *cursor, struct account_signed *result, struct failure *why);

#endif /* EXCHANGE_ACCOUNT_PAGE_H */
