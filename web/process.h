#ifndef WEB_PROCESS_H
#define WEB_PROCESS_H

#include "common/text/buffer.h"

/*
 * What a program says of its process, with the names that Prometheus' client libraries use.  /proc is read
 * for each scrape; what cannot be read is 0, and never a reason to fail the scrape.
 */
enum { PROCESS_FAMILIES = 6 };
extern const char *const process_families[PROCESS_FAMILIES];

/* Append all of them in the text format.  `started` is Unix time. */
void process_write(double started, struct buffer *out);

#endif /* WEB_PROCESS_H */
