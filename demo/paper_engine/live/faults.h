#ifndef PAPER_ENGINE_FAULTS_H
#define PAPER_ENGINE_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"

/*
 * What can go wrong with the engine, on purpose: turned on and off by its control endpoint, and asked by the
 * loop and the journal.  Every call may come from any thread.
 */
enum fault {
	FAULT_CRASH,          /* abort(), at the next loop; cannot be turned off, of course */
	FAULT_HANG,           /* the loop stands still until it is turned off */
	FAULT_LOOP_LATENCY,   /* ms: each loop takes so much longer */
	FAULT_RECONNECTS,     /* ms: the feeds are cut so often */
	FAULT_DAILY_LOSS,     /* percent of the limit in total that the loss of the day reaches */
	FAULT_EXPOSURE,       /* percent of the limit in total that the exposure reaches */
	FAULT_SKIP_ROUTES,    /* every route has a score of 0 */
	FAULT_SNAPSHOT,       /* snapshots fail */
	FAULT_REBALANCE,      /* rebalances fail; while it is on, one is tried every second */
	FAULT_INVENTORY_SYNC, /* syncs of the inventory fail; while it is on, one is tried every second */
	FAULT_POSITION_DRIFT, /* BTC that the list of positions has too much of at binance */
	FAULT_ERROR_LOG,      /* an error line, and one more every second */
	FAULT_CRITICAL_LOG,   /* the same with a critical one */
	FAULT_ONE_LEG,        /* no second leg is filled */
	FAULT_SLOW_DATABASE   /* ms: each transaction takes so much longer */
};
enum { FAULTS = FAULT_SLOW_DATABASE + 1 };

/* What one may know of a fault.  docs/paper_engine.md has the same table. */
struct fault_kind {
	const char *name; /* "loop-latency" */
	const char *unit; /* NULL: it takes no value */
	double fallback, least, most;
	const char *happens;    /* a sentence */
	const char *seen;       /* another one, of the metric below */
	const char *expression; /* for Prometheus: it has a result while the fault is seen */
	const char *alert;      /* the rule that fires, and after what; NULL: no rule does */
};
extern const struct fault_kind fault_kinds[FAULTS];

struct engine;
struct faults;

struct faults *faults_new(void); /* NULL: out of memory */
void faults_free(struct faults *faults);

/* 0, or -1: no fault has this name. */
int fault_find(const char *name, enum fault *fault);

/* `text` NULL: the default.  -1 with `why`: the value is wrong, and the fault is as it was. */
int fault_turn_on(struct faults *faults, enum fault fault, const char *text, struct failure *why);
void fault_turn_off(struct faults *faults, enum fault fault);
void faults_turn_off(struct faults *faults); /* all of them */

bool fault_is_on(struct faults *faults, enum fault fault);
/* Its value while it is on, else 0. */
double fault_value(struct faults *faults, enum fault fault);

/* Sleep so long, or until the fault is off, or faults_end(). */
void fault_pause(struct faults *faults, enum fault fault, int64_t ms);

/* What befalls the loop itself, to be called once in each: it crashes, hangs, or is late, until that is off
 * or faults_end(). */
void faults_strike_loop(struct faults *faults);

/* Its distortions as the faults are now; before each loop. */
void faults_distort(struct faults *faults, struct engine *engine);

/* The program ends: all are off, and none can be turned on again. */
void faults_end(struct faults *faults);

#endif /* PAPER_ENGINE_FAULTS_H */
