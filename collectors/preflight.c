/*
 * preflight: may the bot go live?
 *
 * Eight checks at once, each with what the collectors measure by; a verdict on the terminal, in a
 * file, in metrics, as an alert, and as the exit status.  The verdict must come in time whatever
 * hangs: a server, a file system, an Alertmanager, or the reader of the list.  So the time of a run
 * is shared out: checks get most of it, alerts have a part of their own, and each later step takes
 * a share of what is left.  A step that fails is reported and does not change the verdict.
 *
 * A thread that hangs is left behind.  A single run then ends the process with _exit(), as what the
 * thread uses cannot be released; a loop goes on, and does not start that check again.
 */

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collectors/harness/collector.h"
#include "collectors/preflight/exchanges.h"
#include "collectors/preflight/output/alerts.h"
#include "collectors/preflight/output/checklist.h"
#include "collectors/preflight/output/evidence.h"
#include "collectors/preflight/run.h"
#include "contract/preflight.h"

enum { EXIT_READY = 0, EXIT_NOT_READY = 1, EXIT_NOT_WRITTEN = 3 };

static const struct option options[] = {
	{ .name = "check",
	    .argument = "NAME",
	    .help = "make only this check; the last verdict, its metrics and its alerts stay (flag only)",
	    .repeatable = true,
	    .flag_only = true },
	{ .name = "skip", .argument = "NAME", .help = "leave out this check", .repeatable = true },
	{ .name = "strict", .help = "warnings also make the verdict not ready" },
	{ .name = "check.timeout",
	    .argument = "DURATION",
	    .fallback = "3s",
	    .help = "time limit of each check, within the time limit of the run" },
	{ .name = "output", .argument = "FILE", .help = "write the evidence to this file, as JSON" },
	{ .name = "no-metrics", .help = "do not publish metrics" },
	{ .name = "no-alerts", .help = "do not send alerts" },
	{ 0 },
};

struct preflight {
	char env[8];
	struct verdict_terms terms;
	bool listed[CHECKS];  /* all, or those of --check */
	bool skipped[CHECKS]; /* by --skip */
	bool has_metrics, has_alerts;
	int64_t check_timeout_ns;
	struct exchanges *exchanges;
	struct alerts alerts;
	struct secrets secrets; /* a late check may read them while the program's own grow by a reload */
	struct check_run runs[CHECKS];
	struct evidence_writer writer; /* its path: NULL without --output */

	/* Of the last run. */
	struct check_result results[CHECKS];
	bool passed, is_written;
	bool ends_process; /* a single run, with a thread that hangs */
};

/* Settings ----------------------------------------------------------- */

static int
mark_checks(bool marks[CHECKS], const struct options *given, const char *option, struct failure *why)
{
	for (size_t i = 0; i < options_count(given, option); i++) {
		const char *text = options_item(given, option, i);
		int check = 0;

		while (check < CHECKS && strcmp(check_name((enum preflight_check)check), text) != 0)
			check++;
		if (check == CHECKS)
			return options_failure(given, option, i, why,
			    "there is no check '%s': choose environment, secrets, live_guard, redis, "
			    "postgres, exchange_health, open_positions or git_safety",
			    secret_shown(text));
		marks[check] = true;
	}
	return 0;
}

static int
read_settings(struct preflight *preflight, const struct options *given, struct failure *why)
{
	(void)snprintf(preflight->env, sizeof(preflight->env), "%s", options_text(given, "env"));
	/* A run of some checks has no verdict: nobody should go live on a part of the checks. */
	preflight->terms = (struct verdict_terms){ .live = strcmp(preflight->env, "live") == 0,
		.strict = options_switch(given, "strict"),
		.partial = options_count(given, "check") > 0 };
	preflight->has_metrics = !options_switch(given, "no-metrics");
	for (int check = 0; check < CHECKS; check++)
		preflight->listed[check] = !preflight->terms.partial;
	if (mark_checks(preflight->listed, given, "check", why) != 0 ||
	    mark_checks(preflight->skipped, given, "skip", why) != 0 ||
	    copy_option(&preflight->writer.path, given, "output", why) != 0 ||
	    options_duration(given, "check.timeout", &preflight->check_timeout_ns, why) != 0)
		return -1;
	return preflight->check_timeout_ns > 0
		   ? 0
		   : options_failure(given, "check.timeout", 0, why, "must be above 0");
}

static bool
is_late(struct preflight *preflight)
{
	bool late = background_is_running(&preflight->writer.thread);

	for (int check = 0; check < CHECKS; check++)
		late |= background_is_running(&preflight->runs[check].thread);
	return late;
}

static void
preflight_close(void *state)
{
	struct preflight *preflight = state;

	if (preflight == NULL)
		return;
	/* What a late thread uses must stay: after a SIGHUP, until a loop ends. */
	if (is_late(preflight)) {
		background_leave(&preflight->writer.thread);
		for (int check = 0; check < CHECKS; check++)
			background_leave(&preflight->runs[check].thread);
		return;
	}
	for (int check = 0; check < CHECKS; check++) {
		if (checks[check]->close != NULL && preflight->runs[check].state != NULL)
			checks[check]->close(preflight->runs[check].state);
		free(preflight->runs[check].state);
		background_release(&preflight->runs[check].thread);
	}
	alerts_release(&preflight->alerts);
	exchanges_close(preflight->exchanges);
	background_release(&preflight->writer.thread);
	secrets_release(&preflight->secrets);
	free(preflight->writer.path);
	free(preflight);
}

static int
open_all(
    struct preflight *preflight, const struct options *given, struct secrets *secrets, struct failure *why)
{
	struct check_setup setup = { .given = given, .secrets = secrets };

	if (read_settings(preflight, given, why) != 0)
		return -1;
	setup.live = preflight->terms.live;
	for (int check = 0; check < CHECKS; check++)
		setup.included[check] = preflight->listed[check] && !preflight->skipped[check];
	preflight->exchanges = setup.exchanges = exchanges_open(&setup, why);
	if (setup.exchanges == NULL)
		return -1;
	for (int check = 0; check < CHECKS; check++) {
		void *state = preflight->runs[check].state = calloc(1, checks[check]->state_size);

		if (state == NULL)
			return failure_set(why, FAILURE_LOCAL, "out of memory");
		if (checks[check]->open(&setup, state, why) != 0)
			return -1;
	}
	for (size_t i = 0; i < secrets->count; i++)
		secrets_add(&preflight->secrets, secrets->values[i]);
	/* Without memory one of them is missing, and would be shown. */
	if (preflight->secrets.count != secrets->count)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	preflight->exchanges->program_secrets = &preflight->secrets;
	/* With --no-alerts, too: the counts of each Alertmanager go on, and a wrong setting is seen. */
	if (alerts_open(&preflight->alerts, given, why) != 0)
		return -1;
	preflight->has_alerts = preflight->alerts.count > 0 && !options_switch(given, "no-alerts");
	return 0;
}

static int
preflight_open(const struct options *given, struct secrets *secrets, void **state, struct failure *why)
{
	struct preflight *preflight = calloc(1, sizeof(*preflight));

	if (preflight == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	/* Each check has a thread. With heaps of their own they would keep 30 MB after a few hundred runs,
	 * and not 18. */
	(void)mallopt(M_ARENA_MAX, 1);
	background_init(&preflight->writer.thread);
	for (int check = 0; check < CHECKS; check++) {
		preflight->runs[check].check = (enum preflight_check)check;
		preflight->runs[check].secrets = &preflight->secrets;
		background_init(&preflight->runs[check].thread);
	}
	if (open_all(preflight, given, secrets, why) == 0) {
		*state = preflight;
		return 0;
	}
	preflight_close(preflight);
	return -1;
}

/* What a run found ---------------------------------------------------- */

static void
publish_checks(const struct preflight *preflight, struct metrics *m)
{
	for (int check = 0; check < CHECKS; check++)
		/* All pairs are there, most with 0: rate() of a series that appears with 1 shows nothing. */
		for (int status = 0; status < STATUSES; status++)
			metrics_add(m, &preflight_families[PREFLIGHT_CHECKS],
			    LABELS(check_name((enum preflight_check)check),
				check_status_name((enum check_status)status)),
			    preflight->listed[check] && (int)preflight->results[check].status == status ? 1
													: 0);
}

/* What led to the verdict of a complete run; the numbers are those of enum check_status. */
static void
publish_states(const struct preflight *preflight, struct metrics *m)
{
	for (int check = 0; check < CHECKS; check++)
		metrics_set(m, &preflight_families[PREFLIGHT_CHECK_STATE],
		    LABELS(check_name((enum preflight_check)check)), preflight->results[check].status);
}

static void
publish_latency(const struct check_result *result, const struct family *family, struct metrics *m)
{
	/* It exists also when nothing was measured: a histogram must not come and go. */
	metrics_touch(m, family, NO_LABELS);
	for (size_t i = 0; i < result->sample_count; i++)
		metrics_observe(m, family, NO_LABELS, result->samples[i]);
}

static void
publish(const struct preflight *preflight, const struct verdict *verdict, struct metrics *m, double seconds)
{
	metrics_add(m, &preflight_families[PREFLIGHT_RUNS], NO_LABELS, 1);
	metrics_observe(m, &preflight_families[PREFLIGHT_DURATION], NO_LABELS, seconds);
	publish_checks(preflight, m);
	publish_latency(&preflight->results[CHECK_REDIS], &preflight_families[PREFLIGHT_REDIS_LATENCY], m);
	publish_latency(
	    &preflight->results[CHECK_POSTGRES], &preflight_families[PREFLIGHT_POSTGRES_LATENCY], m);
	for (size_t i = 0; i < preflight->alerts.count; i++)
		metrics_add(m, &preflight_families[PREFLIGHT_ALERT_FAILURES],
		    LABELS(preflight->alerts.items[i].place), 0);
	/* A run of some checks has no verdict: the last one stays. */
	if (preflight->terms.partial)
		return;
	publish_states(preflight, m);
	metrics_set(m, &preflight_families[PREFLIGHT_LAST_SUCCESS], NO_LABELS, verdict->ready);
	metrics_set(m, &preflight_families[PREFLIGHT_READY_FOR_LIVE], NO_LABELS, verdict->ready_for_live);
	metrics_set(m, &preflight_families[PREFLIGHT_LAST_VERDICT], NO_LABELS, clock_unix_seconds());
}

/* What the list shows is not logged again, but what could not be measured counts in any case. */
static void
log_results(const struct preflight *preflight, struct run *run, bool shown)
{
	for (int check = 0; check < CHECKS; check++) {
		const struct check_result *result = &preflight->results[check];
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

/* An Alertmanager that does not accept the alerts is logged and counted; the verdict stands. */
static void
send_alerts(struct preflight *preflight, const struct report *report, struct run *run)
{
	char text[640];

	alerts_send(&preflight->alerts, report, run_identity(run).interval_ns, run_deadline(run));
	for (size_t i = 0; i < preflight->alerts.count; i++) {
		const struct alertmanager *each = &preflight->alerts.items[i];

		if (each->accepted)
			continue;
		metrics_add(
		    run_metrics(run), &preflight_families[PREFLIGHT_ALERT_FAILURES], LABELS(each->place), 1);
		(void)snprintf(
		    text, sizeof(text), "the alerts of this run could not be sent: %s", each->fault);
		run_log_warning(run, each->place, text);
	}
}

/* Run ---------------------------------------------------------------- */

/* Alerts need a part of the time, too. */
static struct deadline
deadline_of_checks(const struct preflight *preflight, const struct run *run)
{
	struct deadline deadline = run_deadline(run), own = deadline_in(preflight->check_timeout_ns);

	if (preflight->has_alerts)
		deadline.at_ns -= deadline_left_ns(deadline) / 4;
	return own.at_ns < deadline.at_ns ? own : deadline;
}

/* The list is for people: it must not get between printed metrics, or into the log of a loop. */
static int
list_output(const struct run *run)
{
	struct run_identity identity = run_identity(run);

	if (identity.prints)
		return STDERR_FILENO;
	return identity.interval_ns == 0 || isatty(STDOUT_FILENO) == 1 ? STDOUT_FILENO : -1;
}

static void
run_checks(struct preflight *preflight, struct run *run, struct checklist *checklist)
{
	bool health = preflight->listed[CHECK_EXCHANGE_HEALTH] && !preflight->skipped[CHECK_EXCHANGE_HEALTH];
	/* Asked once: a late check may end at any moment, and then the answers of its run are still there. */
	bool held = check_runs_hold_exchanges(preflight->runs);
	size_t total = 0;

	for (int check = 0; check < CHECKS; check++)
		total += preflight->listed[check];
	/* This comes before any check: an exchange that has banned us must not be asked. */
	if (!held)
		exchanges_begin(preflight->exchanges, run, health);
	checklist_open(checklist, list_output(run), total);
	preflight_run_checks(preflight->runs, preflight->listed, preflight->skipped, held,
	    deadline_of_checks(preflight, run), preflight->results, checklist);
	/* This keeps bans that the checks met, before anything else can fail. */
	exchanges_publish_bans(preflight->exchanges, run);
}

/* Alerts go first: the evidence says which Alertmanagers accepted them. */
static void
conclude(struct preflight *preflight, struct evidence *evidence, struct run *run)
{
	struct failure why = { 0 };

	if (preflight->has_alerts && !preflight->terms.partial) {
		send_alerts(preflight, evidence->report, run);
		evidence->alerts = &preflight->alerts;
	}
	preflight->is_written = true;
	if (preflight->writer.path != NULL &&
	    evidence_write(&preflight->writer, evidence, run_deadline(run), &why) != 0) {
		preflight->is_written = false;
		run_failed(run, "output", &why);
	}
	if (!preflight->has_metrics)
		run_withhold(run);
}

static void
preflight_collect(void *state, struct run *run)
{
	struct preflight *preflight = state;
	int64_t began_ns = clock_now_ns();
	struct checklist checklist;
	struct verdict verdict;
	struct report report = { preflight->env, preflight->terms.strict, preflight->terms.partial,
		preflight->listed, preflight->results, &verdict };
	struct evidence evidence = { .report = &report, .started = clock_unix_seconds() };
	double seconds;

	run_checks(preflight, run, &checklist);
	verdict_reach(&verdict, preflight->results, preflight->listed, preflight->terms);
	preflight->passed = verdict.passed;
	seconds = (double)(clock_now_ns() - began_ns) / 1e9;
	evidence.finished = evidence.started + seconds;
	/* The verdict is shown before alerts and evidence, which may take the rest of the time. */
	checklist_write_verdict(&checklist, &report);
	log_results(preflight, run, checklist.shown);
	if (!checklist.shown)
		(verdict.passed ? run_log_info : run_log_warning)(run, "verdict", verdict.line);
	publish(preflight, &verdict, run_metrics(run), seconds);
	conclude(preflight, &evidence, run);
	/* The rest of the list has half of the time that is left; then the metrics are published. */
	if (!checklist_close(&checklist, deadline_in(deadline_left_ns(run_deadline(run)) / 2)))
		run_log_warning(run, "list", "nobody read the list in time, so it is incomplete");
	preflight->ends_process =
	    (run_identity(run).interval_ns == 0 || run_identity(run).prints) && is_late(preflight);
}

/* Yesterday's verdict is not today's.  With --check a run has no verdict anyway: the last one stays. */
static bool
preflight_refused(const struct options *given, struct metrics *m)
{
	const char *path = options_text(given, "output");

	if (path != NULL)
		evidence_remove(path);
	if (m == NULL || options_count(given, "check") > 0 || options_switch(given, "no-metrics"))
		return false;
	metrics_set(m, &preflight_families[PREFLIGHT_LAST_SUCCESS], NO_LABELS, 0);
	metrics_set(m, &preflight_families[PREFLIGHT_READY_FOR_LIVE], NO_LABELS, 0);
	metrics_set(m, &preflight_families[PREFLIGHT_LAST_VERDICT], NO_LABELS, clock_unix_seconds());
	return true;
}

/* Called when everything is published.  A late thread can neither be awaited nor be ended alone. */
static int
preflight_exit_status(const void *state, bool published)
{
	const struct preflight *preflight = state;
	int status = preflight->passed ? EXIT_READY : EXIT_NOT_READY;

	/* This comes before the verdict, on which nobody should rely without its evidence. */
	if (!published || !preflight->is_written)
		status = EXIT_NOT_WRITTEN;
	if (preflight->ends_process) {
		(void)fflush(stdout);
		_exit(status);
	}
	return status;
}

const struct collector collector = {
	.name = "preflight",
	.summary = "check whether the bot may go live, and say why not",
	.options = options,
	.shared_options = check_option_tables,
	.families = preflight_families,
	.family_count = PREFLIGHT_FAMILIES,
	.open = preflight_open,
	.collect = preflight_collect,
	.close = preflight_close,
	.exit_status = preflight_exit_status,
	.refused = preflight_refused,
	.statuses =
	    "Exit status: 0 ready, 1 not ready, 2 wrong flags or configuration, 3 the verdict was reached but\n"
	    "the evidence or the metrics could not be written. With --check: 0 if the selected checks passed,\n"
	    "1 if not. --fail-on-down has no effect.",
};
