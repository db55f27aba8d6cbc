#ifndef RELAY_DAILY_H
#define RELAY_DAILY_H

#include "relay/channel/channel.h"
#include "relay/history/history.h"
#include "relay/message/templates.h"

/* A thread that mails a summary of the last 24 hours, once a day. */
struct daily;

struct daily_settings {
	const struct channel *channel; /* of kind mail */
	struct history *history;
	const struct templates *templates;
	int minute; /* of the local day */
	/* For the log: the summary was not sent, and whether it is tried again; or that it was. */
	void (*notice)(void *context, bool bad, const char *message, const char *reason);
	void *context;
};

/* All of it must outlive the thread.  0, or -1 with `why`; daily_free() is for `*daily` in both cases. */
int daily_start(struct daily **daily, const struct daily_settings *settings, struct failure *why);

/* Ends the thread, within a minute.  Takes NULL. */
void daily_free(struct daily *daily);

#endif /* RELAY_DAILY_H */
