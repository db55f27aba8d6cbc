#ifndef EXPORTER_METRICS_GZIP_H
#define EXPORTER_METRICS_GZIP_H

#include <stdint.h>

#include "common/text/buffer.h"

/*
 * A gzip file (RFC 1952) in two steps: what is packed in the first one serves
 * many files that begin alike.
 */
struct gzip_start {
	size_t length;     /* of the text that was packed */
	uint32_t checksum; /* CRC-32 of it */
};

/* Append the head of the format and a text of less than 4 GiB, deflated, without an end.  0, or -1: out of
 * memory. */
int gzip_begin(struct gzip_start *start, struct slice text, struct buffer *out);

/* Append the rest, deflated too, and the end of the format.  0, or -1: out of memory. */
int gzip_finish(const struct gzip_start *start, struct slice rest, struct buffer *out);

#endif /* EXPORTER_METRICS_GZIP_H */
