#ifndef EXPORTER_METRICS_GZIP_H
#define EXPORTER_METRICS_GZIP_H

#include <stdint.h>

#include "common/text/buffer.h"

/*
 * A gzip file (RFC 1952) in two steps: what is packed in the first one serves
 * many files that begin alike.
 */
struct gzip_start {
	struct buffer packed; /* the head of the format, and a text deflated, without an end */
	size_t length;        /* of the text */
	uint32_t checksum;    /* CRC-32 of the text */
};

/* Pack a text of less than 4 GiB.  0, or -1: out of memory, and there is nothing to release. */
int gzip_start(struct gzip_start *start, struct slice text);
void gzip_release(struct gzip_start *start);

/* Append to `out` what was started, and behind it `rest`, packed too, and the end.  0, or -1: out of memory.
 */
int gzip_finish(const struct gzip_start *start, struct slice rest, struct buffer *out);

#endif /* EXPORTER_METRICS_GZIP_H */
