#include <stdlib.h>

#include "common/text/buffer.h"
#include "exporter/directory/content.h"
#include "textfile/merge.h"
#include "textfile/series.h"

/* HELP and TYPE may come to a few times the text of a file whose families are many and short. */
static const size_t largest_text = (size_t)256 << 20;

/* "# TYPE name type\n", where a "# HELP name text\n" may be before it: what merge() writes. */
static const char *
line_end(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	return newline != NULL ? newline + 1 : end;
}

/* Where the header of a family that begins at `at` ends. */
static const char *
header_end(const char *at, const char *end)
{
	while (at < end && *at == '#')
		at = line_end(at, end);
	return at;
}

static int
compare_hashes(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static size_t
sort_unique(uint64_t *hashes, size_t count)
{
	size_t kept = 0;

	if (count > 0)
		qsort(hashes, count, sizeof(*hashes), compare_hashes);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || hashes[i] != hashes[kept - 1])
			hashes[kept++] = hashes[i];
	return kept;
}

/* The samples of a document in this form come family by family.  Returns the number of families found. */
static size_t
index_families(struct content *c, const struct document *d, struct hash_key key)
{
	const char *at = c->text, *end = c->text + c->length;
	struct series_reader reader;
	size_t sample = 0, series = 0, count = 0;

	series_reader_init(&reader, d, key);
	for (; count < d->family_count && at < end; count++) {
		struct content_family *family = &c->families[count];
		size_t first = series;

		*family = (struct content_family){ .name = d->families[count].name,
			.help = d->families[count].help,
			.type = d->families[count].type,
			.start = (size_t)(at - c->text),
			.series = first };
		at = header_end(at, end);
		family->samples = (size_t)(at - c->text);
		for (; sample < d->sample_count && d->samples[sample].family == count; sample++) {
			uint64_t hash = series_read(&reader, &d->samples[sample], 0).hash;

			if (series == first || c->series[series - 1] != hash)
				c->series[series++] = hash;
			at = line_end(at, end);
		}
		family->end = (size_t)(at - c->text);
		family->series_count = sort_unique(c->series + first, series - first);
		series = first + family->series_count;
	}
	return sample == d->sample_count && at == end ? count : 0;
}

static int
make_index(struct content *c, struct hash_key key)
{
	struct document d;
	int result = -1;

	if (parse(&d, (struct slice){ c->text, c->length }, NULL, NULL) == 0) {
		c->families = calloc(d.family_count + 1, sizeof(*c->families));
		c->series = calloc(d.sample_count + 1, sizeof(*c->series));
		if (c->families != NULL && c->series != NULL) {
			c->family_count = index_families(c, &d, key);
			result = c->family_count == d.family_count ? 0 : -1;
		}
	}
	document_release(&d);
	return result;
}

/* What a buffer grew to is up to twice what it holds. */
static void
take_text(struct content *c, struct buffer *text)
{
	char *fitting = realloc(text->text, text->length > 0 ? text->length : 1);

	if (fitting != NULL)
		text->text = fitting;
	c->text = text->text;
	c->length = text->length;
	*text = (struct buffer){ 0 };
}

struct content *
content_new(const struct document *document, struct hash_key key)
{
	struct content *c = calloc(1, sizeof(*c));
	struct buffer text;

	buffer_init(&text, largest_text);
	if (c != NULL) {
		atomic_init(&c->references, 1);
		if (merge(&document, 1, &text, NULL, NULL) < 0 || text.failed) {
			content_drop(c);
			c = NULL;
		}
	}
	if (c != NULL) {
		take_text(c, &text);
		if (make_index(c, key) != 0) {
			content_drop(c);
			c = NULL;
		}
	}
	buffer_release(&text);
	return c;
}

struct content *
content_keep(struct content *content)
{
	atomic_fetch_add(&content->references, 1);
	return content;
}

void
content_drop(struct content *content)
{
	if (content == NULL || atomic_fetch_sub(&content->references, 1) > 1)
		return;
	free(content->text);
	free(content->families);
	free(content->series);
	free(content);
}
