/*
 * Each check runs in a thread that may be given up, because a file system that
 * does not answer can hold a thread for ever, and the verdict must come in time.
 * A thread fills a result of its own; the main thread copies it only after that
 * thread has ended, so a late one never writes into what is being read.
 *
 * Results are awaited in the order of the list.  That delays nothing: all have
 * the same deadline.
 */

#include "collectors/preflight/run.h"

/* Beyond their deadline: probes report what they found, and git is ended. */
enum { GRACE_NS = 200 * 1000 * 1000 };

static const char hint[] =
    "look for a file system that does not answer (mount, df), and repair or unmount it";

static bool
shares_exchanges(int check)
{
	return check == CHECK_SECRETS || check == CHECK_LIVE_GUARD || check == CHECK_EXCHANGE_HEALTH ||
	       check == CHECK_OPEN_POSITIONS;
}

bool
check_runs_hold_exchanges(struct check_run runs[CHECKS])
{
	bool held = false;

	for (int check = 0; check < CHECKS; check++)
		held |= shares_exchanges(check) && background_is_running(&runs[check].thread);
	return held;
}

static void
run_check(void *context)
{
	struct check_run *run = context;
	int64_t began_ns = clock_now_ns();

	check_result_init(&run->result);
	checks[run->check]->run(run->state, run->deadline, &run->result);
	check_result_mask(&run->result, run->secrets);
	check_result_clean(&run->result);
	run->result.seconds = (double)(clock_now_ns() - began_ns) / 1e9;
}

void
preflight_run_checks(struct check_run runs[CHECKS], const bool listed[CHECKS], const bool skipped[CHECKS],
    bool exchanges_are_held, struct deadline deadline, struct check_result results[CHECKS],
    struct checklist *checklist)
{
	bool started[CHECKS] = { false };
	struct deadline until = { .at_ns = deadline.at_ns + GRACE_NS };
	int64_t began_ns = clock_now_ns();

	for (int check = 0; check < CHECKS; check++) {
		struct check_result *result = &results[check];
		struct failure why = { 0 };

		check_result_init(result);
		if (!listed[check])
			continue;
		if (skipped[check]) {
			check_result_conclude(result, STATUS_SKIP, "left out by --skip");
		} else if (background_is_running(&runs[check].thread) ||
			   (exchanges_are_held && shares_exchanges(check))) {
			result->kind = FAILURE_TIMEOUT;
			check_result_add(
			    result, STATUS_FAIL, hint, "it has not answered since an earlier run");
		} else {
			runs[check].deadline = deadline;
			started[check] =
			    background_start(&runs[check].thread, run_check, &runs[check], &why) == 0;
			if (!started[check])
				check_result_add_failure(
				    result, STATUS_FAIL, "free some memory", "no check was made", &why);
		}
	}
	for (int check = 0; check < CHECKS; check++) {
		if (!listed[check])
			continue;
		checklist_await(checklist, (enum preflight_check)check);
		if (started[check] && background_wait(&runs[check].thread, until)) {
			results[check] = runs[check].result;
		} else if (started[check]) {
			results[check].kind = FAILURE_TIMEOUT;
			results[check].seconds = (double)(clock_now_ns() - began_ns) / 1e9;
			check_result_add(&results[check], STATUS_FAIL, hint, "it did not answer in time");
		}
		checklist_add(checklist, &results[check]);
	}
}
