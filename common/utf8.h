#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "common/slice.h"

/*
 * UTF-8 as RFC 3629 and Go's unicode/utf8 have it: no overlong forms, no
 * surrogates, nothing past U+10FFFF.
 */
bool utf8_valid(struct slice text);

/* Bytes of the character at `text` (1 to 4), or 0 if no valid one starts there. */
size_t utf8_character(const char *text, size_t length);

#endif /* COMMON_UTF8_H */
