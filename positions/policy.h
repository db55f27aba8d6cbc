#ifndef POSITIONS_POLICY_H
#define POSITIONS_POLICY_H

#include "common/config/options.h"
#include "contract/limits.h"
#include "exchange/settings.h"
#include "positions/holding.h"

/* The settings that open_positions and preflight share. */
extern const struct option position_options[];

/* What the settings say of positions: which there are, when they differ, and what they are worth. */
enum { CONSTANTS_MOST = 256 };

struct constant_rate {
	char base[SYMBOL_ASSET], quote[SYMBOL_ASSET];
	double price;
};

struct policy {
	struct reconcile_limits limits;
	struct holdings baseline; /* sorted */
	struct holdings ignored;  /* sorted, of every exchange, of quantity 0 */
	struct holdings cash;     /* the same; of spot alone */
	double dust;              /* in the first currency */
	double max_age;           /* of what the engine says, seconds; 0: not checked */
	char *currencies[CURRENCIES_MOST];
	size_t currency_count;
	struct constant_rate constants[CONSTANTS_MOST];
	size_t constant_count;
	size_t inventory[2]; /* exchanges */
	bool has_inventory;
};

/* 0, or -1 with `why` that names the setting.  In both cases for policy_release(). */
int policy_read(struct policy *policy, const struct options *given, const struct exchange_settings *exchanges,
    struct failure *why);

/*
 * The settings `grace` and `inventory` besides, which matter while the bot
 * trades.  Before it does, without them, nothing is in flight: a difference is a
 * mismatch at once.
 */
int policy_read_while_trading(struct policy *policy, const struct options *given,
    const struct exchange_settings *exchanges, struct failure *why);
void policy_release(struct policy *policy);

/* Whether it is a position at all: neither cash nor ignored. */
bool policy_counts(const struct policy *policy, const struct holding *holding);

#endif /* POSITIONS_POLICY_H */
