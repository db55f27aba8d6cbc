/*
 * A run may have a hundred thousand series, and the names in them come from outside.  So each family has a
 * table of its own with keyed hashes, which finds a series in constant time whatever the names are, and label
 * values and buckets are cut from chunks that are freed all at once.
 *
 * Nothing here fails for the caller: a series that has no room, or a value that makes no sense, is left out
 * and counted, because a collector cannot do anything better in the middle of a run.
 */

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/utf8.h"
#include "textfile/hash.h"
#include "textfile/metrics.h"

enum { PACKED_VALUES = FAMILY_LABELS * (FAMILY_LABEL_VALUE + 1), CHUNK = 16 * 1024 };

/* Label values and buckets are cut from this memory. */
struct chunk {
	struct chunk *next;
	size_t used;
	size_t size;
	_Alignas(8) char bytes[];
};

struct rows {
	const struct family *family;
	struct series *series;
	size_t count;
	size_t capacity;
	uint32_t *slots;   /* open addressing: index + 1 into `series`, 0 is empty */
	size_t slot_count; /* a power of two, at least twice `count` */
};

struct metrics {
	char *env;
	struct rows *rows; /* one per family */
	size_t family_count;
	struct chunk *chunks;
	struct hash_key key;
	uint64_t dropped;
};

/* Memory ------------------------------------------------------------- */

static void *
allocate(struct metrics *m, size_t size)
{
	struct chunk *chunk = m->chunks;
	void *taken;

	size = (size + 7) & ~(size_t)7;
	if (chunk == NULL || chunk->size - chunk->used < size) {
		size_t room = size > CHUNK ? size : CHUNK;

		chunk = malloc(sizeof(*chunk) + room);
		if (chunk == NULL)
			return NULL;
		*chunk = (struct chunk){ .next = m->chunks, .size = room };
		m->chunks = chunk;
	}
	taken = chunk->bytes + chunk->used;
	chunk->used += size;
	return taken;
}

void
metrics_clear_family(struct metrics *m, size_t family)
{
	struct rows *rows = &m->rows[family];

	free(rows->series);
	free(rows->slots);
	*rows = (struct rows){ .family = rows->family };
}

void
metrics_clear(struct metrics *m)
{
	while (m->chunks != NULL) {
		struct chunk *next = m->chunks->next;

		free(m->chunks);
		m->chunks = next;
	}
	for (size_t i = 0; i < m->family_count; i++)
		metrics_clear_family(m, i);
	m->dropped = 0;
}

void
metrics_free(struct metrics *m)
{
	if (m == NULL)
		return;
	metrics_clear(m);
	free(m->rows);
	free(m->env);
	free(m);
}

/* Rows without families yet. */
static struct metrics *
metrics_sized(const char *env, size_t family_count, struct hash_key key)
{
	struct metrics *m = calloc(1, sizeof(*m));

	assert(strlen(env) <= FAMILY_LABEL_VALUE && utf8_valid(SLICE(env)));
	if (m != NULL && (m->env = strdup(env)) != NULL &&
	    (m->rows = calloc(family_count + 1, sizeof(*m->rows))) != NULL) {
		m->family_count = family_count;
		m->key = key;
		return m;
	}
	metrics_free(m);
	return NULL;
}

struct metrics *
metrics_new(const char *env, const struct family *const tables[], const size_t counts[], size_t table_count,
    struct failure *why)
{
	const struct family **all;
	struct metrics *m;
	size_t total = 0, next = 0;

	for (size_t t = 0; t < table_count; t++)
		total += counts[t];
	m = metrics_sized(env, total, hash_key_new());
	all = calloc(total + 1, sizeof(*all));
	for (size_t t = 0; m != NULL && all != NULL && t < table_count; t++)
		for (size_t i = 0; i < counts[t]; i++, next++)
			m->rows[next].family = all[next] = &tables[t][i];
	if (m == NULL || all == NULL)
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	if (m == NULL || all == NULL || family_check(all, total, why) != 0) {
		metrics_free(m);
		m = NULL;
	}
	free(all);
	return m;
}

struct metrics *
metrics_like(const struct metrics *m)
{
	struct metrics *like = metrics_sized(m->env, m->family_count, m->key);

	for (size_t i = 0; like != NULL && i < m->family_count; i++)
		like->rows[i].family = m->rows[i].family;
	return like;
}

/* Series ------------------------------------------------------------- */

/* The slot of the series, or the empty one where it belongs. */
static uint32_t *
slot_of(const struct rows *rows, uint32_t hash, const char *labels, size_t length)
{
	size_t at = hash & (rows->slot_count - 1);

	while (rows->slots[at] != 0) {
		const struct series *s = &rows->series[rows->slots[at] - 1];

		if (s->hash == hash && s->labels_length == length && memcmp(s->labels, labels, length) == 0)
			break;
		at = (at + 1) & (rows->slot_count - 1);
	}
	return &rows->slots[at];
}

static bool
grow(struct rows *rows)
{
	size_t capacity = rows->capacity == 0 ? 8 : rows->capacity * 2;
	struct series *series = realloc(rows->series, capacity * sizeof(*series));
	uint32_t *slots = series != NULL ? calloc(capacity * 2, sizeof(*slots)) : NULL;

	if (series != NULL)
		rows->series = series;
	if (slots == NULL)
		return false;
	free(rows->slots);
	rows->slots = slots;
	rows->slot_count = capacity * 2;
	rows->capacity = capacity;
	for (size_t i = 0; i < rows->count; i++)
		*slot_of(rows, series[i].hash, series[i].labels, series[i].labels_length) = (uint32_t)i + 1;
	return true;
}

static struct series *
add_series(struct metrics *m, struct rows *rows, uint32_t hash, const char *labels, size_t length)
{
	size_t most = rows->family->max_series > 0 ? rows->family->max_series : FAMILY_SERIES, buckets = 0;
	struct series *s;
	char *memory;

	if (rows->count >= most || (rows->count == rows->capacity && !grow(rows)))
		return NULL;
	if (rows->family->type == METRIC_HISTOGRAM)
		buckets = (rows->family->bound_count + 1) * sizeof(*s->counts);
	memory = allocate(m, buckets + length);
	if (memory == NULL)
		return NULL;
	memset(memory, 0, buckets);
	memcpy(memory + buckets, labels, length);
	s = &rows->series[rows->count++];
	*s = (struct series){ .labels = memory + buckets, .labels_length = (uint32_t)length, .hash = hash };
	if (buckets > 0)
		s->counts = (uint64_t *)(void *)memory;
	*slot_of(rows, hash, labels, length) = (uint32_t)rows->count;
	return s;
}

struct series *
metrics_need(struct metrics *m, size_t family, const char *labels, size_t length)
{
	struct rows *rows = &m->rows[family];
	uint32_t hash = (uint32_t)hash_text(m->key, labels, length),
		 index = rows->count > 0 ? *slot_of(rows, hash, labels, length) : 0;
	struct series *s = index > 0 ? &rows->series[index - 1] : add_series(m, rows, hash, labels, length);

	if (s == NULL)
		m->dropped++;
	return s;
}

/* Append one label value, made fit for the file, and its NUL. */
static size_t
pack_value(const char *value, char *at)
{
	size_t left, length = 0;

	/* Nearly all are short, and ASCII. */
	while (length < FAMILY_LABEL_VALUE && *value != '\0' && (unsigned char)*value < 0x80)
		at[length++] = *value++;
	left = strlen(value);
	while (left > 0) {
		size_t width = utf8_character(value, left), size = width > 0 ? width : 3;

		if (length + size > FAMILY_LABEL_VALUE)
			break;
		memcpy(
		    at + length, width > 0 ? value : "\xEF\xBF\xBD", size); /* U+FFFD for what is no UTF-8 */
		length += size;
		value += width > 0 ? width : 1;
		left -= width > 0 ? width : 1;
	}
	at[length] = '\0';
	return length + 1;
}

static size_t
index_of(const struct metrics *m, const struct family *family)
{
	size_t index = 0;

	while (index < m->family_count && m->rows[index].family != family)
		index++;
	assert(index < m->family_count);
	return index;
}

static size_t
pack(const struct family *family, const char *const labels[], char packed[PACKED_VALUES])
{
	size_t count = 0, length = 0;

	for (; labels[count] != NULL; count++) {
		assert(count < FAMILY_LABELS && family->labels[count] != NULL);
		length += pack_value(labels[count], packed + length);
	}
	assert(family->labels[count] == NULL);
	return length;
}

static struct series *
series_for(struct metrics *m, const struct family *family, enum metric_type type, const char *const labels[])
{
	char packed[PACKED_VALUES];
	size_t index = index_of(m, family), length = pack(family, labels, packed);

	assert(family->type == type);
	return metrics_need(m, index, packed, length);
}

void
metrics_set(struct metrics *m, const struct family *gauge, const char *const labels[], double value)
{
	struct series *s = series_for(m, gauge, METRIC_GAUGE, labels);

	if (s != NULL)
		s->value = value;
}

/* Counters only go up, and one infinity would spoil a sum for ever. */
static bool
is_count(struct metrics *m, double value)
{
	bool fits = isfinite(value) && value >= 0;

	m->dropped += !fits;
	return fits;
}

void
metrics_add(struct metrics *m, const struct family *counter, const char *const labels[], double value)
{
	struct series *s = series_for(m, counter, METRIC_COUNTER, labels);

	if (s != NULL && is_count(m, value))
		s->value += value;
}

double
metrics_raise_total(struct metrics *m, const struct family *counter, const char *const labels[], double least)
{
	struct series *s = series_for(m, counter, METRIC_COUNTER, labels);

	if (s == NULL)
		return least;
	if (s->value < least)
		s->value = least;
	return s->value;
}

void
metrics_touch(struct metrics *m, const struct family *histogram, const char *const labels[])
{
	(void)series_for(m, histogram, METRIC_HISTOGRAM, labels);
}

void
metrics_observe(struct metrics *m, const struct family *histogram, const char *const labels[], double value)
{
	struct series *s = series_for(m, histogram, METRIC_HISTOGRAM, labels);
	size_t bucket = 0;

	if (s == NULL || !is_count(m, value))
		return;
	while (bucket < histogram->bound_count && value > histogram->bounds[bucket])
		bucket++;
	assert(s->counts != NULL);
	s->counts[bucket]++;
	s->value += value;
}

void
metrics_set_total(struct metrics *m, const struct family *counter, const char *const labels[], double total)
{
	struct series *s = series_for(m, counter, METRIC_COUNTER, labels);

	assert(counter->whole);
	if (s != NULL && is_count(m, total))
		s->value = total;
}

void
metrics_set_histogram(struct metrics *m, const struct family *histogram, const char *const labels[],
    const uint64_t counts[], double sum)
{
	struct series *s = series_for(m, histogram, METRIC_HISTOGRAM, labels);

	assert(histogram->whole);
	if (s == NULL || !isfinite(sum))
		return;
	memcpy(s->counts, counts, (histogram->bound_count + 1) * sizeof(*counts));
	s->value = sum;
}

void
metrics_merge_series(struct metrics *m, size_t family, const struct series *from, bool gauges_stay)
{
	const struct rows *rows = &m->rows[family];
	size_t before = rows->count;
	struct series *into = metrics_need(m, family, from->labels, from->labels_length);

	if (into == NULL)
		return;
	if (rows->family->type != METRIC_GAUGE)
		into->value += from->value;
	else if (!gauges_stay || rows->count > before)
		into->value = from->value;
	for (size_t i = 0; into->counts != NULL && i <= rows->family->bound_count; i++)
		into->counts[i] += from->counts[i];
}

static void
merge_rows(struct metrics *m, size_t family, const struct rows *from)
{
	for (size_t i = 0; i < from->count; i++)
		metrics_merge_series(m, family, &from->series[i], false);
}

void
metrics_merge(struct metrics *m, const struct metrics *from)
{
	assert(m->family_count == from->family_count);
	m->dropped += from->dropped;
	for (size_t f = 0; f < from->family_count; f++)
		merge_rows(m, f, &from->rows[f]);
}

struct metrics *
metrics_copy(const struct metrics *m, family_filter *takes)
{
	struct metrics *copy = metrics_like(m);

	if (copy == NULL)
		return NULL;
	copy->dropped = m->dropped;
	for (size_t f = 0; f < m->family_count; f++)
		if (takes(m->rows[f].family))
			merge_rows(copy, f, &m->rows[f]);
	/* Counters would go down, and nothing would say so. */
	if (copy->dropped > m->dropped) {
		metrics_free(copy);
		return NULL;
	}
	return copy;
}

/* Reading ------------------------------------------------------------ */

bool
metrics_value(const struct metrics *m, const struct family *family, const char *const labels[], double *value)
{
	const struct rows *rows = &m->rows[index_of(m, family)];
	char packed[PACKED_VALUES];
	size_t length = pack(family, labels, packed);
	uint32_t found;

	if (rows->count == 0)
		return false;
	found = *slot_of(rows, (uint32_t)hash_text(m->key, packed, length), packed, length);
	if (found > 0)
		*value = rows->series[found - 1].value;
	return found > 0;
}

uint64_t
metrics_dropped(const struct metrics *m)
{
	return m->dropped;
}

const char *
metrics_env(const struct metrics *m)
{
	return m->env;
}

size_t
metrics_family_count(const struct metrics *m)
{
	return m->family_count;
}

const struct family *
metrics_family(const struct metrics *m, size_t index)
{
	return m->rows[index].family;
}

size_t
metrics_series_count(const struct metrics *m, size_t family)
{
	return m->rows[family].count;
}

struct series *
metrics_series_at(struct metrics *m, size_t family, size_t index)
{
	return &m->rows[family].series[index];
}

const struct series *
metrics_series(const struct metrics *m, size_t family, size_t index)
{
	return &m->rows[family].series[index];
}
