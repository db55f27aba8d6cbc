#ifndef RELAY_ACT_ALERTMANAGER_H
#define RELAY_ACT_ALERTMANAGER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/deadline.h"
#include "common/failure.h"
#include "common/text/slice.h"
#include "relay/alert/alert.h"

/* Alertmanager's API v2, as far as the relay needs it.  Each call has a connection of its own. */
struct alertmanager {
	const char *url;     /* without a '/' at its end */
	const char *ca_file; /* NULL: the system's */
};

struct alertmanager_alert {
	char fingerprint[ALERT_FINGERPRINT];
	bool silenced, inhibited;
	int64_t starts_ms;
	struct slice text; /* the object in the answer; lasts as long as the view */
};

/* All that fires there, by fingerprint.  Zeroed, it is empty and may be released. */
struct alertmanager_view {
	struct alertmanager_alert *alerts;
	size_t count, room;
	struct http_client *client; /* has the texts */
	int64_t started_ms;         /* since when it runs: it knows nothing of the time before */
	int64_t ahead_ms;           /* its clock is so much ahead of ours, to a second */
};

/* Whether it can be asked at all.  0, or -1 with `why` (local): a bad CA file. */
int alertmanager_check(const struct alertmanager *alertmanager, struct failure *why);

/* 0, or -1 with `why`; the view is for alertmanager_release() in both cases. */
int alertmanager_look(const struct alertmanager *alertmanager, struct deadline deadline,
    struct alertmanager_view *view, struct failure *why);
void alertmanager_release(struct alertmanager_view *view);

/* NULL: it does not fire there. */
const struct alertmanager_alert *alertmanager_find(
    const struct alertmanager_view *view, const char *fingerprint);

enum { SILENCE_ID = 64 };
struct alertmanager_silence {
	const json_t *labels; /* an object of strings: what has exactly these is silenced */
	const char *by, *comment;
	int64_t starts_ms, ends_ms; /* by its clock */
};

/*
 * Begin a silence (`id` is ""), or change when this one ends; `id` becomes what it has then.  One that is
 * over or not known there begins anew, unless it is to end now (`end`).  0, or -1 with `why`.
 */
int alertmanager_silence(const struct alertmanager *alertmanager, const struct alertmanager_silence *silence,
    bool end, char id[SILENCE_ID], struct deadline deadline, struct failure *why);

#endif /* RELAY_ACT_ALERTMANAGER_H */
