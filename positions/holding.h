#ifndef POSITIONS_HOLDING_H
#define POSITIONS_HOLDING_H

#include <stdbool.h>
#include <stddef.h>

#include "common/failure.h"
#include "common/text/decimal.h"
#include "exchange/profile/profile.h"
#include "exchange/symbol.h"

/*
 * One position, of either source: what an exchange says is there, or what the
 * engine believes.  An asset held on spot is one too: its symbol is the asset
 * alone ("BTC"), whatever it was bought with.
 */
enum holding_market { HOLDING_UNKNOWN, HOLDING_SPOT, HOLDING_DERIVATIVE };

struct holding {
	size_t exchange; /* index in the caller's list of exchanges */
	struct symbol symbol;
	struct symbol_unit unit; /* what one of the base is; count 0: one of itself */
	bool is_short;
	struct decimal quantity; /* above 0; in base currency, of an inverse contract in quote currency */
	bool inverse;
	enum holding_market market;
	char currency[SYMBOL_ASSET]; /* of notional and mark; "": both are unknown */
	double notional;             /* not negative; NaN: not told */
	double mark;                 /* price of one base; NaN: not told */
	double pnl;                  /* in `currency`, of an inverse contract in base; NaN: not told */
};

/* Everything not told: NaN, "", quantity 0. */
void holding_init(struct holding *holding);

/* The asset that the holding is of ("PEPE" of 1000PEPE), and how many of it one of its base is. */
const char *holding_asset(const struct holding *holding);
int holding_units(const struct holding *holding);

/* By exchange, then symbol.text, then long before short. */
int holding_compare(const struct holding *a, const struct holding *b);

/*
 * Put `symbol` as a position is compared under: of spot the asset alone,
 * whatever it was bought with.  A market that is not known follows from what the
 * profile reads: an asset alone is spot; a pair is what the exchange has, and a
 * derivative where it has both.  The pair's quote stays as the currency.
 */
void holding_place(struct holding *holding, const struct profile *profile, const struct symbol *symbol,
    enum holding_market market);

/* Holdings of one source, as many as come.  All zero at first. */
struct holdings {
	struct holding *rows; /* owned */
	size_t count, room;
};

/* One more, as holding_init() makes it; NULL with `why`: out of memory. */
struct holding *holdings_add(struct holdings *list, struct failure *why);
void holdings_sort(struct holdings *list);
void holdings_release(struct holdings *list);

/*
 * Sort, and make one of all rows with the same exchange, symbol and side.  What
 * only some of them tell is not told then.  A sum with too many digits is a
 * failure of its exchange in `failures` (or NULL), unless one is there; the row
 * keeps one of the quantities, and the answer is false.
 */
bool holdings_combine(struct holdings *list, struct failure failures[]);

/* The row of that exchange, symbol and side; the list is sorted.  NULL: it has none. */
const struct holding *holdings_find(
    const struct holdings *list, size_t exchange, const char *symbol, bool is_short);

/* Take out the rows of all exchanges that are not known; the order stays. */
void holdings_remove_unknown(struct holdings *list, const bool known[]);

/*
 * Where the engine's view and the exchanges' differ, per exchange and symbol.
 * Pure: no clock, no I/O, no memory of its own.  Times are Unix seconds.
 *
 * Long counts above 0, short below.  Difference is engine plus baseline minus
 * exchange: above 0 the engine believes to have more than there is.
 *
 * Long and short of one market are compared each for itself and as a net
 * quantity, and the largest difference of the three counts: a long and a short
 * of one size, which the engine does not know of, are no flat market.  On an
 * account in one-way mode a bot may still book opposite trades apart; for such
 * a bot `net` compares the net quantity alone.
 *
 * Rows of one exchange, symbol and side are added up.
 */
struct reconcile_limits {
	/* A difference up to either of the two does not count. */
	struct decimal absolute;
	struct decimal relative; /* of the larger of the two: 0.001 */
	double grace_seconds;    /* a younger difference does not count yet: fills are in flight */
	bool net;
};

struct reconcile_input {
	/* All are sorted.  The baseline is what is kept at an exchange and is no position of the engine. */
	const struct holdings *engine, *exchange, *baseline;
	/* By exchange: both sources were read, so it can be compared.  Of others there are no rows: what is
	 * remembered of them is the caller's to keep. */
	const bool *comparable;
	size_t exchange_count;
};

struct reconcile_row {
	size_t exchange;
	const char *symbol; /* in one of the lists */
	bool known;         /* false: a sum has too many digits, and all below says nothing */
	struct decimal difference;
	bool differs;    /* by more than the tolerance */
	double since;    /* it differs, to be remembered; negative: it does not, to be forgotten */
	bool mismatched; /* it differs, and the grace is over */
};

/*
 * One row for each market that any of the lists has, in the lists' order, in
 * time linear in their length.  `rows` has room for as many as the three lists
 * have together.  Returns how many there are.  Without reconcile_age() there is
 * no grace: each that differs is mismatched.
 */
size_t reconcile(
    const struct reconcile_limits *limits, const struct reconcile_input *input, struct reconcile_row rows[]);

/*
 * Fill in since when the market differs: `remembered`, by the last run (negative:
 * it did not then), or now; and whether the grace is over.
 *
 * A difference that vanishes forgets since when; one that changes size or sign
 * keeps it: else an engine that is out of step and goes on trading would never be
 * reported.  A remembered time in the future (the clock was set back) is now.
 */
void reconcile_age(
    const struct reconcile_limits *limits, struct reconcile_row *row, double remembered, double now);

#endif /* POSITIONS_HOLDING_H */
