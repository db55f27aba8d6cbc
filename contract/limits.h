#ifndef CONTRACT_LIMITS_H
#define CONTRACT_LIMITS_H

/* How much the settings may ask for.  It bounds the series of a family, and so the size of a file. */
enum {
	TARGETS_MAX = 256,
	PHASES_MAX = 8, /* of connecting to a target, or of a request */
	EXCHANGES_MAX = 64,
	BOOKS_MAX = 4096,
	SERIES_MOST = 50000,  /* of one family: 10,000 positions long and short, of both sources, and more */
	CURRENCIES_MOST = 16, /* that exposure is published in */
	ENTRIES_MOST = 5000,  /* guards, limits, routes or symbols of a bot */
	KPI_SERIES = 20000,   /* of one family: windows and currencies of symbols and routes */
	QUEUES_MOST = 5000,   /* of all targets of queue_depth */
};

#endif /* CONTRACT_LIMITS_H */
