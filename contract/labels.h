#ifndef CONTRACT_LABELS_H
#define CONTRACT_LABELS_H

/*
 * Labels whose values are a closed set: what a program writes, another one reads,
 * and the dashboards and docs/metrics.md name.
 */

/* The label "endpoint" of exchange_health: what is asked of an exchange, without a key. */
enum endpoint {
	ENDPOINT_PING,
	ENDPOINT_TIME,
	ENDPOINT_STATUS,
	ENDPOINT_BOOK,
	ENDPOINT_TRADE,
	ENDPOINT_SYMBOLS
};
enum { ENDPOINTS = ENDPOINT_SYMBOLS + 1 };
const char *endpoint_name(enum endpoint endpoint);

/* The label "endpoint" of open_positions: what is read of an account. */
enum account_endpoint {
	ACCOUNT_BALANCES,
	ACCOUNT_POSITIONS,
	ACCOUNT_INSTRUMENTS, /* sizes of contracts */
	ACCOUNT_KEY,         /* expiry, permissions, IP restriction */
	ACCOUNT_LOCK,        /* whether trading is locked */
};
enum { ACCOUNT_ENDPOINTS = ACCOUNT_LOCK + 1 };
const char *account_endpoint_name(enum account_endpoint endpoint); /* "balances", "positions", ... */

/* The label "permission": what a key may do. */
enum account_permission {
	PERMISSION_READ,
	PERMISSION_TRADE,
	PERMISSION_FUTURES,
	PERMISSION_MARGIN,
	PERMISSION_TRANSFER,
	PERMISSION_WITHDRAW,
};
enum { ACCOUNT_PERMISSIONS = PERMISSION_WITHDRAW + 1 };
const char *account_permission_name(enum account_permission permission); /* "read", "trade", ... */

/* The label "state" of an exchange, by rank: of those that apply, the last one is the state. */
enum health {
	HEALTH_HEALTHY,
	HEALTH_DEGRADED,    /* slow, failing at times, short of rate limit, or some books stand still */
	HEALTH_FROZEN,      /* answers, but every book stands still */
	HEALTH_DOWN,        /* gave nothing of use in several runs in a row */
	HEALTH_MAINTENANCE, /* says so itself */
	HEALTH_BANNED,      /* does not want to be asked until a certain time */
};
enum { HEALTHS = HEALTH_BANNED + 1 };
const char *health_name(enum health health);
extern const char *const health_names[HEALTHS + 1]; /* ended by NULL, like all of these */

/* The labels "check" and "status" of preflight. */
enum preflight_check {
	CHECK_ENVIRONMENT,
	CHECK_SECRETS,
	CHECK_LIVE_GUARD,
	CHECK_REDIS,
	CHECK_POSTGRES,
	CHECK_EXCHANGE_HEALTH,
	CHECK_OPEN_POSITIONS,
	CHECK_GIT_SAFETY,
};
enum { CHECKS = CHECK_GIT_SAFETY + 1 };
extern const char *const check_names[CHECKS + 1];
const char *check_name(enum preflight_check check); /* "environment", ... */

enum check_status { STATUS_PASS, STATUS_WARN, STATUS_FAIL, STATUS_SKIP };
enum { STATUSES = STATUS_SKIP + 1 };
const char *check_status_name(enum check_status status); /* "pass", "warn", "fail", "skip" */

/* The label "source" of positions. */
enum source { SOURCE_EXCHANGE, SOURCE_ENGINE };
enum { SOURCES = SOURCE_ENGINE + 1 };
extern const char *const source_names[SOURCES + 1];

#endif /* CONTRACT_LABELS_H */
