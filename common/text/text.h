#ifndef COMMON_TEXT_TEXT_H
#define COMMON_TEXT_TEXT_H

#include <stdarg.h>
#include <stddef.h>

#include "common/text/slice.h"

/*
 * snprintf() that shows where there was no room: then the text ends with "..."
 * behind its last whole word; a single word that is too long leaves "..."
 * alone.  `size` is 4 at least.
 */
void text_format(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
void text_vformat(char *text, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* The byte that the escape "%XX" at `text` stands for, or -1: there is no escape. */
int text_escaped_byte(const char *text);

/* 1 for "true", "yes", "on" and "1", 0 for "false", "no", "off" and "0", in any case; -1 for all else. */
int text_boolean(const char *text);

/* Write all of it.  0, or -1 with errno. */
int text_write(int fd, struct slice text);

#endif /* COMMON_TEXT_TEXT_H */
