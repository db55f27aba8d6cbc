#ifndef EXPORTER_DIRECTORY_BOUNDS_H
#define EXPORTER_DIRECTORY_BOUNDS_H

#include "common/text/buffer.h"
#include "textfile/parse.h"

/*
 * Write `le` and `quantile` as node_exporter does: it reads them as numbers
 * and writes those, so that "1.0" and "1000000" become the labels "1" and
 * "1e+06".  The document's labels then point into `room`, which is empty
 * before and must outlive it.  0, or -1: out of memory.
 */
int bounds_normalise(struct document *document, struct buffer *room);

/* A number as Go's strconv.FormatFloat(x, 'g', -1, 64) has it.  Returns its length. */
enum { BOUND_TEXT = 32 };
size_t bound_format(double value, char text[BOUND_TEXT]);

#endif /* EXPORTER_DIRECTORY_BOUNDS_H */
