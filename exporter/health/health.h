#ifndef EXPORTER_HEALTH_HEALTH_H
#define EXPORTER_HEALTH_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/text/buffer.h"
#include "contract/reasons.h"
#include "exporter/directory/store.h"

/*
 * What the collectors' files say of the whole: a verdict by rules, and
 * everything the status page shows.  Never a measurement of its own.
 * docs/health.md has the rules in full; in short:
 *
 * A collector is `stale` when its last run is longer ago than three of its
 * intervals and 30 s (one that does not repeat by itself: than `max_age`), is
 * not known, or lies more than a minute in the future.  It is `failing` when
 * its last run was no success.
 *
 * What a stale file says can make nothing better: what was fine is a warning,
 * what was bad stays bad, and positions in live count as not readable.
 *
 * What is not known, or cannot be, is never fine; where the worst it could say
 * makes the whole unhealthy, it counts as that.  So does a file that cannot be
 * read, or does not say what its program always says: whose it is and of which
 * env is in its text alone, or in a name that --name gives.  Only two names are
 * known to be of programs with no news that grave.
 *
 * An env that is not "paper" is judged like "live": nothing that is
 * misspelled is judged more kindly.
 *
 * What is wrong makes reasons (contract/reasons.h).  Overall is `unhealthy` when
 * one of them forbids trading, when the directory cannot be listed, or when no
 * collector is fresh; else it is `degraded` when there is any reason; else `healthy`.
 */
enum health_status { HEALTH_OK, HEALTH_WARN, HEALTH_FAIL };
enum health_verdict { VERDICT_HEALTHY, VERDICT_DEGRADED, VERDICT_UNHEALTHY };
const char *health_status_name(enum health_status status);    /* "ok", "warn", "fail" */
const char *health_verdict_name(enum health_verdict verdict); /* "healthy", ... */

/* One line of the report: a collector, a target, an exchange, positions, preflight, a bot, a file. */
enum health_kind {
	KIND_COLLECTOR,
	KIND_REDIS,
	KIND_POSTGRES,
	KIND_EXCHANGE,
	KIND_POSITIONS, /* of the exchange that is its name: there, and in the engine's books */
	KIND_PREFLIGHT,
	KIND_ENGINE, /* the bot, as engine_state found it */
	KIND_FILE    /* one that is not good, or says too little; good ones have no check */
};
enum { HEALTH_KINDS = KIND_FILE + 1 };
const char *health_kind_name(enum health_kind kind); /* "collector", "redis", ... */

enum {
	HEALTH_NAME = 129,
	HEALTH_ENV = 16,
	HEALTH_REASON = 256,
	HEALTH_CHECKS = 512, /* in all; more of them make the whole unhealthy */
	HEALTH_BUCKETS = 33,
	HEALTH_POSITIONS = 64
};

/* Texts are UTF-8 without control characters, cut where they are too long; names are from outside. */
struct health_check {
	enum health_kind kind;
	char name[HEALTH_NAME]; /* "main", "upbit" */
	char env[HEALTH_ENV];   /* "" where there is none, as of a file */
	char file[HEALTH_NAME]; /* that says so: two may have a check of the same name */
	enum health_status status;
	char state[24];             /* one word or two for people: "down", "frozen", "stale" */
	char reason[HEALTH_REASON]; /* "" when ok */
	double last_run;            /* Unix times; NaN: not known.  Of a target: its collector's */
	double last_success;
	double age;      /* seconds since the last run, never below 0; of a file, since it was written; NaN */
	double interval; /* seconds; 0: does not repeat by itself; NaN: not known */
	double duration; /* of the last run; of a target or exchange, the median of the histogram; NaN */
	/* The latency histogram, for a small picture: counts per bucket, not cumulative; 0 buckets: none. */
	double bounds[HEALTH_BUCKETS]; /* ascending, the last is +Inf */
	double counts[HEALTH_BUCKETS];
	size_t buckets;
	uint64_t rules; /* the reasons that it gives: 1 << enum reason_rule */
	/* Of positions that differ: the one with the largest difference; since when any does, or NaN. */
	char symbol[HEALTH_NAME];
	double differ_since;
};

/* One thing that is wrong; what names it together with reason_texts[rule].why: "Redis main", "does not
 * answer". */
struct health_reason {
	enum reason_rule rule;
	int value; /* 200 and more: it forbids trading; the larger the worse */
	char what[2 * HEALTH_NAME];
	char env[HEALTH_ENV]; /* "": it concerns all */
	double since;         /* Unix time of what was last good, or NaN: not known */
	size_t check;         /* the first one that gives it; report->count: no single one */
};

/* What is open at an exchange, as both sides tell it.  NaN: not known, which is not the same as 0. */
struct health_position {
	char env[HEALTH_ENV];
	char exchange[HEALTH_NAME];
	char symbol[HEALTH_NAME];
	double there[2];    /* long, short: what the exchange has */
	double believed[2]; /* and what the engine believes */
	double mismatch;    /* engine minus exchange */
	double since;       /* Unix time since when they differ */
	bool stale;         /* as it was, not as it is */
};

struct health_report {
	enum health_verdict verdict;
	char
	    summary[HEALTH_REASON]; /* "Postgres main (live) is down: ...": the first reason of the verdict */
	struct health_check *checks; /* owned; by kind, worst first within each */
	size_t count;
	struct health_reason *reasons; /* owned; the worst first */
	size_t reason_count;
	bool more_checks;                  /* than there is room for, or files */
	struct health_position *positions; /* owned; those that differ first */
	size_t position_count;
	bool more_positions; /* than there is room for */
	size_t good_files;   /* those without a check */
	double made_at;
};

struct health_settings {
	double max_age;        /* seconds: of collectors that do not repeat by themselves */
	const char *directory; /* why the textfile directory cannot be listed; NULL when it can */
	/* Collectors that must write, "redis_latency,preflight"; "none" among them: not even those that
	 * live needs.  NULL or "": only these. */
	const char *expected;
};

/* 0, or -1: out of memory.  In both cases for health_release(). */
int health_read(const struct store *store, const struct health_settings *settings, double now,
    struct health_report *report);
void health_release(struct health_report *report);

/* The value that a share of `q` (0 to 1) of the histogram is within, as histogram_quantile() has it; NaN:
 * none. */
double health_quantile(const struct health_check *check, double q);

/*
 * The report and what is open (exporter/alerts/list.h) as one line of JSON, by
 * docs/health.schema.json.  Numbers are finite or null; strings are UTF-8
 * whatever the report holds.  The caller asks `out->failed`.
 */
struct open_alerts;
void health_json(const struct health_report *report, const struct open_alerts *alerts, struct buffer *out);

#endif /* EXPORTER_HEALTH_HEALTH_H */
