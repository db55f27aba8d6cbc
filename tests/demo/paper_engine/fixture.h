#ifndef TESTS_PAPER_ENGINE_FIXTURE_H
#define TESTS_PAPER_ENGINE_FIXTURE_H

#include "demo/paper_engine/core/engine.h"

/* An engine with books that the test sets, and a memory of all that it did. */
enum { MARKET_SYMBOLS = 6, MARKET_RECORDS = 4096 };
#define USD FIXED_ONE
#define T0  INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

/* Trades and movements, in the order of the ledger. */
struct record {
	bool is_trade;
	struct trade trade;
	struct movement movement;
};

struct market {
	struct engine engine;
	struct depth books[MARKET_SYMBOLS][VENUES], won;
	struct sink sink;
	int64_t now_ms;
	struct record records[MARKET_RECORDS];
	int record_count, trade_count, movement_count;
	int orders[VENUES][3];
	int rebalances_failed;
	const struct trade *last_trade;
	const struct movement *last_movement;
};

/* Without chance and leg gap, and 1400 KRW for a USDT. */
struct engine_settings market_settings(void);

/* On the heap, it is large.  Free it with market_free(). */
struct market *market_new(const struct engine_settings *settings);
void market_free(struct market *market);

/* The next symbol, with prices of 99.9 and 100 USDT at both exchanges, and its coins. */
size_t market_add(struct market *market, const char *name);

/* One level, of a thousand coins. */
void market_price(struct market *market, size_t index, enum venue venue, fixed bid, fixed ask);

/* At upbit dearer by so many hundredths of a percent than at binance; nothing is to be earned at 0. */
void market_spread(struct market *market, size_t index, int64_t bps);

/* Three levels at binance and two at upbit, where a coin is dearer. */
void market_deepen(struct market *market, size_t index);

/* Later by so much, with messages of both exchanges. */
void market_pass(struct market *market, int64_t ms);

/* A step of the symbol, and of its trade until that is closed, if it can be. */
void market_trade(struct market *market, size_t index);

/* Give an engine that was restored the books of this market, and send what it does there. */
void market_connect(struct market *market, struct engine *engine);

/* The books move by chance, and everything has its steps: `rounds` times a second and a bit. */
void market_run(struct market *market, uint64_t *random, int rounds);

/* engine_save(), ended by NUL, to be freed. */
char *market_save(const struct engine *engine);

#endif /* TESTS_PAPER_ENGINE_FIXTURE_H */
