#ifndef TEXTFILE_NUMBER_H
#define TEXTFILE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/text/slice.h"

enum { NUMBER_TEXT = 32 };

/*
 * The shortest decimal that reads back as the same double, as node_exporter
 * and Prometheus read it; whole numbers below 2^53 without exponent or point;
 * "NaN", "+Inf", "-Inf".  (Below 1e-10 and from 2^53 on it may have 15 digits
 * where fewer would do.)  Returns the length; `text` is not NUL-terminated.
 */
size_t number_format(double value, char text[NUMBER_TEXT]);

/* Whether Go's strconv.ParseFloat, as prometheus/common calls it, takes `text` as a number (not hexadecimal,
 * no '_'). */
bool number_valid(struct slice text);

/* The value of a text for which number_valid() holds; correctly rounded. */
double number_value(struct slice text);

#endif /* TEXTFILE_NUMBER_H */
