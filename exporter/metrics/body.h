#ifndef EXPORTER_METRICS_BODY_H
#define EXPORTER_METRICS_BODY_H

#include "exporter/directory/joined.h"
#include "exporter/metrics/telemetry.h"

/* One answer to /metrics: slices, and what they point into. */
struct body {
	struct joined *joined; /* NULL: no files */
	struct buffer own;     /* the text of what is not the files', until it is finished */
	struct slice *slices;
	size_t count;
	size_t length;
	size_t reading; /* the slice that body_read() is at */
	size_t passed;  /* the length of those before it */
};

/* Add the program's own metrics, and make it whole.  0, or -1: out of memory, and it is released. */
int body_finish(struct body *body, const struct telemetry *telemetry, bool gzip);

/*
 * Copy up to `room` bytes of what is at `position`, and return how many there
 * are; 0: it is the end.  To read on where the last call ended costs no search.
 */
size_t body_read(struct body *body, size_t position, char *out, size_t room);

/* From any thread. */
void body_release(struct body *body);

#endif /* EXPORTER_METRICS_BODY_H */
