#ifndef PAPER_ENGINE_TICKERS_H
#define PAPER_ENGINE_TICKERS_H

#include "common/text/buffer.h"
#include "demo/paper_engine/core/events.h"
#include "demo/paper_engine/live/client.h"

/*
 * What one exchange says of all its symbols: asked in bulk, with two or three requests after each other on
 * the caller's multi handle.  Nothing waits.
 */
struct ticker {
	char name[SYMBOL_NAME];                      /* "BTC/USDT" */
	double volume;                               /* of 24 hours; all in the exchange's quote currency */
	double bid, ask, bid_quantity, ask_quantity; /* the best; 0 where it does not say so */
	bool trades;                                 /* not halted */
};
enum { TICKERS_MOST = 2048, TICKER_STEPS = 3 };

struct tickers {
	enum venue venue;
	const char *url, *ca_file; /* owned by the caller */
	CURLM *multi;              /* owned by the caller */

	fixed rate_limit_left; /* of the exchange, 0 to 1, by its last answer; FIXED_ONE before the first */
	struct ticker *list;   /* of the last look, by name */
	size_t count;
	bool complete;      /* `list` is new; the universe clears it after use */
	struct failure why; /* why the last look failed; kind FAILURE_NONE: taken, or it did not */

	CURL *easy; /* NULL: none is under way */
	char error[CURL_ERROR_SIZE];
	int step;
	struct buffer body;
	struct ticker *next; /* the list that is being made */
	size_t next_count;
};

/* All but the settings (the first four members) is set up.  -1: out of memory. */
int tickers_init(struct tickers *tickers);
void tickers_release(struct tickers *tickers);

/* Look at all symbols, unless that is under way. */
void tickers_look(struct tickers *tickers);

/* The transfer of this handle is over. */
void tickers_ended(struct tickers *tickers, CURLcode code);

#endif /* PAPER_ENGINE_TICKERS_H */
