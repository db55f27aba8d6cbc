/*
 * A file may have a hundred thousand series.  So they are found by a keyed hash, which adds up the labels'
 * hashes because their order does not matter, and labels are compared one by one only where the hashes are
 * equal.
 *
 * A histogram or summary is one series written as several lines, which node_exporter puts together as it
 * likes if they do not fit.  The second half of this file checks whether they do.
 */

#include <math.h>
#include <stdlib.h>

#include "common/text/array.h"
#include "textfile/names.h"
#include "textfile/number.h"
#include "textfile/series.h"

/* A name and a value are hashed differently: a="b" and b="a" differ. */
static uint64_t
hash_name(struct hash_key key, struct slice name)
{
	return hash_mix(key, hash_text(key, name.at, name.length), key.multiplier);
}

struct series_key
series_read(
    const struct document *document, const struct sample *sample, uint32_t family, struct hash_key key)
{
	const struct label *labels = &document->labels[sample->labels];
	struct slice bound = sample_bound_label(document->families[sample->family].type);
	struct series_key series = { 0 };
	uint64_t sum = 0;

	for (size_t i = 0; i < sample->label_count; i++) {
		uint64_t name = hash_name(key, labels[i].name);

		if (slice_equal(labels[i].name, bound))
			continue;
		series.names += hash_mix(key, name, key.seed);
		if (name_reserved_label(labels[i].name))
			series.reserved = &labels[i];
		if (labels[i].value.length > 0)
			sum +=
			    hash_mix(key, hash_text(key, labels[i].value.at, labels[i].value.length), name);
	}
	series.hash = hash_mix(key, hash_mix(key, sum, family), key.seed);
	return series;
}

/* The labels that count, in the order they are written, from *index on. */
static const struct label *
next_label(const struct document *document, const struct sample *sample, struct slice bound, size_t *index)
{
	while (*index < sample->label_count) {
		const struct label *label = &document->labels[sample->labels + (*index)++];

		if (label->value.length > 0 && !slice_equal(label->name, bound))
			return label;
	}
	return NULL;
}

static bool
label_equal(const struct label *x, const struct label *y)
{
	return slice_equal(x->name, y->name) && slice_equal(x->value, y->value);
}

static bool
equal_in_order(const struct document *a, const struct sample *x, const struct document *b,
    const struct sample *y, struct slice bound)
{
	size_t i = 0, j = 0;

	for (;;) {
		const struct label *p = next_label(a, x, bound, &i), *q = next_label(b, y, bound, &j);

		if (p == NULL || q == NULL)
			return p == q;
		if (!label_equal(p, q))
			return false;
	}
}

/* Whether each label of x is one of y's. */
static bool
all_within(const struct document *a, const struct sample *x, const struct document *b, const struct sample *y,
    struct slice bound)
{
	const struct label *p, *q;
	size_t i = 0;

	while ((p = next_label(a, x, bound, &i)) != NULL) {
		size_t j = 0;

		while ((q = next_label(b, y, bound, &j)) != NULL && !label_equal(p, q))
			continue;
		if (q == NULL)
			return false;
	}
	return true;
}

bool
series_equal(const struct document *a, const struct sample *x, const struct document *b,
    const struct sample *y, enum sample_type type)
{
	struct slice bound = sample_bound_label(type);

	if (equal_in_order(a, x, b, y, bound))
		return true;
	return all_within(a, x, b, y, bound) && all_within(b, y, a, x, bound);
}

/* Histograms and summaries -------------------------------------------- */

/* A bucket or a quantile. */
struct composite_bound {
	double bound;
	double value;
	uint32_t line;
};

/* One series, and what of it was seen so far. */
struct group {
	struct composite_checker *checker;
	const struct parsed_family *family;
	const struct sample *first;
	size_t others; /* its labels besides le or quantile */
	size_t bound_count;
	uint32_t sum_line; /* 0: none */
	uint32_t count_line;
	double count;
};

static const double count_limit = 18446744073709551616.0; /* 2^64 */

static void
report(const struct group *g, enum fault_class class, uint32_t line, const char *rule, const char *text)
{
	fault_report(g->checker->faults, class, line, rule, "%s '%.*s': %s",
	    g->family->type == SAMPLE_SUMMARY ? "summary" : "histogram", FAULT_ARGS(g->family->name), text);
}

static void
misread(const struct group *g, uint32_t line, const char *rule, const char *text)
{
	report(g, FAULT_MISREAD, line, rule, text);
}

/* Counts are kept as unsigned 64-bit numbers. */
static void
check_whole(const struct group *g, double value, uint32_t line)
{
	if (value < 0)
		report(g, FAULT_REJECT, line, "negative_count",
		    "count below 0: refused by node_exporter 1.10, served as a huge number by older ones");
	else if (!(value < count_limit) || (double)(uint64_t)value != value)
		misread(
		    g, line, "fractional_count", "count that is no whole number: cut off, or served as 0");
}

static int
add_bound(const struct group *g, size_t *count, double bound, double value, uint32_t line)
{
	struct composite_checker *c = g->checker;
	struct composite_bound *bounds =
	    array_reserve(c->bounds, &c->bounds_room, *count + 1, sizeof(*bounds));

	if (bounds == NULL)
		return -1;
	c->bounds = bounds;
	c->bounds[(*count)++] = (struct composite_bound){ bound, value, line };
	return 0;
}

static void
read_part(struct group *g, const struct sample *sample, double value, bool has_bound)
{
	uint32_t *line = sample->part == PART_SUM ? &g->sum_line : &g->count_line;

	if (*line != 0)
		misread(g, sample->line, "part_twice",
		    "second _sum or _count for the same labels: the last counts");
	if (has_bound)
		misread(g, sample->line, "part_with_bound",
		    "_sum or _count with le or quantile, which is left out");
	*line = sample->line;
	if (sample->part == PART_COUNT) {
		g->count = value;
		check_whole(g, value, sample->line);
	}
}

/* A bucket or quantile; node_exporter also takes x{le="1"} for one, and passes over what has no bound. */
static int
read_bound(struct group *g, const struct sample *sample, double value, const struct label *bound)
{
	bool summary = g->family->type == SAMPLE_SUMMARY;
	double limit = bound != NULL ? number_value(bound->value) : NAN;

	if (sample->part == PART_VALUE && !summary)
		misread(g, sample->line, "plain_sample",
		    bound != NULL ? "line without _bucket, taken for one"
				  : "line without _bucket, _sum or _count: left out");
	else if (bound == NULL)
		misread(g, sample->line, "no_bound",
		    summary ? "line without quantile: left out" : "bucket without le: left out");
	else if (isnan(limit))
		misread(g, sample->line, "no_bound", "le or quantile is NaN: left out");
	if (isnan(limit))
		return 0;
	if (!summary)
		check_whole(g, value, sample->line);
	return add_bound(g, &g->bound_count, limit, value, sample->line);
}

/* The label le or quantile (the last, if there are more), or NULL; and how many other labels there are. */
static const struct label *
find_bound(const struct group *g, const struct sample *sample, size_t *others)
{
	const struct label *labels = &g->checker->document->labels[sample->labels], *bound = NULL;
	struct slice name = sample_bound_label(g->family->type);

	*others = 0;
	for (size_t i = 0; i < sample->label_count; i++) {
		if (slice_equal(labels[i].name, name))
			bound = &labels[i];
		else
			++*others;
	}
	return bound;
}

static int
read_line(struct group *g, const struct sample *sample)
{
	double value = number_value(sample->value);
	size_t others;
	const struct label *bound = find_bound(g, sample, &others);

	if (sample == g->first)
		g->others = others;
	if (sample->label_count - others > 1)
		misread(g, sample->line, "bound_twice", "le or quantile is there twice: the last counts");
	/* An empty label is none for everybody but the parser, which takes the lines apart for it. */
	if (others != g->others)
		report(g, FAULT_DROP, sample->line, "duplicate",
		    "a label with an empty value makes this line another series with the same labels");
	if (sample->part == PART_SUM || sample->part == PART_COUNT) {
		read_part(g, sample, value, bound != NULL);
		return 0;
	}
	return read_bound(g, sample, value, bound);
}

static int
compare_bounds(const void *a, const void *b)
{
	const struct composite_bound *x = a, *y = b;

	if (x->bound != y->bound)
		return x->bound < y->bound ? -1 : 1;
	return x->line < y->line ? -1 : 1;
}

static void
check_buckets(const struct group *g)
{
	const struct composite_bound *b = g->checker->bounds, *last;

	for (size_t i = 1; i < g->bound_count; i++)
		if (b[i].bound != b[i - 1].bound && b[i].value < b[i - 1].value)
			misread(g, b[i].line, "falling_bucket", "bucket with less than the one below it");
	last = g->bound_count > 0 ? &b[g->bound_count - 1] : NULL;
	if (last == NULL || !isinf(last->bound) || last->bound < 0)
		misread(
		    g, g->first->line, "no_infinite_bucket", "no bucket with le=\"+Inf\": made from _count");
	else if (g->count_line != 0 && last->value != g->count)
		misread(g, last->line, "count_differs", "bucket with le=\"+Inf\" differs from _count");
}

static void
check_group(const struct group *g)
{
	struct composite_bound *b = g->checker->bounds;

	if (g->bound_count > 1)
		qsort(b, g->bound_count, sizeof(*b), compare_bounds);
	for (size_t i = 1; i < g->bound_count; i++)
		if (b[i].bound == b[i - 1].bound)
			misread(g, b[i].line, "same_bound",
			    "le or quantile with a value that is there already: the last counts");
	if (g->family->type != SAMPLE_SUMMARY)
		check_buckets(g);
	if (g->sum_line == 0)
		misread(g, g->first->line, "no_sum", "no _sum: served as 0");
	if (g->count_line == 0)
		misread(g, g->first->line, "no_count", "no _count: served as 0");
}

int
composite_check(struct composite_checker *checker, uint32_t first)
{
	const struct document *d = checker->document;
	struct group g = { .checker = checker, .first = &d->samples[first] };

	g.family = &d->families[g.first->family];
	if (g.family->type == SAMPLE_GAUGE_HISTOGRAM)
		return 0;
	for (uint32_t i = first; i != COMPOSITE_END; i = checker->next[i])
		if (read_line(&g, &d->samples[i]) != 0)
			return -1;
	check_group(&g);
	return 0;
}
