#ifndef TEXTFILE_PARSER_H
#define TEXTFILE_PARSER_H

#include "textfile/fault.h"
#include "textfile/names.h"

/*
 * What the files of the parser share; parse.h is for everybody else.
 *
 * The text is read line by line: nothing in the format spans two lines, and
 * the '\n' that ends each line stops every loop, so that no other bounds need
 * checking.
 */
enum {
	CLASS_BLANK = 1,       /* blank, tab */
	CLASS_WORD_END = 2,    /* blank, tab, newline */
	CLASS_NAME = 4,        /* goes on a metric's name */
	CLASS_LABEL_NAME = 8,  /* goes on a label's name */
	CLASS_VALUE_STOP = 16, /* needs a look within a label value */
	CLASS_DIGIT = 32,
};

struct parser {
	struct document *document;
	size_t families_room, samples_room, labels_room;
	/* Families as spelt: "x", and for a histogram x also "x_sum"; the tag is the part. */
	struct names names;
	struct fault_sink faults;
	const char *text;
	size_t length;
	const char *line_end; /* its '\n' */
	uint32_t line;
	bool out_of_memory;
	struct slice last_name; /* of the last sample: mostly the next one's too */
	uint32_t last_family;
	uint8_t last_part;
	/* The names of the last sample's labels, if it is of the same family: mostly this one's too. */
	size_t like;
	size_t like_count;
	bool alike; /* so far they are */
	uint8_t classes[256];
};

void parser_init(struct parser *p, struct document *document, struct slice text);

/* Report a line that node_exporter refuses the file for, and return -1. */
int parser_refuse(struct parser *p, const char *rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* -1; parse() then ends. */
int parser_no_memory(struct parser *p);

/* Room for so many samples or labels; `at` is how far the text was read.  0 or -1. */
int parser_make_room_for_sample(struct parser *p, const char *at, size_t count);
int parser_make_room_for_label(struct parser *p, const char *at, size_t count);

/*
 * The family a name belongs to, made if need be.  What a name has once been
 * taken for stays: "x_sum" seen before "# TYPE x histogram" is a family of its
 * own to the end.
 */
int parser_find_family(struct parser *p, struct slice name, uint32_t *family, uint8_t *part);

/* From behind the '#'.  What is neither HELP nor TYPE is a remark. */
int parser_read_comment(struct parser *p, const char *at);

/* Before the labels of a sample of `family` are read. */
void parser_expect_labels(struct parser *p, uint32_t family);

/*
 * From behind the '{' to behind the '}'.  The labels go to the end of the
 * document's, which are the sample's once it is counted.  NULL when refused.
 */
const char *parser_read_labels(struct parser *p, const char *at, struct sample *sample);

static inline const char *
parser_skip(const struct parser *p, const char *at, unsigned class)
{
	while ((p->classes[(unsigned char)*at] & class) != 0)
		at++;
	return at;
}

static inline const char *
parser_skip_blanks(const struct parser *p, const char *at)
{
	return parser_skip(p, at, CLASS_BLANK);
}

/* Up to the next blank or the end of the line. */
static inline struct slice
parser_read_word(const struct parser *p, const char *at)
{
	const char *end = at;

	while ((p->classes[(unsigned char)*end] & CLASS_WORD_END) == 0)
		end++;
	return (struct slice){ at, (size_t)(end - at) };
}

/* Empty when no name starts here. */
static inline struct slice
parser_read_name(const struct parser *p, const char *at, unsigned class)
{
	if (*at >= '0' && *at <= '9')
		return (struct slice){ at, 0 };
	return (struct slice){ at, (size_t)(parser_skip(p, at, class) - at) };
}

/* Whether `name` stands at `at`, and ends there. */
static inline bool
parser_starts_with_name(const struct parser *p, const char *at, struct slice name, unsigned class)
{
	return name.length > 0 && name.length < (size_t)(p->line_end - at) &&
	       memcmp(at, name.at, name.length) == 0 &&
	       (p->classes[(unsigned char)at[name.length]] & class) == 0;
}

#endif /* TEXTFILE_PARSER_H */
