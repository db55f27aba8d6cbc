#ifndef CONTRACT_COLLECTOR_H
#define CONTRACT_COLLECTOR_H

#include "textfile/family.h"

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

#endif /* CONTRACT_COLLECTOR_H */
