/*
 * Any bytes as a .prom file.  Besides not crashing:
 *
 *  - faults lie within the text and are printable;
 *  - what is found without a fault is joined, alone, into a text without a
 *    fault that holds the same samples;
 *  - two halves of a text, cut anywhere, are joined into a text that parses;
 *  - what a document refers to lies within the text.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text/utf8.h"
#include "textfile/merge.h"
#include "textfile/names.h"
#include "textfile/number.h"
#include "textfile/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint32_t lines;
	long count;
};

static void
expect(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "does not hold: %s\n", what);
	abort();
}

static void
look_at(void *context, const struct fault *fault)
{
	struct seen *seen = context;

	seen->count++;
	expect(fault->line >= 1 && fault->line <= seen->lines, "a fault lies within the text");
	expect(fault->rule != NULL && *fault->rule != '\0', "a fault names its rule");
	expect(
	    utf8_valid(SLICE(fault->text)) && strpbrk(fault->text, "\n\r\t") == NULL, "a fault is printable");
}

static void
look_at_joined(void *context, size_t file, const struct fault *fault)
{
	const struct seen *halves = context;
	struct seen seen = halves[file];

	look_at(&seen, fault);
}

static uint32_t
count_lines(struct slice text)
{
	uint32_t lines = 1;

	for (size_t i = 0; i < text.length; i++)
		lines += text.at[i] == '\n';
	return lines;
}

static bool
within(struct slice part, struct slice text)
{
	return part.length == 0 || (part.at >= text.at && part.at + part.length <= text.at + text.length);
}

static void
check_document(const struct document *d, struct slice text)
{
	for (size_t i = 0; i < d->family_count; i++)
		expect(name_valid_metric(d->families[i].name) && within(d->families[i].help, text),
		    "families are sound");
	for (size_t i = 0; i < d->sample_count; i++) {
		const struct sample *s = &d->samples[i];

		expect(s->family < d->family_count && s->labels + s->label_count <= d->label_count &&
			   within(s->value, text) && number_valid(s->value),
		    "samples are sound");
		for (size_t j = 0; j < s->label_count; j++) {
			const struct label *label = &d->labels[s->labels + j];

			expect(name_valid_label(label->name) && within(label->value, text) &&
				   utf8_valid(label->value),
			    "labels are sound");
		}
	}
}

/* The joined text of some documents; the caller releases it. */
static long
join(const struct document *const documents[], size_t count, struct buffer *out, struct seen *seen)
{
	long found;

	buffer_init(out, SIZE_MAX / 2);
	found = merge(documents, count, out, NULL, look_at_joined, seen);
	expect(found >= 0 && !out->failed, "there is memory");
	expect(merge(documents, count, NULL, NULL, NULL, NULL) == found, "only looking finds the same");
	return found;
}

static bool
same_sample(
    const struct document *a, const struct sample *x, const struct document *b, const struct sample *y)
{
	bool same = slice_equal(a->families[x->family].name, b->families[y->family].name) &&
		    a->families[x->family].type == b->families[y->family].type && x->part == y->part &&
		    slice_equal(x->value, y->value) && x->label_count == y->label_count;

	for (size_t i = 0; same && i < x->label_count; i++)
		same = slice_equal(a->labels[x->labels + i].name, b->labels[y->labels + i].name) &&
		       slice_equal(a->labels[x->labels + i].value, b->labels[y->labels + i].value);
	return same;
}

/* Both are grouped by family, but `a` may not be: look for each of its samples from where the last was found.
 */
static void
check_same(const struct document *a, const struct document *b)
{
	size_t next = 0;

	expect(a->sample_count == b->sample_count, "joining keeps all samples");
	for (size_t i = 0; i < a->sample_count; i++) {
		size_t tries = 0;

		while (tries <= b->sample_count && !same_sample(a, &a->samples[i], b, &b->samples[next])) {
			next = (next + 1) % b->sample_count;
			tries++;
		}
		expect(tries <= b->sample_count, "joining keeps each sample");
	}
}

static void
check_clean(const struct document *d, struct seen *seen)
{
	struct buffer joined;
	struct document again;

	expect(join(&d, 1, &joined, seen) == 0, "a text without a fault joins without one");
	expect(validate(buffer_slice(&joined), NULL, NULL) == 0, "the joined text has no fault");
	expect(parse(&again, buffer_slice(&joined), NULL, NULL) == 0, "the joined text parses");
	check_same(d, &again);
	document_release(&again);
	buffer_release(&joined);
}

static void
check_halves(struct slice text, size_t cut)
{
	struct slice first = { text.at, cut }, second = { text.at + cut, text.length - cut };
	struct seen seen[2] = { { count_lines(first), 0 }, { count_lines(second), 0 } };
	struct document a, b, again;
	const struct document *both[] = { &a, &b };
	struct buffer joined;

	expect(parse(&a, first, NULL, NULL) >= 0 && parse(&b, second, NULL, NULL) >= 0, "there is memory");
	(void)join(both, 2, &joined, seen);
	expect(parse(&again, buffer_slice(&joined), NULL, NULL) == 0, "two joined texts parse");
	document_release(&again);
	document_release(&a);
	document_release(&b);
	buffer_release(&joined);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy without anything behind it, so that reading too far is seen. */
	char *copy = malloc(size + (size == 0));
	struct slice text = { copy, size };
	struct seen seen = { .lines = count_lines((struct slice){ (const char *)data, size }) };
	struct document document;
	long refused, found;

	if (copy == NULL)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	refused = parse(&document, text, look_at, &seen);
	expect(refused >= 0 && refused == seen.count, "each refused line is reported");
	check_document(&document, text);
	found = validate_document(&document, look_at, &seen);
	expect(found >= 0 && refused + found == seen.count, "each fault is reported");
	if (refused + found == 0)
		check_clean(&document, &seen);
	check_halves(text, size > 0 ? data[0] * size / 256 : 0);
	document_release(&document);
	free(copy);
	return 0;
}
