/*
 * The table of positions on the status page: what each exchange has, what the
 * engine believes, and the difference.  It has room for 64, so the order in
 * which families are read decides what is shown: differences first.  It judges
 * nothing: the verdict comes from facts.c and rules.c, which see all
 * positions.
 */

#include "exporter/health/rules.h"

#include <math.h>
#include <stdlib.h>

#include "contract/open_positions.h"
#include "exporter/health/text.h"
#include "textfile/number.h"

/* What identifies a position while the files are read: labels as written. */
struct key {
	size_t file;
	struct slice env, exchange, symbol;
};

struct reading {
	const struct store *store;
	const struct facts *facts;
	struct health_report *report;
	struct key keys[HEALTH_POSITIONS];
};

/* Add a position at the end.  False: there is no room for it. */
static bool
add(struct reading *reading, const struct key *key)
{
	struct health_report *report = reading->report;
	const struct facts_check *about =
	    facts_find(reading->facts, KIND_POSITIONS, key->file, key->exchange, key->env);
	struct health_position *position;
	double there, believed;

	if (report->position_count == HEALTH_POSITIONS) {
		report->more_positions = true;
		return false;
	}
	reading->keys[report->position_count] = *key;
	position = &report->positions[report->position_count++];
	*position = (struct health_position){ .mismatch = NAN, .since = NAN };
	words_copy(key->env, true, position->env, sizeof(position->env));
	words_copy(key->exchange, true, position->exchange, sizeof(position->exchange));
	words_copy(key->symbol, true, position->symbol, sizeof(position->symbol));
	/* A source that was read and does not name the position has none of
	 * it: 0.  A source that was not read may have any quantity: NaN. */
	there = about != NULL && about->facts[FACT_READABLE + SOURCE_EXCHANGE] == 1 ? 0 : NAN;
	believed = about != NULL && about->facts[FACT_READABLE + SOURCE_ENGINE] == 1 ? 0 : NAN;
	position->there[0] = position->there[1] = there;
	position->believed[0] = position->believed[1] = believed;
	position->stale = about == NULL || about->stale;
	return true;
}

/* The index of the position, or the number of positions if it is not
 * there.  A plain search: there are at most HEALTH_POSITIONS. */
static size_t
find(const struct reading *reading, const struct key *key)
{
	size_t i;

	for (i = 0; i < reading->report->position_count; i++) {
		const struct key *other = &reading->keys[i];

		if (other->file == key->file && slice_equal(other->symbol, key->symbol) &&
		    slice_equal(other->exchange, key->exchange) && slice_equal(other->env, key->env))
			break;
	}
	return i;
}

static void
take(struct reading *reading, size_t file, const struct document *document, const struct sample *sample,
    enum open_family family)
{
	const struct key key = { file, facts_label(document, sample, "env"),
		facts_label(document, sample, "exchange"), facts_label(document, sample, "symbol") };
	bool engine = slice_is(facts_label(document, sample, "source"), source_names[SOURCE_ENGINE]);
	bool is_short = slice_is(facts_label(document, sample, "side"), "short");
	size_t index = find(reading, &key);
	double value = number_value(sample->value);
	struct health_position *position;

	/* A difference of 0, or a time alone, is no reason to show a position. */
	if (index == reading->report->position_count &&
	    (family == OPEN_MISMATCH_SINCE || (family == OPEN_MISMATCH && value == 0) || !add(reading, &key)))
		return;
	position = &reading->report->positions[index];
	if (family == OPEN_MISMATCH)
		position->mismatch = value;
	else if (family == OPEN_MISMATCH_SINCE)
		position->since = value;
	else
		(engine ? position->believed : position->there)[is_short ? 1 : 0] = value;
}

/* All samples of one family; nothing when the file has none. */
static void
take_family(struct reading *reading, size_t file, enum open_family family)
{
	const struct document *document = &store_file(reading->store, file)->document;
	size_t wanted = 0;

	if (store_file(reading->store, file)->state != STORE_GOOD)
		return;
	while (wanted < document->family_count &&
	       !slice_is(document->families[wanted].name, open_families[family].name))
		wanted++;
	if (wanted == document->family_count)
		return;
	for (size_t i = 0; i < document->sample_count; i++)
		if (document->samples[i].family == wanted && document->samples[i].part == PART_VALUE)
			take(reading, file, document, &document->samples[i], family);
}

int
health_positions(const struct store *store, const struct facts *facts, struct health_report *report)
{
	/* Mismatches come first, and once more at the end: then
	 * positions that quantities have added get their 0. */
	static const enum open_family order[] = { OPEN_MISMATCH, OPEN_QUANTITY, OPEN_MISMATCH,
		OPEN_MISMATCH_SINCE };
	struct reading reading = { .store = store, .facts = facts, .report = report };

	report->positions = calloc(HEALTH_POSITIONS, sizeof(*report->positions));
	if (report->positions == NULL)
		return -1;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		for (size_t file = 0; file < store_count(store); file++)
			take_family(&reading, file, order[i]);
	return 0;
}
