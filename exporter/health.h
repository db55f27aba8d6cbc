#ifndef EXPORTER_HEALTH_H
#define EXPORTER_HEALTH_H

#include "exporter/store.h"

/*
 * What the collectors' files say of the whole: a verdict by rules, and
 * everything the status page shows.  Never a measurement of its own.
 *
 * Rules (docs/arbwatch_exporter.md has them too).  A collector is `stale` when
 * its last run is longer ago than three of its intervals and 30 s (one-shot
 * ones: than --health.max-age), `failing` when its last run was no success.
 * Overall is `unhealthy` when Postgres is down, a position differs, the engine's or an
 * exchange's positions cannot be read in env live, preflight says not ready in env live, or no
 * collector is fresh; else `degraded` when Redis is down, an exchange is not
 * healthy, a collector is stale or failing, or a file is broken; else `healthy`.
 */
enum health_status { HEALTH_OK, HEALTH_WARN, HEALTH_FAIL };
enum health_verdict { VERDICT_HEALTHY, VERDICT_DEGRADED, VERDICT_UNHEALTHY };
const char *health_status_name(enum health_status status);    /* "ok", "warn", "fail" */
const char *health_verdict_name(enum health_verdict verdict); /* "healthy", ... */

/* One line of the report: a collector, a target, an exchange, positions, preflight, a file. */
enum health_kind {
	CHECK_COLLECTOR,
	CHECK_REDIS,
	CHECK_POSTGRES,
	CHECK_EXCHANGE,
	CHECK_POSITIONS,
	CHECK_PREFLIGHT,
	CHECK_FILE
};
const char *health_kind_name(enum health_kind kind);

enum { HEALTH_NAME = 129, HEALTH_REASON = 256, HEALTH_CHECKS = 512, HEALTH_BUCKETS = 33 };

struct health_check {
	enum health_kind kind;
	char name[HEALTH_NAME]; /* "main", "upbit"; from outside, escape it */
	char env[16];
	enum health_status status;
	char reason[HEALTH_REASON]; /* "" when ok */
	double last_run;            /* Unix times; NaN: not known */
	double last_success;
	double age;      /* seconds since the last run */
	double interval; /* seconds; 0: one-shot; NaN: not known */
	double duration; /* of the last run, or a typical latency, seconds; NaN */
	/* The latency histogram, for a small picture: counts per bucket, not cumulative; 0 buckets: none. */
	double bounds[HEALTH_BUCKETS];
	double counts[HEALTH_BUCKETS];
	size_t buckets;
};

struct health_report {
	enum health_verdict verdict;
	char summary[HEALTH_REASON]; /* "Postgres main is down" : the first reason of the verdict */
	struct health_check *checks; /* owned; worst first within each kind */
	size_t count;
	size_t dropped; /* checks past HEALTH_CHECKS */
	double made_at;
};

struct health_settings {
	double max_age; /* seconds: of one-shot collectors */
};

/* 0, or -1: out of memory.  In both cases for health_release(). */
int health_read(const struct store *store, const struct health_settings *settings, double now,
    struct health_report *report);
void health_release(struct health_report *report);

#endif /* EXPORTER_HEALTH_H */
