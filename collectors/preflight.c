/*
 * preflight: may the bot go live?
 *
 * Eight checks at once, each with what the collectors measure by; a verdict on the terminal, in a
 * file, in metrics, as an alert, and as the exit status.  The verdict must come in time whatever
 * hangs: a server, a file system, an Alertmanager, or the reader of the list.  So the time of a run
 * is shared out: checks get most of it, alerts have a part of their own, and each later step takes
 * a share of what is left.  A step that fails is reported and does not change the verdict.
 */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collectors/harness/collector.h"
#include "collectors/preflight/options.h"
#include "collectors/preflight/output/alerts.h"
#include "collectors/preflight/output/checklist.h"
#include "collectors/preflight/output/evidence.h"
#include "collectors/preflight/previous_run.h"
#include "collectors/preflight/run.h"
#include "contract/preflight.h"

enum { EXIT_READY = 0, EXIT_NOT_READY = 1, EXIT_NOT_WRITTEN = 3 };

/* Checks ------------------------------------------------------------- */

/* Alerts need a part of the time, too. */
static struct deadline
deadline_of_checks(const struct preflight *preflight, const struct run *run)
{
	struct deadline deadline = run_deadline(run), own = deadline_in(preflight->check_timeout_ns);

	if (preflight->alerts)
		deadline.at_ns -= deadline_left_ns(deadline) / 4;
	return own.at_ns < deadline.at_ns ? own : deadline;
}

/* What came --------------------------------------------------------- */

static void
publish_checks(const struct preflight *preflight, struct metrics *m)
{
	for (int check = 0; check < CHECKS; check++)
		/* All pairs are there, most with 0: rate() of a series that appears with 1 shows nothing. */
		for (int status = 0; status < STATUSES; status++)
			metrics_add(m, &preflight_families[PREFLIGHT_CHECKS],
			    LABELS(check_name((enum preflight_check)check),
				check_status_name((enum check_status)status)),
			    preflight->listed[check] && (int)preflight->found.results[check].status == status
				? 1
				: 0);
}

static void
publish_latencies(const struct preflight *preflight, struct metrics *m)
{
	const struct family *redis = &preflight_families[PREFLIGHT_REDIS_LATENCY];
	const struct family *postgres = &preflight_families[PREFLIGHT_POSTGRES_LATENCY];
	const struct findings *found = &preflight->found;

	/* They exist also when nothing was measured: a histogram must not come and go. */
	metrics_touch(m, redis, NO_LABELS);
	metrics_touch(m, postgres, NO_LABELS);
	for (size_t i = 0; i < found->redis.count; i++)
		metrics_observe(m, redis, NO_LABELS, found->redis.seconds[i]);
	for (size_t i = 0; i < found->postgres.count; i++)
		metrics_observe(m, postgres, NO_LABELS, found->postgres.seconds[i]);
}

static void
publish(const struct preflight *preflight, const struct verdict *verdict, struct metrics *m, double seconds)
{
	metrics_add(m, &preflight_families[PREFLIGHT_RUNS], NO_LABELS, 1);
	metrics_observe(m, &preflight_families[PREFLIGHT_DURATION], NO_LABELS, seconds);
	publish_checks(preflight, m);
	publish_latencies(preflight, m);
	for (size_t i = 0; i < preflight->alertmanager_count; i++)
		metrics_add(m, &preflight_families[PREFLIGHT_ALERT_FAILURES],
		    LABELS(preflight->alertmanagers[i].place), 0);
	/* Some checks alone are no verdict. */
	if (preflight->partial)
		return;
	metrics_set(m, &preflight_families[PREFLIGHT_LAST_SUCCESS], NO_LABELS, verdict->ready);
	metrics_set(m, &preflight_families[PREFLIGHT_READY_FOR_LIVE], NO_LABELS, verdict->ready_for_live);
	metrics_set(m, &preflight_families[PREFLIGHT_LAST_VERDICT], NO_LABELS, clock_unix_seconds());
}

/* Where there is a list to look at, the log says nothing of the checks; what could not be measured counts. */
static void
log_results(const struct preflight *preflight, struct run *run, bool shown)
{
	for (int check = 0; check < CHECKS; check++) {
		const struct check_result *result = &preflight->found.results[check];
		const char *name = check_name((enum preflight_check)check);
		struct failure why = { .kind = result->kind };

		if (!preflight->listed[check] ||
		    (result->status != STATUS_FAIL && result->status != STATUS_WARN))
			continue;
		(void)snprintf(why.text, sizeof(why.text), "%.500s", result->reason);
		if (why.kind != FAILURE_NONE && shown)
			run_missed(run, why.kind);
		else if (why.kind != FAILURE_NONE)
			run_failed(run, name, &why);
		else if (!shown)
			run_log_warning(run, name, why.text);
	}
}

/* The log's last line of a run: the verdict. */
static void
log_verdict(const struct verdict *verdict, struct run *run)
{
	(verdict->passed ? run_log_info : run_log_warning)(run, "verdict", verdict->line);
}

/* What the Alertmanagers did not take is logged and counted; the verdict stands. */
static void
send_alerts(struct preflight *preflight, const struct verdict *verdict, struct run *run)
{
	char text[640];

	alerts_send(preflight, verdict, run_identity(run).interval_ns, run_deadline(run));
	for (size_t i = 0; i < preflight->alertmanager_count; i++) {
		struct alertmanager *each = &preflight->alertmanagers[i];

		if (each->told)
			continue;
		metrics_add(
		    run_metrics(run), &preflight_families[PREFLIGHT_ALERT_FAILURES], LABELS(each->place), 1);
		(void)snprintf(
		    text, sizeof(text), "the alerts of this run could not be sent: %s", each->fault);
		run_log_warning(run, each->place, text);
	}
}

/* Run ---------------------------------------------------------------- */

/* The list is for people: it must not get between printed metrics, or into the log of a loop. */
static int
list_output(const struct run *run)
{
	struct run_identity identity = run_identity(run);

	if (identity.prints)
		return STDERR_FILENO;
	return identity.interval_ns == 0 || isatty(STDOUT_FILENO) == 1 ? STDOUT_FILENO : -1;
}

/* What is left of the list has half of the time that is left: then the metrics are published. */
static void
close_list(struct checklist *checklist, struct run *run)
{
	if (!checklist_close(checklist, deadline_in(deadline_left_ns(run_deadline(run)) / 2)))
		run_log_warning(run, "list", "nobody read the list in time: it is not whole");
}

static void
conclude(struct preflight *preflight, struct evidence *evidence, struct run *run)
{
	struct failure why = { 0 };

	/* Alerts go first: the evidence says which Alertmanagers took them. */
	evidence->alerted = preflight->alerts && !preflight->partial;
	if (evidence->alerted)
		send_alerts(preflight, evidence->verdict, run);
	if (preflight->output != NULL && evidence_write(evidence, preflight->output, run_deadline(run),
					     &preflight->left_writing, &why) != 0) {
		/* The exit status then says so: a verdict without its evidence is not enough. */
		preflight->written = false;
		run_failed(run, "output", &why);
	}
	if (preflight->no_metrics)
		run_withhold(run);
}

static void
preflight_collect(void *state, struct run *run)
{
	struct preflight *preflight = state;
	int64_t began_ns = clock_now_ns();
	struct checklist checklist;
	struct verdict verdict;
	struct evidence evidence = {
		.preflight = preflight, .verdict = &verdict, .started = clock_unix_seconds()
	};
	double seconds;

	preflight->written = true;
	/* This comes before any check: an exchange that has banned us must not be asked. */
	previous_run_read(preflight, run);
	checklist_open(&checklist, list_output(run), preflight->found.results, preflight->listed);
	preflight_run_checks(preflight, deadline_of_checks(preflight, run), &checklist);
	/* This keeps bans that the checks met, before anything else can fail. */
	previous_run_write(preflight, run);
	verdict_reach(&verdict, preflight->found.results, preflight->listed,
	    (struct verdict_terms){ preflight->live, preflight->strict, preflight->partial });
	preflight->passed = verdict.passed;
	seconds = (double)(clock_now_ns() - began_ns) / 1e9;
	evidence.finished = evidence.started + seconds;
	/* The verdict is shown before alerts and evidence, which may take the rest of the time. */
	checklist_write_verdict(&checklist, &verdict);
	log_results(preflight, run, checklist.shown);
	if (!checklist.shown)
		log_verdict(&verdict, run);
	publish(preflight, &verdict, run_metrics(run), seconds);
	conclude(preflight, &evidence, run);
	close_list(&checklist, run);
}

static int
preflight_open(const struct options *given, struct secrets *secrets, void **state, struct failure *why)
{
	*state = preflight_new(given, secrets, why);
	return *state != NULL ? 0 : -1;
}

static void
preflight_close(void *state)
{
	preflight_free(state);
}

static int
preflight_exit_status(const void *state, bool published)
{
	const struct preflight *preflight = state;

	/* This comes before the verdict, on which nobody should rely without its evidence. */
	if (!published || !preflight->written)
		return EXIT_NOT_WRITTEN;
	return preflight->passed ? EXIT_READY : EXIT_NOT_READY;
}

const struct collector collector = {
	.name = "preflight",
	.summary = "check whether the bot may go live, and say why not",
	.options = preflight_options,
	.shared_options = preflight_shared_options,
	.families = preflight_families,
	.family_count = PREFLIGHT_FAMILIES,
	.open = preflight_open,
	.collect = preflight_collect,
	.close = preflight_close,
	.exit_status = preflight_exit_status,
	.statuses =
	    "Exit status: 0 ready, 1 not ready, 2 wrong flags or configuration, 3 the verdict was reached but\n"
	    "the evidence or the metrics could not be written. With --check: 0 if the selected checks passed,\n"
	    "1 if not. --fail-on-down has no effect.",
};
