#ifndef TEXTFILE_PARSE_INTERNAL_H
#define TEXTFILE_PARSE_INTERNAL_H

#include "textfile/names.h"
#include "textfile/parse.h"

/*
 * What parse.c and parse_families.c share; parse.h is for everybody else.
 *
 * The text is read line by line: nothing in the format spans two lines, and
 * the '\n' that ends each line stops every loop, so that no other bounds need
 * checking.
 */
struct parser {
	struct document *document;
	size_t families_room, samples_room, labels_room;
	/* Families as spelt: "x", and for a histogram x also "x_sum"; the tag is the part. */
	struct names names;
	struct fault_sink faults;
	const char *text;
	const char *line_end; /* its '\n' */
	uint32_t line;
	bool out_of_memory;
};

/* Report a line that node_exporter refuses the file for, and return -1. */
int parser_refuse(struct parser *p, const char *rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* -1; parse() then ends. */
int parser_no_memory(struct parser *p);

/*
 * The family a name belongs to, made if need be.  What a name has once been
 * taken for stays: "x_sum" seen before "# TYPE x histogram" is a family of its
 * own to the end.
 */
int parser_find_family(struct parser *p, struct slice name, uint32_t *family, uint8_t *part);

/* From behind the '#'.  What is neither HELP nor TYPE is a remark. */
int parser_read_comment(struct parser *p, const char *at);

static inline bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline const char *
skip_blanks(const char *at)
{
	while (is_blank(*at))
		at++;
	return at;
}

/* Up to the next blank or the end of the line. */
static inline struct slice
read_word(const char *at)
{
	const char *end = at;

	while (!is_blank(*end) && *end != '\n')
		end++;
	return (struct slice){ at, (size_t)(end - at) };
}

#endif /* TEXTFILE_PARSE_INTERNAL_H */
