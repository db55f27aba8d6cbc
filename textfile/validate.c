/*
 * What node_exporter would make of a file that parses.  It never says so: a series is missing, or a histogram
 * is served with other numbers, or the whole program ends.  Each rule here was found in its sources or with
 * the real program, which the tests ask again.
 *
 * Samples are read once, in their order.  The lines of one histogram or summary may stand apart; they are
 * linked when duplicates are looked for, and checked together after that.
 */

#include <stdlib.h>

#include "common/text/utf8.h"
#include "textfile/names.h"
#include "textfile/series.h"
#include "textfile/validate.h"

#define NONE COMPOSITE_END

/* What is known of a family after its samples were read. */
struct family_state {
	uint64_t label_names;
	uint32_t first_sample; /* NONE: it has none */
	bool labels_differ;
};

struct validation {
	const struct document *document;
	struct fault_sink faults;
	struct family_state *families; /* one for each family */
	uint64_t *hashes;              /* one for each sample: its series */
	/* Lines of one histogram or summary hang together, in their order; by sample. */
	uint32_t *next; /* NULL: there are only single-line series */
	uint32_t *last; /* of a first line: the last one so far */
};

static const struct parsed_family *
family_of(const struct validation *c, const struct sample *sample)
{
	return &c->document->families[sample->family];
}

/* The line of a family's first sample, which must exist. */
static uint32_t
first_line(const struct validation *c, size_t family)
{
	return c->document->samples[c->families[family].first_sample].line;
}

static int
validation_init(struct validation *c, const struct document *document, fault_handler *report, void *context)
{
	*c = (struct validation){ .document = document, .faults = { report, context, 0 } };
	c->families = calloc(document->family_count + 1, sizeof(*c->families));
	c->hashes = calloc(document->sample_count + 1, sizeof(*c->hashes));
	if (c->families == NULL || c->hashes == NULL)
		return -1;
	for (size_t i = 0; i < document->family_count; i++) {
		const struct parsed_family *family = &document->families[i];

		c->families[i].first_sample = NONE;
		if (c->next != NULL || family->sample_count == 0 || !composite_type(family->type))
			continue;
		c->next = calloc(document->sample_count, sizeof(*c->next));
		c->last = calloc(document->sample_count, sizeof(*c->last));
		if (c->next == NULL || c->last == NULL)
			return -1;
	}
	return 0;
}

static void
validation_release(struct validation *c)
{
	free(c->families);
	free(c->hashes);
	free(c->next);
	free(c->last);
}

static void
check_label_names(struct validation *c, const struct sample *sample, const struct series_key *series)
{
	struct family_state *state = &c->families[sample->family];

	if (series->reserved != NULL)
		fault_report(&c->faults, FAULT_CRASH, sample->line, "reserved_label",
		    "the name of a label begins with '__'");
	if (state->first_sample == NONE) {
		state->first_sample = (uint32_t)(sample - c->document->samples);
		state->label_names = series->names;
	} else if (state->label_names != series->names && !state->labels_differ) {
		state->labels_differ = true;
		fault_report(&c->faults, FAULT_MISREAD, sample->line, "labels_differ",
		    "'%.*s' has other labels than in line %u: missing ones are added with an empty value",
		    FAULT_ARGS(family_of(c, sample)->name), first_line(c, sample->family));
	}
}

static void
check_samples(struct validation *c)
{
	const struct document *d = c->document;
	struct hash_key key = hash_key_new();

	for (size_t i = 0; i < d->sample_count; i++) {
		const struct sample *sample = &d->samples[i];
		struct series_key series = series_read(d, sample, sample->family, key);

		c->hashes[i] = series.hash;
		check_label_names(c, sample, &series);
		if (sample->timestamp)
			fault_report(&c->faults, FAULT_REJECT, sample->line, "timestamp",
			    "a number behind the value, which is a timestamp");
	}
}

/* A sample of a series that was there before, in line `earlier`. */
static void
check_repeated(struct validation *c, uint32_t first, uint32_t repeated)
{
	const struct document *d = c->document;
	const struct sample *earlier = &d->samples[first], *later = &d->samples[repeated];

	if (c->next == NULL || !composite_type(family_of(c, later)->type)) {
		fault_report(&c->faults, FAULT_DROP, later->line, "duplicate",
		    "series of '%.*s' that is in line %u already", FAULT_ARGS(family_of(c, later)->name),
		    earlier->line);
		return;
	}
	c->next[c->last[first]] = repeated;
	c->last[first] = repeated;
}

/* Where the series of a sample is in the table, or the free place where it belongs. */
static uint32_t *
find_slot(struct validation *c, uint32_t *slots, size_t mask, uint32_t index)
{
	const struct document *d = c->document;
	const struct sample *sample = &d->samples[index];

	for (size_t i = c->hashes[index];; i++) {
		uint32_t *slot = &slots[i & mask];
		const struct sample *other = &d->samples[*slot > 0 ? *slot - 1 : 0];

		if (*slot == 0 ||
		    (c->hashes[*slot - 1] == c->hashes[index] && other->family == sample->family &&
			series_equal(d, sample, d, other, family_of(c, sample)->type)))
			return slot;
	}
}

/* Every series once; the lines of histograms and summaries are hung together. */
static int
check_duplicates(struct validation *c)
{
	size_t count = c->document->sample_count, capacity = 16;
	uint32_t *slots; /* samples, counted from 1; 0 is free */

	while (capacity < count * 2)
		capacity *= 2;
	slots = calloc(capacity, sizeof(*slots));
	if (slots == NULL)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t *slot = find_slot(c, slots, capacity - 1, i);

		if (c->next != NULL) {
			c->next[i] = NONE;
			c->last[i] = *slot == 0 ? i : NONE;
		}
		if (*slot == 0)
			*slot = i + 1;
		else
			check_repeated(c, *slot - 1, i);
	}
	free(slots);
	return 0;
}

/* A family that stands beside the histogram, summary or counter it seems to be a part of. */
static void
check_part(struct validation *c, size_t index, const struct parsed_family *whole)
{
	const struct parsed_family *part = &c->document->families[index];

	if (whole->sample_count > 0)
		fault_report(&c->faults, FAULT_DROP, first_line(c, index), "suffix_collision",
		    "'%.*s' is also a name of the histogram or summary '%.*s': one of the two is left out",
		    FAULT_ARGS(part->name), FAULT_ARGS(whole->name));
	else
		fault_report(&c->faults, FAULT_MISREAD, whole->type_line, "type_ignored",
		    "TYPE of '%.*s' comes after '%.*s', which is served untyped", FAULT_ARGS(whole->name),
		    FAULT_ARGS(part->name));
}

static void
check_suffixes(struct validation *c, const struct names *names, size_t index)
{
	static const char total[] = "_total";
	const struct parsed_family *family = &c->document->families[index], *whole;
	enum sample_part part;
	struct slice name = sample_whole_name(family->name, &part);
	const struct names_entry *entry;

	if (part == PART_VALUE && slice_ends_with(family->name, total))
		name.length = family->name.length - strlen(total);
	entry = names_find(names, name);
	if (entry == NULL)
		return;
	whole = &c->document->families[entry->number];
	if (sample_type_has(whole->type, part))
		check_part(c, index, whole);
	else if (part == PART_VALUE && whole->type == SAMPLE_COUNTER && whole->sample_count == 0 &&
		 !family->has_type)
		fault_report(&c->faults, FAULT_MISREAD, whole->type_line, "type_ignored",
		    "TYPE names '%.*s' but the samples are called '%.*s', which is served untyped",
		    FAULT_ARGS(whole->name), FAULT_ARGS(family->name));
}

static void
check_family(struct validation *c, size_t index)
{
	const struct parsed_family *family = &c->document->families[index];

	if (!utf8_valid(family->help))
		fault_report(&c->faults, FAULT_CRASH, family->help_line, "help_utf8",
		    "HELP is not UTF-8: Prometheus refuses all that node_exporter serves");
	if (family->type == SAMPLE_GAUGE_HISTOGRAM)
		fault_report(&c->faults, family->sample_count > 0 ? FAULT_CRASH : FAULT_REJECT,
		    family->type_line, "gauge_histogram", "the type is gauge histogram");
	if (family->sample_count > 0 && name_taken_by_node_exporter(family->name))
		fault_report(&c->faults, FAULT_DROP, first_line(c, index), "taken",
		    "'%.*s' is written by node_exporter itself: one of the two is left out",
		    FAULT_ARGS(family->name));
}

static int
check_families(struct validation *c)
{
	const struct document *d = c->document;
	struct names names;
	int result = 0;

	names_init(&names);
	for (size_t i = 0; i < d->family_count && result == 0; i++)
		result = names_add(&names, d->families[i].name, (uint32_t)i, 0);
	for (size_t i = 0; i < d->family_count && result == 0; i++) {
		check_family(c, i);
		if (d->families[i].sample_count > 0)
			check_suffixes(c, &names, i);
	}
	names_release(&names);
	return result;
}

/* Histograms and summaries, by the first line of each series. */
static int
check_composites(struct validation *c)
{
	const struct document *d = c->document;
	struct composite_checker checker = { .document = d, .faults = &c->faults, .next = c->next };
	int result = 0;

	for (uint32_t i = 0; i < d->sample_count && result == 0; i++)
		if (c->last[i] != NONE && composite_type(family_of(c, &d->samples[i])->type))
			result = composite_check(&checker, i);
	free(checker.bounds);
	return result;
}

long
validate_document(const struct document *document, fault_handler *report, void *context)
{
	struct validation c;
	int result = validation_init(&c, document, report, context);

	if (result == 0) {
		check_samples(&c);
		result = check_families(&c);
	}
	if (result == 0)
		result = check_duplicates(&c);
	if (result == 0 && c.next != NULL)
		result = check_composites(&c);
	validation_release(&c);
	return result == 0 ? c.faults.count : -1;
}

long
validate(struct slice text, fault_handler *report, void *context)
{
	struct document document;
	long refused = parse(&document, text, report, context), found = -1;

	if (refused >= 0)
		found = validate_document(&document, report, context);
	document_release(&document);
	return found < 0 ? -1 : refused + found;
}
