/*
 * The verdict, from checks that are judged already.  docs/health.md has the
 * rules; the order of the branches in health_decide() is their order.  What
 * cannot be known counts as the worst it may be: checks that there was no room
 * for (`more_grave`) make the whole unhealthy if their kind can.
 *
 * The summary names the check that decides, since an operator reads this line
 * first: grave ones first, then by what hurts most.
 */

#include <string.h>

#include "exporter/health/rules.h"
#include "exporter/health/text.h"

const char *
health_status_name(enum health_status status)
{
	static const char *const names[] = { "ok", "warn", "fail" };

	return names[status];
}

const char *
health_verdict_name(enum health_verdict verdict)
{
	static const char *const names[] = { "healthy", "degraded", "unhealthy" };

	return names[verdict];
}

const char *
health_kind_name(enum health_kind kind)
{
	static const char *const names[HEALTH_KINDS] = { "collector", "redis", "postgres", "exchange",
		"positions", "preflight", "file" };

	return names[kind];
}

/* Files of programs whose worst news would only degrade the whole, so a broken one cannot hide worse. */
static bool
is_harmless(const char *file)
{
	return strcmp(file, "redis_latency.prom") == 0 || strcmp(file, "exchange_health.prom") == 0;
}

bool
health_kind_grave(enum health_kind kind)
{
	return kind == KIND_POSTGRES || kind == KIND_POSITIONS || kind == KIND_PREFLIGHT || kind == KIND_FILE;
}

bool
health_grave(const struct health_check *check)
{
	return check->status == HEALTH_FAIL && health_kind_grave(check->kind) &&
	       !(check->kind == KIND_FILE && is_harmless(check->name));
}

/* The check that the summary names: one that alone decides the verdict, in the order of what hurts most. */
static const struct health_check *
first_reason(const struct health_report *report)
{
	static const enum health_kind order[HEALTH_KINDS] = { KIND_POSTGRES, KIND_POSITIONS, KIND_PREFLIGHT,
		KIND_REDIS, KIND_EXCHANGE, KIND_COLLECTOR, KIND_FILE };

	for (int graves = 1; graves >= 0; graves--)
		for (size_t k = 0; k < HEALTH_KINDS; k++)
			for (size_t i = 0; i < report->count; i++) {
				const struct health_check *check = &report->checks[i];

				if (check->kind == order[k] && check->status != HEALTH_OK &&
				    (graves == 0 || health_grave(check)))
					return check;
			}
	return NULL;
}

static void
summarize_check(const struct health_check *check, size_t others, struct words *words)
{
	static const char *const titles[HEALTH_KINDS] = { "Collector", "Redis", "Postgres", "Exchange",
		"Positions at", "Preflight", "File" };
	/* There is one preflight per file: its name would say nothing. */
	bool named = check->kind != KIND_PREFLIGHT;
	char reason[HEALTH_REASON / 2]; /* room is left for what follows */

	words_add(words, "%s%s%s", titles[check->kind], named ? " " : "", named ? check->name : "");
	if (check->env[0] != '\0')
		words_add(words, " (%s)", check->env);
	words_add(words, ": %s", check->state);
	words_clean(SLICE(check->reason), reason, sizeof(reason));
	if (reason[0] != '\0')
		words_add(words, ", %s", reason);
	if (others > 0)
		words_add(words, "; and %zu more", others);
}

static bool
has_collector(const struct health_report *report)
{
	for (size_t i = 0; i < report->count; i++)
		if (report->checks[i].kind == KIND_COLLECTOR)
			return true;
	return false;
}

static void
summarize_collectors(const struct health_report *report, double newest_run, struct words *words)
{
	char age[WORDS_TIME];

	if (!has_collector(report)) {
		words_add(words, "No collector has written anything");
		return;
	}
	words_duration(report->made_at - newest_run, age);
	words_add(words, "No collector is fresh");
	if (age[0] != '\0')
		words_add(words, ": the last run of any was %s ago", age);
}

void
health_decide(struct health_report *report, const char *directory, size_t fresh, double newest_run)
{
	struct words words = words_start(report->summary, sizeof(report->summary));
	const struct health_check *reason = first_reason(report);
	size_t bad = 0;

	for (size_t i = 0; i < report->count; i++)
		bad += report->checks[i].status != HEALTH_OK ? 1 : 0;
	report->verdict = VERDICT_UNHEALTHY;
	/* A reason that only degrades is passed over where checks without room may be grave. */
	if (directory != NULL) {
		words_add(&words, "The textfile directory cannot be read: %s", directory);
	} else if (fresh == 0) {
		summarize_collectors(report, newest_run, &words);
	} else if (reason != NULL && (health_grave(reason) || !report->more_grave)) {
		report->verdict = health_grave(reason) ? VERDICT_UNHEALTHY : VERDICT_DEGRADED;
		summarize_check(reason, bad - 1, &words);
	} else if (report->more_checks) {
		report->verdict = report->more_grave ? VERDICT_UNHEALTHY : VERDICT_DEGRADED;
		words_add(&words, "There are more checks or files than there is room for%s",
		    report->more_grave ? ", and any of them may be bad" : "");
	} else {
		report->verdict = VERDICT_HEALTHY;
		words_add(&words, "All checks are ok: %zu", report->count);
	}
}
