#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "collectors/preflight/output/evidence.h"
#include "common/system/child.h"
#include "common/system/replace.h"
#include "common/system/time.h"
#include "common/version.h"

enum { FORMAT = 1, LEAST_NS = 100 * 1000 * 1000 };

/* What it says ------------------------------------------------------- */

static json_t *
check_document(enum preflight_check check, const struct check_result *result)
{
	json_t *document = json_pack("{s:s, s:s, s:s, s:s, s:f}", "name", check_name(check), "status",
	    check_status_name(result->status), "reason", result->reason, "hint", result->hint,
	    "duration_seconds", result->seconds);

	if (document != NULL && result->latency_seconds >= 0)
		(void)json_object_set_new(document, "latency_seconds", json_real(result->latency_seconds));
	if (document != NULL && result->kind != FAILURE_NONE)
		(void)json_object_set_new(document, "kind", json_string(failure_kind_name(result->kind)));
	return document;
}

static json_t *
checks_document(const struct preflight *preflight)
{
	json_t *list = json_array();

	for (int check = 0; check < CHECKS; check++)
		if (preflight->listed[check])
			(void)json_array_append_new(list,
			    check_document((enum preflight_check)check, &preflight->found.results[check]));
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
alerts_document(const struct evidence *evidence)
{
	json_t *list = json_array();

	for (size_t i = 0; evidence->alerted && i < evidence->preflight->alertmanager_count; i++) {
		const struct alertmanager *each = &evidence->preflight->alertmanagers[i];

		(void)json_array_append_new(list, json_pack("{s:s, s:b, s:s}", "alertmanager", each->place,
						      "accepted", each->told, "reason", each->fault));
	}
	return list;
}

static json_t *
document(const struct evidence *evidence)
{
	const struct preflight *preflight = evidence->preflight;
	char started[TIME_TEXT], finished[TIME_TEXT];

	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:b, s:b, s:s, s:s, s:f, s:b, s:b, s:o, s:o, s:o}",
	    "format", FORMAT, "program", "preflight", "version", version_number, "revision", version_revision,
	    "env", preflight->env, "strict", preflight->strict, "partial", preflight->partial, "started_at",
	    time_text(evidence->started, started), "finished_at", time_text(evidence->finished, finished),
	    "duration_seconds", evidence->finished - evidence->started, "ready", evidence->verdict->ready,
	    "ready_for_live", evidence->verdict->ready_for_live, "counts", counts_document(evidence->verdict),
	    "checks", checks_document(preflight), "alerts", alerts_document(evidence));
}

/* Where it is written ------------------------------------------------ */

static int
write_evidence(
    const struct evidence *evidence, const char *path, struct deadline deadline, struct failure *why)
{
	json_t *root = document(evidence);
	char *text = root != NULL ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
	char *line = NULL;
	int result = -1;

	if (text == NULL || asprintf(&line, "%s\n", text) < 0)
		(void)failure_set(why, FAILURE_LOCAL, "evidence: out of memory");
	else
		result = replace_file(path, line, deadline, why);
	free(line);
	free(text);
	json_decref(root);
	return result;
}

/* Where the file system does not answer ------------------------------ */

struct evidence_writing {
	const struct evidence *evidence;
	const char *path;
	struct deadline deadline;
	struct failure *why; /* shared */
};

static void
write_in_child(void *context, int report_fd)
{
	const struct evidence_writing *writing = context;

	child_report(report_fd,
	    write_evidence(writing->evidence, writing->path, writing->deadline, writing->why) == 0);
}

static int
write_by_child(struct evidence_writing *writing, pid_t *left_behind, struct failure *why)
{
	struct deadline until = { .at_ns = writing->deadline.at_ns + LEAST_NS };
	struct child child;
	int reported;

	if (child_start(&child, write_in_child, writing, why) != 0)
		return -1;
	reported = child_read(&child, until);
	*left_behind = child_end(&child);
	if (reported == CHILD_LATE)
		return failure_set(why, FAILURE_TIMEOUT,
		    "evidence: '%s' was not written in time: its file system does not answer", writing->path);
	if (reported == CHILD_ENDED)
		return failure_set(why, FAILURE_LOCAL,
		    "evidence: the process that was to write '%s' ended before it had", writing->path);
	if (reported == 0)
		*why = *writing->why;
	return reported > 0 ? 0 : -1;
}

int
evidence_write(const struct evidence *evidence, const char *path, struct deadline deadline,
    pid_t *left_behind, struct failure *why)
{
	struct deadline least = deadline_in(LEAST_NS);
	struct evidence_writing writing = { .evidence = evidence,
		.path = path,
		.deadline = deadline.at_ns > least.at_ns ? deadline : least,
		.why = child_share(sizeof(*why)) };
	int result = -1;

	if (child_is_running(*left_behind))
		(void)failure_set(why, FAILURE_TIMEOUT,
		    "evidence: '%s' is still being written by an earlier run (process %ld)", path,
		    (long)*left_behind);
	else if (writing.why == NULL)
		(void)failure_set(why, FAILURE_LOCAL, "evidence: out of memory");
	else
		result = write_by_child(&writing, left_behind, why);
	child_unshare(writing.why, sizeof(*why));
	return result;
}
