#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "textfile/decode.h"
#include "textfile/parse.h"
#include "textfile/state.h"

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
		if (misfit[i] && family_continues(metrics_family(run, i)))
			return true;
	return false;
}

void
state_continue_from(struct metrics *run, const struct metrics *last)
{
	for (size_t i = 0; i < metrics_family_count(run); i++)
		if (family_continues(metrics_family(run, i)))
			continue_family(run, i, last);
}

/* Reading ------------------------------------------------------------ */

void
state_reader_init(struct state_reader *r, struct metrics *last, uint64_t size)
{
	*r = (struct state_reader){ .last = last };
	checksum_init(&r->sum);
	/* Too short for a checksum: nothing fits then. */
	r->left = size >= CHECKSUM_LINE ? size - CHECKSUM_LINE : UINT64_MAX;
	buffer_init(&r->line, SIZE_MAX / 2);
	buffer_init(&r->kept, SIZE_MAX / 2);
}

static bool
is_read(const struct family *family)
{
	return family_continues(family) || family->recalled;
}

/* "# TYPE name gauge": whether the samples that follow are of use. */
static void
read_comment(struct state_reader *r, struct slice line)
{
	static const char type[] = "# TYPE ";
	const size_t length = sizeof(type) - 1;

	if (line.length <= length || memcmp(line.at, type, length) != 0)
		return;
	r->passed_over = NULL;
	for (size_t i = 0; i < metrics_family_count(r->last); i++) {
		const struct family *family = metrics_family(r->last, i);
		size_t name = strlen(family->name);

		if (is_read(family) || line.length <= length + name || line.at[length + name] != ' ' ||
		    memcmp(line.at + length, family->name, name) != 0)
			continue;
		r->passed_over = family->name;
		r->passed_over_length = name;
		return;
	}
}

/* With its line break. */
static void
read_line(struct state_reader *r, struct slice line)
{
	size_t name = r->passed_over_length;

	if (r->passed_over != NULL && line.length > name && (line.at[name] == '{' || line.at[name] == ' ') &&
	    memcmp(line.at, r->passed_over, name) == 0)
		return;
	if (line.at[0] == '#')
		read_comment(r, line);
	buffer_append(&r->kept, line.at, line.length);
}

static void
read_text(struct state_reader *r, struct slice text)
{
	checksum_add(&r->sum, text);
	while (text.length > 0) {
		const char *newline = memchr(text.at, '\n', text.length);
		size_t length = newline != NULL ? (size_t)(newline - text.at) + 1 : text.length;

		if (newline != NULL && r->line.length == 0) {
			read_line(r, (struct slice){ text.at, length });
		} else {
			buffer_append(&r->line, text.at, length);
			if (newline != NULL && !r->line.failed) {
				read_line(r, buffer_slice(&r->line));
				r->line.length = 0;
			}
		}
		text = (struct slice){ text.at + length, text.length - length };
	}
}

void
state_reader_add(struct state_reader *r, struct slice piece)
{
	size_t text = piece.length < r->left ? piece.length : (size_t)r->left, rest = piece.length - text;

	read_text(r, (struct slice){ piece.at, text });
	r->left -= text;
	if (rest > CHECKSUM_LINE - r->ending_length)
		rest = CHECKSUM_LINE - r->ending_length;
	memcpy(r->ending + r->ending_length, piece.at + text, rest);
	r->ending_length += rest;
}

/* The whole text came, lines and all, and the checksum is right. */
static bool
is_whole(const struct state_reader *r)
{
	char line[CHECKSUM_LINE];

	if (r->left > 0 || r->ending_length < CHECKSUM_LINE || r->line.length > 0)
		return false;
	checksum_line(&r->sum, line);
	return memcmp(line, r->ending, CHECKSUM_LINE) == 0;
}

/* `misfit` has room for one flag per family. */
static enum state_result
read_kept(struct state_reader *r, bool misfit[])
{
	struct document document;
	long faults = parse(&document, buffer_slice(&r->kept), NULL, NULL);

	if (faults == 0)
		decode(r->last, &document, misfit);
	document_release(&document);
	if (faults != 0)
		return faults < 0 ? STATE_NO_MEMORY : STATE_UNUSABLE;
	return is_reshaped(r->last, misfit) ? STATE_PARTLY : STATE_CONTINUED;
}

enum state_result
state_reader_end(struct state_reader *r)
{
	bool *misfit = calloc(metrics_family_count(r->last) + 1, sizeof(*misfit));
	enum state_result result = STATE_UNUSABLE;

	if (misfit == NULL || r->line.failed || r->kept.failed)
		result = STATE_NO_MEMORY;
	else if (is_whole(r))
		result = read_kept(r, misfit);
	free(misfit);
	buffer_release(&r->line);
	buffer_release(&r->kept);
	return result;
}
