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

/*
 * The same in pieces, so that nobody needs to hold all of it.  All zero but
 * `metrics` at first.
 */
struct encoder {
	const struct metrics *metrics;
	size_t family, series; /* the next one */
};

/*
 * Append the next piece: whole series, until there are `enough` bytes.  Each
 * piece can be read alone: where it goes on with a family, that family's HELP
 * and TYPE stand before it again, `*repeated` bytes, which are not of the text.
 * False: there is nothing left.
 */
bool encoder_next(struct encoder *encoder, size_t enough, struct buffer *out, size_t *repeated);

#endif /* TEXTFILE_ENCODE_H */
