#ifndef PAPER_ENGINE_FAULTS_H
#define PAPER_ENGINE_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What can go wrong with the engine, on purpose: turned on and off by its control endpoint, and asked by the
 * loop and the journal.  Every call may come from any thread.
 */
enum fault {
	FAULT_CRASH,          /* abort(), at the next loop; cannot be turned off, of course */
	FAULT_HANG,           /* the loop stands still until it is turned off */
	FAULT_LOOP_LATENCY,   /* ms: each loop takes so much longer */
	FAULT_RECONNECTS,     /* ms: the feeds are cut so often */
	FAULT_DAILY_LOSS,     /* USDT added to the loss of the day; default: the limit in total */
	FAULT_EXPOSURE,       /* percent of the limit that the exposure reaches; default 85 */
	FAULT_SKIP_ROUTES,    /* every route has a score of 0 */
	FAULT_SNAPSHOT,       /* snapshots fail */
	FAULT_REBALANCE,      /* rebalances fail; while it is on, one is tried every few seconds */
	FAULT_INVENTORY_SYNC, /* syncs of the inventory fail */
	FAULT_POSITION_DRIFT, /* BTC that the list of positions has too much of at binance; default 0.25 */
	FAULT_ERROR_LOG,      /* an error line, and one more every second */
	FAULT_CRITICAL_LOG,   /* the same with a critical one */
	FAULT_ONE_LEG,        /* no second leg is filled */
	FAULT_SLOW_DATABASE   /* ms: each transaction takes so much longer; default 2000 */
};
enum { FAULTS = FAULT_SLOW_DATABASE + 1 };

struct faults;

struct faults *faults_new(void); /* NULL: out of memory */
void faults_free(struct faults *faults);

bool fault_is_on(struct faults *faults, enum fault fault);
/* Its value while it is on, else 0. */
double fault_value(struct faults *faults, enum fault fault);

/* Sleep so long, or until the fault is off. */
void fault_pause(struct faults *faults, enum fault fault, int64_t ms);

#endif /* PAPER_ENGINE_FAULTS_H */
