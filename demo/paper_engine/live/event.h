#ifndef PAPER_ENGINE_EVENT_H
#define PAPER_ENGINE_EVENT_H

#include "common/failure.h"
#include "demo/paper_engine/core/depth.h"

/* One event of a market data stream: the best levels of one symbol's book. */
struct event {
	const char *symbol; /* as the exchange writes it: "BTCUSDT", "KRW-BTC" */
	double sent_ms;     /* Unix time at which the exchange sent it */
	struct depth depth;
};

/*
 * {"symbol":"BTCUSDT","sequence":N,"time":MS,"sent":MS.mmm,"bids":[["95000.01","0.5"],...],"asks":[...]}
 *
 * `text` is changed, and the event points into it.  0, or -1 with `why` (protocol): it is another thing, or a
 * book whose levels are not in order, or whose best bid is above its best ask.  What is behind the first
 * DEPTH levels is left out.
 */
int event_parse(struct event *event, char *text, struct failure *why);

#endif /* PAPER_ENGINE_EVENT_H */
