#include <stdlib.h>

#include "textfile/number.h"
#include "textfile/parse.h"
#include "textfile/parser.h"

enum { PLAIN_DIGITS = 300 };

static bool
is_whole_number(struct slice text)
{
	size_t sign = text.at[0] == '-' || text.at[0] == '+';

	for (size_t i = sign; i < text.length; i++)
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
	return text.length > sign;
}

/* What follows the value: nothing, or a timestamp. */
static int
read_timestamp(struct parser *p, const char *at, struct sample *sample)
{
	struct slice word = parser_read_word(p, parser_skip_blanks(p, at));

	if (word.length == 0)
		return parser_refuse(p, "trailing_blank", "blanks behind the value");
	if (word.at[0] == '#')
		return parser_refuse(p, "exemplar", "text behind the value: exemplars are OpenMetrics only");
	if (!is_whole_number(word) || word.at + word.length != p->line_end)
		return parser_refuse(p, "trailing_text", "text behind the value: '%.*s'", FAULT_ARGS(word));
	sample->timestamp = true;
	return 0;
}

static int
add_sample(struct parser *p, const struct sample *sample)
{
	struct document *d = p->document;

	if (parser_make_room_for_sample(p, p->line_end, d->sample_count + 1) != 0)
		return -1;
	d->samples[d->sample_count++] = *sample;
	d->label_count += sample->label_count;
	d->families[sample->family].sample_count++;
	return 0;
}

/* A line that starts with neither a name nor '#'. */
static int
refuse_start(struct parser *p, const char *at)
{
	if (*at == '{' && *parser_skip_blanks(p, at + 1) == '"')
		return parser_refuse(p, "quoted_name", "quoted names are not taken");
	if (*at == '{') {
		fault_report(&p->faults, FAULT_CRASH, p->line, "missing_name",
		    "no metric name: node_exporter 1.9 and later crash");
		return -1;
	}
	if (at == p->text && p->line_end - at >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
		return parser_refuse(p, "bom", "the file begins with a byte order mark");
	return parser_refuse(
	    p, "metric_name", "no metric name at '%.*s'", FAULT_ARGS(parser_read_word(p, at)));
}

static int
find_sample_family(struct parser *p, struct slice name, struct sample *sample)
{
	if (name.length == p->last_name.length && memcmp(name.at, p->last_name.at, name.length) == 0) {
		sample->family = p->last_family;
		sample->part = p->last_part;
		return 0;
	}
	if (parser_find_family(p, name, &sample->family, &sample->part) != 0)
		return -1;
	p->last_name = name;
	p->last_family = sample->family;
	p->last_part = sample->part;
	return 0;
}

/* Nearly all values are, and cannot be too large. */
static bool
is_plain_decimal(const struct parser *p, struct slice value)
{
	const char *at = value.at, *end;
	size_t digits;

	end = parser_skip(p, at, CLASS_DIGIT);
	digits = (size_t)(end - at);
	if (*end == '.') {
		at = end + 1;
		end = parser_skip(p, at, CLASS_DIGIT);
		digits += (size_t)(end - at);
	}
	return digits > 0 && digits < PLAIN_DIGITS && end == value.at + value.length;
}

static int
read_sample(struct parser *p, const char *at)
{
	struct sample sample = { .line = p->line, .labels = (uint32_t)p->document->label_count };
	struct slice name = { at, p->last_name.length };

	if (!parser_starts_with_name(p, at, p->last_name, CLASS_NAME))
		name = parser_read_name(p, at, CLASS_NAME);
	if (name.length == 0)
		return refuse_start(p, at);
	if (find_sample_family(p, name, &sample) != 0)
		return -1;
	parser_expect_labels(p, sample.family);
	at = parser_skip_blanks(p, name.at + name.length);
	if (*at == '{') {
		at = parser_read_labels(p, at + 1, &sample);
		if (at == NULL)
			return -1;
		at = parser_skip_blanks(p, at);
	}
	sample.value = parser_read_word(p, at);
	if (!is_plain_decimal(p, sample.value) && !number_valid(sample.value))
		return parser_refuse(p, "value", "'%.*s' is no number", FAULT_ARGS(sample.value));
	at += sample.value.length;
	if (*at != '\n' && read_timestamp(p, at, &sample) != 0)
		return -1;
	return add_sample(p, &sample);
}

static int
read_line(struct parser *p, const char *at)
{
	at = parser_skip_blanks(p, at);
	if (*at == '\n')
		return 0;
	return *at == '#' ? parser_read_comment(p, at + 1) : read_sample(p, at);
}

static void
read_lines(struct parser *p, struct slice text)
{
	const char *at = text.at, *end = text.at + text.length;

	for (; at < end && !p->out_of_memory; at = p->line_end + 1) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		p->line++;
		if (newline == NULL) {
			while (at < end && (*at == ' ' || *at == '\t'))
				at++;
			if (at < end)
				fault_report(&p->faults, FAULT_REJECT, p->line, "no_newline",
				    "the last line does not end in a line break");
			return;
		}
		p->line_end = newline;
		(void)read_line(p, at);
	}
}

long
parse(struct document *document, struct slice text, fault_handler *report, void *context)
{
	struct parser p;

	parser_init(&p, document, text);
	p.faults = (struct fault_sink){ report, context, 0 };
	if (text.length > UINT32_MAX)
		return -1;
	/* With room for a label, also a sample without any can point at its first. */
	if (text.length > 0 && parser_make_room_for_label(&p, text.at + text.length, 1) == 0)
		read_lines(&p, text);
	names_release(&p.names);
	return p.out_of_memory ? -1 : p.faults.count;
}

void
document_release(struct document *document)
{
	free(document->families);
	free(document->samples);
	free(document->labels);
	*document = (struct document){ 0 };
}

const struct label *
document_label(const struct document *document, const struct sample *sample, const char *name)
{
	const struct label *labels = &document->labels[sample->labels];

	for (size_t i = 0; i < sample->label_count; i++)
		if (slice_is(labels[i].name, name))
			return &labels[i];
	return NULL;
}

long
label_unescape(struct slice raw, char *value, size_t size)
{
	size_t length = 0;

	for (size_t i = 0; i < raw.length; i++) {
		char c = raw.at[i];

		if (c == '\\' && i + 1 < raw.length) {
			c = raw.at[++i];
			if (c == 'n')
				c = '\n';
		}
		if (length + 1 >= size)
			return -1;
		value[length++] = c;
	}
	if (size == 0)
		return -1;
	value[length] = '\0';
	return (long)length;
}
