#ifndef COMMON_TEXT_TEXT_H
#define COMMON_TEXT_TEXT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * snprintf() where it shows that there was no room: then the text ends with
 * "...".  By that secrets_mask() knows that a secret may have been cut in two.
 * `size` is 4 at least.
 */
void text_format(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
void text_vformat(char *text, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif /* COMMON_TEXT_TEXT_H */
