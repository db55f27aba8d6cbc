#ifndef RELAY_RELAY_H
#define RELAY_RELAY_H

#include <pthread.h>

#include "relay/act/act.h"
#include "relay/api/api.h"
#include "relay/daily.h"
#include "relay/deliver/deliver.h"
#include "relay/feeds.h"
#include "relay/history/history.h"
#include "relay/metrics.h"
#include "relay/page/page.h"
#include "relay/presses.h"
#include "relay/settings.h"
#include "relay/store/store.h"

/*
 * The parts of alert_relay, and how they hang together.  Each knows its neighbours by a callback or a header;
 * here they are made, started and ended in an order in which none misses another.
 */
struct relay {
	struct relay_settings settings;
	/* For the log, from any thread.  `channel` and `reason` may be NULL. */
	void (*notice)(void *context, bool bad, const char *message, const char *channel, const char *reason);
	void *context;

	struct templates *templates;
	struct routes *routes;
	struct store *store;
	struct act *act;
	struct history *history; /* NULL: none is configured */
	struct deliver *deliver;
	struct presses *presses; /* NULL: no Telegram */
	struct daily *daily;     /* NULL: no summary */
	struct feeds feeds;
	struct api api;
	struct page page;
	struct relay_metrics metrics;

	int64_t ticked_ns;
	atomic_bool store_fails; /* the last sweep could not write */

	/* What the page shows of each channel of the settings, told by deliver/. */
	pthread_mutex_t lock;
	struct {
		int64_t failing_ms; /* 0: it works */
		char reason[256];
	} channels[RELAY_CHANNELS];
};

/*
 * From options that were read: the settings, and what can be made of them without a disk or a network.  0, or
 * -1 with `why` (local).  relay_release() is for it in every case.
 */
int relay_init(struct relay *relay, const struct options *options, struct failure *why);
void relay_release(struct relay *relay);

/* The routing table and the channels, for people. */
void relay_print(const struct relay *relay);

/* Open the store and start all threads but those of the web.  0, or -1 with `why`; relay_stop() in every
 * case. */
int relay_start(struct relay *relay, struct failure *why);

/* To be called several times a second. */
void relay_tick(struct relay *relay);

/* Ends the threads, lets what is under way finish, closes the store.  After the web server ended. */
void relay_stop(struct relay *relay);

/* Whether alerts can be taken now. */
bool relay_ready(struct relay *relay);

#endif /* RELAY_RELAY_H */
