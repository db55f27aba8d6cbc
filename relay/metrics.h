#ifndef RELAY_METRICS_H
#define RELAY_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "common/text/buffer.h"
#include "web/metrics.h"

/* What the relay says of itself: /metrics, /health and whether it is ready. */
struct relay;

struct relay_metrics {
	double started; /* Unix time */
	struct web_metrics web;
	atomic_bool reload_failed;
	atomic_llong reloaded_ms; /* Unix time of the last good (re)load */
};

void relay_metrics_init(struct relay_metrics *metrics);

/* Append all families in the text format. */
void relay_metrics_write(struct relay *relay, struct buffer *out);

/* A JSON object; "status" is healthy, degraded (something does not work, alerts are taken nevertheless) or
 * unhealthy (no alerts can be taken). */
void relay_health_write(struct relay *relay, struct buffer *out);

#endif /* RELAY_METRICS_H */
