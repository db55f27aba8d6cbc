#include "common/text/utf8.h"
#include "textfile/number.h"
#include "textfile/parser.h"

enum { LABELS_MOST = UINT16_MAX, FEW_LABELS = 16 };

/* The closing quote of the label value that starts at `at`, or NULL when it is refused. */
static const char *
end_of_value(struct parser *p, const char *at, struct slice label)
{
	const char *start = at;
	bool ascii = true;

	for (;; at++) {
		while ((p->classes[(unsigned char)*at] & CLASS_VALUE_STOP) == 0)
			at++;
		if (*at == '"')
			break;
		if (*at == '\n') {
			parser_refuse(p, "label_syntax", "value of label '%.*s' has no closing quote",
			    FAULT_ARGS(label));
			return NULL;
		}
		if (*at != '\\') {
			ascii = false;
			continue;
		}
		at++;
		if (*at != '\\' && *at != '"' && *at != 'n') {
			parser_refuse(p, "label_escape",
			    "label '%.*s' has a backslash that begins none of '\\\\', '\\\"', '\\n'",
			    FAULT_ARGS(label));
			return NULL;
		}
	}
	if (!ascii && !utf8_valid((struct slice){ start, (size_t)(at - start) })) {
		parser_refuse(p, "label_utf8", "value of label '%.*s' is not UTF-8", FAULT_ARGS(label));
		return NULL;
	}
	return at;
}

/* Histograms keep the number of the label `le`, summaries of `quantile`. */
static bool
is_bound(enum sample_type type, struct slice label)
{
	if (type == SAMPLE_SUMMARY)
		return slice_is(label, "quantile");
	return (type == SAMPLE_HISTOGRAM || type == SAMPLE_GAUGE_HISTOGRAM) && slice_is(label, "le");
}

static struct slice
read_label_name(struct parser *p, const char *at, size_t index)
{
	if (index < p->like_count) {
		struct slice expected = p->document->labels[p->like + index].name;

		if (parser_starts_with_name(p, at, expected, CLASS_LABEL_NAME))
			return (struct slice){ at, expected.length };
	}
	p->alike = false;
	return parser_read_name(p, at, CLASS_LABEL_NAME);
}

/* One `name="value"`.  Returns what is behind its closing quote, or NULL when it is refused. */
static const char *
read_label(struct parser *p, const char *at, enum sample_type type, size_t index, struct label *label)
{
	label->name = read_label_name(p, at, index);
	if (label->name.length == 0) {
		parser_refuse(
		    p, "label_syntax", "no label name at '%.*s'", FAULT_ARGS(parser_read_word(p, at)));
		return NULL;
	}
	if (slice_is(label->name, "__name__")) {
		parser_refuse(p, "label_reserved", "label '__name__' is reserved");
		return NULL;
	}
	at = parser_skip_blanks(p, label->name.at + label->name.length);
	if (*at == '=')
		at = parser_skip_blanks(p, at + 1);
	else
		at = p->line_end;
	if (*at != '"') {
		parser_refuse(p, "label_syntax", "no '=\"' after label '%.*s'", FAULT_ARGS(label->name));
		return NULL;
	}
	label->value.at = at + 1;
	at = end_of_value(p, at + 1, label->name);
	if (at == NULL)
		return NULL;
	label->value.length = (size_t)(at - label->value.at);
	if (is_bound(type, label->name) && !number_valid(label->value)) {
		parser_refuse(p, "bound", "label '%.*s' is '%.*s', no number", FAULT_ARGS(label->name),
		    FAULT_ARGS(label->value));
		return NULL;
	}
	return at + 1;
}

/* find_twice() for many labels, in linear time. */
static int
find_twice_among_many(struct parser *p, const struct label *labels, size_t count, enum sample_type type,
    const struct label **twice)
{
	struct names seen;
	int result = 0;

	names_init(&seen);
	for (size_t i = 0; i < count && result == 0 && *twice == NULL; i++) {
		if (is_bound(type, labels[i].name))
			continue;
		if (names_find(&seen, labels[i].name) != NULL)
			*twice = &labels[i];
		else if (names_add(&seen, labels[i].name, 0, 0) != 0)
			result = parser_no_memory(p);
	}
	names_release(&seen);
	return result;
}

/* A label that is there twice, or NULL.  Where `le` and `quantile` are bounds, they may be. */
static int
find_twice(struct parser *p, const struct label *labels, size_t count, enum sample_type type,
    const struct label **twice)
{
	*twice = NULL;
	if (count > FEW_LABELS)
		return find_twice_among_many(p, labels, count, type, twice);
	for (size_t i = 1; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (slice_equal(labels[i].name, labels[j].name) && !is_bound(type, labels[i].name))
				*twice = &labels[i];
	return 0;
}

static int
check_twice(struct parser *p, const struct sample *sample, enum sample_type type)
{
	const struct label *twice;

	/* The last sample's names were found different from each other. */
	if (sample->label_count < 2 || p->alike)
		return 0;
	if (find_twice(p, &p->document->labels[sample->labels], sample->label_count, type, &twice) != 0)
		return -1;
	if (twice != NULL)
		return parser_refuse(
		    p, "label_twice", "label '%.*s' is there twice", FAULT_ARGS(twice->name));
	return 0;
}

void
parser_expect_labels(struct parser *p, uint32_t family)
{
	const struct document *d = p->document;

	p->alike = true;
	p->like_count = 0;
	if (d->sample_count > 0 && d->samples[d->sample_count - 1].family == family) {
		p->like = d->samples[d->sample_count - 1].labels;
		p->like_count = d->samples[d->sample_count - 1].label_count;
	}
}

const char *
parser_read_labels(struct parser *p, const char *at, struct sample *sample)
{
	struct document *d = p->document;
	enum sample_type type = d->families[sample->family].type;

	for (at = parser_skip_blanks(p, at); *at != '}'; at = parser_skip_blanks(p, at)) {
		if (parser_make_room_for_label(p, at, d->label_count + sample->label_count + 1) != 0)
			return NULL;
		if (sample->label_count == LABELS_MOST) {
			parser_refuse(p, "label_limit", "more than %d labels", LABELS_MOST);
			return NULL;
		}
		at = read_label(
		    p, at, type, sample->label_count, &d->labels[sample->labels + sample->label_count]);
		if (at == NULL)
			return NULL;
		sample->label_count++;
		at = parser_skip_blanks(p, at);
		if (*at == ',') {
			at++;
		} else if (*at != '}') {
			parser_refuse(p, "label_syntax", "no ',' or '}' behind a label at '%.*s'",
			    FAULT_ARGS(parser_read_word(p, at)));
			return NULL;
		}
	}
	return check_twice(p, sample, type) == 0 ? at + 1 : NULL;
}
