#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "collectors/preflight/apart.h"
#include "collectors/preflight/evidence.h"
#include "collectors/preflight/when.h"
#include "common/version.h"

enum { FORMAT = 1, NAP_NS = 1000 * 1000, LEAST_NS = 100 * 1000 * 1000 };

/* What it says ------------------------------------------------------- */

static json_t *
check_document(enum check check, const struct check_result *result)
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
checks_document(const struct gate *gate)
{
	json_t *list = json_array();

	for (int check = 0; check < CHECKS; check++)
		if (gate->listed[check])
			(void)json_array_append_new(
			    list, check_document((enum check)check, &gate->found.results[check]));
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

	for (size_t i = 0; evidence->alerted && i < evidence->gate->alertmanager_count; i++) {
		const struct alertmanager *each = &evidence->gate->alertmanagers[i];

		(void)json_array_append_new(list, json_pack("{s:s, s:b, s:s}", "alertmanager", each->place,
						      "accepted", each->told, "reason", each->fault));
	}
	return list;
}

static json_t *
document(const struct evidence *evidence)
{
	const struct gate *gate = evidence->gate;
	char started[WHEN_TEXT], finished[WHEN_TEXT];

	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:b, s:b, s:s, s:s, s:f, s:b, s:b, s:o, s:o, s:o}",
	    "format", FORMAT, "program", "preflight", "version", version_number, "revision", version_revision,
	    "env", gate->env, "strict", gate->strict, "partial", gate->partial, "started_at",
	    when_text(evidence->started, started), "finished_at", when_text(evidence->finished, finished),
	    "duration_seconds", evidence->finished - evidence->started, "ready", evidence->verdict->ready,
	    "ready_for_live", evidence->verdict->ready_for_live, "counts", counts_document(evidence->verdict),
	    "checks", checks_document(gate), "alerts", alerts_document(evidence));
}

/* How it is written -------------------------------------------------- */

static int
fail(const char *path, const char *action, struct failure *why)
{
	return failure_set(why, FAILURE_LOCAL, "evidence: cannot %s '%s': %s", action, path, strerror(errno));
}

/* The directory itself is what writers of its files take turns by. */
static int
open_directory(const char *path, struct deadline deadline)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	char directory[4096];
	const char *slash = strrchr(path, '/');
	int fd;

	if (slash == NULL)
		(void)snprintf(directory, sizeof(directory), ".");
	else
		(void)snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path + 1), path);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (deadline_left_ns(deadline) == 0) {
			(void)close(fd);
			errno = ETIMEDOUT;
			return -1;
		}
		(void)nanosleep(&nap, NULL);
	}
	return fd;
}

static int
write_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t wrote = write(fd, text, length);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return -1;
		text += wrote;
		length -= (size_t)wrote;
	}
	return 0;
}

static int
replace(int directory, const char *path, const char *text, struct failure *why)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	char temporary[300];
	int fd, result;

	if (*name == '\0' || snprintf(temporary, sizeof(temporary), ".%s.tmp", name) >= 255)
		return failure_set(why, FAILURE_LOCAL, "evidence: '%s' is no name of a file", path);
	/* One that a killed run left behind may be anything. */
	(void)unlinkat(directory, temporary, 0);
	fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail(path, "write beside", why);
	result = write_all(fd, text, strlen(text));
	if (close(fd) != 0 || result != 0 || renameat(directory, temporary, directory, name) != 0) {
		(void)fail(path, "write", why);
		(void)unlinkat(directory, temporary, 0);
		return -1;
	}
	return 0;
}

static int
write_text(const char *path, const char *text, struct deadline deadline, struct failure *why)
{
	int directory, result;

	if (strlen(path) >= 4096)
		return failure_set(why, FAILURE_LOCAL, "evidence: the path is too long");
	directory = open_directory(path, deadline);
	if (directory < 0)
		return fail(path, "open the directory of", why);
	result = replace(directory, path, text, why);
	(void)close(directory);
	return result;
}

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
		result = write_text(path, line, deadline, why);
	free(line);
	free(text);
	json_decref(root);
	return result;
}

/* Where the file system does not answer ------------------------------ */

struct writing {
	const struct evidence *evidence;
	const char *path;
	struct deadline deadline;
	struct failure *why; /* shared */
};

static void
work(void *context, int tell)
{
	const struct writing *writing = context;

	apart_tell(
	    tell, write_evidence(writing->evidence, writing->path, writing->deadline, writing->why) == 0);
}

static int
write_apart(struct writing *writing, pid_t *left_behind, struct failure *why)
{
	struct deadline until = { .at_ns = writing->deadline.at_ns + LEAST_NS };
	struct apart apart;
	int told;

	if (apart_begin(&apart, work, writing, why) != 0)
		return -1;
	told = apart_listen(&apart, until);
	*left_behind = apart_end(&apart);
	if (told == APART_LATE)
		return failure_set(why, FAILURE_TIMEOUT,
		    "evidence: '%s' was not written in time: its file system does not answer", writing->path);
	if (told == APART_ENDED)
		return failure_set(why, FAILURE_LOCAL,
		    "evidence: the process that was to write '%s' ended before it had", writing->path);
	if (told == 0)
		*why = *writing->why;
	return told > 0 ? 0 : -1;
}

int
evidence_write(const struct evidence *evidence, const char *path, struct deadline deadline,
    pid_t *left_behind, struct failure *why)
{
	struct deadline least = deadline_in(LEAST_NS);
	struct writing writing = { .evidence = evidence,
		.path = path,
		.deadline = deadline.at_ns > least.at_ns ? deadline : least,
		.why = apart_share(sizeof(*why)) };
	int result = -1;

	if (apart_is_there(*left_behind))
		(void)failure_set(why, FAILURE_TIMEOUT,
		    "evidence: '%s' is still being written by an earlier run (process %ld)", path,
		    (long)*left_behind);
	else if (writing.why == NULL)
		(void)failure_set(why, FAILURE_LOCAL, "evidence: out of memory");
	else
		result = write_apart(&writing, left_behind, why);
	apart_unshare(writing.why, sizeof(*why));
	return result;
}
