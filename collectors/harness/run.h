#ifndef COLLECTORS_HARNESS_RUN_H
#define COLLECTORS_HARNESS_RUN_H

#include "collectors/harness/collector.h"
#include "collectors/harness/publish.h"
#include "collectors/harness/settings.h"

/* The families that every collector's file holds.  They are here alone: different HELP across files is an
 * error. */
enum run_family {
	RUN_SUCCESS,
	RUN_DURATION,
	RUN_INTERVAL,
	RUN_LAST_RUN,
	RUN_LAST_SUCCESS,
	RUN_RUNS,
	RUN_FAILURES,
	RUN_STATE_RESETS, /* what publisher_publish() alone knows */
	RUN_DROPPED,      /* likewise */
	RUN_BUILD_INFO,
};
enum { RUN_FAMILIES = RUN_BUILD_INFO + 1 };
extern const struct family run_families[RUN_FAMILIES];

/* One run in progress. */
struct run {
	const struct collector_settings *settings;
	const struct log *log;
	struct publisher *publisher;
	struct metrics *metrics;
	struct metrics *last; /* NULL: not asked for */
	struct deadline deadline;
	bool failed;   /* something could not be measured */
	bool withheld; /* nothing is to be published */
};

/*
 * Let the collector measure once, and add the families above.  `metrics` may
 * hold counts of earlier runs that could not be published.
 */
void run_collect(struct run *run, void *state);

#endif /* COLLECTORS_HARNESS_RUN_H */
