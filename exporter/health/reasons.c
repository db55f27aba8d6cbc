/*
 * From checks to reasons, by the table in contract/reasons.h.  A check says by itself what is wrong with it;
 * here is what only shows when all are seen: that too few exchanges are left, that no collector has run, or
 * that one is missing. prometheus/rules/verdict.yml does the same in the same order, and a test compares the
 * two.
 *
 * One cause is one reason: what follows from another reason is left out, and two files that say the same say
 * it once.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/array.h"
#include "exporter/health/rules.h"
#include "exporter/health/text.h"

#define BIT(rule) (UINT64_C(1) << (rule))

static const uint64_t unusable = BIT(REASON_EXCHANGE_BANNED) | BIT(REASON_EXCHANGE_DOWN) |
				 BIT(REASON_EXCHANGE_FROZEN) | BIT(REASON_EXCHANGE_MAINTENANCE) |
				 BIT(REASON_EXCHANGE_UNKNOWN);
static const uint64_t unreachable = BIT(REASON_POSITIONS_UNREADABLE) | BIT(REASON_ACCOUNT_LOCKED);

struct reasons {
	struct health_report *report;
	size_t room;
	bool failed;
};

static void
name_it(const struct health_check *check, enum reason_rule rule, struct health_reason *reason)
{
	const char *what = reason_texts[rule].what, *name = strchr(what, '%');
	struct words words = words_start(reason->what, sizeof(reason->what));
	bool of_file = rule == REASON_COLLECTOR_STALE && check->kind != KIND_COLLECTOR;

	if (name == NULL) {
		words_add(&words, "%s", what);
		return;
	}
	words_add(&words, "%.*s%s", of_file ? 0 : (int)(name - what), what, of_file ? "file " : "");
	words_add(&words, "%s%s", of_file ? check->file : check->name, name + 1);
	if (rule == REASON_POSITIONS_DIFFER)
		words_add(&words, " %s", check->symbol);
}

/* When it was last known to be good, where a file says so. */
static double
since_of(const struct health_check *check, enum reason_rule rule)
{
	switch (rule) {
	case REASON_POSTGRES_DOWN:
	case REASON_ENGINE_DOWN:
	case REASON_REDIS_DOWN:
	case REASON_EXCHANGE_DOWN:
	case REASON_EXCHANGE_BANNED:
	case REASON_EXCHANGE_MAINTENANCE:
	case REASON_POSITIONS_UNREADABLE: return check->last_success;
	case REASON_COLLECTOR_STALE: return check->last_run;
	case REASON_POSITIONS_DIFFER: return check->differ_since;
	default: return NAN;
	}
}

static const struct health_reason *
find(const struct health_report *report, enum reason_rule rule, const char *env, const char *what)
{
	for (size_t i = 0; i < report->reason_count; i++) {
		const struct health_reason *reason = &report->reasons[i];

		if (reason->rule == rule && strcmp(reason->env, env) == 0 &&
		    (what == NULL || strcmp(reason->what, what) == 0))
			return reason;
	}
	return NULL;
}

/* `check`: its index, or the count of checks.  Without one, the reason is called as the table calls it. */
static void
add(struct reasons *reasons, enum reason_rule rule, const char *env, size_t check)
{
	struct health_report *report = reasons->report;
	const struct health_check *of = check < report->count ? &report->checks[check] : NULL;
	struct health_reason reason = {
		.rule = rule, .value = reason_value(rule, env), .check = check, .since = NAN
	};
	struct health_reason *moved;
	struct words words = words_start(reason.env, sizeof(reason.env));

	words_add(&words, "%s", env);
	if (of != NULL)
		name_it(of, rule, &reason);
	else
		words_copy(SLICE(reason_texts[rule].what), false, reason.what, sizeof(reason.what));
	/* Another program's file hides nothing that forbids trading. */
	if (rule == REASON_FILE_BROKEN && of != NULL && of->status == HEALTH_WARN)
		reason.value -= 100;
	if (of != NULL)
		reason.since = since_of(of, rule);
	if (find(report, rule, env, reason.what) != NULL)
		return;
	moved = array_reserve(report->reasons, &reasons->room, report->reason_count + 1, sizeof(*moved));
	reasons->failed = reasons->failed || moved == NULL;
	if (moved == NULL)
		return;
	report->reasons = moved;
	moved[report->reason_count++] = reason;
}

/* --- Of all checks together --- */

/* Whether the check is the first of its kind and env: the one for which the env is looked at. */
static bool
is_first(const struct health_report *report, size_t index)
{
	const struct health_check *check = &report->checks[index];

	for (size_t i = 0; i < index; i++)
		if (report->checks[i].kind == check->kind && strcmp(report->checks[i].env, check->env) == 0)
			return false;
	return true;
}

static bool
can_trade_at(const struct health_report *report, const struct health_check *exchange)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct health_check *check = &report->checks[i];

		if (check->kind == KIND_POSITIONS && (check->rules & unreachable) != 0 &&
		    strcmp(check->env, exchange->env) == 0 && strcmp(check->name, exchange->name) == 0)
			return false;
	}
	return (exchange->rules & unusable) == 0;
}

/* Two are needed to trade between them, but somebody may watch a single one. */
static bool
has_few(const struct health_report *report, const char *env)
{
	size_t exchanges = 0, usable = 0;

	for (size_t i = 0; i < report->count; i++)
		if (report->checks[i].kind == KIND_EXCHANGE && strcmp(report->checks[i].env, env) == 0) {
			exchanges++;
			usable += can_trade_at(report, &report->checks[i]) ? 1 : 0;
		}
	return usable < 2 && usable < exchanges;
}

/*
 * Whether there is no collector of the env that runs; those that never wrote do not count.  Neither does
 * preflight: it runs seldom, and what it said last watches nothing.
 */
static bool
has_stopped(const struct health_report *report, const char *env)
{
	size_t collectors = 0;

	for (size_t i = 0; i < report->count; i++) {
		const struct health_check *check = &report->checks[i];

		if (check->kind != KIND_COLLECTOR || strcmp(check->env, env) != 0 ||
		    (check->rules & BIT(REASON_COLLECTOR_MISSING)) != 0 ||
		    strncmp(check->name, "preflight", 9) == 0)
			continue;
		if (strcmp(check->state, "stale") != 0)
			return false;
		collectors++;
	}
	return collectors > 0;
}

static void
add_together(struct reasons *reasons)
{
	struct health_report *report = reasons->report;
	bool any = false;

	for (size_t i = 0; i < report->count; i++) {
		const struct health_check *check = &report->checks[i];

		any = any ||
		      (check->kind == KIND_COLLECTOR && (check->rules & BIT(REASON_COLLECTOR_MISSING)) == 0);
		if (check->kind == KIND_EXCHANGE && is_first(report, i) && has_few(report, check->env))
			add(reasons, REASON_EXCHANGES_FEW, check->env, report->count);
		if (check->kind == KIND_COLLECTOR && is_first(report, i) && has_stopped(report, check->env))
			add(reasons, REASON_COLLECTORS_NONE, check->env, report->count);
	}
	if (!any)
		add(reasons, REASON_COLLECTORS_NONE, "", report->count);
	if (report->more_checks)
		add(reasons, REASON_TOO_MANY, "", report->count);
}

/* --- What follows from another reason --- */

static bool
is_explained(const struct health_report *report, const struct health_reason *reason)
{
	const char *env = reason->env;

	switch (reason->rule) {
	case REASON_COLLECTOR_STALE:
	case REASON_PREFLIGHT_STALE: return find(report, REASON_COLLECTORS_NONE, env, NULL) != NULL;
	case REASON_COLLECTOR_MISSING: return find(report, REASON_COLLECTORS_NONE, "", NULL) != NULL;
	case REASON_EXPOSURE_UNKNOWN:
		return find(report, REASON_POSITIONS_UNREADABLE, env, NULL) != NULL ||
		       find(report, REASON_ENGINE_UNREADABLE, env, NULL) != NULL;
	case REASON_COLLECTOR_FAILING:
		for (size_t i = 0; i < report->reason_count; i++)
			if (strcmp(report->reasons[i].env, env) == 0 &&
			    strcmp(reason_texts[report->reasons[i].rule].collector,
				report->checks[reason->check].name) == 0)
				return true;
		return false;
	default: return false;
	}
}

static int
compare(const void *one, const void *other)
{
	const struct health_reason *a = one, *b = other;
	int order;

	if (a->value != b->value)
		return a->value > b->value ? -1 : 1;
	order = strcmp(a->env, b->env);
	return order != 0 ? order : strcmp(a->what, b->what);
}

int
health_reasons(struct health_report *report)
{
	struct reasons reasons = { .report = report };
	size_t kept = 0;

	add_together(&reasons);
	for (size_t i = 0; i < report->count; i++)
		for (int rule = 0; rule < REASONS; rule++)
			if ((report->checks[i].rules & BIT(rule)) != 0)
				add(&reasons, (enum reason_rule)rule, report->checks[i].env, i);
	if (reasons.failed)
		return -1;
	/* A reason never explains itself, so those that explain others are still there when they are asked
	 * for. */
	for (size_t i = 0; i < report->reason_count; i++)
		if (!is_explained(report, &report->reasons[i]))
			report->reasons[kept++] = report->reasons[i];
	report->reason_count = kept;
	if (kept > 0)
		qsort(report->reasons, kept, sizeof(*report->reasons), compare);
	return 0;
}

/* --- What is missing --- */

/* Whether the report has a check of the kind and env; NULL, NULL: any. */
static bool
has(const struct health_report *report, enum health_kind kind, const char *name, const char *env)
{
	for (size_t i = 0; i < report->count; i++)
		if (report->checks[i].kind == kind &&
		    (name == NULL || strcmp(report->checks[i].name, name) == 0) &&
		    (env == NULL || strcmp(report->checks[i].env, env) == 0))
			return true;
	return false;
}

/* A broken file of the collector says that it is there. */
static void
add_missing(struct health_report *report, struct slice name, const char *env)
{
	struct health_check check = { .kind = KIND_COLLECTOR,
		.status = HEALTH_FAIL,
		.state = "missing",
		.rules = BIT(REASON_COLLECTOR_MISSING),
		.last_run = NAN,
		.last_success = NAN,
		.age = NAN,
		.interval = NAN,
		.duration = NAN,
		.reason = "it has not written its file" };
	struct words env_of = words_start(check.env, sizeof(check.env));
	struct words file = words_start(check.file, sizeof(check.file));

	words_copy(name, false, check.name, sizeof(check.name));
	words_add(&file, "%s.prom", check.name);
	words_add(&env_of, "%s", env);
	if (has(report, KIND_FILE, check.file, NULL) ||
	    (env[0] == '\0' && has(report, KIND_COLLECTOR, check.name, NULL)))
		return;
	if (report->count < HEALTH_CHECKS)
		report->checks[report->count++] = check;
	else
		report->more_checks = true;
}

/* The next name of a list with commas, which it is taken from. */
static struct slice
next_name(const char **list)
{
	size_t length = strcspn(*list, ",");
	struct slice name = { *list, length };

	*list += length + ((*list)[length] == ',');
	return name;
}

void
health_missing(const char *expected, struct health_report *report)
{
	size_t written = report->count;
	bool needs_all = true;

	for (const char *rest = expected != NULL ? expected : ""; *rest != '\0';)
		needs_all = !slice_is(next_name(&rest), "none") && needs_all;
	for (size_t i = 0; i < written && needs_all; i++) {
		const char *env = report->checks[i].env;

		if (report->checks[i].kind != KIND_COLLECTOR || strcmp(env, "paper") == 0 || env[0] == '\0' ||
		    !is_first(report, i))
			continue;
		if (!has(report, KIND_POSITIONS, NULL, env))
			add_missing(report, SLICE("open_positions"), env);
		if (!has(report, KIND_PREFLIGHT, NULL, env))
			add_missing(report, SLICE("preflight"), env);
	}
	for (const char *rest = expected != NULL ? expected : ""; *rest != '\0';) {
		struct slice name = next_name(&rest);

		if (!slice_is(name, "none") && name.length > 0)
			add_missing(report, name, "");
	}
}
