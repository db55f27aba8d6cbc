#ifndef TEXTFILE_NAME_H
#define TEXTFILE_NAME_H

#include <stdbool.h>

#include "common/text/slice.h"

/* [a-zA-Z_:][a-zA-Z0-9_:]* */
bool name_valid_metric(struct slice name);

/* [a-zA-Z_][a-zA-Z0-9_]*, reserved ones ("__x") included. */
bool name_valid_label(struct slice name);

/* Labels that begin with "__": client_golang panics on them, and node_exporter with it. */
bool name_reserved_label(struct slice name);

/* A metric that node_exporter writes itself, whatever its flags: a file's series of that name is dropped or
 * hides it. */
bool name_taken_by_node_exporter(struct slice name);

#endif /* TEXTFILE_NAME_H */
