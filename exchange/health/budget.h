#ifndef EXCHANGE_HEALTH_BUDGET_H
#define EXCHANGE_HEALTH_BUDGET_H

#include "exchange/health/venues.h"

/*
 * Whether the exchanges can bear what is configured: the limits of most are on
 * the address, and what the monitor spends a bot on the same host cannot.
 *
 * Each run counts as the heaviest one there is, which asks everything, and
 * `besides` (by venue; NULL: nothing) as what else it costs there.  It may
 * cost weight.limit; and of each limit whose ceiling the profile knows, all
 * runs within its window may cost what `headroom` (0 to 1) leaves of it.
 * Without an interval a run a minute is reckoned with.
 *
 * 0, or -1 with `why`: what it costs, what it may cost, what to change.
 */
int budget_check(const struct venues *v, const int64_t besides[], const struct options *given,
    double headroom, struct failure *why);

#endif /* EXCHANGE_HEALTH_BUDGET_H */
