#ifndef EXCHANGE_HEALTH_ASSESS_H
#define EXCHANGE_HEALTH_ASSESS_H

#include "exchange/health/venues.h"

/*
 * From what the probe read to what is judged.  In this order: the clocks, the
 * books of every venue that was asked, then each venue with what moved elsewhere.
 */

/*
 * Whose clocks agree: at least two, and more than half of those that are known.
 * Then it is ours that is wrong, and theirs are believed, however far behind.
 */
void assess_compare_clocks(struct venues *v);

void assess_read_books(struct health_venue *venue);

/* `seconds` has room for all requests of the venue. */
void assess_venue(const struct health_venue *venue, const struct exchange_target *target, double seconds[],
    struct assessment *assessment);
void assess_judge_books(const struct venues *v, struct health_venue *venue, const struct judge_limits *limits,
    struct assessment *assessment);

#endif /* EXCHANGE_HEALTH_ASSESS_H */
