/*
 * The text is made by the caller and written by a thread, so that a file system
 * that does not answer costs the evidence, not the metrics and the exit status.
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "collectors/preflight/output/evidence.h"
#include "common/system/replace.h"
#include "common/system/time.h"
#include "common/version.h"

enum { FORMAT = 1, LEAST_NS = 100 * 1000 * 1000 };

/* What it says ------------------------------------------------------- */

static json_t *
checks_document(const struct report *report)
{
	json_t *list = json_array();

	for (int check = 0; check < CHECKS; check++) {
		const struct check_result *result = &report->results[check];
		json_t *document;

		if (!report->listed[check])
			continue;
		document = json_pack("{s:s, s:s, s:s, s:s, s:f}", "name",
		    check_name((enum preflight_check)check), "status", check_status_name(result->status),
		    "reason", result->reason, "hint", result->hint, "duration_seconds", result->seconds);
		if (result->latency_seconds >= 0)
			(void)json_object_set_new(
			    document, "latency_seconds", json_real(result->latency_seconds));
		if (result->kind != FAILURE_NONE)
			(void)json_object_set_new(
			    document, "kind", json_string(failure_kind_name(result->kind)));
		(void)json_array_append_new(list, document);
	}
	return list;
}

static json_t *
counts_document(const struct verdict *verdict)
{
	json_t *counts = json_pack("{s:I}", "total", (json_int_t)verdict->listed);

	for (int status = 0; status < STATUSES; status++)
		(void)json_object_set_new(counts, check_status_name((enum check_status)status),
		    json_integer((json_int_t)verdict->counts[status]));
	return counts;
}

static json_t *
alerts_document(const struct alerts *alerts)
{
	json_t *list = json_array();

	for (size_t i = 0; alerts != NULL && i < alerts->count; i++)
		(void)json_array_append_new(
		    list, json_pack("{s:s, s:b, s:s}", "alertmanager", alerts->items[i].place, "accepted",
			      alerts->items[i].accepted, "reason", alerts->items[i].fault));
	return list;
}

/* NULL: out of memory. */
static char *
evidence_text(const struct evidence *evidence)
{
	const struct report *report = evidence->report;
	const struct verdict *verdict = report->verdict;
	char started[TIME_TEXT], finished[TIME_TEXT], *text, *line = NULL;
	json_t *root =
	    json_pack("{s:i, s:s, s:s, s:s, s:s, s:b, s:b, s:s, s:s, s:f, s:b, s:b, s:o, s:o, s:o}", "format",
		FORMAT, "program", "preflight", "version", version_number, "revision", version_revision,
		"env", report->env, "strict", report->strict, "partial", report->partial, "started_at",
		time_text(evidence->started, started), "finished_at", time_text(evidence->finished, finished),
		"duration_seconds", evidence->finished - evidence->started, "ready", verdict->ready,
		"ready_for_live", verdict->ready_for_live, "counts", counts_document(verdict), "checks",
		checks_document(report), "alerts", alerts_document(evidence->alerts));

	text = root != NULL ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
	if (text != NULL && asprintf(&line, "%s\n", text) < 0)
		line = NULL;
	free(text);
	json_decref(root);
	return line;
}

/* Where it is written ------------------------------------------------ */

void
evidence_remove(const char *path)
{
	struct stat info;

	/* What is no file was never evidence: a pipe, a device, somebody's link. */
	if (lstat(path, &info) == 0 && S_ISREG(info.st_mode))
		(void)unlink(path);
}

static void
write_text(void *context)
{
	struct evidence_writer *writer = context;

	writer->why = (struct failure){ 0 };
	/* Without evidence of this run, that of an earlier one must not pass for it. */
	if (replace_file(writer->path, writer->text, writer->deadline, &writer->why) != 0) {
		(void)failure_prefix(&writer->why, "evidence");
		evidence_remove(writer->path);
	}
	free(writer->text);
}

int
evidence_write(struct evidence_writer *writer, const struct evidence *evidence, struct deadline deadline,
    struct failure *why)
{
	struct deadline least = deadline_in(LEAST_NS);

	if (background_is_running(&writer->thread))
		return failure_set(why, FAILURE_TIMEOUT,
		    "evidence: '%s' is still being written by an earlier run", writer->path);
	writer->deadline = deadline.at_ns > least.at_ns ? deadline : least;
	writer->text = evidence_text(evidence);
	if (writer->text == NULL)
		return failure_set(why, FAILURE_LOCAL, "evidence: out of memory");
	if (background_start(&writer->thread, write_text, writer, why) != 0) {
		free(writer->text);
		return failure_prefix(why, "evidence");
	}
	least.at_ns = writer->deadline.at_ns + LEAST_NS;
	if (!background_wait(&writer->thread, least))
		return failure_set(why, FAILURE_TIMEOUT,
		    "evidence: '%s' was not written in time: its file system does not answer", writer->path);
	*why = writer->why;
	return why->kind == FAILURE_NONE ? 0 : -1;
}
