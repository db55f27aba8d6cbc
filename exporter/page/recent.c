/*
 * Of each check two samples are kept: the newer one becomes the older one when
 * it is five minutes of runs old.  Nobody asks for a report at fixed times, so
 * it is the time of the runs that counts, and not that of the questions.
 */

#include "exporter/page/recent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double period = 300;

struct latencies {
	double at; /* Unix time of the run, or NaN */
	double counts[HEALTH_BUCKETS];
};

struct past {
	struct health_check of; /* which check it is, and its bounds */
	struct latencies older, newer;
};

struct recent {
	struct past *pasts[HEALTH_CHECKS];
	size_t count, next; /* next: which one gives way to a new one when all are taken */
};

struct recent *
recent_new(void)
{
	return calloc(1, sizeof(struct recent));
}

void
recent_free(struct recent *recent)
{
	for (size_t i = 0; recent != NULL && i < recent->count; i++)
		free(recent->pasts[i]);
	free(recent);
}

static bool
same_check(const struct health_check *a, const struct health_check *b)
{
	return a->kind == b->kind && strcmp(a->name, b->name) == 0 && strcmp(a->env, b->env) == 0 &&
	       strcmp(a->file, b->file) == 0;
}

/* NULL: out of memory. */
static struct past *
past_of(struct recent *recent, const struct health_check *check)
{
	struct past *past;

	for (size_t i = 0; i < recent->count; i++)
		if (same_check(&recent->pasts[i]->of, check))
			return recent->pasts[i];
	past = recent->count < HEALTH_CHECKS ? calloc(1, sizeof(*past)) : recent->pasts[recent->next];
	if (past == NULL)
		return NULL;
	if (recent->count < HEALTH_CHECKS)
		recent->pasts[recent->count++] = past;
	else
		recent->next = (recent->next + 1) % HEALTH_CHECKS;
	/* Without buckets: it is the past of nothing yet. */
	past->of = *check;
	past->of.buckets = 0;
	return past;
}

/* Whether the counters only grew since, in the same buckets. */
static bool
continues(const struct past *past, const struct health_check *check)
{
	if (past->of.buckets != check->buckets || check->last_run < past->newer.at)
		return false;
	for (size_t i = 0; i < check->buckets; i++)
		if (past->of.bounds[i] != check->bounds[i] || check->counts[i] < past->newer.counts[i])
			return false;
	return true;
}

static void
apply(struct recent *recent, struct health_check *check)
{
	struct past *past = past_of(recent, check);
	struct latencies now = { .at = check->last_run };
	double total = 0;

	if (past == NULL)
		return;
	memcpy(now.counts, check->counts, sizeof(now.counts));
	if (!continues(past, check)) {
		memcpy(past->of.bounds, check->bounds, sizeof(check->bounds));
		past->of.buckets = check->buckets;
		past->older = past->newer = now;
	}
	for (size_t i = 0; i < check->buckets; i++)
		total += now.counts[i] - past->older.counts[i];
	if (past->older.at < now.at) {
		for (size_t i = 0; i < check->buckets; i++)
			check->counts[i] -= past->older.counts[i];
		/* Nothing was measured: what is down has no latency, and not that of better days. */
		check->buckets = total > 0 ? check->buckets : 0;
		/* A collector's own duration is of its last run already. */
		if (check->kind != KIND_COLLECTOR)
			check->duration = health_quantile(check, 0.5);
	}
	if (now.at - past->newer.at >= period) {
		past->older = past->newer;
		past->newer = now;
	}
}

void
recent_apply(struct recent *recent, struct health_report *report)
{
	for (size_t i = 0; i < report->count; i++)
		if (report->checks[i].buckets > 0 && !isnan(report->checks[i].last_run))
			apply(recent, &report->checks[i]);
}
