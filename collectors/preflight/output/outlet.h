#ifndef COLLECTORS_PREFLIGHT_OUTPUT_OUTLET_H
#define COLLECTORS_PREFLIGHT_OUTPUT_OUTLET_H

#include <stdbool.h>
#include <stddef.h>

#include "common/deadline.h"
#include "common/text/buffer.h"

/*
 * Text for whoever reads our standard output or error, who may not: a pipe that
 * is full, a terminal that was stopped.  Nothing waits for them but the end, and
 * that has a deadline.
 */
struct outlet {
	int fd;
	bool own; /* ours to close: the same pipe or terminal, opened so that a write does not wait */
	struct buffer text; /* what is to be written, by whoever has the outlet; then outlet_push() */
	size_t taken;       /* bytes of it that were written */
};

void outlet_begin(struct outlet *outlet, int fd);

/* Write what is taken at once. */
void outlet_push(struct outlet *outlet);

/* Write the rest, and end.  False: not all was taken by the deadline. */
bool outlet_end(struct outlet *outlet, struct deadline deadline);

#endif /* COLLECTORS_PREFLIGHT_OUTPUT_OUTLET_H */
