#ifndef RELAY_ACT_STATE_H
#define RELAY_ACT_STATE_H

#include <pthread.h>

#include "relay/act/act.h"
#include "relay/act/alertmanager.h"
#include "relay/act/link.h"
#include "relay/store/incidents.h"
#include "relay/store/store.h"

/* What the files of act/ share; relay/act/act.h is for everybody else. */

/* An incident that is, or was, acknowledged, and its silence. */
struct held {
	char incident[INCIDENT_ID];
	char silence[SILENCE_ID]; /* "": none yet */
	int64_t renew_ns;         /* when to set it anew, on the monotonic clock */
	int64_t again_ns;         /* not to be tried before that: Alertmanager refused it */
};

/* An acknowledged incident that is over. */
struct ended {
	char fingerprint[ALERT_FINGERPRINT];
	int64_t starts_ms;
	int64_t at_ns; /* when its silence ended, on the monotonic clock */
};
enum { ACT_ENDED = 1024 };

struct act {
	struct store *store;
	unsigned char link_key[LINK_KEY];
	struct act_settings settings;
	struct alertmanager alertmanager;

	pthread_mutex_t lock; /* of all up to the next blank line */
	pthread_cond_t wake;
	bool stopping;
	char (*acknowledged)[INCIDENT_ID]; /* lately: for the thread to hold */
	size_t count, room;
	struct act_status status;

	/* Of the thread alone. */
	bool running;
	pthread_t thread;
	struct held *held;
	size_t held_count, held_room;
	struct ended *ended; /* the latest ACT_ENDED */
	size_t ended_count, ended_room;
	bool asked;         /* at least once, so the status is known */
	int64_t ahead_ms;   /* Alertmanager's clock, as it was seen last */
	bool silences_fail; /* as the log last said */
	int64_t again_ns;   /* no silences before that */
};

/* The thread; the context is the struct act. */
void *act_watch(void *context);

#endif /* RELAY_ACT_STATE_H */
