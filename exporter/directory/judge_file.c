#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/buffer.h"
#include "exporter/directory/bounds.h"
#include "exporter/directory/judge_file.h"
#include "textfile/composite.h"
#include "textfile/validate.h"

static int
compare_line(const void *key, const void *element)
{
	uint32_t line = *(const uint32_t *)key, other = ((const struct sample *)element)->line;

	return (line > other) - (line < other);
}

/* Of a histogram all lines are one series, and merge() keeps those of the same file together. */
static bool
is_of_composite(const struct document *d, uint32_t line)
{
	const struct sample *sample = NULL;

	if (d->sample_count > 0)
		sample = bsearch(&line, d->samples, d->sample_count, sizeof(*d->samples), compare_line);
	return sample == NULL || composite_type(d->families[sample->family].type);
}

/*
 * Labels that differ within a family are no fault to Prometheus, and what
 * node_exporter writes itself is not taken here.
 */
static void
judge(void *context, const struct fault *fault)
{
	struct judgement *j = context;

	if (j->reason[0] != '\0' || strcmp(fault->rule, "labels_differ") == 0 ||
	    strcmp(fault->rule, "taken") == 0)
		return;
	if (fault->class == FAULT_DROP && j->document != NULL &&
	    (strcmp(fault->rule, "duplicate") != 0 || !is_of_composite(j->document, fault->line))) {
		j->dropped++;
		return;
	}
	if (fault->line > 0)
		(void)snprintf(j->reason, sizeof(j->reason), "line %u: %.230s", fault->line, fault->text);
	else
		(void)snprintf(j->reason, sizeof(j->reason), "%.240s", fault->text);
}

static bool
is_ours(struct slice name)
{
	static const char prefix[] = "arbitrage_";

	return name.length > sizeof(prefix) - 1 && memcmp(name.at, prefix, sizeof(prefix) - 1) == 0;
}

int
digest_ours(const struct content *content, struct document *document, char **own_text)
{
	struct buffer text;
	long faults;

	buffer_init(&text, content->length);
	for (size_t i = 0; i < content->family_count; i++) {
		const struct content_family *family = &content->families[i];

		if (is_ours(family->name))
			buffer_append(&text, content->text + family->start, family->end - family->start);
	}
	if (text.failed) {
		buffer_release(&text);
		return -1;
	}
	*own_text = text.text;
	if (text.text == NULL)
		return 0;
	faults = parse(document, buffer_slice(&text), NULL, NULL);
	return faults < 0 ? -1 : 0;
}

int
digest(struct slice text, struct hash_key key, struct judgement *j, struct content **content)
{
	struct document document;
	struct buffer bounds;
	long faults = parse(&document, text, judge, j);

	*content = NULL;
	buffer_init(&bounds, SIZE_MAX);
	if (faults >= 0) {
		j->document = &document;
		faults = validate_document(&document, judge, j);
	}
	if (faults >= 0 && j->reason[0] == '\0' && bounds_normalise(&document, &bounds) == 0)
		*content = content_new(&document, key);
	j->document = NULL;
	document_release(&document);
	buffer_release(&bounds);
	return *content != NULL ? 0 : -1;
}
