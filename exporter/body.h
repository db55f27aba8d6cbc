#ifndef EXPORTER_BODY_H
#define EXPORTER_BODY_H

#include "exporter/joined.h"
#include "exporter/telemetry.h"

/* One answer to /metrics: slices, and what they point into. */
struct body {
	struct joined *joined; /* NULL: no files */
	struct buffer own;     /* the text of what is not the files', until it is finished */
	struct slice *slices;
	size_t count;
	size_t length;
};

/* Add the program's own metrics, and make it whole.  0, or -1: out of memory, and it is released. */
int body_finish(struct body *body, const struct telemetry *telemetry, bool gzip);

/* From any thread. */
void body_release(struct body *body);

#endif /* EXPORTER_BODY_H */
