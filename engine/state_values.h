#ifndef ENGINE_STATE_VALUES_H
#define ENGINE_STATE_VALUES_H

#include "common/text/slice.h"
#include "engine/state.h"

/*
 * The values of the bot's fields: for state_fields.c and state_entries.c alone.  Pure: no I/O, no clock.
 */
enum field_type {
	FIELD_COUNT,     /* double */
	FIELD_NUMBER,    /* double from `least` to `most` */
	FIELD_STAMP,     /* double */
	FIELD_WORD,      /* int: the index in `words` */
	FIELD_REASON,    /* char[STATE_REASON] */
	FIELD_NAME,      /* char[STATE_WORD] */
	FIELD_SUM,       /* double: of a histogram */
	FIELD_HISTOGRAM, /* several fields: struct state_histogram */
};

struct field_rule {
	const char *name; /* NULL: behind the last one */
	enum field_type type;
	size_t at; /* in the struct of the kind */
	bool required;
	double least, most;
	const char *const *words; /* ended by NULL */
};

/* Read the value of a field, which is there, to `place`.  False: it may not be; nothing is written. */
bool value_parse(const struct field_rule *rule, struct slice text, double now, void *place);

/* Fill `why` (rejected): which field it is, what was found and what is expected.  `value.at` NULL: nothing.
 */
void value_refuse(const struct field_rule *rule, const char *field, struct slice value, struct failure *why);

/* Text that may become a label and be printed: UTF-8 without control characters, and no blanks around it. */
bool value_is_text(struct slice text);

#endif /* ENGINE_STATE_VALUES_H */
