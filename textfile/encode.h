#ifndef TEXTFILE_ENCODE_H
#define TEXTFILE_ENCODE_H

#include "common/text/buffer.h"
#include "textfile/metrics.h"

/*
 * Append `m` in the text format 0.0.4: for each family that has series, HELP,
 * TYPE and its samples together, in the tables' order; series in the order in
 * which they first appeared.  Histogram buckets are cumulative, with +Inf.  No
 * timestamps.  `out->failed` tells if it did not fit.
 * Format: https://prometheus.io/docs/instrumenting/exposition_formats/
 */
void encode(const struct metrics *m, struct buffer *out);

#endif /* TEXTFILE_ENCODE_H */
