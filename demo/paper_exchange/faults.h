#ifndef PAPER_EXCHANGE_FAULTS_H
#define PAPER_EXCHANGE_FAULTS_H

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What can be wrong with a venue, turned on and off by the control endpoint. */
enum fault {
	FAULT_LATENCY,
	FAULT_RESET,
	FAULT_5XX,
	FAULT_429,
	FAULT_418,
	FAULT_THROTTLE,
	FAULT_BAN,
	FAULT_REDIRECT,
	FAULT_MAINTENANCE,
	FAULT_FROZEN,
	FAULT_STALE,
	FAULT_FUTURE,
	FAULT_SKEW,
	FAULT_HALTED,
	FAULT_EMPTY,
	FAULT_ERROR_200,
	FAULT_TRUNCATED,
	FAULT_HUGE,
	FAULT_CONTENT_TYPE,
	FAULT_DRIP,
	FAULT_RATE_LIMIT,
	FAULT_GAP,
	FAULT_CUT,
	/* From here on they concern the account, and not every venue can play each. */
	FAULT_DRIFT,
	FAULT_POSITIONS,
	FAULT_BALANCES,
	FAULT_FLAT,
	FAULT_NO_LIST,
	FAULT_ENDLESS,
	FAULT_PAGE_FAILS,
	FAULT_HEDGE,
	FAULT_INVERSE,
	FAULT_DUST,
	FAULT_WITHDRAW,
	FAULT_NO_IP,
	FAULT_EXPIRY,
	FAULT_LOCKED,
	FAULT_PERMISSION,
	FAULT_WRONG_IP,
	FAULT_EXPIRED_KEY
};
enum { FAULTS = FAULT_EXPIRED_KEY + 1, MOST_VENUES = 8, FAULT_TEXT = 96 };

struct fault_setting {
	bool on;
	int64_t number;        /* in the fault's own unit */
	char text[FAULT_TEXT]; /* "" if not given */
	char path[FAULT_TEXT]; /* only requests whose path holds this; "": all */
	int64_t since_ms;      /* Unix time it was turned on */
};

struct faults {
	pthread_mutex_t lock;
	struct fault_setting settings[MOST_VENUES][FAULTS];
};

/* 0, or -1 if no fault has this name. */
int fault_find(const char *name, enum fault *fault);

/* What `value` (NULL: the default) and `path` (NULL: all) say.  NULL, or what is wrong with them. */
const char *fault_setting_make(
    enum fault fault, const char *value, const char *path, int64_t now_ms, struct fault_setting *setting);

void faults_set(struct faults *faults, size_t venue, enum fault fault, const struct fault_setting *setting);
void faults_clear(struct faults *faults);

/* A copy of those that concern `path`; the others are off in it. */
void faults_of(struct faults *faults, size_t venue, const char *path, struct fault_setting settings[FAULTS]);

/* {"latency": {"value": 100}, ...} of one venue: those that are on. */
json_t *faults_list(struct faults *faults, size_t venue);

#endif /* PAPER_EXCHANGE_FAULTS_H */
