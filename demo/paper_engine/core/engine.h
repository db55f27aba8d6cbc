#ifndef PAPER_ENGINE_ENGINE_H
#define PAPER_ENGINE_ENGINE_H

#include "common/failure.h"
#include "common/text/buffer.h"
#include "demo/paper_engine/core/events.h"
#include "demo/paper_engine/core/guards.h"

/*
 * The engine that decides: books in, trades out.  It does no input or output and asks no clock, so that the
 * live loop, the backtest and the tuning run the same code, and the same calls give the same trades.
 *
 * A route buys a coin at one exchange and sells it at the other.  A step of a symbol looks at both
 * directions: the spread after fees, the allowance for slippage and the rate of KRW; the score; the guards;
 * then the first leg, at once, against the book; after the leg gap the second one; and what the second leg
 * could not fill is unwound where the first one was.  A trade is closed when as much is sold as was bought.
 */
enum { SYMBOLS_MOST = 500 };

/*
 * The parts of a score and their mean, 0 to 100:
 *
 *	spread     50 for an edge of min_profit, 100 from four times of it on; straight between
 *	health     0 without a connection; else how much of the rate limit is left, or how young the last
 *	           message is, whichever is less (100 up to 1 s, 0 at limits.down_ms); of the worse exchange
 *	fee        100 less the share of the spread that fees and slippage take
 *	inventory  100 less the share that a trade takes of the coins where it sells, or of the cash where it
 *	           buys: of what is scarcer
 *
 * Spread and fee are those of the last look at which the edge would do for a trade; before that 50 each.
 * So a route that has nothing to earn at the moment keeps its score.
 */
struct score {
	fixed total, spread, health, fee, inventory;
};

struct route {
	struct score score;
	fixed edge;   /* expected profit after all costs, as a ratio, at the last step */
	fixed spread; /* the same before costs, at the last look */
	bool trades;  /* the last decision; stands until its trade is closed and the route has rested */
	int losses_in_a_row;
	int64_t last_loss_ms, rests_until_ms;
	struct guard guard;
};

/* A trade under way, with its legs so far.  Cash and coins change when it is closed. */
struct pending {
	bool open;
	int tries;      /* of the second leg; after two the rest is unwound */
	int64_t due_ms; /* of the next leg */
	fixed left;     /* of the coin, still to be sold (or bought) */
	fixed expected; /* worth in USDT of the second leg, if it had been filled at once */
	fixed reserved; /* of the cash of trade.buy */
	struct trade trade;
};

struct symbol {
	char name[SYMBOL_NAME]; /* "BTC/USDT"; "" is a free place */
	bool active;            /* in the universe now; others keep their coins and finish their trade */
	int place, places;      /* in the universe, for parameters.weight */
	int64_t updated_ms;     /* of the last step */
	const struct depth *books[VENUES]; /* owned by the caller, NULL: none yet; read at each step */
	fixed coins[VENUES];               /* held */
	fixed moved[VENUES];         /* change of coins by trades since the start or the last movement */
	fixed price[VENUES];         /* of the last fill, in USDT; 0 before */
	struct route routes[VENUES]; /* by where it buys */
	/* In USDT: the coins that trades have moved between the exchanges since the start or the last
	 * movement, at the price of the last fill there (of both exchanges the larger), and what a pending
	 * trade has still to sell or to buy. */
	fixed exposure;
	struct price_range range; /* of the mid price at binance */
	struct guard guard;
	struct pending pending;
};

struct exchange {
	struct exchange_figures figures; /* set by the caller at each step, but for daily_loss */
	fixed cash;                      /* USDT or KRW; 0 until the first rate is known */
	fixed reserved;                  /* by pending trades */
	fixed daily_pnl;                 /* of the trades that sold here, since 00:00 UTC */
	struct guard guard;
};

/* What goes wrong on purpose (live/faults.h); all 0 in a backtest. */
struct distortions {
	fixed extra_loss;     /* added to the daily loss of each exchange and in total */
	fixed extra_exposure; /* added to the exposure */
	bool no_score;        /* all routes have a score of 0 */
	bool one_leg;         /* no second leg and no unwinding is filled */
	bool rebalance_fails;
};

struct engine {
	struct engine_settings settings;
	struct distortions distortions;
	struct exchange exchanges[VENUES];
	struct guard guard;
	struct symbol *symbols;  /* SYMBOLS_MOST places; owned */
	size_t symbol_count;     /* places in use, of inactive ones too */
	const struct depth *won; /* the book of USDT at upbit, in KRW; owned by the caller, NULL: none yet */
	int64_t last_id;
	uint64_t random;
	int64_t day; /* since 1970, UTC */
	fixed
	    equity; /* realised: twice the cash of the start, the pnl of trades, less the fees of movements */
	fixed highest_equity, daily_pnl;
	fixed exposure; /* sum of the symbols', without distortions */
	int64_t rebalance_due_ms;
	int64_t rebalances, rebalances_failed, rebalances_failed_in_a_row;
};

/* 0, or -1: out of memory. */
int engine_init(struct engine *engine, const struct engine_settings *settings);
void engine_release(struct engine *engine);

/*
 * Bring a symbol into the universe, or take it out.  Its coins are bought by engine_tend() with its first
 * complete pair of books (a movement: settings.inventory at each exchange, or its share of four fifths of the
 * cash that there was at the start, or what cash there is), at the mid price, and sold likewise once it is
 * out and its trade is closed.  Equity stays the same by that.  So give a symbol that is out its books until
 * its place is free (name ""). The index stays until then.  -1: no place is left, or the name is not one of
 * letters, digits and "-._" with a "/".
 */
int engine_add_symbol(struct engine *engine, const char *name, int place, int places);
void engine_drop_symbol(struct engine *engine, size_t index);

/*
 * One symbol: go on with its trade, or decide about a new one.  Both books and `won` may have changed before.
 * What is due (pending.due_ms) happens at the first step from then on.  Guards and scores are looked at when
 * there is an edge.
 */
void engine_step(struct engine *engine, size_t index, int64_t now_ms, const struct sink *sink);

/* What concerns all: the day's end, every guard and score, stock and rebalances.  Once a second or minute. */
void engine_tend(struct engine *engine, int64_t now_ms, const struct sink *sink);

/* (a - b) / (a + b): of one coin, and of all coins and the cash by their worth in USDT. */
fixed engine_imbalance(const struct engine *engine, size_t index);
fixed engine_imbalance_total(const struct engine *engine);

/* What the guards are asked about, with the distortions; the exchanges' figures are in struct exchange. */
struct global_figures engine_figures(const struct engine *engine);
struct symbol_figures engine_symbol_figures(const struct engine *engine, size_t index, int64_t now_ms);

/* USDT at mid price for a unit of an exchange's quote currency is 1 / rate; 0: not known yet. */
fixed engine_rate(const struct engine *engine, enum venue venue);

/* Apply what the ledger has behind the snapshot that was restored: ids from last_id + 1 on, in order. */
void engine_replay_trade(struct engine *engine, const struct trade *trade);
void engine_replay_movement(struct engine *engine, const struct movement *movement);

/*
 * The whole state as lines of text: one of the engine ("engine {...}"), one of each symbol ("BTC/USDT
 * {...}"), in JSON.  Settings, distortions, books and connections are not in it.  Restoring needs an engine
 * of the same settings from engine_init(), gives the same steps from then on, and fails (-1, the engine is
 * unchanged) at what engine_save() would not have written.
 */
void engine_save(const struct engine *engine, struct buffer *text);
int engine_restore(struct engine *engine, const char *text, struct failure *why);

#endif /* PAPER_ENGINE_ENGINE_H */
