#ifndef PAPER_ENGINE_GUARDS_H
#define PAPER_ENGINE_GUARDS_H

#include "demo/paper_engine/core/settings.h"

/*
 * Guards: what keeps the engine from trading.  Each is a function of figures and limits, without a clock and
 * without memory but its own struct.  Of several reasons the worst counts, and of equal ones the first below.
 *
 *	reason      tier              state     fires while
 *	daily loss  exchange, global  block     loss >= limit (the figure begins at 0 with each UTC day)
 *	exposure    symbol            block     exposure > limit * equity
 *	exposure    global            block     exposure > limit
 *	drawdown    global            block     highest - equity > limit * highest
 *	down        exchange          block     not connected, or the last message is down_ms old
 *	frozen      exchange          block     the last change of a book is frozen_ms old
 *	score       route             block     score < limit, and edge >= min_profit
 *	imbalance   symbol            block     |imbalance| > limit
 *	streak      route             cooldown  6 * cooldown_ms after each losses_in_a_row-th loss
 *	spread      route             degrade   spread > limit
 *	volatility  symbol            degrade   volatility > limit
 *	rate limit  exchange          degrade   share that is left < limit
 *
 * The score counts only while the edge would do for a trade: other routes do not trade anyway.
 */
enum guard_state { GUARD_OK, GUARD_DEGRADE, GUARD_COOLDOWN, GUARD_BLOCK }; /* the words of docs/engine.md */
extern const char *const guard_state_words[4];

enum guard_reason {
	REASON_NONE,
	REASON_DAILY_LOSS,
	REASON_EXPOSURE,
	REASON_DRAWDOWN,
	REASON_DOWN,
	REASON_FROZEN,
	REASON_SCORE,
	REASON_IMBALANCE,
	REASON_STREAK,
	REASON_SPREAD,
	REASON_VOLATILITY,
	REASON_RATE_LIMIT
};

struct guard {
	enum guard_state state;
	enum guard_reason reason;
	int64_t since_ms;   /* in this state; 0: since the start */
	int64_t until_ms;   /* of a cooldown */
	int64_t triggers;   /* times it left GUARD_OK */
	fixed value, limit; /* of the reason: USDT, a ratio, a score, seconds, or a count of losses */
};

struct exchange_figures {
	fixed daily_loss; /* 0 or more */
	bool connected;
	int64_t message_ms, change_ms; /* times of the last message, and of the last book that had changed */
	fixed rate_limit_left;         /* 0 to 1 */
};
struct route_figures {
	int losses_in_a_row; /* a trade with a profit sets it to 0; the end of a cooldown does not */
	int64_t last_loss_ms;
	fixed score, edge, spread;
};
struct symbol_figures {
	fixed exposure, equity, volatility, imbalance;
};
struct global_figures {
	fixed daily_loss, exposure, equity, highest_equity;
};

/* Each sets the guard's state at `now_ms`, and counts a trigger when it leaves GUARD_OK. */
void guard_exchange(
    struct guard *guard, const struct limits *limits, const struct exchange_figures *figures, int64_t now_ms);
void guard_route(struct guard *guard, const struct engine_settings *settings,
    const struct route_figures *figures, int64_t now_ms);
void guard_symbol(
    struct guard *guard, const struct limits *limits, const struct symbol_figures *figures, int64_t now_ms);
void guard_global(
    struct guard *guard, const struct limits *limits, const struct global_figures *figures, int64_t now_ms);

/* How many cooldowns a route rests after a streak of losses. */
enum { STREAK_COOLDOWNS = 6 };

/* "daily loss 10012.5 of 10000 USDT", with two decimals at most; "" when it is ok. */
enum { GUARD_TEXT = 128 };
void guard_text(const struct guard *guard, char text[GUARD_TEXT]);

/*
 * The highest and the lowest price of the last window, in steps of a 32nd of it: constant work and memory. It
 * has no price that is older than the window, and all of the last 31 steps.  All 0 is one without a price.
 */
enum { RANGE_STEPS = 32 };
struct price_range {
	int64_t step;                              /* the newest, since 1970 */
	fixed high[RANGE_STEPS], low[RANGE_STEPS]; /* by step % RANGE_STEPS; 0: no price */
};
void price_range_add(struct price_range *range, int64_t window_ms, int64_t now_ms, fixed price);
/* (highest - lowest) / lowest; 0 before the first price. */
fixed price_range_ratio(const struct price_range *range, int64_t window_ms, int64_t now_ms);

#endif /* PAPER_ENGINE_GUARDS_H */
