#ifndef CONTRACT_REASONS_H
#define CONTRACT_REASONS_H

/*
 * What may be wrong, how bad it is, and what to do first: one table for /health and the status page, and by
 * the same names for the Overview and for alerts (prometheus/rules/verdict.yml).  docs/health.md has it in
 * full.
 */
enum reason_rule {
	REASON_NODE_DOWN,
	REASON_COLLECTORS_NONE,
	REASON_POSTGRES_DOWN,
	REASON_POSITIONS_DIFFER,
	REASON_POSITIONS_UNCOMPARED,
	REASON_ONE_LEG,
	REASON_ENGINE_DOWN,
	REASON_REDIS_DOWN,
	REASON_DAILY_LOSS,
	REASON_ENGINE_BLOCKED,
	REASON_POSITIONS_UNREADABLE,
	REASON_ENGINE_UNREADABLE,
	REASON_PREFLIGHT_NOT_READY,
	REASON_EXCHANGES_FEW,
	REASON_COLLECTOR_MISSING,
	REASON_COLLECTOR_STALE,
	REASON_FILE_BROKEN,
	REASON_TOO_MANY,
	REASON_KEY_WITHDRAW,
	REASON_ACCOUNT_LOCKED,
	REASON_POSITIONS_UNCHECKED,
	REASON_ENGINE_ROWS,
	REASON_EXCHANGE_BANNED,
	REASON_EXCHANGE_DOWN,
	REASON_EXCHANGE_FROZEN,
	REASON_EXCHANGE_MAINTENANCE,
	REASON_EXCHANGE_UNKNOWN,
	REASON_POSTGRES_FULL,
	REASON_EXCHANGE_CLOCK,
	REASON_KEY_EXPIRES,
	REASON_EXCHANGE_CERTIFICATE,
	REASON_EXPOSURE_UNKNOWN,
	REASON_PREFLIGHT_STALE,
	REASON_EXCHANGE_DEGRADED,
	REASON_UNMEASURED,
	REASON_COLLECTOR_FAILING,
};
enum { REASONS = REASON_COLLECTOR_FAILING + 1 };

enum severity {
	SEVERITY_CARE,       /* trade with care: degraded */
	SEVERITY_NO,         /* do not trade: unhealthy */
	SEVERITY_NO_IN_LIVE, /* no, but care where env is exactly "paper" */
};

struct reason_text {
	const char *name; /* "redis_down" */
	const char
	    *what; /* "Redis %": the name of the target, exchange or collector takes the place of "%" */
	int rank;  /* 1 to 99, the worst is the highest, each is there once */
	enum severity severity;
	/* The collector that finds it; its failed run needs no reason of its own then.  "": none, or it
	 * varies. */
	const char *collector;
	const char *why;  /* "does not answer" */
	const char *todo; /* what to do first */
};

/* From the worst to the least. */
extern const struct reason_text reason_texts[REASONS];

/* The value of arbwatch:reason: 200 and the rank for what forbids trading, else 100 and the rank. */
int reason_value(enum reason_rule rule, const char *env);

#endif /* CONTRACT_REASONS_H */
