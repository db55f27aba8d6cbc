#ifndef COLLECTORS_PREFLIGHT_RUN_H
#define COLLECTORS_PREFLIGHT_RUN_H

#include "collectors/preflight/output/checklist.h"
#include "collectors/preflight/settings.h"

/*
 * Make all checks at once, in a process of its own (child.h), each in a thread
 * there; what they find is in `preflight->found`.  Back by the deadline and three
 * tenths of a second in every case: a check that has not answered by then
 * failed, and its process is left behind if it cannot be ended.  While that is
 * there, later runs do not begin that check again: at most one hangs for each.
 */
void preflight_run_checks(struct preflight *preflight, struct deadline deadline, struct checklist *checklist);

#endif /* COLLECTORS_PREFLIGHT_RUN_H */
