#include <math.h>
#include <string.h>

#include "textfile/decode.h"
#include "textfile/number.h"

enum { PACKED = FAMILY_LABELS * (FAMILY_LABEL_VALUE + 1) };

static const uint64_t not_seen = UINT64_MAX;
static const double largest_count =
    9007199254740992.0; /* 2^53: whole numbers of a double are exact up to here */

/* The family of `m` with that name, or the number of families. */
static size_t
family_named(const struct metrics *m, struct slice name)
{
	size_t i = 0;

	while (i < metrics_family_count(m) && !slice_is(name, metrics_family(m, i)->name))
		i++;
	return i;
}

static bool
is_type(enum metric_type ours, enum sample_type theirs)
{
	return (ours == METRIC_COUNTER && theirs == SAMPLE_COUNTER) ||
	       (ours == METRIC_GAUGE && theirs == SAMPLE_GAUGE) ||
	       (ours == METRIC_HISTOGRAM && theirs == SAMPLE_HISTOGRAM);
}

/* The sample's label values in the family's order.  Their packed length, or -1 if the keys are not the
 * family's. */
static long
pack_labels(const struct family *family, const struct document *d, const struct sample *sample, char *packed)
{
	long length = 0;
	size_t keys = 0;

	for (; family->labels[keys] != NULL; keys++) {
		const struct label *label = document_label(d, sample, family->labels[keys]);
		long size = label != NULL
				? label_unescape(label->value, packed + length, FAMILY_LABEL_VALUE + 1)
				: -1;

		if (size < 0)
			return -1;
		length += size + 1;
	}
	/* env, and le on a bucket */
	keys += sample->part == PART_BUCKET ? 2 : 1;
	return keys == sample->label_count ? length : -1;
}

static bool
is_count(double value)
{
	return value >= 0 && value <= largest_count && value == (double)(uint64_t)value;
}

/* The bucket whose bound `le` names; one past the last for +Inf; -1 for none. */
static long
bucket_of(const struct family *family, const struct label *le)
{
	double bound;

	if (le == NULL || !number_valid(le->value))
		return -1;
	bound = number_value(le->value);
	for (size_t i = 0; i < family->bound_count; i++)
		if (family->bounds[i] == bound)
			return (long)i;
	return isinf(bound) && bound > 0 ? (long)family->bound_count : -1;
}

/* Counts stay cumulative until all lines were read. */
static bool
read_histogram_line(
    const struct family *family, const struct document *d, const struct sample *sample, struct series *s)
{
	double value = number_value(sample->value);
	long bucket;

	switch (sample->part) {
	case PART_SUM: s->value = value; return isfinite(value) && value >= 0;
	case PART_COUNT: return is_count(value) && (uint64_t)value == s->counts[family->bound_count];
	case PART_BUCKET:
		bucket = bucket_of(family, document_label(d, sample, "le"));
		if (bucket < 0 || !is_count(value))
			return false;
		s->counts[bucket] = (uint64_t)value;
		return true;
	default: return false;
	}
}

static bool
read_sample(struct metrics *m, size_t index, const struct document *d, const struct sample *sample)
{
	const struct family *family = metrics_family(m, index);
	const struct label *env = document_label(d, sample, "env");
	size_t before = metrics_series_count(m, index);
	char packed[PACKED];
	struct series *s;
	long length;

	if (env != NULL && !slice_is(env->value, metrics_env(m)))
		return true;
	length = env != NULL ? pack_labels(family, d, sample, packed) : -1;
	s = length >= 0 ? metrics_need(m, index, packed, (size_t)length) : NULL;
	if (s == NULL)
		return false;
	if (family->type != METRIC_HISTOGRAM) {
		s->value = number_value(sample->value);
		return sample->part == PART_VALUE &&
		       (family->type != METRIC_COUNTER || (isfinite(s->value) && s->value >= 0));
	}
	if (metrics_series_count(m, index) > before) {
		s->value = NAN;
		for (size_t i = 0; i <= family->bound_count; i++)
			s->counts[i] = not_seen;
	}
	return read_histogram_line(family, d, sample, s);
}

/* From cumulative counts to counts per bucket.  False: a line is missing, or the counts go down. */
static bool
settle_histogram(const struct family *family, struct series *s)
{
	uint64_t below = 0;

	for (size_t i = 0; i <= family->bound_count; i++) {
		uint64_t cumulative = s->counts[i];

		if (cumulative == not_seen || cumulative < below)
			return false;
		s->counts[i] = cumulative - below;
		below = cumulative;
	}
	return !isnan(s->value);
}

static bool
settle_family(struct metrics *m, size_t index)
{
	const struct family *family = metrics_family(m, index);
	bool whole = true;

	for (size_t i = 0; family->type == METRIC_HISTOGRAM && i < metrics_series_count(m, index); i++)
		whole = settle_histogram(family, metrics_series_at(m, index, i)) && whole;
	return whole;
}

void
decode(struct metrics *m, const struct document *document, bool misfit[])
{
	size_t count = metrics_family_count(m), last = document->family_count, ours = count;

	memset(misfit, 0, count * sizeof(*misfit));
	for (size_t i = 0; i < document->sample_count; i++) {
		const struct sample *sample = &document->samples[i];
		const struct parsed_family *theirs = &document->families[sample->family];

		/* Samples of a family follow each other: it is looked up once. */
		if (sample->family != last)
			ours = family_named(m, theirs->name);
		last = sample->family;
		if (ours < count && !misfit[ours])
			misfit[ours] = !is_type(metrics_family(m, ours)->type, theirs->type) ||
				       !read_sample(m, ours, document, sample);
	}
	for (size_t i = 0; i < count; i++) {
		misfit[i] = misfit[i] || !settle_family(m, i);
		if (misfit[i])
			metrics_clear_family(m, i);
	}
}
