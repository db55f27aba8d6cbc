#ifndef RELAY_INCIDENT_METRICS_H
#define RELAY_INCIDENT_METRICS_H

#include <stddef.h>

#include "common/text/buffer.h"
#include "relay/store/incidents.h"

/* The open incidents as a metric: dashboards show who has acknowledged what, which Prometheus itself does not
 * know. */

enum { INCIDENT_METRICS = 100 }; /* series at most; all are counted by alert_relay_open_incidents */

/*
 * alert_relay_incident_begin_timestamp_seconds, a series for each.  Its labels: incident (the id), severity,
 * alertname, env, service, exchange, what (the labels that tell it from others of its name, in one text),
 * state (open, acknowledged, muted, silenced, inhibited) and by (who acknowledged it).  Their length is
 * bounded.
 */
void incident_metrics_write(const struct incident incidents[], size_t count, struct buffer *out);

#endif /* RELAY_INCIDENT_METRICS_H */
