#ifndef POSITIONS_RECONCILE_H
#define POSITIONS_RECONCILE_H

#include "positions/holding.h"

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

struct reconcile_list {
	const struct holding *rows; /* sorted by holdings_sort() */
	size_t count;
};

struct reconcile_input {
	struct reconcile_list engine, exchange;
	struct reconcile_list baseline; /* what is kept at an exchange and is no position of the engine */
	/* By exchange: both sources were read, so it can be compared.  Of others there are no rows: what is
	 * remembered of them is the caller's to keep. */
	const bool *comparable;
	size_t exchange_count;
	/* Since when the market is known to differ; negative: it is not.  Asked only of those that differ. */
	double (*remembered)(const void *memory, size_t exchange, const char *symbol);
	const void *memory;
	double now;
};

struct reconcile_row {
	size_t exchange;
	const char *symbol; /* in one of the lists */
	bool known;         /* false: a sum has too many digits, and all below says nothing */
	struct decimal difference;
	bool within;  /* the tolerance */
	double since; /* it differs, to be remembered; negative: it does not, to be forgotten */
	bool in_grace;
	bool mismatched; /* neither within the tolerance nor in grace */
};

/*
 * One row for each market that any of the lists has, in the lists' order, in
 * time linear in their length.  `rows` has room for as many as the three lists
 * have together.  Returns how many there are.
 *
 * A difference that vanishes forgets since when; one that changes size or sign
 * keeps it: else an engine that is out of step and goes on trading would never be
 * reported.  A remembered time in the future (the clock was set back) is now.
 */
size_t reconcile(
    const struct reconcile_limits *limits, const struct reconcile_input *input, struct reconcile_row rows[]);

#endif /* POSITIONS_RECONCILE_H */
