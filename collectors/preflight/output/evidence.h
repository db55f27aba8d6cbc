#ifndef COLLECTORS_PREFLIGHT_OUTPUT_EVIDENCE_H
#define COLLECTORS_PREFLIGHT_OUTPUT_EVIDENCE_H

#include "collectors/preflight/output/alerts.h"
#include "collectors/preflight/verdict.h"
#include "common/system/background.h"

/* A run's evidence, as docs/preflight.schema.json describes it. */
struct evidence {
	const struct report *report;
	double started, finished;    /* Unix time; `finished` when the verdict was reached */
	const struct alerts *alerts; /* that were sent; NULL: none were */
};

/* Writes the evidence in a thread, which may hang on its file system. */
struct evidence_writer {
	struct background thread;
	char *path;
	/* What follows is the thread's until it has ended. */
	char *text;
	struct deadline deadline;
	struct failure why; /* FAILURE_NONE: it was written */
};

/*
 * Put it into the writer's `path` by the deadline, but take at least a tenth of a
 * second (replace.h).  0, or -1 with `why`: then the old file is removed, or the
 * file system did not answer, and the writer's thread still runs.  While it
 * does, nothing more is written.
 */
int evidence_write(struct evidence_writer *writer, const struct evidence *evidence, struct deadline deadline,
    struct failure *why);

/* Remove the evidence of an earlier run, if it is a file: this run has none. */
void evidence_remove(const char *path);

#endif /* COLLECTORS_PREFLIGHT_OUTPUT_EVIDENCE_H */
