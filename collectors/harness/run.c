/*
 * What a collector may ask and tell while it measures, and the families that every run has.  A
 * collector never publishes and never decides whether the run was a success: it tells what failed,
 * and this file draws the conclusions, in the same way for all programs.
 */

#include "collectors/harness/run.h"
#include "common/version.h"

struct deadline
run_deadline(const struct run *run)
{
	return run->deadline;
}

struct metrics *
run_metrics(const struct run *run)
{
	return run->metrics;
}

const char *
run_directory(const struct run *run)
{
	return run->settings->directory;
}

/* A failure is counted by its kind; its text goes to the log alone, and never to a label. */
void
run_missed(struct run *run, enum failure_kind kind)
{
	run->failed = true;
	metrics_add(run->metrics, &run_families[RUN_FAILURES],
	    LABELS(run->settings->name, failure_kind_name(kind)), 1);
}

void
run_failed(struct run *run, const char *target, const struct failure *why)
{
	run_missed(run, why->kind);
	log_write(
	    run->log, LOG_WARN, why->text, "target", target, "kind", failure_kind_name(why->kind), NULL);
}

void
run_withhold(struct run *run)
{
	run->withheld = true;
}

struct run_identity
run_identity(const struct run *run)
{
	return (struct run_identity){ .env = run->settings->env,
		.directory = run->settings->directory,
		.interval_ns = run->settings->interval_ns,
		.prints = run->settings->print };
}

void
run_log_warning(struct run *run, const char *target, const char *message)
{
	log_write(run->log, LOG_WARN, message, "target", target, NULL);
}

void
run_log_info(struct run *run, const char *target, const char *message)
{
	log_write(run->log, LOG_INFO, message, "target", target, NULL);
}

const struct metrics *
run_last(struct run *run)
{
	/* Read once, and only for collectors that want it: it may be a large file. */
	if (run->last == NULL)
		run->last = publisher_last(run->publisher, run->settings, run->metrics);
	return run->last;
}

static void
add_own_families(struct run *run, double seconds)
{
	const char *name = run->settings->name;
	const char *const *labels = LABELS(name);
	struct metrics *m = run->metrics;
	double now = clock_unix_seconds();

	metrics_set(m, &run_families[RUN_SUCCESS], labels, !run->failed);
	metrics_set(m, &run_families[RUN_DURATION], labels, seconds);
	/* By this an alert can tell a loop that stopped from a program that cron starts. */
	metrics_set(m, &run_families[RUN_INTERVAL], labels, (double)run->settings->interval_ns / 1e9);
	metrics_set(m, &run_families[RUN_LAST_RUN], labels, now);
	/* A kept gauge: after a failure it still says when all was well. */
	if (!run->failed)
		metrics_set(m, &run_families[RUN_LAST_SUCCESS], labels, now);
	metrics_add(m, &run_families[RUN_RUNS], labels, 1);
	metrics_set(m, &run_families[RUN_BUILD_INFO], LABELS(name, version_number, version_revision), 1);
}

/* Every kind is there from the first run on: rate() of a counter that appears with 1 shows nothing. */
static void
touch_failures(const struct run *run)
{
	for (int kind = FAILURE_NONE + 1; kind < FAILURE_KINDS; kind++)
		metrics_add(run->metrics, &run_families[RUN_FAILURES],
		    LABELS(run->settings->name, failure_kind_name((enum failure_kind)kind)), 0);
}

void
run_collect(struct run *run, void *state)
{
	int64_t started = clock_now_ns();

	touch_failures(run);
	collector.collect(state, run);
	/* Nobody needs it any more, and publishing needs memory. */
	metrics_free(run->last);
	run->last = NULL;
	add_own_families(run, (double)(clock_now_ns() - started) / 1e9);
	log_write(run->log, LOG_DEBUG, "run ended", "success", run->failed ? "0" : "1", NULL);
}
