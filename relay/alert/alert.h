#ifndef RELAY_ALERT_ALERT_H
#define RELAY_ALERT_ALERT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/text/slice.h"

/*
 * Alerts as Alertmanager, Prometheus, amtool and bots send them.
 *
 * What comes from outside is made good where that loses nothing that matters, and refused alert by alert
 * where it cannot be: the good ones of a request never suffer for a bad one.
 */
enum {
	ALERT_FINGERPRINT = 17, /* 16 hexadecimal digits and the NUL */
	ALERT_LIMIT = 10000,    /* alerts in one request */
	ALERT_LABELS = 64, /* that are kept, and annotations: those that route it, and the first by name */
	ALERT_NAME = 256,  /* bytes of a name, of a label's value, of an annotation's, of a link */
	ALERT_VALUE = 1024,
	ALERT_ANNOTATION = 16384,
	ALERT_LINK = 2048,
};

enum alert_severity { SEVERITY_P0, SEVERITY_P1, SEVERITY_P2, SEVERITY_P3, SEVERITY_HEARTBEAT };
enum { SEVERITIES = SEVERITY_P3 + 1 };

struct alert {
	char fingerprint[ALERT_FINGERPRINT]; /* of all labels as they were sent */
	enum alert_severity severity;
	bool resolved;
	json_t *labels;      /* an object of strings; has an alertname */
	json_t *annotations; /* an object of strings */
	char *link;          /* generatorURL; NULL: none, or no http:// or https:// */
	int64_t starts_ms;
	int64_t ends_ms; /* resolved: when; firing: until when, unless it is renewed; 0: not said */
};

/* Zeroed, it is empty and may be released. */
struct alert_list {
	struct alert *alerts;
	size_t count;
	size_t refused;
	struct failure reason; /* why the first of the refused ones was */
};

/*
 * The body of Alertmanager's webhook (version 4), and of POST /api/v2/alerts.
 * Bytes that are no UTF-8, half surrogates and NUL become U+FFFD before it is
 * read; texts are cut to the limits above between two characters.  A start
 * that is missing, before 1970, after 2200 or more than a day ahead is `now_ms`.
 *
 * 0, or -1 with `why`, the list being empty: no JSON, another version, too many
 * alerts, all of them refused (protocol), or out of memory (local).  No alerts at
 * all are fine.
 */
int alert_read_webhook(struct slice body, int64_t now_ms, struct alert_list *list, struct failure *why);
int alert_read_push(struct slice body, int64_t now_ms, struct alert_list *list, struct failure *why);

void alert_list_release(struct alert_list *list);

/* The value of a label or annotation; "" when it is missing. */
const char *alert_text(const json_t *object, const char *name);

/* By the label `severity`, in any case of letters: "P0" or "critical", "P1", "P2" or "warning", "P3" or
 * "info"; "none" is a heartbeat (Watchdog); P2 for all else. */
enum alert_severity alert_severity(const json_t *labels);

/* "P0" to "P3", "none". */
const char *alert_severity_name(enum alert_severity severity);

#endif /* RELAY_ALERT_ALERT_H */
