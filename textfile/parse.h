#ifndef TEXTFILE_PARSE_H
#define TEXTFILE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/text/slice.h"

/*
 * The text format as node_exporter reads it (prometheus/common, expfmt's
 * TextParser with legacy names), into plain arrays.  Linear in time and
 * memory.
 *
 * Slices point into the parsed text, which must outlive the document.  Label
 * values and HELP stay as written, escapes and all: in label values each
 * character has just one spelling, so raw texts compare like values.
 */
enum sample_type {
	SAMPLE_UNTYPED,
	SAMPLE_COUNTER,
	SAMPLE_GAUGE,
	SAMPLE_SUMMARY,
	SAMPLE_HISTOGRAM,
	SAMPLE_GAUGE_HISTOGRAM
};

/* Histograms and summaries: one series is written as several lines. */
bool composite_type(enum sample_type type);

/* The label that tells such lines apart: "le", "quantile", or "" for the other types. */
struct slice sample_bound_label(enum sample_type type);

/* Which line of its family a sample is.  All but PART_VALUE belong to histograms and summaries. */
enum sample_part { PART_VALUE, PART_BUCKET, PART_SUM, PART_COUNT };

/* What "x_sum" may be a part of: "x", and which part; an empty name and PART_VALUE for other names. */
struct slice sample_whole_name(struct slice name, enum sample_part *part);

/* Whether the lines of such a family have this part. */
bool sample_type_has(enum sample_type type, enum sample_part part);

struct label {
	struct slice name;
	struct slice value; /* between the quotes, as written */
};

struct sample {
	struct slice value; /* a number by number_valid(); number_value() reads it */
	uint32_t family;    /* index into document.families */
	uint32_t line;      /* from 1 */
	uint32_t labels;    /* index of its first label in document.labels */
	uint16_t label_count;
	uint8_t part;   /* enum sample_part */
	bool timestamp; /* it has one: node_exporter refuses the whole file */
};

struct parsed_family {
	struct slice name;
	struct slice help; /* as written; empty when there is none */
	enum sample_type type;
	bool has_type;
	uint32_t help_line; /* 0: no HELP line */
	uint32_t type_line; /* 0: no TYPE line */
	uint32_t sample_count;
};

struct document {
	struct parsed_family *families; /* in order of first mention; some may have no samples */
	size_t family_count;
	struct sample *samples; /* in order of the lines */
	size_t sample_count;
	struct label *labels;
	size_t label_count;
};

/* How node_exporter takes a fault. */
enum fault_class {
	FAULT_REJECT,  /* the whole file is left out, node_textfile_scrape_error 1 */
	FAULT_DROP,    /* a series or family is left out, and only the log says so */
	FAULT_MISREAD, /* what is served is not what the file says */
	FAULT_CRASH,   /* node_exporter ends, or hangs, or nothing of what it serves can be read */
};

struct fault {
	enum fault_class class;
	uint32_t line;    /* 0: the file as a whole */
	const char *rule; /* a stable word: "crlf", "timestamp" */
	char text[256];   /* what is wrong, for people */
};

typedef void fault_handler(void *context, const struct fault *fault);

/* Where faults go, and how many there were. */
struct fault_sink {
	fault_handler *report; /* NULL: only count */
	void *context;
	long count;
};

/*
 * Count a fault and hand it on.  A file may be a link to a key, and the text comes to pages and logs: so the
 * fault of a line that is refused shows nothing of the line.  Only names of families that would be served are
 * shown; the text becomes valid UTF-8 without control characters.
 */
void fault_report(struct fault_sink *faults, enum fault_class class, uint32_t line, const char *rule,
    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* For "%.*s": the beginning of a name from outside, short enough that several fit into one fault. */
enum { FAULT_EXCERPT = 60 };
#define FAULT_ARGS(slice) (int)((slice).length < FAULT_EXCERPT ? (slice).length : FAULT_EXCERPT), (slice).at

/* "reject", "drop", "misread", "crash". */
const char *fault_class_name(enum fault_class class);

/*
 * Read `text`.  Each line that the parser cannot take is given to `report`
 * (which may be NULL) and left out of the document; reading goes on with the
 * next line, so that all of them are found.
 *
 * Returns the number of such lines, or -1 when memory ran out or the text is
 * larger than 4 GiB.  In every case the document is for document_release().
 */
long parse(struct document *document, struct slice text, fault_handler *report, void *context);

void document_release(struct document *document);

/* The label `name` of a sample, or NULL. */
const struct label *document_label(
    const struct document *document, const struct sample *sample, const char *name);

/*
 * Undo a label value's escapes into `value`, NUL-terminated.  Returns its
 * length, or -1 if it does not fit.
 */
long label_unescape(struct slice raw, char *value, size_t size);

#endif /* TEXTFILE_PARSE_H */
