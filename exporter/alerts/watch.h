#ifndef EXPORTER_ALERTS_WATCH_H
#define EXPORTER_ALERTS_WATCH_H

#include "exporter/alerts/list.h"

/*
 * A thread that asks for the list of open alerts every two seconds, so that no answer of the exporter waits
 * for another server.  Each question has a deadline, its answer a limit.
 */
struct alerts_watch;

struct alerts_settings {
	const char *url;     /* without a '/' at its end */
	const char *ca_file; /* NULL: the system's */
	/* For the log, in that thread, once when it begins to fail (`why`) and once when it works again
	 * (NULL). */
	void (*notice)(void *context, const char *why);
	void *context;
};

/* The settings are copied, what they point to must last.  NULL with `why` (local): a bad CA file, no memory.
 */
struct alerts_watch *alerts_watch_new(const struct alerts_settings *settings, struct failure *why);

/* It ends after the question that is under way, which takes three seconds at the most.  Takes NULL. */
void alerts_watch_free(struct alerts_watch *watch);

/* What is known now.  Of NULL: nothing is asked. */
void alerts_watch_copy(struct alerts_watch *watch, struct open_alerts *alerts);

#endif /* EXPORTER_ALERTS_WATCH_H */
