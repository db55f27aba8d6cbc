#ifndef RELAY_STORE_COLUMNS_H
#define RELAY_STORE_COLUMNS_H

#include <sqlite3.h>

#include "relay/store/incidents.h"

/* Rows of incidents in the queries of relay/store: these columns first, in this order. */
#define INCIDENT_COLUMNS_MOST                                                                                \
	"incident.row, incident.id, incident.fingerprint, incident.severity, incident.starts_ms,"            \
	" incident.status, incident.ends_ms, incident.closed_ms, incident.seen_ms, incident.promised_ms,"    \
	" incident.expires_ms, incident.feeds, incident.repeats, incident.missed, incident.delivered_ms,"    \
	" incident.end_told, incident.check_ms, incident.escalated_ms, incident.suppressed,"                 \
	" incident.acknowledged_ms, incident.acknowledged_by, incident.acknowledged_via, incident.note,"     \
	" incident.silence_id, incident.link, incident.labels"
#define INCIDENT_COLUMNS INCIDENT_COLUMNS_MOST ", incident.annotations"
enum { INCIDENT_COLUMN_COUNT = 27 };

void incident_read(struct store *store, sqlite3_stmt *rows, struct incident *incident);

#endif /* RELAY_STORE_COLUMNS_H */
