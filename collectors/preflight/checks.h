#ifndef COLLECTORS_PREFLIGHT_CHECKS_H
#define COLLECTORS_PREFLIGHT_CHECKS_H

#include "collectors/preflight/settings.h"

/*
 * The eight checks.  Each fills its result by the deadline, as far as it is up
 * to us, in a thread of its own; `preflight` is only read, but for what belongs to
 * that check alone.  Their process ends with them (run.h), and takes with it
 * what they allocated.
 */
void check_environment(struct preflight *preflight, struct deadline deadline, struct check_result *result);
void check_secrets(struct preflight *preflight, struct deadline deadline, struct check_result *result);
void check_redis(struct preflight *preflight, struct deadline deadline, struct check_result *result);
void check_postgres(struct preflight *preflight, struct deadline deadline, struct check_result *result);
void check_exchange_health(
    struct preflight *preflight, struct deadline deadline, struct check_result *result);
void check_git_safety(struct preflight *preflight, struct deadline deadline, struct check_result *result);

/*
 * These two look at the same answers of the accounts, so that no account is
 * asked twice: first preflight_ask_accounts(), then both in the same thread.  What assets
 * are worth, open_positions' takes from the order books of exchange_health's (order_books_ready.h).
 */
void preflight_ask_accounts(struct preflight *preflight, struct deadline deadline);
void check_live_guard(struct preflight *preflight, struct deadline deadline, struct check_result *result);
void check_open_positions(struct preflight *preflight, struct deadline deadline, struct check_result *result);

/* Whether there are exchanges to look at; what that means is found otherwise. */
bool exchanges_are_named(const struct preflight *preflight, struct check_result *result);

#endif /* COLLECTORS_PREFLIGHT_CHECKS_H */
