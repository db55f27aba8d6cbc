#ifndef EXPORTER_HEALTH_JSON_H
#define EXPORTER_HEALTH_JSON_H

#include "common/text/buffer.h"
#include "exporter/health/health.h"

enum { HEALTH_JSON_LIMIT = 3 * 1024 * 1024 }; /* bytes that are enough for any report */

/*
 * The report as one line of JSON, by docs/health.schema.json.  Numbers are
 * finite or null; strings are UTF-8 whatever the report holds.  The
 * caller asks `out->failed`.
 */
void health_json(const struct health_report *report, struct buffer *out);

#endif /* EXPORTER_HEALTH_JSON_H */
