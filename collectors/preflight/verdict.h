#ifndef COLLECTORS_PREFLIGHT_VERDICT_H
#define COLLECTORS_PREFLIGHT_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "collectors/preflight/check_result.h"

/* The terms by which a run is judged. */
struct verdict_terms {
	bool live;
	bool strict;  /* a warning is also a reason not to be ready */
	bool partial; /* --check chose some checks, which gives no verdict */
};

/* What follows from the checks.  Pure. */
struct verdict {
	size_t counts[STATUSES];
	size_t listed;       /* all checks, or those of --check; skipped ones included */
	bool blocks[CHECKS]; /* it is a reason not to be ready; so is a skipped check that live needs */
	bool passed;         /* nothing blocks, and something passed: what the exit status says */
	bool ready;          /* passed, and it is a verdict; in live that is the same as `ready_for_live` */
	bool ready_for_live;
	char text[64];  /* "6/8 pass, 2 fail" */
	char line[256]; /* "NOT READY for live: 6/8 pass, 2 fail" */
};

void verdict_reach(struct verdict *verdict, const struct check_result results[CHECKS],
    const bool listed[CHECKS], struct verdict_terms terms);

/* What a run came to: what the list, the evidence and the alerts are made of. */
struct report {
	const char *env;
	bool strict, partial;
	const bool *listed;
	const struct check_result *results;
	const struct verdict *verdict;
};

#endif /* COLLECTORS_PREFLIGHT_VERDICT_H */
