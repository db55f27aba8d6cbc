#ifndef COLLECTORS_PREFLIGHT_RUN_H
#define COLLECTORS_PREFLIGHT_RUN_H

#include "collectors/preflight/checks.h"
#include "collectors/preflight/output/checklist.h"
#include "common/system/background.h"

/* One check, and the thread that it runs in. */
struct check_run {
	enum preflight_check check;
	void *state; /* the check's own */
	const struct secrets *secrets;
	struct deadline deadline;
	struct check_result result; /* the thread's, until it has ended */
	struct background thread;
};

/*
 * Run all checks that are listed and not skipped at once, and copy what they
 * found to `results`.  Back by the deadline and a quarter of a second in every
 * case: a check that has not ended by then has failed.  Its thread may still run
 * (background_is_running()); while it does, later runs do not start that check again.
 * With `exchanges_are_held`, none that shares exchanges is started: they still hold
 * the answers of an earlier run.
 */
void preflight_run_checks(struct check_run runs[CHECKS], const bool listed[CHECKS],
    const bool skipped[CHECKS], bool exchanges_are_held, struct deadline deadline,
    struct check_result results[CHECKS], struct checklist *checklist);

/* Whether the thread of an earlier run is still in a check that shares exchanges: then `struct exchanges`
 * must stay as it is. */
bool check_runs_hold_exchanges(struct check_run runs[CHECKS]);

#endif /* COLLECTORS_PREFLIGHT_RUN_H */
