/*
 * Samples and their labels, and parse() itself.  The format is node_exporter's, not the one that its
 * documentation describes: where the two differ, a file must be refused, dropped or read as its parser would
 * do it.  A line that is refused is reported and left out, and reading goes on, so that one run finds all
 * faults of a file.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text/array.h"
#include "common/text/utf8.h"
#include "textfile/number.h"
#include "textfile/parse_internal.h"

/* node_exporter takes more, but its time grows with the square of their number, as ours does. */
enum { LABELS_MOST = 256 };

bool
composite_type(enum sample_type type)
{
	return type == SAMPLE_HISTOGRAM || type == SAMPLE_GAUGE_HISTOGRAM || type == SAMPLE_SUMMARY;
}

struct slice
sample_bound_label(enum sample_type type)
{
	switch (type) {
	case SAMPLE_SUMMARY: return SLICE("quantile");
	case SAMPLE_HISTOGRAM:
	case SAMPLE_GAUGE_HISTOGRAM: return SLICE("le");
	default: return (struct slice){ "", 0 };
	}
}

/* Faults --------------------------------------------------------------- */

static void
make_printable(char *text)
{
	size_t length = strlen(text), size;

	for (size_t i = 0; i < length; i += size) {
		size = utf8_character(text + i, length - i);
		if (size > 1)
			continue;
		if (size == 0 || (unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
		size = 1;
	}
}

__attribute__((format(printf, 5, 0))) static void
report_list(struct fault_sink *faults, enum fault_class class, uint32_t line, const char *rule,
    const char *format, va_list arguments)
{
	struct fault fault = { .class = class, .line = line, .rule = rule };

	faults->count++;
	if (faults->report == NULL)
		return;
	(void)vsnprintf(fault.text, sizeof(fault.text), format, arguments);
	make_printable(fault.text);
	faults->report(faults->context, &fault);
}

void
fault_report(struct fault_sink *faults, enum fault_class class, uint32_t line, const char *rule,
    const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report_list(faults, class, line, rule, format, arguments);
	va_end(arguments);
}

const char *fault_class_name(enum fault_class class)
{
	static const char *const names[] = {
		[FAULT_REJECT] = "reject",
		[FAULT_DROP] = "drop",
		[FAULT_MISREAD] = "misread",
		[FAULT_CRASH] = "crash",
	};

	return names[class];
}

int
parser_refuse(struct parser *p, const char *rule, const char *format, ...)
{
	va_list arguments;

	/* Whatever the parser stumbled over, it is the CR at the latest. */
	if (p->line_end > p->text && p->line_end[-1] == '\r') {
		fault_report(&p->faults, FAULT_REJECT, p->line, "crlf", "line ends in CR LF");
		return -1;
	}
	va_start(arguments, format);
	report_list(&p->faults, FAULT_REJECT, p->line, rule, format, arguments);
	va_end(arguments);
	return -1;
}

int
parser_no_memory(struct parser *p)
{
	p->out_of_memory = true;
	return -1;
}

static int
make_room_for_sample(struct parser *p, size_t count)
{
	struct sample *samples =
	    array_reserve(p->document->samples, &p->samples_room, count, sizeof(*samples));

	if (samples == NULL)
		return parser_no_memory(p);
	p->document->samples = samples;
	return 0;
}

static int
make_room_for_label(struct parser *p, size_t count)
{
	struct label *labels = array_reserve(p->document->labels, &p->labels_room, count, sizeof(*labels));

	if (labels == NULL)
		return parser_no_memory(p);
	p->document->labels = labels;
	return 0;
}

/* Labels --------------------------------------------------------------- */

/* The closing quote of the label value that starts at `at`, or NULL when it is refused. */
static const char *
end_of_value(struct parser *p, const char *at)
{
	const char *start = at;
	bool ascii = true;

	/* Every text ends with a newline, so that each loop here ends without counting. */
	for (;; at++) {
		while (*at != '"' && *at != '\\' && *at != '\n')
			ascii &= (unsigned char)*at++ < 0x80;
		if (*at == '"')
			break;
		if (*at == '\n') {
			parser_refuse(p, "label_syntax", "the value of a label has no closing quote");
			return NULL;
		}
		at++;
		if (*at != '\\' && *at != '"' && *at != 'n') {
			parser_refuse(p, "label_escape",
			    "the value of a label has a backslash that begins none of '\\\\', '\\\"', '\\n'");
			return NULL;
		}
	}
	/* Nearly all values are ASCII, which needs no second look. */
	if (!ascii && !utf8_valid((struct slice){ start, (size_t)(at - start) })) {
		parser_refuse(p, "label_utf8", "the value of a label is not UTF-8");
		return NULL;
	}
	return at;
}

/* One `name="value"`.  Returns what is behind its closing quote, or NULL when it is refused. */
static const char *
read_label(struct parser *p, const char *at, enum sample_type type, struct label *label)
{
	label->name = name_at_label(at);
	if (label->name.length == 0) {
		parser_refuse(p, "label_syntax", "a label has no name that is allowed");
		return NULL;
	}
	/* Prometheus keeps the metric's name under it, so that a file could rename its metric. */
	if (slice_is(label->name, "__name__")) {
		parser_refuse(p, "label_reserved", "label '__name__' is reserved");
		return NULL;
	}
	at = skip_blanks(label->name.at + label->name.length);
	if (*at == '=')
		at = skip_blanks(at + 1);
	else
		at = p->line_end;
	if (*at != '"') {
		parser_refuse(p, "label_syntax", "no '=\"' after the name of a label");
		return NULL;
	}
	label->value.at = at + 1;
	at = end_of_value(p, at + 1);
	if (at == NULL)
		return NULL;
	label->value.length = (size_t)(at - label->value.at);
	/* node_exporter refuses the whole file if a bound is not a number. */
	if (slice_equal(label->name, sample_bound_label(type)) && !number_valid(label->value)) {
		parser_refuse(p, "bound", "the value of label '%s' is no number",
		    type == SAMPLE_SUMMARY ? "quantile" : "le");
		return NULL;
	}
	return at + 1;
}

/* No label may be there twice, but for `le` and `quantile` where they are bounds. */
static int
check_twice(struct parser *p, const struct sample *sample, enum sample_type type)
{
	const struct label *labels = &p->document->labels[sample->labels];
	struct slice bound = sample_bound_label(type);

	for (size_t i = 1; i < sample->label_count; i++)
		for (size_t j = 0; j < i; j++)
			if (slice_equal(labels[i].name, labels[j].name) &&
			    !slice_equal(labels[i].name, bound))
				return parser_refuse(p, "label_twice", "a label is there twice");
	return 0;
}

/* From behind the '{' to behind the '}'.  The labels go to the end of the document's, which are the sample's
 * once it is counted.  NULL when refused. */
static const char *
read_labels(struct parser *p, const char *at, struct sample *sample)
{
	struct document *d = p->document;
	enum sample_type type = d->families[sample->family].type;

	for (at = skip_blanks(at); *at != '}'; at = skip_blanks(at)) {
		if (make_room_for_label(p, d->label_count + sample->label_count + 1) != 0)
			return NULL;
		if (sample->label_count == LABELS_MOST) {
			parser_refuse(p, "label_limit", "more than %d labels", LABELS_MOST);
			return NULL;
		}
		at = read_label(p, at, type, &d->labels[sample->labels + sample->label_count]);
		if (at == NULL)
			return NULL;
		sample->label_count++;
		at = skip_blanks(at);
		if (*at == ',') {
			at++;
		} else if (*at != '}') {
			parser_refuse(p, "label_syntax", "no ',' or '}' behind a label");
			return NULL;
		}
	}
	return check_twice(p, sample, type) == 0 ? at + 1 : NULL;
}

/* Samples -------------------------------------------------------------- */

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
	struct slice word = read_word(skip_blanks(at));

	if (word.length == 0)
		return parser_refuse(p, "trailing_blank", "blanks behind the value");
	if (word.at[0] == '#')
		return parser_refuse(p, "exemplar", "text behind the value: exemplars are OpenMetrics only");
	if (!is_whole_number(word) || word.at + word.length != p->line_end)
		return parser_refuse(p, "trailing_text", "text behind the value");
	sample->timestamp = true;
	return 0;
}

/* Only now do its labels belong to the document: a line that is refused leaves nothing behind. */
static int
add_sample(struct parser *p, const struct sample *sample)
{
	struct document *d = p->document;

	if (make_room_for_sample(p, d->sample_count + 1) != 0)
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
	if (*at == '{' && *skip_blanks(at + 1) == '"')
		return parser_refuse(p, "quoted_name", "quoted names are not taken");
	if (*at == '{') {
		fault_report(&p->faults, FAULT_CRASH, p->line, "missing_name",
		    "no metric name: node_exporter 1.9 and later crash");
		return -1;
	}
	if (at == p->text && p->line_end - at >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
		return parser_refuse(p, "bom", "the file begins with a byte order mark");
	return parser_refuse(p, "metric_name", "the line does not begin with a metric name");
}

/* One line with a name and a value.  The rules are those of node_exporter's parser, not of the format's text.
 */
static int
read_sample(struct parser *p, const char *at)
{
	struct sample sample = { .line = p->line, .labels = (uint32_t)p->document->label_count };
	struct slice name = name_at_metric(at);

	if (name.length == 0)
		return refuse_start(p, at);
	if (parser_find_family(p, name, &sample.family, &sample.part) != 0)
		return -1;
	at = skip_blanks(name.at + name.length);
	if (*at == '{') {
		at = read_labels(p, at + 1, &sample);
		if (at == NULL)
			return -1;
		at = skip_blanks(at);
	}
	sample.value = read_word(at);
	if (!number_valid(sample.value))
		return parser_refuse(p, "value", "no number where the value should be");
	at += sample.value.length;
	if (*at != '\n' && read_timestamp(p, at, &sample) != 0)
		return -1;
	return add_sample(p, &sample);
}

static int
read_line(struct parser *p, const char *at)
{
	at = skip_blanks(at);
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

	*document = (struct document){ 0 };
	p = (struct parser){ .document = document, .text = text.at, .faults = { report, context, 0 } };
	names_init(&p.names);
	if (text.length > UINT32_MAX)
		return -1;
	/* With room for a label, also a sample without any can point at its first. */
	if (text.length > 0 && make_room_for_label(&p, 1) == 0)
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
