#ifndef RELAY_PRESSES_H
#define RELAY_PRESSES_H

#include "relay/act/act.h"
#include "relay/channel/channel.h"
#include "relay/message/templates.h"
#include "relay/store/store.h"

/* A thread that waits for the buttons under Telegram's messages, and acknowledges what they mean. */
struct presses;

struct presses_settings {
	const struct channel *channels; /* of all kinds */
	size_t channel_count;
	const int64_t *users;
	size_t user_count;
	const struct templates *templates;
	struct store *store;
	struct act *act;
	/* For the log: it does not work any more, or again. */
	void (*notice)(void *context, bool bad, const char *message, const char *reason);
	void *context;
};

/* All of it must outlive the thread.  0, or -1 with `why`; `*presses` is NULL without a Telegram channel. */
int presses_start(struct presses **presses, const struct presses_settings *settings, struct failure *why);

/* Ends the thread, within PRESSES_WAIT seconds (and TELEGRAM_UPDATES_SPARE, when Telegram hangs).  Takes
 * NULL. */
enum { PRESSES_WAIT = 3 };
void presses_free(struct presses *presses);

#endif /* RELAY_PRESSES_H */
