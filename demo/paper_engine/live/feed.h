#ifndef PAPER_ENGINE_FEED_H
#define PAPER_ENGINE_FEED_H

#include "common/text/buffer.h"
#include "demo/paper_engine/core/engine.h"
#include "demo/paper_engine/live/client.h"
#include "demo/paper_engine/live/tell_engine.h"

/*
 * The market data of one exchange: its stream of server-sent events, which becomes books.
 *
 * An event that does not follow the last one of its symbol is a gap: the book is dropped until the next
 * event.  When the stream ends, or is silent, all books are dropped, and it is opened again: at once, and if
 * that does not last, after 100 ms, 200 ms, ... up to 5 s, or as long as the exchange says.
 *
 * Transfers run on the caller's multi handle.  Nothing waits.
 */
enum { FEED_WON = SYMBOLS_MOST, FEED_BOOKS }; /* the book of USDT in KRW is behind those of the symbols */
enum { FEED_NATIVE = 32 };

struct feed_symbol {
	char native[FEED_NATIVE];
	size_t index;     /* of its book */
	int64_t sequence; /* of its last event on this connection; 0: none */
};

struct feed {
	enum venue venue;
	const char *url, *ca_file; /* of the exchange; owned by the caller */
	CURLM *multi;              /* owned by the caller */
	struct feed_counts *counts;
	int64_t change_ms, fresh_ms; /* of the last new book; an older book is left out; 0: none is */

	/* Books, by the engine's symbols; the loop clears a change that it has seen. */
	struct depth books[FEED_BOOKS];
	bool changed[FEED_BOOKS];

	CURL *easy; /* NULL: not open */
	char error[CURL_ERROR_SIZE];
	struct buffer rest;          /* of a line whose end did not come yet */
	struct feed_symbol *symbols; /* by native name */
	size_t symbol_count;
	bool was_connected;         /* ever */
	int64_t opened_ms, line_ms; /* of this connection; of its last line, or its begin */
	int64_t retry_ms, pause_ms; /* when to open it again; how long the last pause was */
	double lost_ms;     /* when the last connection ended, or it began to try; 0: a book came since */
	double away_ms;     /* from there to that book; 0: taken */
	struct failure why; /* of the last end; kind FAILURE_NONE: taken, or none */
};

/* Unix time in milliseconds, with decimals. */
double feed_clock_ms(void);

/* All but the settings (the first five members) is set up. */
void feed_init(struct feed *feed);
void feed_release(struct feed *feed);

/*
 * The symbols from now on: all of the engine, and USDT in KRW where the exchange has it.  One that is out of
 * the universe needs its books until its coins are sold.  -1: out of memory.
 */
int feed_subscribe(struct feed *feed, const struct engine *engine, int64_t now_ms);

/* Open it if it is time to, and end it if it is silent.  Often. */
void feed_tend(struct feed *feed, int64_t now_ms);

/* The transfer of this handle is over. */
void feed_ended(struct feed *feed, CURLcode code, int64_t now_ms);

/* End the connection, as if the exchange had. */
void feed_cut(struct feed *feed, int64_t now_ms, const char *why);

#endif /* PAPER_ENGINE_FEED_H */
