#ifndef EXPORTER_HEALTH_FACTS_H
#define EXPORTER_HEALTH_FACTS_H

#include "contract/engine_state.h"
#include "contract/labels.h"
#include "exporter/health/health.h"

/*
 * What the files say, sorted by what it is about, before anything is judged.
 * Inside of exporter/health/.
 */
/* NaN: not said. */
enum fact {
	FACT_UP, /* success, up, ready for live.  1, 0, or neither: not known; so are all that are asked yes
		    or no */
	FACT_LAST_RUN,
	FACT_LAST_SUCCESS,
	FACT_DURATION,
	FACT_INTERVAL,
	FACT_FAILURES, /* counters, one per kind but "none" */
	FACT_STATE = FACT_FAILURES + FAILURE_KINDS - 1,
	FACT_STATE_OTHER = FACT_STATE + HEALTHS, /* any that is none of ours */
	FACT_BANNED_UNTIL,
	FACT_RETRY_AT,
	FACT_FAILED_RUNS,
	FACT_ERROR_RATIO,
	FACT_HALTED, /* symbols that may not be traded */
	FACT_SKEW,
	FACT_SKEW_ERROR,
	FACT_CERTIFICATE, /* when it expires, as the key */
	FACT_KEY,
	FACT_WITHDRAW,
	FACT_EXPOSURE,
	FACT_CONNECTIONS,
	FACT_CONNECTIONS_MAX,
	FACT_READABLE,                   /* by source: the exchange, the engine */
	FACT_OPEN = FACT_READABLE + 2,   /* likewise; +Inf: not known */
	FACT_MISMATCHES = FACT_OPEN + 2, /* symbols that differ, or of which that is not known */
	FACT_DIFFER_SINCE,
	FACT_UNKNOWN_ROWS, /* +Inf: not known */
	FACT_LOCKED,
	FACT_PASSED,
	FACT_VERDICT_AT,
	FACT_CHECKS, /* preflight's, of the last complete run: enum check_status */
	FACT_HEARTBEAT = FACT_CHECKS + CHECKS,
	FACT_RUN,                              /* the bot's run, one per state */
	FACT_GUARDS = FACT_RUN + RUN_STATES,   /* the worst state of each tier: enum guard_state */
	FACT_LOSS = FACT_GUARDS + GUARD_TIERS, /* of the day, of the bot as a whole */
	FACT_LOSS_LIMIT,
	FACTS
};

/* Cumulative counts, several series of the same bounds added. */
struct histogram {
	double bounds[HEALTH_BUCKETS];
	double counts[HEALTH_BUCKETS];
	size_t buckets;
	bool odd; /* too many bounds, or no numbers: no picture */
};

struct facts_check {
	enum health_kind kind;
	size_t file;       /* index in the store */
	struct slice name; /* as written in the file, like env */
	struct slice env;
	bool stale; /* as health.c found out */
	double facts[FACTS];
	double worst; /* the largest mismatch, with its sign, and of what; 0: that is not known */
	struct slice worst_symbol;
	struct histogram histogram;
};

/* Starts zeroed. */
struct facts {
	struct facts_check *checks; /* in the order of files: those of a file are side by side */
	size_t count;
	size_t room;
	bool more; /* than HEALTH_CHECKS */
};

void facts_release(struct facts *facts);

/* Add what a good file says.  0, or -1: out of memory. */
int facts_read(struct facts *facts, const struct store_file *file, size_t index);

/* The check, or NULL. */
struct facts_check *facts_find(
    const struct facts *facts, enum health_kind kind, size_t file, struct slice name, struct slice env);

/* The value of a label as written; empty when it has none. */
struct slice facts_label(const struct document *document, const struct sample *sample, const char *name);

void histogram_add(struct histogram *histogram, double bound, double cumulative);
void histogram_join(struct histogram *histogram, const struct histogram *more);

/* Into the check, as counts per bucket; nothing when it makes no sense as a histogram. */
void histogram_show(const struct histogram *histogram, struct health_check *check);

#endif /* EXPORTER_HEALTH_FACTS_H */
