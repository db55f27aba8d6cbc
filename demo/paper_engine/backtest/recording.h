#ifndef PAPER_ENGINE_RECORDING_H
#define PAPER_ENGINE_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "demo/paper_engine/core/events.h"

/*
 * The file of `paper_engine run --record`: all books, in the order in which they came.  The first line is
 * RECORDING_HEAD, and each other one is a book:
 *
 *	AT SYMBOL EXCHANGE SEQUENCE TIME PRICE QUANTITY ... | PRICE QUANTITY ...
 *	1780000000310 BTC/USDT binance 7120000001 1780000000250 95000.01 0.5 95000 1.25 | 95000.02 0.1
 *
 * AT is when the engine had it, in Unix milliseconds, and never falls; TIME is the exchange's own.  Bids come
 *before the bar, asks behind it, the best first, up to DEPTH of them.  A book that was lost has the sequence
 *0 and no levels.  The symbol of USDT in KRW is RECORDING_WON, at upbit.
 */
#define RECORDING_HEAD "paper_engine recording 1"
#define RECORDING_WON  "USDT/KRW"
enum { RECORDING_LINE = 1024 };

struct recorded {
	int64_t at_ms;
	char symbol[SYMBOL_NAME];
	enum venue venue;
	struct depth depth;
};

/* The head; and a book.  Errors stay in the stream: ask ferror() at times, and fclose() at the end. */
void recording_begin(FILE *file);
void recording_write(
    FILE *file, int64_t at_ms, const char *symbol, enum venue venue, const struct depth *depth);

/* A line without its end.  NULL, or what is wrong with it, as "the price is not a number". */
const char *recording_parse(const char *line, struct recorded *recorded);

#endif /* PAPER_ENGINE_RECORDING_H */
