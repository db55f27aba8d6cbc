#ifndef COLLECTORS_PREFLIGHT_VERDICT_H
#define COLLECTORS_PREFLIGHT_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "collectors/preflight/check_result.h"

/* By what is judged. */
struct verdict_terms {
	bool live;
	bool strict;  /* a warning is a reason not to be ready, too */
	bool partial; /* some checks alone were asked for: that is no verdict */
};

/* What follows from the checks.  Pure. */
struct verdict {
	size_t counts[STATUSES];
	size_t listed;       /* checks that were to be made, those left out with --skip included */
	bool blocks[CHECKS]; /* it is a reason not to be ready: in live also one that live needs and was
				skipped */
	bool passed;         /* nothing blocks, and something passed: what the exit status says */
	bool ready;          /* passed, and it is a verdict; in live that is the same as `ready_for_live` */
	bool ready_for_live;
	char text[64];  /* "6/8 pass, 2 fail" */
	char line[256]; /* "NOT READY for live: 6/8 pass, 2 fail" */
};

void verdict_reach(struct verdict *verdict, const struct check_result results[CHECKS],
    const bool listed[CHECKS], struct verdict_terms terms);

#endif /* COLLECTORS_PREFLIGHT_VERDICT_H */
