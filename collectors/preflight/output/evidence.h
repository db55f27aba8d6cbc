#ifndef COLLECTORS_PREFLIGHT_OUTPUT_EVIDENCE_H
#define COLLECTORS_PREFLIGHT_OUTPUT_EVIDENCE_H

#include "collectors/preflight/settings.h"
#include "collectors/preflight/verdict.h"

/* The run's evidence, as docs/preflight.schema.json describes it. */
struct evidence {
	const struct preflight *preflight;
	const struct verdict *verdict;
	double started, finished; /* Unix time; `finished` when the verdict was reached */
	bool alerted;             /* the Alertmanagers were told, or tried to be */
};

/*
 * Into `path`, by the deadline, a tenth of a second at least (replace.h).  0, or -1
 * with `why`: then the old file is as it was.
 *
 * It is written by a process (child.h) that is left behind, in `left_behind`,
 * where the file system does not answer; while it is there, nothing is written.
 */
int evidence_write(const struct evidence *evidence, const char *path, struct deadline deadline,
    pid_t *left_behind, struct failure *why);

#endif /* COLLECTORS_PREFLIGHT_OUTPUT_EVIDENCE_H */
