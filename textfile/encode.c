/*
 * A line has room for the longest labels and values that there can be, so that it is written without looking
 * for the end of the buffer at each byte.  The limits of family.h make that room known before.
 */

#include <stdint.h>

#include "textfile/encode.h"
#include "textfile/number.h"

/* key="value" and a comma, when every byte of the value is escaped. */
enum { LABEL_TEXT = FAMILY_NAME + 2 * FAMILY_LABEL_VALUE + 4 };

/* HELP escapes backslash and newline, nothing else: node_exporter 1.5 refuses \" there. */
static void
write_help(struct buffer *out, const char *name, const char *help)
{
	size_t plain;

	buffer_string(out, "# HELP ");
	buffer_string(out, name);
	buffer_string(out, " ");
	for (; *help != '\0'; help += plain) {
		plain = strcspn(help, "\\\n");
		buffer_append(out, help, plain);
		if (help[plain] != '\0')
			buffer_string(out, help[plain++] == '\n' ? "\\n" : "\\\\");
	}
	buffer_string(out, "\n");
}

static char *
write_text(char *at, const char *text, size_t length)
{
	memcpy(at, text, length);
	return at + length;
}

/* key="value", with backslash, quote and newline escaped. */
static char *
write_label(char *at, const char *key, const char *value)
{
	at = write_text(at, key, strlen(key));
	*at++ = '=';
	*at++ = '"';
	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"' || *value == '\n')
			*at++ = '\\';
		*at++ = *value == '\n' ? 'n' : *value;
	}
	*at++ = '"';
	return at;
}

/* All that stands between the braces, without `le`. */
static size_t
format_labels(char *text, const struct family *family, const struct series *s, const char *env)
{
	const char *value = s->labels;
	char *at = text;

	for (size_t i = 0; family->labels[i] != NULL; i++) {
		at = write_label(at, family->labels[i], value);
		*at++ = ',';
		value += strlen(value) + 1;
	}
	return (size_t)(write_label(at, "env", env) - text);
}

/* What the lines of a series have in common. */
struct line {
	struct slice name;
	struct slice labels;
};

/* One line: name + suffix {labels, le="bound"} value. */
static void
write_sample(
    struct buffer *out, const struct line *line, struct slice suffix, const double *bound, double value)
{
	size_t most = line->name.length + suffix.length + line->labels.length + 3 * NUMBER_TEXT;
	char *start = buffer_reserve(out, most), *at = start;

	if (start == NULL)
		return;
	at = write_text(at, line->name.at, line->name.length);
	at = write_text(at, suffix.at, suffix.length);
	*at++ = '{';
	at = write_text(at, line->labels.at, line->labels.length);
	if (bound != NULL) {
		at = write_text(at, ",le=\"", 5);
		at += number_format(*bound, at);
		*at++ = '"';
	}
	at = write_text(at, "} ", 2);
	at += number_format(value, at);
	*at++ = '\n';
	out->length += (size_t)(at - start);
}

static void
write_histogram(
    struct buffer *out, const struct line *line, const struct family *family, const struct series *s)
{
	const double infinite = __builtin_inf();
	const struct slice bucket = SLICE("_bucket");
	uint64_t seen = 0;

	for (size_t i = 0; i <= family->bound_count; i++) {
		seen += s->counts[i];
		write_sample(out, line, bucket, i < family->bound_count ? &family->bounds[i] : &infinite,
		    (double)seen);
	}
	write_sample(out, line, SLICE("_sum"), NULL, s->value);
	write_sample(out, line, SLICE("_count"), NULL, (double)seen);
}

static void
write_head(struct buffer *out, const struct family *family)
{
	write_help(out, family->name, family->help);
	buffer_string(out, "# TYPE ");
	buffer_string(out, family->name);
	buffer_string(out, " ");
	buffer_string(out, metric_type_name(family->type));
	buffer_string(out, "\n");
}

static void
write_family(struct buffer *out, const struct metrics *m, size_t index)
{
	const struct family *family = metrics_family(m, index);
	char text[(FAMILY_LABELS + 1) * LABEL_TEXT];
	struct line line = { .name = SLICE(family->name), .labels.at = text };

	write_head(out, family);
	for (size_t i = 0; i < metrics_series_count(m, index); i++) {
		const struct series *s = metrics_series(m, index, i);

		line.labels.length = format_labels(text, family, s, metrics_env(m));
		if (family->type == METRIC_HISTOGRAM)
			write_histogram(out, &line, family, s);
		else
			write_sample(out, &line, SLICE(""), NULL, s->value);
	}
}

void
encode(const struct metrics *m, struct buffer *out)
{
	for (size_t i = 0; i < metrics_family_count(m); i++)
		if (metrics_series_count(m, i) > 0)
			write_family(out, m, i);
}
