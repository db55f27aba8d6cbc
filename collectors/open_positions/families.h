#ifndef COLLECTORS_OPEN_POSITIONS_FAMILIES_H
#define COLLECTORS_OPEN_POSITIONS_FAMILIES_H

#include "probes/exchange_settings.h"
#include "textfile/family.h"

/* All that open_positions can write, and how much of it. */
enum {
	SERIES_MOST = 50000,  /* of one family: 10,000 positions long and short, of both sources, and more */
	CURRENCIES_MOST = 16, /* that exposure is told in */
};

enum open_family {
	OPEN_READABLE,
	OPEN_COUNT,
	OPEN_QUANTITY,
	OPEN_NOTIONAL,
	OPEN_PNL,
	OPEN_BALANCE,
	OPEN_MISMATCH,
	OPEN_EXPOSURE,
	OPEN_EXPOSURE_KNOWN,
	OPEN_IMBALANCE,
	OPEN_DELTA,
	OPEN_DELTA_RATIO,
	OPEN_KEY_EXPIRY,
	OPEN_KEY_PERMISSION,
	OPEN_KEY_IP_RESTRICTED,
	OPEN_TRADING_LOCKED,
	OPEN_UNKNOWN_ROWS,
	OPEN_ENGINE_UPDATED,
	OPEN_REQUESTS,
	OPEN_FAILURES,
	OPEN_LAST_SUCCESS,
	OPEN_WEIGHT,
	/* What must be remembered from run to run, by memory.c, besides some of the above. */
	OPEN_MISMATCH_SINCE,
	OPEN_RETRY_AT,
	OPEN_RUNS,
};
enum { OPEN_FAMILIES = OPEN_RUNS + 1 };

extern const struct family open_families[OPEN_FAMILIES];

#endif /* COLLECTORS_OPEN_POSITIONS_FAMILIES_H */
