/*
 * vsnprintf() cuts without a sign, and anywhere.  A secret that is cut in two would not be found by
 * secrets_mask() any more.  So the cut shows, and it is made between two words: a secret is there as
 * a whole, or not at all.  Texts in which a peer may repeat a secret are masked before they are cut,
 * where the secret is known; this is for all the others.
 */

#include <stdio.h>
#include <string.h>

#include "common/text/text.h"

void
text_vformat(char *text, size_t size, const char *format, va_list args)
{
	static const char more[] = "...";
	int length = vsnprintf(text, size, format, args);
	size_t end = size - sizeof(more);

	if (length < 0 || (size_t)length < size)
		return;
	while (end > 0 && text[end - 1] != ' ')
		end--;
	memcpy(text + end, more, sizeof(more));
}

void
text_format(char *text, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_vformat(text, size, format, args);
	va_end(args);
}
