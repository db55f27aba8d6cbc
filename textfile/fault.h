#ifndef TEXTFILE_FAULT_H
#define TEXTFILE_FAULT_H

#include <stdarg.h>

#include "textfile/parse.h"

/* Where faults go, and how many there were. */
struct fault_sink {
	fault_handler *report; /* NULL: only count */
	void *context;
	long count;
};

/*
 * Count a fault and hand it on.  What is formatted may come from outside: the
 * text becomes valid UTF-8 without control characters.
 */
void fault_report(struct fault_sink *faults, enum fault_class class, uint32_t line, const char *rule,
    const char *format, ...) __attribute__((format(printf, 5, 6)));

void fault_report_list(struct fault_sink *faults, enum fault_class class, uint32_t line, const char *rule,
    const char *format, va_list arguments) __attribute__((format(printf, 5, 0)));

/* For "%.*s": the beginning of a text from outside, short enough that several fit into one fault. */
enum { FAULT_EXCERPT = 60 };
#define FAULT_ARGS(slice) (int)((slice).length < FAULT_EXCERPT ? (slice).length : FAULT_EXCERPT), (slice).at

/* "reject", "drop", "misread", "crash". */
const char *fault_class_name(enum fault_class class);

#endif /* TEXTFILE_FAULT_H */
