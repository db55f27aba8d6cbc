#ifndef TEXTFILE_VALIDATE_H
#define TEXTFILE_VALIDATE_H

#include "textfile/parse.h"

/*
 * What node_exporter would reject, drop silently, misread or crash on.
 * Facts: node_exporter collector/textfile.go, prometheus/common expfmt,
 * client_golang registry; checked against the real program by the tests.
 */

/* Faults of one file's text, its parse faults included.  Returns their number, or -1: out of memory. */
long validate(struct slice text, fault_handler *report, void *context);

/* The same for a text that is parsed already (parse faults not repeated). */
long validate_document(const struct document *document, fault_handler *report, void *context);

#endif /* TEXTFILE_VALIDATE_H */
