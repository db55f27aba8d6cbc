/*
 * A file is served as node_exporter would serve it.  So it is refused for what
 * node_exporter refuses a file for, and also for what makes node_exporter misread
 * it or crash: with one such file, nothing of the directory would arrive.
 */

#include "exporter/directory/judge_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/directory/bounds.h"
#include "textfile/composite.h"
#include "textfile/validate.h"

struct judging {
	struct judgement *judgement;
	const struct document *document; /* NULL: it is still being parsed */
};

static int
compare_line(const void *key, const void *element)
{
	uint32_t line = *(const uint32_t *)key, other = ((const struct sample *)element)->line;

	return (line > other) - (line < other);
}

/* Whether the line is of a histogram or summary.  All its lines are one series, and merge() keeps
 * those of one file together: it would not leave out a duplicate among them, so the file is refused. */
static bool
is_of_composite(const struct document *d, uint32_t line)
{
	const struct sample *sample = NULL;

	if (d->sample_count > 0)
		sample = bsearch(&line, d->samples, d->sample_count, sizeof(*d->samples), compare_line);
	return sample == NULL || composite_type(d->families[sample->family].type);
}

/*
 * Labels that differ within a family are no fault to Prometheus.  Names that
 * node_exporter writes itself ("taken") are fine here: merge() is given our own.
 */
static void
judge(void *context, const struct fault *fault)
{
	const struct judging *judging = context;
	struct judgement *j = judging->judgement;

	if (j->reason[0] != '\0' || strcmp(fault->rule, "labels_differ") == 0 ||
	    strcmp(fault->rule, "taken") == 0)
		return;
	if (fault->class == FAULT_DROP && judging->document != NULL &&
	    (strcmp(fault->rule, "duplicate") != 0 || !is_of_composite(judging->document, fault->line))) {
		j->dropped++;
		return;
	}
	if (fault->line > 0)
		(void)snprintf(j->reason, sizeof(j->reason), "line %u: %.230s", fault->line, fault->text);
	else
		(void)snprintf(j->reason, sizeof(j->reason), "%.240s", fault->text);
}

int
judge_file(struct slice text, struct document *document, struct buffer *bounds, struct judgement *judgement)
{
	struct judging judging = { .judgement = judgement };
	long faults;

	*judgement = (struct judgement){ 0 };
	faults = parse(document, text, judge, &judging);
	if (faults >= 0) {
		judging.document = document;
		faults = validate_document(document, judge, &judging);
	}
	if (faults < 0 || judgement->reason[0] != '\0')
		return -1;
	return bounds_normalise(document, bounds);
}
