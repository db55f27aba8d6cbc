#ifndef PAPER_EXCHANGE_ACCOUNT_H
#define PAPER_EXCHANGE_ACCOUNT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "demo/paper_exchange/amount.h"
#include "demo/paper_exchange/venues/venue.h"

/* What the account holds, as the faults of a call have it. */
enum { ASSET_TEXT = 16, NATIVE_TEXT = 32 };

struct holding {
	char asset[ASSET_TEXT];
	amount free, locked;
};
struct holdings {
	struct holding *list; /* owned */
	size_t count;
};

/* Which side of a market it is, where a venue keeps the two apart. */
enum leg { LEG_NET, LEG_LONG, LEG_SHORT };

struct position {
	char base[ASSET_TEXT];
	bool inverse;    /* on BTC/USD, settled in BTC; the quantity is in USD then */
	enum leg leg;    /* LEG_NET: a venue in one-way mode */
	amount quantity; /* negative: short */
	double entry;    /* in USDT or USD */
	int leverage;
	size_t number; /* from 1, of all that the account has */
};
struct positions {
	struct position *list; /* owned */
	size_t count;
};

/* False: out of memory.  The lists are the caller's to free. */
bool account_holdings(const struct call *call, struct holdings *holdings);
bool account_positions(const struct call *call, struct positions *positions);

/* The nth (from 1) of the positions and assets that the faults "positions" and "balances" make up. */
void made_up_position(size_t number, bool hedge, struct position *position);
void made_up_holding(size_t number, struct holding *holding);

/* A position at the price of now. */
struct valuation {
	const struct listing *listing; /* NULL: of a made-up position */
	double mark;
	double notional; /* in USDT or USD, not negative */
	double margin;   /* likewise */
	double profit;   /* of an inverse contract in its base */
};
void position_value(const struct call *call, const struct position *position, struct valuation *value);

/* Until when the key lasts, as the fault says, in Unix ms; the fallback where it is off. */
int64_t account_expiry(const struct call *call, int64_t fallback_ms);

/* As JSON text with at least so many decimals. */
json_t *json_amount(amount value, int decimals);
amount amount_absolute(amount value);

#endif /* PAPER_EXCHANGE_ACCOUNT_H */
