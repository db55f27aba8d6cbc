/*
 * The first step from files to a report: each sample that a rule in families.c
 * knows goes to the check that it is about.  Nothing is judged yet.  The files
 * may be anybody's, with any number of samples and made-up labels.  So each
 * kind of check has its own share of the room, the table of hashes cannot
 * grow, and its key is random; and where two samples contradict each other,
 * the fact becomes the worse one.  A check belongs to a file: two collectors
 * that report the same name do not mix.
 *
 * Each file is gone through twice.  Only some families make checks; the
 * counters and kept gauges of others stay in a file after their target was
 * removed, and must not bring it back.
 */

#include "exporter/health/families.h"

#include <math.h>
#include <stdlib.h>

#include "common/text/array.h"
#include "textfile/number.h"

/* How many checks of a kind there is room for: together
 * HEALTH_CHECKS, so that no kind can crowd out another. */
static const size_t shares[HEALTH_KINDS] = {
	[KIND_COLLECTOR] = 64,
	[KIND_REDIS] = 64,
	[KIND_POSTGRES] = 64,
	[KIND_EXCHANGE] = 128,
	[KIND_POSITIONS] = 128,
	[KIND_PREFLIGHT] = 16,
	[KIND_FILE] = 48,
};

void
facts_init(struct facts *facts)
{
	*facts = (struct facts){ .key = hash_key_new() };
}

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

/* The slot of the check, or the free one where it would be: there are twice as many slots as checks. */
static size_t
slot_of(const struct facts *facts, enum health_kind kind, size_t file, struct slice name, struct slice env)
{
	uint64_t hash = hash_text(facts->key, name.at, name.length);
	size_t slot;

	hash = hash_mix(facts->key, hash, hash_text(facts->key, env.at, env.length));
	hash = hash_mix(facts->key, hash, (uint64_t)file * HEALTH_KINDS + kind);
	for (slot = hash % (2 * HEALTH_CHECKS); facts->slots[slot] != 0;
	     slot = (slot + 1) % (2 * HEALTH_CHECKS)) {
		const struct facts_check *check = &facts->checks[facts->slots[slot] - 1];

		if (check->kind == kind && check->file == file && slice_equal(check->name, name) &&
		    slice_equal(check->env, env))
			break;
	}
	return slot;
}

const struct facts_check *
facts_find(const struct facts *facts, enum health_kind kind, size_t file, struct slice name, struct slice env)
{
	size_t slot = slot_of(facts, kind, file, name, env);

	return facts->slots[slot] != 0 ? &facts->checks[facts->slots[slot] - 1] : NULL;
}

/* Find it or make it: 0, with NULL when it is not there or its kind has no room left; -1: out of memory. */
static int
check_for(struct facts *facts, const struct facts_check *wanted, bool make, struct facts_check **check)
{
	size_t slot = slot_of(facts, wanted->kind, wanted->file, wanted->name, wanted->env);
	struct facts_check *moved;

	*check = NULL;
	if (facts->slots[slot] == 0) {
		if (!make)
			return 0;
		if (facts->of_kind[wanted->kind] >= shares[wanted->kind]) {
			facts->more[wanted->kind] = true;
			return 0;
		}
		moved = array_reserve(facts->checks, &facts->room, facts->count + 1, 0, sizeof(*moved));
		if (moved == NULL)
			return -1;
		facts->checks = moved;
		moved[facts->count] = *wanted;
		for (size_t i = 0; i < FACTS; i++)
			moved[facts->count].facts[i] = NAN;
		facts->of_kind[wanted->kind]++;
		facts->slots[slot] = (uint16_t)++facts->count;
	}
	*check = &facts->checks[facts->slots[slot] - 1];
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
fact_of(const struct family_rule *rule, const struct document *document, const struct sample *sample)
{
	struct slice value;
	int i = 0;

	if (rule->only != NULL && !slice_is(facts_label(document, sample, "status"), rule->only))
		return -1;
	if (rule->choices == NULL)
		return (int)rule->fact;
	value = facts_label(document, sample, rule->label);
	while (rule->choices[i] != NULL && !slice_is(value, rule->choices[i]))
		i++;
	/* A state that we do not know is a state, too: FACT_STATE_OTHER. */
	return rule->choices[i] != NULL || rule->fact == FACT_STATE ? (int)rule->fact + i : -1;
}

static void
take_bucket(struct histogram *histogram, const struct document *document, const struct sample *sample)
{
	struct slice bound = facts_label(document, sample, "le");

	if (sample->part != PART_BUCKET)
		return;
	if (number_valid(bound))
		histogram_add(histogram, number_value(bound), number_value(sample->value));
	else
		histogram->odd = true;
}

/* Remember the largest mismatch; where no size is known, at least a symbol. */
static void
take_difference(
    struct facts_check *check, const struct document *document, const struct sample *sample, double value)
{
	bool larger = fabs(value) > fabs(check->worst);

	if (larger)
		check->worst = value;
	if (larger || (isnan(value) && check->worst == 0))
		check->worst_symbol = facts_label(document, sample, "symbol");
}

static void
take_value(struct facts_check *check, const struct family_rule *rule, const struct document *document,
    const struct sample *sample)
{
	double value = number_value(sample->value), normalised = normal(rule->joining, value);
	int fact = fact_of(rule, document, sample);

	if (rule->joining == BUCKETS) {
		take_bucket(&check->histogram, document, sample);
	} else if (fact >= 0 && !isnan(normalised) && sample->part == PART_VALUE) {
		join(&check->facts[fact], rule->joining, normalised);
		if (rule->joining == DIFFERENCES)
			take_difference(check, document, sample, value);
	}
}

static int
take(struct facts *facts, const struct family_rule *rule, const struct document *document,
    const struct sample *sample, size_t file)
{
	struct facts_check wanted = { .kind = rule->kind, .file = file }, *check;

	wanted.name =
	    rule->name[0] == '=' ? SLICE(rule->name + 1) : facts_label(document, sample, rule->name);
	wanted.env = facts_label(document, sample, "env");
	if (check_for(facts, &wanted, rule->makes, &check) == -1)
		return -1;
	if (check != NULL)
		take_value(check, rule, document, sample);
	return 0;
}

/* Go through the samples once: those of families that make checks, or the others. */
static int
take_all(struct facts *facts, const struct family_rule *const of_family[], const struct document *document,
    size_t file, bool make)
{
	int status = 0;

	for (size_t i = 0; i < document->sample_count && status == 0; i++) {
		const struct sample *sample = &document->samples[i];
		const struct family_rule *rule = of_family[sample->family];

		if (rule != NULL && rule->makes == make)
			status = take(facts, rule, document, sample, file);
	}
	return status;
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
	const struct family_rule **of_family;
	size_t begin = facts->count;
	int status;

	if (document->family_count == 0)
		return 0;
	of_family = calloc(document->family_count, sizeof(struct family_rule *));
	if (of_family == NULL)
		return -1;
	/* By family and not by sample: there may be a million samples. */
	for (size_t i = 0; i < document->family_count; i++)
		of_family[i] = family_rule_of(document->families[i].name);
	status = take_all(facts, of_family, document, index, true);
	if (status == 0)
		status = take_all(facts, of_family, document, index, false);
	if (status == 0)
		status = expect_rows(facts, begin, index);
	free(of_family);
	return status;
}
