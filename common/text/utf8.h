#ifndef COMMON_TEXT_UTF8_H
#define COMMON_TEXT_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "common/text/slice.h"

/*
 * UTF-8 as RFC 3629 and Go's unicode/utf8 have it: no overlong forms, no
 * surrogates, nothing past U+10FFFF.
 */
bool utf8_valid(struct slice text);

/* Bytes of the character at `text` (1 to 4), or 0 if no valid one starts there. */
size_t utf8_character(const char *text, size_t length);

/*
 * The character of `width` bytes at `text`, if it shows as nothing itself but may
 * change how others do: control characters (C0 but NUL, DEL, C1: a terminal takes
 * U+009B for ESC [), marks and overrides of direction, what has no width,
 * separators of lines.  Else 0.  It is no more than U+FFFF.
 */
unsigned utf8_unseen(const char *text, size_t width);

#endif /* COMMON_TEXT_UTF8_H */
