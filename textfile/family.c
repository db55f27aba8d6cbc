/*
 * The tables of our own programs are checked too, when metrics are made of them: a reserved label or a name
 * that collides would make node_exporter drop the file or end, and nothing would show it before a program is
 * installed.
 */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "common/text/utf8.h"
#include "textfile/family.h"
#include "textfile/names.h"

const char *
metric_type_name(enum metric_type type)
{
	switch (type) {
	case METRIC_COUNTER: return "counter";
	case METRIC_GAUGE: return "gauge";
	case METRIC_HISTOGRAM: return "histogram";
	}
	return "untyped";
}

bool
family_continues(const struct family *family)
{
	return family->type != METRIC_GAUGE ? !family->whole : family->kept;
}

bool
family_remembered(const struct family *family)
{
	return family_continues(family) || family->recalled;
}

static int
fault(struct failure *why, const struct family *f, const char *what, const char *reason)
{
	return failure_set(why, FAILURE_LOCAL, "family '%s': %s: %s", f->name, what, reason);
}

/* What makes `label` unfit for the family, or NULL. */
static const char *
label_fault(const struct family *f, size_t index)
{
	struct slice label = SLICE(f->labels[index]);

	if (!name_valid_label(label) || label.length > FAMILY_NAME)
		return "not a label name of at most 128 characters";
	if (name_reserved_label(label))
		return "labels that begin with '__' crash node_exporter";
	if (slice_is(label, "env"))
		return "every sample has it already";
	if (slice_is(label, "le") || slice_is(label, "quantile"))
		return "reserved for histograms and summaries";
	for (size_t i = 0; i < index; i++)
		if (slice_is(label, f->labels[i]))
			return "there twice";
	return NULL;
}

static int
check_labels(const struct family *f, struct failure *why)
{
	for (size_t i = 0; i <= FAMILY_LABELS && f->labels[i] != NULL; i++) {
		const char *reason = i == FAMILY_LABELS ? "one label too many" : label_fault(f, i);

		if (reason != NULL)
			return fault(why, f, f->labels[i], reason);
	}
	return 0;
}

static int
check_bounds(const struct family *f, struct failure *why)
{
	if (f->type != METRIC_HISTOGRAM)
		return f->bound_count == 0 ? 0 : fault(why, f, "bounds", "only histograms have them");
	if (f->bound_count == 0 || f->bound_count > FAMILY_BOUNDS)
		return fault(why, f, "bounds", "there must be 1 to 32");
	for (size_t i = 0; i < f->bound_count; i++)
		if (!isfinite(f->bounds[i]) || (i > 0 && f->bounds[i] <= f->bounds[i - 1]))
			return fault(why, f, "bounds", "must be finite and ascend");
	return 0;
}

static int
check_one(const struct family *f, struct failure *why)
{
	static const char *const suffixes[] = { "_bucket", "_sum", "_count" };

	if (!name_valid_metric(SLICE(f->name)) || strlen(f->name) > FAMILY_NAME)
		return fault(why, f, "name", "not a metric name of at most 128 characters");
	if (name_taken_by_node_exporter(SLICE(f->name)))
		return fault(why, f, "name", "node_exporter writes it itself");
	for (size_t i = 0; i < 3; i++)
		if (slice_ends_with(SLICE(f->name), suffixes[i]))
			return fault(why, f, suffixes[i], "reserved for the lines of a histogram");
	if (f->help == NULL || *f->help == '\0' || !utf8_valid(SLICE(f->help)))
		return fault(why, f, "help", "must be a sentence in UTF-8");
	return check_labels(f, why) == 0 && check_bounds(f, why) == 0 ? 0 : -1;
}

int
family_check(const struct family *const families[], size_t count, struct failure *why)
{
	for (size_t i = 0; i < count; i++) {
		if (check_one(families[i], why) != 0)
			return -1;
		for (size_t j = 0; j < i; j++)
			if (strcmp(families[i]->name, families[j]->name) == 0)
				return fault(why, families[i], "name", "there twice");
	}
	return 0;
}
