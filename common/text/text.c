/*
 * vsnprintf() cuts without a sign.  A secret that is cut in two is no longer
 * found by its whole text, so the cut must show: secrets.c looks for halves of
 * secrets before "...".
 */

#include <stdio.h>
#include <string.h>

#include "common/text/text.h"

void
text_vformat(char *text, size_t size, const char *format, va_list args)
{
	static const char more[] = "...";
	int length = vsnprintf(text, size, format, args);

	if (length >= 0 && (size_t)length >= size)
		memcpy(text + size - sizeof(more), more, sizeof(more));
}

void
text_format(char *text, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_vformat(text, size, format, args);
	va_end(args);
}
