#ifndef RELAY_DELIVER_ROUTE_H
#define RELAY_DELIVER_ROUTE_H

#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/text/buffer.h"
#include "relay/deliver/matcher.h"

/*
 * Which alert goes where.  The first route whose matchers hold decides:
 *
 *	severity="P0", env!="paper" -> telegram:ops | mail:oncall, slack:p0 repeat=5m escalate=telegram:boss
 *
 * Each chain (after the commas) gets the alert: its first channel, and the next one when that fails.  A route
 * without a chain sends its alerts nowhere.  `repeat` is how often an alert that nobody acknowledged is sent
 * again (0s: never), `escalate` the chain that gets a P0 that nobody acknowledged.
 */
enum { ROUTES_MOST = 100, ROUTE_CHAINS = 8, CHAIN_CHANNELS = 4, ROUTE_CHAIN_TEXT = 264 };

struct chain {
	const char *channels[CHAIN_CHANNELS];
	size_t count;
	/* "telegram:ops|mail:oncall", for the outbox: up to the channel that gets the alert anyway, as the
	 * first one of another chain. */
	char text[ROUTE_CHAIN_TEXT];
};

struct route {
	struct matchers matchers;
	struct chain chains[ROUTE_CHAINS]; /* no two begin with the same channel */
	size_t chain_count;
	struct chain escalation;
	int64_t repeat_ms; /* -1: what is usual for the severity */
};

struct routes;

/*
 * Read the routes; without any there is a built-in table, of the channels that exist and have the usual
 * names. `channels` are the names of those that exist ("telegram:ops"); they are copied.  NULL with `why`
 * (local): a mistake in the route `*index` ("character 17: ..."), or out of memory.
 */
struct routes *routes_new(const char *const *texts, size_t count, const char *const *channels,
    size_t channel_count, size_t *index, struct failure *why);
void routes_free(struct routes *routes);

/* NULL: no route is for it, and so it goes nowhere. */
const struct route *routes_find(const struct routes *routes, const json_t *labels);

/* The texts of the chains of alerts with these labels, up to `room`; `context` is the struct routes.  It is
 * what struct intake_plan wants. */
size_t routes_chains(void *context, const json_t *labels, const char *chains[], size_t room);

/* The table in words, a line for each route. */
void routes_describe(const struct routes *routes, struct buffer *text);

#endif /* RELAY_DELIVER_ROUTE_H */
