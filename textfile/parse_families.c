/*
 * Which family a name belongs to, and what "# HELP" and "# TYPE" say of it.  node_exporter decides by what it
 * has read so far: the same name may be a part of a histogram or a family of its own, depending on where its
 * TYPE stands.  So these rules are kept apart from those for samples (parse.c), and follow its parser to the
 * letter.
 */

#include <string.h>

#include "common/text/array.h"
#include "textfile/parse_internal.h"

static int
add_family(struct parser *p, struct slice name, uint32_t *family)
{
	struct document *d = p->document;
	struct parsed_family *families =
	    array_reserve(d->families, &p->families_room, d->family_count + 1, sizeof(*families));

	if (families == NULL)
		return parser_no_memory(p);
	d->families = families;
	if (names_add(&p->names, name, (uint32_t)d->family_count, PART_VALUE) != 0)
		return parser_no_memory(p);
	*family = (uint32_t)d->family_count++;
	d->families[*family] = (struct parsed_family){ .name = name, .type = SAMPLE_UNTYPED };
	return 0;
}

bool
sample_type_has(enum sample_type type, enum sample_part part)
{
	if (type == SAMPLE_SUMMARY)
		return part == PART_SUM || part == PART_COUNT;
	return part != PART_VALUE && (type == SAMPLE_HISTOGRAM || type == SAMPLE_GAUGE_HISTOGRAM);
}

struct slice
sample_whole_name(struct slice name, enum sample_part *part)
{
	static const char *const suffixes[] = {
		[PART_BUCKET] = "_bucket", [PART_SUM] = "_sum", [PART_COUNT] = "_count"
	};

	for (*part = PART_COUNT; *part != PART_VALUE; --*part)
		if (slice_ends_with(name, suffixes[*part]))
			return (struct slice){ name.at, name.length - strlen(suffixes[*part]) };
	return (struct slice){ name.at, 0 };
}

/* Whether `name` is a part ("x_sum") of a histogram or summary that is known by now. */
static bool
find_whole(const struct parser *p, struct slice name, uint32_t *family, uint8_t *part)
{
	enum sample_part found;
	const struct names_entry *whole = names_find(&p->names, sample_whole_name(name, &found));

	if (whole == NULL || whole->tag != PART_VALUE ||
	    !sample_type_has(p->document->families[whole->number].type, found))
		return false;
	*family = whole->number;
	*part = (uint8_t)found;
	return true;
}

int
parser_find_family(struct parser *p, struct slice name, uint32_t *family, uint8_t *part)
{
	const struct names_entry *known = names_find(&p->names, name);

	if (known != NULL) {
		*family = known->number;
		*part = known->tag;
		return 0;
	}
	if (!find_whole(p, name, family, part)) {
		*part = PART_VALUE;
		return add_family(p, name, family);
	}
	return names_add(&p->names, name, *family, *part) == 0 ? 0 : parser_no_memory(p);
}

static int
read_help(struct parser *p, struct parsed_family *family, const char *at)
{
	struct slice help = { at, (size_t)(p->line_end - at) };

	if (family->help_line != 0)
		return parser_refuse(
		    p, "help_twice", "second HELP of a metric, the first is in line %u", family->help_line);
	for (size_t i = 0; i < help.length; i++) {
		if (help.at[i] != '\\')
			continue;
		i++;
		if (i == help.length || (help.at[i] != '\\' && help.at[i] != 'n'))
			return parser_refuse(
			    p, "help_escape", "HELP has a backslash that begins neither '\\\\' nor '\\n'");
	}
	family->help = help;
	family->help_line = p->line;
	return 0;
}

/* Types are taken in any case, and backslashes in them are passed over. */
static bool
type_is(struct slice text, const char *name)
{
	for (size_t i = 0; i < text.length; i++) {
		char c = text.at[i];

		if (c == '\\')
			continue;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (*name == '\0' || c != *name)
			return false;
		name++;
	}
	return *name == '\0';
}

static int
read_type(struct parser *p, struct parsed_family *family, const char *at)
{
	static const struct {
		const char *name;
		enum sample_type type;
	} types[] = { { "counter", SAMPLE_COUNTER }, { "gauge", SAMPLE_GAUGE },
		{ "histogram", SAMPLE_HISTOGRAM }, { "summary", SAMPLE_SUMMARY },
		{ "untyped", SAMPLE_UNTYPED }, { "gauge_histogram", SAMPLE_GAUGE_HISTOGRAM },
		{ "gaugehistogram", SAMPLE_GAUGE_HISTOGRAM } };
	struct slice text = { at, (size_t)(p->line_end - at) };

	if (family->has_type)
		return parser_refuse(
		    p, "type_twice", "second TYPE of a metric, the first is in line %u", family->type_line);
	if (family->sample_count > 0)
		return parser_refuse(p, "type_after_samples", "TYPE comes after samples of the metric");
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!type_is(text, types[i].name))
			continue;
		family->type = types[i].type;
		family->has_type = true;
		family->type_line = p->line;
		return 0;
	}
	return parser_refuse(
	    p, "type_unknown", "unknown type; known are counter, gauge, histogram, summary and untyped");
}

int
parser_read_comment(struct parser *p, const char *at)
{
	struct slice keyword = read_word(skip_blanks(at)), name;
	bool help = slice_is(keyword, "HELP");
	uint32_t family;
	uint8_t part;

	at = skip_blanks(keyword.at + keyword.length);
	if ((!help && !slice_is(keyword, "TYPE")) || *at == '\n')
		return 0;
	name = name_at_metric(at);
	at = name.at + name.length;
	if (*at == '\n')
		return 0;
	if (name.length == 0 || !is_blank(*at))
		return parser_refuse(
		    p, "comment_name", "what follows %s is no metric name", help ? "HELP" : "TYPE");
	if (parser_find_family(p, name, &family, &part) != 0)
		return -1;
	at = skip_blanks(at);
	if (*at == '\n')
		return 0;
	return help ? read_help(p, &p->document->families[family], at)
		    : read_type(p, &p->document->families[family], at);
}
