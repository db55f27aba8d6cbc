/*
 * The last published file is the only memory that one-shot runs have, and anything may have happened to it: a
 * power cut, an editor, another version of us.  So its last line is a checksum of the rest, which is checked
 * before a word of it is believed; a cut at the end of a line or a changed digit would still parse.  The
 * checksum protects against accidents, not against somebody who means harm.
 *
 * A file that is whole may still be of another version.  Each family is taken as a whole or not at all,
 * because half of a histogram is worse than a new one.
 */

#include <endian.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "textfile/names.h"
#include "textfile/number.h"
#include "textfile/parse.h"
#include "textfile/state.h"

/* The checksum -------------------------------------------------------- */

enum { LINE = 23, /* "# sum ", 16 digits and a newline */ LANES = 4, BLOCK = LANES * 8 };

/* FNV-1a's multiplication; the high bits are mixed back into the low ones. */
static uint64_t
mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(1099511628211);
	return hash ^ hash >> 32;
}

static void
mix_block(uint64_t lanes[LANES], const char block[BLOCK])
{
	uint64_t words[LANES];

	memcpy(words, block, BLOCK);
	for (int i = 0; i < LANES; i++)
		lanes[i] = mix(lanes[i], le64toh(words[i]));
}

/* Four hashes take the words of the text in turn, because files are written so since the first version. Zeros
 * fill the last block, which may be empty; words are little-endian on every machine. */
static uint64_t
checksum_of(struct slice text)
{
	uint64_t lanes[LANES], result = text.length;
	char last[BLOCK] = { 0 };

	for (int i = 0; i < LANES; i++)
		lanes[i] = UINT64_C(14695981039346656037) + (uint64_t)i;
	for (; text.length >= BLOCK; text = (struct slice){ text.at + BLOCK, text.length - BLOCK })
		mix_block(lanes, text.at);
	if (text.length > 0)
		memcpy(last, text.at, text.length);
	mix_block(lanes, last);
	for (int i = 0; i < LANES; i++)
		result = mix(result, lanes[i]);
	return result;
}

static void
write_line(char line[LINE], struct slice text)
{
	uint64_t rest = checksum_of(text);

	memcpy(line, "# sum ", 6);
	line[LINE - 1] = '\n';
	for (int at = LINE - 2; at >= 6; at--, rest >>= 4)
		line[at] = "0123456789abcdef"[rest & 15];
}

void
checksum_append(struct buffer *text)
{
	char line[LINE];

	if (text->failed)
		return;
	write_line(line, buffer_slice(text));
	buffer_append(text, line, LINE);
}

bool
checksum_holds(struct slice text)
{
	char line[LINE];

	if (text.length < LINE)
		return false;
	write_line(line, (struct slice){ text.at, text.length - LINE });
	return memcmp(text.at + text.length - LINE, line, LINE) == 0;
}

/* Reading ------------------------------------------------------------- */

enum { PACKED = FAMILY_LABELS * (FAMILY_LABEL_VALUE + 1) };

static const uint64_t not_seen = UINT64_MAX;
static const double largest_count =
    9007199254740992.0; /* 2^53: whole numbers of a double are exact up to here */

/* The family of `m` with that name that a run remembers, or the number of families. */
static size_t
find_family(const struct metrics *m, struct slice name)
{
	size_t count = metrics_family_count(m);

	for (size_t i = 0; i < count; i++)
		if (slice_is(name, metrics_family(m, i)->name))
			return family_remembered(metrics_family(m, i)) ? i : count;
	return count;
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

static void
read_samples(struct metrics *m, const struct document *document, bool misfit[])
{
	size_t count = metrics_family_count(m), last = document->family_count, ours = count;

	for (size_t i = 0; i < document->sample_count; i++) {
		const struct sample *sample = &document->samples[i];
		const struct parsed_family *theirs = &document->families[sample->family];

		/* Samples of a family follow each other: it is looked up once. */
		if (sample->family != last)
			ours = find_family(m, theirs->name);
		last = sample->family;
		if (ours < count && !misfit[ours])
			misfit[ours] = !is_type(metrics_family(m, ours)->type, theirs->type) ||
				       !read_sample(m, ours, document, sample);
	}
}

static enum state_result
read_document(struct metrics *m, const struct document *document)
{
	size_t count = metrics_family_count(m);
	bool *misfit = calloc(count + 1, sizeof(*misfit));
	enum state_result result = STATE_CONTINUED;

	if (misfit == NULL)
		return STATE_NO_MEMORY;
	read_samples(m, document, misfit);
	for (size_t i = 0; i < count; i++) {
		if (!misfit[i] && settle_family(m, i))
			continue;
		metrics_clear_family(m, i);
		if (family_continues(metrics_family(m, i)))
			result = STATE_PARTLY;
	}
	free(misfit);
	return result;
}

/* The name of "# TYPE name gauge", or nothing. */
static struct slice
name_of_type(struct slice line)
{
	static const char type[] = "# TYPE ";
	struct slice name = { line.at, 0 };

	if (line.length > sizeof(type) && memcmp(line.at, type, sizeof(type) - 1) == 0)
		name = name_at_metric(line.at + sizeof(type) - 1);
	return name;
}

/*
 * The lines that matter.  Nearly all of a large file are gauges that no run remembers; to parse them too
 * would take more time and memory than everything else in a run with ten thousand positions.
 */
static void
keep_lines(const struct metrics *m, struct slice text, struct buffer *kept)
{
	struct slice left_out = { text.at, 0 };

	while (text.length > 0) {
		const char *newline = memchr(text.at, '\n', text.length);
		struct slice line = { text.at,
			newline != NULL ? (size_t)(newline - text.at) + 1 : text.length };
		struct slice type = name_of_type(line);

		text = (struct slice){ text.at + line.length, text.length - line.length };
		if (type.length > 0)
			left_out = find_family(m, type) < metrics_family_count(m)
				       ? (struct slice){ line.at, 0 }
				       : type;
		else if (left_out.length > 0 && line.length > left_out.length &&
			 memcmp(line.at, left_out.at, left_out.length) == 0 &&
			 (line.at[left_out.length] == '{' || line.at[left_out.length] == ' '))
			continue;
		buffer_append(kept, line.at, line.length);
	}
}

enum state_result
state_read(struct metrics *last, struct slice text)
{
	enum state_result result = STATE_NO_MEMORY;
	struct document document;
	struct buffer kept;
	long faults;

	if (!checksum_holds(text))
		return STATE_UNUSABLE;
	buffer_init(&kept, text.length);
	keep_lines(last, text, &kept);
	faults = parse(&document, buffer_slice(&kept), NULL, NULL);
	if (faults > 0)
		result = STATE_UNUSABLE;
	else if (faults == 0 && !kept.failed)
		result = read_document(last, &document);
	document_release(&document);
	buffer_release(&kept);
	return result;
}

int
state_load(struct textfile *file, struct metrics *last, enum state_result *result, struct failure *why)
{
	struct buffer text;
	enum textfile_found found = textfile_read(file, &text, why);

	*result = STATE_MISSING;
	if (found == TEXTFILE_READ)
		*result = state_read(last, buffer_slice(&text));
	else if (found == TEXTFILE_UNUSABLE)
		*result = STATE_UNUSABLE;
	buffer_release(&text);
	if (*result == STATE_NO_MEMORY)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	return found == TEXTFILE_UNREADABLE ? -1 : 0;
}

/* Continuing ---------------------------------------------------------- */

bool
state_has_first_label(const struct metrics *run, const char *key, const char *value)
{
	for (size_t f = 0; f < metrics_family_count(run); f++) {
		const char *first = metrics_family(run, f)->labels[0];

		if (first == NULL || (key != NULL && strcmp(first, key) != 0))
			continue;
		for (size_t i = 0; i < metrics_series_count(run, f); i++)
			if (strcmp(metrics_series(run, f, i)->labels, value) == 0)
				return true;
	}
	return false;
}

static void
continue_family(struct metrics *run, size_t index, const struct metrics *old)
{
	const char *key = metrics_family(run, index)->labels[0], *last = NULL;
	bool still = key == NULL;

	for (size_t i = 0; i < metrics_series_count(old, index); i++) {
		const struct series *s = metrics_series(old, index, i);

		/* Neighbours mostly share the first label. */
		if (key != NULL && (last == NULL || strcmp(last, s->labels) != 0))
			still = state_has_first_label(run, key, s->labels);
		last = s->labels;
		if (still)
			metrics_merge_series(run, index, s, true);
	}
}

void
state_continue_from(struct metrics *run, const struct metrics *last)
{
	for (size_t i = 0; i < metrics_family_count(run); i++)
		if (family_continues(metrics_family(run, i)))
			continue_family(run, i, last);
}
