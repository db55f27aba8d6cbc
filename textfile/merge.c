/*
 * Two passes over each file in turn: which of its families stay, then which of
 * their series.  What stays is only pointed at, and sorted by family at the end.
 */

#include <stdlib.h>

#include "common/text/array.h"
#include "textfile/merge.h"
#include "textfile/names.h"
#include "textfile/parse.h"
#include "textfile/series.h"

#define NOT_MERGED UINT32_MAX

/* A family of the joined text. */
struct merged_family {
	struct slice name;
	struct slice help;      /* of the first file that has samples of it */
	struct slice seen_help; /* the first HELP in any file */
	bool help_differs;      /* and a later one was another */
	enum sample_type type;
	uint32_t file; /* the first that has samples of it */
	size_t sample_count;
	size_t sample_end; /* in merging.order, behind the samples that are there already */
};

/* A series of the joined text, in a table with open addressing. */
struct owner {
	uint64_t hash;
	uint32_t file; /* NOT_MERGED: free */
	uint32_t sample;
	uint32_t told; /* the last file whose lines of it were reported */
};

struct sample_place {
	uint32_t file;
	uint32_t sample;
	uint32_t family; /* joined */
};

struct merging {
	const struct document *const *documents;
	size_t count;
	merge_reserved *reserved;
	merge_handler *report;
	void *context;
	struct fault_sink faults;
	struct hash_key key;
	struct names names;         /* of the joined families */
	struct names before_bucket; /* "x" for each joined "x_bucket" */
	struct names before_part;   /* "x" for each joined "x_sum" or "x_count" */
	struct merged_family *families;
	size_t family_count, family_room;
	struct owner *owners;
	size_t owner_mask;
	struct sample_place *kept; /* all samples that stay, in the order of the files */
	size_t kept_count;
	struct sample_place *order; /* the same by family */
	uint32_t **joined_of; /* by file and its family: the joined one, or NOT_MERGED when it is left out */
	/* Of the file at work. */
	uint32_t file;
	uint32_t *first_line; /* by family: of its first sample, or 0 */
};

static void
forward(void *context, const struct fault *fault)
{
	struct merging *m = context;

	m->report(m->context, m->file, fault);
}

static int
new_tables(struct merging *m, size_t samples)
{
	size_t capacity = 16;

	while (capacity < samples * 2)
		capacity *= 2;
	m->owner_mask = capacity - 1;
	m->owners = calloc(capacity, sizeof(*m->owners));
	m->kept = calloc(samples + 1, sizeof(*m->kept));
	m->order = calloc(samples + 1, sizeof(*m->order));
	if (m->owners == NULL || m->kept == NULL || m->order == NULL)
		return -1;
	for (size_t i = 0; i < capacity; i++)
		m->owners[i].file = m->owners[i].told = NOT_MERGED;
	return 0;
}

static int
merging_new(struct merging *m)
{
	size_t samples = 0;

	m->key = hash_key_new();
	names_init(&m->names);
	names_init(&m->before_bucket);
	names_init(&m->before_part);
	m->joined_of = calloc(m->count + 1, sizeof(*m->joined_of));
	if (m->joined_of == NULL)
		return -1;
	for (size_t i = 0; i < m->count; i++) {
		samples += m->documents[i]->sample_count;
		m->joined_of[i] = calloc(m->documents[i]->family_count + 1, sizeof(**m->joined_of));
		if (m->joined_of[i] == NULL)
			return -1;
	}
	return new_tables(m, samples);
}

static void
merging_release(struct merging *m)
{
	for (size_t i = 0; m->joined_of != NULL && i < m->count; i++)
		free(m->joined_of[i]);
	free(m->joined_of);
	free(m->families);
	free(m->owners);
	free(m->kept);
	free(m->order);
	free(m->first_line);
	names_release(&m->names);
	names_release(&m->before_bucket);
	names_release(&m->before_part);
}

/* The joined family that takes a name which `family` needs, or NULL. */
static const struct merged_family *
find_collision(const struct merging *m, const struct parsed_family *family)
{
	enum sample_part part;
	const struct names_entry *entry = names_find(&m->names, sample_whole_name(family->name, &part));

	if (entry != NULL && sample_type_has(m->families[entry->number].type, part))
		return &m->families[entry->number];
	if (!composite_type(family->type))
		return NULL;
	entry = names_find(&m->before_part, family->name);
	if (entry == NULL && family->type != SAMPLE_SUMMARY)
		entry = names_find(&m->before_bucket, family->name);
	return entry != NULL ? &m->families[entry->number] : NULL;
}

static int
add_joined(struct merging *m, const struct parsed_family *family, uint32_t *number)
{
	struct merged_family *families =
	    array_reserve(m->families, &m->family_room, m->family_count + 1, sizeof(*families));
	enum sample_part part;
	struct slice whole = sample_whole_name(family->name, &part);
	struct names *parts = part == PART_BUCKET ? &m->before_bucket : &m->before_part;

	if (families == NULL)
		return -1;
	m->families = families;
	*number = (uint32_t)m->family_count++;
	families[*number] = (struct merged_family){ .name = family->name,
		.help = family->help,
		.seen_help = family->help,
		.type = family->type,
		.file = m->file };
	if (whole.length > 0 && names_find(parts, whole) == NULL && names_add(parts, whole, *number, 0) != 0)
		return -1;
	return names_add(&m->names, family->name, *number, 0);
}

static bool
check_help(struct merging *m, struct merged_family *joined, const struct parsed_family *family, uint32_t line)
{
	bool none = family->help.length == 0;

	if (none && joined->help_differs) {
		fault_report(&m->faults, FAULT_CRASH, line, "help_differs",
		    "no HELP for '%.*s', which has two in earlier files: node_exporter 1.8 and later crash",
		    FAULT_ARGS(family->name));
		return false;
	}
	if (joined->seen_help.length == 0)
		joined->seen_help = family->help;
	else if (!none && !slice_equal(joined->seen_help, family->help))
		joined->help_differs = true;
	if (slice_equal(joined->help, family->help))
		return true;
	if (none || joined->help.length == 0)
		fault_report(&m->faults, FAULT_DROP, line, "help_missing",
		    "%s HELP for '%.*s', unlike in an earlier file", none ? "no" : "a",
		    FAULT_ARGS(family->name));
	else
		fault_report(&m->faults, FAULT_DROP, line, "help_differs",
		    "another HELP for '%.*s' than in an earlier file", FAULT_ARGS(family->name));
	return false;
}

/* Which joined family this file's goes to, or NOT_MERGED.  -1 when memory ran out. */
static int
join_family(struct merging *m, const struct parsed_family *family, uint32_t line, uint32_t *number)
{
	const struct names_entry *entry = names_find(&m->names, family->name);
	const struct merged_family *collision;
	struct merged_family *joined;

	*number = NOT_MERGED;
	if (m->reserved != NULL && m->reserved(family->name)) {
		fault_report(&m->faults, FAULT_DROP, line, "reserved",
		    "'%.*s' is written by the program that joins the files", FAULT_ARGS(family->name));
		return 0;
	}
	if (entry == NULL) {
		collision = find_collision(m, family);
		if (collision == NULL)
			return add_joined(m, family, number);
		if (collision->file != m->file)
			fault_report(&m->faults, FAULT_DROP, line, "suffix_collision",
			    "'%.*s' collides with '%.*s' in an earlier file", FAULT_ARGS(family->name),
			    FAULT_ARGS(collision->name));
		return 0;
	}
	joined = &m->families[entry->number];
	if (!check_help(m, joined, family, line))
		return 0;
	if (joined->type != family->type)
		fault_report(&m->faults, FAULT_DROP, line, "type_differs",
		    "another type of '%.*s' than in an earlier file", FAULT_ARGS(family->name));
	else
		*number = entry->number;
	return 0;
}

static int
join_families(struct merging *m)
{
	const struct document *d = m->documents[m->file];

	free(m->first_line);
	m->first_line = calloc(d->family_count + 1, sizeof(*m->first_line));
	if (m->first_line == NULL)
		return -1;
	for (size_t i = d->sample_count; i-- > 0;)
		m->first_line[d->samples[i].family] = d->samples[i].line;
	for (size_t i = 0; i < d->family_count; i++) {
		m->joined_of[m->file][i] = NOT_MERGED;
		if (d->families[i].sample_count > 0 &&
		    join_family(m, &d->families[i], m->first_line[i], &m->joined_of[m->file][i]) != 0)
			return -1;
	}
	return 0;
}

/* Whose series it is, or a free place. */
static struct owner *
find_owner(const struct merging *m, const struct sample *sample, uint32_t family, uint64_t hash)
{
	const struct document *d = m->documents[m->file];

	for (size_t i = hash;; i++) {
		struct owner *owner = &m->owners[i & m->owner_mask];
		const struct document *other;
		const struct sample *theirs;

		if (owner->file == NOT_MERGED)
			return owner;
		if (owner->hash != hash)
			continue;
		other = m->documents[owner->file];
		theirs = &other->samples[owner->sample];
		if (m->joined_of[owner->file][theirs->family] == family &&
		    series_equal(d, sample, other, theirs, m->families[family].type))
			return owner;
	}
}

/* Whether a sample stays: the first file that has a series keeps all lines of it. */
static bool
join_sample(struct merging *m, uint32_t index, uint32_t family, uint64_t hash)
{
	const struct sample *sample = &m->documents[m->file]->samples[index];
	struct owner *owner = find_owner(m, sample, family, hash);

	if (owner->file == NOT_MERGED) {
		*owner = (struct owner){ hash, m->file, index, m->file };
		return true;
	}
	if (owner->told != m->file) {
		owner->told = m->file;
		fault_report(&m->faults, FAULT_DROP, sample->line, "duplicate",
		    "series of '%.*s' that is in an earlier file already",
		    FAULT_ARGS(m->families[family].name));
	}
	return owner->file == m->file && composite_type(m->families[family].type);
}

static void
join_samples(struct merging *m)
{
	const struct document *d = m->documents[m->file];

	for (uint32_t i = 0; i < d->sample_count; i++) {
		uint32_t family = m->joined_of[m->file][d->samples[i].family];

		if (family == NOT_MERGED ||
		    !join_sample(m, i, family, series_read(d, &d->samples[i], family, m->key).hash))
			continue;
		m->kept[m->kept_count++] = (struct sample_place){ m->file, i, family };
		m->families[family].sample_count++;
	}
}

/* By family, and within each as before. */
static void
sort_samples(struct merging *m)
{
	size_t start = 0;

	for (size_t i = 0; i < m->family_count; i++) {
		m->families[i].sample_end = start;
		start += m->families[i].sample_count;
	}
	for (size_t i = 0; i < m->kept_count; i++)
		m->order[m->families[m->kept[i].family].sample_end++] = m->kept[i];
}

static void
write_slice(struct buffer *out, struct slice text)
{
	buffer_append(out, text.at, text.length);
}

static void
write_sample(struct buffer *out, const struct document *d, const struct sample *sample)
{
	static const char *const suffixes[] = {
		[PART_VALUE] = "",
		[PART_BUCKET] = "_bucket",
		[PART_SUM] = "_sum",
		[PART_COUNT] = "_count",
	};

	write_slice(out, d->families[sample->family].name);
	buffer_string(out, suffixes[sample->part]);
	for (size_t i = 0; i < sample->label_count; i++) {
		const struct label *label = &d->labels[sample->labels + i];

		buffer_string(out, i == 0 ? "{" : ",");
		write_slice(out, label->name);
		buffer_string(out, "=\"");
		write_slice(out, label->value);
		buffer_string(out, "\"");
	}
	buffer_string(out, sample->label_count > 0 ? "} " : " ");
	write_slice(out, sample->value);
	buffer_string(out, "\n");
}

static void
write_family(const struct merging *m, const struct merged_family *family, struct buffer *out)
{
	static const char *const types[] = {
		[SAMPLE_UNTYPED] = " untyped\n",
		[SAMPLE_COUNTER] = " counter\n",
		[SAMPLE_GAUGE] = " gauge\n",
		[SAMPLE_SUMMARY] = " summary\n",
		[SAMPLE_HISTOGRAM] = " histogram\n",
		[SAMPLE_GAUGE_HISTOGRAM] = " gaugehistogram\n",
	};

	if (family->help.length > 0) {
		buffer_string(out, "# HELP ");
		write_slice(out, family->name);
		buffer_string(out, " ");
		write_slice(out, family->help);
		buffer_string(out, "\n");
	}
	buffer_string(out, "# TYPE ");
	write_slice(out, family->name);
	buffer_string(out, types[family->type]);
	for (size_t i = family->sample_end - family->sample_count; i < family->sample_end; i++) {
		const struct document *d = m->documents[m->order[i].file];

		write_sample(out, d, &d->samples[m->order[i].sample]);
	}
}

long
merge(const struct document *const documents[], size_t count, struct buffer *out, merge_reserved *reserved,
    merge_handler *report, void *context)
{
	struct merging m = { .documents = documents,
		.count = count,
		.reserved = reserved,
		.report = report,
		.context = context };
	int result = merging_new(&m);

	m.faults = (struct fault_sink){ report != NULL ? forward : NULL, &m, 0 };
	for (size_t i = 0; i < count && result == 0; i++) {
		m.file = (uint32_t)i;
		result = join_families(&m);
		if (result == 0)
			join_samples(&m);
	}
	if (result == 0 && out != NULL) {
		sort_samples(&m);
		for (size_t i = 0; i < m.family_count; i++)
			write_family(&m, &m.families[i], out);
	}
	merging_release(&m);
	return result == 0 ? m.faults.count : -1;
}
