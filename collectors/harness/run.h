#ifndef COLLECTORS_HARNESS_RUN_H
#define COLLECTORS_HARNESS_RUN_H

#include "collectors/harness/collector.h"
#include "collectors/harness/publish.h"
#include "collectors/harness/settings.h"
#include "contract/collector.h"

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
 * Let the collector measure once, and add the families of contract/collector.h.  `metrics` may
 * hold counts of earlier runs that could not be published.
 */
void run_collect(struct run *run, void *state);

#endif /* COLLECTORS_HARNESS_RUN_H */
