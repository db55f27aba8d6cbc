#ifndef COLLECTORS_EXCHANGE_HEALTH_NEWS_H
#define COLLECTORS_EXCHANGE_HEALTH_NEWS_H

#include "collectors/exchange_health/venues.h"

/*
 * From what the probe read to what is judged.  In this order: the books of
 * every venue that was asked, then where they moved, then the rest of each venue.
 */

void news_read_books(struct venue *venue);
void news_find_movers(struct venues *v);

/* `seconds` has room for all requests of the venue. */
void news_read(
    const struct venue *venue, const struct exchange_target *target, double seconds[], struct news *news);
void news_judge_books(
    const struct venues *v, struct venue *venue, const struct judge_limits *limits, struct news *news);

#endif /* COLLECTORS_EXCHANGE_HEALTH_NEWS_H */
