#ifndef RELAY_ACT_ACT_H
#define RELAY_ACT_ACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"

/*
 * What a person does about alerts: acknowledge one, take that back, mute a service.  And what follows from it
 * in Alertmanager: a thread of its own keeps a silence for each acknowledged incident while that is open, and
 * reads /api/v2/alerts to learn which alerts are silenced, inhibited or over.
 *
 * All calls may come from any thread, but not from one that holds the store (store_begin()).
 */
struct act;
struct intake_plan;
struct store;

struct act_settings {
	const char *directory;          /* where link.key is, or is made */
	const char *alertmanager;       /* "http://127.0.0.1:9093", a path may follow; NULL: not given */
	const char *ca_file;            /* who may sign its certificate; NULL: the system's */
	int64_t interval_ns;            /* between two looks at Alertmanager; 0: 15 s */
	const struct intake_plan *plan; /* where alerts go that are taken from there; NULL: none are */
	/* For the log: called once for each change of Alertmanager's state, and once for each new trouble. */
	void (*notice)(void *context, bool bad, const char *message, const char *reason);
	void *context;
};

/*
 * The settings' texts are copied; the store must outlive it.  NULL with `why` (local): the key cannot
 * be read or made, bad CA file, out of memory.
 */
struct act *act_new(const struct act_settings *settings, struct store *store, struct failure *why);

/* The thread that talks to Alertmanager, if there is one.  0, or -1 with `why`. */
int act_start(struct act *act, struct failure *why);

/* Ends the thread; links can be made and checked until act_free(), which does that, too.  Both take NULL. */
void act_stop(struct act *act);
void act_free(struct act *act);

enum act_result {
	ACT_DONE,
	ACT_ALREADY, /* it is acknowledged already, or not at all; nothing was changed */
	ACT_CLOSED,  /* the incident is over: there is nothing to acknowledge */
	ACT_UNKNOWN, /* the store has no such incident; one that ended long ago is in the history alone */
	ACT_FAILED,  /* with `why`: the store could not write it, and nothing was changed */
};

/* Who and why come from outside: control characters and bad UTF-8 are replaced, what is longer is cut. */
enum { ACT_WHO = 64, ACT_VIA = 16, ACT_NOTE = 500 };

/*
 * Acknowledge an open incident: durable with its event and the messages that say so before this
 * returns; the silence follows.  `who` is shown to others: "Ann (telegram)" is "Ann" with `via`
 * "telegram", "link", "page" or "api".  An empty `who` becomes "somebody"; `note` may be NULL.
 */
enum act_result act_acknowledge(
    struct act *act, const char *id, const char *who, const char *via, const char *note, struct failure *why);

/* Take that back: it is repeated and escalated as before, and its silence ends. */
enum act_result act_unacknowledge(
    struct act *act, const char *id, const char *who, const char *via, struct failure *why);

/*
 * No messages about new alerts of this service until then (Unix ms), and open ones are neither said again nor
 * escalated; a time that has passed ends a mute.
 * ACT_DONE, or ACT_FAILED with `why`: FAILURE_REJECTED when the caller is to blame (no service, longer
 * than 30 days), FAILURE_LOCAL when the store could not write it.
 */
enum act_result act_mute(struct act *act, const char *service, int64_t until_ms, const char *who,
    const char *reason, struct failure *why);

/*
 * What makes a link or a form an acknowledgement by somebody who was sent it: text for ?k= in
 * /ack/ID?k=TOKEN, or for a hidden field.  The same for an incident at all times.
 */
enum { ACT_TOKEN = 33 };
void act_link_token(const struct act *act, const char *id, char token[ACT_TOKEN]);

/* In a time that says nothing about how much of it is right. */
bool act_link_check(const struct act *act, const char *id, const char *token);

/* For /metrics and /health. */
struct act_status {
	bool configured;
	bool up;               /* the last look at Alertmanager worked */
	struct failure reason; /* why not */
};
void act_status(struct act *act, struct act_status *status);

#endif /* RELAY_ACT_ACT_H */
