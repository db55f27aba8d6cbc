#ifndef WEB_LINES_H
#define WEB_LINES_H

#include "common/text/buffer.h"

/* Lines of the text format, for programs that write their own metrics while they are asked for them. */

/* HELP and TYPE. */
void lines_head(struct buffer *out, const char *name, const char *type, const char *help);

/* A value and the end of the line. */
void lines_number(struct buffer *out, double value);

/* A family that has one sample, without labels. */
void lines_single(struct buffer *out, const char *name, const char *type, const char *help, double value);

/* A label's value, between its quotes; bytes that are no UTF-8 become U+FFFD. */
void lines_label(struct buffer *out, const char *text);

#endif /* WEB_LINES_H */
