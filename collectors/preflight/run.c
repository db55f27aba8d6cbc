/*
 * All checks run at once, in a process of their own: a file system that does not
 * answer can hold a thread for ever, and a process that waits for it could not reach
 * a verdict in time. The child reports the number of each check that is done; the
 * findings themselves lie in memory that both share. After the deadline the parent
 * goes on without the child, and a check that was not reported counts as failed.
 *
 * The checks that need API keys are one job, because the keys are read once and the
 * answers of the accounts serve both live_guard and open_positions.
 */

#include <string.h>

#include "collectors/preflight/checks.h"
#include "collectors/preflight/checks/credentials.h"
#include "collectors/preflight/run.h"
#include "common/system/child.h"
#include "common/system/parallel.h"
#include "positions/history.h"

/* Beyond their deadline: probes say what they found, and what git started is ended. */
enum { GRACE_NS = 200 * 1000 * 1000 };

static const char hint[] = "look for a file system that does not answer (mount, df), and mend or unmount it";

/* The checks' process ------------------------------------------------ */

struct checks_run {
	struct preflight *preflight;
	struct deadline deadline;
	int report_fd;
};

/* In the order of enum preflight_check. */
static void (*const functions[CHECKS])(struct preflight *preflight, struct deadline deadline,
    struct check_result *result) = { check_environment, check_secrets, check_live_guard, check_redis,
	check_postgres, check_exchange_health, check_open_positions, check_git_safety };

static void
publish_samples(struct samples *samples, const double seconds[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		samples->seconds[samples->count++] = seconds[i];
}

/* What else its check brought. */
static void
publish_findings(struct preflight *preflight, enum preflight_check check)
{
	struct servers *servers = &preflight->servers;
	struct findings *shared = preflight->shared;

	for (size_t i = 0; check == CHECK_REDIS && i < servers->redis_count; i++)
		publish_samples(
		    &shared->redis, servers->redis[i].seconds, servers->redis[i].result.ping_count);
	for (size_t i = 0; check == CHECK_POSTGRES && i < servers->postgres_count; i++)
		publish_samples(
		    &shared->postgres, servers->postgres[i].seconds, servers->postgres[i].result.query_count);
	for (size_t i = 0; check == CHECK_EXCHANGE_HEALTH && i < preflight->venues.count; i++)
		shared->public_bans[i] = (struct ban){ preflight->venues.items[i].history.banned_until,
			preflight->venues.items[i].history.retry_at };
	for (size_t i = 0; check == CHECK_LIVE_GUARD && i < preflight->accounts.count; i++)
		shared->private_bans[i] =
		    history_refusal(&preflight->accounts.items[i], clock_unix_seconds());
}

static void
make_check(struct checks_run *run, enum preflight_check check, struct check_result *result)
{
	struct preflight *preflight = run->preflight;

	if (preflight->skipped[check])
		check_result_skip(result, "left out by --skip");
	else if (preflight->listed[check] && preflight->left_behind[check] != 0)
		check_result_add(result, STATUS_FAIL, hint,
		    "it has not answered since an earlier run (process %ld)",
		    (long)preflight->left_behind[check]);
	else if (preflight->listed[check])
		functions[check](preflight, run->deadline, result);
}

/* `began_ns` is when what it looks at was asked for; `secrets` are those that it could have met. */
static void
run_check(struct checks_run *run, enum preflight_check check, const struct secrets *secrets, int64_t began_ns)
{
	struct check_result *result = &run->preflight->shared->results[check];

	make_check(run, check, result);
	check_result_finish(result, secrets);
	result->seconds = (double)(clock_now_ns() - began_ns) / 1e9;
	publish_findings(run->preflight, check);
	child_report(run->report_fd, (unsigned char)check);
}

/* What looks at keys, once they are read.  The two that look at the accounts share what these answer. */
static void
run_keyed_job(void *context, size_t index)
{
	struct checks_run *run = context;
	struct preflight *preflight = run->preflight;
	int64_t began_ns = clock_now_ns();

	if (index == 0) {
		run_check(run, CHECK_SECRETS, &preflight->known, began_ns);
		return;
	}
	preflight_ask_accounts(preflight, run->deadline);
	run_check(run, CHECK_LIVE_GUARD, &preflight->known, began_ns);
	run_check(run, CHECK_OPEN_POSITIONS, &preflight->known, began_ns);
}

static void
run_keyed(struct checks_run *run)
{
	const struct preflight *preflight = run->preflight;

	if (preflight->left_behind[CHECK_SECRETS] == 0 || preflight->left_behind[CHECK_LIVE_GUARD] == 0 ||
	    preflight->left_behind[CHECK_OPEN_POSITIONS] == 0)
		credentials_read(run->preflight);
	parallel_each(2, run_keyed_job, run);
}

/* What runs at once; CHECK_SECRETS is that and all others that need keys. */
static const enum preflight_check jobs[] = { CHECK_SECRETS, CHECK_ENVIRONMENT, CHECK_REDIS, CHECK_POSTGRES,
	CHECK_EXCHANGE_HEALTH, CHECK_GIT_SAFETY };

static void
run_job(void *context, size_t index)
{
	struct checks_run *run = context;

	if (jobs[index] == CHECK_SECRETS)
		run_keyed(run);
	else
		run_check(run, jobs[index], run->preflight->secrets, clock_now_ns());
	/* Who waits for them must not, when none were asked for. */
	if (jobs[index] == CHECK_EXCHANGE_HEALTH)
		order_books_ready_set(&run->preflight->order_books_ready);
}

static void
run_jobs(void *context, int report_fd)
{
	struct checks_run *run = context;

	run->report_fd = report_fd;
	parallel_each(sizeof(jobs) / sizeof(*jobs), run_job, run);
}

/* Our own ------------------------------------------------------------ */

static void
read_findings(struct preflight *preflight, enum preflight_check check)
{
	const struct findings *shared = preflight->shared;
	struct findings *found = &preflight->found;

	found->results[check] = shared->results[check];
	switch (check) {
	case CHECK_REDIS: found->redis = shared->redis; break;
	case CHECK_POSTGRES: found->postgres = shared->postgres; break;
	case CHECK_EXCHANGE_HEALTH:
		memcpy(found->public_bans, shared->public_bans, sizeof(found->public_bans));
		break;
	case CHECK_LIVE_GUARD:
		memcpy(found->private_bans, shared->private_bans, sizeof(found->private_bans));
		break;
	default: break;
	}
}

static void
begin(struct preflight *preflight)
{
	preflight->found = (struct findings){ 0 };
	for (int check = 0; check < CHECKS; check++) {
		check_result_init(&preflight->found.results[check]);
		if (!child_is_running(preflight->left_behind[check]))
			preflight->left_behind[check] = 0;
	}
	*preflight->shared = preflight->found;
}

/* Why the rest is not there. */
static void
set_unfinished(struct check_result *result, const struct failure *why, int64_t began_ns)
{
	result->kind = why->kind;
	result->seconds = (double)(clock_now_ns() - began_ns) / 1e9;
	check_result_add(
	    result, STATUS_FAIL, why->kind == FAILURE_TIMEOUT ? hint : "free some memory", "%s", why->text);
}

/* Read results until all are there or the child stops reporting; `why` is the reason for the missing ones. */
static void
read_reports(struct preflight *preflight, const struct child *child, struct deadline deadline,
    struct checklist *checklist, bool reported[CHECKS], struct failure *why)
{
	size_t count = 0;
	int number = 0;

	deadline.at_ns += GRACE_NS;
	while (count < CHECKS && (number = child_read(child, deadline)) >= 0 && number < CHECKS) {
		read_findings(preflight, (enum preflight_check)number);
		checklist_add(checklist, (enum preflight_check)number);
		reported[number] = true;
		count++;
	}
	if (number == CHILD_LATE)
		(void)failure_set(why, FAILURE_TIMEOUT, "it did not answer in time");
	else
		(void)failure_set(why, FAILURE_LOCAL, "the process that made it ended before it was done");
}

void
preflight_run_checks(struct preflight *preflight, struct deadline deadline, struct checklist *checklist)
{
	struct checks_run run = { .preflight = preflight, .deadline = deadline };
	int64_t began_ns = clock_now_ns();
	bool reported[CHECKS] = { false };
	struct failure why = { 0 };
	struct child child;
	pid_t left = 0;

	begin(preflight);
	if (child_start(&child, run_jobs, &run, &why) == 0) {
		read_reports(preflight, &child, deadline, checklist, reported, &why);
		left = child_end(&child);
	}
	for (int check = 0; check < CHECKS; check++) {
		if (reported[check])
			continue;
		preflight->left_behind[check] = left;
		set_unfinished(&preflight->found.results[check], &why, began_ns);
		checklist_add(checklist, (enum preflight_check)check);
	}
}
