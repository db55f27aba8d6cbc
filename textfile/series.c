#include "textfile/series.h"
#include "textfile/name.h"

enum { FEW_LABELS = 32 };

struct slice
series_bound_label(enum sample_type type)
{
	switch (type) {
	case SAMPLE_SUMMARY: return SLICE("quantile");
	case SAMPLE_HISTOGRAM:
	case SAMPLE_GAUGE_HISTOGRAM: return SLICE("le");
	default: return (struct slice){ "", 0 };
	}
}

void
series_reader_init(struct series_reader *reader, const struct document *document, struct hash_key key)
{
	*reader = (struct series_reader){ .document = document, .key = key, .last_family = UINT32_MAX };
}

static uint64_t
hash_slice(struct hash_key key, struct slice text)
{
	return hash_text(key, text.at, text.length);
}

/* Not the same function as for values: a="b" and b="a" differ. */
static uint64_t
hash_name(struct hash_key key, struct slice name)
{
	return hash_mix(key, hash_slice(key, name), key.multiplier);
}

/* One label: added up over all of them, so that their order does not matter. */
static uint64_t
hash_label(struct hash_key key, uint64_t name, struct slice value)
{
	return hash_mix(key, hash_slice(key, value), name);
}

static bool
names_as_before(const struct series_reader *reader, const struct label *labels, size_t count)
{
	if (count != reader->last_count || count > SERIES_REMEMBERED)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!slice_equal(labels[i].name, reader->last[i].name))
			return false;
	return true;
}

/* A new set of names: hash each, and look for reserved ones. */
static struct series_key
read_names(struct series_reader *reader, const struct label *labels, size_t count, struct slice bound)
{
	struct series_key series = { 0 };

	for (size_t i = 0; i < count; i++) {
		uint64_t hash = hash_name(reader->key, labels[i].name);
		bool is_bound = slice_equal(labels[i].name, bound);

		if (i < SERIES_REMEMBERED)
			reader->name_hashes[i] = is_bound ? 0 : hash;
		if (is_bound)
			continue;
		series.names += hash_mix(reader->key, hash, reader->key.seed);
		if (name_reserved_label(labels[i].name))
			series.reserved = &labels[i];
	}
	return series;
}

struct series_key
series_read(struct series_reader *reader, const struct sample *sample, uint32_t family)
{
	const struct label *labels = &reader->document->labels[sample->labels];
	struct slice bound = series_bound_label(reader->document->families[sample->family].type);
	struct hash_key key = reader->key;
	struct series_key series = { 0 };
	uint64_t sum = 0;

	if (family == reader->last_family && names_as_before(reader, labels, sample->label_count)) {
		series.names = reader->last_names;
	} else {
		series = read_names(reader, labels, sample->label_count, bound);
		/* What has a reserved label is read anew each time, so that each is found. */
		reader->last_family = series.reserved == NULL ? family : UINT32_MAX;
		reader->last_names = series.names;
	}
	reader->last = labels;
	reader->last_count = sample->label_count;
	for (size_t i = 0; i < sample->label_count; i++) {
		uint64_t name =
		    i < SERIES_REMEMBERED ? reader->name_hashes[i] : hash_name(key, labels[i].name);

		if (labels[i].value.length > 0 && !slice_equal(labels[i].name, bound))
			sum += hash_label(key, name, labels[i].value);
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

/* A second hash with a key of its own, where comparing each label with each would take too long. */
static uint64_t
second_hash(
    struct hash_key key, const struct document *document, const struct sample *sample, struct slice bound)
{
	const struct label *label;
	uint64_t sum = 0;
	size_t i = 0;

	while ((label = next_label(document, sample, bound, &i)) != NULL)
		sum += hash_label(key, hash_name(key, label->name), label->value);
	return sum;
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
	struct slice bound = series_bound_label(type);

	if (equal_in_order(a, x, b, y, bound))
		return true;
	if (x->label_count > FEW_LABELS || y->label_count > FEW_LABELS) {
		struct hash_key key = hash_key_new();

		return second_hash(key, a, x, bound) == second_hash(key, b, y, bound);
	}
	return all_within(a, x, b, y, bound) && all_within(b, y, a, x, bound);
}
