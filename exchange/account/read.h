#ifndef EXCHANGE_ACCOUNT_READ_H
#define EXCHANGE_ACCOUNT_READ_H

#include "common/text/decimal.h"
#include "exchange/account/key.h"
#include "exchange/symbol.h"
#include "probes/http/http.h"

/*
 * What an account's answers say, by the profile's `account` section.  Pure: no
 * I/O, no clock.  Bodies are hostile, and may hold tens of thousands of
 * positions: they are read where they lie, without a document in memory.
 */
enum account_side { SIDE_LONG, SIDE_SHORT };
const char *account_side_name(enum account_side side); /* "long", "short" */

struct account_balance {
	char asset[SYMBOL_ASSET]; /* "BTC", renames undone */
	struct decimal free, locked;
};

/*
 * All rows of one market and side in one: an exchange may tell a position in
 * parts (isolated and cross, one row per order).
 */
struct account_position {
	struct symbol symbol;
	char native[SYMBOL_TEXT]; /* the market as the exchange spells it */
	enum account_side side;
	struct decimal quantity; /* above 0: in base currency; of an inverse contract in quote currency */
	bool inverse;
	double notional;       /* in quote currency, not negative; NaN: not told */
	double mark;           /* price; NaN: not told */
	double unrealized_pnl; /* in quote currency; of an inverse contract in base currency; NaN: not told */
};

/* Size of one contract, from the exchange's list of instruments. */
struct account_instrument {
	char native[SYMBOL_TEXT];
	struct decimal size;
	bool inverse;
};

/* What is known of the key itself. */
struct account_key_health {
	double expiry; /* Unix time; negative: not told; INFINITY: told that it never expires */
	int permission[ACCOUNT_PERMISSIONS]; /* 1, 0, or -1: not told */
	int ip_restricted;                   /* likewise */
	int trading_locked;                  /* likewise */
	bool told_in_part; /* by another path than the first: that what is unknown is not told by it */
};

/* Nothing is told, as before anything is read. */
void account_key_health_init(struct account_key_health *health);

/* Growing lists, all zero at first; their memory is the caller's to free with account_lists_release(). */
enum { ACCOUNT_BALANCES_MAX = 20000, ACCOUNT_POSITIONS_MAX = 50000, ACCOUNT_INSTRUMENTS_MAX = 50000 };
struct account_lists {
	struct account_balance *balances;
	struct account_position *positions;
	struct account_instrument *instruments;
	size_t balance_count, position_count, instrument_count;
	size_t balance_room, position_room, instrument_room;
};
void account_lists_release(struct account_lists *lists);

/* Positions and instruments alone, which may be many. */
void account_lists_clear_positions(struct account_lists *lists);

/*
 * One page of one endpoint.  0: it was read to its end and is in `lists` (or
 * `health`); `*cursor` is what the next page is asked with, owned by the caller,
 * NULL: that was the last one.  -1 with `why`: nothing of this page counts.  An
 * answer without its list is a failure (protocol), never an empty account; so
 * is one with a quantity that is no number, and a market that cannot be read.
 *
 * Errors by the profile's classes: rejected, or auth with what to do about it:
 * the clock, the IP, the permission, the key that has expired, the signature.
 */
int account_read_page(const struct profile *profile, enum account_endpoint endpoint,
    const struct account_key *key, const struct http_response *response, struct account_lists *lists,
    struct account_key_health *health, char **cursor, struct failure *why);

/*
 * When all pages are there: contracts become quantities by the instruments,
 * rows of one market and side become one, zero rows go, the list is sorted by
 * name.  -1 with `why`: a contract whose size is not known, a sum that does not
 * fit.  Balances likewise: one row for each asset.
 */
int account_complete_positions(
    const struct profile *profile, struct account_lists *lists, struct failure *why);
int account_complete_balances(struct account_lists *lists, struct failure *why);

#endif /* EXCHANGE_ACCOUNT_READ_H */
