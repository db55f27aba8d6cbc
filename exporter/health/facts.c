/*
 * The first step from files to a report: each sample that a rule of the table
 * knows goes to the check that it is about.  Nothing is judged yet.  The names
 * come from the tables that the collectors publish by (contract/), so a renamed
 * family cannot silently leave the report.  The files may be anybody's, with any
 * number of samples and made-up labels: so there is a limit on checks, and where
 * two samples contradict each other, the fact becomes the worse one.  A check
 * belongs to a file: two collectors that report the same name do not mix.
 *
 * Each file is gone through twice.  Only families that a run writes anew make
 * checks; the counters and kept gauges of others stay in a file after their
 * target was removed, and must not bring it back.
 */

#include "exporter/health/facts.h"

#include <math.h>
#include <stdlib.h>

#include "common/text/array.h"
#include "contract/collector.h"
#include "contract/exchange_health.h"
#include "contract/open_positions.h"
#include "contract/preflight.h"
#include "textfile/number.h"

/*
 * How a sample's value becomes a fact, and what becomes of it when another
 * sample has said something already.  What a value cannot be is never left out
 * where that would make the fact better.
 */
enum joining {
	FLAG_LEAST, /* 0 before what is neither 0 nor 1, and 1 only where all are */
	FLAG_MOST,  /* 1 before what is neither, and 0 only where all are */
	FLAG_SAME,  /* 0 or 1 where all agree */
	OLDEST,     /* NaN is older than any time */
	COUNT_MOST, /* what is no count is +Inf */
	LEAST,      /* NaN says nothing, here and below */
	MOST,
	SUM,
	ZEROS,
	DIFFERENCES, /* all but 0, NaN too */
	BUCKETS
};

static const char *const withdraw[] = { "withdraw", NULL };
static const char *const global[] = { "global", NULL };

/* A label whose value chooses one of several facts that stand side by side, by the first of them. */
static const struct choice {
	const char *label; /* NULL: there is just one */
	const char *const *values;
} choices[FACTS] = {
	[FACT_FAILURES] = { "kind", failure_kind_names + 1 }, /* without "none", which no counter has */
	[FACT_STATE] = { "state", health_names },
	[FACT_READABLE] = { "source", source_names },
	[FACT_OPEN] = { "source", source_names },
	[FACT_WITHDRAW] = { "permission", withdraw },
	[FACT_CHECKS] = { "check", check_names },
	[FACT_RUN] = { "state", run_state_names },
	[FACT_GUARDS] = { "tier", guard_tier_names },
	[FACT_LOSS] = { "tier", global },
	[FACT_LOSS_LIMIT] = { "tier", global },
};

/* One row: a family, what it is about, and where its values go. */
struct rule {
	const struct family *family;
	bool makes; /* a check is there because of it */
	enum health_kind kind;
	const char *name; /* the label that names the check, or "=" and the name itself */
	enum fact fact;   /* the first of several with a choice */
	enum joining joining;
};

static const struct rule rules[] = {
	{ run_families + RUN_SUCCESS, true, KIND_COLLECTOR, "collector", FACT_UP, FLAG_LEAST },
	{ run_families + RUN_DURATION, false, KIND_COLLECTOR, "collector", FACT_DURATION, MOST },
	{ run_families + RUN_INTERVAL, false, KIND_COLLECTOR, "collector", FACT_INTERVAL, LEAST },
	{ run_families + RUN_LAST_RUN, true, KIND_COLLECTOR, "collector", FACT_LAST_RUN, OLDEST },
	{ run_families + RUN_LAST_SUCCESS, false, KIND_COLLECTOR, "collector", FACT_LAST_SUCCESS, OLDEST },
	{ run_families + RUN_FAILURES, false, KIND_COLLECTOR, "collector", FACT_FAILURES, SUM },

	{ redis_families + TARGET_UP, true, KIND_REDIS, "target", FACT_UP, FLAG_LEAST },
	{ redis_families + TARGET_LAST_SUCCESS, false, KIND_REDIS, "target", FACT_LAST_SUCCESS, OLDEST },
	{ redis_families + TARGET_FAILURES, false, KIND_REDIS, "target", FACT_FAILURES, SUM },
	{ redis_families + TARGET_LATENCY, false, KIND_REDIS, "target", 0, BUCKETS },

	{ postgres_families + TARGET_UP, true, KIND_POSTGRES, "target", FACT_UP, FLAG_LEAST },
	{ postgres_families + TARGET_LAST_SUCCESS, false, KIND_POSTGRES, "target", FACT_LAST_SUCCESS,
	    OLDEST },
	{ postgres_families + TARGET_FAILURES, false, KIND_POSTGRES, "target", FACT_FAILURES, SUM },
	{ postgres_families + CONNECTIONS, false, KIND_POSTGRES, "target", FACT_CONNECTIONS, MOST },
	{ postgres_families + CONNECTIONS_MAX, false, KIND_POSTGRES, "target", FACT_CONNECTIONS_MAX, LEAST },
	{ postgres_families + TARGET_LATENCY, false, KIND_POSTGRES, "target", 0, BUCKETS },

	{ exchange_families + EXCHANGE_UP, true, KIND_EXCHANGE, "exchange", FACT_UP, FLAG_LEAST },
	{ exchange_families + EXCHANGE_STATE, true, KIND_EXCHANGE, "exchange", FACT_STATE, FLAG_SAME },
	{ exchange_families + EXCHANGE_LAST_SUCCESS, false, KIND_EXCHANGE, "exchange", FACT_LAST_SUCCESS,
	    OLDEST },
	{ exchange_families + EXCHANGE_BANNED_UNTIL, false, KIND_EXCHANGE, "exchange", FACT_BANNED_UNTIL,
	    MOST },
	{ exchange_families + EXCHANGE_RETRY_AT, false, KIND_EXCHANGE, "exchange", FACT_RETRY_AT, MOST },
	{ exchange_families + EXCHANGE_FAILED_RUNS, false, KIND_EXCHANGE, "exchange", FACT_FAILED_RUNS,
	    MOST },
	{ exchange_families + EXCHANGE_ERROR_RATIO, false, KIND_EXCHANGE, "exchange", FACT_ERROR_RATIO,
	    MOST },
	{ exchange_families + EXCHANGE_TRADABLE, false, KIND_EXCHANGE, "exchange", FACT_HALTED, ZEROS },
	{ exchange_families + EXCHANGE_CLOCK_SKEW, false, KIND_EXCHANGE, "exchange", FACT_SKEW, MOST },
	{ exchange_families + EXCHANGE_CLOCK_ERROR, false, KIND_EXCHANGE, "exchange", FACT_SKEW_ERROR,
	    LEAST },
	{ exchange_families + EXCHANGE_CERTIFICATE_EXPIRY, false, KIND_EXCHANGE, "exchange", FACT_CERTIFICATE,
	    LEAST },
	{ exchange_families + EXCHANGE_REQUEST_FAILURES, false, KIND_EXCHANGE, "exchange", FACT_FAILURES,
	    SUM },
	{ exchange_families + EXCHANGE_REQUEST_DURATION, false, KIND_EXCHANGE, "exchange", 0, BUCKETS },

	{ open_families + OPEN_READABLE, true, KIND_POSITIONS, "exchange", FACT_READABLE, FLAG_LEAST },
	{ open_families + OPEN_COUNT, true, KIND_POSITIONS, "exchange", FACT_OPEN, COUNT_MOST },
	{ open_families + OPEN_MISMATCH, true, KIND_POSITIONS, "exchange", FACT_MISMATCHES, DIFFERENCES },
	{ open_families + OPEN_MISMATCH_SINCE, false, KIND_POSITIONS, "exchange", FACT_DIFFER_SINCE, LEAST },
	{ open_families + OPEN_LAST_SUCCESS, false, KIND_POSITIONS, "exchange", FACT_LAST_SUCCESS, OLDEST },
	{ open_families + OPEN_FAILURES, false, KIND_POSITIONS, "exchange", FACT_FAILURES, SUM },
	{ open_families + OPEN_RETRY_AT, false, KIND_POSITIONS, "exchange", FACT_RETRY_AT, MOST },
	{ open_families + OPEN_TRADING_LOCKED, false, KIND_POSITIONS, "exchange", FACT_LOCKED, FLAG_MOST },
	{ open_families + OPEN_KEY_PERMISSION, false, KIND_POSITIONS, "exchange", FACT_WITHDRAW, FLAG_MOST },
	{ open_families + OPEN_KEY_EXPIRY, false, KIND_POSITIONS, "exchange", FACT_KEY, LEAST },
	/* A check called by its currency. */
	{ open_families + OPEN_EXPOSURE_KNOWN, true, KIND_POSITIONS, "currency", FACT_EXPOSURE, FLAG_LEAST },
	/* Not about an exchange: this makes a check of its own, called "engine". */
	{ open_families + OPEN_UNKNOWN_ROWS, true, KIND_POSITIONS, "=engine", FACT_UNKNOWN_ROWS, COUNT_MOST },

	{ preflight_families + PREFLIGHT_READY_FOR_LIVE, true, KIND_PREFLIGHT, "=preflight", FACT_UP,
	    FLAG_LEAST },
	{ preflight_families + PREFLIGHT_LAST_SUCCESS, true, KIND_PREFLIGHT, "=preflight", FACT_PASSED,
	    FLAG_LEAST },
	{ preflight_families + PREFLIGHT_LAST_VERDICT, true, KIND_PREFLIGHT, "=preflight", FACT_VERDICT_AT,
	    OLDEST },
	/* A run of some checks alone counts here, too, and has no verdict: only that it was made is taken. */
	{ preflight_families + PREFLIGHT_CHECKS, true, KIND_PREFLIGHT, "=preflight", 0, BUCKETS },
	{ preflight_families + PREFLIGHT_CHECK_STATE, false, KIND_PREFLIGHT, "=preflight", FACT_CHECKS,
	    COUNT_MOST },
	{ preflight_families + PREFLIGHT_DURATION, false, KIND_PREFLIGHT, "=preflight", 0, BUCKETS },

	{ engine_families + ENGINE_UP, true, KIND_ENGINE, "engine", FACT_UP, FLAG_LEAST },
	{ engine_families + ENGINE_HEARTBEAT, false, KIND_ENGINE, "engine", FACT_HEARTBEAT, OLDEST },
	{ engine_families + ENGINE_RUN_STATE, false, KIND_ENGINE, "engine", FACT_RUN, FLAG_MOST },
	{ engine_families + ENGINE_GUARD_STATE, false, KIND_ENGINE, "engine", FACT_GUARDS, MOST },
	{ engine_families + ENGINE_DAILY_LOSS, false, KIND_ENGINE, "engine", FACT_LOSS, MOST },
	{ engine_families + ENGINE_DAILY_LOSS_LIMIT, false, KIND_ENGINE, "engine", FACT_LOSS_LIMIT, LEAST },
	{ engine_families + ENGINE_LOOP_DURATION, false, KIND_ENGINE, "engine", 0, BUCKETS },
};

void
facts_release(struct facts *facts)
{
	free(facts->checks);
	*facts = (struct facts){ 0 };
}

struct slice
facts_label(const struct document *document, const struct sample *sample, const char *name)
{
	const struct label *label = document_label(document, sample, name);

	return label != NULL ? label->value : (struct slice){ "", 0 };
}

/* From the end: while a file is read, its checks are the last ones. */
struct facts_check *
facts_find(const struct facts *facts, enum health_kind kind, size_t file, struct slice name, struct slice env)
{
	for (size_t i = facts->count; i-- > 0;) {
		struct facts_check *check = &facts->checks[i];

		if (check->kind == kind && check->file == file && slice_equal(check->name, name) &&
		    slice_equal(check->env, env))
			return check;
	}
	return NULL;
}

/* Find it or make it: 0, with NULL when it is not there or there is no room for it; -1: out of memory. */
static int
check_for(struct facts *facts, const struct facts_check *wanted, bool make, struct facts_check **check)
{
	struct facts_check *moved;

	*check = facts_find(facts, wanted->kind, wanted->file, wanted->name, wanted->env);
	if (*check != NULL || !make)
		return 0;
	if (facts->count == HEALTH_CHECKS) {
		facts->more = true;
		return 0;
	}
	moved = array_reserve(facts->checks, &facts->room, facts->count + 1, sizeof(*moved));
	if (moved == NULL)
		return -1;
	facts->checks = moved;
	*check = &moved[facts->count++];
	**check = *wanted;
	for (size_t i = 0; i < FACTS; i++)
		(*check)->facts[i] = NAN;
	return 0;
}

/* A flag that is neither 0 nor 1: between the two, so that it is never the better one. */
static const double neither = 0.5;

/* The value in the form that its fact has; NaN: it says nothing. */
static double
normal(enum joining joining, double value)
{
	switch (joining) {
	case FLAG_LEAST:
	case FLAG_MOST:
	case FLAG_SAME: return value == 0 || value == 1 ? value : neither;
	/* A value that cannot be must not make the fact better: a
	 * time counts as the oldest, a count as endless. */
	case OLDEST: return isnan(value) ? -INFINITY : value;
	case COUNT_MOST: return value >= 0 ? value : INFINITY;
	case DIFFERENCES: return value != 0 ? 1 : 0;
	case ZEROS: return isnan(value) ? NAN : value == 0 ? 1 : 0;
	default: return value;
	}
}

static void
join(double *fact, enum joining joining, double value)
{
	if (isnan(*fact)) {
		*fact = value;
		return;
	}
	switch (joining) {
	case FLAG_LEAST:
	case OLDEST:
	case LEAST: *fact = value < *fact ? value : *fact; break;
	case FLAG_MOST:
	case COUNT_MOST:
	case MOST: *fact = value > *fact ? value : *fact; break;
	case FLAG_SAME: *fact = *fact == value ? value : neither; break;
	case SUM:
	case ZEROS:
	case DIFFERENCES: *fact += value; break;
	case BUCKETS: break;
	}
}

/* Which of the facts that the rule fills the sample is about, or -1. */
static int
fact_of(const struct rule *rule, const struct document *document, const struct sample *sample)
{
	const struct choice *choice = &choices[rule->fact];
	struct slice value;
	int i = 0;

	if (choice->label == NULL)
		return (int)rule->fact;
	value = facts_label(document, sample, choice->label);
	while (choice->values[i] != NULL && !slice_is(value, choice->values[i]))
		i++;
	/* A state that we do not know is a state, too: FACT_STATE_OTHER. */
	return choice->values[i] != NULL || rule->fact == FACT_STATE ? (int)rule->fact + i : -1;
}

static void
take_value(struct facts_check *check, const struct rule *rule, const struct document *document,
    const struct sample *sample)
{
	double value = number_value(sample->value), normalised = normal(rule->joining, value);
	int fact = fact_of(rule, document, sample);
	bool larger;

	if (rule->joining == BUCKETS && sample->part == PART_BUCKET) {
		struct slice bound = facts_label(document, sample, "le");

		histogram_add(&check->histogram, number_valid(bound) ? number_value(bound) : NAN, value);
	}
	if (rule->joining == BUCKETS || fact < 0 || isnan(normalised) || sample->part != PART_VALUE)
		return;
	join(&check->facts[fact], rule->joining, normalised);
	if (rule->joining != DIFFERENCES)
		return;
	/* Remember the largest mismatch; where no size is known, at least a symbol. */
	larger = fabs(value) > fabs(check->worst);
	if (larger || (isnan(value) && check->worst == 0))
		check->worst_symbol = facts_label(document, sample, "symbol");
	if (larger)
		check->worst = value;
}

/* Go through the samples once: those of families that make checks, or the others. */
static int
take_all(struct facts *facts, const struct rule *const of_family[], const struct document *document,
    size_t file, bool make)
{
	for (size_t i = 0; i < document->sample_count; i++) {
		const struct sample *sample = &document->samples[i];
		const struct rule *rule = of_family[sample->family];
		struct facts_check wanted = { .file = file }, *check;

		if (rule == NULL || rule->makes != make)
			continue;
		wanted.kind = rule->kind;
		wanted.name =
		    rule->name[0] == '=' ? SLICE(rule->name + 1) : facts_label(document, sample, rule->name);
		wanted.env = facts_label(document, sample, "env");
		if (check_for(facts, &wanted, make, &check) == -1)
			return -1;
		if (check != NULL)
			take_value(check, rule, document, sample);
	}
	return 0;
}

/* If the engine's positions could be read, the file must also say how many of them are at exchanges
 * that are not configured, even if it is 0.  Where it does not, the number is unknown: +Inf. */
static int
expect_rows(struct facts *facts, size_t begin, size_t file)
{
	struct facts_check wanted = { .kind = KIND_POSITIONS, .file = file, .name = SLICE("engine") }, *check;

	for (size_t i = begin, end = facts->count; i < end; i++) {
		if (facts->checks[i].kind != KIND_POSITIONS || facts->checks[i].facts[FACT_READABLE + 1] != 1)
			continue;
		wanted.env = facts->checks[i].env;
		if (check_for(facts, &wanted, true, &check) == -1)
			return -1;
		if (check != NULL)
			join(&check->facts[FACT_UNKNOWN_ROWS], LEAST, INFINITY);
	}
	return 0;
}

int
facts_read(struct facts *facts, const struct store_file *file, size_t index)
{
	const struct document *document = &file->document;
	const struct rule **of_family;
	size_t begin = facts->count;
	int status;

	if (document->family_count == 0)
		return 0;
	of_family = calloc(document->family_count, sizeof(struct rule *));
	if (of_family == NULL)
		return -1;
	/* By family and not by sample: there may be a million samples. */
	for (size_t i = 0; i < document->family_count; i++)
		for (size_t k = 0; k < sizeof(rules) / sizeof(rules[0]); k++)
			if (slice_is(document->families[i].name, rules[k].family->name))
				of_family[i] = &rules[k];
	status = take_all(facts, of_family, document, index, true);
	if (status == 0)
		status = take_all(facts, of_family, document, index, false);
	if (status == 0)
		status = expect_rows(facts, begin, index);
	free(of_family);
	return status;
}
