#ifndef EXPORTER_PAGE_RECENT_H
#define EXPORTER_PAGE_RECENT_H

#include "exporter/health/health.h"

/*
 * Latencies of the last runs.  The files have counters since they began, and an
 * outage of today does not show in those of a year.  So the counts of some
 * minutes ago are kept, and taken away from those of now.  Not from two threads.
 */
struct recent;

struct recent *recent_new(void); /* NULL: out of memory */
void recent_free(struct recent *recent);

/*
 * Make each latency of the report that of the last five to ten minutes, or of the last run, which may be
 * longer ago.  What is not yet known so stays as it was, with all that the counters have.
 */
void recent_apply(struct recent *recent, struct health_report *report);

#endif /* EXPORTER_PAGE_RECENT_H */
