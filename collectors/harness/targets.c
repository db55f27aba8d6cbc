/*
 * All targets of one collector.  They are measured side by side, each in its own thread, so that
 * one that hangs costs one deadline and not one for each.  Reporting comes after that, in the
 * thread that called collect(), because metrics and log are for that thread alone.
 */

#include <stdlib.h>
#include <string.h>

#include "collectors/harness/targets.h"
#include "common/net/target.h"
#include "common/system/parallel.h"
#include "common/text/utf8.h"

struct target {
	char *text;       /* "[NAME=]URL", which target_split() cut in two */
	const char *name; /* the label */
	void *server;
};

struct targets {
	const struct target_kind *kind;
	size_t samples;
	struct deadline deadline; /* of the run under way */
	size_t count;
	struct target items[];
};

/* Other labels would be altered to fit, and two targets could become one series. */
static bool
is_label(const char *name)
{
	struct slice text = SLICE(name);

	return text.length <= FAMILY_LABEL_VALUE && utf8_valid(text);
}

static bool
name_taken(const struct targets *t, const char *name)
{
	for (size_t i = 0; i + 1 < t->count; i++)
		if (strcmp(t->items[i].name, name) == 0)
			return true;
	return false;
}

static int
add_target(struct targets *t, const struct options *given, struct secrets *secrets, struct failure *why)
{
	/* It counts at once, so that targets_close() releases it, however far this gets. */
	size_t index = t->count++;
	struct target *target = &t->items[index];
	struct failure reason = { 0 };
	char *name, *url;

	target->text = strdup(options_item(given, "target", index));
	if (target->text == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	/* This cuts in place: label and URL are pieces of the text, which lasts as long as the target. */
	target_split(target->text, &name, &url);
	target->server = t->kind->open(url, t->samples, given, secrets, &reason);
	/* A password in the URL must not stay in memory for longer than it is needed; the name before it
	 * stays. */
	explicit_bzero(url, strlen(url));
	if (target->server == NULL)
		return options_failure(given, "target", index, why, "%s", reason.text);
	target->name = name != NULL ? name : t->kind->address(target->server);
	if (!is_label(target->name))
		return options_failure(given, "target", index, why,
		    "the address is no valid UTF-8 or longer than %d bytes: give it a name, as in '%s'",
		    (int)FAMILY_LABEL_VALUE, t->kind->example);
	/* Two targets with one label would be one series. */
	if (name_taken(t, target->name))
		return options_failure(given, "target", index, why,
		    "another target is called '%s' too: give each a name, as in '%s'", target->name,
		    t->kind->example);
	return 0;
}

int
targets_open(const struct target_kind *kind, const struct options *given, struct secrets *secrets,
    struct targets **opened, struct failure *why)
{
	size_t count = options_count(given, "target");
	struct targets *t;
	int64_t samples = 0;

	if (kind->report != NULL &&
	    options_integer(given, "samples", 1, TARGET_SAMPLES_MAX, &samples, why) != 0)
		return -1;
	if (count > TARGETS_MAX)
		return options_failure(
		    given, "target", TARGETS_MAX, why, "more than %d targets", (int)TARGETS_MAX);
	t = calloc(1, sizeof(*t) + count * sizeof(t->items[0]));
	if (t == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	t->kind = kind;
	t->samples = (size_t)samples;
	while (t->count < count)
		if (add_target(t, given, secrets, why) != 0) {
			targets_close(t);
			return -1;
		}
	*opened = t;
	return 0;
}

void
targets_close(void *targets)
{
	struct targets *t = targets;

	if (t == NULL)
		return;
	for (size_t i = 0; i < t->count; i++) {
		t->kind->close(t->items[i].server);
		free(t->items[i].text);
	}
	free(t);
}

static void
measure_target(void *context, size_t index)
{
	const struct targets *t = context;

	t->kind->measure(t->items[index].server, t->deadline);
}

/* Every kind, so that all are there from the first run. */
static void
publish_failures(struct metrics *m, const char *name, enum failure_kind happened)
{
	for (int kind = FAILURE_NONE + 1; kind < FAILURE_KINDS; kind++)
		metrics_add(m, &collector.families[TARGET_FAILURES],
		    LABELS(name, failure_kind_name((enum failure_kind)kind)), kind == (int)happened ? 1 : 0);
}

/* Phases that ended and questions that were answered are published, whatever came after them. */
static void
publish_report(
    struct metrics *m, const struct target_kind *kind, const char *name, const struct target_report *report)
{
	const struct family *families = collector.families;

	metrics_set(m, &families[TARGET_UP], LABELS(name), report->up ? 1 : 0);
	/* A target that never answered has one, too: rate() needs to see the histogram begin. */
	metrics_touch(m, &families[TARGET_LATENCY], LABELS(name));
	for (size_t i = 0; i < report->sample_count; i++)
		metrics_observe(m, &families[TARGET_LATENCY], LABELS(name), report->sample_seconds[i]);
	for (size_t phase = 0; phase < report->phase_count; phase++)
		if (report->phase_seconds[phase] >= 0)
			metrics_set(m, &families[TARGET_CONNECT_DURATION],
			    LABELS(name, kind->phase_name(phase)), report->phase_seconds[phase]);
	publish_failures(m, name, report->failure->kind);
	if (report->up)
		metrics_set(m, &families[TARGET_LAST_SUCCESS], LABELS(name), clock_unix_seconds());
}

static void
report_target(const struct target_kind *kind, const struct target *target, struct run *run)
{
	struct target_report report = { 0 };

	kind->report(target->server, &report);
	publish_report(run_metrics(run), kind, target->name, &report);
	/* A failure is data: the other targets are reported all the same. */
	if (report.failure->kind != FAILURE_NONE)
		run_failed(run, target->name, report.failure);
}

void
targets_collect(void *targets, struct run *run)
{
	struct targets *t = targets;

	/* It is set before the threads start, which read it without a lock. */
	t->deadline = run_deadline(run);
	parallel_each(t->count, measure_target, t);
	for (size_t i = 0; i < t->count; i++) {
		const struct target *target = &t->items[i];

		if (t->kind->report != NULL)
			report_target(t->kind, target, run);
		if (t->kind->publish != NULL)
			t->kind->publish(target->server, target->name, run);
	}
}
