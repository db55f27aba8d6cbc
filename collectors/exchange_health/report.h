#ifndef COLLECTORS_EXCHANGE_HEALTH_REPORT_H
#define COLLECTORS_EXCHANGE_HEALTH_REPORT_H

#include "exchange/health/venues.h"
#include "textfile/metrics.h"

/* What a run found at a venue, as metrics; of one that was not asked, that all its counters go on. */
void report_venue(struct metrics *m, const struct health_venue *venue, bool up, double now);

#endif /* COLLECTORS_EXCHANGE_HEALTH_REPORT_H */
