#ifndef COLLECTORS_PREFLIGHT_OUTPUT_CHECKLIST_H
#define COLLECTORS_PREFLIGHT_OUTPUT_CHECKLIST_H

#include "collectors/preflight/output/outlet.h"
#include "collectors/preflight/verdict.h"

/*
 * The list of checks, in their order, each line as soon as it and all before
 * it are done.  On a terminal with the check that is awaited, and with colours unless NO_COLOR
 * is set.  A slow reader holds up checklist_close() alone.
 */
struct checklist {
	bool shown; /* false: nobody looks */
	struct outlet out;
	bool is_terminal, coloured;
	const struct check_result *results;
	const bool *listed;
	bool done[CHECKS];
	int next; /* the first that is not shown yet */
	size_t number, total;
};

/* `fd` negative: nothing is shown. */
void checklist_open(struct checklist *checklist, int fd, const struct check_result results[CHECKS],
    const bool listed[CHECKS]);
void checklist_add(struct checklist *checklist, enum preflight_check check); /* its result is there */
void checklist_write_verdict(struct checklist *checklist, const struct verdict *verdict);

/* False: by the deadline not all was taken. */
bool checklist_close(struct checklist *checklist, struct deadline deadline);

#endif /* COLLECTORS_PREFLIGHT_OUTPUT_CHECKLIST_H */
