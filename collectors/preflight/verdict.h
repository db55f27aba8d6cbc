#ifndef COLLECTORS_PREFLIGHT_VERDICT_H
#define COLLECTORS_PREFLIGHT_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "collectors/preflight/check.h"

/* What follows from the checks.  Pure. */
struct verdict {
	size_t counts[STATUSES];
	size_t listed;       /* checks that were to be made, those left out with --skip included */
	bool ready;          /* none failed, with `strict` none warned either, and some passed */
	bool ready_for_live; /* ready, in live, and none that live needs was left out */
	char text[64];       /* "6/8 pass, 2 fail" */
};

void verdict_reach(struct verdict *verdict, const struct check_result results[CHECKS],
    const bool listed[CHECKS], bool live, bool strict);

/* Whether a check is a reason not to be ready. */
bool verdict_blocks(const struct check_result *result, bool strict);

#endif /* COLLECTORS_PREFLIGHT_VERDICT_H */
