#ifndef PAPER_ENGINE_SETTINGS_H
#define PAPER_ENGINE_SETTINGS_H

#include "demo/paper_engine/core/depth.h"

/* What tuning varies. */
struct parameters {
	fixed min_profit;    /* of a trade after all costs, as a ratio: 0.0005 */
	fixed size;          /* of a trade, in USDT */
	int64_t cooldown_ms; /* how long a route rests after a trade, and the guard of a streak of losses */
	fixed weight;        /* 0 to 1: a symbol at place i of n gets size * (1 - weight * i / n) */
};

struct costs {
	fixed fee[VENUES]; /* of a fill's value, as a ratio */
	fixed slippage;    /* what a decision allows for, as a ratio */
	fixed rebalance;   /* USDT for each rebalance */
};

/* A guard fires above (at least, where it says so) its limit and lets go at it.  0 turns a limit off. */
struct limits {
	fixed daily_loss_exchange, daily_loss_total; /* USDT, since 00:00 UTC: fires at it */
	fixed exposure_symbol;                       /* of equity, as a ratio */
	fixed exposure_total;                        /* USDT */
	int losses_in_a_row;                         /* fires at it */
	fixed score;                                 /* fires below it */
	fixed spread;                                /* between the exchanges, as a ratio: 0.05 */
	fixed drawdown;                              /* from the highest equity, as a ratio */
	fixed volatility; /* highest to lowest price of volatility_ms, as a ratio of the lowest */
	int64_t volatility_ms;
	fixed imbalance;   /* |a - b| / (a + b) of a coin at the two exchanges */
	fixed rate_limit;  /* share of an exchange's rate limit that is left: fires below it */
	int64_t down_ms;   /* an exchange without a message for so long is down */
	int64_t frozen_ms; /* one whose books have not changed for so long is frozen */
};

struct engine_settings {
	struct parameters parameters;
	struct costs costs;
	struct limits limits;
	uint64_t seed;              /* of rejects, partial fills and leg gaps */
	fixed reject_share;         /* of orders that an exchange rejects */
	int64_t leg_gap_ms;         /* on average, between the two legs */
	fixed cash;                 /* USDT with which each exchange begins (at upbit its worth in KRW) */
	fixed inventory;            /* worth in USDT of each coin with which each exchange begins */
	int64_t rebalance_every_ms; /* between two looks at the balance */
	fixed rebalance_above; /* imbalance from which a coin, or the cash, is moved; as limits.imbalance */
};

/* What the engine has unless somebody sets something else: the values of docs/paper_engine.md. */
struct engine_settings engine_settings_default(void);

#endif /* PAPER_ENGINE_SETTINGS_H */
