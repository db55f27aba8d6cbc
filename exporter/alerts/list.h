#ifndef EXPORTER_ALERTS_LIST_H
#define EXPORTER_ALERTS_LIST_H

#include <stdbool.h>

#include "exporter/health/health.h"

/*
 * What is open, as an Alertmanager or alert_relay lists it: both answer GET /api/v2/alerts in one shape, and
 * alert_relay also says who acknowledged.  It changes no verdict: alerts are made of the same files, and an
 * answer that is lost must not look like a fault of what is watched.
 */
enum { ALERTS_SHOWN = 50 };

enum alert_hold { HOLD_NOT, HOLD_ACKNOWLEDGED, HOLD_SILENCED, HOLD_INHIBITED, HOLD_MUTED };
enum { HOLDS = HOLD_MUTED + 1 };

/* "firing", "acknowledged", "silenced", "inhibited", "muted". */
const char *alert_hold_name(enum alert_hold hold);

/* Texts are as in a report: UTF-8 without control characters, cut where they are too long. */
struct open_alert {
	int severity;             /* 0 to 3: P0 to P3 */
	char name[HEALTH_NAME];   /* "RedisDown" */
	char env[HEALTH_ENV];     /* "" if it has none */
	char what[HEALTH_REASON]; /* its summary; without one, its labels */
	double since;             /* Unix time, or NaN */
	enum alert_hold hold;
	char by[HEALTH_NAME]; /* who acknowledged it; else "" */
};

struct open_alerts {
	bool asked;              /* false: no server is named, and all else says nothing */
	double read_at;          /* Unix time of the last list, or NaN: there was none yet */
	char why[HEALTH_REASON]; /* why the last question got none; "" */
	struct open_alert
	    shown[ALERTS_SHOWN]; /* P0 first, then what nothing holds back, then the latest begin */
	size_t count;
	size_t more; /* than are shown */
};

/*
 * Read a list into `shown`, `count` and `more`, leaving out what only shows that alerts work (severity
 * "none").  An alert that is odd is listed as well as it can be read: it is open all the same.  0, or -1
 * with `why` (protocol), and nothing is written.
 */
int open_alerts_read(struct open_alerts *alerts, struct slice body, struct failure *why);

/* Whether `shown`, `count` and `more` say what is open now. */
bool open_alerts_known(const struct open_alerts *alerts);

#endif /* EXPORTER_ALERTS_LIST_H */
