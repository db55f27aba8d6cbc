#ifndef COLLECTORS_PREFLIGHT_OUTPUT_CHECKLIST_H
#define COLLECTORS_PREFLIGHT_OUTPUT_CHECKLIST_H

#include "collectors/preflight/verdict.h"
#include "common/deadline.h"
#include "common/text/buffer.h"

/*
 * The list of checks, one line for each.  On a terminal it also names the check
 * that is awaited, and it has colours unless NO_COLOR is set.  A slow reader (a
 * full pipe, a terminal that was stopped) holds up checklist_close() alone.
 */
struct checklist {
	bool shown;
	int fd;
	bool is_own; /* `fd` is ours to close */
	bool is_terminal, is_coloured;
	struct buffer text; /* all of the list */
	size_t written;     /* bytes of it */
	size_t number, total;
};

/* `fd` negative: nothing is shown.  `total` is how many checks there will be. */
void checklist_open(struct checklist *checklist, int fd, size_t total);
void checklist_await(struct checklist *checklist, enum preflight_check check);
void checklist_add(struct checklist *checklist, const struct check_result *result);
void checklist_write_verdict(struct checklist *checklist, const struct report *report);

/* False: the deadline passed before all was written. */
bool checklist_close(struct checklist *checklist, struct deadline deadline);

#endif /* COLLECTORS_PREFLIGHT_OUTPUT_CHECKLIST_H */
