#include <stdlib.h>
#include <string.h>

#include "textfile/checksum.h"
#include "textfile/decode.h"
#include "textfile/parse.h"
#include "textfile/state.h"

static bool
goes_on(const struct family *family)
{
	return family->type != METRIC_GAUGE || family->kept;
}

/* Whether the run has a series whose first label is key="value". */
static bool
has_first_label(const struct metrics *run, const char *key, const char *value)
{
	for (size_t f = 0; f < metrics_family_count(run); f++) {
		const char *first = metrics_family(run, f)->labels[0];

		if (first == NULL || strcmp(first, key) != 0)
			continue;
		for (size_t i = 0; i < metrics_series_count(run, f); i++)
			if (strcmp(metrics_series(run, f, i)->labels, value) == 0)
				return true;
	}
	return false;
}

static void
continue_series(struct metrics *run, size_t index, const struct series *old)
{
	const struct family *family = metrics_family(run, index);
	size_t before = metrics_series_count(run, index);
	struct series *s = metrics_need(run, index, old->labels, old->labels_length);

	if (s == NULL)
		return;
	if (family->type != METRIC_GAUGE)
		s->value += old->value;
	else if (metrics_series_count(run, index) > before)
		s->value = old->value;
	for (size_t i = 0; s->counts != NULL && i <= family->bound_count; i++)
		s->counts[i] += old->counts[i];
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
			still = has_first_label(run, key, s->labels);
		last = s->labels;
		if (still)
			continue_series(run, index, s);
	}
}

/* Whether one of the families that go on does not fit its row; it then has no series in the old metrics. */
static bool
is_reshaped(const struct metrics *run, const bool misfit[])
{
	for (size_t i = 0; i < metrics_family_count(run); i++)
		if (misfit[i] && goes_on(metrics_family(run, i)))
			return true;
	return false;
}

void
state_continue_from(struct metrics *run, const struct metrics *last)
{
	for (size_t i = 0; i < metrics_family_count(run); i++)
		if (goes_on(metrics_family(run, i)))
			continue_family(run, i, last);
}

/* What a whole file of ours says, into `last`; `misfit` has room for one flag per family. */
static enum state_result
read_file(struct metrics *last, struct slice text, bool misfit[])
{
	struct document document;
	long faults;

	if (!checksum_holds(text))
		return STATE_UNUSABLE;
	faults = parse(&document, text, NULL, NULL);
	if (faults == 0)
		decode(last, &document, misfit);
	document_release(&document);
	if (faults != 0)
		return faults < 0 ? STATE_NO_MEMORY : STATE_UNUSABLE;
	return is_reshaped(last, misfit) ? STATE_PARTLY : STATE_CONTINUED;
}

enum state_result
state_read(struct metrics *last, struct slice text)
{
	bool *misfit = calloc(metrics_family_count(last) + 1, sizeof(*misfit));
	enum state_result result = misfit != NULL ? read_file(last, text, misfit) : STATE_NO_MEMORY;

	free(misfit);
	return result;
}

enum state_result
state_continue(struct metrics *run, struct slice last)
{
	struct metrics *old = metrics_like(run);
	enum state_result result = old != NULL ? state_read(old, last) : STATE_NO_MEMORY;

	if (result == STATE_CONTINUED || result == STATE_PARTLY)
		state_continue_from(run, old);
	metrics_free(old);
	return result;
}
