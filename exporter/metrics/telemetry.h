#ifndef EXPORTER_METRICS_TELEMETRY_H
#define EXPORTER_METRICS_TELEMETRY_H

#include <stdatomic.h>
#include <stdbool.h>

#include "common/text/buffer.h"
#include "web/metrics.h"

/* What the exporter says of itself: its process, its configuration, and what it was asked. */
struct telemetry {
	double started; /* Unix time */
	struct web_metrics web;
	atomic_bool reload_failed;
	atomic_llong reloaded_ms; /* Unix time of the last good (re)load */
};

/* web_metrics_init() of `web` is the caller's. */
void telemetry_init(struct telemetry *t);

/* Append all of it in the text format. */
void telemetry_write(const struct telemetry *t, struct buffer *out);

/* Whether this program writes a family of that name: files may not. */
bool telemetry_reserved(struct slice name);

#endif /* EXPORTER_METRICS_TELEMETRY_H */
